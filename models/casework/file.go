package casework

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"xinyi/models"
)

// Filing is what somebody asks for.
type Filing struct {
	Kind      Kind
	Subject   models.Subject
	About     About
	Desk      string
	Region    models.Region
	Words     string
	Materials []Material
	Changes   []Change
	Agent     *Agent
}

// maxWords bounds what a person writes, in runes.
const maxWords = 2000

// file starts a case that is asked for. The clock runs n working days. Errors: Invalid.
func (f Filing) file(id string, n int, t Terms, by models.Actor, now time.Time) (*Case, error) {
	c, err := f.start(id, Submitted, t, by, now)
	if err != nil {
		return nil, err
	}
	c.Queue = f.Desk
	c.Clock.start(n, models.DayOf(now))
	c.publish(EventFiled, by, now, "")
	c.plan()
	return c, nil
}

// draft starts a case that nobody has asked for yet. Errors: Invalid.
func (f Filing) draft(id string, t Terms, by models.Actor, now time.Time) (*Case, error) {
	c, err := f.start(id, Draft, t, by, now)
	if err != nil {
		return nil, err
	}
	c.publish(EventPrepared, by, now, "")
	return c, nil
}

func (f Filing) start(id string, state State, t Terms, by models.Actor, now time.Time) (*Case, error) {
	switch {
	case f.Subject.Ref == "" && f.Subject.Person == "" || f.About.ID == "" || f.Desk == "":
		return nil, models.E(models.Invalid, "casework.incomplete")
	case len([]rune(f.Words)) > maxWords:
		return nil, models.Bad("/words", "max", "casework.incomplete")
	case f.Agent != nil && strings.TrimSpace(f.Agent.Authorisation) == "":
		return nil, models.Bad("/authorisation", "required", "casework.no_authorisation")
	}
	return &Case{
		Meta: models.Meta{ID: id}, Life: models.Life[State]{State: state, Moved: models.Moved{By: by.Role, At: now}},
		Kind: f.Kind, No: Number(f.Kind, id, now), Subject: f.Subject, About: f.About, Desk: f.Desk, Region: f.Region,
		Slot: Slot(f.Kind, f.Subject, f.About.ID), Filed: by, Agent: f.Agent, Words: models.NewSecret(strings.TrimSpace(f.Words)),
		Materials: f.Materials, Changes: f.Changes, Terms: t,
		Steps: []Step{{At: now, By: by.Role, Org: by.Org, State: state}},
	}, nil
}

// Slot is what an open case is unique by: one of a kind about a thing, for a subject.
func Slot(k Kind, s models.Subject, about string) string {
	return models.Derived("case", string(k), s.Ref, s.Person, about)
}

// letters begin a case's number, by kind.
var letters = map[Kind]string{Objection: "YY", Repair: "XF", Challenge: "CX", Review: "FH", Erasure: "SC"}

// Number is what people name a case by: letters of its kind, the day, nine digits made of its id, and a check digit, so that a
// number read out wrong is noticed: YY-20260510-004211873-6.
func Number(k Kind, id string, at time.Time) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	digits := fmt.Sprintf("%s%09d", strings.ReplaceAll(string(models.DayOf(at)), "-", ""), h.Sum64()%1_000_000_000)
	return letters[k] + "-" + digits[:8] + "-" + digits[8:] + "-" + models.Luhn(digits)
}

// Withdraw gives the case up: who filed it, or the subject. Errors: NotFound, InvalidTransition.
func (c *Case) Withdraw(by models.Actor, now time.Time) error {
	if err := c.move(Withdrawn, by, "", now); err != nil {
		return err
	}
	c.publish(EventWithdrawn, by, now, "")
	c.plan()
	return nil
}

// ForSubject says whether a case is the subject's own. Cases about an account alone are known by the person.
func (c *Case) ForSubject(s models.Subject) bool {
	return c.Subject.Is(s) || c.Subject.Ref == "" && c.Subject.Person != "" && c.Subject.Person == s.Person
}

// desk says whether by may act on the case where it lies; nobody acts on a case of their own or one they filed for somebody.
// Errors: NotFound, Forbidden "casework.own_case".
func (c *Case) desk(by models.Actor) error {
	switch {
	case !c.at(by):
		return models.E(models.NotFound, "not_found")
	case by.Person != "" && (by.Person == c.Subject.Person || by.Person == c.Filed.Person || by.Person == c.Filed.Agent):
		return models.E(models.Forbidden, "casework.own_case")
	}
	return nil
}

