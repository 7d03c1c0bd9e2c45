// Package practice is the library of cases worth copying (信用场景典型案例): a unit writes down what it did, offices look at it, experts
// who are drawn score it once a year, the public may object, and others say that they copied it. It is about work, never about a
// person.
package practice

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/score"
)

// A State is where a case stands.
type State string

// The states of a case.
const (
	Draft     State = "DRAFT"
	Review    State = "REVIEW"
	Revision  State = "REVISION" // back with the unit
	Accepted  State = "ACCEPTED" // takes part in the round that comes next
	Proposed  State = "PROPOSED" // chosen, and on public notice
	Published State = "PUBLISHED"
	Rejected  State = "REJECTED"
	Withdrawn State = "WITHDRAWN"
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Draft, Review, Revision, Accepted, Proposed, Published, Rejected, Withdrawn)
}

// States lists them.
var States = []State{Draft, Review, Revision, Accepted, Proposed, Published, Rejected, Withdrawn}

var acts = models.Acts[State]{
	models.From(Draft, Revision).To(Review).By("File", models.Provider, models.TownStaff, models.CountyHealth, models.DataOfficer),
	models.From(Draft, Review, Revision, Accepted, Proposed, Published).To(Withdrawn).By("Withdraw", models.Provider, models.CreditOffice),
	models.From(Review).To(Revision, Accepted, Rejected).By("Review", models.CreditOffice),
	models.From(Accepted).To(Proposed).By("Ranked", models.System),
	models.From(Proposed).To(Accepted).By("Review", models.CreditOffice),
	models.From(Proposed).To(Published, Rejected).By("Settle", models.System),
}

var moves = acts.Machine()

// The bounds of a case.
const (
	maxFiles     = 10
	maxAdoptions = 1000
	maxReason    = 500 // runes
)

// A File is a picture or a scan kept beside a case.
type File struct {
	ID   string `bson:"id"` // of a blob
	Note string `bson:"note,omitempty"`
	Type string `bson:"type"`
	Size int    `bson:"size"`
}

// A Version is what a case said when it was filed before.
type Version struct {
	Content `bson:",inline"`
	Filed   time.Time `bson:"filed"`
}

// An Adoption is another unit's word that it copied a case.
type Adoption struct {
	Unit   string        `bson:"unit"`
	Name   string        `bson:"name"`
	Region models.Region `bson:"region"`
	Note   string        `bson:"note"`
	On     models.Day    `bson:"on"`
}

