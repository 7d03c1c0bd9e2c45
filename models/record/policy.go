package record

import (
	"strconv"

	"xinyi/models"
)

// A Regime is one edition of the rules of repair, in force for decisions of its days.
type Regime struct {
	ID       string     // R1: order 58; R2: order 36
	From, To models.Day // first and last day of decision; To "" is open
	Terms    map[models.Severity]Term
}

// A Term says for how long penalties of one severity are shown. Months are calendar months, clamped to the month's last day.
type Term struct {
	Shown bool // false: not shown at all
	Min   int  // months from the decision until its subject may have it repaired
	Max   int  // months from the decision until it ends by itself; 0 when it is not shown
}

// Policy is what governs publication and retention. Standard is what the product comes with; all of it is configuration.
type Policy struct {
	Regimes      []Regime // by From
	Governs      string   // which regime governs a record: DECISION its day of decision, LATEST the newest there is
	PersonMonths int      // a negative record about a natural person is kept at most so long
}

// The ways a regime is chosen.
const (
	ByDecision = "DECISION"
	ByLatest   = "LATEST"
)

// Standard is the policy of order 58 until 2026-03-31 and of order 36 from 2026-04-01.
//
// Source: docs/sources.md#record-publication, docs/sources.md#record-retention.
var Standard = Policy{
	Governs: ByDecision,
	Regimes: []Regime{
		{ID: "R1", To: "2026-03-31", Terms: map[models.Severity]Term{
			models.Minor: {}, models.General: {Shown: true, Min: 3, Max: 36}, models.Serious: {Shown: true, Min: 12, Max: 36},
		}},
		{ID: "R2", From: "2026-04-01", Terms: map[models.Severity]Term{
			models.Minor: {Max: 3}, models.General: {Shown: true, Min: 3, Max: 12}, models.Serious: {Shown: true, Min: 12, Max: 36},
		}},
	},
	PersonMonths: 60,
}

// Publication is when a record is shown and when it may be repaired. Its days are copied when the record is made, so a later
// policy changes none of them; Reschedule does, on purpose.
type Publication struct {
	Regime   string          `bson:"regime,omitempty"`
	Severity models.Severity `bson:"severity,omitempty"` // "" nothing to repair
	Shown    bool            `bson:"shown"`
	Eligible models.Day      `bson:"eligible,omitempty"` // first day on which repair may be asked for
	Ends     models.Day      `bson:"ends,omitempty"`     // the day on which it stops by itself, at its first moment; "" never
	Asked    bool            `bson:"asked,omitempty"`    // its subject was told on the first day
}

// Publish works out the publication of a decision. A positive or basic record has no end.
func (p Policy) Publish(nature models.Nature, severity models.Severity, decided models.Day) Publication {
	if nature != models.Negative || severity == "" {
		return Publication{Shown: true}
	}
	regime := p.regime(decided)
	term := regime.Terms[severity]
	pub := Publication{Regime: regime.ID, Severity: severity, Shown: term.Shown, Eligible: decided.AddMonths(term.Min)}
	if term.Max > 0 {
		pub.Ends = decided.AddMonths(term.Max)
	}
	return pub
}

func (p Policy) regime(decided models.Day) Regime {
	last := Regime{}
	for _, r := range p.Regimes {
		if p.Governs == ByLatest || decided >= r.From && (r.To == "" || decided <= r.To) {
			last = r
		}
	}
	return last
}

// keptUntil is the last day a draft's record is kept.
func (p Policy) keptUntil(d Draft) models.Day {
	months := d.KeepMonths
	if d.Nature == models.Negative && d.Subject.Kind != models.Organisation && (months == 0 || months > p.PersonMonths) {
		months = p.PersonMonths
	}
	if months == 0 {
		return ""
	}
	if d.Ended != "" && d.Ended < d.DecidedOn {
		return d.Ended.AddMonths(months)
	}
	return d.DecidedOn.AddMonths(months)
}

// At names a version of a record, "<id>@<no>".
func At(id string, no int) string { return id + "@" + strconv.Itoa(no) }
