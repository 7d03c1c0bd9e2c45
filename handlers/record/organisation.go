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
	api.Post(r, "/me/organisations", h.claim, mayOrganisationsMine, api.Creates, api.Limit(time.Hour, 10), api.Tag("organisations"), api.Quota(api.Mandates))
	api.Post(r, "/me/organisations/{code}/agents", h.appointAgent, mayOrganisationsMine, api.Creates, api.Tag("organisations"), api.Quota(api.Mandates))
	api.Get(r, "/me/organisations/{code}/agents", h.agents, mayOrganisationsMine, api.Tag("organisations"))
	api.Delete(r, "/me/organisations/{code}/agents/{id}", h.endAgent, mayOrganisationsMine, api.Tag("organisations"))
}

// agentView is who acts for an organisation.
type agentView struct {
	ID    string                       `json:"id"`
	Code  models.USCC                  `json:"code"`
	Org   string                       `json:"organisation"`
	Name  string                       `json:"name" description:"Masked, but one's own"`
	Basis identity.RepresentationBasis `json:"basis"`
	State identity.RepresentativeState `json:"state"`
	Until *time.Time                   `json:"until,omitempty"`
}

func (h Handler) agent(ctx context.Context, rq api.Request, r *identity.Representative) (agentView, error) {
	p, err := h.Subjects.People.Get(ctx, r.Person)
	if err != nil {
		return agentView{}, err
	}
	name := p.Name.String()
	if r.Person == rq.Actor.Person {
		name = p.Name.Reveal()
	}
	return agentView{r.ID, r.Org, r.Name, name, r.Basis, r.State, r.Until}, nil
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

func (h Handler) organisations(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[agentView], error) {
	return h.agentsOf(ctx, rq, store.RepresentedBy(rq.Actor.Person).Page(in.Limit, in.Cursor))
}

type claimRequest struct {
	Code models.USCC `json:"code" validate:"required,uscc"`
}

func (h Handler) claim(ctx context.Context, rq api.Request, in claimRequest) (agentView, error) {
	if err := api.Own(rq); err != nil {
		return agentView{}, err
	}
	p, err := api.Here(h.Subjects.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return agentView{}, err
	}
	name, source, number, err := h.registered(ctx, in.Code)
	if err != nil {
		return agentView{}, err
	}
	r, err := identity.Claim(p, in.Code, name, source, number, rq.Now)
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
func (h Handler) mineOf(ctx context.Context, rq api.Request, code models.USCC) (*identity.Representative, error) {
	r, err := h.Agents.Get(ctx, identity.RepresentativeID(code, rq.Actor.Person))
	if err != nil || r.State != identity.Representing {
		return nil, api.NotYours(err)
	}
	return r, nil
}

func (h Handler) appointAgent(ctx context.Context, rq api.Request, in appointRequest) (agentView, error) {
	if err := api.Own(rq); err != nil {
		return agentView{}, err
	}
	mine, err := h.mineOf(ctx, rq, in.Code)
	if err != nil {
		return agentView{}, err
	}
	phone, err := identity.ParsePhone(in.Phone)
	if err != nil {
		return agentView{}, err
	}
	p, err := h.Subjects.People.First(ctx, h.Subjects.Keys.PersonByPhone(phone))
	if errors.Is(err, models.NotFound) {
		return agentView{}, models.E(models.Conflict, "identity.not_bound") // as for a phone whose owner has no real name yet
	}
	if err != nil {
		return agentView{}, err
	}
	a, err := mine.AppointAgent(p, in.Until, rq.Now)
	if err != nil {
		return agentView{}, err
	}
	return h.represent(ctx, rq, a)
}

type agentsRequest struct {
	Code models.USCC `path:"code" validate:"required,uscc"`
	api.PageQuery
}

func (h Handler) agents(ctx context.Context, rq api.Request, in agentsRequest) (api.List[agentView], error) {
	if _, err := h.mineOf(ctx, rq, in.Code); err != nil {
		return api.List[agentView]{}, err
	}
	return h.agentsOf(ctx, rq, store.RepresentativesOf(in.Code).Page(in.Limit, in.Cursor))
}

type endAgentRequest struct {
	Code models.USCC `path:"code" validate:"required,uscc"`
	ID   string      `path:"id" validate:"required,max=64"`
}

func (h Handler) endAgent(ctx context.Context, rq api.Request, in endAgentRequest) (api.None, error) {
	_, err := h.Agents.Update(ctx, in.ID, func(r *identity.Representative) error {
		if r.Org != in.Code {
			return api.NotYours(nil)
		}
		return r.End(rq.Actor, "", rq.Now)
	})
	return api.None{}, err
}
