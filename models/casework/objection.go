package casework

import (
	"maps"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// Object files an objection to a record (异议). desk is the credit office that keeps it. Errors: Invalid "casework.nothing_said"
// when neither a field nor a word says what is wrong.
//
// Source: docs/sources.md#casework-clocks.
func (f Filing) Object(id string, t Terms, by models.Actor, now time.Time) (*Case, error) {
	f.Kind = Objection
	if len(f.Changes) == 0 && strings.TrimSpace(f.Words) == "" {
		return nil, models.Bad("/words", "required", "casework.nothing_said")
	}
	if f.About.Kind != "record" || f.About.Version <= 0 || f.About.Unit == "" {
		return nil, models.E(models.Invalid, "casework.incomplete")
	}
	return f.file(id, t.ObjectOwn, t, by, now)
}

// Check asks the source unit: the whole clock becomes that of a check, and the case lies on the unit's desk until it answers.
// Errors: NotFound, Forbidden, InvalidTransition, Conflict when the desk is the unit itself.
func (c *Case) Check(by models.Actor, now time.Time) error {
	if c.Kind != Objection {
		return models.E(models.Conflict, "casework.other_kind")
	}
	if err := c.desk(by); err != nil {
		return err
	}
	if c.About.Unit == c.Desk {
		return models.E(models.Conflict, "casework.own_unit")
	}
	if err := c.move(Checking, by, "", now); err != nil {
		return err
	}
	c.Clock.Due = c.Clock.Started.AddWorking(c.Terms.ObjectCheck)
	c.Queue = c.About.Unit
	c.publish(EventChecking, by, now, "")
	c.plan()
	return nil
}

// Answer is what the source unit says, of an objection or a repair; the desk decides. Errors: NotFound for any other unit, Invalid,
// InvalidTransition.
func (c *Case) Answer(by models.Actor, right bool, note string, now time.Time) error {
	if c.State != Checking || by.Org != c.About.Unit || !by.Is(models.DataOfficer, models.Department) {
		return models.E(models.NotFound, "not_found")
	}
	if err := reasoned(note); err != nil {
		return err
	}
	if by.Person != "" && by.Person == c.Subject.Person {
		return models.E(models.Forbidden, "casework.own_case")
	}
	said, back := "unit_disagrees: ", Submitted
	if right {
		said = "unit_agrees: "
	}
	if c.Repair != nil {
		back, c.Repair.Answered, c.Repair.Agreed = Accepted, true, right
	}
	if err := c.move(back, by, said+note, now); err != nil {
		return err
	}
	c.publish(EventAnswered, by, now, note)
	c.plan()
	return nil
}

// Correction is how an objection that is right ends.
type Correction struct {
	Withdraw bool              // the whole record goes
	Values   map[string]string // else: what fields are to say, by column key
	Reason   string
}

// Uphold decides that the objection is right, and how. The record follows by itself.
// Errors: NotFound, Forbidden, Invalid "casework.nothing_said", InvalidTransition.
func (c *Case) Uphold(by models.Actor, how Correction, now time.Time) error {
	if c.Kind != Objection {
		return models.E(models.Conflict, "casework.other_kind")
	}
	if !how.Withdraw && len(how.Values) == 0 {
		return models.Bad("/values", "required", "casework.nothing_said")
	}
	if err := c.decide(Approved, by, how.Reason, now); err != nil {
		return err
	}
	c.Withdrawal = how.Withdraw
	for i := range c.Changes { // what was asked for and not granted keeps its old value
		if _, granted := how.Values[c.Changes[i].Field]; !granted {
			c.Changes[i].New = c.Changes[i].Old
		}
	}
	for _, field := range slices.Sorted(maps.Keys(how.Values)) {
		c.set(field, how.Values[field])
	}
	return nil
}

// set notes what a field is to say.
func (c *Case) set(field, value string) {
	for i := range c.Changes {
		if c.Changes[i].Field == field {
			c.Changes[i].New = models.NewSecret(value)
			return
		}
	}
	c.Changes = append(c.Changes, Change{Field: field, New: models.NewSecret(value)})
}

// Grant decides that a challenge, a review or an erasure is right. Errors: NotFound, Forbidden, Invalid, InvalidTransition.
func (c *Case) Grant(by models.Actor, why string, now time.Time) error {
	if c.Kind != Challenge && c.Kind != Review && c.Kind != Erasure {
		return models.E(models.Conflict, "casework.other_kind")
	}
	return c.decide(Approved, by, why, now)
}

// Contest challenges a look at one's data. Errors: Invalid.
func (f Filing) Contest(id string, t Terms, by models.Actor, now time.Time) (*Case, error) {
	f.Kind = Challenge
	return f.file(id, t.Challenge, t, by, now)
}

// AskReview asks for a person to look at what a program decided. Errors: Invalid.
//
// Source: docs/sources.md#casework-clocks (Personal Information Protection Law, art. 24).
func (f Filing) AskReview(id string, t Terms, by models.Actor, now time.Time) (*Case, error) {
	f.Kind = Review
	return f.file(id, t.Review, t, by, now)
}

// Erase asks for data to go. Errors: Invalid.
func (f Filing) Erase(id string, t Terms, by models.Actor, now time.Time) (*Case, error) {
	f.Kind = Erasure
	return f.file(id, t.Erasure, t, by, now)
}
