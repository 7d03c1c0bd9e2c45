package benefit

import (
	"time"

	"xinyi/models"
	"xinyi/models/job"
	"xinyi/models/rule"
)

// A SimState is where a simulation stands.
type SimState string

// The states of a simulation.
const (
	Counting     SimState = "COUNTING"
	Counted      SimState = "COUNTED"
	SimCancelled SimState = "CANCELLED"
)

// Enum are all of them.
func (SimState) Enum() []any { return models.Enum(Counting, Counted, SimCancelled) }

var simActs = models.Acts[SimState]{
	models.From(Counting).To(Counted).By("Step", models.System),
	models.From(Counting).To(SimCancelled).By("Abort", models.Operator),
}

var simMoves = simActs.Machine()

// Counts are people by what a version changes for them.
type Counts struct {
	Gain    int64 `bson:"gain"` // may have it under the version and may not now
	Lose    int64 `bson:"lose"` // may have it now and may not under the version
	Keep    int64 `bson:"keep"` // may have it before and after
	Never   int64 `bson:"never"`
	Unknown int64 `bson:"unknown"` // under the version something about them is not known
}

func (c *Counts) add(o Counts) {
	c.Gain, c.Lose, c.Keep, c.Never, c.Unknown = c.Gain+o.Gain, c.Lose+o.Lose, c.Keep+o.Keep, c.Never+o.Never, c.Unknown+o.Unknown
}

// One counts one person by how the rule in force and the version come out.
func (c *Counts) One(before, after string) {
	was, is := before == models.Pass, after == models.Pass
	switch {
	case is && was:
		c.Keep++
	case is:
		c.Gain++
	case was:
		c.Lose++
	case after == models.Unknown:
		c.Unknown++
	default:
		c.Never++
	}
}

// A Cell is a group of people: where they live and how old they are, nothing finer.
type Cell struct {
	County models.Region `bson:"county"` // "" unknown
	Ages   string        `bson:"ages"`   // one of AgeGroups, "" of organisations
	Counts Counts        `bson:"counts"`
}

// AgeGroups are the groups of age, in years; the last is for whose age is not known.
var AgeGroups = []string{"0-17", "18-29", "30-44", "45-59", "60-74", "75+", "unknown"}

// AgeGroup is the group of somebody born on a day.
func AgeGroup(birth, today models.Day) string {
	if birth == "" {
		return AgeGroups[len(AgeGroups)-1]
	}
	for i, over := range []int{18, 30, 45, 60, 75} {
		if models.AgeOn(birth, today) < over {
			return AgeGroups[i]
		}
	}
	return AgeGroups[5]
}

// A Simulation tries a version on everybody, part by part, and keeps counts alone: nobody's name, nobody's outcome. It is
// never deleted.
type Simulation struct {
	models.Meta           `bson:",inline"`
	models.Life[SimState] `bson:",inline"`
	job.Job               `bson:",inline"`

	Of       string             `bson:"of"`      // the version it tries
	Against  string             `bson:"against"` // the version in force, "" none
	Hash     string             `bson:"hash"`    // of the version
	Subject  models.SubjectKind `bson:"subject"`
	Provider string             `bson:"provider"`
	Region   models.Region      `bson:"region"`
	Today    models.Day         `bson:"today"` // the day it is tried for

	Total  int64      `bson:"total"` // profiles when it began
	Seen   int64      `bson:"seen"`
	After  string     `bson:"after"` // the last profile counted
	Cells  []Cell     `bson:"cells,omitempty"`
	DoneAt *time.Time `bson:"doneAt,omitempty"`
}

// Simulate starts the simulation of a validated version against the one in force, nil for none.
func (v *Version) Simulate(id string, inForce *Version, total int64, by models.Actor, now time.Time) (*Simulation, error) {
	if v.Hash == "" {
		return nil, models.E(models.Conflict, "benefit.not_validated")
	}
	s := &Simulation{Of: v.ID, Hash: v.Hash, Subject: v.Subject, Provider: v.Provider, Region: v.Region, Today: models.DayOf(now),
		Total: total}
	if inForce != nil {
		s.Against = inForce.ID
	}
	s.ID, s.State, s.Moved = id, Counting, models.Moved{By: by.Role, At: now}
	job.Begin(s, by, now)
	return s, nil
}

// Wake asks for the part that is due.
func (s *Simulation) Wake(now time.Time) error {
	job.Wake(s, now)
	return nil
}

// Busy implements job.Work.
func (s *Simulation) Busy() bool { return s.State == Counting }

// PartDue implements job.Work.
func (s *Simulation) PartDue() models.Happening { return EventSimDue.Of(s.Due()) }

