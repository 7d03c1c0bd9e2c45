package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

// hands is a clock moved by hand.
type hands struct {
	mu sync.Mutex
	t  time.Time
}

func (h *hands) now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.t }

func (h *hands) move(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.t = h.t.Add(d) }

var (
	events models.Events
	added  = models.Declare[addedData](&events, "test.added")
	rang   = models.Declare[rangData](&events, "test.rang")
	asked  = events.Plain("test.asked")
)

type addedData struct{ N int }

// note is a document that does nothing but tell.
type note struct {
	models.Meta `bson:",inline"`
	N           int `bson:"n"`
}

func (n *note) add(now time.Time) error {
	n.N++
	n.Publish(added.Of(addedData{n.N}), "p1", models.Clockwork, now)
	return nil
}

// world is a store with a relay, and its documents.
type world struct {
	engine store.Engine
	store  *store.Store
	clock  *hands
	relay  *flows.Relay
	notes  *store.Repo[note]
	lost   *store.Repo[journal.Lost]
	log    *store.Repo[journal.Entry]
}

// replica opens one more server on the engine.
func replica(t *testing.T, engine store.Engine, clock *hands) *world {
	t.Helper()
	s := store.New(engine, clock.now, nil)
	w := &world{
		engine: engine, store: s, clock: clock,
		notes: store.NewRepo[note](s, store.Collection{Name: "notes"}),
		lost:  store.NewRepo[journal.Lost](s, store.Dead),
		log:   store.NewRepo[journal.Entry](s, store.Events),
	}
	w.relay = newRelay(s, w.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	must(t, s.Ensure(t.Context()))
	return w
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return replica(t, newEngine(t), &hands{t: noon})
}

// newEngine opens an engine on a file of its own.
// newRelay is a relay that gives nothing up because the machine is slow.
func newRelay(s *store.Store, lost *store.Repo[journal.Lost], log *slog.Logger, m *flows.Metrics) *flows.Relay {
	r := flows.NewRelay(s, lost, log, m)
	r.Inline, r.Polled = time.Hour, time.Hour
	return r
}

func newEngine(t *testing.T) *counting {
	t.Helper()
	e := sqlitetest.Open(t)
	return &counting{Engine: e}
}

// counting counts what is asked of an engine: a write of the notes, and reads of anything.
type counting struct {
	store.Engine
	writes, finds, gets atomic.Int64

	stop  func() error           // asked before a write; nil: all are let through
	found func(store.Collection) // told after a find
}

func (c *counting) Insert(ctx context.Context, of store.Collection, docs ...bson.Raw) error {
	if err := c.write(of); err != nil {
		return err
	}
	return c.Engine.Insert(ctx, of, docs...)
}

func (c *counting) Replace(ctx context.Context, of store.Collection, id string, read int64, doc bson.Raw) (bool, error) {
	if err := c.write(of); err != nil {
		return false, err
	}
	return c.Engine.Replace(ctx, of, id, read, doc)
}

func (c *counting) write(of store.Collection) error {
	if of.Name == "notes" {
		c.writes.Add(1)
	}
	if c.stop != nil {
		return c.stop()
	}
	return nil
}

func (c *counting) Find(ctx context.Context, of store.Collection, s store.Scan) ([]bson.Raw, error) {
	c.finds.Add(1)
	raws, err := c.Engine.Find(ctx, of, s)
	if c.found != nil {
		c.found(of)
	}
	return raws, err
}

func (c *counting) Get(ctx context.Context, of store.Collection, id string) (bson.Raw, error) {
	c.gets.Add(1)
	return c.Engine.Get(ctx, of, id)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// heard writes down what a subscriber was told, by subject.
type heard struct {
	mu   sync.Mutex
	told map[string][]string
	fail func(models.Event) error
}

func (h *heard) do(_ context.Context, e models.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		if err := h.fail(e); err != nil {
			return err
		}
	}
	if h.told == nil {
		h.told = map[string][]string{}
	}
	h.told[e.Subject] = append(h.told[e.Subject], e.Data["n"])
	return nil
}

func (h *heard) of(subject string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told[subject])
}

func (h *heard) as(name string) flows.Subscriber {
	return flows.Subscriber{Name: name, Kinds: flows.Prefixed("test."), Do: h.do}
}

func (w *world) insert(t *testing.T, id string) {
	t.Helper()
	n := &note{Meta: models.Meta{ID: id}}
	must(t, n.add(w.clock.now()))
	must(t, w.notes.Insert(t.Context(), n))
}

func (w *world) add(t *testing.T, id string) {
	t.Helper()
	_, err := w.notes.Update(t.Context(), id, func(n *note) error { return n.add(w.clock.now()) })
	must(t, err)
}