// A Case is one.
type Case struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`
	Content            `bson:",inline"`

	Unit     string        `bson:"unit"`
	UnitName string        `bson:"unitName"`
	Region   models.Region `bson:"region"`           // where the unit works
	Person   string        `bson:"person,omitempty"` // who wrote it, to be told; "" a system
	Files    []File        `bson:"files,omitempty"`
	Filed    *time.Time    `bson:"filed,omitempty"`
	Course   flow.Course   `bson:"course"`
	History  []Version     `bson:"history,omitempty"` // the oldest first
	Adopted  []Adoption    `bson:"adopted,omitempty"`

	Round string  `bson:"round,omitempty"` // that scores it or chose it
	Entry *Entry  `bson:"entry,omitempty"`
	Past  []Entry `bson:"past,omitempty"` // rounds that did not choose it
	Year  int     `bson:"year,omitempty"` // of the round that chose it
}

// A Unit is who writes a case.
type Unit struct {
	Name string
	By   models.Actor
}

// whole says whether a unit can file: it has a place in the city, and a name.
func (u Unit) whole() bool {
	return u.By.Org != "" && u.Name != "" && u.By.Region.Level() >= models.Prefecture
}

// New begins a draft. Errors: Forbidden "practice.no_unit"; Invalid "practice.content".
func New(id string, content Content, u Unit, now time.Time) (*Case, error) {
	if !u.whole() {
		return nil, models.E(models.Forbidden, "practice.no_unit")
	}
	if err := content.Check(); err != nil {
		return nil, err
	}
	c := &Case{Content: content, Unit: u.By.Org, UnitName: u.Name, Region: u.By.Region, Person: u.By.Person}
	c.ID, c.State, c.Moved = id, Draft, models.Moved{By: u.By.Role, At: now}
	return c, nil
}

func (c *Case) own(by models.Actor) error {
	if by.Org == "" || by.Org != c.Unit {
		return models.E(models.Forbidden, "practice.not_yours")
	}
	return nil
}

// open says whether the unit may still change it.
func (c *Case) open(by models.Actor) error {
	if err := c.own(by); err != nil {
		return err
	}
	if c.State != Draft && c.State != Revision {
		return models.Refused(c.Life, moves[c.State], "practice.state")
	}
	return nil
}

// Edit says it anew, before it is filed or after it came back. Errors: Forbidden; InvalidTransition; Invalid "practice.content".
func (c *Case) Edit(content Content, by models.Actor) error {
	if err := c.open(by); err != nil {
		return err
	}
	if err := content.Check(); err != nil {
		return err
	}
	c.Content = content
	return nil
}

// Attach keeps a file beside it; the same twice is once. Errors: Forbidden; InvalidTransition; Conflict "practice.files_full"; Invalid
// for a note that names somebody.
func (c *Case) Attach(f File, by models.Actor) error {
	if err := c.open(by); err != nil {
		return err
	}
	if code := personal(f.Note); code != "" {
		return models.Bad("#query/note", code, "practice.content")
	}
	if slices.ContainsFunc(c.Files, func(x File) bool { return x.ID == f.ID }) {
		return nil
	}
	if len(c.Files) >= maxFiles {
		return models.E(models.Conflict, "practice.files_full")
	}
	c.Files = append(c.Files, f)
	return nil
}

// File hands it in, for the first time or anew. What it said before stays in its history. Errors: Forbidden; InvalidTransition.
func (c *Case) File(p Policy, by models.Actor, now time.Time) error {
	if err := c.open(by); err != nil {
		return err
	}
	again := c.State == Revision
	if again {
		if err := c.Course.File(by.Principal(), now); err != nil {
			return err
		}
	} else {
		c.Course = flow.New(p.Flow(c.Region), by.Principal(), now)
	}
	if by.Person != "" { // votes name people, and whoever filed checks nothing
		c.Course.Maker, c.Person = by.Person, by.Person
		c.Course.Makers = append(c.Course.Makers, by.Person)
	}
	if err := c.Move(moves, Review, by.At(now), "practice.state"); err != nil {
		return err
	}
	c.Filed = models.At(now)
	c.WakeAt = c.Course.WakeAt()
	c.publish(EventFiled, "", "", by, now)
	return nil
}

func (c *Case) publish(kind models.Kind[CaseData], person, reason string, by models.Actor, now time.Time) {
	c.Publish(kind.Of(CaseData{Title: c.Title, Class: c.Class, Reason: reason}), person, by, now)
}

// Review casts an office's vote. Errors: InvalidTransition; as flow.Course.Cast.
func (c *Case) Review(v flow.Verdict, note string, by models.Actor, now time.Time) error {
	if c.State != Review {
		return models.Refused(c.Life, moves[c.State], "practice.state")
	}
	if code := personal(note); code != "" {
		return models.Bad("/note", code, "practice.content")
	}
	out, err := c.Course.Cast(v, note, c.Region, by, now)
	if err != nil {
		return err
	}
	to, kind := State(""), EventAccepted
	switch out {
	case flow.Returned:
		to, kind = Revision, EventReturned
		c.History = append(c.History, Version{c.Content, *c.Filed})
	case flow.Rejected:
		to, kind = Rejected, EventRejected
	case flow.Through:
		to = Accepted
	case flow.Waiting, flow.Passed:
	}
	c.WakeAt = c.Course.WakeAt()
	if to == "" {
		return nil
	}
	if err := c.Move(moves, to, by.At(now).Because(note), "practice.state"); err != nil {
		return err
	}
	c.publish(kind, c.Person, note, by, now)
	return nil
}

// Withdraw takes it back: its unit at any time, the city's office what is published. Errors: Forbidden; Invalid "practice.reason";
// InvalidTransition.
func (c *Case) Withdraw(reason string, by models.Actor, now time.Time) error {
	office := by.Is(models.CreditOffice) && by.Region.Level() == models.Prefecture && by.Region.Contains(c.Region)
	if n := len([]rune(reason)); n == 0 || n > maxReason || personal(reason) != "" {
		return models.Bad("/reason", "practice_reason", "practice.reason")
	}
	if c.own(by) != nil && (!office || c.State != Published) {
		return models.E(models.Forbidden, "practice.not_yours")
	}
	if err := c.Move(moves, Withdrawn, by.At(now).Because(reason), "practice.state"); err != nil {
		return err
	}
	c.WakeAt = nil
	c.Course.Ended = true
	c.publish(EventWithdrawn, c.Person, reason, by, now)
	return nil
}

// Adopt notes that another unit copied it; each unit says so once. Errors: Forbidden "practice.no_unit", "practice.own_case";
// InvalidTransition unless published; Invalid; Conflict "practice.adopted_already", "practice.adoptions_full".
func (c *Case) Adopt(u Unit, note string, now time.Time) error {
	switch {
	case !u.whole():
		return models.E(models.Forbidden, "practice.no_unit")
	case u.By.Org == c.Unit:
		return models.E(models.Forbidden, "practice.own_case")
	case c.State != Published:
		return models.Refused(c.Life, moves[c.State], "practice.state")
	case slices.ContainsFunc(c.Adopted, func(a Adoption) bool { return a.Unit == u.By.Org }):
		return models.E(models.Conflict, "practice.adopted_already")
	case len(c.Adopted) >= maxAdoptions:
		return models.E(models.Conflict, "practice.adoptions_full")
	}
	if code := text(note, 4, maxReason); code != "" {
		return models.Bad("/note", code, "practice.content")
	}
	c.Adopted = append(c.Adopted, Adoption{u.By.Org, u.Name, u.By.Region, note, models.DayOf(now)})
	c.publish(EventAdopted, c.Person, u.Name, u.By, now)
	return nil
}

// Wake notes that an office is late.
func (c *Case) Wake(now time.Time) error {
	if c.State == Review && c.Course.Wake(now) {
		c.publish(EventLate, "", "", models.Clockwork, now)
	}
	if c.WakeAt = nil; c.State == Review {
		c.WakeAt = c.Course.WakeAt()
	}
	return nil
}

// Points is what the round that chose it gave it.
func (c *Case) Points() score.Points {
	if c.Entry == nil {
		return 0
	}
	return c.Entry.Points
}
