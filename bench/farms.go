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
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/record"
	"xinyi/seed"
	"xinyi/store"
	"xinyi/store/sqlite"
	"xinyi/usecase"
)

// A county is an opened store with households.
type county struct {
	engine *sqlite.Engine
	store  *store.Store
	people *store.Repo[identity.Person]
	lost   *store.Repo[journal.Lost]
	forms  farmer.Forms
	usecase.Farmer
}

func openCounty(ctx context.Context, dir string) (*county, error) {
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
	c := &county{engine: e, store: s, people: store.NewRepo[identity.Person](s, store.People),
		lost: store.NewRepo[journal.Lost](s, store.Dead)}
	c.Farmer = usecase.OpenFarmer(s, store.NewRepo[blob.Blob](s, store.Blobs), store.NewRepo[record.Record](s, store.Records),
		usecase.Subjects{People: c.people, Keys: keys})
	return c, errors.Join(s.Ensure(ctx), c.models(ctx))
}

// models keeps the standard forms, the model in force, and a second one to try.
func (c *county) models(ctx context.Context) error {
	now := c.store.Now()
	forms, err := seed.FarmForms(now)
	if err != nil {
		return err
	}
	first, err := seed.FarmModel(forms, now)
	if err != nil {
		return err
	}
	set, err := first.Read()
	if err != nil {
		return err
	}
	c.forms = farmer.Forms{}
	for _, f := range forms {
		f.Outbox = nil
		if c.forms[f.Section], err = f.Read(); err != nil {
			return err
		}
	}
	office := models.Actor{Person: "office", Role: models.CreditOffice, Region: "4301"}
	set.Grades[2].Least = 6500 // A from 65: some go up
	second, err := farmer.NewModel(2, *set, office, now)
	if err == nil {
		err = second.Validate(c.forms, office, now)
	}
	if err != nil {
		return err
	}
	first.WakeAt = nil
	return errors.Join(c.Forms.InsertMany(ctx, forms), c.Models.InsertMany(ctx, []*farmer.Model{first, second}))
}

// farms measures households: kept, scored, written back, and one read by its farmer among all the others.
func (p plan) farms(ctx context.Context, dir string) error {
	binary := filepath.Join(dir, "xinyi-farms")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./server").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	c, err := openCounty(ctx, filepath.Join(dir, "farms"))
	if err != nil {
		return err
	}
	n := 10 * p.large
	begun := time.Now()
	err = c.settle(ctx, n)
	if err == nil {
		fmt.Printf("\n%d made-up households, a file, a seat and the facts of each, kept in %.0f s\n", n, time.Since(begun).Seconds())
		err = c.scores(ctx, n)
	}
	if err := errors.Join(err, c.engine.Close()); err != nil {
		return err
	}
	return p.farmers(ctx, binary, filepath.Join(dir, "farms"), n)
}

// settle keeps so many households; the first belong to people who sign in.
func (c *county) settle(ctx context.Context, n int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for from := 0; from < n; from += 500 {
		group.Go(func() error { return c.village(ctx, from, min(n, from+500)) })
	}
	return group.Wait()
}

// village keeps the households with these numbers.
func (c *county) village(ctx context.Context, from, to int) error {
	rng := rand.New(rand.NewPCG(uint64(from), 7))
	now := c.store.Now()
	place := models.Region(fmt.Sprintf("430181108%03d", 200+from/500%200))
	staff := models.Actor{Person: "collector", Role: models.VillageStaff, Region: place}
	var files []*farmer.File
	var seats []*farmer.Seat
	var scores []*farmer.Score
	var who []*identity.Person
	for i := from; i < to; i++ {
		f, err := farmer.NewFile(fmt.Sprintf("farm-%07d", i), fmt.Sprint(i), place, staff, now)
		if err != nil {
			return err
		}
		ref := fmt.Sprintf("ref-%07d", i)
		if i < people {
			p := identity.NewPerson(personID(i), models.NewSecret(phoneOf(i)), "zh", now)
			number, err := models.SyntheticIDNumber("430181", models.Day("1950-01-01").Add(131*i))
			if err == nil {
				err = p.Bind("某人", number, identity.Evidence{Method: "bench", At: now}, now)
			}
			if err != nil {
				return err
			}
			p.Outbox = nil
			who = append(who, p)
			ref = c.Subjects.Ref(number).Ref
			f.Tie(ref, p.ID, now)
		} else {
			f.Tie(ref, "", now)
		}
		if _, err := f.Apply(farmer.Operation{ID: "", Edits: cells(rng, now), Skew: 0}, c.forms, staff, now); err != nil {
			return err
		}
		f.State, f.Outbox, f.Makers = farmer.Verified, nil, nil
		facts := f.Facts(4_000_000, models.DayOf(now))
		facts[farmer.FactPeers] = int64(rng.IntN(801))
		files, seats = append(files, f), append(seats, farmer.NewSeat(ref, f))
		scores = append(scores, &farmer.Score{Meta: models.Meta{ID: f.ID}, Village: place, Facts: facts, Open: rng.IntN(4) > 0})
	}
	return errors.Join(c.people.InsertMany(ctx, who), c.Files.InsertMany(ctx, files), c.Seats.InsertMany(ctx, seats),
		c.Scores.InsertMany(ctx, scores))
}

