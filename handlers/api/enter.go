package api

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"xinyi/models"
)

// enter finds out who asks, counts the call and checks the permission.
func (r *Router) enter(ctx context.Context, c *fiber.Ctx, rt *route, rq *Request) error {
	if rt.Open {
		return r.count(c, rt, r.fromAddress(rq), rq)
	}
	err := r.known(ctx, c, rt, rq)
	if errors.Is(err, models.Unauthenticated) { // a wrong token costs us as much as a right one: it counts for where it comes from
		err = cmp.Or(r.count(c, rt, r.fromAddress(rq), rq), err)
	}
	return err
}

// known is enter for a route that is not open.
func (r *Router) known(ctx context.Context, c *fiber.Ctx, rt *route, rq *Request) error {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		return models.E(models.Unauthenticated, "unauthenticated")
	}
	caller, err := r.Cfg.Auth.Authenticate(ctx, strings.Clone(strings.TrimSpace(token)))
	if err == nil && len(caller.Actors) == 0 {
		err = models.E(models.Unauthenticated, "unauthenticated")
	}
	if err != nil {
		if errors.Is(err, models.Unauthenticated) {
			c.Set(fiber.HeaderWWWAuthenticate, `Bearer error="invalid_token"`)
		}
		return err
	}
	name, rate := "person", r.limits.rates.Person
	if caller.Actors[0].Client != "" {
		name, rate = "client", r.limits.rates.Client
	}
	if err := r.count(c, rt, counted{name, caller.Actors[0].Principal(), rate}, rq); err != nil {
		return err
	}
	rq.Caller = caller
	rq.Actor, err = rt.admits(caller, strings.Clone(c.Get(headerAs)), strings.Clone(c.Get(headerFor)))
	return err
}

// admits picks who of caller acts, as acting does, within what may be and was handed on. Errors: Forbidden.
func (rt *route) admits(caller Caller, as, ward string) (models.Actor, error) {
	a, err := acting(caller, rt.roles, as, ward)
	if err == nil && ward != "" {
		err = rt.lets(caller.Wards[ward])
	}
	return a, err
}

// counted is whose calls are counted, and how many there may be.
type counted struct {
	name, who string
	rate      Rate
}

// fromAddress is the quota of where a request comes from.
func (r *Router) fromAddress(rq *Request) counted {
	return counted{"address", "address/" + rq.Address, r.limits.rates.Address}
}

// count takes from the caller's quota, and from the route's own when it has one. rt is nil for what is none of ours.
func (r *Router) count(c *fiber.Ctx, rt *route, of counted, rq *Request) error {
	now := rq.Now
	if r.Cfg.Steady != nil {
		now = r.Cfg.Steady()
	}
	q := r.limits.take(of.name, of.who, of.rate, now)
	if rt != nil && rt.limit != nil && !q.over {
		q = r.limits.take("route", of.who+" "+rt.Name(), *rt.limit, now)
	}
	if q.rate.N > 0 {
		policy, state := q.headers()
		c.Set("RateLimit-Policy", policy)
		c.Set("RateLimit", state)
	}
	return q.err()
}

// acting picks who acts: the ward that is named, else the first of the caller's actors with one of roles, of those that
// as (a role or an organisation) names. Errors: Forbidden.
func acting(caller Caller, roles []models.Role, as, ward string) (models.Actor, error) {
	candidates := caller.Actors
	if ward != "" {
		w, ok := caller.Wards[ward]
		if !ok {
			return models.Actor{}, models.E(models.Forbidden, "auth.not_your_ward")
		}
		candidates = []models.Actor{w.Actor}
	}
	for _, a := range candidates {
		if a.Is(roles...) && (as == "" || as == string(a.Role) || as == a.Org) {
			return a, nil
		}
	}
	return models.Actor{}, models.E(models.Forbidden, "forbidden")
}
