package handlers

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

const (
	recheckAfter = 30 * time.Second // how long another replica's ending of a session may stay unseen
	maxTokens    = 16384            // tokens a generation of the cache; two generations are kept
)

// Callers says who a bearer token is. A token's signature is checked once; who its session is, is read again after
// recheckAfter, so that an end acts here at once and on other replicas soon.
type Callers struct {
	tokens *Tokens
	repos  store.Identity
	now    func() time.Time

	verified cache[[sha256.Size]byte, *claims]
	standing cache[string, standing] // by session or client
	changes  atomic.Uint64           // counts Forget: what was read before one is not kept after it
}

// standing is who a session or client was when last read.
type standing struct {
	caller Caller
	person string
	at     time.Time
}

// NewCallers makes the authenticator of the door.
func NewCallers(tokens *Tokens, repos store.Identity, now func() time.Time) *Callers {
	return &Callers{tokens: tokens, repos: repos, now: now}
}

// Authenticate says who token is. Errors: Unauthenticated; Unavailable when the store does not answer.
func (a *Callers) Authenticate(ctx context.Context, token string) (Caller, error) {
	now := a.now()
	key := sha256.Sum256([]byte(token))
	c, ok := a.verified.get(key)
	if !ok {
		fresh, err := a.tokens.verify(token)
		if err != nil {
			return Caller{}, err
		}
		c = &fresh
		a.verified.put(key, c)
	}
	if !a.tokens.now().Before(c.ExpiresAt.Time) {
		a.verified.remove(key)
		return Caller{}, models.E(models.Unauthenticated, "identity.token_expired")
	}
	id := c.Session + c.Client // one of them is empty, and the ids of both kinds are apart
	if s, ok := a.standing.get(id); ok {
		if age := now.Sub(s.at); age >= 0 && age < recheckAfter {
			return s.caller, nil
		}
	}
	return a.read(ctx, id, c, now)
}

func (a *Callers) read(ctx context.Context, id string, c *claims, now time.Time) (Caller, error) {
	before := a.changes.Load()
	caller, err := a.callerOf(ctx, c, now)
	if err != nil {
		if errors.Is(err, models.NotFound) {
			err = models.E(models.Unauthenticated, "identity.session_over", err)
		}
		return Caller{}, err
	}
	if a.changes.Load() == before {
		a.standing.put(id, standing{caller, c.Subject, now})
	}
	return caller, nil
}

func (a *Callers) callerOf(ctx context.Context, c *claims, now time.Time) (Caller, error) {
	if c.Client != "" {
		client, err := a.repos.Clients.Get(ctx, c.Client)
		if err != nil {
			return Caller{}, err
		}
		if client.State != identity.Active {
			return Caller{}, models.E(models.Unauthenticated, "identity.client_refused")
		}
		return Caller{Actors: []models.Actor{client.Actor()}}, nil
	}
	s, err := a.repos.Sessions.Get(ctx, c.Session)
	if err != nil {
		return Caller{}, err
	}
	if s.Person != c.Subject || !s.LiveAt(now) {
		return Caller{}, models.E(models.Unauthenticated, "identity.session_over")
	}
	p, err := here(a.repos.People.Get(ctx, s.Person))
	if err != nil {
		return Caller{}, err
	}
	caller := Caller{Session: s.ID, Actors: p.Actors(now)}
	err = a.wards(ctx, &caller, p, now)
	return caller, err
}

// wards adds the persons p may act for, and in what.
func (a *Callers) wards(ctx context.Context, caller *Caller, p *identity.Person, now time.Time) error {
	if p.State != identity.Bound {
		return nil
	}
	page, err := a.repos.Mandates.Find(ctx, store.MandatesOfAgent(p.ID, identity.InForce).Page(store.MaxPage, ""))
	if err != nil || len(page.Items) == 0 {
		return err
	}
	caller.Wards, caller.Scopes = map[string]models.Actor{}, map[string][]string{}
	for _, m := range page.Items {
		if now.Before(m.Until) {
			caller.Wards[m.Principal] = models.Actor{Person: m.Principal, Agent: p.ID, Role: models.Resident, Region: m.Region}
			caller.Scopes[m.Principal] = m.Scope
		}
	}
	return nil
}

// covers says whether the caller's mandate for a ward covers action. Identity itself is never handed on.
func (c Caller) covers(ward string, action Action) bool {
	scope, limited := c.Scopes[ward]
	return !limited || identity.Covers(scope, string(action))
}

// Forget makes the next request of a session, a client or a person be read afresh, and of who acts for that person. Whoever
// ends a session, stops a client, changes offices or mandates or lets a person leave calls it.
func (a *Callers) Forget(id string) {
	a.changes.Add(1)
	a.standing.drop(func(key string, s standing) bool {
		_, ward := s.caller.Wards[id]
		return key == id || s.person == id || ward
	})
}

// cache keeps the most recently added values, between max and twice that. The zero cache is empty.
type cache[K comparable, V any] struct {
	mu         sync.RWMutex
	fresh, old map[K]V
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.fresh[k]
	if !ok {
		v, ok = c.old[k]
	}
	return v, ok
}

func (c *cache[K, V]) put(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fresh == nil || len(c.fresh) >= maxTokens {
		c.fresh, c.old = map[K]V{}, c.fresh
	}
	c.fresh[k] = v
}

func (c *cache[K, V]) remove(k K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fresh, k)
	delete(c.old, k)
}

func (c *cache[K, V]) drop(gone func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []map[K]V{c.fresh, c.old} {
		for k, v := range m {
			if gone(k, v) {
				delete(m, k)
			}
		}
	}
}
