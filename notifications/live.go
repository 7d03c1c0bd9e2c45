package notifications

import (
	"context"
	"hash/maphash"
	"log/slog"
	"maps"
	"sync"
	"time"

	"xinyi/models/inbox"
	"xinyi/store"
)

const (
	tailOverlap = 5 * time.Second // how much later than its createdAt a message of another replica may come into sight
	mostTailed  = 1 << 16         // messages of the overlap that are remembered; beyond it some wake their person twice
)

// Live wakes those who follow an inbox. What this process does to one is told by Changed; what other replicas put in, Run
// finds in the store. It carries no message: who is woken looks by itself.
type Live struct {
	messages *store.Repo[inbox.Message]
	now      func() time.Time
	log      *slog.Logger

	mu   sync.Mutex
	ears map[string]map[chan struct{}]bool // by person
}

// NewLive makes a hub.
func NewLive(messages *store.Repo[inbox.Message], now func() time.Time, log *slog.Logger) *Live {
	return &Live{messages: messages, now: now, log: log, ears: map[string]map[chan struct{}]bool{}}
}

// Listen wakes at every change of a person's inbox; changes that come before the last was heard wake once. stop ends it and
// may be called twice.
func (l *Live) Listen(person string) (changed <-chan struct{}, stop func()) {
	ear := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ears[person] == nil {
		l.ears[person] = map[chan struct{}]bool{}
	}
	l.ears[person][ear] = true
	return ear, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if delete(l.ears[person], ear); len(l.ears[person]) == 0 {
			delete(l.ears, person)
		}
	}
}

// Changed wakes those who follow a person's inbox. It never blocks.
func (l *Live) Changed(person string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ear := range l.ears[person] {
		select {
		case ear <- struct{}{}:
		default:
		}
	}
}

// Listening is how many listen.
func (l *Live) Listening() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ears := range l.ears {
		n += len(ears)
	}
	return n
}

// Run looks for new messages every so often until ctx ends. While nobody listens it leaves the store alone.
func (l *Live) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	t := newTail(l.now())
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if l.Listening() == 0 {
			t.skip(l.now())
			continue
		}
		if err := l.follow(ctx, &t); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "new messages of other replicas cannot be read; the next look is soon", "err", err)
		}
	}
}

// follow wakes whom messages reached since t.
func (l *Live) follow(ctx context.Context, t *tail) error {
	q := store.InboxTail(t.at.Add(-tailOverlap)).Only("person", "createdAt")
	for after := ""; ; {
		page, err := l.messages.Find(ctx, q.Page(store.MaxPage, after))
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			if t.pass(m.ID, m.CreatedAt) {
				l.Changed(m.Person)
			}
		}
		if after = page.Next; after == "" {
			return nil
		}
	}
}

// A tail is how far the messages of all have been read: the newest createdAt, and what has passed in the overlap before it.
type tail struct {
	at   time.Time
	seen map[uint64]time.Time // by a hash of the id
	seed maphash.Seed
}

func newTail(at time.Time) tail {
	return tail{at: at, seen: map[uint64]time.Time{}, seed: maphash.MakeSeed()}
}

// pass notes a message and says whether it is new.
func (t *tail) pass(id string, at time.Time) bool {
	name := maphash.String(t.seed, id)
	if _, known := t.seen[name]; known {
		return false
	}
	if at.After(t.at) {
		t.at = at
	}
	if len(t.seen) >= mostTailed {
		from := t.at.Add(-tailOverlap)
		maps.DeleteFunc(t.seen, func(_ uint64, at time.Time) bool { return at.Before(from) })
		if len(t.seen) > mostTailed/2 { // else every message would look through all of them
			clear(t.seen)
		}
	}
	t.seen[name] = at
	return true
}

// skip goes on from now: who comes to listen looks at what was there before.
func (t *tail) skip(now time.Time) {
	t.at = now
	clear(t.seen)
}
