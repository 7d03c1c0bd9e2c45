package flows_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/store"
)

// A counter is a replica with the check and what it says.
type counter struct {
	*testing.T
	store.Medical
	store    *store.Store
	clock    *hands
	relay    *flows.Relay
	sweep    *flows.Sweep
	ledger   *flows.Ledger
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func counters(t *testing.T, engine store.Engine, clock *hands) *counter {
	t.Helper()
	c := &counter{T: t, clock: clock, registry: prometheus.NewRegistry(), log: &bytes.Buffer{}}
	c.store = store.New(engine, clock.now, store.TestKeys())
	c.Medical = store.OpenMedical(c.store)
	quiet, m := slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry())
	c.relay = newRelay(c.store, store.NewRepo[journal.Lost](c.store, store.Dead), quiet, m)
	c.sweep = flows.NewSweep(c.store, quiet, m)
	c.ledger = flows.NewLedger(c.Medical, slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelError})), clock.now, c.registry)
	must(t, c.relay.Subscribe(c.ledger.Subscribers()...))
	must(t, c.store.Ensure(t.Context()))
	must(t, c.ledger.Ready(t.Context()))
	return c
}

// fill keeps agreements, each with bills of a yuan that it draws.
func (c *counter) fill(agreements, bills int) {
	c.Helper()
	scheme, place := &medical.Scheme{Meta: models.Meta{ID: "s1"}}, &medical.Hospital{Meta: models.Meta{ID: "h1"}}
	for i := range agreements {
		a := &medical.Agreement{Meta: models.Meta{ID: fmt.Sprintf("a%04d", i)}, Person: fmt.Sprint("p", i), Slot: fmt.Sprint("p", i)}
		a.State, a.Outpatient.Limit, a.Terms = medical.Active, models.Fen(100*bills), medical.Standard
		var owed []*medical.Bill
		for j := range bills {
			id := fmt.Sprintf("%s-%04d", a.ID, j)
			b := medical.NewBill(medical.BillHead{ID: id, No: id, Seq: 1, Hospital: place.Name, Funding: scheme.Funding}, &medical.Encounter{Meta: models.Meta{ID: "v" + id}, Hospital: "h1", Type: medical.Outpatient}, a, noon)
			must(c.T, b.Carry(100, 1, noon))
			b.Outbox = nil
			owed = append(owed, b)
			a.Outpatient.Drawn = append(a.Outpatient.Drawn, medical.Draw{Bill: id, Amount: 100, Seq: 1, At: noon})
		}
		must(c.T, c.Bills.InsertMany(c.Context(), owed))
		must(c.T, c.Agreements.Insert(c.Context(), a))
	}
}

func (c *counter) check() *medical.Check {
	c.Helper()
	k, err := c.Checks.Get(c.Context(), medical.CheckID)
	must(c.T, err)
	return k
}

// wake moves the clock to the check's next moment and lets it wake.
func (c *counter) wake() *medical.Check {
	c.Helper()
	c.clock.move(max(0, c.check().WakeAt.Sub(c.clock.now())))
	_, err := c.sweep.Round(c.Context(), c.clock.now())
	must(c.T, err)
	return c.check()
}

// night wakes the check until its run is over.
func (c *counter) night() *medical.Check {
	c.Helper()
	k := c.wake()
	for range 50 {
		if k.State == medical.CheckIdle {
			return k
		}
		k = c.wake()
	}
	c.Fatalf("the run does not end: %+v", k.Run)
	return k
}