// DoneOf implements job.Work: profiles.
func (s *Simulation) DoneOf() (done, total int64) { return s.Seen, s.Total }

// Abort ends it; its version was not tried.
func (s *Simulation) Abort(by models.Actor, reason string, now time.Time) error {
	job.End(s)
	return s.Move(simMoves, SimCancelled, by.At(now).Because(reason), "benefit.simulation_state")
}

// A Part is what one part of a simulation counted.
type Part struct {
	Part  int
	After string
	Seen  int64
	Cells map[[2]string]*Counts // by county and ages
	Last  bool
}

// Count counts one profile in its group.
func (p *Part) Count(who *Profile, today models.Day, before, after string) {
	key := [2]string{string(who.Region.County()), ""}
	if who.Kind != models.Organisation {
		key[1] = AgeGroup(who.Birth, today)
	}
	counts := p.Cells[key]
	if counts == nil {
		counts = &Counts{}
		p.Cells[key] = counts
	}
	counts.One(before, after)
	p.Seen++
}

// Step adds the part that is due. It says whether it was: one that was added is not added again.
func (s *Simulation) Step(p Part, now time.Time) (bool, error) {
	if !job.Took(s, p.Part) {
		return false, nil
	}
	at := make(map[[2]string]int, len(s.Cells))
	for i, c := range s.Cells {
		at[[2]string{string(c.County), c.Ages}] = i
	}
	for key, counts := range p.Cells {
		i, known := at[key]
		if !known {
			i = len(s.Cells)
			s.Cells = append(s.Cells, Cell{County: models.Region(key[0]), Ages: key[1]})
		}
		s.Cells[i].Counts.add(*counts)
	}
	s.Seen, s.After = s.Seen+p.Seen, p.After
	if !p.Last {
		job.Ask(s, now)
		return true, nil
	}
	job.End(s)
	s.DoneAt = models.At(now)
	s.Publish(EventSimDone.Of(TriedData{Version: s.Of}), "", models.Clockwork, now)
	return true, s.Move(simMoves, Counted, models.Clockwork.At(now), "benefit.simulation_state")
}

// A Shown is a simulation as people may see it: a group with fewer than k in some count says nothing about that count, and the
// totals are those of what is shown, so that nothing can be worked out by subtraction.
type Shown struct {
	Cells  []ShownCell
	Totals Counts
	Hidden int // counts that are not shown
}

// A ShownCell is a group; -1 is a count that is not shown.
type ShownCell struct {
	County models.Region
	Ages   string
	Counts Counts
}

// Show is the simulation with small counts left out.
//
// Source: docs/sources.md#benefit-gate.
func (s *Simulation) Show(k int) Shown {
	var out Shown
	for _, c := range s.Cells {
		for _, n := range []*int64{&c.Counts.Gain, &c.Counts.Lose, &c.Counts.Keep, &c.Counts.Never, &c.Counts.Unknown} {
			if *n > 0 && *n < int64(k) {
				*n = -1
				out.Hidden++
			}
		}
		out.Cells = append(out.Cells, ShownCell(c))
		out.Totals.add(Counts{max(c.Counts.Gain, 0), max(c.Counts.Lose, 0), max(c.Counts.Keep, 0), max(c.Counts.Never, 0),
			max(c.Counts.Unknown, 0)})
	}
	return out
}

// Budget is the most the version may cost over its whole time: every place at its cap, or, without a total, every person shown as
// entitled, as often as they may. 0 is not bounded: it has no cap, or counts anew each day, month or year.
func (t Terms) Budget(entitled int64) models.Fen {
	switch {
	case t.Quota.Total > 0:
		return models.Fen(t.Quota.Total) * t.Cap
	case t.Quota.Period != Once:
		return 0
	}
	return models.Fen(entitled) * models.Fen(t.Quota.PerPerson) * t.Cap
}

// A Trial tries one version and the one in force on people. It is for one goroutine.
type Trial struct{ before, after *rule.Many }

// NewTrial prepares a trial. before is nil without a version in force.
func NewTrial(before, after *rule.Program) *Trial {
	t := &Trial{after: after.Many()}
	if before != nil {
		t.before = before.Many()
	}
	return t
}

// Outcomes is how the two rules come out on facts; without a version in force nobody may have it.
func (t *Trial) Outcomes(all map[string]any) (before, after string, err error) {
	before = models.Fail
	if t.before != nil {
		if before, err = t.before.Outcome(all); err != nil {
			return "", "", err
		}
	}
	after, err = t.after.Outcome(all)
	return before, after, err
}
