package farmer

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"xinyi/models"
)

// A RunKind says what a run does with what it finds.
type RunKind string

// The kinds of runs.
const (
	Simulate RunKind = "SIMULATE" // counts alone
	Rate     RunKind = "RATE"     // writes the grades back
)

// A RunState is where a run stands.
type RunState string

// The states of a run.
const (
	Running RunState = "RUNNING"
	RunDone RunState = "DONE"
)

// RunStates lists them.
var RunStates = []RunState{Running, RunDone}

var runMoves = models.Machine[RunState]{Running: {RunDone}, RunDone: nil}

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

	Kind    RunKind    `bson:"kind"`
	Of      string     `bson:"of"` // the model
	Hash    string     `bson:"hash"`
	Against string     `bson:"against,omitempty"` // the model in force, "" none
	Today   models.Day `bson:"today"`

	Total  int64      `bson:"total"`
	Seen   int64      `bson:"seen"`
	Wrote  int64      `bson:"wrote"` // households that carry the model's grade now
	Part   int        `bson:"part"`
	After  string     `bson:"after"`
	Shifts []Shift    `bson:"shifts,omitempty"`
	DoneAt *time.Time `bson:"doneAt,omitempty"`
}

// NewRun starts a run of a validated model. against is the model in force, "" none. Errors: Conflict "farmer.model_draft".
func NewRun(id string, kind RunKind, m *Model, against string, total int64, by models.Actor, now time.Time) (*Run, error) {
	if m.Hash == "" {
		return nil, models.E(models.Conflict, "farmer.model_draft")
	}
	r := &Run{Kind: kind, Of: m.ID, Hash: m.Hash, Against: against, Today: models.DayOf(now), Total: total}
	r.ID, r.State, r.Moved = id, Running, models.Moved{By: by.Role, At: now}
	r.due(now)
	return r, nil
}

func (r *Run) due(now time.Time) {
	r.Tell(EventRunDue, "", models.Clockwork, now, map[string]string{"part": strconv.Itoa(r.Part)})
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
	if r.State != Running || p.Part != r.Part {
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
	r.Seen, r.Wrote, r.After, r.Part = r.Seen+p.Seen, r.Wrote+p.Wrote, p.After, r.Part+1
	if !p.Last {
		r.due(now)
		return true, nil
	}
	r.DoneAt = models.At(now)
	r.Tell(EventRunDone, "", models.Clockwork, now, map[string]string{"kind": string(r.Kind)})
	return true, r.Move(runMoves, RunDone, models.Clockwork, now, "farmer.run_state", "")
}

// Grades counts the households of each grade after the run.
func (r *Run) Grades() map[string]int64 {
	n := map[string]int64{}
	for _, s := range r.Shifts {
		n[s.To] += s.Count
	}
	return n
}
