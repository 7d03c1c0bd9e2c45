// Package flow leads a case through review steps (审核流程): who looks at it, how many must agree, and by which day. A course is a
// part of the document it leads. It keeps the steps it began with, whatever becomes of the flow; votes are only ever added.
package flow

import (
	"fmt"
	"slices"
	"time"

	"xinyi/models"
)

// A Rule says when a step is decided.
type Rule string

// The rules.
const (
	Any    Rule = "ANY"    // the first word decides
	All    Rule = "ALL"    // everybody who was named agrees; one refusal refuses
	Quorum Rule = "QUORUM" // N agree; refused once N can no longer agree, or N refuse where nobody was named
)

// Enum are all of them.
func (Rule) Enum() []any { return models.Enum(Any, All, Quorum) }

// A Step is one look at the case.
type Step struct {
	models.Words `bson:",inline"`
	Code         string        `bson:"code" json:"code"`
	Roles        []models.Role `bson:"roles" json:"roles"`                     // who may vote
	Level        models.Level  `bson:"level,omitempty" json:"level,omitempty"` // of an office that votes; 0: any the case lies in
	Rule         Rule          `bson:"rule" json:"rule"`
	N            int           `bson:"n,omitempty" json:"n,omitempty"`               // of a quorum
	Days         int           `bson:"days,omitempty" json:"days,omitempty"`         // working days to decide; 0: no day
	Escalate     models.Level  `bson:"escalate,omitempty" json:"escalate,omitempty"` // level of the office that hears when it is late; 0: nobody but those who are late
}

// A Flow is what a course begins with.
type Flow struct {
	ID    string `bson:"id" json:"id"`
	No    int    `bson:"no" json:"no"`
	Steps []Step `bson:"steps" json:"steps"`
}

// Name is "id@no".
func (f Flow) Name() string { return fmt.Sprintf("%s@%d", f.ID, f.No) }

const maxSteps = 12

// Check looks whether the flow is whole. Errors: Invalid "flow.invalid", a field for every fault, below pointer.
func (f Flow) Check(pointer string) error {
	var faults []models.Field
	fault := func(bad bool, at, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer + at, Code: code})
		}
	}
	fault(len(f.Steps) == 0 || len(f.Steps) > maxSteps, "/steps", "flow_count")
	seen := map[string]bool{}
	for i, s := range f.Steps {
		at := fmt.Sprintf("/steps/%d", i)
		fault(s.Code == "" || len(s.Code) > 40 || seen[s.Code], at+"/code", "flow_code")
		seen[s.Code] = true
		faults = append(faults, s.Check(pointer+at, models.MaxTitle)...)
		fault(len(s.Roles) == 0, at+"/roles", "required")
		fault(s.Rule != Any && s.Rule != All && s.Rule != Quorum, at+"/rule", "oneof")
		fault(s.Rule == Quorum && s.N < 1 || s.Rule != Quorum && s.N != 0, at+"/n", "flow_quorum")
		fault(s.Days < 0 || s.Days > 250, at+"/days", "flow_days")
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "flow.invalid", Fields: faults}
	}
	return nil
}

// A Verdict is what a vote says.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "APPROVE"
	Reject  Verdict = "REJECT"
	Revise  Verdict = "REVISE" // back to whoever filed it, with what to mend
	Recuse  Verdict = "RECUSE" // stands aside (回避): kin, the same unit, a debt
)

// Enum are all of them.
func (Verdict) Enum() []any { return models.Enum(Approve, Reject, Revise, Recuse) }

// A Vote is one word, never changed.
type Vote struct {
	Step    string       `bson:"step"`
	Round   int          `bson:"round"`
	By      models.Actor `bson:"by"`
	Verdict Verdict      `bson:"verdict"`
	Note    string       `bson:"note,omitempty"`
	At      time.Time    `bson:"at"`
}

// An Outcome is what a vote came to.
type Outcome string

