// Package catalogue is the catalogue of collection (归集目录): which items of credit information there are, about whom, from
// which units, in what form, and for how long they are kept. A record outside of it cannot exist.
//
// The JSON Schema of an item is the one source of truth for its attributes: columns, dictionaries, templates, checks and
// comparisons of versions all follow from it.
package catalogue

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/release"
)

// path is the way of a version into force: from its first day on, by the word of a second person.
var path = release.Path{release.Draft, release.Checked, release.Announced, release.InForce}

// A Cycle is how often a unit delivers.
type Cycle string

// The cycles. Within seven working days is the rule for decisions.
const (
	SevenDays Cycle = "SEVEN_WORKING_DAYS"
	Monthly   Cycle = "MONTHLY"
	Quarterly Cycle = "QUARTERLY"
	Yearly    Cycle = "YEARLY"
)

// Enum are all of them.
func (Cycle) Enum() []any { return models.Enum(SevenDays, Monthly, Quarterly, Yearly) }

// Cycles lists every cycle, for checks.
var Cycles = []Cycle{SevenDays, Monthly, Quarterly, Yearly}

// Content is what a version says.
type Content struct {
	Name       models.Words         `bson:"name"`
	Category   string               `bson:"category"` // of Categories
	Kinds      []models.SubjectKind `bson:"kinds"`
	Nature     models.Nature        `bson:"nature"`
	Openness   models.Openness      `bson:"openness"`   // for organisations; about a person PUBLIC is QUERY, see For
	KeepMonths int                  `bson:"keepMonths"` // how long a record is kept; 0 no end
	Cycle      Cycle                `bson:"cycle"`
	Units      []string             `bson:"units"` // codes of the units that deliver it
	Basis      []string             `bson:"basis"` // the law it rests on, in words
	Schema     string               `bson:"schema"`
	From       models.Day           `bson:"from"` // first day in force
}

// An Item is one version of one item.
type Item struct {
	models.Meta     `bson:",inline"` // the id is ID(code, version)
	release.Release `bson:",inline"`
	Content         `bson:",inline"`

	Code    string     `bson:"code"`    // two to twelve capitals and digits, the same in every version
	Version int        `bson:"edition"` // from 1; the head's own version only counts saves
	To      models.Day `bson:"to"`      // last day in force; "" is open
}

// Path is the way of a version into force.
func (it *Item) Path() release.Path { return path }

// Published says whether the version was let go, and not only given up as a draft.
func (it *Item) Published() bool { return slices.Contains(release.Public, it.State) }

// A Unit is a source unit (信息提供单位). Its id is its code.
type Unit struct {
	models.Meta `bson:",inline"`
	Name        models.Words  `bson:"name"`
	Region      models.Region `bson:"region"`
	Office      string        `bson:"office"`              // the desk that answers for it
	Authority   string        `bson:"authority,omitempty"` // whose codes it gives out (uscc.Authority); "" none
}

// ID is the id of a version.
func ID(code string, no int) string { return code + "@" + strconv.Itoa(no) }

// New starts the first version of an item as a draft. Errors: Invalid with every fault, Forbidden unless by is of the credit office.
func New(code string, by models.Actor, c Content, now time.Time) (*Item, error) {
	if !wellFormed(code) {
		return nil, models.Bad("/code", "catalogue_code", "catalogue.content_invalid")
	}
	return draft(code, 1, by, c, now)
}

// Next starts the version after it as a draft with the same content, from a day on. Errors: Conflict unless it was published, Forbidden.
func (it *Item) Next(by models.Actor, from models.Day, now time.Time) (*Item, error) {
	if !it.Published() {
		return nil, models.E(models.Conflict, "catalogue.open_version")
	}
	c := it.Content
	c.From = from
	return draft(it.Code, it.Version+1, by, c, now)
}

func draft(code string, no int, by models.Actor, c Content, now time.Time) (*Item, error) {
	if err := office(by); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	it := &Item{Meta: models.Meta{ID: ID(code, no)}, Content: c, Code: code, Version: no}
	release.Start(it, by, now)
	it.publish(EventDrafted, by, now)
	return it, nil
}

// Edit puts other content in the place of a draft's. Errors: Forbidden, Invalid, InvalidTransition.
func (it *Item) Edit(by models.Actor, c Content, now time.Time) error {
	if err := office(by); err != nil {
		return err
	}
	if err := c.check(); err != nil && it.State == release.Draft {
		return err
	}
	if err := release.Edit(it, by); err != nil {
		return err
	}
	it.Content = c
	it.publish(EventChanged, by, now)
	return nil
}