// reasoned refuses an empty reason.
func reasoned(why string) error {
	if strings.TrimSpace(why) == "" {
		return models.Bad("/reason", "required", "casework.no_reason")
	}
	return nil
}

// decide ends the desk's work: Approved or Rejected, with the reason. Errors: NotFound, Forbidden, Invalid, InvalidTransition.
func (c *Case) decide(to State, by models.Actor, why string, now time.Time) error {
	if err := c.desk(by); err != nil {
		return err
	}
	if err := reasoned(why); err != nil {
		return err
	}
	if err := c.move(to, by, why, now); err != nil {
		return err
	}
	c.Outcome = why
	c.Clock.end()
	kind := EventApproved
	if to == Rejected {
		kind = EventRejected
	}
	c.publish(kind, by, now, why)
	c.plan()
	return nil
}

// Reject refuses what was asked for. Errors: NotFound, Forbidden, Invalid, InvalidTransition.
func (c *Case) Reject(by models.Actor, why string, now time.Time) error {
	return c.decide(Rejected, by, why, now)
}

// Ask waits for more from the person; the clock stands. Errors: NotFound, Forbidden, Invalid, InvalidTransition.
func (c *Case) Ask(by models.Actor, what string, now time.Time) error {
	if err := c.desk(by); err != nil {
		return err
	}
	if err := reasoned(what); err != nil {
		return err
	}
	if err := c.move(NeedMore, by, what, now); err != nil {
		return err
	}
	c.Clock.stop(models.DayOf(now))
	c.publish(EventNeedMore, by, now, what)
	c.plan()
	return nil
}

// Supply hands in what was asked for; the clock goes on. Errors: Invalid, InvalidTransition.
func (c *Case) Supply(words string, materials []Material, by models.Actor, now time.Time) error {
	if len([]rune(words)) > maxWords || words == "" && len(materials) == 0 {
		return models.Bad("/words", "required", "casework.incomplete")
	}
	if c.State != NeedMore {
		return models.Refused(c.Life, c.Kind.machine()[c.State], "casework.nothing_asked")
	}
	if err := c.move(Submitted, by, "", now); err != nil {
		return err
	}
	if words != "" {
		c.Words = models.NewSecret(strings.TrimSpace(c.Words.Reveal() + "\n" + words))
	}
	c.Materials = append(c.Materials, materials...)
	c.Clock.resume(models.DayOf(now))
	c.publish(EventSupplied, by, now, "")
	c.plan()
	return nil
}

// Close ends an approved case once everything that follows from it is done. Errors: InvalidTransition.
func (c *Case) Close(note string, now time.Time) error {
	if err := c.move(Closed, models.Clockwork, note, now); err != nil {
		return err
	}
	c.publish(EventClosed, models.Clockwork, now, note)
	c.plan()
	return nil
}

// Wake does what time alone brings: the word that a clock ran out, once; the end of a case whose person did not answer.
func (c *Case) Wake(now time.Time) error {
	today := models.DayOf(now)
	if c.Clock.Due != "" && c.Clock.Stopped == "" && today > c.Clock.Due && !c.Clock.Late {
		c.Clock.Late = true
		c.publish(EventLate, models.Clockwork, now, "")
	}
	if c.State == NeedMore && today > c.lapses() {
		if err := c.move(Closed, models.Clockwork, "", now); err != nil {
			return err
		}
		c.publish(EventLapsed, models.Clockwork, now, "")
	}
	c.plan()
	return nil
}

// lapses is the last day on which the person may still answer.
func (c *Case) lapses() models.Day {
	return models.DayOf(c.Moved.At).AddWorking(max(1, c.Terms.WaitForPerson))
}

// plan sets when the case next wakes.
func (c *Case) plan() {
	c.WakeAt = nil
	if c.Clock.Due != "" && c.Clock.Stopped == "" && !c.Clock.Late {
		c.WakeAt = models.At(c.Clock.Due.Add(1).Start())
	}
	if c.State == NeedMore {
		c.WakeAt = models.Earliest(c.WakeAt, models.At(c.lapses().Add(1).Start()))
	}
}

// publish tells whom the case is about.
func (c *Case) publish(kind models.Kind[Data], by models.Actor, now time.Time, note string) {
	data := Data{Kind: c.Kind, No: c.No, Desk: c.Desk, About: c.About.ID, Due: c.Clock.Due, Note: note}
	c.Publish(kind.Of(data), c.Subject.Addressee(), by, now)
}
