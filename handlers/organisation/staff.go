package organisation

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/store"
	"xinyi/usecase"
)

func (h Handler) mountStaff(r *api.Router) {
	api.Post(r, "/staff", h.appoint, mayAppoint, api.Creates, api.Limit(time.Hour, 60)) // phones are not tried out
	api.Post(r, "/staff/lookup", h.lookup, mayAppoint)
	api.Get(r, "/staff/appointments", h.appointments, mayAppoint)
	api.Get(r, "/staff/appointments/{id}", h.appointment, mayRead)
	api.Post(r, "/staff/appointments/{id}/confirm", h.seat, mayAppoint)
	api.Post(r, "/staff/appointments/{id}/refuse", h.decline, mayAppoint)
	api.Post(r, "/staff/appointments/{id}/contest", h.contest, mayContest)
	api.Post(r, "/staff/appointments/{id}/decide", h.decide, mayAppoint)
	api.Post(r, "/staff/{person}/offices/{id}/end", h.dismiss, mayAppoint)
}

// appointmentView is an appointment as the organisation and those it answers to see it.
type appointmentView struct {
	ID       string                        `json:"id"`
	Revision int64                         `json:"revision"`
	Person   string                        `json:"person" personal:"false" description:"Account of who holds it: an office is no secret to who gives it"`
	Role     models.Role                   `json:"role"`
	Org      string                        `json:"org"`
	OrgName  string                        `json:"orgName"`
	Region   models.Region                 `json:"region"`
	State    organisation.AppointmentState `json:"state"`
	From     *time.Time                    `json:"from,omitempty"`
	Until    *time.Time                    `json:"until,omitempty"`
	Makers   []api.OfficeView              `json:"makers" description:"Who asked for it and who confirmed it"`
	Contest  *contestView                  `json:"contest,omitempty"`
}

// Revised is for ETag and If-Match.
func (v appointmentView) Revised() int64 { return v.Revision }

// contestView is a colleague's word against it.
type contestView struct {
	By       api.OfficeView  `json:"by"`
	Reason   string          `json:"reason"`
	At       time.Time       `json:"at"`
	Open     bool            `json:"open" description:"It waits for a decision"`
	Undone   bool            `json:"undone" description:"Decided: what was done is undone"`
	Judge    *api.OfficeView `json:"judge,omitempty"`
	Decision string          `json:"decision,omitempty"`
}

func viewAppointment(a *organisation.Appointment) appointmentView {
	v := appointmentView{
		ID: a.ID, Revision: a.Revision, Person: a.Person, Role: a.Role, Org: a.Org, OrgName: a.OrgName, Region: a.Region, State: a.State,
		Until: a.To(), Makers: []api.OfficeView{},
	}
	if !a.From.IsZero() {
		v.From = models.At(a.From)
	}
	for _, maker := range a.Makers {
		v.Makers = append(v.Makers, api.ViewOffice(maker))
	}
	if c := a.Contest; c != nil {
		v.Contest = &contestView{By: api.ViewOffice(c.By), Reason: c.Why, At: c.At, Open: a.Contested, Undone: c.Undone, Decision: c.Decision}
		if c.Judge.Person != "" {
			judge := api.ViewOffice(c.Judge)
			v.Contest.Judge = &judge
		}
	}
	return v
}

type appointRequest struct {
	Phone string      `json:"phone" validate:"required,cnphone"`
	Role  models.Role `json:"role" validate:"required,oneof=hospital_finance village_staff town_staff county_health credit_office data_officer auditor operator"`
	Org   string      `json:"org" validate:"required,max=64" description:"A registered organisation that answers to the caller's; name and region are its own"`
	Until *time.Time  `json:"until,omitempty"`
}

// known is the person with a phone. Errors: NotFound.
func (h Handler) known(ctx context.Context, phone string) (*identity.Person, error) {
	number, err := identity.ParsePhone(phone)
	if err != nil {
		return nil, err
	}
	return api.Here(h.People.First(ctx, h.Keys.PersonByPhone(number)))
}

