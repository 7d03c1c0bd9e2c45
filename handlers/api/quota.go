package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"time"

	"xinyi/models"
)

// A Made is a kind of thing that people make, of which each may make so many a day.
type Made string

// The kinds.
const (
	Uploads      Made = "uploads" // bytes count, too
	Cases        Made = "cases"   // objections, repairs, reviews, challenges, erasure
	Nominations  Made = "nominations"
	Applications Made = "applications" // loans, evaluations, corrections, drafts
	Mandates     Made = "mandates"     // and agents, and organisations claimed
	Devices      Made = "devices"
	Claims       Made = "claims" // of offers, and waits
	Consents     Made = "consents"
	Papers       Made = "papers" // reports, codes and papers made out
	Payments     Made = "payments"
	Ballots      Made = "ballots" // votes, surveys, scans
)

// A Ration is what one person may make of a kind in a day of Asia/Shanghai. 0 is no bound.
type Ration struct {
	Count int
	Bytes int
}

// Quotas are the rations of all kinds. Who acts for an office has Office times as much; a partner's system is bounded by its rate
// alone: a hospital has as many patients as come.
type Quotas struct {
	Uploads, Cases, Nominations, Applications, Mandates, Devices, Claims, Consents, Papers, Payments, Ballots Ration

	Office int
}

// StandardQuotas leave every honest day alone. Our assumption, to be set per city (POLICY_PATH).
var StandardQuotas = Quotas{
	Uploads: Ration{Count: 60, Bytes: 64 << 20}, Cases: Ration{Count: 30}, Nominations: Ration{Count: 20}, Applications: Ration{Count: 40},
	Mandates: Ration{Count: 20}, Devices: Ration{Count: 100}, Claims: Ration{Count: 60}, Consents: Ration{Count: 60},
	Papers: Ration{Count: 200}, Payments: Ration{Count: 200}, Ballots: Ration{Count: 200}, Office: 50,
}

// of is the ration of a kind; false for a kind there is not.
func (q Quotas) of(kind Made) (Ration, bool) {
	r, ok := map[Made]Ration{
		Uploads: q.Uploads, Cases: q.Cases, Nominations: q.Nominations, Applications: q.Applications, Mandates: q.Mandates, Devices: q.Devices,
		Claims: q.Claims, Consents: q.Consents, Papers: q.Papers, Payments: q.Payments, Ballots: q.Ballots,
	}[kind]
	return r, ok
}

// Quota counts what the route makes as one of a kind: what is over a person's ration of the day is refused. What is refused for
// another reason, or was answered before, does not count.
func Quota(kind Made) Option { return func(rt *route) { rt.Quota = kind } }

// Makes says whether a call leaves something behind that was not there: such a route has a quota.
func (rt *route) Makes() bool {
	return rt.status == http.StatusCreated || rt.plan.raw != nil
}

// Admits says whether a role may call the route.
func (rt *route) Admits(role models.Role) bool { return slices.Contains(rt.roles, role) }

// tally is what one person made of one kind on one day. Its id is a hash of the three.
type tally struct {
	models.Meta `bson:",inline"`
	Count       int `bson:"count"`
	Bytes       int `bson:"bytes"`
}

// ration takes one of a size from the caller's ration of the day. back gives it back.
//
// Errors: Limited "quota.used_up", "quota.bytes_used_up".
func (r *Router) ration(ctx context.Context, rt *route, rq *Request, size int) (back func(), err error) {
	most, _ := r.Cfg.Quotas.of(rt.Quota)
	a := rq.Actor
	if rt.Quota == "" || a.Client != "" || r.limits.rates.Off || most == (Ration{}) {
		return func() {}, nil
	}
	if a.Role != models.Resident && a.Role != models.Business {
		most.Count, most.Bytes = most.Count*max(1, r.Cfg.Quotas.Office), most.Bytes*max(1, r.Cfg.Quotas.Office)
	}
	today := models.DayOf(rq.Now)
	ends := today.Add(1).Clock(0, 0)
	sum := sha256.Sum256([]byte(string(rt.Quota) + "\x00" + string(today) + "\x00" + a.Principal()))
	id := base64.RawURLEncoding.EncodeToString(sum[:])
	add := func(ctx context.Context, n, bytes int) error {
		return r.counted(ctx, id, ends, func(t *tally) error {
			if n > 0 && (most.Count > 0 && t.Count+n > most.Count || most.Bytes > 0 && t.Bytes+bytes > most.Bytes) {
				return most.usedUp(ends.Sub(rq.Now))
			}
			t.Count, t.Bytes = max(0, t.Count+n), max(0, t.Bytes+bytes)
			return nil
		})
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := add(ctx, -1, -size); err != nil {
			r.Cfg.Log.Warn("a ration was not given back", "request", rq.ID, "err", err)
		}
	}, add(ctx, 1, size)
}

// counted changes a tally, which is there from the first of its day on until a day after its end.
func (r *Router) counted(ctx context.Context, id string, ends time.Time, change func(*tally) error) error {
	for {
		_, err := r.tallies.Update(ctx, id, change)
		if !errors.Is(err, models.NotFound) {
			return err
		}
		fresh := &tally{Meta: models.Meta{ID: id, GoneAt: models.At(ends.Add(24 * time.Hour))}}
		if err := r.tallies.Insert(ctx, fresh); err != nil && !errors.Is(err, models.Conflict) {
			return err
		}
	}
}

// usedUp says what the bound is, and when the next day begins.
func (most Ration) usedUp(wait time.Duration) error {
	reason := "quota.used_up"
	if most.Bytes > 0 {
		reason = "quota.bytes_used_up"
	}
	e := models.E(models.Limited, reason).With("count", Itoa(most.Count)).With("megabytes", Itoa(most.Bytes>>20))
	e.RetryAfter = max(wait, time.Second)
	return e
}
