package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/models/sandbox"
	"xinyi/store"
)

// sleeper wakes every few hours some times, and then sleeps on until somebody nudges it.
type sleeper struct {
	models.Meta `bson:",inline"`
	Next        string        `bson:"next"` // whom its rings nudge
	Every       time.Duration `bson:"every"`
	Left        int           `bson:"left"`
	Due         time.Time     `bson:"due"`
	Broken      bool          `bson:"broken"`
}

type rangData struct {
	Left int
	Next string
}

func (s *sleeper) Wake(now time.Time) error {
	if s.Broken {
		return models.E(models.Internal, "test.broken")
	}
	for ; s.Left > 0 && !s.Due.After(now); s.Left-- {
		s.Publish(rang.Of(rangData{s.Left, s.Next}), "p1", models.Clockwork, s.Due)
		s.Due = s.Due.Add(s.Every)
	}
	s.WakeAt = nil
	if s.Left > 0 {
		s.WakeAt = models.At(s.Due)
	}
	return nil
}

type city struct {
	clock    *flows.Clock
	relay    *flows.Relay
	sweep    *flows.Sweep
	sleepers *store.Repo[sleeper]
	log      *store.Repo[journal.Entry]
	world    *hands
}

func newCity(t *testing.T, engine store.Engine, world *hands) *city {
	t.Helper()
	clock := flows.NewClock(world.now)
	s := store.New(engine, clock.Now, nil)
	quiet := slog.New(slog.DiscardHandler)
	m := flows.NewMetrics(prometheus.NewRegistry())
	c := &city{
		clock: clock, world: world,
		sleepers: store.NewRepo[sleeper](s, store.Collection{Name: "sleepers"}),
		log:      store.NewRepo[journal.Entry](s, store.Events),
	}
	c.relay = newRelay(s, store.NewRepo[journal.Lost](s, store.Dead), quiet, m)
	c.sweep = flows.NewSweep(s, quiet, m)
	clocks := store.NewRepo[sandbox.Clock](s, store.Sandbox)
	must(t, s.Ensure(t.Context()))
	must(t, clock.Join(t.Context(), s, clocks, c.relay, c.sweep))
	must(t, c.relay.Subscribe(flows.Journal(c.log), flows.Subscriber{Name: "nudge", Kinds: flows.Kinds(rang), Do: c.nudge}))
	return c
}

// nudge gives the next sleeper one more ring, an hour after the one that nudged.
func (c *city) nudge(ctx context.Context, e models.Event) error {
	d, err := rang.Read(e)
	if err != nil {
		return err
	}
	_, err = c.sleepers.Update(ctx, d.Next, func(s *sleeper) error {
		if s.Left > 0 {
			return store.Unchanged()
		}
		s.Left, s.Due = 1, e.At.Add(time.Hour)
		s.WakeAt = models.At(s.Due)
		return nil
	})
	if errors.Is(err, models.NotFound) {
		return nil
	}
	return err
}

func (c *city) populate(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		s := &sleeper{
			Meta: models.Meta{ID: fmt.Sprint("s", i)}, Next: fmt.Sprint("s", i+n/2), Left: 1 + i%3,
			Every: time.Duration(7+i%50) * time.Hour, Due: noon.Add(time.Duration(i*57) * time.Minute),
		}
		s.WakeAt = models.At(s.Due)
		must(t, c.sleepers.Insert(t.Context(), s))
	}
}

func (c *city) advance(t *testing.T, span string) int {
	t.Helper()
	by, err := sandbox.ParseSpan(span)
	must(t, err)
	woken, _, err := c.clock.Advance(t.Context(), by)
	must(t, err)
	return woken
}

type line struct {
	ID, Left string
	At       time.Time
}

func (c *city) lines(t *testing.T) []line {
	t.Helper()
	var all []line
	_, err := c.log.Each(t.Context(), store.EventsOfAKind(rang.Name()), func(e *journal.Entry) error {
		all = append(all, line{e.ID, e.Data["left"], e.At})
		return nil
	})
	must(t, err)
	return all
}

func TestFortyDaysAreFortyTimesADay(t *testing.T) {
	t.Parallel()
	once := newCity(t, newEngine(t), &hands{t: noon})
	once.populate(t, 60)
	once.advance(t, "P40D")
	daily := newCity(t, newEngine(t), &hands{t: noon})
	daily.populate(t, 60)
	for range 40 {
		daily.advance(t, "P1D")
	}
	if got, want := daily.clock.Now(), noon.Add(40*24*time.Hour); !got.Equal(want) || !once.clock.Now().Equal(want) {
		t.Errorf("clocks: %v and %v, want %v", got, once.clock.Now(), want)
	}
	a, b := once.lines(t), daily.lines(t)
	if len(a) < 120 {
		t.Errorf("only %d events", len(a))
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("P40D and 40 × P1D differ: %s", diff)
	}
}

func TestClockOutlivesARestart(t *testing.T) {
	t.Parallel()
	engine, world := newEngine(t), &hands{t: noon}
	newCity(t, engine, world).advance(t, "P8D")
	again := newCity(t, engine, world)
	if d := again.clock.Now().Sub(noon.Add(8 * 24 * time.Hour)); d < 0 || d > 10*time.Millisecond {
		t.Errorf("after a restart the clock is off by %v", d)
	}
}

func TestSweepCatchesUpAndGoesRoundTheBroken(t *testing.T) {
	t.Parallel()
	c := newCity(t, newEngine(t), &hands{t: noon})
	c.populate(t, 30)
	broken := &sleeper{Meta: models.Meta{ID: "broken", WakeAt: models.At(noon)}, Broken: true}
	must(t, c.sleepers.Insert(t.Context(), broken))
	c.world.move(30 * 24 * time.Hour)
	_, err := c.sweep.Round(t.Context(), c.clock.Now())
	must(t, err)
	seen := map[string]bool{}
	for _, l := range c.lines(t) {
		if seen[l.ID] {
			t.Errorf("%s twice", l.ID)
		}
		seen[l.ID] = true
	}
	s, err := c.sleepers.Get(t.Context(), "s2")
	must(t, err)
	if s.Left != 0 || !seen["test.rang/s2/2.2"] {
		t.Errorf("s2 did not catch up: %+v", s)
	}
	b, err := c.sleepers.Get(t.Context(), "broken")
	must(t, err)
	if !b.WakeAt.Equal(c.clock.Now().Add(time.Minute)) {
		t.Errorf("the broken one wakes %v, want in a minute", b.WakeAt)
	}
}
