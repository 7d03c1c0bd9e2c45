package organisation

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/store"
)

func (h Handler) mountClients(r *api.Router) {
	api.Post(r, "/clients", h.register, mayClients, api.Creates)
	api.Get(r, "/clients", h.clients, mayClients)
	api.Get(r, "/clients/{id}", h.client, mayClients)
	api.Post(r, "/clients/{id}/confirm", h.admit, mayClients)
	api.Post(r, "/clients/{id}/refuse", h.turnAway, mayClients)
	api.Post(r, "/clients/{id}/secret", h.orderSecret, mayClients)
	api.Post(r, "/clients/{id}/secret/confirm", h.sendSecret, mayClients)
	api.Post(r, "/clients/{id}/secret/claim", h.claimSecret, api.Open(), api.Limit(time.Minute, 30))
	api.Post(r, "/clients/{id}/stop", h.stop, mayClients)
	api.Post(r, "/clients/{id}/resume", h.resume, mayClients)
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
	Waits    string               `json:"waits,omitempty" enum:"REGISTRATION,SECRET,CLAIM" description:"For a second person; CLAIM: for the partner"`
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
		switch {
		case c.State == identity.Registering:
			v.Waits = "REGISTRATION"
		case c.Order != nil && c.Order.Hash == "":
			v.Waits = "SECRET"
		case c.Order != nil && now.Before(c.Order.ExpiresAt):
			v.Waits = "CLAIM"
		}
		return v
	}
}

type registerRequest struct {
	ID  string `json:"clientId" validate:"required,max=64"`
	Org string `json:"org" validate:"required,max=64" description:"A registered organisation that answers to the caller's; kind, name and region are its own"`
}

