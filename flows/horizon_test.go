package flows_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/store"
)

// counted counts what an engine is asked.
type counted struct {
	store.Engine
	asked atomic.Int64
}

func (c *counted) Find(ctx context.Context, of store.Collection, s store.Scan) ([]bson.Raw, error) {
	c.asked.Add(1)
	return c.Engine.Find(ctx, of, s)
}

func newSweeper(t *testing.T, engine store.Engine, clock *hands) (*store.Store, *store.Repo[sleeper], *flows.Sweep) {
	t.Helper()
	s := store.New(engine, clock.now, nil)
	r := store.NewRepo[sleeper](s, store.Collection{Name: "sleepers"})
	must(t, s.Ensure(t.Context()))
	return s, r, flows.NewSweep(s, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
}

// Once everything has been read, beats at which nothing is due ask nothing but the rereading.
func TestIdleBeatsAskNothing(t *testing.T) {
	t.Parallel()
	engine := &counted{Engine: newEngine(t)}
	_, _, sweep := newSweeper(t, engine, &hands{t: noon})
	for n := range 300 {
		sweep.Beat(t.Context(), n)
	}
	// One collection: it is read anew every fifth beat, with at most four questions. Asking at every beat would be 600.
	if n := engine.asked.Load(); n > 300 {
		t.Errorf("%d questions in 300 beats", n)
	}
}

// What a program without a word to the others saved is found by the rereading, after five beats a collection at most.
func TestRereadingFindsWhatNobodySaid(t *testing.T) {
	t.Parallel()
	engine, clock := newEngine(t), &hands{t: noon}
	s, r, sweep := newSweeper(t, engine, clock)
	_, others, _ := newSweeper(t, engine, clock)
	sweep.Beat(t.Context(), 0)
	must(t, others.Insert(t.Context(), &sleeper{Meta: models.Meta{ID: "a", WakeAt: models.At(noon)}}))
	if due := s.Due(noon, store.WakeAt); len(due) != 0 {
		t.Fatalf("%d collections are due before the rereading", len(due))
	}
	for n := range flows.Rereading * len(s.Collections()) {
		sweep.Beat(t.Context(), n+1)
	}
	if got, err := r.Get(t.Context(), "a"); err != nil || got.WakeAt != nil && !got.WakeAt.After(noon) {
		t.Errorf("after the rereading: %+v, %v", got, err)
	}
}

// Two servers on one store: each knows within a beat what the other saved, and takes over from one that left or fell silent.
func TestPeersTellEachOther(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *store.Peers) error{
		"left":   func(p *store.Peers) error { return p.Leave(t.Context()) },
		"killed": func(*store.Peers) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			engine, clock := newEngine(t), &hands{t: noon}
			s1, r1, _ := newSweeper(t, engine, clock)
			s2, r2, _ := newSweeper(t, engine, clock)
			p1, err := s1.Join(t.Context())
			must(t, err)
			p2, err := s2.Join(t.Context())
			must(t, err)
			must(t, p1.Exchange(t.Context()))
			must(t, p2.Exchange(t.Context()))
			_, err = r2.Any().Earliest(t.Context(), store.WakeAt)
			must(t, err)
			must(t, r1.Insert(t.Context(), &sleeper{Meta: models.Meta{ID: "a", WakeAt: models.At(noon.Add(time.Hour))}}))
			must(t, p1.Exchange(t.Context()))
			must(t, p2.Exchange(t.Context()))
			if at, sure := r2.Any().Known(store.WakeAt); !sure || at == nil || !at.Equal(noon.Add(time.Hour)) {
				t.Fatalf("the other knows %v, sure %v", at, sure)
			}
			must(t, r1.Insert(t.Context(), &sleeper{Meta: models.Meta{ID: "b", WakeAt: models.At(noon.Add(time.Minute))}}))
			must(t, end(p1)) // and dies before it says so
			for range 8 {
				must(t, p2.Exchange(t.Context()))
			}
			if at, err := s2.Earliest(t.Context(), store.WakeAt); err != nil || at == nil || !at.Equal(noon.Add(time.Minute)) {
				t.Errorf("after the death of the other it knows %v, %v", at, err)
			}
		})
	}
}

// lost loses the answer of inserts.
type lost struct{ store.Engine }

func (l lost) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	if err := l.Engine.Insert(ctx, c, docs...); err != nil {
		return err
	}
	return models.E(models.Unavailable, "unavailable")
}

// A write whose answer was lost is due at its moment like any other, and a restart knows all that was saved before.
func TestNoMomentIsLost(t *testing.T) {
	t.Parallel()
	engine, clock := newEngine(t), &hands{t: noon}
	s, r, _ := newSweeper(t, lost{engine}, clock)
	if at, err := s.Earliest(t.Context(), store.WakeAt); at != nil || err != nil {
		t.Fatalf("an empty store is due at %v, %v", at, err)
	}
	if err := r.Insert(t.Context(), &sleeper{Meta: models.Meta{ID: "a", WakeAt: models.At(noon)}}); err == nil {
		t.Fatal("the answer was not lost")
	}
	if due := s.Due(noon, store.WakeAt); len(due) != 1 {
		t.Errorf("%d collections are due", len(due))
	}
	again, _, _ := newSweeper(t, engine, clock)
	if due := again.Due(noon, store.WakeAt); len(due) != 1 {
		t.Errorf("after a restart %d collections are due", len(due))
	}
}
