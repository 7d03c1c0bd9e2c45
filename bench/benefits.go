package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/store/sqlite"
	"xinyi/usecase"
)

// offersOnline is how many offers everybody looks at.
const offersOnline = 500

// A fair is an opened store with offers.
type fair struct {
	engine *sqlite.Engine
	store  *store.Store
	people *store.Repo[identity.Person]
	lost   *store.Repo[journal.Lost]
	usecase.Benefit
}

func openFair(ctx context.Context, dir string) (*fair, error) {
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
	s := store.New(e, func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }, keys)
	f := &fair{engine: e, store: s, people: store.NewRepo[identity.Person](s, store.People), lost: store.NewRepo[journal.Lost](s, store.Dead)}
	f.Benefit = usecase.OpenBenefit(s, f.people, store.NewRepo[record.Record](s, store.Records),
		usecase.Subjects{People: f.people, Keys: keys}, store.OpenMedical(s))
	if err := s.Ensure(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return f, nil
}

// benefits measures 信易+: one offer and all offers through the API, claims on a hot offer, and a rule tried on everybody.
func (p plan) benefits(ctx context.Context, dir string) error {
	binary := filepath.Join(dir, "xinyi-benefits")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./server").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	if err := p.doors(ctx, binary, filepath.Join(dir, "fair")); err != nil {
		return fmt.Errorf("offers: %w", err)
	}
	if err := p.claims(ctx, filepath.Join(dir, "claims")); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	return p.simulation(ctx, filepath.Join(dir, "simulation"))
}

