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

// Openness is who may see a record besides its subject.
type Openness string

// The degrees of openness. Nobody's records about natural persons are PUBLIC.
const (
	Public     Openness = "PUBLIC"     // anybody
	ByQuery    Openness = "QUERY"      // whoever the subject agreed to
	Government Openness = "GOVERNMENT" // offices, for a purpose and a case
)

// Severity is how grave a penalty is for its publication and repair. "" is none: nothing to repair.
type Severity string

// The severities of penalties.
const (
	Minor   Severity = "MINOR"   // 轻微
	General Severity = "GENERAL" // 一般
	Serious Severity = "SERIOUS" // 严重
)
