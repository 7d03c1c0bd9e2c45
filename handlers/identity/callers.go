package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Callers says who a bearer token is. A token's signature is checked once; who its session is, is read again after
// recheckAfter, so that an end acts here at once and on other replicas soon.
type Callers struct {
	tokens *Tokens
	repos  store.Identity
	now    func() time.Time

	verified api.Cache[[sha256.Size]byte, *claims]
	standing api.Cache[string, standing] // by session or client
	changes  atomic.Uint64               // counts Forget: what was read before one is not kept after it
}

// standing is who a session or client was when last read.
type standing struct {
	caller api.Caller
	person string
	at     time.Time
}

// NewCallers makes the authenticator of the router.
func NewCallers(tokens *Tokens, repos store.Identity, now func() time.Time) *Callers {
	return &Callers{tokens: tokens, repos: repos, now: now}
}

// Authenticate says who token is. Errors: Unauthenticated; Unavailable when the store does not answer.
func (a *Callers) Authenticate(ctx context.Context, token string) (api.Caller, error) {
	now := a.now()
	key := sha256.Sum256([]byte(token))
	c, ok := a.verified.Get(key)
	if !ok {
		fresh, err := a.tokens.verify(token)
		if err != nil {
			return api.Caller{}, err
		}
		c = &fresh
		a.verified.Put(key, c)
	}
	if !a.tokens.now().Before(c.ExpiresAt.Time) {
		a.verified.Remove(key)
		return api.Caller{}, models.E(models.Unauthenticated, "identity.token_expired")
	}
	id := c.Session + c.Client // one of them is empty, and the ids of both kinds are apart
	if s, ok := a.standing.Get(id); ok {
		if age := now.Sub(s.at); age >= 0 && age < api.RecheckAfter {
			return s.caller, nil
		}
	}
	return a.read(ctx, id, c, now)
}

func (a *Callers) read(ctx context.Context, id string, c *claims, now time.Time) (api.Caller, error) {
	before := a.changes.Load()
	caller, err := a.callerOf(ctx, c, now)
	if err != nil {
		if errors.Is(err, models.NotFound) {
			err = models.E(models.Unauthenticated, "identity.session_over", err)
		}
		return api.Caller{}, err
	}
	if a.changes.Load() == before {
		a.standing.Put(id, standing{caller, c.Subject, now})
	}
	return caller, nil
}

func (a *Callers) callerOf(ctx context.Context, c *claims, now time.Time) (api.Caller, error) {
	if c.Client != "" {
		client, err := a.repos.Clients.Get(ctx, c.Client)
		if err != nil {
			return api.Caller{}, err
		}
		if client.State != identity.Active {
			return api.Caller{}, models.E(models.Unauthenticated, "identity.client_refused")
		}
		return api.Caller{Actors: []models.Actor{client.Actor()}}, nil
	}
	s, err := a.repos.Sessions.Get(ctx, c.Session)
	if err != nil {
		return api.Caller{}, err
	}
	if s.Person != c.Subject || !s.LiveAt(now) {
		return api.Caller{}, models.E(models.Unauthenticated, "identity.session_over")
	}
	p, err := api.Here(a.repos.People.Get(ctx, s.Person))
	if err != nil {
		return api.Caller{}, err
	}
	caller := api.Caller{Session: s.ID, Actors: p.Actors(now)}
	err = a.wards(ctx, &caller, p, now)
	return caller, err
}

// wards adds the persons p may act for, and in what.
func (a *Callers) wards(ctx context.Context, caller *api.Caller, p *identity.Person, now time.Time) error {
	if p.State != identity.Bound {
		return nil
	}
	page, err := a.repos.Mandates.Find(ctx, store.MandatesOfAgent(p.ID, identity.InForce).Page(store.MaxPage, ""))
	if err != nil || len(page.Items) == 0 {
		return err
	}
	caller.Wards = map[string]api.Ward{}
	for _, m := range page.Items {
		if now.Before(m.Until) {
			ward := models.Actor{Person: m.Principal, Agent: p.ID, Role: models.Resident, Region: m.Region}
			caller.Wards[m.Principal] = api.Ward{Actor: ward, Kind: m.Kind, Scope: m.Scope}
		}
	}
	return nil
}

// Forget makes the next request of a session, a client or a person be read afresh, and of who acts for that person. Whoever
// ends a session, stops a client, changes offices or mandates or lets a person leave calls it.
func (a *Callers) Forget(id string) {
	a.changes.Add(1)
	a.standing.Drop(func(key string, s standing) bool {
		_, ward := s.caller.Wards[id]
		return key == id || s.person == id || ward
	})
}
