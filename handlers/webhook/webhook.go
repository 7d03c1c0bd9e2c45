// Package webhook serves partners' systems that hear of events (事件回调).
package webhook

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/webhook"
	"xinyi/store"
)

// Handler is where partners' systems say where they want to hear of events.
type Handler struct {
	Endpoints  *store.Repo[webhook.Endpoint]
	Deliveries *store.Repo[delivery.Delivery]
	Check      func(url string) error // says whether one may send there
	Pinger     interface {
		Ping(ctx context.Context, e *webhook.Endpoint, id string, body []byte) webhook.Answer
	}
	Kick func() // says that something is due now
}

// Bounds of a redelivery.
const (
	redeliverSpan = 30 * 24 * time.Hour
	mostRedeliver = 1000
)

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/webhooks", h.list, mayRead)
	api.Post(r, "/webhooks", h.create, mayOwn, api.Creates)
	api.Get(r, "/webhooks/kinds", h.kinds, mayOwn)
	api.Get(r, "/webhooks/{id}", h.get, mayRead)
	api.Put(r, "/webhooks/{id}", h.change, mayOwn)
	api.Get(r, "/webhooks/{id}/keys", h.keys, mayOwn)
	api.Post(r, "/webhooks/{id}/rotate", h.rotate, mayOwn, api.Moves)
	api.Post(r, "/webhooks/{id}/enable", h.enable, mayRead)
	api.Post(r, "/webhooks/{id}/disable", h.disable, mayRead)
	api.Post(r, "/webhooks/{id}/ping", h.ping, mayOwn, api.Limit(time.Minute, 10), api.Within(25*time.Second))
	api.Get(r, "/webhooks/{id}/deliveries", h.deliveries, mayRead)
	api.Post(r, "/webhooks/{id}/redeliver", h.redeliver, mayOwn, api.Within(30*time.Second))
}

type endpointID struct {
	ID string `path:"id" validate:"required,max=64"`
}

type endpointBody struct {
	URL   string   `json:"url" validate:"required,max=2048"`
	Kinds []string `json:"kinds,omitempty" validate:"max=50" description:"None: all there are for my system"`
}

type endpointsRequest struct {
	api.PageQuery
	State webhook.State `query:"state" validate:"omitempty,known" description:"For operators"`
}

type endpointView struct {
	ID           string        `json:"id"`
	Client       string        `json:"client"`
	URL          string        `json:"url" description:"An operator sees its host alone"`
	Kinds        []string      `json:"kinds" description:"None: all there are"`
	State        webhook.State `json:"state"`
	Why          string        `json:"why" description:"Why it is disabled"`
	FailingSince *time.Time    `json:"failingSince,omitempty" description:"Nothing has come through since"`
	Revision     int64         `json:"revision"`
}

// Revised is for ETag and If-Match.
func (v endpointView) Revised() int64 { return v.Revision }

// viewEndpoint shows an operator the host alone: a path may be somebody's secret.
func viewEndpoint(rq api.Request) func(*webhook.Endpoint) endpointView {
	return func(e *webhook.Endpoint) endpointView {
		v := endpointView{ID: e.ID, Client: e.Client, URL: e.URL, Kinds: e.Kinds, State: e.State, FailingSince: e.FailingSince,
			Revision: e.Revision}
		if v.Kinds == nil {
			v.Kinds = []string{}
		}
		if e.State == webhook.Disabled {
			v.Why = e.Moved.Reason
		}
		if u, err := url.Parse(e.URL); err == nil && rq.Actor.Is(models.Operator) {
			v.URL = u.Scheme + "://" + u.Host
		}
		return v
	}
}

func (h Handler) list(ctx context.Context, rq api.Request, in endpointsRequest) (api.List[endpointView], error) {
	q := store.EndpointsOf(rq.Actor.Client)
	if rq.Actor.Is(models.Operator) {
		if in.State == "" {
			in.State = webhook.Active
		}
		q = store.EndpointsIn(in.State)
	}
	return api.Found(ctx, h.Endpoints, q, in.PageQuery, viewEndpoint(rq))
}

// seeds are the random bytes of new keys.
func seeds() webhook.Seeds {
	s := webhook.Seeds{HMAC: make([]byte, 32), Ed: make([]byte, 32)}
	_, _ = rand.Read(s.HMAC) // never fails
	_, _ = rand.Read(s.Ed)
	return s
}

func (h Handler) create(ctx context.Context, rq api.Request, in endpointBody) (endpointView, error) {
	if err := h.Check(in.URL); err != nil {
		return endpointView{}, err
	}
	id := rq.NewID()
	n, err := h.Endpoints.Count(ctx, store.EndpointsOf(rq.Actor.Client))
	if err != nil {
		return endpointView{}, err
	}
	if n >= webhook.Most {
		full := models.E(models.Conflict, "webhook.too_many")
		full.Args = map[string]string{"most": strconv.Itoa(webhook.Most)}
		return endpointView{}, full
	}
	e, err := webhook.New(id, rq.Actor, webhook.Wish(in), seeds(), rq.Now)
	if err != nil {
		return endpointView{}, err
	}
	err = h.Endpoints.Insert(ctx, e)
	if errors.Is(err, models.Conflict) { // the same request came through before
		e, err = h.near(ctx, rq, id)
	}
	if err != nil {
		return endpointView{}, err
	}
	return viewEndpoint(rq)(e), nil
}

