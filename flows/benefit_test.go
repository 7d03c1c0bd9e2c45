package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/usecase"
)

// market is a replica where an offer has places.
type market struct {
	*world
	flows.Benefit
	sweep *flows.Sweep
	offer *benefit.Offer
	n     int
}

func markets(t *testing.T, places int) *market {
	t.Helper()
	clock := &hands{t: noon}
	engine := newEngine(t)
	s := store.New(engine, clock.now, store.TestKeys())
	w := &world{engine: engine, store: s, clock: clock, lost: store.NewRepo[journal.Lost](s, store.Dead)}
	w.relay = newRelay(s, w.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	mk := &market{world: w}
	mk.Benefit = flows.Benefit{Benefit: usecase.OpenBenefit(w.store, nil, nil, usecase.Subjects{}, store.Medical{}), Policy: benefit.Standard, Now: w.clock.now}
	must(t, w.relay.Subscribe(mk.Subscribers()...))
	mk.sweep = flows.NewSweep(w.store, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	must(t, w.store.Ensure(t.Context()))
	mk.offer = &benefit.Offer{Scene: "XYG", Provider: "shop", Subject: models.Organisation, Active: 1, Terms: benefit.Terms{
		Quota: benefit.Quota{Total: places, PerPerson: 1, Period: benefit.Once}, From: "2026-01-01", Until: "2027-01-01", Good: 5}}
	mk.offer.ID, mk.offer.State = "o", benefit.Online
	must(t, mk.Offers.Insert(t.Context(), mk.offer))
	must(t, mk.Ready(t.Context(), "o", benefit.Whole, places, 2)) // two places a share
	return mk
}

// grants has a firm claim; firms are known by a letter.
func (mk *market) grants(t *testing.T, firm string) (*benefit.Claim, error) {
	t.Helper()
	mk.n++
	return mk.Grant(t.Context(), mk.offer, benefit.Grant{
		ID: fmt.Sprintf("claim-%s-%d", firm, mk.n), Holder: firm, Person: "p-" + firm, Until: mk.clock.now().Add(benefit.Standard.Hold), By: models.Actor{Role: models.Business, Org: firm},
	}, benefit.Standard)
}

func (mk *market) claims(t *testing.T, firm string) *benefit.Claim {
	t.Helper()
	c, err := mk.grants(t, firm)
	must(t, err)
	c, err = mk.Claims.Update(t.Context(), c.ID, func(c *benefit.Claim) error { return c.Claim("h", models.Actor{}, mk.clock.now()) })
	must(t, err)
	return c
}

func (mk *market) waits(t *testing.T, firm string) {
	t.Helper()
	must(t, mk.Waits.Insert(t.Context(), benefit.NewWait("wait-"+firm, mk.offer, firm, models.Actor{Role: models.Business, Org: firm, Person: "p-" + firm}, mk.clock.now())))
	mk.clock.move(time.Second)
}

// settles lets a time pass, and everything that follows from it.
func (mk *market) settles(t *testing.T, d time.Duration) {
	t.Helper()
	mk.clock.move(d)
	for range 20 {
		must(t, mk.relay.Drain(t.Context()))
		n, err := mk.sweep.Round(t.Context(), mk.clock.now())
		must(t, err)
		if n == 0 {
			break
		}
	}
	must(t, mk.relay.Drain(t.Context()))
}

// served says which claim somebody who waited has, "" for none.
func (mk *market) served(t *testing.T, firm string) string {
	t.Helper()
	w, err := mk.Waits.Get(t.Context(), "wait-"+firm)
	must(t, err)
	return w.Claim
}

// quietly cancels a claim and vacates its place, and tells nobody: what follows is the test's to tell.
func (mk *market) quietly(t *testing.T, c *benefit.Claim, then func(*benefit.Share)) {
	t.Helper()
	_, err := mk.Claims.Update(t.Context(), c.ID, func(c *benefit.Claim) error {
		defer func() { c.Outbox = nil }()
		return c.Cancel(models.Actor{}, mk.clock.now())
	})
	must(t, err)
	_, err = mk.Shares.Update(t.Context(), c.Shares[0], func(s *benefit.Share) error {
		if !s.Vacate(c.ID, true, mk.clock.now()) {
			t.Error("not vacated")
		}
		then(s)
		s.Outbox = nil
		return nil
	})
	must(t, err)
}

// vacated tells that a claim's place was given back.
func (mk *market) vacated(c *benefit.Claim) error {
	for _, s := range mk.Subscribers() {
		if s.Name == "benefit.serve" {
			return s.Do(context.Background(), models.Event{Kind: benefit.EventVacated.Name(), Subject: c.Shares[0], Data: map[string]string{"offer": "o", "claim": c.ID}})
		}
	}
	return errors.New("nobody serves")
}

// places are all that are taken or held.
func (mk *market) places(t *testing.T) (all []string) {
	t.Helper()
	_, err := mk.Shares.Each(t.Context(), store.All(), func(s *benefit.Share) error {
		if len(s.Places) > s.Size {
			t.Errorf("%s is oversold", s.ID)
		}
		for _, p := range s.Places {
			all = append(all, p.Claim)
		}
		return nil
	})
	must(t, err)
	return all
}

// A place that was reserved for a claim nobody ever made comes back by itself; one whose claim is there stays.
func TestPlacesComeBack(t *testing.T) {
	t.Parallel()
	mk := markets(t, 3)
	for i := range 2 { // the process ended between the place and the claim
		_, err := mk.Reserve(t.Context(), mk.offer, fmt.Sprint("never-", i), mk.clock.now().Add(benefit.Standard.Hold+benefit.Standard.Slack), benefit.Standard)
		must(t, err)
	}
	kept := mk.claims(t, "A")
	if _, err := mk.grants(t, "B"); !errors.Is(err, models.Conflict) {
		t.Fatalf("it is full: %v", err)
	}
	mk.settles(t, benefit.Standard.Hold+benefit.Standard.Slack+time.Minute)
	if got := mk.places(t); !slices.Equal(got, []string{kept.ID}) {
		t.Fatalf("%v", got)
	}
	held, err := mk.grants(t, "B") // and one that is only held
	must(t, err)
	mk.settles(t, benefit.Standard.Hold+time.Hour)
	if c, err := mk.Claims.Get(t.Context(), held.ID); err != nil || c.State != benefit.Expired || len(mk.places(t)) != 1 {
		t.Errorf("%v %v", c.State, mk.places(t))
	}
	mk.settles(t, 30*24*time.Hour) // nor is a claim that is not used in time
	if got := mk.places(t); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

// Who waits first is served first, whatever share the place is in, and nobody twice; whoever left or claimed is passed over.
func TestLineIsInOrder(t *testing.T) {
	t.Parallel()
	mk := markets(t, 4)
	var had []*benefit.Claim
	for _, firm := range []string{"A", "B", "C", "D"} {
		had = append(had, mk.claims(t, firm))
	}
	mk.settles(t, 0)
	for _, firm := range []string{"E", "F", "G", "H"} {
		mk.waits(t, firm)
	}
	_, err := mk.Waits.Update(t.Context(), "wait-F", func(w *benefit.Wait) error { return w.Leave("", models.Actor{}, mk.clock.now()) })
	must(t, err)
	for i, want := range []map[string]bool{{"E": true}, {"E": true, "G": true}, {"E": true, "G": true, "H": true}} {
		_, err := mk.Claims.Update(t.Context(), had[i].ID, func(c *benefit.Claim) error { return c.Cancel(models.Actor{}, mk.clock.now()) })
		must(t, err)
		mk.settles(t, time.Second)
		for _, firm := range []string{"E", "F", "G", "H"} {
			if got := mk.served(t, firm) != ""; got != want[firm] {
				t.Errorf("after %d: %s is served: %v", i+1, firm, got)
			}
		}
	}
	if got := mk.places(t); len(got) != 4 {
		t.Errorf("%v", got)
	}
	mk.settles(t, benefit.Standard.Turn+time.Hour) // nobody answers: the places are everybody's
	if got := mk.places(t); len(got) != 1 {
		t.Errorf("%v", got)
	}
	mk.claims(t, "Z")
}

// Cut off at any point and told again, the line goes on: no place is lost, and nobody has two.
func TestLineCutOff(t *testing.T) {
	t.Parallel()
	stopped := true
	for cut := 0; stopped; cut++ {
		stopped = false
		mk := markets(t, 2)
		a, b := mk.claims(t, "A"), mk.claims(t, "B")
		mk.settles(t, 0)
		mk.waits(t, "E")
		mk.waits(t, "F")
		mk.settles(t, 0)
		for _, c := range []*benefit.Claim{a, b} {
			mk.quietly(t, c, func(*benefit.Share) {})
		}
		left := cut // so many writes are let through
		engine := mk.engine.(*counting)
		engine.stop = func() error {
			if left--; left < 0 {
				return errors.New("cut off")
			}
			return nil
		}
		for _, c := range []*benefit.Claim{a, b} {
			fault := mk.vacated(c)
			if stopped = stopped || fault != nil; fault != nil && left >= 0 {
				t.Fatal(fault)
			}
		}
		engine.stop = nil
		for _, c := range []*benefit.Claim{b, a} { // told again, in another order
			must(t, mk.vacated(c))
		}
		mk.settles(t, time.Minute)
		for range 3 {
			mk.settles(t, 5*time.Minute)
		}
		if mk.served(t, "E") == "" || mk.served(t, "F") == "" || mk.served(t, "E") == mk.served(t, "F") {
			t.Fatalf("cut off after %d: E %q, F %q, places %v", cut, mk.served(t, "E"), mk.served(t, "F"), mk.places(t))
		}
		if got := mk.places(t); len(got) != 2 {
			t.Fatalf("cut off after %d: %v", cut, got)
		}
		if !stopped && cut < 6 {
			t.Fatalf("it took only %d writes", cut)
		}
	}
}

// Two replicas that pass two places to the same person at the same moment give her one; the other goes on down the line.
func TestServedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	mk := markets(t, 3) // two shares
	var had []*benefit.Claim
	for _, firm := range []string{"A", "B", "C"} {
		had = append(had, mk.claims(t, firm))
	}
	mk.settles(t, 0)
	mk.waits(t, "E")
	mk.waits(t, "F")
	mk.settles(t, 0)
	her, passed := models.Derived("waited", "wait-E"), map[string]bool{}
	var told []*benefit.Claim
	for _, c := range had {
		if passed[c.Shares[0]] {
			continue
		}
		passed[c.Shares[0]] = true
		mk.quietly(t, c, func(s *benefit.Share) {
			if !s.Pass(c.ID, her, mk.clock.now().Add(time.Hour)) {
				t.Error("not passed")
			}
		})
		told = append(told, c)
	}
	first := told[0] // it was cut off once the claim was there
	_, err := mk.Grant(t.Context(), mk.offer, benefit.Grant{ID: her, Holder: "E", Person: "p-E", Shares: first.Shares, Until: mk.clock.now().Add(time.Hour)}, benefit.Standard)
	must(t, err)
	must(t, mk.vacated(told[1]))
	must(t, mk.vacated(first))
	if len(passed) != 2 {
		t.Fatalf("%d shares", len(passed))
	}
	mk.settles(t, time.Minute)
	got := mk.places(t)
	slices.Sort(got)
	if mk.served(t, "E") != her || mk.served(t, "F") == "" || len(got) != 3 || len(slices.Compact(got)) != 3 {
		t.Errorf("E %q, F %q, %v", mk.served(t, "E"), mk.served(t, "F"), got)
	}
}

// Somebody whose claim is there already, and whose second place was given back, does not stop the line.
func TestServedElsewhere(t *testing.T) {
	t.Parallel()
	mk := markets(t, 2)
	a, b := mk.claims(t, "A"), mk.claims(t, "B")
	mk.settles(t, 0)
	mk.waits(t, "E")
	mk.waits(t, "F")
	mk.settles(t, 0)
	her := models.Derived("waited", "wait-E")
	mk.quietly(t, a, func(s *benefit.Share) { s.Pass(a.ID, her, mk.clock.now().Add(time.Hour)) })
	_, err := mk.Grant(t.Context(), mk.offer, benefit.Grant{ID: her, Holder: "E", Person: "p-E", Shares: []string{"elsewhere"}, Until: mk.clock.now().Add(time.Hour)}, benefit.Standard)
	must(t, err)
	_, err = mk.Shares.Update(t.Context(), a.Shares[0], func(s *benefit.Share) error {
		if !s.Vacate(her, true, mk.clock.now()) {
			t.Error("not vacated")
		}
		s.Outbox = nil
		return nil
	})
	must(t, err)
	must(t, mk.vacated(&benefit.Claim{Meta: models.Meta{ID: her}, Shares: a.Shares}))
	if mk.served(t, "E") != her || mk.served(t, "F") == "" {
		t.Errorf("E %q, F %q, %v", mk.served(t, "E"), mk.served(t, "F"), mk.places(t))
	}
	if got := mk.places(t); len(got) != 2 || !slices.Contains(got, b.ID) || slices.Contains(got, her) {
		t.Errorf("%v", got)
	}
}