// The outcomes.
const (
	Waiting  Outcome = "WAITING"  // others have to say something yet
	Passed   Outcome = "PASSED"   // the step is through, the next one begins
	Through  Outcome = "THROUGH"  // the last step is through
	Rejected Outcome = "REJECTED" // it is over
	Returned Outcome = "RETURNED" // to be filed anew
)

// A Course is where a case stands on its way.
type Course struct {
	Flow   string     `bson:"flow"`
	Steps  []Step     `bson:"steps"`
	At     int        `bson:"at"`    // the step that is due; len(Steps): through
	Round  int        `bson:"round"` // grows whenever it is filed anew
	Maker  string     `bson:"maker"` // person who filed it last, who checks nothing
	Makers []string   `bson:"makers,omitempty"`
	Named  []string   `bson:"named,omitempty"` // people who are to vote in this step; none: whoever's office it is
	Votes  []Vote     `bson:"votes,omitempty"`
	Due    models.Day `bson:"due,omitempty"`
	Late   bool       `bson:"late,omitempty"` // the step that is due went over its day
	Ended  bool       `bson:"ended,omitempty"`
	Back   bool       `bson:"back,omitempty"` // waits to be filed anew
}

// New begins a course. maker is the person who files.
func New(f Flow, maker string, now time.Time) Course {
	c := Course{Flow: f.Name(), Steps: slices.Clone(f.Steps), Round: 1, Maker: maker, Makers: []string{maker}}
	c.enter(0, now)
	return c
}

func (c *Course) enter(step int, now time.Time) {
	c.At, c.Named, c.Due, c.Late, c.Back = step, nil, "", false, false
	if s := c.Step(); s != nil && s.Days > 0 {
		c.Due = models.DayOf(now).AddWorking(s.Days)
	}
}

// Step is the step that is due, nil when there is none.
func (c *Course) Step() *Step {
	if c.Ended || c.At >= len(c.Steps) {
		return nil
	}
	return &c.Steps[c.At]
}

// Here are the votes of the step that is due, in this round.
func (c *Course) Here() (votes []Vote) {
	s := c.Step()
	for _, v := range c.Votes {
		if s != nil && v.Step == s.Code && v.Round == c.Round {
			votes = append(votes, v)
		}
	}
	return votes
}

// Name says who is to vote in the step that is due; not after the first word. Errors: Conflict "flow.began"; Invalid "flow.named".
func (c *Course) Name(people []string) error {
	s := c.Step()
	switch {
	case s == nil || c.Back || len(c.Here()) > 0:
		return models.E(models.Conflict, "flow.began")
	case len(people) == 0 || s.Rule == Quorum && len(people) < s.N || slices.ContainsFunc(people, c.made):
		return models.Bad("/people", "flow_named", "flow.named")
	}
	people = slices.Clone(people)
	slices.Sort(people)
	c.Named = slices.Compact(people)
	return nil
}

func (c *Course) made(person string) bool { return slices.Contains(c.Makers, person) }

// May says whether by may vote on a case of a place now. Errors: Conflict "flow.over"; Forbidden "flow.not_yours", "flow.maker" for
// whoever filed it, "flow.second_person" for whoever voted in an earlier step; Conflict "flow.voted".
func (c *Course) May(place models.Region, by models.Actor) error {
	s := c.Step()
	switch {
	case s == nil || c.Back:
		return models.E(models.Conflict, "flow.over")
	case by.Person == "" || !by.Is(s.Roles...) || !by.Region.Contains(place) || s.Level > 0 && by.Region.Level() != s.Level,
		len(c.Named) > 0 && !slices.Contains(c.Named, by.Person):
		return models.E(models.Forbidden, "flow.not_yours")
	case c.made(by.Person):
		return models.E(models.Forbidden, "flow.maker")
	}
	for _, v := range c.Votes {
		switch {
		case v.By.Person != by.Person || v.Verdict == Recuse && v.Step != s.Code:
		case v.Step == s.Code && v.Round == c.Round:
			return models.E(models.Conflict, "flow.voted")
		case v.Step != s.Code:
			return models.E(models.Forbidden, "flow.second_person")
		}
	}
	return nil
}

