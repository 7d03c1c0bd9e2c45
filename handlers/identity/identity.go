// Package identity serves sign in at, and to people, offices, systems, mandates (身份).
package identity

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/store"
)

// Handler serves signing in, one's own real name and devices, and who acts for whom.
type Handler struct {
	store.Identity
	Tokens   *Tokens
	Callers  *Callers
	Policy   identity.Policy
	SMS      CodeSender // nil: no channel, so no codes
	RealName Verifier   // nil: nobody can be bound
	OIDC     *OIDC      // nil: no outside sign-in
	Log      *api.AccessLog

	Alarm func(ctx context.Context, budget string) // a budget of codes is used up; nil: nobody hears of it

	Ties func() []Tie // what capabilities say holds a person back from closing the account

	scopes func(identity.MandateKind) []string // what a mandate may cover, by the routes that are mounted
}

// A CodeSender brings a one-time code to a phone. It must not log the code.
type CodeSender interface {
	SendCode(ctx context.Context, phone models.Secret, code, lang string, life time.Duration) error
}

// Mount names every route of identity.
func (h Handler) Mount(r *api.Router) {
	r.Page("/.well-known/jwks.json", func(c *fiber.Ctx) error { return c.JSON(h.Tokens.JWKS()) })
	r.App().Post("/v1/auth/token", formToken)

	api.Post(r, "/auth/codes", h.sendCode, api.Open(), api.Answers(fiber.StatusAccepted), api.Limit(time.Hour, max(h.Policy.FromAddress, 1)))
	api.Post(r, "/auth/sessions", h.signIn, api.Open(), api.Limit(time.Minute, 60))
	api.Post(r, "/auth/sessions/refresh", h.refresh, api.Open(), api.Limit(time.Minute, 120))
	api.Post(r, "/auth/oidc", h.signInOIDC, api.Open(), api.Limit(time.Minute, 60))
	api.Post(r, "/auth/token", h.token, api.Open(), api.Limit(time.Minute, 120))

	api.Get(r, "/me", h.me, mayMeRead, api.Tag("me"))
	api.Delete(r, "/me", h.leave, mayMeLeave, api.Tag("me"))
	api.Post(r, "/me/identity", h.bind, mayMeBind)
	api.Get(r, "/me/sessions", h.sessions, maySessionsRead)
	api.Delete(r, "/me/sessions/{id}", h.endSession, maySessionsEnd)
	api.Delete(r, "/me/sessions", h.endOthers, maySessionsEnd)
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
	ID       string               `json:"id"`
	Phone    string               `json:"phone" description:"Masked"`
	Name     string               `json:"name" description:"Masked, but in full for oneself; empty until bound"`
	IDNumber string               `json:"idNumber" description:"Masked; empty until bound"`
	Standing identity.PersonState `json:"standing"`
	Region   models.Region        `json:"region"`
	Minor    bool                 `json:"minor" description:"Known to be under eighteen"`
	Adult    bool                 `json:"adult" description:"Bound and eighteen or older"`
	Locale   string               `json:"locale"`
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

func (h Handler) me(ctx context.Context, rq api.Request, _ struct{}) (meView, error) {
	p, err := api.Here(h.People.Get(ctx, rq.Actor.Person))
	if err != nil {
		return meView{}, err
	}
	return viewMe(p, rq.Now), nil
}

type bindRequest struct {
	Name     string `json:"name" validate:"required,max=50"`
	IDNumber string `json:"idNumber" validate:"required,cnid"`
}

func (h Handler) bind(ctx context.Context, rq api.Request, in bindRequest) (meView, error) {
	n, err := models.ParseIDNumber(in.IDNumber)
	if err != nil {
		return meView{}, err
	}
	p, err := api.Here(h.People.Get(ctx, rq.Actor.Person))
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

func (h Handler) verify(ctx context.Context, name string, n models.IDNumber, now time.Time) (identity.Evidence, error) {
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

func (h Handler) sessions(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[sessionView], error) {
	page, err := h.Sessions.Find(ctx, store.SessionsOf(rq.Actor.Person).Page(in.Limit, in.Cursor))
	return api.Listed(page, func(s *identity.Session) sessionView {
		return sessionView{s.ID, s.Device, s.Method, s.StartedAt, s.UsedAt, *models.Earliest(&s.IdleAt, &s.EndsAt), s.ID == rq.Caller.Session}
	}), err
}

func (h Handler) endSession(ctx context.Context, rq api.Request, in api.IdRequest) (api.None, error) {
	return api.None{}, h.end(ctx, rq, in.ID)
}

func (h Handler) end(ctx context.Context, rq api.Request, id string) error {
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

func (h Handler) endOthers(ctx context.Context, rq api.Request, _ struct{}) (api.None, error) {
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
	return api.None{}, err
}

// Portions are what an export holds of the account.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{
		api.Single("account", false, func(ctx context.Context, rq api.Request) (meView, error) { return h.me(ctx, rq, struct{}{}) }).InPerson(),
		api.Listing("sessions", false, h.sessions).InPerson(),
		api.Listing("mandates", false, h.mandatesAs("agent")).InPerson(),
		api.Listing("mandatesGiven", false, h.mandatesAs("principal")).InPerson(),
	}
}
