package organisation

import (
	"slices"
	"time"

	"xinyi/models"
)

// An AppointmentState is where an appointment stands.
type AppointmentState string

// The states of an appointment.
const (
	Asked     AppointmentState = "PROPOSED"  // one person asked for it
	Serving   AppointmentState = "ACTIVE"    // another confirmed it: the office is held
	Suspended AppointmentState = "SUSPENDED" // contested soon after it began
	Left      AppointmentState = "ENDED"     // dismissed, or undone after a contest
	Refused   AppointmentState = "REFUSED"   // never held
)

// Enum are all of them.
func (AppointmentState) Enum() []any { return models.Enum(Asked, Serving, Suspended, Left, Refused) }

// AppointmentStates are all of them.
var AppointmentStates = []AppointmentState{Asked, Serving, Suspended, Left, Refused}

// appointmentMoves is the whole life of an appointment; a dismissal that was contested can be undone.
var appointmentActs = models.Acts[AppointmentState]{
	models.From(Asked).To(Serving).Another("Confirm", models.CreditOffice, models.Operator),
	models.From(Asked).To(Serving).By("Install", models.System),
	models.From(Asked).To(Refused).By("Close", models.System),
	models.From(Asked).To(Refused).By("Refuse", models.CreditOffice, models.Operator),
	models.From(Serving).To(Suspended).By("Object", models.HospitalFinance),
	models.From(Serving).To(Left).By("Close", models.System),
	models.From(Serving).To(Left).By("Dismiss", models.CreditOffice),
	models.From(Suspended).To(Serving, Left).Another("Decide", models.CreditOffice),
	models.From(Left).To(Serving).Another("Decide", models.CreditOffice),
}

var appointmentMoves = appointmentActs.Machine()

// An Appointment is how a person comes to hold an office. Its id is the id of the membership it gives, which follows it.
type Appointment struct {
	models.Meta                   `bson:",inline"`
	models.Life[AppointmentState] `bson:",inline"`

	Org       string        `bson:"org"`
	OrgName   string        `bson:"orgName"`
	Region    models.Region `bson:"region"`
	Scope     []string      `bson:"scope"` // the organisation and all it answers to
	Role      models.Role   `bson:"role"`
	Person    string        `bson:"person"`
	From      time.Time     `bson:"from"`              // once it is held
	Until     *time.Time    `bson:"until,omitempty"`   // nil: open
	EndedAt   *time.Time    `bson:"endedAt,omitempty"` // nil: it was not ended before its time
	Makers    models.Makers `bson:"makers"`            // who asked for it and who confirmed
	Leavers   models.Makers `bson:"leavers,omitempty"` // who dismissed
	Opens     bool          `bson:"opens,omitempty"`   // one of the first two officers of a city, appointed by operators
	Contest   *Contest      `bson:"contest,omitempty"`
	Contested bool          `bson:"contested"` // a contest waits for its decision
}

// A Contest is an officer's word against an appointment or a dismissal in the own organisation. There is one in its life.
type Contest struct {
	By       models.Actor  `bson:"by"`
	Why      string        `bson:"why"`
	At       time.Time     `bson:"at"`
	Makers   models.Makers `bson:"makers"` // who did what is contested
	Judge    models.Actor  `bson:"judge"`  // zero until decided
	Undone   bool          `bson:"undone"`
	Decision string        `bson:"decision,omitempty"` // why
}

// A Draft is what an appointment is asked with.
type Draft struct {
	Role   models.Role
	Person string
	Until  *time.Time // nil: open
	Opens  bool       // by an operator, of the first two officers of a city
}

// Propose asks for an office for a person in the organisation. Whoever may is an officer whose own organisation is this one or one that
// it answers to.
//
// Errors: NotFound out of by's scope, or unless active; Forbidden "organisation.may_not_appoint" for a role that is not by's to give, and
// for oneself; Invalid "/role" for one that the kind does not hold.
func (o *Organisation) Propose(id string, d Draft, by models.Actor, now time.Time) (*Appointment, error) {
	a := &Appointment{
		Org: o.ID, OrgName: o.Name.ZH, Region: o.Region, Scope: o.Scope(), Role: d.Role, Person: d.Person, Until: d.Until, Opens: d.Opens,
	}
	a.ID = id
	if !d.Opens && !o.Over(by) && !by.Is(models.System) || o.State != Active {
		return nil, models.E(models.NotFound, "not_found")
	}
	if err := a.mayAppoint(by); err != nil {
		return nil, err
	}
	switch {
	case !o.Kind.Gives(d.Role):
		return nil, models.Bad("/role", "organisation_role", "organisation.role_not_held")
	case d.Until != nil && !d.Until.After(now):
		return nil, models.Bad("/until", "future", "organisation.over_already")
	}
	a.State, a.Moved = Asked, models.Moved{By: by.Role, At: now}
	a.Makers.Touch(by)
	a.Publish(EventAsked.Of(a.data()), "", by, now)
	return a, nil
}

// appoints says whose officers give a role.
func appoints(role models.Role) models.Role {
	if role == models.Operator {
		return models.Operator
	}
	return models.CreditOffice
}

