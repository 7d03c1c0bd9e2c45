package handlers

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/models/inbox"
	"xinyi/store"
)

// Inbox shows a person's messages. Words puts one into a language; a message it cannot put into words, because it is
// older than its text, is shown with a general sentence, and never hides the others.
type Inbox struct {
	Messages *store.Repo[inbox.Message]
	Words    func(m *inbox.Message, lang string) (inbox.Words, error)

	log    *slog.Logger
	spoilt *sync.Map // kinds that were logged; one line each until the next start
}

// Mount names the routes.
func (h Inbox) Mount(r *Router) {
	h.log, h.spoilt = r.cfg.Log, &sync.Map{}
	Get(r, "/me/inbox", h.list, Does("My messages, the newest first", "Without a state: all but the archived"), May("inbox.read"))
	Get(r, "/me/inbox/unread", h.unread, Does("How many messages I have not read"), May("inbox.read"))
	Post(r, "/me/inbox/read-all", h.readAll, Does("Mark all my messages read"), May("inbox.change"))
	Post(r, "/me/inbox/{id}/read", h.read, Does("Mark a message read"), May("inbox.change"))
	Post(r, "/me/inbox/{id}/archive", h.archive, Does("Put a message away"), May("inbox.change"))
}

type inboxRequest struct {
	PageQuery
	State string `query:"state" validate:"omitempty,oneof=UNREAD READ ARCHIVED"`
}

type messageRequest struct {
	ID string `path:"id" validate:"required,max=64"`
}

type messageView struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind"`
	Title    string    `json:"title"`
	Body     string    `json:"body"`
	Severity string    `json:"severity"`
	State    string    `json:"state"`
	At       time.Time `json:"at"`
	Route    routeView `json:"route"`
	Why      string    `json:"why"`
}

type routeView struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

type countView struct {
	Count int64 `json:"count"`
}

func (h Inbox) view(ctx context.Context, m *inbox.Message, lang string) messageView {
	words, err := h.Words(m, lang)
	if err != nil {
		words = inbox.Words{Title: say("inbox.wordless.title", lang, nil), Body: say("inbox.wordless.body", lang, nil), Why: say("inbox.wordless.why", lang, nil)}
		if _, known := h.spoilt.LoadOrStore(m.Kind, true); !known {
			h.log.ErrorContext(ctx, "messages of a kind have no words", "kind", m.Kind, "message", m.ID, "lang", lang, "err", err)
		}
	}
	return messageView{
		ID: m.ID, Kind: m.Kind, Title: words.Title, Body: words.Body, Why: words.Why,
		Severity: string(m.Severity), State: string(m.State), At: m.At, Route: routeView(m.Route),
	}
}

func (h Inbox) list(ctx context.Context, rq Request, in inboxRequest) (List[messageView], error) {
	states := []inbox.State{inbox.Unread, inbox.Read}
	if in.State != "" {
		states = []inbox.State{inbox.State(in.State)}
	}
	page, err := h.Messages.Find(ctx, store.InboxOf(rq.Actor.Person, states...).Page(in.Limit, in.Cursor))
	if err != nil {
		return List[messageView]{}, err
	}
	return Listed(page, func(m *inbox.Message) messageView { return h.view(ctx, m, rq.Lang) }), nil
}

func (h Inbox) unread(ctx context.Context, rq Request, _ struct{}) (countView, error) {
	n, err := h.Messages.Count(ctx, store.InboxOf(rq.Actor.Person, inbox.Unread))
	return countView{n}, err
}

func (h Inbox) read(ctx context.Context, rq Request, in messageRequest) (messageView, error) {
	m, err := h.Messages.Update(ctx, in.ID, func(m *inbox.Message) error { return m.MarkRead(rq.Actor, rq.Now) })
	if err != nil {
		return messageView{}, err
	}
	return h.view(ctx, m, rq.Lang), nil
}

func (h Inbox) archive(ctx context.Context, rq Request, in messageRequest) (messageView, error) {
	m, err := h.Messages.Update(ctx, in.ID, func(m *inbox.Message) error { return m.Archive(rq.Actor, rq.Now) })
	if err != nil {
		return messageView{}, err
	}
	return h.view(ctx, m, rq.Lang), nil
}

// readAll marks side by side, so that the writes share their commits. It may be repeated when the deadline cut it off.
func (h Inbox) readAll(ctx context.Context, rq Request, _ struct{}) (countView, error) {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(8)
	var n int64
	_, err := h.Messages.Each(inner, store.InboxOf(rq.Actor.Person, inbox.Unread), func(m *inbox.Message) error {
		n++
		group.Go(func() error {
			_, err := h.Messages.Update(inner, m.ID, func(m *inbox.Message) error { return m.MarkRead(rq.Actor, rq.Now) })
			return err
		})
		return nil
	})
	if fault := group.Wait(); fault != nil {
		return countView{}, fault
	}
	return countView{n}, err
}