// Cast adds a vote and says what it came to. Errors: as May; Invalid "flow.note" when a refusal or a return gives no reason.
func (c *Course) Cast(v Verdict, note string, place models.Region, by models.Actor, now time.Time) (Outcome, error) {
	if err := c.May(place, by); err != nil {
		return "", err
	}
	switch v {
	case Approve, Recuse:
	case Reject, Revise:
		if note == "" {
			return "", models.Bad("/note", "required", "flow.note")
		}
	default:
		return "", models.Bad("/verdict", "oneof", "flow.verdict")
	}
	c.Votes = append(c.Votes, Vote{Step: c.Step().Code, Round: c.Round, By: by, Verdict: v, Note: note, At: now})
	out := c.decide(v)
	switch out {
	case Passed:
		if c.enter(c.At+1, now); c.Step() == nil {
			out, c.Ended = Through, true
		}
	case Rejected:
		c.Ended, c.Due, c.Late = true, "", false
	case Returned:
		c.Back, c.Due, c.Late = true, "", false
	case Waiting, Through:
	}
	return out, nil
}

// decide is what the votes of the step come to with the last one.
func (c *Course) decide(last Verdict) Outcome {
	if last == Revise {
		return Returned
	}
	s, yes, no, aside := c.Step(), 0, 0, 0
	for _, v := range c.Here() {
		switch v.Verdict {
		case Approve:
			yes++
		case Reject:
			no++
		case Recuse:
			aside++
		case Revise:
		}
	}
	left := len(c.Named) - aside - no // who agreed or still may
	switch {
	case s.Rule == Any && yes > 0, s.Rule == Quorum && yes >= s.N, s.Rule == All && yes > 0 && yes >= left && no == 0:
		return Passed
	case s.Rule != Quorum && no > 0, s.Rule == Quorum && (no >= s.N || len(c.Named) > 0 && no > 0 && left < s.N):
		return Rejected
	}
	return Waiting
}

// Stuck says that too many stood aside for the step ever to be decided by those who were named.
func (c *Course) Stuck() bool {
	s := c.Step()
	if s == nil || len(c.Named) == 0 {
		return false
	}
	aside := 0
	for _, v := range c.Here() {
		if v.Verdict == Recuse {
			aside++
		}
	}
	left := len(c.Named) - aside
	return left == 0 || s.Rule == Quorum && left < s.N
}

// Replace names others in the place of people who stood aside: those named and not yet heard may be joined by more, never dropped.
// Errors: Conflict "flow.over"; Invalid "flow.named".
func (c *Course) Replace(people []string) error {
	s := c.Step()
	switch {
	case s == nil || c.Back || len(c.Named) == 0:
		return models.E(models.Conflict, "flow.over")
	case len(people) == 0 || slices.ContainsFunc(people, c.made):
		return models.Bad("/people", "flow_named", "flow.named")
	}
	all := append(slices.Clone(c.Named), people...)
	slices.Sort(all)
	c.Named = slices.Compact(all)
	return nil
}

// File files it anew after it was sent back: the step that sent it back begins again. Errors: Conflict "flow.not_back".
func (c *Course) File(maker string, now time.Time) error {
	if !c.Back {
		return models.E(models.Conflict, "flow.not_back")
	}
	c.Round++
	if c.Maker = maker; !c.made(maker) {
		c.Makers = append(c.Makers, maker)
	}
	c.enter(c.At, now)
	return nil
}

// WakeAt is when the step that is due goes over its day, nil for never.
func (c *Course) WakeAt() *time.Time {
	if c.Step() == nil || c.Due == "" || c.Late {
		return nil
	}
	return models.At(c.Due.Add(1).Start())
}

// Wake notes that the step that is due is late. It says whether anything changed.
func (c *Course) Wake(now time.Time) bool {
	if at := c.WakeAt(); at == nil || at.After(now) {
		return false
	}
	c.Late = true
	return true
}
