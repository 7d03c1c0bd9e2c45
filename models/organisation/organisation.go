// Package organisation is the register of organisations (机构) and of who acts for them: credit and health offices, towns, villages,
// source units, hospitals, banks, providers. An organisation has a kind, a region and the office it answers to (主管机构), and no
// authority rests on a name that somebody types: whoever appoints an officer (任命) or lets a system in names a registered
// organisation in their own scope, and a second person confirms it.
package organisation

import (
	"regexp"
	"slices"
	"time"

	"xinyi/models"
)

// A State is where an organisation stands.
type State string

// The states of an organisation.
const (
	Proposed State = "PROPOSED" // one person asked for it
	Active   State = "ACTIVE"   // another confirmed it
	Ended    State = "ENDED"    // refused, or over: nobody acts for it any more
)

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Proposed, Active, Ended) }

// moves is the whole life of an organisation.
var acts = models.Acts[State]{
	models.From(Proposed).To(Active, Ended).Another("Confirm", models.System, models.CreditOffice),
	models.From(Active).To(Ended).Another("Confirm", models.System, models.CreditOffice),
}

var moves = acts.Machine()

// An Organisation is one that people and systems act for. Its id is what documents elsewhere name it by, and never changes.
type Organisation struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Content `bson:",inline"`
	Chain   []string      `bson:"chain,omitempty"` // whom it answers to, the nearest first; none: it stands alone
	Contact models.Secret `bson:"contact"`         // phone that codes for its systems are sent to; empty: none
	Makers  models.Makers `bson:"makers"`
	Asked   *Change       `bson:"asked,omitempty"` // waits for a second person; nil: nothing does
	First   []string      `bson:"first,omitempty"` // appointments by which operators open a city, of its first credit office alone
}

// Content is what an organisation is.
type Content struct {
	Kind   Kind          `bson:"kind"`
	Name   models.Words  `bson:"name"`
	Region models.Region `bson:"region"`         // whose people it is for; "" everywhere, of those who run the program alone
	Parent string        `bson:"parent"`         // the office it answers to; "" none
	USCC   models.USCC   `bson:"uscc,omitempty"` // unified social credit code; "" not known
}

// A Change is what one person asks of an organisation, and another confirms: another phone, or its end.
type Change struct {
	Contact models.Secret `bson:"contact"`
	End     string        `bson:"end,omitempty"` // why it is over; "" it goes on
	Makers  models.Makers `bson:"makers"`
	At      time.Time     `bson:"at"`
}

// named is what an id looks like: it stands in addresses and documents, and is no unified social credit code.
var named = regexp.MustCompile(`^[a-z][a-z0-9-]{2,63}$`)

// maxName is the longest name in one language, in characters.
const maxName = 120

// A Registration is what an organisation is to be, and the phone that codes for its systems are sent to.
type Registration struct {
	Content
	Contact models.Secret // empty: none
}

// New proposes an organisation. parent is the office it answers to, nil for one that stands alone.
//
// Errors: NotFound unless the parent is in by's scope; Forbidden "organisation.may_not_register"; Invalid with every fault.
func New(id string, d Registration, parent *Organisation, by models.Actor, now time.Time) (*Organisation, error) {
	o := &Organisation{Content: d.Content, Contact: d.Contact}
	o.ID = id
	if parent != nil {
		o.Parent, o.Chain = parent.ID, append([]string{parent.ID}, parent.Chain...)
	}
	if err := o.mayRegister(by); err != nil {
		return nil, err
	}
	if err := o.check(parent); err != nil {
		return nil, err
	}
	o.State, o.Moved = Proposed, models.Moved{By: by.Role, At: now}
	o.Makers.Touch(by)
	o.Publish(EventProposed.Of(o.data()), "", by, now)
	return o, nil
}

// mayRegister: an office registers what answers to it, so that no organisation decides anything of itself; what stands alone is
// registered by operators.
func (o *Organisation) mayRegister(by models.Actor) error {
	role := Holdings[o.Kind].By
	if len(o.Chain) == 0 {
		role = models.Operator
	}
	switch {
	case by.Is(models.System):
		return nil
	case len(o.Chain) > 0 && !slices.Contains(o.Chain, by.Org):
		return models.E(models.NotFound, "not_found")
	case !by.Is(role) || by.Person == "" || by.Agent != "":
		return models.E(models.Forbidden, "organisation.may_not_register")
	}
	return nil
}

