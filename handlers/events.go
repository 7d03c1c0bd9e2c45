package handlers

import (
	"context"
	"time"

	"xinyi/models/journal"
	"xinyi/store"
)

// Events lets the operator decide on events a subscriber could not take.
type Events struct{ Lost *store.Repo[journal.Lost] }

// Mount names the routes.
func (h Events) Mount(r *Router) {
	Get(r, "/events/dead", h.list, Does("Events a subscriber gave up", "Without a state: those that wait for a decision"), May("events.dead.read"))
	Post(r, "/events/dead/{id}/replay", h.replay, Does("Tell a dead event once more"), May("events.dead.decide"))
	Post(r, "/events/dead/{id}/drop", h.drop, Does("Give a dead event up for good"), May("events.dead.decide"))
}

type deadRequest struct {
	PageQuery
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

func (h Events) list(ctx context.Context, _ Request, in deadRequest) (List[deadView], error) {
	state := journal.Dead
	if in.State != "" {
		state = journal.DeadState(in.State)
	}
	page, err := h.Lost.Find(ctx, store.DeadIn(state).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[deadView]{}, err
	}
	return Listed(page, viewDead), nil
}

// replay answers how it came out: the relay has told the event by the time Update is back.
func (h Events) replay(ctx context.Context, rq Request, in deadIDRequest) (deadView, error) {
	if _, err := h.Lost.Update(ctx, in.ID, func(l *journal.Lost) error { return l.Replay(rq.Actor, rq.Now) }); err != nil {
		return deadView{}, err
	}
	l, err := h.Lost.Get(ctx, in.ID)
	if err != nil {
		return deadView{}, err
	}
	return viewDead(l), nil
}

func (h Events) drop(ctx context.Context, rq Request, in dropRequest) (deadView, error) {
	l, err := h.Lost.Update(ctx, in.ID, func(l *journal.Lost) error { return l.Drop(rq.Actor, in.Reason, rq.Now) })
	if err != nil {
		return deadView{}, err
	}
	return viewDead(l), nil
}
