package handlers

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Identity serves signing in, one's own real name and devices, and who acts for whom.
type Identity struct {
	store.Identity
	Tokens   *Tokens
	Callers  *Callers
	Policy   identity.Policy
	SMS      CodeSender // nil: no channel, so no codes
	RealName Verifier   // nil: nobody can be bound
	OIDC     *OIDC      // nil: no outside sign-in
	Looks    *Looks

	// Ties say what holds a person back from closing the account: the key of a clause, "" for nothing.
	Ties []func(ctx context.Context, person string) (reason string, err error)
}

// A CodeSender brings a one-time code to a phone. It must not log the code.
type CodeSender interface {
	SendCode(ctx context.Context, phone models.Secret, code, lang string, life time.Duration) error
}

// Mount names every route of identity.
func (h Identity) Mount(r *Router) {
	r.App().Get("/.well-known/jwks.json", func(c *fiber.Ctx) error { return c.JSON(h.Tokens.JWKS()) })
	r.App().Post("/v1/auth/token", formToken)

	Post(r, "/auth/codes", h.sendCode, Does("Send a one-time code to a phone", "The answer is the same whether or not the phone is known."),
		Open(), Answers(fiber.StatusAccepted), Limit(time.Hour, max(h.Policy.FromAddress, 1)))
	Post(r, "/auth/sessions", h.signIn, Does("Sign in with a phone and its code"), Open(), Limit(time.Minute, 60))
	Post(r, "/auth/sessions/refresh", h.refresh, Does("Change a refresh token for a new one and an access token",
		"A refresh token is good once. The one before stays good for half a minute; later it ends the session on every holder."), Open(), Limit(time.Minute, 120))
	Post(r, "/auth/oidc", h.signInOIDC, Does("Sign in with an ID token of a known issuer"), Open(), Limit(time.Minute, 60))
	Post(r, "/auth/token", h.token, Does("Sign a partner's system in",
		"JSON {clientId, clientSecret} answers in our names; grant_type=client_credentials, as JSON or as the form of RFC 6749 with HTTP Basic or client_id and client_secret, answers in the names of that RFC."),
		Open(), Limit(time.Minute, 120))

	Get(r, "/me", h.me, Does("Who I am"), May("identity.me.read"), Tag("me"))
	Delete(r, "/me", h.leave, Does("Close my account, for good", "Refused (422) while something is owed or open; clauses say what. All devices are signed out, and whoever signs in with the phone later is a new person."),
		May("identity.me.leave"), Tag("me"))
	Post(r, "/me/identity", h.bind, Does("Bind my real name", "Once, for good; at most a few tries a day."), May("identity.me.bind"))
	Get(r, "/me/sessions", h.sessions, Does("Where I am signed in"), May("identity.sessions.read"))
	Delete(r, "/me/sessions/{id}", h.endSession, Does("Sign a device out"), May("identity.sessions.end"))
	Delete(r, "/me/sessions", h.endOthers, Does("Sign all other devices out"), May("identity.sessions.end"))
	h.mountMandates(r)
}

type membershipView struct {
	ID      string        `json:"id"`
	Role    models.Role   `json:"role"`
	Org     string        `json:"org"`
	OrgName string        `json:"orgName"`
	Region  models.Region `json:"region"`
}

type personView struct {
	ID       string            `json:"id"`
	Phone    string            `json:"phone" description:"Masked"`
	Name     string            `json:"name" description:"Masked, but in full for oneself; empty until bound"`
	IDNumber string            `json:"idNumber" description:"Masked; empty until bound"`
	Standing identity.Standing `json:"standing"`
	Region   models.Region     `json:"region"`
	Minor    bool              `json:"minor" description:"Known to be under eighteen"`
	Adult    bool              `json:"adult" description:"Bound and eighteen or older"`
	Locale   string            `json:"locale"`
}

func viewPerson(p *identity.Person, now time.Time) personView {
	today := models.DayOf(now)
	return personView{
		ID: p.ID, Phone: p.Phone.String(), Name: p.Name.String(), IDNumber: p.IDNumber.String(), Standing: p.State,
		Region: p.Region, Minor: p.Minor(today), Adult: p.Adult(today), Locale: p.Locale,
	}
}

func viewMemberships(p *identity.Person, now time.Time) []membershipView {
	views := []membershipView{}
	for _, m := range p.Memberships {
		if m.Holds(now) {
			views = append(views, membershipView{m.ID, m.Role, m.Org, m.OrgName, m.Region})
		}
	}
	return views
}

type meView struct {
	personView
	Memberships []membershipView `json:"memberships"`
}

func viewMe(p *identity.Person, now time.Time) meView {
	v := meView{viewPerson(p, now), viewMemberships(p, now)}
	v.Name = p.Name.Reveal()
	return v
}

func (h Identity) me(ctx context.Context, rq Request, _ struct{}) (meView, error) {
	p, err := here(h.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return meView{}, err
	}
	return viewMe(p, rq.Now), nil
}

