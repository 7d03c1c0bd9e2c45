package record

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/store"
)

// Registration is the item that says who represents an organisation, and the private column with that person's number.
const (
	registrationItem   = "DJZC"
	registrationColumn = "DJ_FRZJ"
)

// mountOrganisation names the routes of who acts for an organisation.
func (h Handler) mountOrganisation(r *api.Router) {
	api.Get(r, "/me/organisations", h.organisations, mayOrganisationsMine, api.Tag("organisations"))
	api.Post(r, "/me/organisations", h.claim, mayOrganisationsMine, api.Creates, api.Limit(time.Hour, 10), api.Tag("organisations"),
		api.Quota(api.Mandates))
	api.Post(r, "/me/organisations/{code}/agents", h.appointAgent, mayOrganisationsMine, api.Creates, api.Tag("organisations"),
		api.Quota(api.Mandates))
	api.Get(r, "/me/organisations/{code}/agents", h.agents, mayOrganisationsMine, api.Tag("organisations"))
	api.Post(r, "/me/organisations/{code}/agents/{id}/accept", h.acceptAgency, mayOrganisationsMine, api.Tag("organisations"))
	api.Delete(r, "/me/organisations/{code}/agents/{id}", h.endAgent, mayOrganisationsMine, api.Tag("organisations"))
}

// agentView is who acts for an organisation, or was invited to.
type agentView struct {
	ID       string                       `json:"id"`
	Code     models.USCC                  `json:"code"`
	Org      string                       `json:"organisation"`
	Name     string                       `json:"name" description:"Masked, but one's own; empty until the invitation is accepted"`
	Phone    string                       `json:"phone,omitempty" description:"Of an invitation, masked"`
	Basis    identity.RepresentationBasis `json:"basis"`
	State    identity.RepresentativeState `json:"state"`
	Until    *time.Time                   `json:"until,omitempty"`
	AnswerBy *time.Time                   `json:"answerBy,omitempty" description:"When an invitation lapses"`
}

func (h Handler) agent(ctx context.Context, rq api.Request, r *identity.Representative) (agentView, error) {
	v := agentView{ID: r.ID, Code: r.Org, Org: r.Name, Basis: r.Basis, State: r.State, Until: r.Until}
	if r.Pending() { // who declined, and whose phone it is, is no business of who invited
		v.State, v.Phone, v.AnswerBy = identity.Invited, r.Phone.String(), r.WakeAt
		return v, nil
	}
	p, err := h.Subjects.People.Get(ctx, r.Person)
	if err != nil {
		return agentView{}, err
	}
	v.Name = p.Name.String()
	if r.Person == rq.Actor.Person {
		v.Name = p.Name.Reveal()
	}
	return v, nil
}

func (h Handler) agentsOf(ctx context.Context, rq api.Request, q store.Query) (api.List[agentView], error) {
	list := api.List[agentView]{Items: []agentView{}}
	page, err := h.Agents.Find(ctx, q)
	if err != nil {
		return list, err
	}
	for _, r := range page.Items {
		v, err := h.agent(ctx, rq, r)
		if err != nil {
			return list, err
		}
		list.Items = append(list.Items, v)
	}
	list.NextCursor = page.Next
	return list, nil
}

type organisationsRequest struct {
	Invited bool `query:"invited" description:"Those that invited me instead, by the phone I have now"`
	api.PageQuery
}

func (h Handler) organisations(ctx context.Context, rq api.Request, in organisationsRequest) (api.List[agentView], error) {
	q := store.RepresentedBy(rq.Actor.Person)
	if in.Invited {
		me, err := h.me(ctx, rq)
		if err != nil || me.Phone.Empty() {
			return api.List[agentView]{Items: []agentView{}}, err
		}
		q = h.Subjects.Keys.InvitationsTo(me.Phone)
	}
	return h.agentsOf(ctx, rq, q.Page(in.Limit, in.Cursor))
}

// me is the account of who asks. Errors: NotFound.
func (h Handler) me(ctx context.Context, rq api.Request) (*identity.Person, error) {
	return api.Here(h.Subjects.People.Get(ctx, rq.Actor.Person))
}

type claimRequest struct {
	Code models.USCC `json:"code" validate:"required,uscc"`
}

func (h Handler) claim(ctx context.Context, rq api.Request, in claimRequest) (agentView, error) {
	p, err := h.me(ctx, rq)
	if err != nil {
		return agentView{}, err
	}
	if was, err := h.mineOf(ctx, rq, in.Code); err == nil && was.Basis == identity.AppointedAgent {
		return agentView{}, models.E(models.Conflict, "identity.represents_already")
	}
	name, source, number, err := h.registered(ctx, in.Code)
	if err != nil {
		return agentView{}, err
	}
	r, err := identity.Claim(p, identity.Registration{Org: in.Code, Name: name, Source: source, Number: number}, rq.Now)
	if err != nil {
		return agentView{}, err
	}
	return h.represent(ctx, rq, r)
}

