package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"xinyi/models"
	"xinyi/models/division"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/models/webhook"
	"xinyi/seed"
	"xinyi/store"
	"xinyi/store/sqlite"
)

// people sign in; bill i is person i mod people's.
const people = 128

func phoneOf(i int) string { return fmt.Sprintf("1990009%04d", i) }
func billID(i int) string  { return fmt.Sprintf("bench-bill-%06d", i) }
func personID(i int) string {
	return fmt.Sprintf("bench-person-%03d", i)
}

// A city is an opened store, filled.
type city struct {
	engine *sqlite.Engine
	seed.Stores
}

func open(ctx context.Context, dir string) (*city, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	keys, err := store.CreateKeys(filepath.Join(dir, "keys.json"))
	if err != nil {
		return nil, err
	}
	e, err := sqlite.Open(ctx, filepath.Join(dir, "xinyi.db"))
	if err != nil {
		return nil, err
	}
	s := store.New(e, time.Now, keys)
	c := &city{e, seed.Stores{
		Marks: store.NewRepo[seed.Mark](s, store.Seeds), Divisions: store.NewRepo[division.Division](s, store.Divisions),
		Zones: store.NewRepo[division.Zone](s, store.Zones), Identity: store.OpenIdentity(s), Organisation: store.OpenOrganisation(s), Medical: store.OpenMedical(s),
		Events: store.NewRepo[journal.Entry](s, store.Events), Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints),
	}}
	if err := s.Ensure(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return c, nil
}

// fill makes a store of the demo city and n issued bills besides.
func fill(ctx context.Context, dir string, n int) error {
	c, err := open(ctx, dir)
	if err != nil {
		return err
	}
	return errors.Join(c.fill(ctx, n), c.engine.Close())
}

func (c *city) fill(ctx context.Context, n int) error {
	if err := errors.Join(seed.Land(ctx, c.Stores, ""), seed.City(ctx, c.Stores, time.Now())); err != nil {
		return err
	}
	bill, err := c.Medical.Bills.First(ctx, store.BillsIn("430181", medical.Issued))
	if err != nil {
		return err
	}
	agreement, err := c.Medical.Agreements.Get(ctx, bill.Agreement)
	if err != nil {
		return err
	}
	for i := range people {
		p := identity.NewPerson(personID(i), models.NewSecret(phoneOf(i)), "zh", time.Now())
		a := *agreement
		a.ID, a.Person, a.Slot, a.Outbox, a.PublishAt = "bench-agreement-"+personID(i), personID(i), personID(i)+"/"+a.Scheme, nil, nil
		if err := errors.Join(c.Identity.People.Insert(ctx, p), c.Medical.Agreements.Insert(ctx, &a)); err != nil {
			return err
		}
	}
	for from := 0; from < n; from += 500 {
		var part []*medical.Bill
		for i := from; i < min(n, from+500); i++ {
			b := *bill
			b.ID, b.BillNo, b.Encounter, b.Outbox, b.PublishAt = billID(i), fmt.Sprintf("BENCH%06d", i), fmt.Sprintf("bench-visit-%06d", i), nil, nil
			b.Person, b.Agreement = personID(i%people), "bench-agreement-"+personID(i%people)
			part = append(part, &b)
		}
		if err := c.Medical.Bills.InsertMany(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// bare measures the engine alone on the same documents: reads with their decoding, and durable compare-and-swap updates.
func (p plan) bare(ctx context.Context, dir string) (map[string]float64, error) {
	c, err := open(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := c.fill(ctx, p.small); err != nil {
		return nil, errors.Join(err, c.engine.Close())
	}
	rates := map[string]float64{}
	fmt.Printf("the bare engine, 64 goroutines, %d bills\n", p.small)
	for name, do := range map[string]func(string) error{
		"reads": func(id string) error { _, err := c.Medical.Bills.Get(ctx, id); return err },
		"updates": func(id string) error {
			_, err := c.Medical.Bills.Update(ctx, id, func(*medical.Bill) error { return nil })
			return err
		},
	} {
		var n atomic.Int64
		var group sync.WaitGroup
		var failed atomic.Value
		begun := time.Now()
		for range 64 {
			group.Go(func() {
				for time.Since(begun) < p.each && failed.Load() == nil {
					if err := do(billID(rand.IntN(p.small))); err != nil {
						failed.Store(err)
					}
					n.Add(1)
				}
			})
		}
		group.Wait()
		if err, ok := failed.Load().(error); ok {
			return nil, errors.Join(err, c.engine.Close())
		}
		rates[name] = float64(n.Load()) / time.Since(begun).Seconds()
		fmt.Printf("%-24s %10.0f\n", name, rates[name])
	}
	return rates, c.engine.Close()
}
