package inbox

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"xinyi/handlers/api"
	"xinyi/models/inbox"
	"xinyi/store"
)

// Live says when a person's inbox has changed.
type Live interface {
	// Listen wakes at every change of a person's inbox this process hears of; several that come together wake once. stop ends it.
	Listen(person string) (changed <-chan struct{}, stop func())

	// Changed wakes those who listen. It never blocks.
	Changed(person string)
}

const (
	lookEvery  = 5 * time.Second // how often a stream looks into the store when there is no Live
	lookAnyway = time.Minute     // when there is one: for what other replicas and the clock changed in messages that were there
	mostMissed = 200             // messages a client that comes back is sent; the rest is in the list
)

type streamRequest struct {
	Last string `header:"Last-Event-ID" validate:"max=2048" description:"The id of the last event that was had"`
}

type moreView struct {
	List string `json:"list" description:"Where the messages are that are not sent"`
}

// event is one of the things a stream tells of.
type event struct{ view any }

// JSONSchemaOneOf is for the document.
func (event) JSONSchemaOneOf() []any { return []any{messageView{}, countView{}, moreView{}} }

// MarshalJSON writes the thing itself.
func (e event) MarshalJSON() ([]byte, error) { return json.Marshal(e.view, api.Written) }

func (h Handler) stream(_ context.Context, rq api.Request, in streamRequest) (api.Source[event], error) {
	w := &watch{Handler: h, person: rq.Actor.Person, lang: rq.Lang, unread: -1, place: newBookmark(rq.Now)}
	if in.Last != "" {
		p, err := readBookmark(in.Last, rq.Now)
		if err != nil {
			return nil, err
		}
		w.place, w.back = p, true
	}
	return w.tell, nil
}

// A watch follows one person's inbox for one stream.
type watch struct {
	Handler
	person, lang string
	back         bool // the client had been here before
	place        *bookmark
	unread       int64 // as last told; -1 before that
	out          func(api.Event[event]) error
}

// tell listens before it looks, so that nothing falls between.
func (w *watch) tell(ctx context.Context, out func(api.Event[event]) error) error {
	w.out = out
	var changed <-chan struct{}
	every := lookEvery
	if w.Live != nil {
		heard, stop := w.Live.Listen(w.person)
		defer stop()
		changed, every = heard, lookAnyway
	}
	if w.look != 0 {
		every = w.look
	}
	if err := w.start(ctx); err != nil {
		return err
	}
	again := time.NewTicker(every)
	defer again.Stop()
	for {
		if err := w.count(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-again.C:
		}
		if err := w.follow(ctx); err != nil {
			return err
		}
	}
}

// start tells a client that comes back what it missed, and looks past what was there before one that is new.
func (w *watch) start(ctx context.Context) error {
	missed, err := w.Messages.Find(ctx, store.InboxSince(w.person, w.place.from()).Desc("createdAt").Page(mostMissed, ""))
	if err != nil {
		return err
	}
	if w.back && missed.Next != "" {
		if err := w.say("more", moreView{"/v1/me/inbox"}); err != nil {
			return err
		}
	}
	for i := len(missed.Items) - 1; i >= 0; i-- {
		m := missed.Items[i]
		if !w.back {
			w.place.pass(m.ID, m.CreatedAt)
		} else if err := w.message(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// follow tells what is new, a page at a time.
func (w *watch) follow(ctx context.Context) error {
	q := store.InboxSince(w.person, w.place.from())
	for after := ""; ; {
		page, err := w.Messages.Find(ctx, q.Page(store.MaxPage, after))
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			if err := w.message(ctx, m); err != nil {
				return err
			}
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

func (w *watch) message(ctx context.Context, m *inbox.Message) error {
	if !w.place.pass(m.ID, m.CreatedAt) {
		return nil
	}
	return w.say("message", w.view(ctx, m, w.lang))
}

// count tells how many messages are unread, when that is not what was told before.
func (w *watch) count(ctx context.Context) error {
	n, err := w.Messages.Count(ctx, store.InboxOf(w.person, inbox.Unread))
	if err != nil || n == w.unread {
		return err
	}
	w.unread = n
	return w.say("unread", countView{n})
}

func (w *watch) say(name string, view any) error {
	return w.out(api.Event[event]{ID: w.place.String(), Name: name, Data: event{view}})
}