func (h Handler) appoint(ctx context.Context, rq api.Request, in appointRequest) (appointmentView, error) {
	o, err := h.Organisations.Get(ctx, in.Org)
	if err != nil {
		return appointmentView{}, err
	}
	d := organisation.Draft{Role: in.Role, Until: in.Until, Opens: rq.Actor.Is(models.Operator) && o.Opens(in.Role)}
	if !d.Opens && !o.Over(rq.Actor) {
		return appointmentView{}, api.NotYours(nil)
	}
	p, err := h.known(ctx, in.Phone)
	if err != nil {
		return appointmentView{}, err
	}
	d.Person = p.ID
	a, err := o.Propose(rq.NewID(), d, rq.Actor, rq.Now)
	if err == nil {
		err = h.free(ctx, p, a, rq.Now)
	}
	if err == nil && d.Opens {
		err = h.First(ctx, o.ID, a.ID)
	}
	if err == nil {
		err = h.Appointments.Insert(ctx, a)
	}
	if errors.Is(err, models.Conflict) { // the same request once more
		if was, found := h.Appointments.Get(ctx, a.ID); found == nil {
			return viewAppointment(was), nil
		}
	}
	if err != nil {
		return appointmentView{}, err
	}
	return viewAppointment(a), nil
}

// free says whether the person may hold the office: nobody holds it twice, or is asked for twice. Errors: Conflict.
func (h Handler) free(ctx context.Context, p *identity.Person, a *organisation.Appointment, now time.Time) error {
	if err := p.Fit(usecase.MembershipOf(a), now); err != nil {
		return err
	}
	_, err := h.Appointments.Each(ctx, store.AppointmentsOf(p.ID), func(other *organisation.Appointment) error {
		if other.ID != a.ID && other.Org == a.Org && other.Role == a.Role && other.Open(now) {
			return models.E(models.Conflict, "identity.office_held")
		}
		return nil
	})
	return err
}

type appointmentsRequest struct {
	State     organisation.AppointmentState `query:"state" validate:"omitempty,known" description:"PROPOSED when absent: what waits for a second person"`
	Contested bool                          `query:"contested" description:"Those whose contest waits for a decision"`
	api.PageQuery
}

func (h Handler) appointments(ctx context.Context, rq api.Request, in appointmentsRequest) (api.List[appointmentView], error) {
	q := store.AppointmentsIn(rq.Actor.Region, organisation.Asked)
	switch {
	case in.Contested:
		q = store.AppointmentsContested(rq.Actor.Region)
	case in.State != "":
		q = store.AppointmentsIn(rq.Actor.Region, in.State)
	}
	return api.Sifted(ctx, h.Appointments, q, in.PageQuery, func(a *organisation.Appointment) (appointmentView, bool, error) {
		return viewAppointment(a), a.Within(rq.Actor), nil
	})
}

func (h Handler) appointment(ctx context.Context, rq api.Request, in api.ByID) (appointmentView, error) {
	a, err := h.Appointments.Get(ctx, in.ID)
	if err != nil || !a.Within(rq.Actor) {
		return appointmentView{}, api.NotYours(err)
	}
	return viewAppointment(a), nil
}

// officers are those of one organisation, for its own people and for whom it answers to.
func (h Handler) officers(ctx context.Context, rq api.Request, in officersRequest) (api.List[appointmentView], error) {
	o, err := h.visible(ctx, rq, in.ID)
	if err != nil {
		return api.List[appointmentView]{}, err
	}
	return api.Found(ctx, h.Appointments, store.AppointmentsTo(o.ID, organisation.AppointmentStates...), in.PageQuery, viewAppointment)
}

type officersRequest struct {
	api.ByID
	api.PageQuery
}

