// Package journal serves events nobody could take (死信).
package journal

import (
	"context"
	"time"

	"xinyi/handlers/api"
	"xinyi/models/journal"
	"xinyi/store"
)

// Handler lets the operator decide on events a subscriber could not take.
type Handler struct{ Lost *store.Repo[journal.Lost] }

// Mount names the routes. They are asked on the operators' listener alone.
func (h Handler) Mount(r *api.Router) {
	api.Get(r, "/events/dead", h.list, mayEventsDeadRead, api.Inside)
	api.Post(r, "/events/dead/{id}/replay", h.replay, mayEventsDeadDecide, api.Inside)
	api.Post(r, "/events/dead/{id}/drop", h.drop, mayEventsDeadDecide, api.Inside)
}

type deadRequest struct {
	api.PageQuery
	State string `query:"state" validate:"omitempty,oneof=DEAD REPLAYING REPLAYED DROPPED"`
}

type deadIDRequest struct {
	ID string `path:"id" validate:"required,max=64"`
}

type dropRequest struct {
	ID     string `path:"id" validate:"required,max=64"`
	Reason string `json:"reason" validate:"required,max=500"`
}

type deadView struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Event      string    `json:"event"`
	Kind       string    `json:"kind"`
	Subject    string    `json:"subject" personal:"false"`
	Subscriber string    `json:"subscriber"`
	Code       string    `json:"code"`
	Error      string    `json:"error"`
	Tries      int       `json:"tries"`
	HappenedAt time.Time `json:"happenedAt"`
	At         time.Time `json:"at"`
}

// viewDead leaves out the person and the data: an operator sees no personal data.
func viewDead(l *journal.Lost) deadView {
	return deadView{
		ID: l.ID, State: string(l.State), Event: l.Event.ID, Kind: l.Event.Kind, Subject: l.Event.Subject,
		Subscriber: l.Subscriber, Code: string(l.Code), Error: l.Error, Tries: l.Tries, HappenedAt: l.Event.At, At: l.At,
	}
}

func (h Handler) list(ctx context.Context, _ api.Request, in deadRequest) (api.List[deadView], error) {
	state := journal.Dead
	if in.State != "" {
		state = journal.DeadState(in.State)
	}
	return api.Found(ctx, h.Lost, store.DeadIn(state), in.PageQuery, viewDead)
}

// replay answers how it came out: the relay has told the event by the time Update is back.
func (h Handler) replay(ctx context.Context, rq api.Request, in deadIDRequest) (deadView, error) {
	if _, err := h.Lost.Update(ctx, in.ID, func(l *journal.Lost) error { return l.Replay(rq.Actor, rq.Now) }); err != nil {
		return deadView{}, err
	}
	l, err := h.Lost.Get(ctx, in.ID)
	if err != nil {
		return deadView{}, err
	}
	return viewDead(l), nil
}

func (h Handler) drop(ctx context.Context, rq api.Request, in dropRequest) (deadView, error) {
	l, err := h.Lost.Update(ctx, in.ID, func(l *journal.Lost) error { return l.Drop(rq.Actor, in.Reason, rq.Now) })
	if err != nil {
		return deadView{}, err
	}
	return viewDead(l), nil
}