// own refuses whoever acts for somebody else: identity is never handed on.
func own(rq Request) error {
	if rq.Actor.Agent != "" || rq.Actor.Person == "" {
		return models.E(models.Forbidden, "identity.own_only")
	}
	return nil
}

type bindRequest struct {
	Name     string `json:"name" validate:"required,max=50"`
	IDNumber string `json:"idNumber" validate:"required,cnid"`
}

func (h Identity) bind(ctx context.Context, rq Request, in bindRequest) (meView, error) {
	if err := own(rq); err != nil {
		return meView{}, err
	}
	n, err := models.ParseIDNumber(in.IDNumber)
	if err != nil {
		return meView{}, err
	}
	p, err := here(h.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return meView{}, err
	}
	if p.State == identity.Bound { // the same again is answered, anything else refused, and no verifier is asked
		if err := p.Bind(in.Name, n, p.Verified, rq.Now); err != nil {
			return meView{}, err
		}
		return viewMe(p, rq.Now), nil
	}
	if _, err = h.People.Update(ctx, p.ID, func(p *identity.Person) error { return p.TryBinding(h.Policy.BindTries, rq.Now) }); err != nil {
		return meView{}, err
	}
	ev, err := h.verify(ctx, in.Name, n, rq.Now)
	if err != nil {
		return meView{}, err
	}
	p, err = h.People.Update(ctx, p.ID, func(p *identity.Person) error { return p.Bind(in.Name, n, ev, rq.Now) })
	if models.CodeOf(err) == models.Conflict { // the unique index: somebody else has it, and nobody learns who
		err = models.E(models.Conflict, "identity.number_in_use")
	}
	if err != nil {
		return meView{}, err
	}
	h.Callers.Forget(p.ID)
	return viewMe(p, rq.Now), nil
}

func (h Identity) verify(ctx context.Context, name string, n models.IDNumber, now time.Time) (identity.Evidence, error) {
	if h.RealName == nil {
		return identity.Evidence{}, models.E(models.Unavailable, "identity.no_verifier")
	}
	ev, err := h.RealName.Verify(ctx, name, n)
	ev.At = now
	return ev, err
}

type sessionView struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	Method    string    `json:"method" enum:"code,oidc"`
	StartedAt time.Time `json:"startedAt"`
	UsedAt    time.Time `json:"usedAt"`
	EndsAt    time.Time `json:"endsAt"`
	Current   bool      `json:"current" description:"The session of this request"`
}

func (h Identity) sessions(ctx context.Context, rq Request, in PageQuery) (List[sessionView], error) {
	if err := own(rq); err != nil {
		return List[sessionView]{}, err
	}
	page, err := h.Sessions.Find(ctx, store.SessionsOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	return Listed(page, func(s *identity.Session) sessionView {
		return sessionView{s.ID, s.Device, s.Method, s.StartedAt, s.UsedAt, *models.Earliest(&s.IdleAt, &s.EndsAt), s.ID == rq.Caller.Session}
	}), err
}

type idRequest struct {
	ID string `path:"id" validate:"required,max=100"`
}

func (h Identity) endSession(ctx context.Context, rq Request, in idRequest) (None, error) {
	if err := own(rq); err != nil {
		return None{}, err
	}
	return None{}, h.end(ctx, rq, in.ID)
}

func (h Identity) end(ctx context.Context, rq Request, id string) error {
	why := identity.EndedByOther
	if id == rq.Caller.Session {
		why = identity.EndedBySelf
	}
	_, err := h.Sessions.Update(ctx, id, func(s *identity.Session) error {
		if s.Person == rq.Actor.Person && s.State == identity.Ended {
			return store.Unchanged()
		}
		return s.End(rq.Actor, why, rq.Now)
	})
	if err == nil {
		h.Callers.Forget(id)
	}
	return err
}

func (h Identity) endOthers(ctx context.Context, rq Request, _ struct{}) (None, error) {
	if err := own(rq); err != nil {
		return None{}, err
	}
	var ids []string
	_, err := h.Sessions.Each(ctx, store.SessionsOf(rq.Actor.Person), func(s *identity.Session) error {
		if s.ID != rq.Caller.Session {
			ids = append(ids, s.ID)
		}
		return nil
	})
	for _, id := range ids {
		err = errors.Join(err, h.end(ctx, rq, id))
	}
	return None{}, err
}

// Portions are what an export holds of the account.
func (h Identity) Portions() []Portion {
	return []Portion{
		Single("account", false, func(ctx context.Context, rq Request) (meView, error) { return h.me(ctx, rq, struct{}{}) }),
		Listing("sessions", false, h.sessions),
		Listing("mandates", false, func(ctx context.Context, rq Request, p PageQuery) (List[mandateView], error) {
			return h.mandates(ctx, rq, mandatesRequest{PageQuery: p})
		}),
	}
}