func (w *world) quiet(t *testing.T, id string) {
	t.Helper()
	n, err := w.notes.Get(t.Context(), id)
	must(t, err)
	if len(n.Outbox) != 0 || n.PublishAt != nil {
		t.Errorf("%s still has %d events, due %v", id, len(n.Outbox), n.PublishAt)
	}
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestSaveTellsBeforeItAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var a, b heard
	must(t, w.relay.Subscribe(a.as("a"), b.as("b")))
	ctx, leave := context.WithCancel(t.Context())
	n := &note{Meta: models.Meta{ID: "n1"}}
	must(t, n.add(noon))
	must(t, n.add(noon))
	must(t, w.notes.Insert(ctx, n))
	leave()
	equal(t, "a", a.of("n1"), "1", "2")
	equal(t, "b", b.of("n1"), "1", "2")
	w.quiet(t, "n1")
	if got := w.engine.(*counting).writes.Load(); got != 2 {
		t.Errorf("%d writes, want the save and one for the bookkeeping", got)
	}
}

func TestPollTellsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	crash := store.New(w.engine, w.clock.now, nil) // saves, and never tells
	n := &note{Meta: models.Meta{ID: "n1"}}
	must(t, n.add(noon))
	must(t, store.NewRepo[note](crash, store.Collection{Name: "notes"}).Insert(t.Context(), n))
	var a heard
	must(t, w.relay.Subscribe(a.as("a")))
	if got, err := w.relay.Poll(t.Context()); got != 0 || err != nil {
		t.Fatalf("polled %d %v while the claim of the crashed replica holds", got, err)
	}
	w.clock.move(w.store.Lease)
	if got, err := w.relay.Poll(t.Context()); got != 1 || err != nil {
		t.Fatalf("polled %d %v, want 1", got, err)
	}
	equal(t, "a", a.of("n1"), "1")
	w.quiet(t, "n1")
}

func TestTwoRelaysTellOnce(t *testing.T) {
	t.Parallel()
	const docs = 300
	w1 := newWorld(t)
	w2 := replica(t, w1.engine, w1.clock)
	crash := store.NewRepo[note](store.New(w1.engine, w1.clock.now, nil), store.Collection{Name: "notes"})
	for i := range docs {
		n := &note{Meta: models.Meta{ID: fmt.Sprint("n", i)}}
		must(t, n.add(noon))
		must(t, n.add(noon))
		must(t, crash.Insert(t.Context(), n))
	}
	w1.clock.move(time.Hour)
	var a heard
	must(t, w1.relay.Subscribe(a.as("a")))
	must(t, w2.relay.Subscribe(a.as("a")))
	var group sync.WaitGroup
	for _, r := range []*flows.Relay{w1.relay, w2.relay, w1.relay, w2.relay} {
		group.Go(func() {
			if err := r.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for i := range docs {
		equal(t, "told", a.of(fmt.Sprint("n", i)), "1", "2")
	}
}

func TestAppendedWhileTelling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var a heard
	telling, goOn := make(chan struct{}), make(chan struct{})
	var first sync.Once
	must(t, w.relay.Subscribe(flows.Subscriber{Name: "a", Kinds: flows.Every, Do: func(ctx context.Context, e models.Event) error {
		first.Do(func() { close(telling); <-goOn })
		return a.do(ctx, e)
	}}))
	var group sync.WaitGroup
	group.Go(func() { w.insert(t, "n1") })
	<-telling
	w.add(t, "n1") // comes back at once: the other holds the claim
	w.add(t, "n1")
	equal(t, "told too early", a.of("n1"))
	close(goOn)
	group.Wait()
	equal(t, "a", a.of("n1"), "1", "2", "3")
	w.quiet(t, "n1")
}

func TestSubscriberMaySaveTheSameDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var a heard
	must(t, w.relay.Subscribe(a.as("a"), flows.Subscriber{Name: "echo", Kinds: flows.Every, Do: func(ctx context.Context, e models.Event) error {
		_, err := w.notes.Update(ctx, e.Subject, func(n *note) error {
			if n.N == 3 {
				return store.Unchanged()
			}
			return n.add(noon)
		})
		return err
	}}))
	w.insert(t, "n1")
	equal(t, "a", a.of("n1"), "1", "2", "3")
	w.quiet(t, "n1")
}

func TestFailingSubscriberBlocksNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	down := true
	var good, bad heard
	bad.fail = func(e models.Event) error {
		if down && e.Data["n"] == "1" {
			return models.E(models.Unavailable, "test.down")
		}
		return nil
	}
	must(t, w.relay.Subscribe(good.as("good"), bad.as("bad")))
	w.insert(t, "n1")
	w.add(t, "n1")
	w.add(t, "n1")
	equal(t, "good", good.of("n1"), "1", "2", "3")
	equal(t, "bad", bad.of("n1"))
	n, err := w.notes.Get(t.Context(), "n1")
	must(t, err)
	if n.PublishAt == nil || n.PublishAt.Before(noon.Add(800*time.Millisecond)) || n.PublishAt.After(noon.Add(1200*time.Millisecond)) {
		t.Fatalf("the retry is due %v, want a second ± 20 %%", n.PublishAt)
	}
	if n.Revision != 3 {
		t.Errorf("revision %d: the relay's writes must not move it", n.Revision)
	}

	w.clock.move(2 * time.Second)
	must(t, w.relay.Drain(t.Context())) // second failure
	equal(t, "bad", bad.of("n1"))
	down = false
	w.clock.move(2 * time.Second)
	must(t, w.relay.Drain(t.Context()))
	equal(t, "bad before its pause ended", bad.of("n1"))
	w.clock.move(2 * time.Second)
	must(t, w.relay.Drain(t.Context()))
	equal(t, "bad", bad.of("n1"), "1", "2", "3")
	equal(t, "good", good.of("n1"), "1", "2", "3")
	w.quiet(t, "n1")
}