// moved changes an appointment and the office that hangs on it.
func (h Handler) moved(ctx context.Context, rq api.Request, id string, do func(*organisation.Appointment) error) (appointmentView, error) {
	a, err := h.Appoint(ctx, id, rq.Actor, rq.Now, func(a *organisation.Appointment) error {
		return rq.Freshly(a.Revision, func() error { return do(a) })
	})
	if err != nil {
		return appointmentView{}, err
	}
	h.Forget(a.Person)
	return viewAppointment(a), nil
}

func (h Handler) seat(ctx context.Context, rq api.Request, in api.ByID) (appointmentView, error) {
	a, err := h.Appointments.Get(ctx, in.ID)
	if err != nil || !a.Within(rq.Actor) {
		return appointmentView{}, api.NotYours(err)
	}
	if err := h.Ready(ctx, a, rq.Now); err != nil {
		return appointmentView{}, err
	}
	officers, err := h.Officers(ctx, a.Org, rq.Now)
	if err != nil {
		return appointmentView{}, err
	}
	return h.moved(ctx, rq, in.ID, func(a *organisation.Appointment) error { return a.Confirm(officers, rq.Actor, rq.Now) })
}

func (h Handler) decline(ctx context.Context, rq api.Request, in api.ReasonRequest) (appointmentView, error) {
	v, err := h.moved(ctx, rq, in.ID, func(a *organisation.Appointment) error { return a.Refuse(in.Reason, rq.Actor, rq.Now) })
	if err != nil {
		return v, err
	}
	return v, h.Unopen(ctx, v.Org, v.ID)
}

func (h Handler) contest(ctx context.Context, rq api.Request, in api.ReasonRequest) (appointmentView, error) {
	return h.moved(ctx, rq, in.ID, func(a *organisation.Appointment) error { return a.Object(in.Reason, h.Policy, rq.Actor, rq.Now) })
}

type decideRequest struct {
	api.ReasonRequest
	Undo bool `json:"undo" description:"What was done is undone: an appointment ends, a dismissal never was"`
}

func (h Handler) decide(ctx context.Context, rq api.Request, in decideRequest) (appointmentView, error) {
	return h.moved(ctx, rq, in.ID, func(a *organisation.Appointment) error { return a.Decide(in.Undo, in.Reason, rq.Actor, rq.Now) })
}

type officeID struct {
	Person string `path:"person" validate:"required,max=64"`
	ID     string `path:"id" validate:"required,max=64"`
}

func (h Handler) dismiss(ctx context.Context, rq api.Request, in officeID) (appointmentView, error) {
	a, err := h.Appointments.Get(ctx, in.ID)
	if err != nil || a.Person != in.Person || !a.Within(rq.Actor) {
		return appointmentView{}, api.NotYours(err)
	}
	officers, err := h.Officers(ctx, a.Org, rq.Now)
	if err != nil {
		return appointmentView{}, err
	}
	return h.moved(ctx, rq, in.ID, func(a *organisation.Appointment) error { return a.Dismiss(officers, rq.Actor, rq.Now) })
}

type phoneRequest struct {
	Phone string `json:"phone" validate:"required,cnphone"`
}

func (h Handler) lookup(ctx context.Context, rq api.Request, in phoneRequest) (api.List[appointmentView], error) {
	list := api.List[appointmentView]{Items: []appointmentView{}}
	p, err := h.known(ctx, in.Phone)
	if errors.Is(err, models.NotFound) {
		return list, nil // as for somebody who holds no office: whether a phone is known is told to nobody
	}
	if err != nil {
		return list, err
	}
	_, err = h.Appointments.Each(ctx, store.AppointmentsOf(p.ID), func(a *organisation.Appointment) error {
		if a.Within(rq.Actor) && (a.Held(rq.Now) || a.State == organisation.Suspended) {
			list.Items = append(list.Items, viewAppointment(a))
		}
		return nil
	})
	return list, err
}
