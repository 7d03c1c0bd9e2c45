package handlers

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/sandbox"
	"xinyi/store"
)

// A bell rings once a day, and tells so.
type bell struct {
	models.Meta `bson:",inline"`
	Rings       int `bson:"rings"`
}

func (b *bell) Wake(now time.Time) error {
	for ; !b.WakeAt.After(now); b.Rings++ {
		b.Tell("test.rang", "", models.Clockwork, *b.WakeAt, nil)
		b.WakeAt = models.At(b.WakeAt.Add(24 * time.Hour))
	}
	return nil
}

// tower is a hall with a sandbox clock and one bell. told is called for every ring.
type tower struct {
	*hall
	clock *flows.Clock
	bells *store.Repo[bell]
}

func towers(t *testing.T, told func(context.Context)) *tower {
	t.Helper()
	w := &tower{}
	world := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	w.clock = flows.NewClock(func() time.Time { return world })
	var relay *flows.Relay
	var sweep *flows.Sweep
	var clocks *store.Repo[sandbox.Clock]
	w.hall = halls(t, true, w.clock.Now, func(h *hall) []Mounter {
		quiet := slog.New(slog.DiscardHandler)
		metrics := flows.NewMetrics(prometheus.NewRegistry())
		w.bells = store.NewRepo[bell](h.store, store.Collection{Name: "bells"})
		clocks = store.NewRepo[sandbox.Clock](h.store, store.Sandbox)
		relay, sweep = flows.NewRelay(h.store, h.lost, quiet, metrics), flows.NewSweep(h.store, quiet, metrics)
		return []Mounter{Clock{Time: w.clock}}
	})
	if err := relay.Subscribe(flows.Subscriber{Name: "told", Kinds: flows.Every, Do: func(ctx context.Context, _ models.Event) error {
		told(ctx)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	if err := w.clock.Join(t.Context(), w.store, clocks, relay, sweep); err != nil {
		t.Fatal(err)
	}
	if err := w.bells.Insert(t.Context(), &bell{Meta: models.Meta{ID: "b", WakeAt: models.At(world.Add(time.Hour))}}); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestClockMoves(t *testing.T) {
	w := towers(t, func(context.Context) {})
	began := w.clock.Now()
	res := w.ask("POST /v1/sandbox/clock", `{"advance":"P8D"}`)
	var moved advancedView
	if err := json.Unmarshal([]byte(res.body), &moved); err != nil || res.status != 200 {
		t.Fatalf("P8D: %d %s %v", res.status, res.body, err)
	}
	if !moved.Now.Equal(began.Add(8*24*time.Hour)) || moved.Woken != 8 || moved.Told != 8 {
		t.Errorf("P8D: %+v", moved)
	}
	if b, err := w.bells.Get(t.Context(), "b"); err != nil || b.Rings != 8 {
		t.Errorf("the bell: %+v %v", b, err)
	}
	var shown clockView
	res = w.ask("GET /v1/sandbox/clock", "")
	if err := json.Unmarshal([]byte(res.body), &shown); err != nil || shown.Now.Before(moved.Now) || shown.AheadSeconds != 8*24*3600 {
		t.Errorf("shown: %s %v", res.body, err)
	}
}

func TestClockRefusesWhatIsNoSpan(t *testing.T) {
	w := towers(t, func(context.Context) {})
	for body, code := range map[string]string{
		`{"advance":"8 days"}`: "duration", `{"advance":"-P1D"}`: "duration", `{"advance":"P"}`: "duration", `{"advance":"P0D"}`: "duration",
		`{"advance":"P1.5D"}`: "duration", `{"advance":"P3Y"}`: "too_long", `{"advance":""}`: "required", `{}`: "required",
	} {
		res := w.ask("POST /v1/sandbox/clock", body)
		p := res.problem(t)
		if res.status != 400 || len(p.Errors) != 1 || p.Errors[0].Pointer != "/advance" || p.Errors[0].Code != code || p.Errors[0].Message == "" {
			t.Errorf("%s: %d %s", body, res.status, res.body)
		}
	}
	if b, err := w.bells.Get(t.Context(), "b"); err != nil || b.Rings != 0 {
		t.Errorf("a refused span rang the bell: %+v %v", b, err)
	}
}

func TestClockIsMovedByOneAtATime(t *testing.T) {
	ringing, goOn := make(chan struct{}), make(chan struct{})
	var first sync.Once
	w := towers(t, func(context.Context) { first.Do(func() { close(ringing); <-goOn }) })
	var group sync.WaitGroup
	group.Go(func() {
		if res := w.ask("POST /v1/sandbox/clock", `{"advance":"P2D"}`); res.status != 200 {
			t.Errorf("the first: %d %s", res.status, res.body)
		}
	})
	<-ringing
	if res := w.ask("POST /v1/sandbox/clock", `{"advance":"P1D"}`); res.status != 409 || res.problem(t).Reason != "sandbox.clock_is_moving" {
		t.Errorf("the second: %d %s", res.status, res.body)
	}
	close(goOn)
	group.Wait()
	if res := w.ask("POST /v1/sandbox/clock", `{"advance":"P1D"}`); res.status != 200 {
		t.Errorf("afterwards: %d %s", res.status, res.body)
	}
}

func TestClockIsTheSandboxsAlone(t *testing.T) {
	h := halls(t, false, nil, func(*hall) []Mounter { return []Mounter{Clock{}} })
	for _, line := range []string{"GET /v1/sandbox/clock", "POST /v1/sandbox/clock"} {
		if res := h.ask(line, "", "as ann+operator"); res.status != 404 {
			t.Errorf("%s: %d", line, res.status)
		}
	}
	if _, routed := h.check.Route("GET", "/v1/sandbox/clock"); routed {
		t.Error("the document describes the clock")
	}
}