func TestDeadAndReplayed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault error
		tries int
	}{
		"for good":           {models.E(models.Invalid, "test.bad"), 1},
		"maybe out of order": {models.E(models.NotFound, "test.gone"), 5},
		"down":               {errors.New("boom"), 12},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			down, tried := true, 0
			var bad heard
			bad.fail = func(e models.Event) error {
				if down && e.Data["n"] == "1" {
					tried++
					return tc.fault
				}
				return nil
			}
			must(t, w.relay.Subscribe(bad.as("bad")))
			w.insert(t, "n1")
			w.add(t, "n1")
			began := w.clock.now()
			for range tc.tries - 1 {
				n, err := w.notes.Get(t.Context(), "n1")
				must(t, err)
				w.clock.move(n.PublishAt.Sub(w.clock.now()))
				must(t, w.relay.Drain(t.Context()))
			}
			if tried != tc.tries {
				t.Errorf("tried %d times, want %d", tried, tc.tries)
			}
			if took := w.clock.now().Sub(began); tc.tries == 12 && (took < 18*time.Hour || took > 31*time.Hour) {
				t.Errorf("gave up after %v, want about a day", took)
			}
			equal(t, "goes on after the dead one", bad.of("n1"), "2")
			w.quiet(t, "n1")

			page, err := w.lost.Find(t.Context(), store.DeadIn(journal.Dead))
			must(t, err)
			if len(page.Items) != 1 || page.Items[0].Tries != tc.tries || page.Items[0].Code != models.CodeOf(tc.fault) {
				t.Fatalf("dead: %+v", page.Items)
			}
			id := page.Items[0].ID
			replay := func() journal.DeadState {
				_, err := w.lost.Update(t.Context(), id, func(l *journal.Lost) error {
					return l.Replay(models.Actor{Role: models.Operator}, w.clock.now())
				})
				must(t, err)
				l, err := w.lost.Get(t.Context(), id)
				must(t, err)
				return l.State
			}
			if got := replay(); got != journal.Dead {
				t.Errorf("replayed in vain: %s", got)
			}
			down = false
			if got := replay(); got != journal.Replayed {
				t.Errorf("replayed: %s", got)
			}
			equal(t, "bad", bad.of("n1"), "2", "1")
		})
	}
}

func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var good heard
	must(t, w.relay.Subscribe(good.as("good"), flows.Subscriber{Name: "bad", Kinds: flows.Every,
		Do: func(context.Context, models.Event) error { panic("boom") }}))
	w.insert(t, "n1")
	equal(t, "good", good.of("n1"), "1")
	n, err := w.notes.Get(t.Context(), "n1")
	must(t, err)
	if len(n.Outbox) != 1 || n.Outbox[0].Tries != 1 || !slices.Equal(n.Outbox[0].Done, []string{"good"}) {
		t.Errorf("outbox: %+v", n.Outbox)
	}
}

func TestLateTellerChangesNothing(t *testing.T) {
	t.Parallel()
	w1 := newWorld(t)
	w2 := replica(t, w1.engine, w1.clock)
	var a heard
	telling, goOn := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	slow := flows.Subscriber{Name: "a", Kinds: flows.Every, Do: func(ctx context.Context, e models.Event) error {
		if calls.Add(1) == 1 {
			close(telling)
			<-goOn
		}
		return a.do(ctx, e)
	}}
	must(t, w1.relay.Subscribe(slow))
	must(t, w2.relay.Subscribe(slow))
	var group sync.WaitGroup
	group.Go(func() { w1.insert(t, "n1") })
	<-telling
	w1.clock.move(40 * 24 * time.Hour) // the claim runs out
	must(t, w2.relay.Drain(t.Context()))
	w2.add(t, "n1")
	close(goOn)
	group.Wait()
	got := a.of("n1")
	slices.Sort(got)
	equal(t, "told at least once", slices.Compact(got), "1", "2")
	w1.quiet(t, "n1")
}