// Within says whether the appointment is there for by: it is to by's own organisation or to one that answers to it, or it waits to
// open the city that by operates.
func (a *Appointment) Within(by models.Actor) bool {
	return Over(a.Scope, by) || a.Opens && by.Is(models.Operator) && (a.State == "" || a.State == Asked)
}

// mayAppoint says whether by may have a hand in the appointment: an officer with it in scope whose role gives it, who is not the person.
func (a *Appointment) mayAppoint(by models.Actor) error {
	mine := appoints(a.Role)
	if a.Opens && by.Is(models.Operator) { // within, only until somebody decides
		mine = models.Operator
	}
	switch {
	case by.Is(models.System):
		return nil
	case !a.Within(by):
		return models.E(models.NotFound, "not_found")
	case !by.Is(mine) || by.Person == "" || by.Agent != "" || by.Person == a.Person:
		return models.E(models.Forbidden, "organisation.may_not_appoint")
	}
	return nil
}

// Confirm is the second person's word: the office is held from now on. officers are the organisation's other officers, who are told.
//
// Errors: as Propose; Forbidden "second_person"; InvalidTransition.
func (a *Appointment) Confirm(officers []string, by models.Actor, now time.Time) error {
	if err := a.mayAppoint(by); err != nil {
		return err
	}
	if err := appointmentMoves.Check(a.Life, Serving, "organisation.appointment_decided"); err != nil {
		return err
	}
	if a.State != Asked {
		return models.Refused(a.Life, appointmentMoves[a.State], "organisation.appointment_decided")
	}
	if err := second(a.Makers, by); err != nil {
		return err
	}
	a.Makers.Touch(by)
	a.From = now
	if err := a.Move(appointmentMoves, Serving, by.At(now), "organisation.appointment_decided"); err != nil {
		return err
	}
	a.Publish(EventConfirmed.Of(a.data()), "", by, now)
	for _, person := range a.others(officers, by) {
		a.Publish(EventColleague.Of(a.data()), person, by, now)
	}
	return nil
}

// Install gives a person an office in the organisation without asking anybody: whoever runs the program does, and the demo city.
// Errors: as Propose.
func (o *Organisation) Install(id string, role models.Role, person string, now time.Time) (*Appointment, error) {
	a, err := o.Propose(id, Draft{Role: role, Person: person}, models.Clockwork, now)
	if err == nil {
		err = a.Confirm(nil, models.Clockwork, now)
	}
	if err == nil && o.Opens(role) {
		o.OpenWith(id)
	}
	return a, err
}

// others are the officers but who it is about and who does it.
func (a *Appointment) others(officers []string, by models.Actor) []string {
	return slices.DeleteFunc(slices.Clone(officers), func(person string) bool { return person == a.Person || person == by.Person })
}

// Refuse ends what was only asked for; whoever asked may take it back so. Errors: as Confirm.
func (a *Appointment) Refuse(why string, by models.Actor, now time.Time) error {
	if err := a.mayAppoint(by); err != nil {
		return err
	}
	if err := a.Move(appointmentMoves, Refused, by.At(now).Because(why), "organisation.appointment_decided"); err != nil {
		return err
	}
	a.Publish(EventRefused.Of(a.data()), "", by, now)
	return nil
}

// Dismiss ends the office at once. Errors: as Propose; InvalidTransition unless it is held.
func (a *Appointment) Dismiss(officers []string, by models.Actor, now time.Time) error {
	if err := a.mayAppoint(by); err != nil {
		return err
	}
	if a.Contested {
		return models.E(models.Conflict, "organisation.contest_open")
	}
	if err := a.Move(appointmentMoves, Left, by.At(now), "organisation.office_not_held"); err != nil {
		return err
	}
	a.EndedAt = models.At(now)
	a.Contest, a.Leavers = nil, models.Makers{by}
	a.Publish(EventDismissed.Of(a.data()), "", by, now)
	for _, person := range a.others(officers, by) {
		a.Publish(EventColleagueLeft.Of(a.data()), person, by, now)
	}
	return nil
}

// To is when the office is over, nil for open.
func (a *Appointment) To() *time.Time { return models.Earliest(a.Until, a.EndedAt) }

// Close ends the office because the organisation is over. It says whether anything changed.
func (a *Appointment) Close(now time.Time) bool {
	to := Left
	if a.State == Asked {
		to = Refused
	}
	if a.Move(appointmentMoves, to, models.Clockwork.At(now).Because("organisation.ended"), "organisation.office_not_held") != nil {
		return false
	}
	a.EndedAt = models.At(now)
	a.Contested = false
	a.Publish(EventDismissed.Of(a.data()), "", models.Clockwork, now)
	return true
}

// Held says whether the office is held at now.
func (a *Appointment) Held(now time.Time) bool {
	return a.State == Serving && !now.Before(a.From) && a.before(now)
}

// Open says whether the office is asked for, held or suspended: another of the same would be one too many.
func (a *Appointment) Open(now time.Time) bool {
	return slices.Contains([]AppointmentState{Asked, Serving, Suspended}, a.State) && a.before(now)
}

func (a *Appointment) before(now time.Time) bool { return a.To() == nil || now.Before(*a.To()) }
