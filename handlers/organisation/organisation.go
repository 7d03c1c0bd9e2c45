// Package organisation serves the register of organisations, to who holds an office in them, and to their systems (机构).
package organisation

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/store"
	"xinyi/usecase"
)

// Handler serves the register, the appointments and the partners' systems. What lies outside the caller's scope answers as what does
// not exist.
type Handler struct {
	usecase.Organisation
	SMS    Sender              // nil: no channel, so no code for a new secret
	Forget func(person string) // makes the next request of a person or a system be read afresh
}

// A Sender brings a one-time code to a phone. It must not log the code.
type Sender interface {
	SendCode(ctx context.Context, phone models.Secret, code, lang string, life time.Duration) error
}

// Mount names every route of the capability, and nothing else does.
func (h Handler) Mount(r *api.Router) {
	tag := api.Tag("organisation register")
	api.Post(r, "/organisations", h.propose, mayRegister, api.Creates, tag)
	api.Get(r, "/organisations", h.list, mayRead, tag)
	api.Get(r, "/organisations/{id}", h.get, mayRead, tag)
	api.Get(r, "/organisations/{id}/officers", h.officers, mayRead, tag)
	api.Post(r, "/organisations/{id}/changes", h.change, mayRegister, tag)
	api.Post(r, "/organisations/{id}/confirm", h.confirm, mayRegister, tag)
	api.Post(r, "/organisations/{id}/refuse", h.refuse, mayRegister, tag)
	h.mountStaff(r)
	h.mountClients(r)
}

// organisationView is an organisation as offices see it.
type organisationView struct {
	ID       string             `json:"id"`
	Revision int64              `json:"revision"`
	Kind     organisation.Kind  `json:"kind"`
	Name     models.Words       `json:"name" personal:"false"`
	Region   models.Region      `json:"region"`
	Parent   string             `json:"parent,omitempty" description:"The office it answers to"`
	USCC     models.USCC        `json:"uscc,omitempty"`
	Contact  string             `json:"contact,omitempty" personal:"false" description:"Masked: the phone that codes for its systems go to"`
	State    organisation.State `json:"state"`
	Waits    string             `json:"waits,omitempty" enum:"REGISTRATION,CONTACT,END" description:"What a second person has to confirm"`
	Staff    []models.Role      `json:"staffRoles" description:"Offices its people can hold"`
	System   models.Role        `json:"systemKind,omitempty" description:"What its systems act as"`
}

// Revised is for ETag and If-Match.
func (v organisationView) Revised() int64 { return v.Revision }

func viewOrganisation(o *organisation.Organisation) organisationView {
	v := organisationView{
		ID: o.ID, Revision: o.Revision, Kind: o.Kind, Name: o.Name, Region: o.Region, Parent: o.Parent, USCC: o.USCC, Contact: o.Contact.String(),
		State: o.State, Staff: append([]models.Role{}, organisation.Holdings[o.Kind].Staff...), System: organisation.Holdings[o.Kind].System,
	}
	switch {
	case o.State == organisation.Proposed:
		v.Waits = "REGISTRATION"
	case o.Asked != nil && o.Asked.End != "":
		v.Waits = "END"
	case o.Asked != nil:
		v.Waits = "CONTACT"
	}
	return v
}

// seen says whether the register shows an organisation to the caller: those in scope, an auditor's by region, all to an operator.
func seen(rq api.Request, o *organisation.Organisation) bool {
	return o.Over(rq.Actor) || rq.Actor.Is(models.Operator) || rq.Actor.Is(models.Auditor) && api.Covers(rq.Actor, o.Region)
}

// visible is an organisation that the caller is shown. Errors: NotFound.
func (h Handler) visible(ctx context.Context, rq api.Request, id string) (*organisation.Organisation, error) {
	o, err := h.Organisations.Get(ctx, id)
	if err != nil || !seen(rq, o) {
		return nil, api.NotYours(err)
	}
	return o, nil
}

type proposeRequest struct {
	ID      string            `json:"id" validate:"required,max=64" description:"Small letters, digits, hyphens; a source unit's is its code in the catalogue"`
	Kind    organisation.Kind `json:"kind" validate:"required,known"`
	Name    models.Words      `json:"name"`
	Region  models.Region     `json:"region,omitempty" validate:"omitempty,numeric,max=12" description:"Within that of the office it answers to"`
	Parent  string            `json:"parent,omitempty" validate:"omitempty,max=64" description:"The office it answers to; absent: none, by operators alone"`
	USCC    models.USCC       `json:"uscc,omitempty" validate:"omitempty,uscc"`
	Contact string            `json:"contact,omitempty" validate:"omitempty,cnphone" description:"Phone that codes for its systems are sent to"`
}