// check finds what does not fit. A region lies within that of the office it answers to.
func (o *Organisation) check(parent *Organisation) error {
	var faults []models.Field
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	holding, known := Holdings[o.Kind]
	fault(!named.MatchString(o.ID), "/id", "organisation_id")
	fault(!known, "/kind", "oneof")
	faults = append(faults, o.Name.Check("/name", maxName)...)
	if parent == nil {
		fault(known && !o.Kind.Alone(), "/parent", "required")
		fault(o.Kind != Operations && o.Region.Level() < models.Prefecture, "/region", "organisation_region")
	} else {
		fault(parent.State != Active || !slices.Contains(holding.Under, parent.Kind), "/parent", "organisation_parent")
		fault(o.Region == "" || !parent.Region.Contains(o.Region), "/region", "organisation_region")
	}
	if o.USCC != "" {
		_, err := models.ParseUSCC(string(o.USCC))
		fault(err != nil, "/uscc", "uscc")
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "organisation.invalid", Fields: faults}
	}
	return nil
}

// Over says whether by's own organisation is this one, or one that it answers to.
func (o *Organisation) Over(by models.Actor) bool { return Over(o.Scope(), by) }

// Scope are the organisation and all it answers to.
func (o *Organisation) Scope() []string { return append([]string{o.ID}, o.Chain...) }

// Over says whether by's own organisation is one of scope.
func Over(scope []string, by models.Actor) bool {
	return by.Org != "" && slices.Contains(scope, by.Org)
}

// Confirm is the second person's word: the organisation is there, or what was asked of it happens.
//
// Errors: NotFound out of by's scope; Forbidden "second_person"; InvalidTransition when nothing waits.
func (o *Organisation) Confirm(by models.Actor, now time.Time) error {
	if err := o.mayRegister(by); err != nil {
		return err
	}
	if o.State == Active && o.Asked != nil {
		return o.change(by, now)
	}
	if err := moves.Check(o.Life, Active, "organisation.nothing_waits"); err != nil {
		return err
	}
	if err := second(o.Makers, by); err != nil {
		return err
	}
	o.Makers.Touch(by)
	err := o.Move(moves, Active, by.At(now), "organisation.nothing_waits")
	o.Publish(EventRegistered.Of(o.data()), "", by, now)
	return err
}

// second is the second person of four eyes; whoever runs the program stands for both.
func second(makers models.Makers, by models.Actor) error {
	if by.Is(models.System) {
		return nil
	}
	return makers.Second(by)
}

func (o *Organisation) change(by models.Actor, now time.Time) error {
	if err := second(o.Asked.Makers, by); err != nil {
		return err
	}
	asked := *o.Asked
	o.Asked = nil
	if asked.End != "" {
		if err := o.Move(moves, Ended, by.At(now).Because(asked.End), "organisation.ended"); err != nil {
			return err
		}
		o.Publish(EventEnded.Of(o.data()), "", by, now)
		return nil
	}
	o.Contact = asked.Contact
	o.Publish(EventChanged.Of(o.data()), "", by, now)
	return nil
}

// firstOfficers are how many officers of a city's first credit office its operators appoint; everybody after them is appointed by those.
const firstOfficers = 2

// Opens says whether an operator may still appoint one of a city's first two officers here.
func (o *Organisation) Opens(role models.Role) bool {
	return o.Parent == "" && o.Kind == CreditOffice && o.State == Active && role == models.CreditOffice && len(o.First) < firstOfficers
}

// OpenWith says whether an appointment is one of those by which operators open a city, and notes it.
func (o *Organisation) OpenWith(appointment string) bool {
	if slices.Contains(o.First, appointment) {
		return true
	}
	if !o.Opens(models.CreditOffice) {
		return false
	}
	o.First = append(o.First, appointment)
	return true
}

// Unopen gives up an appointment that was refused: another may take its place.
func (o *Organisation) Unopen(appointment string) {
	o.First = slices.DeleteFunc(o.First, func(id string) bool { return id == appointment })
}

// Ask asks for another phone, or for the end. Errors: NotFound out of by's scope; InvalidTransition unless active; Invalid for nothing.
func (o *Organisation) Ask(contact models.Secret, end string, by models.Actor, now time.Time) error {
	if err := o.mayRegister(by); err != nil {
		return err
	}
	if err := moves.Check(o.Life, Ended, "organisation.ended"); err != nil {
		return err
	}
	if o.State != Active {
		return models.Refused(o.Life, moves[o.State], "organisation.not_active")
	}
	if contact.Empty() == (end == "") {
		return models.E(models.Invalid, "organisation.one_change")
	}
	o.Asked = &Change{Contact: contact, End: end, At: now}
	o.Asked.Makers.Touch(by)
	return nil
}

// Refuse ends what waits: the proposal, or the change that was asked. Errors: NotFound; InvalidTransition when nothing waits.
func (o *Organisation) Refuse(why string, by models.Actor, now time.Time) error {
	if err := o.mayRegister(by); err != nil {
		return err
	}
	if o.State == Active && o.Asked != nil {
		o.Asked = nil
		return nil
	}
	if o.State != Proposed {
		return models.Refused(o.Life, moves[o.State], "organisation.nothing_waits")
	}
	return o.Move(moves, Ended, by.At(now).Because(why), "organisation.nothing_waits")
}
