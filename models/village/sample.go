package village

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/jury"
)

// A Check is what the county found at a household of the sample.
type Check string

// The findings.
const (
	Confirmed Check = "CONFIRMED" // it is as its file says
	Wrong     Check = "WRONG"
)

// A Sampled is a household that is looked at on the spot.
type Sampled struct {
	Row       int        `bson:"row"` // of what was frozen, from 0
	Household string     `bson:"household"`
	State     Check      `bson:"state,omitempty"` // "" not looked at yet
	Note      string     `bson:"note,omitempty"`
	By        string     `bson:"by,omitempty"` // person
	At        *time.Time `bson:"at,omitempty"`
}

// SampleSeed is what a village's sample is drawn by: the round's seed, which was committed to before anybody knew the root, and the
// root, which nobody can choose.
//
// Source: docs/sources.md#village-sample.
func SampleSeed(seed, root string) string { return seed + "\n" + root }

// DrawRows draws the rows of the sample: of what is frozen so many in ten thousand, the least there may be at least. Whoever knows the
// round's seed, the root and how many rows there are draws the same.
func DrawRows(seed, root string, size int, t Terms) []int {
	n := jury.Sample(size, t.SampleBP, t.SampleLeast)
	ids := make([]string, size)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	var rows []int
	for _, id := range jury.Draw(SampleSeed(seed, root), ids, n) {
		if row, err := strconv.Atoi(id); err == nil {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

// unchecked is how many households of the sample nobody has looked at.
func (e *Entry) unchecked() (n int) {
	for _, x := range e.Sample {
		if x.State == "" {
			n++
		}
	}
	return n
}

// checker is the office that looks at the sample: whoever's step comes second.
func (e *Entry) checker(by models.Actor) error {
	s := e.Course.Steps[min(1, len(e.Course.Steps)-1)]
	if by.Person == "" || !by.Is(s.Roles...) || !by.Region.Contains(e.Village) || s.Level > 0 && by.Region.Level() != s.Level {
		return models.E(models.Forbidden, "village.not_yours")
	}
	return nil
}

// Check notes what was found at a household of the sample; a later look takes the place of an earlier one. Errors: Forbidden;
// NotFound for a household that was not drawn; Invalid "village.note" for a fault without a word; InvalidTransition once the county has
// decided.
func (e *Entry) Check(household string, found Check, note string, by models.Actor, now time.Time) error {
	if e.State != InReview || e.last() {
		return models.Refused(e.Life, moves[e.State], "village.state")
	}
	if err := e.checker(by); err != nil {
		return err
	}
	i := slices.IndexFunc(e.Sample, func(x Sampled) bool { return x.Household == household })
	switch {
	case i < 0:
		return models.E(models.NotFound, "not_found")
	case found != Confirmed && found != Wrong:
		return models.Bad("/found", "oneof", "village.note")
	case found == Wrong && note == "":
		return models.Bad("/note", "required", "village.note")
	}
	x := &e.Sample[i]
	x.State, x.Note, x.By, x.At = found, note, by.Person, models.At(now)
	return nil
}

// Commitment is what is shown of a seed before it is shown itself.
func Commitment(seed string) string { return jury.Commit(seed) }