func (c *counter) gauge(name string) float64 {
	c.Helper()
	families, err := c.registry.Gather()
	must(c.T, err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	c.Fatalf("no gauge %s", name)
	return 0
}

func (c *counter) alarms() int { return strings.Count(c.log.String(), "the ledger does not agree") }

func (c *counter) plant(bill string) {
	c.Helper()
	_, err := c.Bills.Update(c.Context(), bill, func(b *medical.Bill) error { b.Paid++; return nil })
	must(c.T, err)
}

func TestOneFenIsFoundOnce(t *testing.T) {
	t.Parallel()
	c := counters(t, newEngine(t), &hands{t: noon})
	c.fill(3, 4)
	if k := c.night(); k.Recent[0].Faults != 0 || k.Recent[0].Bills != 12 || k.Recent[0].Agreements != 3 || c.alarms() != 0 {
		t.Fatalf("a clean night: %+v, %d alarms: %+v", k.Recent[0], c.alarms(), k.Found)
	}
	if at := c.gauge("xinyi_ledger_checked_at"); at != float64(c.clock.now().Unix()) {
		t.Errorf("checked at %f", at)
	}
	c.plant("a0001-0002")
	k := c.night()
	if diff := cmp.Diff([]medical.Fault{{Bill: "a0001-0002", What: medical.WrongPaid, Got: 1}}, k.Found); diff != "" {
		t.Error(diff)
	}
	if k.Recent[0].Faults != 1 || len(k.Recent) != 2 || c.alarms() != 1 || c.gauge("xinyi_ledger_faults") != 1 {
		t.Errorf("%+v, %d alarms, gauge %f", k.Recent[0], c.alarms(), c.gauge("xinyi_ledger_faults"))
	}
	if again := counters(t, c.store.Engine, c.clock); again.gauge("xinyi_ledger_faults") != 1 {
		t.Error("a restart forgets the alarm")
	}
	s, found, underway, err := c.ledger.Whole(t.Context())
	if must(t, err); s.Faults != 1 || underway != 0 || !cmp.Equal(found, k.Found) {
		t.Errorf("the whole at once: %+v, %v", s, found)
	}
}

// A store whose server was killed holds changes that no event has carried on: they are no faults, and not kept quiet about.
func TestWhatIsUnderWayIsNoFault(t *testing.T) {
	t.Parallel()
	c := counters(t, newEngine(t), &hands{t: noon})
	c.fill(2, 2)
	killed := store.OpenMedical(store.New(c.store.Engine, c.clock.now, store.TestKeys())) // saves, and never delivers
	_, err := killed.Bills.Update(t.Context(), "a0001-0000", func(b *medical.Bill) error { return b.Carry(40, 2, noon) })
	must(t, err)
	s, found, underway, err := c.ledger.Whole(t.Context())
	if must(t, err); s.Faults != 0 || len(found) != 0 || underway != 1 {
		t.Errorf("%+v, %v, %d under way", s, found, underway)
	}
	c.clock.move(time.Hour)
	must(t, c.relay.Drain(t.Context())) // delivered, and nobody took it on: now it is one
	if s, _, underway, err = c.ledger.Whole(t.Context()); err != nil || s.Faults != 1 || underway != 0 {
		t.Errorf("%+v, %d under way, %v", s, underway, err)
	}
}

// What differs between a bill and its agreement may only be under way: it counts when it differs still.
func TestDoubtsAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	c := counters(t, newEngine(t), &hands{t: noon})
	c.fill(3, 2)
	draw := func(a string, by models.Fen) {
		_, err := c.Agreements.Update(t.Context(), a, func(a *medical.Agreement) error {
			a.Outpatient.Drawn[0].Amount += by
			return nil
		})
		must(t, err)
	}
	draw("a0000", -1)
	draw("a0002", -1)
	k := c.wake()
	for k.Run.Stage != medical.StageAgain {
		k = c.wake()
	}
	if k.Run.Count != 0 || len(k.Run.Doubts) != 2 {
		t.Fatalf("before the second look: %+v", k.Run)
	}
	draw("a0000", 1)
	want := []medical.Fault{{Bill: "a0002-0000", Agreement: "a0002", What: medical.WrongDraw, Got: 99, Want: 100}}
	if diff := cmp.Diff(want, c.night().Found); diff != "" || c.alarms() != 1 {
		t.Errorf("%d alarms: %s", c.alarms(), diff)
	}
}

func TestCheckCutOffGoesOn(t *testing.T) {
	t.Parallel()
	clock, engine := &hands{t: noon}, newEngine(t)
	one := counters(t, engine, clock)
	one.fill(30, 100)
	one.plant("a0029-0099")
	if k := one.wake(); k.Run.Bills != 1000 || k.Part != 1 || k.State != medical.CheckRunning {
		t.Fatalf("the first part: %+v", k.Run)
	}
	one.store.OnSave(func(context.Context, store.AnyRepo, string) {}) // dies after the save that asks for the second part
	if k := one.wake(); k.Part != 1 || len(k.Outbox) != 1 {
		t.Fatalf("cut off: %+v", k.Run)
	}
	two := counters(t, engine, clock)
	clock.move(time.Minute)
	must(t, two.relay.Drain(t.Context()))
	if k := two.check(); k.Run.Bills != 2000 || k.Part != 2 {
		t.Fatalf("after the restart: %+v", k.Run)
	}
	k := two.night()
	if s := k.Recent[0]; s.Bills != 3000 || s.Agreements != 30 || s.Faults != 1 || k.Found[0].Bill != "a0029-0099" || two.alarms() != 1 {
		t.Errorf("%+v, found %v", s, k.Found)
	}
}
