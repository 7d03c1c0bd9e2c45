package sandbox

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/models/sandbox"
	"xinyi/store"
)

var (
	events   models.Events
	bellRang = events.Plain("test.rang")
)

// A bell rings once a day, and tells so.
type bell struct {
	models.Meta `bson:",inline"`
	Rings       int `bson:"rings"`
}

func (b *bell) Wake(now time.Time) error {
	for ; !b.WakeAt.After(now); b.Rings++ {
		b.Publish(bellRang, "", models.Clockwork, *b.WakeAt)
		b.WakeAt = models.At(b.WakeAt.Add(24 * time.Hour))
	}
	return nil
}

// tower is a hall with a sandbox clock and one bell. told is called for every ring.
type tower struct {
	*apitest.World
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
	w.World = apitest.NewWorld(t, true, w.clock.Now, func(h *apitest.World) []api.Mounter {
		quiet := slog.New(slog.DiscardHandler)
		metrics := flows.NewMetrics(prometheus.NewRegistry())
		w.bells = store.NewRepo[bell](h.Store, store.Collection{Name: "bells"})
		clocks = store.NewRepo[sandbox.Clock](h.Store, store.Sandbox)
		relay, sweep = flows.NewRelay(h.Store, h.Lost, quiet, metrics), flows.NewSweep(h.Store, quiet, metrics)
		return []api.Mounter{Clock{Time: w.clock}}
	})
	if err := relay.Subscribe(flows.Subscriber{Name: "told", Kinds: flows.Every, Do: func(ctx context.Context, _ models.Event) error {
		told(ctx)
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	if err := w.clock.Join(t.Context(), w.Store, clocks, relay, sweep); err != nil {
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
	res := w.Ask("POST /v1/sandbox/clock", `{"advance":"P8D"}`)
	var moved advancedView
	if err := json.Unmarshal([]byte(res.Body), &moved); err != nil || res.Status != 200 {
		t.Fatalf("P8D: %d %s %v", res.Status, res.Body, err)
	}
	if !moved.Now.Equal(began.Add(8*24*time.Hour)) || moved.Woken != 8 || moved.Told != 8 {
		t.Errorf("P8D: %+v", moved)
	}
	if b, err := w.bells.Get(t.Context(), "b"); err != nil || b.Rings != 8 {
		t.Errorf("the bell: %+v %v", b, err)
	}
	var shown clockView
	res = w.Ask("GET /v1/sandbox/clock", "")
	if err := json.Unmarshal([]byte(res.Body), &shown); err != nil || shown.Now.Before(moved.Now) || shown.AheadSeconds != 8*24*3600 {
		t.Errorf("shown: %s %v", res.Body, err)
	}
}

func TestClockRefusesWhatIsNoSpan(t *testing.T) {
	w := towers(t, func(context.Context) {})
	for body, code := range map[string]string{
		`{"advance":"8 days"}`: "duration", `{"advance":"-P1D"}`: "duration", `{"advance":"P"}`: "duration", `{"advance":"P0D"}`: "duration",
		`{"advance":"P1.5D"}`: "duration", `{"advance":"P3Y"}`: "too_long", `{"advance":""}`: "required", `{}`: "required",
	} {
		res := w.Ask("POST /v1/sandbox/clock", body)
		p := res.Problem(t)
		if res.Status != 400 || len(p.Errors) != 1 || p.Errors[0].Pointer != "/advance" || p.Errors[0].Code != code || p.Errors[0].Message == "" {
			t.Errorf("%s: %d %s", body, res.Status, res.Body)
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
		if res := w.Ask("POST /v1/sandbox/clock", `{"advance":"P2D"}`); res.Status != 200 {
			t.Errorf("the first: %d %s", res.Status, res.Body)
		}
	})
	<-ringing
	if res := w.Ask("POST /v1/sandbox/clock", `{"advance":"P1D"}`); res.Status != 409 || res.Problem(t).Reason != "sandbox.clock_is_moving" {
		t.Errorf("the second: %d %s", res.Status, res.Body)
	}
	close(goOn)
	group.Wait()
	if res := w.Ask("POST /v1/sandbox/clock", `{"advance":"P1D"}`); res.Status != 200 {
		t.Errorf("afterwards: %d %s", res.Status, res.Body)
	}
}

func TestClockIsTheSandboxsAlone(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, func(*apitest.World) []api.Mounter { return []api.Mounter{Clock{}} })
	for _, line := range []string{"GET /v1/sandbox/clock", "POST /v1/sandbox/clock"} {
		if res := h.Ask(line, "", "as ann+operator"); res.Status != 404 {
			t.Errorf("%s: %d", line, res.Status)
		}
	}
	if _, routed := h.Check.Route("GET", "/v1/sandbox/clock"); routed {
		t.Error("the document describes the clock")
	}
}
