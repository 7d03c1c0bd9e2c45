package models

// Nature is what a record says of its subject.
type Nature string

// The natures of records.
const (
	Basic    Nature = "BASIC"    // 基础: who the subject is, what it is licensed for
	Positive Nature = "POSITIVE" // 守信
	Negative Nature = "NEGATIVE" // 失信, only what a lawful document says
	Other    Nature = "OTHER"
)

// Enum are all of them.
func (Nature) Enum() []any { return Enum(Basic, Positive, Negative, Other) }

// Openness is who may see a record besides its subject.
type Openness string

// The degrees of openness. Nobody's records about natural persons are PUBLIC.
const (
	Public     Openness = "PUBLIC"     // anybody
	ByQuery    Openness = "QUERY"      // whoever the subject agreed to
	Government Openness = "GOVERNMENT" // offices, for a purpose and a case
)

// Enum are all of them.
func (Openness) Enum() []any { return Enum(Public, ByQuery, Government) }

// Severity is how grave a penalty is for its publication and repair. "" is none: nothing to repair.
type Severity string

// The severities of penalties.
const (
	Minor   Severity = "MINOR"   // 轻微
	General Severity = "GENERAL" // 一般
	Serious Severity = "SERIOUS" // 严重
)

// An Honour is an honour for honesty, as capabilities hand it to each other. Level is 1 of a town, 2 county, 3 city, 4 province,
// 5 nation.
type Honour struct {
	Level  int    `bson:"level"`
	On     Day    `bson:"on"`
	Until  Day    `bson:"until,omitempty"` // "": it names no end
	Record string `bson:"record"`          // the record that says so, "<id>@<version>"
}

// Ends is the last day an honour counts; one without an end of its own counts months.
func (h Honour) Ends(months int) Day {
	if h.Until != "" {
		return h.Until
	}
	return h.On.AddMonths(months)
}

// Standing is where somebody stands in credit medical care, as other capabilities may know it: only what speaks for her.
type Standing struct {
	Agreement bool `bson:"agreement"` // one is in force, with nothing in its way
	OnTime    int  `bson:"onTime"`    // bills paid on time, all told
}