// doors measures what people ask of offers.
func (p plan) doors(ctx context.Context, binary, dir string) (err error) {
	f, err := openFair(ctx, dir)
	if err != nil {
		return err
	}
	if err := errors.Join(f.fill(ctx), f.engine.Close()); err != nil {
		return err
	}
	c, err := start(ctx, binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	fmt.Printf("\nbenefits, %d offers online\n%-24s %10s %9s %9s %9s\n", offersOnline, "", "per second", "p50 ms", "p99 ms", "CPU µs")
	l := &load{child: c}
	if err := l.signIn(); err != nil {
		return err
	}
	token := func() string { return l.tokens[rand.IntN(people)] }
	one := func(int) request {
		return request{method: "POST", path: fmt.Sprintf("/v1/offers/bench-offer-%d/eligibility", rand.IntN(offersOnline)), token: token(),
			status: 200}
	}
	all := func(int) request {
		return request{method: "GET", path: "/v1/me/offers?limit=20", token: token(), status: 200}
	}
	for _, workers := range []int{1, 64} {
		if _, err := l.closed(ctx, fmt.Sprintf("eligibility, %d", workers), workers, p.each, one); err != nil {
			return err
		}
	}
	for _, workers := range []int{1, 2} {
		if _, err := l.closed(ctx, fmt.Sprintf("all my offers, %d", workers), workers, p.each, all); err != nil {
			return err
		}
	}
	return nil
}

// fill makes people with a real name and offers with four conditions each.
func (f *fair) fill(ctx context.Context) error {
	now := f.store.Now()
	for i := range people {
		who := identity.NewPerson(personID(i), models.NewSecret(phoneOf(i)), "zh", now)
		number, err := models.SyntheticIDNumber("430181", models.Day("1950-01-01").Add(131*i))
		if err == nil {
			err = who.Bind("某人", number, identity.Evidence{Method: "bench", At: now}, now)
		}
		if err != nil {
			return err
		}
		who.Outbox = nil
		if err := f.people.Insert(ctx, who); err != nil {
			return err
		}
	}
	for i := range offersOnline {
		o := f.offer(fmt.Sprintf("bench-offer-%d", i), i, now)
		if err := f.Offers.Insert(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// offer is one of many: each asks a little of somebody.
func (f *fair) offer(id string, i int, now time.Time) *benefit.Offer {
	words := models.Words{ZH: fmt.Sprint("优惠", i), EN: fmt.Sprint("Offer ", i)}
	o := &benefit.Offer{Scene: fmt.Sprint("S", i%24), Provider: fmt.Sprint("shop-", i%40), By: "店", Region: "4301", Subject: models.PersonSubject, Active: 1, Versions: 1}
	o.ID, o.State = id, benefit.Online
	o.Terms = benefit.Terms{
		Name: words, Details: words, Consent: words, Form: benefit.Coupon, Quota: benefit.Quota{PerPerson: 1, Period: benefit.Once}, Regions: []models.Region{"4301"},
		From: models.DayOf(now), Until: models.DayOf(now).Add(100), Good: 10,
		Needs: []benefit.Need{
			{Kind: benefit.MinAge, Number: 18 + i%50}, {Kind: benefit.Living, Regions: []models.Region{"430181", "430182"}},
			{Kind: benefit.MinBand, Text: []string{"B", "A", "AA"}[i%3], AnyOf: "trusted"}, {Kind: benefit.MedicalPay, AnyOf: "trusted"},
		},
	}
	return o
}

// claims measures how fast places of one offer are taken by people who all come at once.
func (p plan) claims(ctx context.Context, dir string) (err error) {
	f, err := openFair(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.engine.Close()) }()
	for _, places := range []int{p.large / 10, p.large / 20} { // for everybody, and for half of them
		pol := benefit.Standard
		o := f.offer(fmt.Sprint("hot-", places), 0, f.store.Now())
		o.Subject, o.Terms.Quota.Total = models.Organisation, places
		if err := f.Ready(ctx, o.ID, benefit.Whole, places, pol.SharePlace); err != nil {
			return err
		}
		var won, lost atomic.Int64
		var failed atomic.Value
		var group sync.WaitGroup
		next := make(chan int)
		begun, cpu := time.Now(), cpuTime()
		for range 64 {
			group.Go(func() {
				for i := range next {
					_, err := f.Grant(ctx, o, benefit.Grant{ID: fmt.Sprint(o.ID, "-", i), Holder: fmt.Sprint("org-", i), Person: "p",
						Until: f.store.Now().Add(pol.Hold)}, pol)
					switch {
					case err == nil:
						won.Add(1)
					case errors.Is(err, models.Conflict):
						lost.Add(1)
					default:
						failed.Store(err)
					}
				}
			})
		}
		for i := range p.large / 10 {
			next <- i
		}
		close(next)
		group.Wait()
		if err, bad := failed.Load().(error); bad {
			return err
		}
		took := time.Since(begun)
		fmt.Printf("claims on one offer, %d people after %d places: %d claims, %d refused, %.0f people/s, %.0f µs of processor time each\n",
			p.large/10, places, won.Load(),
			lost.Load(), float64(p.large/10)/took.Seconds(), float64((cpuTime()-cpu).Microseconds())/float64(p.large/10))
		if won.Load() != int64(places) {
			return fmt.Errorf("%d claims for %d places", won.Load(), places)
		}
	}
	return nil
}

// simulation tries a rule on everybody.
func (p plan) simulation(ctx context.Context, dir string) (err error) {
	f, err := openFair(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.engine.Close()) }()
	everybody := 10 * p.large
	begun := time.Now()
	if err := f.populate(ctx, everybody); err != nil {
		return err
	}
	fmt.Printf("%d made-up people kept in %.0f s\n", everybody, time.Since(begun).Seconds())
	quiet := slog.New(slog.DiscardHandler)
	flow := flows.Benefit{Benefit: f.Benefit, Policy: benefit.Standard, Now: f.store.Now}
	relay := flows.NewRelay(f.store, f.lost, quiet, flows.NewMetrics(prometheus.NewRegistry()))
	if err := relay.Subscribe(flow.Subscribers()...); err != nil {
		return err
	}
	s, err := f.trial(ctx, int64(everybody))
	if err != nil {
		return err
	}
	begun, cpu := time.Now(), cpuTime()
	early := heap()
	if err := f.Simulations.Insert(ctx, s); err != nil {
		return err
	}
	for shown := int64(0); s.State == benefit.Counting; {
		if _, err := relay.Poll(ctx); err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return err
		}
		if s, err = f.Simulations.Get(ctx, s.ID); err != nil {
			return err
		}
		if s.Seen-shown >= int64(everybody)/4 {
			shown = s.Seen
			fmt.Printf("  %d of %d\n", s.Seen, s.Total)
		}
	}
	took := time.Since(begun)
	shown := s.Show(benefit.Standard.Suppress)
	fmt.Printf("a rule tried on %d people: %.0f people/s, %.1f µs of processor time each; %d gain, %d lose, %d groups; heap %.0f MiB before, %.0f MiB after\n",
		s.Seen, float64(s.Seen)/took.Seconds(), float64((cpuTime()-cpu).Microseconds())/float64(s.Seen), shown.Totals.Gain, shown.Totals.Lose,
		len(shown.Cells),
		float64(early)/(1<<20), float64(heap())/(1<<20))
	if s.Seen != int64(everybody) {
		return fmt.Errorf("%d of %d people counted", s.Seen, everybody)
	}
	return nil
}

// populate keeps so many made-up people's profiles.
func (f *fair) populate(ctx context.Context, n int) error {
	rng := rand.New(rand.NewPCG(1, 2))
	now := f.store.Now()
	today := models.DayOf(now)
	counties := []models.Region{"430181108203", "430182001001", "430121002003", "430112001001", "430104001001", "430102001001"}
	for from := 0; from < n; from += 1000 {
		part := make([]*benefit.Profile, 0, 1000)
		for i := from; i < min(n, from+1000); i++ {
			k := benefit.Known{Kind: models.PersonSubject, Region: counties[rng.IntN(len(counties))],
				Birth: models.Day("1935-01-01").Add(rng.IntN(30_000)), Level: 1 + rng.IntN(2)}
			if rng.IntN(50) == 0 {
				k.Honours = []models.Honour{{Level: 1 + rng.IntN(4), On: today.Add(-rng.IntN(900)), Record: "r"}}
			}
			k.Standing = models.Standing{Agreement: rng.IntN(3) == 0, OnTime: rng.IntN(15)}
			part = append(part, benefit.NewProfile(fmt.Sprintf("person-%07d", i), k, benefit.Standard, now))
		}
		if err := f.Profiles.InsertMany(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// trial is the simulation of a second version against the first, both kept.
func (f *fair) trial(ctx context.Context, everybody int64) (*benefit.Simulation, error) {
	now := f.store.Now()
	scene := &benefit.Scene{Subjects: []models.SubjectKind{models.PersonSubject}, Forms: []benefit.Form{benefit.Coupon}}
	o := f.offer("tried", 0, now)
	desk := models.Actor{Role: models.Provider, Org: "shop"}
	first := benefit.NewVersion(o, 1, o.Terms, desk, now)
	terms := o.Terms
	terms.Needs = []benefit.Need{{Kind: benefit.RealName}, {Kind: benefit.MinBand, Text: "B", AnyOf: "x"},
		{Kind: benefit.Punctual, Number: 10, AnyOf: "x"}}
	second := benefit.NewVersion(o, 2, terms, desk, now)
	for _, v := range []*benefit.Version{first, second} {
		if err := errors.Join(v.Validate(scene, desk, now), f.Versions.Insert(ctx, v)); err != nil {
			return nil, err
		}
	}
	return second.Simulate("bench", first, everybody, desk, now)
}
