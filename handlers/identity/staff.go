package identity

import (
	"context"
	"crypto/rand"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Staff is the door to who holds which office, and to partners' systems. Whoever appoints does so in the own region; an operator,
// made by whoever runs the program (xinyi operator), anywhere.
type Staff struct {
	Identity store.Identity
	Forget   func(person string) // makes the next request of a person or a system be read afresh
}

// Mount names the routes.
func (h Staff) Mount(r *api.Router) {
	api.Post(r, "/staff", h.appoint, mayStaffAppoint, api.Creates)
	api.Post(r, "/staff/lookup", h.lookup, mayStaffAppoint)
	api.Post(r, "/staff/{person}/offices/{id}/end", h.dismiss, mayStaffAppoint)
	api.Post(r, "/clients", h.register, mayClientsManage, api.Creates)
	api.Get(r, "/clients", h.clients, mayClientsManage)
	api.Get(r, "/clients/{id}", h.client, mayClientsManage)
	api.Post(r, "/clients/{id}/secret", h.secret, mayClientsManage)
	api.Post(r, "/clients/{id}/stop", h.stop, mayClientsManage)
	api.Post(r, "/clients/{id}/resume", h.resume, mayClientsManage)
}

// heldView is an office as who appoints sees it.
type heldView struct {
	ID      string        `json:"id"`
	Person  string        `json:"person" personal:"false" description:"Account of who holds it: an office is no secret to who gives it"`
	Role    models.Role   `json:"role"`
	Org     string        `json:"org"`
	OrgName string        `json:"orgName"`
	Region  models.Region `json:"region"`
	From    time.Time     `json:"from"`
	Until   *time.Time    `json:"until,omitempty"`
}

func viewHeld(person string, m identity.Membership) heldView {
	return heldView{m.ID, person, m.Role, m.Org, m.OrgName, m.Region, m.From, m.To}
}

type appointOfficeRequest struct {
	Phone   string        `json:"phone" validate:"required,cnphone"`
	Role    models.Role   `json:"role" validate:"required,oneof=hospital_finance village_staff town_staff county_health credit_office data_officer auditor operator"`
	Org     string        `json:"org" validate:"required,max=64" description:"Of a data officer: the source unit's code in the catalogue; of a hospital's staff: its system's organisation"`
	OrgName string        `json:"orgName" validate:"required,max=200"`
	Region  models.Region `json:"region,omitempty" validate:"omitempty,numeric,max=12" description:"Whose people the office is for; absent: everywhere, for an operator alone"`
	Until   *time.Time    `json:"until,omitempty"`
}

// known is the person with a phone. Errors: NotFound.
func (h Staff) known(ctx context.Context, phone string) (*identity.Person, error) {
	number, err := identity.ParsePhone(phone)
	if err != nil {
		return nil, err
	}
	return api.Here(h.Identity.People.First(ctx, h.Identity.Keys.PersonByPhone(number)))
}

func (h Staff) appoint(ctx context.Context, rq api.Request, in appointOfficeRequest) (heldView, error) {
	if !rq.Actor.Region.Contains(in.Region) {
		return heldView{}, models.E(models.Forbidden, "identity.may_not_appoint")
	}
	p, err := h.known(ctx, in.Phone)
	if err != nil {
		return heldView{}, err
	}
	m := identity.Membership{ID: rq.NewID(), Role: in.Role, Org: in.Org, OrgName: in.OrgName, Region: in.Region, From: rq.Now, To: in.Until}
	_, err = h.Identity.People.Update(ctx, p.ID, func(p *identity.Person) error {
		for _, held := range p.Memberships {
			if held.ID == m.ID { // the same request once more
				return store.Unchanged()
			}
		}
		return p.Appoint(rq.Actor, m, rq.Now)
	})
	if err != nil {
		return heldView{}, err
	}
	h.Forget(p.ID)
	return viewHeld(p.ID, m), nil
}

type phoneRequest struct {
	Phone string `json:"phone" validate:"required,cnphone"`
}

func (h Staff) lookup(ctx context.Context, rq api.Request, in phoneRequest) (api.List[heldView], error) {
	list := api.List[heldView]{Items: []heldView{}}
	p, err := h.known(ctx, in.Phone)
	if err != nil {
		return list, err
	}
	for _, m := range p.Memberships {
		if m.Holds(rq.Now) && m.Role != models.Business && rq.Actor.Region.Contains(m.Region) {
			list.Items = append(list.Items, viewHeld(p.ID, m))
		}
	}
	return list, nil
}

type officeID struct {
	Person string `path:"person" validate:"required,max=64"`
	ID     string `path:"id" validate:"required,max=64"`
}

func (h Staff) dismiss(ctx context.Context, rq api.Request, in officeID) (heldView, error) {
	p, err := h.Identity.People.Update(ctx, in.Person, func(p *identity.Person) error {
		for _, m := range p.Memberships {
			if m.ID == in.ID && (m.Role == models.Business || !rq.Actor.Region.Contains(m.Region)) {
				return api.NotYours(nil)
			}
		}
		return p.Dismiss(rq.Actor, in.ID, rq.Now)
	})
	if err != nil {
		return heldView{}, err
	}
	h.Forget(p.ID)
	for _, m := range p.Memberships {
		if m.ID == in.ID {
			return viewHeld(p.ID, m), nil
		}
	}
	return heldView{}, api.NotYours(nil)
}

// systemView is a partner's system.
type systemView struct {
	ID       string               `json:"clientId"`
	Revision int64                `json:"revision"`
	Kind     models.Role          `json:"kind"`
	Name     string               `json:"name" personal:"false"`
	Org      string               `json:"org"`
	Region   models.Region        `json:"region"`
	State    identity.ClientState `json:"state"`
	Secrets  int                  `json:"secrets" description:"That are good now"`
}

// Revised is for ETag and If-Match.
func (v systemView) Revised() int64 { return v.Revision }

func viewSystem(now time.Time) func(*identity.Client) systemView {
	return func(c *identity.Client) systemView {
		v := systemView{ID: c.ID, Revision: c.Head().Revision, Kind: c.Kind, Name: c.Name, Org: c.Org, Region: c.Region, State: c.State}
		for _, s := range c.Secrets {
			if s.To == nil || now.Before(*s.To) {
				v.Secrets++
			}
		}
		return v
	}
}

type registerRequest struct {
	ID     string        `json:"clientId" validate:"required,max=64"`
	Kind   models.Role   `json:"kind" validate:"required,oneof=hospital bank provider department"`
	Name   string        `json:"name" validate:"required,max=200"`
	Org    string        `json:"org" validate:"required,max=64" description:"Whom it acts for; of a department: the source unit's code in the catalogue"`
	Region models.Region `json:"region" validate:"required,numeric,max=12"`
}

func (h Staff) register(ctx context.Context, rq api.Request, in registerRequest) (systemView, error) {
	if !rq.Actor.Region.Contains(in.Region) {
		return systemView{}, models.E(models.Forbidden, "identity.may_not_appoint")
	}
	c, err := identity.NewClient(in.ID, identity.System{Kind: in.Kind, Name: in.Name, Org: in.Org, Region: in.Region}, rq.Now)
	if err == nil {
		err = h.Identity.Clients.Insert(ctx, c)
	}
	if err != nil {
		return systemView{}, err
	}
	return viewSystem(rq.Now)(c), nil
}

type clientsRequest struct {
	Kind models.Role `query:"kind" validate:"required,oneof=hospital bank provider department"`
	api.PageQuery
}

func (h Staff) clients(ctx context.Context, rq api.Request, in clientsRequest) (api.List[systemView], error) {
	return api.Sifted(ctx, h.Identity.Clients, store.ClientsOf(in.Kind), in.PageQuery, func(c *identity.Client) (systemView, bool, error) {
		return viewSystem(rq.Now)(c), rq.Actor.Region.Contains(c.Region), nil
	})
}

func (h Staff) client(ctx context.Context, rq api.Request, in api.ByID) (systemView, error) {
	c, err := h.Identity.Clients.Get(ctx, in.ID)
	if err != nil || !rq.Actor.Region.Contains(c.Region) {
		return systemView{}, api.NotYours(err)
	}
	return viewSystem(rq.Now)(c), nil
}

// act changes a system of the caller's region.
func (h Staff) act(ctx context.Context, rq api.Request, id string, change func(*identity.Client) error) (systemView, error) {
	c, err := h.Identity.Clients.Update(ctx, id, func(c *identity.Client) error {
		if !rq.Actor.Region.Contains(c.Region) {
			return api.NotYours(nil)
		}
		if err := rq.Fresh(c.Revision); err != nil {
			return err
		}
		return change(c)
	})
	if err != nil {
		return systemView{}, err
	}
	h.Forget(c.ID)
	return viewSystem(rq.Now)(c), nil
}

type secretRequest struct {
	api.ByID
	OverlapHours int `json:"overlapHours,omitempty" validate:"gte=0,lte=168" description:"How long the one before stays good"`
}

type secretView struct {
	systemView
	Secret string `json:"clientSecret" description:"Shown this once; only its hash is kept"`
}

// secret has no Idempotency-Key on purpose: an answer that is kept would keep the secret.
func (h Staff) secret(ctx context.Context, rq api.Request, in secretRequest) (secretView, error) {
	secret := rand.Text() + rand.Text()
	v, err := h.act(ctx, rq, in.ID, func(c *identity.Client) error {
		return c.Rotate(rq.Actor, secret, time.Duration(in.OverlapHours)*time.Hour, rq.Now)
	})
	if err != nil {
		return secretView{}, err
	}
	return secretView{v, secret}, nil
}

func (h Staff) stop(ctx context.Context, rq api.Request, in api.ReasonRequest) (systemView, error) {
	return h.act(ctx, rq, in.ID, func(c *identity.Client) error { return c.Stop(rq.Actor, in.Reason, rq.Now) })
}

func (h Staff) resume(ctx context.Context, rq api.Request, in api.ByID) (systemView, error) {
	return h.act(ctx, rq, in.ID, func(c *identity.Client) error { return c.Resume(rq.Actor, rq.Now) })
}
