package flows_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/sandbox"
)

// A retry that falls due while the clock moves comes at its own moment, not at the end.
func TestRetriesComeAtTheirMoment(t *testing.T) {
	t.Parallel()
	c := newCity(t, newEngine(t), &hands{t: noon})
	var tries []time.Duration
	must(t, c.relay.Subscribe(flows.Subscriber{Name: "bad", Kinds: flows.Kinds(asked), Do: func(context.Context, models.Event) error {
		tries = append(tries, c.clock.Now().Sub(noon))
		if len(tries) < 6 {
			return errors.New("down")
		}
		return nil
	}}))
	s := &sleeper{Meta: models.Meta{ID: "s"}}
	s.Publish(asked, "p1", models.Clockwork, noon)
	must(t, c.sleepers.Insert(t.Context(), s))
	c.advance(t, "P1D")
	if len(tries) != 6 {
		t.Fatalf("%d tries, want 6: %v", len(tries), tries)
	}
	for i, pause := range []time.Duration{1, 3, 9, 27, 81} {
		if got := tries[i+1] - tries[i]; got < pause*800*time.Millisecond || got > pause*1200*time.Millisecond {
			t.Errorf("pause %d is %v, want %d s ± 20 %%", i+1, got, pause)
		}
	}
}

// An Advance that is cut off stands at the last moment it lived through, and the rest can follow.
func TestAdvanceCutOff(t *testing.T) {
	t.Parallel()
	whole, cut := newCity(t, newEngine(t), &hands{t: noon}), newCity(t, newEngine(t), &hands{t: noon})
	whole.populate(t, 20)
	cut.populate(t, 20)
	whole.advance(t, "P10D")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rings := 0
	must(t, cut.relay.Subscribe(flows.Subscriber{Name: "cut", Kinds: flows.Kinds(rang), Do: func(context.Context, models.Event) error {
		if rings++; rings == 10 {
			cancel()
		}
		return nil
	}}))
	by, err := sandbox.ParseSpan("P10D")
	must(t, err)
	if _, _, err := cut.clock.Advance(ctx, by); err == nil {
		t.Fatal("the cut went unnoticed")
	}
	stands := cut.clock.Now()
	if !stands.After(noon) || !stands.Before(noon.Add(10*24*time.Hour)) {
		t.Fatalf("the clock stands at %v", stands)
	}
	rest := noon.Add(10 * 24 * time.Hour).Sub(stands)
	_, _, err = cut.clock.Advance(t.Context(), sandbox.Span{Time: rest})
	must(t, err)
	if a, b := whole.lines(t), cut.lines(t); !slices.Equal(a, b) {
		t.Errorf("%d events in one go, %d in two", len(a), len(b))
	}
}

// A subscriber that ignores its context holds a request no longer than the bound.
func TestStubbornSubscriberHoldsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.relay.Inline = 20 * time.Millisecond
	var a heard
	goOn := make(chan struct{})
	must(t, w.relay.Subscribe(flows.Subscriber{Name: "a", Kinds: flows.Every, Do: func(ctx context.Context, e models.Event) error {
		<-goOn
		return a.do(ctx, e)
	}}))
	w.insert(t, "n1") // comes back although nobody lets the subscriber go on
	equal(t, "told too early", a.of("n1"))
	close(goOn)
	w.clock.move(w.store.Lease)
	must(t, w.relay.Drain(t.Context()))
	equal(t, "a", a.of("n1"), "1")
	w.quiet(t, "n1")
}

func TestExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sweep := flows.NewSweep(w.store, w.relay.Log, w.relay.Metrics)
	for id, at := range map[string]*time.Time{"past": models.At(noon.Add(-time.Hour)), "now": models.At(noon), "later": models.At(noon.Add(time.Millisecond)), "never": nil} {
		must(t, w.notes.Insert(t.Context(), &note{Meta: models.Meta{ID: id, GoneAt: at}}))
	}
	for _, f := range w.store.Collections() {
		if f.Collection().Name != "notes" {
			continue
		}
		if n, err := sweep.Expire(t.Context(), f, noon); n != 2 || err != nil {
			t.Errorf("deleted %d %v, want 2", n, err)
		}
	}
	for id, there := range map[string]bool{"past": false, "now": false, "later": true, "never": true} {
		if _, err := w.notes.Get(t.Context(), id); (err == nil) != there {
			t.Errorf("%s: %v", id, err)
		}
	}
}
