package farmer

import (
	"cmp"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/job"
)

// A RunKind says what a run does with what it finds.
type RunKind string

// The kinds of runs.
const (
	Simulate RunKind = "SIMULATE" // counts alone
	Rate     RunKind = "RATE"     // writes the grades back
)

// Enum are all of them.
func (RunKind) Enum() []any { return models.Enum(Simulate, Rate) }

// A RunState is where a run stands.
type RunState string

// The states of a run.
const (
	Running      RunState = "RUNNING"
	RunDone      RunState = "DONE"
	RunCancelled RunState = "CANCELLED" // of a simulation
)

// Enum are all of them.
func (RunState) Enum() []any { return models.Enum(Running, RunDone, RunCancelled) }

// RunStates lists them.
var RunStates = []RunState{Running, RunDone, RunCancelled}

var runActs = models.Acts[RunState]{
	models.From(Running).To(RunDone).By("Step", models.System),
	models.From(Running).To(RunCancelled).By("Abort", models.Operator),
}

var runMoves = runActs.Machine()

// A Shift is how many households of a county go from one grade to another.
type Shift struct {
	County models.Region `bson:"county"`
	From   string        `bson:"from"` // "" had none
	To     string        `bson:"to"`
	Count  int64         `bson:"count"`
	Gain   int64         `bson:"gain"` // of them, may be credit households and might not before
	Lose   int64         `bson:"lose"`
}

// A Run scores every household by a model, part by part: to try it, or to write the grades back. It keeps counts alone.
type Run struct {
	models.Meta           `bson:",inline"`
	models.Life[RunState] `bson:",inline"`
	job.Job               `bson:",inline"`

	Kind    RunKind    `bson:"kind"`
	Of      string     `bson:"of"` // the model
	Hash    string     `bson:"hash"`
	Against string     `bson:"against,omitempty"` // the model in force, "" none
	Today   models.Day `bson:"today"`

	Total  int64      `bson:"total"`
	Seen   int64      `bson:"seen"`
	Wrote  int64      `bson:"wrote"` // households that carry the model's grade now
	After  string     `bson:"after"`
	Shifts []Shift    `bson:"shifts,omitempty"`
	DoneAt *time.Time `bson:"doneAt,omitempty"`
}

// A RunPlan says what a run is for, and over how many households.
type RunPlan struct {
	Kind    RunKind
	Against string // the model in force, "" none
	Total   int64
}

// NewRun starts a run of a validated model. Errors: Conflict "farmer.model_draft".
func (m *Model) NewRun(id string, p RunPlan, by models.Actor, now time.Time) (*Run, error) {
	if m.Hash == "" {
		return nil, models.E(models.Conflict, "farmer.model_draft")
	}
	r := &Run{Kind: p.Kind, Of: m.ID, Hash: m.Hash, Against: p.Against, Today: models.DayOf(now), Total: p.Total}
	r.ID, r.State, r.Moved = id, Running, models.Moved{By: by.Role, At: now}
	job.Begin(r, by, now)
	return r, nil
}

// Wake asks for the part that is due.
func (r *Run) Wake(now time.Time) error {
	job.Wake(r, now)
	return nil
}

// Busy implements job.Work.
func (r *Run) Busy() bool { return r.State == Running }

// PartDue implements job.Work.
func (r *Run) PartDue() models.Happening { return EventRunDue.Of(r.Due()) }

// DoneOf implements job.Work: households.
func (r *Run) DoneOf() (done, total int64) { return r.Seen, r.Total }

// Abort ends a trial. A run that writes grades back goes on: half a county by another model is no state to stay in.
func (r *Run) Abort(by models.Actor, reason string, now time.Time) error {
	if r.Kind != Simulate {
		return job.MustEnd()
	}
	job.End(r)
	return r.Move(runMoves, RunCancelled, by.At(now).Because(reason), "farmer.run_state")
}

// A Part is what one part of a run found.
type Part struct {
	Part   int
	After  string
	Seen   int64
	Wrote  int64
	Shifts map[Shift]*Shift // by county, from and to alone
	Last   bool
}

// Count counts one household.
func (p *Part) Count(s *Score, grade string, good bool) {
	key := Shift{County: s.Village.County(), From: s.Grade, To: grade}
	at := p.Shifts[key]
	if at == nil {
		shift := key
		at = &shift
		p.Shifts[key] = at
	}
	at.Count++
	switch {
	case good && !s.Good:
		at.Gain++
	case s.Good && !good:
		at.Lose++
	}
	p.Seen++
}

// Step adds the part that is due. It says whether it was: one that was added is not added again.
func (r *Run) Step(p Part, now time.Time) (bool, error) {
	if !job.Took(r, p.Part) {
		return false, nil
	}
	for key, found := range p.Shifts {
		i := slices.IndexFunc(r.Shifts, func(s Shift) bool { return s.County == key.County && s.From == key.From && s.To == key.To })
		if i < 0 {
			r.Shifts = append(r.Shifts, *found)
			continue
		}
		r.Shifts[i].Count += found.Count
		r.Shifts[i].Gain += found.Gain
		r.Shifts[i].Lose += found.Lose
	}
	slices.SortFunc(r.Shifts, func(a, b Shift) int {
		return cmp.Or(cmp.Compare(a.County, b.County), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	r.Seen, r.Wrote, r.After = r.Seen+p.Seen, r.Wrote+p.Wrote, p.After
	if !p.Last {
		job.Ask(r, now)
		return true, nil
	}
	job.End(r)
	r.DoneAt = models.At(now)
	r.Publish(EventRunDone.Of(RunData{Kind: r.Kind}), "", models.Clockwork, now)
	return true, r.Move(runMoves, RunDone, models.Clockwork.At(now), "farmer.run_state")
}

// Grades counts the households of each grade after the run.
func (r *Run) Grades() map[string]int64 {
	n := map[string]int64{}
	for _, s := range r.Shifts {
		n[s.To] += s.Count
	}
	return n
}
