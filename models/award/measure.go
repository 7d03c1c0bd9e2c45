package award

import (
	"slices"
	"time"

	"xinyi/models"
)

// A MeasureState is where a measure stands.
type MeasureState string

// The states of a measure.
const (
	Running MeasureState = "RUNNING"
	Ended   MeasureState = "ENDED"
)

// Enum are all of them.
func (MeasureState) Enum() []any { return models.Enum(Running, Ended) }

// MeasureStates lists them.
var MeasureStates = []MeasureState{Running, Ended}

// An award that is renewed after a measure's own end does not begin it anew.
var measureActs = models.Acts[MeasureState]{
	models.From(Running).To(Ended).By("Follow", models.System),
	models.From(Running).To(Ended).By("Wake", models.System),
}

var measureMoves = measureActs.Machine()

// A Measure is an incentive somebody has for an award, as long as the award holds and never longer.
//
// Source: docs/sources.md#award-measures.
type Measure struct {
	models.Meta               `bson:",inline"`
	models.Life[MeasureState] `bson:",inline"`

	Award  string         `bson:"award"`
	Holder models.Subject `bson:"holder"`
	Code   string         `bson:"code"`
	Kind   MeasureKind    `bson:"kind"`
	Name   models.Words   `bson:"name"`
	How    models.Words   `bson:"how"`
	Owner  string         `bson:"owner"`
	Since  models.Day     `bson:"since"`
	Until  models.Day     `bson:"until"`
	Whole  bool           `bson:"whole"` // runs as long as the award
	Uses   []Use          `bson:"uses,omitempty"`
	Count  int            `bson:"count"`
}

// A Use is proof that a measure was used.
type Use struct {
	ID    string        `bson:"id"`
	On    models.Day    `bson:"on"`
	By    models.Actor  `bson:"by"`
	Note  string        `bson:"note,omitempty"` // number of the case it was used in
	Stars int           `bson:"stars,omitempty"`
	Words models.Secret `bson:"words,omitempty"` // of the holder
}

// MeasureID is the id of an award's measure.
func MeasureID(award, code string) string { return models.Derived("measure", award, code) }

// Begin makes the measures of an award.
func (a *Award) Begin(plans []Plan, now time.Time) (all []*Measure) {
	for _, p := range plans {
		m := &Measure{Award: a.ID, Holder: a.Holder, Code: p.Code, Kind: p.Kind, Name: p.Name, How: p.How, Owner: p.Owner, Since: a.Since,
			Until: a.Until, Whole: p.Months == 0}
		if p.Months > 0 {
			m.Until = min(a.Until, a.Since.AddMonths(p.Months).Add(-1))
		}
		m.ID, m.State, m.Moved = MeasureID(a.ID, p.Code), Running, models.Moved{By: models.System, At: now}
		m.WakeAt = models.At(m.Until.Add(1).Start())
		all = append(all, m)
	}
	return all
}

// Follow makes the measure follow its award: it ends with it at once, and goes on with it when the award is renewed. It says whether
// anything changed.
func (m *Measure) Follow(a *Award, now time.Time) bool {
	today := models.DayOf(now)
	switch {
	case m.State != Running:
		return false
	case !a.InForce(today):
		m.end(now)
		return true
	case m.Whole && m.Until != a.Until:
		m.Until = a.Until
		m.WakeAt = models.At(m.Until.Add(1).Start())
		return true
	}
	return false
}

func (m *Measure) end(now time.Time) {
	if m.Move(measureMoves, Ended, models.Clockwork.At(now), "award.measure_state") == nil {
		m.Until, m.WakeAt = min(m.Until, models.DayOf(now)), nil
		m.Publish(EventMeasureEnd.Of(MeasureEndData{Award: m.Award, Code: m.Code}), "", models.Clockwork, now)
	}
}

// Wake ends the measure after its last day.
func (m *Measure) Wake(now time.Time) error {
	if m.WakeAt != nil && !m.WakeAt.After(now) {
		m.end(now)
		m.WakeAt = nil
	}
	return nil
}

const maxUses = 200

// Use is the owner unit's proof of use; the same id twice is once. Errors: NotFound for another unit; InvalidTransition once it ended.
func (m *Measure) Use(id, note string, by models.Actor, now time.Time) error {
	today := models.DayOf(now)
	switch {
	case by.Org != m.Owner || by.Org == "":
		return models.E(models.NotFound, "not_found")
	case slices.ContainsFunc(m.Uses, func(u Use) bool { return u.ID == id }):
		return nil
	case m.State != Running || today > m.Until:
		return models.Refused(m.Life, nil, "award.measure_state")
	}
	m.Count++
	m.Uses = append(m.Uses, Use{ID: id, On: today, By: by, Note: note})
	if len(m.Uses) > maxUses { // how many there were stays
		m.Uses = m.Uses[1:]
	}
	m.Publish(EventUsed.Of(MeasureData{Award: m.Award, Code: m.Code, Name: m.Name.ZH, NameEN: m.Name.EN}), m.Holder.Addressee(), by, now)
	return nil
}

// Feedback is the holder's word on a use. Errors: NotFound; Invalid.
func (m *Measure) Feedback(use string, stars int, words string, by models.Actor) error {
	i := slices.IndexFunc(m.Uses, func(u Use) bool { return u.ID == use })
	switch {
	case !holds(m.Holder, by) || i < 0:
		return models.E(models.NotFound, "not_found")
	case stars < 1 || stars > 5:
		return models.Bad("/stars", "award_stars", "award.feedback")
	}
	m.Uses[i].Stars, m.Uses[i].Words = stars, models.NewSecret(words)
	return nil
}
