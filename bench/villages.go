package main

import (
	"context"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/division"
	"xinyi/models/farmer"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// The four counties whose villages are closed, and how many villages they have.
var (
	closing       = []models.Region{"430112", "430121", "430181", "430182"}
	closeVillages = 717
)

// villages measures a round of each county closed at once: every village applied, and all their households are on file.
func (p plan) villages(ctx context.Context, dir string) (err error) {
	c, err := openCounty(ctx, filepath.Join(dir, "villages"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.engine.Close()) }()
	places, err := ruralPlaces()
	if err != nil {
		return err
	}
	divisions := store.NewRepo[division.Division](c.store, store.Divisions)
	v := usecase.OpenVillage(c.store, c.Blobs, divisions, c.Farmer)
	if err := c.store.Ensure(ctx); err != nil {
		return err
	}
	n := 7 * p.large
	begun := time.Now()
	if err := c.crowd(ctx, places, n); err != nil {
		return err
	}
	fmt.Printf("\n%d villages and %d made-up households, the facts of each and %d titles, kept in %.0f s\n", len(places), n, n*7/10,
		time.Since(begun).Seconds())
	flow := flows.VillageClose{Village: v, Policy: village.Standard, Secret: rand.Text, Now: c.store.Now}
	relay := flows.NewRelay(c.store, c.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	if err := relay.Subscribe(flow.Subscribers()...); err != nil {
		return err
	}
	return c.closes(ctx, v, relay, places, n)
}

// ruralPlaces are the real codes of the counties' villages.
func ruralPlaces() ([]models.Region, error) {
	f, err := os.Open(filepath.Join("seed", "divisions.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	lines, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	var places []models.Region
	for _, line := range lines {
		place := models.Region(line[0])
		for _, county := range closing {
			if county.Contains(place) && village.Standard.Rural(place, village.OfVillages) {
				places = append(places, place)
			}
		}
	}
	if len(places) != closeVillages {
		return nil, fmt.Errorf("%d villages, not %d", len(places), closeVillages)
	}
	return places, nil
}

// crowd keeps n households, spread evenly: nine in ten have a credit household's title but for two, one in three borrows.
func (c *county) crowd(ctx context.Context, places []models.Region, n int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for i, place := range places {
		from, to := i*n/len(places), (i+1)*n/len(places)
		group.Go(func() error {
			var scores []*farmer.Score
			var titles []*farmer.Evaluation
			for h := from; h < to; h++ {
				s := &farmer.Score{Meta: models.Meta{ID: fmt.Sprintf("farm-%07d", h)}, Village: place, Facts: map[string]int64{
					farmer.FactPersons: 3, farmer.FactLabour: 2, farmer.FactYearsHere: 30, farmer.FactHome: 1, farmer.FactGoodYears: 2, farmer.FactMain: 9,
					farmer.FactScale: 2, farmer.FactPeers: 640, farmer.FactHours: 40, farmer.FactDues: 1, farmer.FactDuty: 1, farmer.FactMean: 4_000_000}}
				if h%3 == 0 {
					s.Facts[farmer.FactLoans] = int64(3 * (1 - min(1, h%60)))
				}
				scores = append(scores, s)
				if h%10 < 7 {
					e := &farmer.Evaluation{Household: s.ID, Village: place, Slot: s.ID, No: s.ID, Since: "2026-01-01", Facts: s.Facts}
					e.ID, e.State = "title-"+s.ID, farmer.Certified
					titles = append(titles, e)
				}
				if len(scores) == 500 || h == to-1 {
					if err := errors.Join(c.Scores.InsertMany(ctx, scores), c.Evaluations.InsertMany(ctx, titles)); err != nil {
						return err
					}
					scores, titles = nil, nil
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// closes closes the four rounds and shows how they go on.
func (c *county) closes(ctx context.Context, v usecase.Village, relay *flows.Relay, places []models.Region, n int) error {
	day := models.DayOf(c.store.Now())
	rounds := map[models.Region]*village.Round{}
	var entries []*village.Entry
	for _, place := range places {
		r := rounds[place.County()]
		if r == nil {
			r = &village.Round{County: place.County(), Year: 2026, Level: village.OfVillages, CutOff: day.Add(-1), Ends: day.Add(60)}
			r.ID, r.State, r.WakeAt = village.RoundID(place.County(), 2026, village.OfVillages), village.Open, models.At(day.Start())
			rounds[place.County()] = r
		}
		e := &village.Entry{Round: r.ID, Level: village.OfVillages, Year: 2026, Village: place, Slot: r.ID + "/" + string(place),
			CutOff: r.CutOff, Roster: int64(n/len(places) + 20)}
		e.ID, e.No, e.State = "entry-"+string(place), "no-"+string(place), village.Applied
		r.Filed = append(r.Filed, e.ID)
		entries = append(entries, e)
	}
	if err := v.Entries.InsertMany(ctx, entries); err != nil {
		return err
	}
	begun, cpu, early, top := time.Now(), cpuTime(), heap(), uint64(0)
	for _, r := range rounds {
		if err := r.Wake(c.store.Now()); err != nil {
			return err
		}
		if err := v.Rounds.Insert(ctx, r); err != nil {
			return err
		}
	}
	var seen, parts int64
	for shown := int64(0); ; {
		if _, err := relay.Poll(ctx); err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return err
		}
		open := 0
		seen, parts = 0, 0
		for id := range rounds {
			r, err := v.Rounds.Get(ctx, village.RoundID(id, 2026, village.OfVillages))
			if err != nil {
				return err
			}
			if r.State == village.Closing {
				open++
			}
			seen, parts = seen+r.Progress.Households, parts+int64(r.Part)
		}
		top = max(top, heap())
		if seen-shown >= int64(n)/5 || open == 0 {
			shown = seen
			fmt.Printf("  %d of %d households, part %d, %.1f s\n", seen, n, parts, time.Since(begun).Seconds())
		}
		if open == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	took := time.Since(begun)
	fmt.Printf("four rounds closed: %d villages, %d households in %.1f s in %d parts: %.0f/s, %.1f µs of processor time each; heap %.0f MiB before, %.0f MiB at most\n",
		len(places), seen, took.Seconds(), parts, float64(seen)/took.Seconds(), float64((cpuTime()-cpu).Microseconds())/float64(seen),
		float64(early)/(1<<20), float64(top)/(1<<20))
	if seen != int64(n) {
		return fmt.Errorf("%d of %d households", seen, n)
	}
	return nil
}
