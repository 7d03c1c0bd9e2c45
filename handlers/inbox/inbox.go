// Package inbox serves what people are told inside the app, and its live stream (消息).
package inbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/handlers/api"
	"xinyi/models/inbox"
	"xinyi/store"
)

// Handler shows a person's messages. Words puts one into a language; a message it cannot put into words, because it is
// older than its text, is shown with a general sentence, and never hides the others.
type Handler struct {
	Messages *store.Repo[inbox.Message]
	Words    func(m *inbox.Message, lang string) (inbox.Words, error)
	Live     Live // nil: streams look every 5 seconds

	log    *slog.Logger
	look   time.Duration // between two looks of a stream; 0: lookEvery or lookAnyway
	spoilt *sync.Map     // kinds that were logged; one line each until the next start
}

// Mount names the routes.
func (h Handler) Mount(r *api.Router) {
	h.log, h.spoilt = r.Cfg.Log, &sync.Map{}
	api.Get(r, "/me/inbox", h.list, mayRead)
	api.Stream(r, "/me/inbox/stream", h.stream, mayRead)
	api.Get(r, "/me/inbox/unread", h.unread, mayRead)
	api.Post(r, "/me/inbox/read-all", h.readAll, mayChange)
	api.Post(r, "/me/inbox/{id}/read", h.read, mayChange)
	api.Post(r, "/me/inbox/{id}/snooze", h.snooze, mayChange)
	api.Post(r, "/me/inbox/{id}/archive", h.archive, mayChange)
}

type request struct {
	api.PageQuery
	State  string `query:"state" validate:"omitempty,oneof=UNREAD READ SNOOZED ARCHIVED"`
	Unread bool   `query:"unread" validate:"excluded_with=State" description:"true: as state=UNREAD"`
}

type messageRequest struct {
	ID string `path:"id" validate:"required,max=64"`
}

type snoozeRequest struct {
	ID    string    `path:"id" validate:"required,max=64"`
	Until time.Time `json:"until" validate:"required"`
}

type messageView struct {
	ID       string     `json:"id"`
	Kind     string     `json:"kind"`
	Title    string     `json:"title"`
	Body     string     `json:"body"`
	Severity string     `json:"severity"`
	Topic    string     `json:"topic" description:"What of this kind can be muted"`
	Class    string     `json:"class" description:"service or marketing"`
	State    string     `json:"state"`
	At       time.Time  `json:"at"`
	Until    *time.Time `json:"until,omitempty" description:"With SNOOZED: when it is unread again"`
	Route    routeView  `json:"route"`
	Why      string     `json:"why"`
}

type routeView struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type countView struct {
	Count int64 `json:"count"`
}

type readAllView struct {
	Count int64 `json:"count" description:"Messages that are read now and were not before"`
	More  bool  `json:"more" description:"There are others: call again"`
}

func (h Handler) view(ctx context.Context, m *inbox.Message, lang string) messageView {
	words, err := h.Words(m, lang)
	if err != nil {
		words = inbox.Words{Title: api.Say("inbox.wordless.title", lang, nil), Body: api.Say("inbox.wordless.body", lang, nil),
			Why: api.Say("inbox.wordless.why", lang, nil)}
		if _, known := h.spoilt.LoadOrStore(m.Kind, true); !known {
			h.log.ErrorContext(ctx, "messages of a kind have no words", "kind", m.Kind, "message", m.ID, "lang", lang, "err", err)
		}
	}
	return messageView{
		ID: m.ID, Kind: m.Kind, Title: words.Title, Body: words.Body, Why: words.Why,
		Severity: string(m.Severity), Topic: m.Topic, Class: m.Class, State: string(m.State), At: m.At, Until: m.Until, Route: routeView(m.Route),
	}
}

func (h Handler) list(ctx context.Context, rq api.Request, in request) (api.List[messageView], error) {
	states := []inbox.State{inbox.Unread, inbox.Read}
	switch {
	case in.Unread:
		states = []inbox.State{inbox.Unread}
	case in.State != "":
		states = []inbox.State{inbox.State(in.State)}
	}
	return api.Found(ctx, h.Messages, store.InboxOf(rq.Actor.Person, states...), in.PageQuery,
		func(m *inbox.Message) messageView { return h.view(ctx, m, rq.Lang) })
}

func (h Handler) unread(ctx context.Context, rq api.Request, _ struct{}) (countView, error) {
	n, err := h.Messages.Count(ctx, store.InboxOf(rq.Actor.Person, inbox.Unread))
	return countView{n}, err
}

func (h Handler) read(ctx context.Context, rq api.Request, in messageRequest) (messageView, error) {
	return h.act(ctx, rq, in.ID, func(m *inbox.Message) error { return m.MarkRead(rq.Actor, rq.Now) })
}

func (h Handler) archive(ctx context.Context, rq api.Request, in messageRequest) (messageView, error) {
	return h.act(ctx, rq, in.ID, func(m *inbox.Message) error { return m.Archive(rq.Actor, rq.Now) })
}

func (h Handler) snooze(ctx context.Context, rq api.Request, in snoozeRequest) (messageView, error) {
	return h.act(ctx, rq, in.ID, func(m *inbox.Message) error { return m.Snooze(rq.Actor, in.Until, rq.Now) })
}

// act changes one message, lets its person's streams know, and shows it.
func (h Handler) act(ctx context.Context, rq api.Request, id string, change func(*inbox.Message) error) (messageView, error) {
	m, err := h.Messages.Update(ctx, id, change)
	if err != nil {
		return messageView{}, err
	}
	h.changed(m.Person)
	return h.view(ctx, m, rq.Lang), nil
}

func (h Handler) changed(person string) {
	if h.Live != nil {
		h.Live.Changed(person)
	}
}

// mostRead bounds how many messages one call marks read, so that it keeps within its deadline.
const mostRead = 1000

var errEnough = errors.New("enough for one call")

// readAll marks side by side, so that the writes share their commits. It may be repeated when the deadline cut it off.
func (h Handler) readAll(ctx context.Context, rq api.Request, _ struct{}) (readAllView, error) {
	defer h.changed(rq.Actor.Person)
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(8)
	var n int64
	_, err := h.Messages.Each(inner, store.InboxOf(rq.Actor.Person, inbox.Unread), func(m *inbox.Message) error {
		if n == mostRead {
			return errEnough
		}
		n++
		group.Go(func() error {
			_, err := h.Messages.Update(inner, m.ID, func(m *inbox.Message) error { return m.MarkRead(rq.Actor, rq.Now) })
			return err
		})
		return nil
	})
	if fault := group.Wait(); fault != nil {
		return readAllView{}, fault
	}
	more := errors.Is(err, errEnough)
	if more {
		err = nil
	}
	return readAllView{n, more}, err
}

// Portions are what an export holds of the inbox.
func (h Handler) Portions() []api.Portion {
	return []api.Portion{api.Listing("messages", false, func(ctx context.Context, rq api.Request, p api.PageQuery) (api.List[messageView],
		error) {
		return h.list(ctx, rq, request{PageQuery: p})
	})}
}
