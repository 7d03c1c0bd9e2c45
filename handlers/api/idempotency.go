package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"xinyi/models"
	"xinyi/store"
)

// answer is what was answered to a request with an Idempotency-Key. Its id is a hash of who asked, the method, the path
// and the key, so nobody can be answered with somebody else's.
type answer struct {
	models.Meta `bson:",inline"`
	Body        string        `bson:"body"` // keyed hash of the request's body
	Claim       string        `bson:"claim"`
	Until       time.Time     `bson:"until"`  // while running: when the claim may be taken over
	Status      int           `bson:"status"` // 0 = running
	Kind        string        `bson:"kind,omitempty"`
	ETag        string        `bson:"etag,omitempty"`
	Location    string        `bson:"location,omitempty"`
	Answer      models.Secret `bson:"answer,omitempty"` // sealed like all that is personal
}

// lease is how long a running request holds its key. It is longer than any deadline, so a claim that outlives it has crashed.
const lease = 30 * time.Second

// A claim is the right to run a request with a key, once.
type claim struct {
	answers *store.Repo[answer]
	want    answer
	record  *answer // as this request saved it, once it holds the key
	now     time.Time
	held    bool
}

func (r *Router) claim(rq *Request, rt *route, body []byte) *claim {
	id := sha256.Sum256([]byte(rq.scope))
	gone := rq.Now.Add(rt.keeps)
	return &claim{answers: r.answers, now: rq.Now, want: answer{
		Meta: models.Meta{ID: base64.RawURLEncoding.EncodeToString(id[:]), GoneAt: models.At(gone)},
		Body: r.Cfg.Store.Keys.Hash(models.NewSecret(string(body))), Claim: rq.ID, Until: rq.Now.Add(max(lease, rt.within+lease/3)),
	}}
}

// take claims the key. It answers the first answer when there is one.
// Errors: Denied "idempotency.other_body", Conflict "idempotency.running".
func (c *claim) take(ctx context.Context) (*answered, error) {
	for range 3 { // the record may go between two looks
		fresh := c.want
		err := c.answers.Insert(ctx, &fresh)
		if err == nil {
			c.held, c.record = true, &fresh
			return nil, nil
		}
		if !errors.Is(err, models.Conflict) {
			return nil, err
		}
		kept, err := c.look(ctx)
		if !errors.Is(err, models.NotFound) {
			return kept, err
		}
	}
	return nil, running(time.Second)
}

// look decides by the record that is there: replay it, refuse, or take over what crashed or is out of date.
func (c *claim) look(ctx context.Context) (*answered, error) {
	var kept *answered
	record, err := c.answers.Update(ctx, c.want.ID, func(a *answer) error {
		kept = nil
		if a.GoneAt == nil || a.GoneAt.After(c.now) {
			switch {
			case a.Body != c.want.Body:
				return models.E(models.Denied, "idempotency.other_body")
			case a.Status != 0:
				kept = &answered{status: a.Status, kind: a.Kind, etag: a.ETag, location: a.Location, body: []byte(a.Answer.Reveal()), replayed: true}
				return store.Unchanged()
			case a.Until.After(c.now):
				return running(a.Until.Sub(c.now))
			}
		}
		head := a.Meta
		head.GoneAt = c.want.GoneAt
		*a = c.want
		a.Meta = head
		return nil
	})
	c.held, c.record = err == nil && kept == nil, record
	return kept, err
}

func running(wait time.Duration) error {
	e := models.E(models.Conflict, "idempotency.running")
	e.RetryAfter = min(max(wait, time.Second), 2*time.Second)
	return e
}

// done keeps what was answered, or frees the key when a retry may end otherwise. It works even after the deadline.
func (c *claim) done(ctx context.Context, a answered) error {
	if !c.held {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	lost := errors.New("somebody took the claim over")
	_, err := c.answers.UpdateFrom(ctx, c.record, func(kept *answer) error {
		if kept.Claim != c.want.Claim || kept.Status != 0 {
			return lost
		}
		if !lasting(a.status) {
			kept.Until = c.now // free: the next try takes it over
			kept.GoneAt = models.At(c.now)
			return nil
		}
		kept.Status, kept.Kind, kept.ETag, kept.Location, kept.Answer = a.status, a.kind, a.etag, a.location, models.NewSecret(string(a.body))
		return nil
	})
	if errors.Is(err, lost) {
		return nil
	}
	return err
}

// lasting says whether an answer is kept: a success or a refusal by rule, not what waiting or reading again may change.
func lasting(status int) bool {
	return status < 500 && status != http.StatusTooManyRequests && status != http.StatusPreconditionFailed
}