type kindsView struct {
	Kinds []string `json:"kinds"`
}

func (h Handler) kinds(_ context.Context, rq api.Request, _ struct{}) (kindsView, error) {
	return kindsView{append([]string{webhook.Ping()}, webhook.KindsFor(rq.Actor.Role)...)}, nil
}

// near is an endpoint the caller may see. Errors: NotFound.
func (h Handler) near(ctx context.Context, rq api.Request, id string) (*webhook.Endpoint, error) {
	e, err := h.Endpoints.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return e, e.Near(rq.Actor)
}

func (h Handler) get(ctx context.Context, rq api.Request, in endpointID) (endpointView, error) {
	e, err := h.near(ctx, rq, in.ID)
	if err != nil {
		return endpointView{}, err
	}
	return viewEndpoint(rq)(e), nil
}

// act changes an endpoint.
func (h Handler) act(ctx context.Context, rq api.Request, id string, do func(*webhook.Endpoint) error) (endpointView, error) {
	e, err := h.Endpoints.Update(ctx, id, func(e *webhook.Endpoint) error {
		if err := e.Near(rq.Actor); err != nil {
			return err
		}
		if err := rq.Fresh(e.Revision); err != nil {
			return err
		}
		return do(e)
	})
	if err != nil {
		return endpointView{}, err
	}
	return viewEndpoint(rq)(e), nil
}

type changeEndpointRequest struct {
	endpointID
	endpointBody
}

func (h Handler) change(ctx context.Context, rq api.Request, in changeEndpointRequest) (endpointView, error) {
	if err := h.Check(in.URL); err != nil {
		return endpointView{}, err
	}
	return h.act(ctx, rq, in.ID, func(e *webhook.Endpoint) error { return e.Change(rq.Actor, webhook.Wish(in.endpointBody), rq.Now) })
}

type keysView struct {
	HMAC    []string `json:"hmac" description:"whsec_, the newest first: keep them secret"`
	Ed25519 []string `json:"ed25519" description:"whpk_, the newest first"`
}

func (h Handler) keys(ctx context.Context, rq api.Request, in endpointID) (keysView, error) {
	e, err := h.near(ctx, rq, in.ID)
	if err != nil {
		return keysView{}, err
	}
	v := keysView{Ed25519: e.Public(rq.Now)}
	hmac, _ := e.Signing(rq.Now)
	for _, k := range hmac {
		v.HMAC = append(v.HMAC, k.Reveal())
	}
	return v, nil
}

type rotateRequest struct {
	endpointID
	OverlapHours int `json:"overlapHours" validate:"gte=0,lte=168" description:"How long the old keys sign beside the new"`
}

func (h Handler) rotate(ctx context.Context, rq api.Request, in rotateRequest) (endpointView, error) {
	s := seeds()
	return h.act(ctx, rq, in.ID, func(e *webhook.Endpoint) error {
		return e.Rotate(rq.Actor, s, time.Duration(in.OverlapHours)*time.Hour, rq.Now)
	})
}

func (h Handler) enable(ctx context.Context, rq api.Request, in endpointID) (endpointView, error) {
	return h.act(ctx, rq, in.ID, func(e *webhook.Endpoint) error { return e.Enable(rq.Actor, rq.Now) })
}

type disableRequest struct {
	endpointID
	Reason string `json:"reason" validate:"required,max=200"`
}

func (h Handler) disable(ctx context.Context, rq api.Request, in disableRequest) (endpointView, error) {
	return h.act(ctx, rq, in.ID, func(e *webhook.Endpoint) error { return e.Disable(rq.Actor, in.Reason, rq.Now) })
}

type pingView struct {
	OK           bool   `json:"ok"`
	Status       int    `json:"status" description:"Of HTTP; 0 when there was no answer"`
	Milliseconds int64  `json:"milliseconds"`
	Problem      string `json:"problem" description:"Empty when it came through"`
}

func (h Handler) ping(ctx context.Context, rq api.Request, in endpointID) (pingView, error) {
	e, err := h.near(ctx, rq, in.ID)
	if err != nil {
		return pingView{}, err
	}
	body, err := json.Marshal(map[string]any{"type": webhook.Ping(), "timestamp": rq.Now.Format(time.RFC3339),
		"data": map[string]string{"endpoint": e.ID}})
	if err != nil {
		return pingView{}, models.E(models.Internal, "internal", err)
	}
	a := h.Pinger.Ping(ctx, e, rq.NewID(), body)
	return pingView{OK: a.Problem == "", Status: a.Status, Milliseconds: a.Took.Milliseconds(), Problem: a.Problem}, nil
}