// cells are what a collector notes.
func cells(rng *rand.Rand, now time.Time) []farmer.Edit {
	var es []farmer.Edit
	put := func(at string, v any) { es = append(es, farmer.Edit{At: at, Value: v, Wrote: now}) }
	put("head/name", "某人")
	put("head/kind", []string{"ordinary", "grower", "farm"}[rng.IntN(3)])
	put("head/since", fmt.Sprintf("%d-01-01", 1990+rng.IntN(35)))
	put("head/resident", true)
	put("head/fixedHome", rng.IntN(10) > 0)
	put("head/labour", rng.IntN(3) > 0)
	put("members/m1/name", "某某")
	put("members/m1/relation", "spouse")
	put("members/m1/labour", rng.IntN(3) > 0)
	put("land/contracted", int64(200+rng.IntN(2000)))
	put("production/p1/kind", "crop")
	put("production/p1/scale", []string{"small", "middle", "large"}[rng.IntN(3)])
	put("production/p1/years", int64(rng.IntN(20)))
	put("production/p1/insured", rng.IntN(2) == 0)
	put("conduct/duesPaid", rng.IntN(8) > 0)
	put("conduct/publicDuty", rng.IntN(6) > 0)
	put("conduct/volunteerHours", int64(rng.IntN(120)))
	if rng.IntN(3) == 0 {
		put("honours/h1/title", "civilised")
	}
	return es
}

// scores tries the second model on every household, then writes its grades back.
func (c *county) scores(ctx context.Context, n int) error {
	flow := flows.Farmer{Farmer: c.Farmer, Facts: usecase.StandardFarmFacts(nil), Policy: farmer.Standard, Now: c.store.Now}
	relay := flows.NewRelay(c.store, c.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	if err := relay.Subscribe(flow.Subscribers()...); err != nil {
		return err
	}
	m, err := c.Models.Get(ctx, farmer.ModelID(2))
	if err != nil {
		return err
	}
	for _, kind := range []farmer.RunKind{farmer.Simulate, farmer.Rate} {
		if err := c.run(ctx, relay, m, kind, n); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// run does one run over every household and shows how it goes on.
func (c *county) run(ctx context.Context, relay *flows.Relay, m *farmer.Model, kind farmer.RunKind, n int) error {
	r, err := m.NewRun("bench-"+string(kind), farmer.RunPlan{Kind: kind, Against: farmer.ModelID(1), Total: int64(n)},
		models.Actor{Role: models.System}, c.store.Now())
	if err != nil {
		return err
	}
	begun, cpu, early := time.Now(), cpuTime(), heap()
	if err := c.Runs.Insert(ctx, r); err != nil {
		return err
	}
	for shown := int64(0); r.State == farmer.Running; {
		if _, err := relay.Poll(ctx); err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
			return err
		}
		if r, err = c.Runs.Get(ctx, r.ID); err != nil {
			return err
		}
		if r.Seen-shown >= int64(n)/4 {
			shown = r.Seen
			fmt.Printf("  %s: %d of %d, %.0f s\n", kind, r.Seen, r.Total, time.Since(begun).Seconds())
		}
	}
	took := time.Since(begun)
	fmt.Printf("%s: %d households read and scored, %d grades written: %.0f/s, %.1f µs of processor time each; heap %.0f MiB before, %.0f MiB after\n",
		kind, r.Seen, r.Wrote, float64(r.Seen)/took.Seconds(), float64((cpuTime()-cpu).Microseconds())/float64(r.Seen), float64(early)/(1<<20),
		float64(heap())/(1<<20))
	if r.Seen != int64(n) || kind == farmer.Rate && r.Wrote != int64(n) {
		return fmt.Errorf("%d of %d households, %d written", r.Seen, n, r.Wrote)
	}
	return nil
}

// farmers measures a farmer's own file among all the others.
func (p plan) farmers(ctx context.Context, binary, dir string, n int) (err error) {
	c, err := start(ctx, binary, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	fmt.Printf("\n%d households stored\n%-24s %10s %9s %9s %9s\n", n, "", "per second", "p50 ms", "p99 ms", "CPU µs")
	l := &load{child: c}
	if err := l.signIn(); err != nil {
		return err
	}
	file := func(int) request {
		return request{method: "GET", path: "/v1/me/farm-file", token: l.tokens[rand.IntN(people)], status: 200}
	}
	why := func(int) request {
		return request{method: "GET", path: "/v1/me/farm-file/score", token: l.tokens[rand.IntN(people)], status: 200}
	}
	for _, x := range []struct {
		name    string
		workers int
		next    func(int) request
	}{{"my farm file, 1", 1, file}, {"my farm file, 8", 8, file}, {"my score, item by item, 8", 8, why}} {
		if _, err := l.closed(ctx, x.name, x.workers, p.each, x.next); err != nil {
			return err
		}
	}
	_, err = l.open(ctx, "my farm file, open 300/s", 300, p.each, file)
	return err
}
