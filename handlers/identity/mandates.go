package identity

import (
	"context"
	"net/http"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/identity"
	"xinyi/store"
)

func (h Handler) mountMandates(r *api.Router) {
	h.scopes = r.Scopes
	api.Post(r, "/me/mandates", h.propose, mayMandatesOwn, api.Answers(http.StatusCreated), api.Quota(api.Mandates))
	api.Get(r, "/me/mandates", h.myMandates, mayMandatesOwn)
	api.Post(r, "/me/mandates/{id}/confirm", h.agree, mayMandatesOwn)
	api.Post(r, "/me/mandates/{id}/end", h.endMine, mayMandatesOwn)
	api.Get(r, "/mandates", h.mandates, mayMandatesApprove, api.Reveals)
	api.Post(r, "/mandates/{id}/approve", h.approve, mayMandatesApprove, api.Reveals)
	api.Post(r, "/mandates/{id}/confirm", h.confirm, mayMandatesApprove, api.Reveals)
	api.Post(r, "/mandates/{id}/end", h.endMandate, mayMandatesApprove, api.Reveals)
}

type mandateView struct {
	ID        string                `json:"id"`
	Kind      identity.MandateKind  `json:"kind"`
	State     identity.MandateState `json:"state"`
	Reason    string                `json:"reason" description:"Why it ended: expired when its time was over, unanswered when nobody put it in force in time"`
	Scope     []string              `json:"scope" description:"Actions"`
	Evidence  string                `json:"evidence" description:"Which document the agent named; a desk sees and keeps it"`
	Confirmed bool                  `json:"confirmed" description:"The principal confirmed it on their own device"`
	AnswerBy  *time.Time            `json:"answerBy,omitempty" description:"When it lapses unless it is in force by then"`
	Until     time.Time             `json:"until"`
	Principal partyView             `json:"principal"`
	Agent     partyView             `json:"agent"`
}

type partyView struct {
	ID   string `json:"id"`
	Name string `json:"name" description:"Masked"`
}

func (h Handler) viewMandate(ctx context.Context, m *identity.Mandate) (mandateView, error) {
	v := mandateView{
		ID: m.ID, Kind: m.Kind, State: m.State, Reason: m.Moved.Reason, Scope: m.Scope, Evidence: m.Evidence, Confirmed: m.Agreed(), Until: m.Until,
	}
	if m.State != identity.InForce {
		v.AnswerBy = m.WakeAt
	}
	for id, party := range map[string]*partyView{m.Principal: &v.Principal, m.Agent: &v.Agent} {
		p, err := h.People.Get(ctx, id)
		if err != nil {
			return mandateView{}, err
		}
		*party = partyView{id, p.Name.String()}
	}
	return v, nil
}

type proposeRequest struct {
	Principal bindRequest          `json:"principal"`
	Kind      identity.MandateKind `json:"kind" validate:"required,known"`
	Scope     []api.Scope          `json:"scope" validate:"required,min=1,max=20,dive,required,max=60" description:"What to act in; it covers what these name today"`
	Evidence  string               `json:"evidence" validate:"required,max=200" description:"Which document staff will look at"`
	Until     models.Day           `json:"until,omitempty" validate:"omitempty,datetime=2006-01-02" description:"Last day; the longest allowed when absent"`
}

func (h Handler) propose(ctx context.Context, rq api.Request, in proposeRequest) (mandateView, error) {
	pr := identity.Proposal{Kind: in.Kind, Offered: h.scopes(in.Kind), Evidence: in.Evidence, Until: in.Until}
	for _, s := range in.Scope {
		pr.Scope = append(pr.Scope, string(s))
	}
	if _, err := pr.Actions(); err != nil {
		return mandateView{}, err
	}
	n, err := models.ParseIDNumber(in.Principal.IDNumber)
	if err != nil {
		return mandateView{}, models.Bad("/principal/idNumber", "cnid", "identity.number_invalid")
	}
	agent, err := h.People.Update(ctx, rq.Actor.Person, func(p *identity.Person) error {
		if p.State != identity.Bound {
			return models.E(models.Conflict, "identity.not_bound")
		}
		return p.Try(h.Policy.BindTries, rq.Now)
	})
	if err != nil {
		return mandateView{}, err
	}
	principal, err := h.ward(ctx, rq, in.Principal.Name, n)
	if err != nil {
		return mandateView{}, err
	}
	m, err := agent.Propose(rq.NewID(), principal, pr, h.Policy, rq.Now)
	if err != nil {
		return mandateView{}, err
	}
	err = h.Mandates.Insert(ctx, m)
	if models.CodeOf(err) == models.Conflict {
		err = models.E(models.Conflict, "identity.mandate_open")
	}
	if err != nil {
		return mandateView{}, err
	}
	return h.viewMandate(ctx, m)
}

// ward finds the person with a verified name and number, or keeps a new one without a phone.
func (h Handler) ward(ctx context.Context, rq api.Request, name string, n models.IDNumber) (*identity.Person, error) {
	ev, err := h.verify(ctx, name, n, rq.Now)
	if err != nil {
		return nil, err
	}
	p, err := h.People.First(ctx, h.Keys.PersonByIDNumber(n))
	if models.CodeOf(err) != models.NotFound {
		return p, err
	}
	p, err = identity.NewWard(rq.NewID(), identity.RealName{Name: name, Number: n, Evidence: ev}, rq.Actor, rq.Now)
	if err != nil {
		return nil, err
	}
	err = h.People.Insert(ctx, p)
	if models.CodeOf(err) == models.Conflict {
		return h.People.First(ctx, h.Keys.PersonByIDNumber(n))
	}
	return p, err
}

