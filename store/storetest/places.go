package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
	"xinyi/usecase"
)

// people are how many want a place at once.
const people = 10_000

// testPlaces: ten thousand people after a thousand places, at two replicas at once, get exactly a thousand, each at most one;
// a place whose claim was never made comes back.
func testPlaces(t *testing.T, f *fixture) {
	const places, lost = 1000, 37
	pol := benefit.Standard
	pol.SharePlace = 130 // so that shares end at different times
	var replicas []usecase.Benefit
	for range 2 {
		replicas = append(replicas, usecase.OpenBenefit(store.New(f.engine, f.clock, store.TestKeys()), nil, nil, usecase.Subjects{},
			store.Medical{}))
	}
	for _, c := range []store.Collection{store.Shares, store.Claims} {
		if err := f.engine.Ensure(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	b := replicas[0]
	o := &benefit.Offer{Subject: models.Organisation, Active: 1}
	o.ID, o.State = "offer", benefit.Online
	o.Terms.Quota = benefit.Quota{Total: places, PerPerson: 1, Period: benefit.Once}
	if err := b.Ready(t.Context(), o.ID, benefit.Whole, places, pol.SharePlace); err != nil {
		t.Fatal(err)
	}
	for i := range lost { // reserved, and cut off before the claim was made
		if _, err := b.Reserve(t.Context(), o, fmt.Sprint("never-", i), f.clock().Add(pol.Hold), pol); err != nil {
			t.Fatal(err)
		}
	}
	won := rush(t, f, replicas, o, pol)
	if won != places-lost {
		t.Fatalf("%d claims, want %d", won, places-lost)
	}
	f.pass(pol.Hold + time.Minute)
	for i := range lost {
		if err := b.Vacate(t.Context(), sharesOf(t, b, fmt.Sprint("never-", i)), fmt.Sprint("never-", i)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, b)
	if again := rush(t, f, replicas, o, pol); again != lost {
		t.Fatalf("%d claims for the places that came back, want %d", again, lost)
	}
	count(t, b, places)
}

// rush lets everybody claim once, twice at the same time, and says how many got a place.
func rush(t *testing.T, f *fixture, replicas []usecase.Benefit, o *benefit.Offer, pol benefit.Policy) int64 {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	next := make(chan int)
	for w := range 32 {
		wg.Go(func() {
			for i := range next {
				g := benefit.Grant{ID: fmt.Sprintf("%s-%d", f.clock().Format("1504"), i), Holder: fmt.Sprint("org-", i), Person: "p",
					Until: f.clock().Add(pol.Hold)}
				_, err := replicas[(w+i)%2].Grant(t.Context(), o, g, pol)
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, models.Conflict) {
					t.Errorf("%d: %v", i, err)
				}
			}
		})
	}
	for i := range people {
		next <- i
	}
	close(next)
	wg.Wait()
	return won.Load()
}

// sharesOf are the shares in which a claim has a place.
func sharesOf(t *testing.T, b usecase.Benefit, claim string) (ids []string) {
	t.Helper()
	each(t, b, func(s *benefit.Share) {
		if s.Has(claim) {
			ids = append(ids, s.ID)
		}
	})
	if len(ids) != 1 {
		t.Fatalf("%s has places in %v", claim, ids)
	}
	return ids
}

func each(t *testing.T, b usecase.Benefit, fn func(*benefit.Share)) {
	t.Helper()
	_, err := b.Shares.Each(context.WithoutCancel(t.Context()), store.All(), func(s *benefit.Share) error { fn(s); return nil })
	if err != nil {
		t.Fatal(err)
	}
}

// open gives every vacant place to all: nobody waits.
func open(t *testing.T, b usecase.Benefit) {
	t.Helper()
	each(t, b, func(s *benefit.Share) {
		for _, p := range s.Places {
			if !p.Vacant {
				continue
			}
			if _, err := b.Shares.Update(t.Context(), s.ID, func(s *benefit.Share) error { s.Open(p.Claim); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// count makes sure that every place has its one claim, and every claim its one place.
func count(t *testing.T, b usecase.Benefit, places int) {
	t.Helper()
	holders, taken := map[string]bool{}, 0
	each(t, b, func(s *benefit.Share) {
		taken += len(s.Places)
		if len(s.Places) != s.Size {
			t.Errorf("%s: %d of %d places", s.ID, len(s.Places), s.Size)
		}
		for _, p := range s.Places {
			c, err := b.Claims.Get(t.Context(), p.Claim)
			if err != nil || len(c.Shares) != 1 || c.Shares[0] != s.ID || holders[c.Holder] {
				t.Errorf("%s: %+v, %v", p.Claim, c, err)
				continue
			}
			holders[c.Holder] = true
		}
	})
	if n, err := b.Claims.Count(t.Context(), store.All()); err != nil || taken != places || int(n) != places {
		t.Errorf("%d places, %d claims, %v", taken, n, err)
	}
}