func (h Handler) register(ctx context.Context, rq api.Request, in registerRequest) (systemView, error) {
	o, err := h.Organisations.Get(ctx, in.Org)
	if err != nil || !o.Over(rq.Actor) || o.State != organisation.Active {
		return systemView{}, api.NotYours(err)
	}
	kind := organisation.Holdings[o.Kind].System
	if kind == "" {
		return systemView{}, models.Bad("/org", "organisation_system", "organisation.no_system")
	}
	of := identity.ClientOf{Kind: kind, Name: o.Name.ZH, Org: o.ID, Region: o.Region, Scope: o.Scope()}
	c, err := identity.NewClient(in.ID, of, rq.Actor, rq.Now)
	if err == nil {
		err = h.Clients.Insert(ctx, c)
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

func (h Handler) clients(ctx context.Context, rq api.Request, in clientsRequest) (api.List[systemView], error) {
	return api.Sifted(ctx, h.Clients, store.ClientsOf(in.Kind), in.PageQuery, func(c *identity.Client) (systemView, bool, error) {
		return viewSystem(rq.Now)(c), organisation.Over(c.Scope, rq.Actor), nil
	})
}

func (h Handler) client(ctx context.Context, rq api.Request, in api.ByID) (systemView, error) {
	c, err := h.Clients.Get(ctx, in.ID)
	if err != nil || !organisation.Over(c.Scope, rq.Actor) {
		return systemView{}, api.NotYours(err)
	}
	return viewSystem(rq.Now)(c), nil
}

// onClient changes a system in the caller's scope.
func (h Handler) onClient(ctx context.Context, rq api.Request, id string, change func(*identity.Client) error) (systemView, error) {
	c, err := h.Clients.Update(ctx, id, func(c *identity.Client) error {
		if !organisation.Over(c.Scope, rq.Actor) {
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

// admit is the second person's word.
func (h Handler) admit(ctx context.Context, rq api.Request, in api.ByID) (systemView, error) {
	return h.onClient(ctx, rq, in.ID, func(c *identity.Client) error { return c.Confirm(rq.Actor, rq.Now) })
}

func (h Handler) turnAway(ctx context.Context, rq api.Request, in api.ReasonRequest) (systemView, error) {
	return h.onClient(ctx, rq, in.ID, func(c *identity.Client) error { return c.Decline(rq.Actor, in.Reason, rq.Now) })
}

type secretRequest struct {
	api.ByID
	OverlapHours int `json:"overlapHours,omitempty" validate:"gte=0,lte=168" description:"How long the one before stays good"`
}

func (h Handler) orderSecret(ctx context.Context, rq api.Request, in secretRequest) (systemView, error) {
	return h.onClient(ctx, rq, in.ID, func(c *identity.Client) error {
		return c.OrderSecret(rq.Actor, time.Duration(in.OverlapHours)*time.Hour, rq.Now)
	})
}

// claimHash is how the code for a new secret is kept: bound to the client, under our key.
func (h Handler) claimHash(client, code string) string {
	return h.Keys.Hash(models.NewSecret("claim\n" + client + "\n" + code))
}

// sendSecret is the second person's word: the partner's phone gets a code, and the partner alone claims the secret with it.
func (h Handler) sendSecret(ctx context.Context, rq api.Request, in api.ByID) (systemView, error) {
	phone, err := h.contactOf(ctx, rq, in.ID)
	if err != nil {
		return systemView{}, err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return systemView{}, models.E(models.Internal, "internal", err)
	}
	code := fmt.Sprintf("%06d", n)
	v, err := h.onClient(ctx, rq, in.ID, func(c *identity.Client) error {
		return c.SendSecret(rq.Actor, h.claimHash(c.ID, code), h.Policy.ClaimLife, h.Policy.ClaimTries, rq.Now)
	})
	if err != nil {
		return systemView{}, err
	}
	if err := h.SMS.SendCode(ctx, phone, code, rq.Lang, h.Policy.ClaimLife); err != nil {
		return systemView{}, models.E(models.Unavailable, "identity.sms_failed", err)
	}
	return v, nil
}

// contactOf is the phone of the organisation that a system acts for. Errors: NotFound out of scope; Conflict "organisation.no_contact".
func (h Handler) contactOf(ctx context.Context, rq api.Request, client string) (models.Secret, error) {
	c, err := h.Clients.Get(ctx, client)
	if err != nil || !organisation.Over(c.Scope, rq.Actor) {
		return models.Secret{}, api.NotYours(err)
	}
	if h.SMS == nil {
		return models.Secret{}, models.E(models.Unavailable, "identity.no_sms_channel")
	}
	o, err := h.Organisations.Get(ctx, c.Org)
	if err != nil {
		return models.Secret{}, err
	}
	if o.State != organisation.Active || o.Contact.Empty() {
		return models.Secret{}, models.E(models.Conflict, "organisation.no_contact")
	}
	return o.Contact, nil
}

type claimRequest struct {
	api.ByID
	Code string `json:"code" validate:"required,len=6,numeric" description:"That the organisation's phone was sent"`
}

type secretView struct {
	ClientID string `json:"clientId"`
	Secret   string `json:"clientSecret" description:"Shown this once; only its hash is kept"`
}

// claimSecret answers the partner alone, and has no Idempotency-Key on purpose: an answer that is kept would keep the secret.
func (h Handler) claimSecret(ctx context.Context, rq api.Request, in claimRequest) (secretView, error) {
	secret, claimed := rand.Text()+rand.Text(), false
	_, err := h.Clients.Update(ctx, in.ID, func(c *identity.Client) error {
		if c.Order == nil {
			claimed = false
			return store.Unchanged()
		}
		var err error
		claimed, err = c.Claim(h.claimHash(c.ID, in.Code), secret, rq.Now)
		return err
	})
	switch {
	case errors.Is(err, models.NotFound), err == nil && !claimed:
		return secretView{}, models.E(models.Unauthenticated, "identity.code_wrong")
	case err != nil:
		return secretView{}, err
	}
	return secretView{in.ID, secret}, nil
}

func (h Handler) stop(ctx context.Context, rq api.Request, in api.ReasonRequest) (systemView, error) {
	return h.onClient(ctx, rq, in.ID, func(c *identity.Client) error { return c.Stop(rq.Actor, in.Reason, rq.Now) })
}

func (h Handler) resume(ctx context.Context, rq api.Request, in api.ByID) (systemView, error) {
	return h.onClient(ctx, rq, in.ID, func(c *identity.Client) error { return c.Resume(rq.Actor, rq.Now) })
}