type myMandatesRequest struct {
	As string `query:"as" validate:"omitempty,oneof=agent principal" description:"agent when absent"`
	api.PageQuery
}

func (h Handler) myMandates(ctx context.Context, rq api.Request, in myMandatesRequest) (api.List[mandateView], error) {
	of := store.MandatesOfAgent
	if in.As == "principal" {
		of = store.MandatesOfPrincipal
	}
	return h.listMandates(ctx, rq, of(rq.Actor.Person, identity.MandateStates...).Page(in.Limit, in.Cursor))
}

// mandatesAs lists the caller's own mandates as one of the two, for an export.
func (h Handler) mandatesAs(side string) func(context.Context, api.Request, api.PageQuery) (api.List[mandateView], error) {
	return func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[mandateView], error) {
		return h.myMandates(ctx, rq, myMandatesRequest{As: side, PageQuery: p})
	}
}

type mandatesRequest struct {
	State identity.MandateState `query:"state" validate:"omitempty,known" description:"PROPOSED when absent"`
	api.PageQuery
}

func (h Handler) mandates(ctx context.Context, rq api.Request, in mandatesRequest) (api.List[mandateView], error) {
	if in.State == "" {
		in.State = identity.Proposed
	}
	return h.listMandates(ctx, rq, store.MandatesIn(rq.Actor.Region, in.State).Page(in.Limit, in.Cursor))
}

func (h Handler) listMandates(ctx context.Context, rq api.Request, q store.Query) (api.List[mandateView], error) {
	page, err := h.Mandates.Find(ctx, q)
	if err == nil {
		err = h.noteMandates(ctx, rq, page.Items...)
	}
	if err != nil {
		return api.List[mandateView]{}, err
	}
	list := api.List[mandateView]{Items: make([]mandateView, len(page.Items)), NextCursor: page.Next}
	for i, m := range page.Items {
		if list.Items[i], err = h.viewMandate(ctx, m); err != nil {
			return api.List[mandateView]{}, err
		}
	}
	return list, nil
}

func (h Handler) approve(ctx context.Context, rq api.Request, in api.IdRequest) (mandateView, error) {
	return h.atDesk(ctx, rq, in.ID, func(m *identity.Mandate, alone bool) error { return m.Approve(rq.Actor, alone, rq.Now) })
}

func (h Handler) confirm(ctx context.Context, rq api.Request, in api.IdRequest) (mandateView, error) {
	return h.atDesk(ctx, rq, in.ID, func(m *identity.Mandate, alone bool) error { return m.Confirm(rq.Actor, alone, rq.Now) })
}

// atDesk is a word given at a desk, which knows whether the principal decides alone.
func (h Handler) atDesk(ctx context.Context, rq api.Request, id string, word func(m *identity.Mandate, alone bool) error) (mandateView,
	error) {
	m, err := h.Mandates.Get(ctx, id)
	if err != nil {
		return mandateView{}, err
	}
	alone, err := h.alone(ctx, m.Principal, rq.Now)
	if err != nil {
		return mandateView{}, err
	}
	return h.changeMandate(ctx, rq, id, func(m *identity.Mandate) error { return word(m, alone) })
}

// alone says whether a person decides alone who acts for them: an adult who has an account to sign in to, by phone or from outside.
func (h Handler) alone(ctx context.Context, person string, now time.Time) (bool, error) {
	p, err := h.People.Get(ctx, person)
	if err != nil || !p.Adult(models.DayOf(now)) || !p.Phone.Empty() {
		return err == nil && p.Adult(models.DayOf(now)), err
	}
	links, err := h.Links.Count(ctx, store.LinksOf(person))
	return links > 0, err
}

func (h Handler) agree(ctx context.Context, rq api.Request, in api.IdRequest) (mandateView, error) {
	return h.changeMandate(ctx, rq, in.ID, func(m *identity.Mandate) error { return m.Agree(rq.Actor, rq.Now) })
}

func (h Handler) endMine(ctx context.Context, rq api.Request, in api.IdRequest) (mandateView, error) {
	return h.changeMandate(ctx, rq, in.ID, func(m *identity.Mandate) error { return m.End(rq.Actor, "", rq.Now) })
}

type endMandateRequest struct {
	ID     string `path:"id" validate:"required,max=100"`
	Reason string `json:"reason,omitempty" validate:"omitempty,max=200"`
}

func (h Handler) endMandate(ctx context.Context, rq api.Request, in endMandateRequest) (mandateView, error) {
	return h.changeMandate(ctx, rq, in.ID, func(m *identity.Mandate) error { return m.End(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) changeMandate(ctx context.Context, rq api.Request, id string, change func(*identity.Mandate) error) (mandateView, error) {
	m, err := h.Mandates.Update(ctx, id, change)
	if err != nil {
		return mandateView{}, err
	}
	h.Callers.Forget(m.Agent)
	if err := h.noteMandates(ctx, rq, m); err != nil {
		return mandateView{}, err
	}
	return h.viewMandate(ctx, m)
}

// noteMandates notes that staff see who acts for whom: one look for each of the two. Residents see their own.
func (h Handler) noteMandates(ctx context.Context, rq api.Request, mandates ...*identity.Mandate) error {
	if rq.Actor.Is(models.Resident) {
		return nil
	}
	var looks []access.Access
	for _, m := range mandates {
		for _, person := range []string{m.Principal, m.Agent} {
			looks = append(looks, access.Access{
				Subject: api.APerson(person), Fields: []string{"name", "mandate"}, About: m.ID, Purpose: rq.PurposeOr("identity.mandate"), Case: rq.CaseOr(m.ID),
			})
		}
	}
	return h.Log.Note(ctx, rq, looks...)
}
