package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// hub is a Live on a store whose clock the test moves.
type hub struct {
	*testing.T
	*Live
	messages *store.Repo[inbox.Message]
	mu       sync.Mutex
	now      time.Time
	n        int
}

func hubs(t *testing.T) *hub {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
	engine := sqlitetest.Open(t)
	h := &hub{T: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	s := store.New(engine, h.clock, nil)
	h.messages = store.NewRepo[inbox.Message](s, store.Inbox)
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Live = NewLive(h.messages, h.clock, slog.New(slog.DiscardHandler))
	return h
}

func (h *hub) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// at keeps a message that another replica made so long after eight.
func (h *hub) at(person string, after time.Duration) {
	h.Helper()
	h.mu.Lock()
	h.n++
	h.now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(after)
	e := models.Event{ID: fmt.Sprint("e", h.n), Kind: "medical.bill_paid", Subject: "b", Person: person, At: h.now}
	h.mu.Unlock()
	if err := h.messages.Insert(h.Context(), inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service")); err != nil {
		h.Fatal(err)
	}
}

func woken(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	default:
		return false
	}
}

func TestLiveWakesThePersonsOwn(t *testing.T) {
	h := hubs(t)
	first, stop := h.Listen("ann")
	second, stopSecond := h.Listen("ann")
	other, stopOther := h.Listen("bob")
	defer stopOther()
	for range 1000 { // nobody hears, and nobody waits
		h.Changed("ann")
	}
	h.Changed("nobody")
	if !woken(first) || woken(first) || !woken(second) || woken(second) {
		t.Error("changes that come together wake each of a person's streams once")
	}
	if woken(other) {
		t.Error("bob is woken by ann's")
	}
	stop()
	stop()
	h.Changed("ann")
	if woken(first) || !woken(second) {
		t.Error("who stopped is woken, or who did not is not")
	}
	stopSecond()
	if n := h.Listening(); n != 1 || len(h.ears) != 1 {
		t.Errorf("%d listen, %d persons are kept", n, len(h.ears))
	}
}

// What another replica keeps is found, late or not, and wakes once.
func TestLiveFollowsTheStore(t *testing.T) {
	h := hubs(t)
	ann, stop := h.Listen("ann")
	defer stop()
	bob, stopBob := h.Listen("bob")
	defer stopBob()
	tl := newTail(h.clock())
	check := func(what string, wantAnn, wantBob bool) {
		t.Helper()
		if err := h.follow(t.Context(), &tl); err != nil {
			t.Fatal(err)
		}
		if a, b := woken(ann), woken(bob); a != wantAnn || b != wantBob {
			t.Errorf("%s: ann %v, bob %v", what, a, b)
		}
	}
	check("nothing", false, false)
	h.at("ann", 10*time.Second)
	check("ann's first", true, false)
	check("again", false, false)
	h.at("bob", 10*time.Second-tailOverlap+time.Millisecond)
	check("late, within the overlap", false, true)
	for range store.MaxPage + 10 {
		h.at("carl", 11*time.Second)
	}
	h.at("ann", 12*time.Second)
	check("beyond a page", true, false)
	tl.skip(h.clock().Add(time.Minute))
	h.at("bob", 13*time.Second)
	check("while nobody listened", false, false)
}

func TestTailIsBounded(t *testing.T) {
	tl := newTail(time.Unix(0, 0))
	for n := range 3 * mostTailed {
		tl.pass(fmt.Sprint(n), time.Unix(0, 0))
		if len(tl.seen) > mostTailed {
			t.Fatalf("%d are remembered", len(tl.seen))
		}
	}
}

func TestLiveRuns(t *testing.T) {
	h := hubs(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.Live.Run(ctx, time.Millisecond) }()
	ann, stop := h.Listen("ann")
	defer stop()
	h.at("ann", time.Second)
	select {
	case <-ann:
	case <-time.After(3 * time.Minute):
		t.Error("nobody woke ann")
	}
	cancel()
	<-done
}