// registered is what the registration says of an organisation; an unknown one names nobody, so that a caller learns no more.
func (h Handler) registered(ctx context.Context, code models.USCC) (name, source string, number models.Secret, err error) {
	_, err = h.Records.Each(ctx, store.RecordsOf(string(code)), func(r *record.Record) error {
		if r.Item == registrationItem && r.Used() && source == "" {
			name, source, number = r.Name.Reveal(), r.Versioned(), r.Current.Private[registrationColumn]
		}
		return nil
	})
	return name, source, number, err
}

// represent keeps a representation, or renews the one there was.
func (h Handler) represent(ctx context.Context, rq api.Request, r *identity.Representative) (agentView, error) {
	err := h.Agents.Insert(ctx, r)
	if errors.Is(err, models.Conflict) {
		var was *identity.Representative
		was, err = h.Agents.Update(ctx, r.ID, func(was *identity.Representative) error {
			if was.State == identity.Representing && was.Basis == r.Basis {
				return store.Unchanged()
			}
			return was.Renew(r, rq.Now)
		})
		r = was
	}
	if err != nil {
		return agentView{}, err
	}
	return h.agent(ctx, rq, r)
}

type appointRequest struct {
	Code  models.USCC `path:"code" validate:"required,uscc"`
	Phone string      `json:"phone" validate:"required,cnphone"`
	Until *time.Time  `json:"until,omitempty" description:"Until ended when absent"`
}

// mineOf is the caller's own representation of an organisation in force. Errors: NotFound.
func (h Handler) mineOf(ctx context.Context, rq api.Request, code models.USCC) (mine *identity.Representative, err error) {
	_, err = h.Agents.Each(ctx, store.RepresentedBy(rq.Actor.Person), func(r *identity.Representative) error {
		if r.Org == code {
			mine = r
		}
		return nil
	})
	if err != nil || mine == nil {
		return nil, api.NotYours(err)
	}
	return mine, nil
}

// appointAgent invites whoever has the phone. It looks up nobody: the answer, and the time it takes, are the same for every phone.
func (h Handler) appointAgent(ctx context.Context, rq api.Request, in appointRequest) (agentView, error) {
	mine, err := h.mineOf(ctx, rq, in.Code)
	if err != nil {
		return agentView{}, err
	}
	phone, err := identity.ParsePhone(in.Phone)
	if err != nil {
		return agentView{}, err
	}
	i := identity.Invitation{ID: rq.NewID(), Phone: phone, Slot: h.Subjects.Keys.InvitationSlot(in.Code, phone), Until: in.Until}
	a, err := mine.Invite(i, h.Asks, rq.Now)
	if err != nil {
		return agentView{}, err
	}
	err = h.Agents.Insert(ctx, a)
	if errors.Is(err, models.Conflict) {
		if was, found := h.Agents.Get(ctx, a.ID); found == nil { // the same request once more
			return h.agent(ctx, rq, was)
		}
		err = models.E(models.Conflict, "identity.invited_already")
	}
	if err != nil {
		return agentView{}, err
	}
	return h.agent(ctx, rq, a)
}

type agentsRequest struct {
	Code models.USCC `path:"code" validate:"required,uscc"`
	api.PageQuery
}

func (h Handler) agents(ctx context.Context, rq api.Request, in agentsRequest) (api.List[agentView], error) {
	if _, err := h.mineOf(ctx, rq, in.Code); err != nil {
		return api.List[agentView]{}, err
	}
	return h.agentsOf(ctx, rq, store.AgentsOf(in.Code).Page(in.Limit, in.Cursor))
}

type agentRequest struct {
	Code models.USCC `path:"code" validate:"required,uscc"`
	ID   string      `path:"id" validate:"required,max=64"`
}

// acceptAgency is the invited person's word; nobody acts for an organisation twice.
func (h Handler) acceptAgency(ctx context.Context, rq api.Request, in agentRequest) (agentView, error) {
	me, err := h.me(ctx, rq)
	if err != nil {
		return agentView{}, err
	}
	_, twice := h.mineOf(ctx, rq, in.Code)
	r, err := h.Agents.Update(ctx, in.ID, func(r *identity.Representative) error {
		switch {
		case r.Org == in.Code && r.Person == me.ID && r.State == identity.Representing: // the same request once more
			return store.Unchanged()
		case r.Org != in.Code || !r.Invites(me):
			return api.NotYours(nil)
		case twice == nil:
			return models.E(models.Conflict, "identity.represents_already")
		}
		return r.Accept(me, rq.Now)
	})
	if err != nil {
		return agentView{}, err
	}
	return h.agent(ctx, rq, r)
}

// endAgent ends an agency, takes an invitation back or declines it.
func (h Handler) endAgent(ctx context.Context, rq api.Request, in agentRequest) (api.None, error) {
	me, err := h.me(ctx, rq)
	if err != nil {
		return api.None{}, err
	}
	_, err = h.Agents.Update(ctx, in.ID, func(r *identity.Representative) error {
		switch {
		case r.Org != in.Code:
			return api.NotYours(nil)
		case r.Invites(me) && r.Appointer != me.ID:
			return r.Decline(me, rq.Now)
		}
		return r.End(rq.Actor, "", rq.Now)
	})
	return api.None{}, err
}