func (h Handler) propose(ctx context.Context, rq api.Request, in proposeRequest) (organisationView, error) {
	var parent *organisation.Organisation
	var err error
	if in.Parent != "" {
		if parent, err = h.Organisations.Get(ctx, in.Parent); err != nil {
			return organisationView{}, err
		}
	}
	contact, err := phoneOf(in.Contact)
	if err != nil {
		return organisationView{}, err
	}
	c := organisation.Content{Kind: in.Kind, Name: in.Name, Region: in.Region, USCC: in.USCC}
	o, err := organisation.New(in.ID, organisation.Registration{Content: c, Contact: contact}, parent, rq.Actor, rq.Now)
	if err == nil {
		err = h.Reserved(ctx, o)
	}
	if err == nil {
		err = h.Apart(ctx, o)
	}
	if err == nil {
		err = h.Organisations.Insert(ctx, o)
	}
	if err != nil {
		return organisationView{}, err
	}
	return viewOrganisation(o), nil
}

// phoneOf reads a phone; "" is none.
func phoneOf(text string) (models.Secret, error) {
	if text == "" {
		return models.Secret{}, nil
	}
	return identity.ParsePhone(text)
}

type organisationsRequest struct {
	State organisation.State `query:"state" validate:"omitempty,known" description:"ACTIVE when absent"`
	api.PageQuery
}

func (h Handler) list(ctx context.Context, rq api.Request, in organisationsRequest) (api.List[organisationView], error) {
	state := organisation.Active
	if in.State != "" {
		state = in.State
	}
	q := store.OrganisationsIn(rq.Actor.Region, state)
	return api.Sifted(ctx, h.Organisations, q, in.PageQuery, func(o *organisation.Organisation) (organisationView, bool, error) {
		return viewOrganisation(o), seen(rq, o), nil
	})
}

func (h Handler) get(ctx context.Context, rq api.Request, in api.ByID) (organisationView, error) {
	o, err := h.visible(ctx, rq, in.ID)
	if err != nil {
		return organisationView{}, err
	}
	return viewOrganisation(o), nil
}

// act changes an organisation that the caller reaches, or that only operators register; another is as one that is not there.
func (h Handler) act(ctx context.Context, rq api.Request, id string, do func(*organisation.Organisation) error) (organisationView, error) {
	o, err := api.Change(ctx, rq, h.Organisations, id, func(o *organisation.Organisation) error {
		if !o.Over(rq.Actor) && !rq.Actor.Is(models.Operator) {
			return models.E(models.NotFound, "not_found")
		}
		return do(o)
	})
	if err != nil {
		return organisationView{}, err
	}
	return viewOrganisation(o), nil
}

type changeRequest struct {
	api.ByID
	Contact string `json:"contact,omitempty" validate:"omitempty,cnphone,excluded_with=End" description:"The new phone"`
	End     string `json:"end,omitempty" validate:"omitempty,max=500" description:"Why it is over: nobody acts for it any more"`
}

func (h Handler) change(ctx context.Context, rq api.Request, in changeRequest) (organisationView, error) {
	contact, err := phoneOf(in.Contact)
	if err != nil {
		return organisationView{}, err
	}
	return h.act(ctx, rq, in.ID, func(o *organisation.Organisation) error { return o.Ask(contact, in.End, rq.Actor, rq.Now) })
}

func (h Handler) confirm(ctx context.Context, rq api.Request, in api.ByID) (organisationView, error) {
	if o, err := h.Organisations.Get(ctx, in.ID); err == nil && o.Over(rq.Actor) && o.State == organisation.Proposed {
		if err := h.Apart(ctx, o); err != nil {
			return organisationView{}, err
		}
	}
	return h.act(ctx, rq, in.ID, func(o *organisation.Organisation) error { return o.Confirm(rq.Actor, rq.Now) })
}

func (h Handler) refuse(ctx context.Context, rq api.Request, in api.ReasonRequest) (organisationView, error) {
	return h.act(ctx, rq, in.ID, func(o *organisation.Organisation) error { return o.Refuse(in.Reason, rq.Actor, rq.Now) })
}