// Submit gives a draft to a second person. Errors: Forbidden, InvalidTransition.
func (it *Item) Submit(by models.Actor, now time.Time) error {
	if err := office(by); err != nil {
		return err
	}
	if err := release.Check(it, "", by, now); err != nil {
		return err
	}
	it.publish(EventSubmitted, by, now)
	return nil
}

// Return sends a version under review back to its makers. Errors: Forbidden, Invalid, InvalidTransition.
func (it *Item) Return(by models.Actor, why string, now time.Time) error {
	if err := office(by); err != nil {
		return err
	}
	if err := reasoned(why); err != nil {
		return err
	}
	if err := release.Return(it, why, by, now); err != nil {
		return err
	}
	it.publish(EventReturned, by, now)
	return nil
}

// Publish lets a version be in force from its first day on. Errors: Invalid "catalogue.from_past" when that day has passed; Forbidden;
// as release.Approve.
func (it *Item) Publish(by models.Actor, now time.Time) error {
	if err := office(by); err != nil {
		return err
	}
	if err := release.May(it, release.Announced); err != nil {
		return err
	}
	if it.From < models.DayOf(now) {
		return models.Bad("/from", "past", "catalogue.from_past")
	}
	if err := release.Approve(it, 0, by, now); err != nil {
		return err
	}
	it.Begins = it.From
	it.publish(EventPublished, by, now)
	it.plan()
	return it.Wake(now)
}

// Retire ends a version with today as its last day; one that is not in force yet never comes. Errors: Forbidden, Invalid,
// InvalidTransition.
func (it *Item) Retire(by models.Actor, why string, now time.Time) error {
	if err := office(by); err != nil {
		return err
	}
	if err := reasoned(why); err != nil {
		return err
	}
	if !it.Published() {
		return models.Refused(it.Life, nil, "catalogue.not_published")
	}
	if err := release.Retire(it, why, by, now); err != nil {
		return err
	}
	if today := models.DayOf(now); it.From > today {
		it.To = it.From.Add(-1)
	} else if it.To == "" || it.To > today {
		it.To = today
	}
	it.publish(EventRetired, by, now)
	return nil
}

// Yield lets a later version take the place of this one from a day on. It says whether anything changed.
func (it *Item) Yield(from models.Day, now time.Time) (bool, error) {
	last := from.Add(-1)
	if !it.Published() || it.State == release.Retired || it.To != "" && it.To <= last {
		return false, nil
	}
	it.To = last
	it.plan()
	return true, it.Wake(now)
}

// Wake does what time alone brings: the first day, and the end.
func (it *Item) Wake(now time.Time) error {
	if release.Enter(it, now) {
		it.publish(EventInForce, models.Clockwork, now)
	}
	if it.To != "" && models.DayOf(now) > it.To && it.Published() && release.Retire(it, "", models.Clockwork, now) == nil {
		it.publish(EventRetired, models.Clockwork, now)
	}
	it.plan()
	return nil
}

// plan sets when the version next wakes: on its first day, and after its last. One that yielded before it began never begins.
func (it *Item) plan() {
	it.WakeAt = nil
	if it.State == release.Announced {
		it.WakeAt = models.At(it.From.Start())
	}
	if it.To != "" && it.State != release.Retired {
		it.WakeAt = models.Earliest(it.WakeAt, models.At(it.To.Add(1).Start()))
	}
}

// InForce says whether the version governs what comes in on a day.
func (it *Item) InForce(on models.Day) bool {
	return it.Published() && it.From <= on && (it.To == "" || on <= it.To)
}

// For is who may see a record about a kind of subject: what is open about organisations is never open about a person.
//
// Source: docs/sources.md#catalogue-openness.
func (it *Item) For(kind models.SubjectKind) models.Openness {
	if kind != models.Organisation && it.Openness == models.Public {
		return models.ByQuery
	}
	return it.Openness
}

func (it *Item) publish(kind models.Kind[Data], by models.Actor, now time.Time) {
	person := ""
	if kind == EventReturned {
		person = it.Makers.Last().Person
	}
	it.Meta.Publish(kind.Of(Data{Code: it.Code, Version: it.Version, From: it.From}), person, by, now)
}

// office says whether by writes the catalogue.
func office(by models.Actor) error {
	if by.Person == "" || by.Agent != "" || !by.Is(models.CreditOffice) || by.Region.Level() > models.Prefecture {
		return models.E(models.Forbidden, "catalogue.not_yours")
	}
	return nil
}

func reasoned(why string) error {
	if n := len([]rune(why)); n == 0 || n > maxReason {
		return models.Bad("/reason", "required", "catalogue.reason_needed")
	}
	return nil
}

// String names a version in logs.
func (it *Item) String() string { return fmt.Sprintf("%s@%d", it.Code, it.Version) }
