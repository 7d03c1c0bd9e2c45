package village_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/models/village"
)

var (
	noon     = models.Day("2026-11-10").Clock(12, 0)
	cityA    = models.Actor{Person: "city-a", Role: models.CreditOffice, Region: "4301"}
	cityB    = models.Actor{Person: "city-b", Role: models.CreditOffice, Region: "4301"}
	countyA  = models.Actor{Person: "county-a", Role: models.CreditOffice, Region: "430181"}
	countyB  = models.Actor{Person: "county-b", Role: models.CreditOffice, Region: "430181"}
	countyC  = models.Actor{Person: "county-c", Role: models.CreditOffice, Region: "430181"}
	townA    = models.Actor{Person: "town-a", Role: models.TownStaff, Region: "430181108"}
	townB    = models.Actor{Person: "town-b", Role: models.TownStaff, Region: "430181108"}
	elsewhat = models.Actor{Person: "town-x", Role: models.TownStaff, Region: "430181107"}
	villager = models.Actor{Person: "village-a", Role: models.VillageStaff, Region: fanshi}
	resident = models.Actor{Person: "r", Role: models.Resident, Region: fanshi}
)

const fanshi = models.Region("430181108203")

// plan is the one the product ships.
func plan(t testing.TB, level village.Level) village.Plan {
	t.Helper()
	name := map[village.Level]string{village.OfVillages: "villagescheme", village.OfTowns: "townscheme"}[level]
	raw, err := os.ReadFile("../../seed/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var p village.Plan
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func scheme(t testing.TB, level village.Level) *village.Scheme {
	t.Helper()
	s, err := village.NewScheme(level, 1, plan(t, level), cityA, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(cityB, noon); err != nil {
		t.Fatal(err)
	}
	return s
}

func round(t testing.TB, s *village.Scheme) *village.Round {
	t.Helper()
	r, err := s.NewRound(village.RoundPlan{County: "430181", Year: 2026, Dates: village.Dates{Opens: "2026-11-01"}, Seed: "a secret"}, countyA, noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// good are the facts of a village that earns three stars: the worked example, but with 90 % credit households.
func good() map[string]int64 {
	return map[string]int64{
		village.FactHouseholds: 812, village.FactFiled: 800, village.FactCredit: 731, village.FactBorrowers: 200, village.FactClean: 190,
		village.FactBalance: 1_000_000_00, village.FactBad: 500_000, village.FactNewBad: 100_000,
	}
}

// The worked example of the standard: 597 of 812 households are 7352 in ten thousand, which is 18.52 points.
func TestTheWorkedExampleOnTheShippedScheme(t *testing.T) {
	sc, err := scheme(t, village.OfVillages).Scorer()
	if err != nil {
		t.Fatal(err)
	}
	r, err := sc.Score(score.Input{Facts: map[string]int64{village.FactHouseholds: 812, village.FactCredit: 597}})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Items, func(it score.Item) bool { return it.Code == "share" })
	if it := r.Items[i]; it.Points != 1852 || *it.Value != 7352 {
		t.Errorf("%s for %d, want 18.52 for 7352", it.Points, *it.Value)
	}
}

// The borders of the standard, each a hair to either side.
func TestTheStandardsBorders(t *testing.T) {
	sc, err := scheme(t, village.OfVillages).Scorer()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		code   string
		of, by string
		n, all int64
		points score.Points
		fails  bool
	}{
		{"coverage", village.FactFiled, village.FactHouseholds, 95, 100, 2000, false},
		{"coverage", village.FactFiled, village.FactHouseholds, 9499, 10000, 1999, false},
		{"coverage", village.FactFiled, village.FactHouseholds, 775, 1000, 1000, false},
		{"coverage", village.FactFiled, village.FactHouseholds, 60, 100, 0, false},
		{"coverage", village.FactFiled, village.FactHouseholds, 59, 100, 0, false},
		{"share", village.FactCredit, village.FactHouseholds, 80, 100, 2500, false},
		{"share", village.FactCredit, village.FactHouseholds, 70, 100, 1500, false},
		{"share", village.FactCredit, village.FactHouseholds, 6999, 10000, 1500, true},
		{"npl", village.FactBad, village.FactBalance, 1, 100, 2500, false},
		{"npl", village.FactBad, village.FactBalance, 100_000_001, 10_000_000_000, 1500, false},
		{"npl", village.FactBad, village.FactBalance, 3, 100, 1500, false},
		{"npl", village.FactBad, village.FactBalance, 4999, 100_000, 800, false},
		{"npl", village.FactBad, village.FactBalance, 5, 100, 0, true},
		{"newNpl", village.FactNewBad, village.FactBalance, 999, 100_000, 0, false},
		{"newNpl", village.FactNewBad, village.FactBalance, 1, 100, 0, true},
		{"clean", village.FactClean, village.FactBorrowers, 85, 100, 1000, false},
		{"clean", village.FactClean, village.FactBorrowers, 8499, 10000, 0, true},
	} {
		r, err := sc.Score(score.Input{Facts: map[string]int64{tc.of: tc.n, tc.by: tc.all}})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(r.Items, func(it score.Item) bool { return it.Code == tc.code })
		if r.Items[i].Points != tc.points || slices.Contains(r.Failed, tc.code) != tc.fails {
			t.Errorf("%s %d of %d: %s, fails %v; want %s, %v", tc.code, tc.n, tc.all, r.Items[i].Points, r.Failed, tc.points, tc.fails)
		}
	}
	set := sc.Set()
	for points, stars := range map[score.Points]int{9000: 3, 8999: 2, 8000: 2, 7999: 1, 7000: 1, 6999: 0} {
		for _, g := range set.Grades {
			if points >= g.Least {
				if village.StarsOf(g.Name) != stars {
					t.Errorf("%s are %d stars, want %d", points, village.StarsOf(g.Name), stars)
				}
				break
			}
		}
	}
}

func TestASchemeIsWholeAndOfTwoPeople(t *testing.T) {
	for want, change := range map[string]func(*village.Plan){
		"/sources/share":                func(p *village.Plan) { delete(p.Sources, "share") },
		"/sources/nothing":              func(p *village.Plan) { p.Sources["nothing"] = village.Source{Kind: village.Auto} },
		"/sources/npl":                  func(p *village.Plan) { p.Sources["npl"] = village.Source{Kind: village.Auto, Evidence: true} },
		"/calendar/opens":               func(p *village.Plan) { p.Calendar.Opens = "02-30" },
		"/terms/blindBp":                func(p *village.Plan) { p.Terms.BlindBP = 499 },
		"/terms/sampleBp":               func(p *village.Plan) { p.Terms.SampleBP = 100 },
		"/terms/sampleLeast":            func(p *village.Plan) { p.Terms.SampleLeast = 19 },
		"/terms/notice":                 func(p *village.Plan) { p.Terms.Notice.Days = 4 },
		"/flow/steps/1/n":               func(p *village.Plan) { p.Flow.Steps[1].Rule = flow.Quorum },
		"/dimensions":                   func(p *village.Plan) { p.Set.Dimensions = p.Set.Dimensions[1:] },
		"/dimensions/0/indicators/0/of": func(p *village.Plan) { p.Set.Dimensions[0].Indicators[0].Of = "wealth" },
	} {
		p := plan(t, village.OfVillages)
		change(&p)
		_, err := village.NewScheme(village.OfVillages, 1, p, cityA, noon)
		var e *models.Error
		if !errors.As(err, &e) || !slices.ContainsFunc(e.Fields, func(f models.Field) bool { return f.Pointer == want }) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := village.NewScheme(village.OfVillages, 1, plan(t, village.OfVillages), countyA, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a county's scheme: %v", err)
	}
	s, err := village.NewScheme(village.OfVillages, 1, plan(t, village.OfVillages), cityA, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Publish(cityA, noon); !errors.Is(err, models.Forbidden) || s.State != release.Draft {
		t.Errorf("by its author: %v", err)
	}
	if err := s.Publish(cityB, noon); err != nil || s.Edit(plan(t, village.OfVillages), cityA) == nil {
		t.Errorf("a published scheme was edited, or not published: %v", err)
	}
	set, err := s.Read()
	if err != nil || set.Hash() != s.Hash {
		t.Errorf("the hash is of something else: %v", err)
	}
	scheme(t, village.OfTowns)
}

func TestCalendar(t *testing.T) {
	for level, want := range map[village.Level][3]models.Day{
		village.OfVillages: {"2026-11-01", "2026-12-31", "2027-01-31"}, village.OfTowns: {"2026-12-15", "2027-01-31", "2027-02-28"},
	} {
		opens, cutOff, ends := plan(t, level).Calendar.Days(2026)
		if got := [3]models.Day{opens, cutOff, ends}; got != want {
			t.Errorf("%s: %v", level, got)
		}
	}
}

func TestARoundGoesByItsDays(t *testing.T) {
	s := scheme(t, village.OfVillages)
	r, err := s.NewRound(village.RoundPlan{County: "430181", Year: 2026, Dates: village.Dates{Opens: "2026-11-20"}, Seed: "a secret"}, countyA, noon)
	if err != nil || r.State != village.Planned {
		t.Fatal(err, r)
	}
	step := func(day models.Day, want village.RoundState) {
		t.Helper()
		if err := r.Wake(day.Start()); err != nil || r.State != want {
			t.Fatalf("on %s: %s, want %s; %v", day, r.State, want, err)
		}
	}
	step("2026-11-19", village.Planned)
	step("2026-11-20", village.Open)
	if !r.File("e1", true) || r.File("e1", true) || !r.File("e2", true) || !r.File("e2", false) {
		t.Error("filing is not once")
	}
	step("2026-12-31", village.Open)
	step("2027-01-01", village.Closing)
	if r.Progress.Total != 1 || r.BeganAt == nil || r.File("e3", true) || r.Reviews() {
		t.Errorf("%+v", r.Progress)
	}
	last := r.Outbox[len(r.Outbox)-1]
	if last.Kind != village.EventClosing.Name() || last.Data["part"] != "0" {
		t.Errorf("%+v", last)
	}
	if took, err := r.Step(village.Part{Part: 1, Last: true}, noon); took || err != nil {
		t.Error("a part that is not due")
	}
	if took, err := r.Step(village.Part{Done: 1, Households: 812, Last: true}, models.Day("2027-01-01").Start()); !took || err != nil || !r.Reviews() {
		t.Error(took, err)
	}
	step("2027-01-31", village.Review)
	step("2027-02-01", village.Done)
	// asleep through everything, it catches up in order
	r, err = s.NewRound(village.RoundPlan{County: "430181", Year: 2026, Dates: village.Dates{Opens: "2026-11-20"}, Seed: "a secret"}, countyA, noon)
	if err != nil {
		t.Fatal(err)
	}
	step("2027-03-01", village.Closing)
	for name, by := range map[string]models.Actor{"a town": townA, "another county": {Person: "x", Role: models.CreditOffice, Region: "430182"}} {
		if _, err := s.NewRound(village.RoundPlan{County: "430181", Year: 2026, Dates: village.Dates{}, Seed: "s"}, by, noon); !errors.Is(err, models.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, d := range map[string]village.Dates{"over already": {Opens: "2026-01-01", CutOff: "2026-11-09"}, "backwards": {CutOff: "2026-12-31", Ends: "2026-12-31"}} {
		if _, err := s.NewRound(village.RoundPlan{County: "430181", Year: 2026, Dates: d, Seed: "s"}, countyA, noon); !errors.Is(err, models.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyVillagesApply(t *testing.T) {
	pol := village.Standard
	pol.Communities = []models.Region{"430181108001"}
	for place, want := range map[models.Region]bool{
		"430181108203": true, "430181108399": true, "430181108200": true, "430181108400": false, "430181108199": false, "430181108001": true, "430181108002": false, "430181108": false,
	} {
		if got := pol.Rural(place, village.OfVillages); got != want {
			t.Errorf("%s: %v", place, got)
		}
	}
	if !pol.Rural("430181108", village.OfTowns) || pol.Rural(fanshi, village.OfTowns) {
		t.Error("towns")
	}
}

// A world leads one entry as far as a test wants.
type world struct {
	t      testing.TB
	scheme *village.Scheme
	entry  *village.Entry
	now    time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s := scheme(t, village.OfVillages)
	e, err := round(t, s).NewEntry(s, village.Place{Entry: "e1", Code: fanshi, Name: "范市村"}, village.Standard, villager, noon)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, s, e, noon}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("in %s: %v", w.entry.State, err)
	}
}

// proof attaches evidence of everything that needs some.
func (w *world) proof() {
	w.t.Helper()
	for _, about := range []string{village.AboutRoster, "committee", "rules", "notices", "education"} {
		w.ok(w.entry.Attach(village.Evidence{ID: "x-" + about, About: about, Place: fanshi, Taken: w.now}, w.scheme, villager, w.now))
	}
}

// sheet fills the sheet.
func (w *world) sheet(second bool, by models.Actor, education int64) {
	w.t.Helper()
	var ws []village.Write
	for code, n := range map[string]int64{"committee": 2, "rules": 2, "notices": 4, "education": education} {
		ws = append(ws, village.Write{Op: fmt.Sprintf("%s-%v-%d", code, second, w.now.Unix()), Indicator: code, Value: n, Evidence: []string{"x-" + code}, Wrote: w.now})
	}
	vs, err := w.entry.Write(village.Sync{Second: second, Writes: ws, Skew: 0}, w.scheme, by, w.now)
	w.ok(err)
	for _, v := range vs {
		if v.Outcome == village.Refused {
			w.t.Fatalf("%+v", v)
		}
	}
}

func (w *world) frozen(facts map[string]int64) *village.Snapshot {
	return &village.Snapshot{Round: w.entry.Round, Village: fanshi, Facts: facts, Root: "root", Size: 800}
}

func (w *world) begin(facts map[string]int64) {
	w.t.Helper()
	var sample []village.Sampled
	for _, row := range village.DrawRows("a secret", "root", 800, w.scheme.Terms) {
		sample = append(sample, village.Sampled{Row: row, Household: fmt.Sprintf("h%d", row)})
	}
	took, err := w.entry.Begin(w.frozen(facts), w.scheme, sample, village.Survey{Answers: 20, Satisfied: 19}, w.now)
	if w.ok(err); !took {
		w.t.Fatal("it did not begin")
	}
}

func (w *world) vote(v flow.Verdict, by models.Actor) error {
	return w.entry.Vote(village.Word{v, "because"}, w.scheme, village.Survey{Answers: 20, Satisfied: 19}, by, w.now)
}

func (w *world) check() {
	w.t.Helper()
	for _, x := range w.entry.Sample {
		w.ok(w.entry.Check(x.Household, village.Confirmed, "", countyA, w.now))
	}
}

// to leads the entry into a state.
func (w *world) to(s village.State) *world {
	w.t.Helper()
	after := func(want village.State) bool {
		return slices.Index(village.States, s) >= slices.Index(village.States, want)
	}
	if s == village.Withdrawn {
		w.ok(w.entry.Withdraw("no more", villager, w.now))
		return w
	}
	if s == village.Draft {
		return w
	}
	w.proof()
	w.sheet(false, townA, 4)
	w.ok(w.entry.Apply(812, 800, villager, w.now))
	if s == village.Applied {
		return w
	}
	w.now = models.Day("2027-01-01").Clock(1, 0)
	w.begin(good())
	if s == village.Rejected {
		w.ok(w.vote(flow.Reject, townA))
		return w
	}
	if s == village.InReview {
		return w
	}
	w.ok(w.vote(flow.Approve, townA))
	w.check()
	w.ok(w.vote(flow.Approve, countyA))
	if after(village.Shown) {
		w.entry.Show("n1", w.now)
	}
	if after(village.Deciding) {
		w.now = models.Day("2027-01-12").Start()
		w.entry.Pass("n1", w.now)
	}
	if after(village.Certified) {
		w.ok(w.vote(flow.Approve, countyB))
		w.ok(w.vote(flow.Approve, countyC))
	}
	if after(village.Annual) {
		w.now = *w.entry.WakeAt
		w.ok(w.entry.Wake(w.now))
	}
	if after(village.Grace) {
		w.ok(w.entry.Renew(map[string]int64{village.FactHouseholds: 812, village.FactCredit: 500}, w.scheme, countyA, w.now))
	}
	if s == village.Revoked {
		w.ok(w.entry.Revoke("false papers", countyA, w.now))
	}
	if w.entry.State != s {
		w.t.Fatalf("led to %s, want %s", w.entry.State, s)
	}
	return w
}

// Every act in every state: those allowed move it, all others are refused and change nothing.
func TestEveryActInEveryState(t *testing.T) {
	acts := map[string]struct {
		do      func(*world) error
		allowed map[village.State]village.State
	}{
		"apply": {func(w *world) error {
			if w.now = noon; w.entry.State == village.Draft {
				w.proof()
			}
			return w.entry.Apply(812, 1, villager, noon)
		}, map[village.State]village.State{village.Draft: village.Applied}},
		"withdraw": {func(w *world) error { return w.entry.Withdraw("no", villager, w.now) }, nil},
		"begin": {func(w *world) error {
			took, err := w.entry.Begin(w.frozen(good()), w.scheme, nil, village.Survey{}, w.now)
			return news(took, err)
		}, map[village.State]village.State{village.Applied: village.InReview}},
		"vote": {func(w *world) error { return w.vote(flow.Reject, townA) }, map[village.State]village.State{village.InReview: village.Rejected}},
		"decide": {func(w *world) error {
			if err := w.vote(flow.Reject, countyB); err != nil {
				return err
			}
			return w.vote(flow.Reject, countyC)
		}, map[village.State]village.State{village.Deciding: village.Rejected}},
		"show":   {func(w *world) error { return news(w.entry.Show("n1", w.now), nil) }, map[village.State]village.State{village.Prelim: village.Shown}},
		"pass":   {func(w *world) error { return news(w.entry.Pass("n1", w.now), nil) }, map[village.State]village.State{village.Shown: village.Deciding}},
		"strike": {func(w *world) error { return news(w.entry.Strike("n1", countyA, w.now), nil) }, map[village.State]village.State{village.Shown: village.Rejected}},
		"back":   {func(w *world) error { return news(w.entry.Back("n1", w.now), nil) }, map[village.State]village.State{village.Shown: village.Prelim}},
		"renew": {func(w *world) error { return w.entry.Renew(good(), w.scheme, countyA, w.now) },
			map[village.State]village.State{village.Annual: village.Certified, village.Grace: village.Certified}},
		"revoke": {func(w *world) error { return w.entry.Revoke("false", countyA, w.now) },
			map[village.State]village.State{village.Certified: village.Revoked, village.Annual: village.Revoked, village.Grace: village.Revoked}},
		"check": {func(w *world) error {
			if len(w.entry.Sample) == 0 {
				return w.entry.Check("h", village.Confirmed, "", countyA, w.now)
			}
			return w.entry.Check(w.entry.Sample[0].Household, village.Confirmed, "", countyA, w.now)
		}, map[village.State]village.State{village.InReview: village.InReview}},
		"attach": {func(w *world) error {
			return w.entry.Attach(village.Evidence{ID: "new", About: "rules", Taken: w.now}, w.scheme, villager, w.now)
		}, same(village.Draft, village.Applied, village.InReview, village.Annual, village.Grace)},
		"write": {func(w *world) error {
			_, err := w.entry.Write(village.Sync{Second: false, Writes: []village.Write{{Op: "o", Indicator: "notices", Value: 3, Wrote: w.now}}, Skew: 0}, w.scheme, townA, w.now)
			return err
		}, same(village.Draft, village.Applied, village.InReview, village.Annual, village.Grace)},
		"draw": {func(w *world) error { return news(w.entry.Draw(), nil) }, same(village.Applied, village.InReview)},
	}
	out := map[village.State]village.State{}
	for _, s := range village.States {
		if s != village.Revoked && s != village.Rejected && s != village.Withdrawn {
			out[s] = village.Withdrawn
		}
	}
	for name, act := range acts {
		if name == "withdraw" {
			act.allowed = out
		}
		for _, s := range village.States {
			t.Run(name+" in "+string(s), func(t *testing.T) {
				w := newWorld(t).to(s)
				w.entry.Outbox = nil
				before, err := json.Marshal(w.entry)
				if err != nil {
					t.Fatal(err)
				}
				to, allowed := act.allowed[s]
				err = act.do(w)
				if allowed != (err == nil) || allowed && w.entry.State != to {
					t.Fatalf("%v, now %s, want allowed %v to %s", err, w.entry.State, allowed, to)
				}
				after, merr := json.Marshal(w.entry)
				if merr != nil {
					t.Fatal(merr)
				}
				if !allowed && string(before) != string(after) {
					t.Errorf("a refused act changed it:\n%s\n%s", before, after)
				}
			})
		}
	}
}

func same(states ...village.State) map[village.State]village.State {
	m := map[village.State]village.State{}
	for _, s := range states {
		m[s] = s
	}
	return m
}

var errNoNews = errors.New("no news")

func news(took bool, err error) error {
	if err == nil && !took {
		return errNoNews
	}
	return err
}

func TestWhoMayDoWhat(t *testing.T) {
	for name, tc := range map[string]struct {
		in  village.State
		do  func(*world) error
		err error
	}{
		"another township applies":  {village.Draft, func(w *world) error { return w.entry.Apply(812, 1, elsewhat, w.now) }, models.Forbidden},
		"the county applies":        {village.Draft, func(w *world) error { return w.entry.Apply(812, 1, countyA, w.now) }, models.Forbidden},
		"a roster below the files":  {village.Draft, func(w *world) error { w.proof(); return w.entry.Apply(799, 800, villager, w.now) }, models.Invalid},
		"a roster without evidence": {village.Draft, func(w *world) error { return w.entry.Apply(812, 800, villager, w.now) }, models.Invalid},
		"after the cut-off day": {village.Draft, func(w *world) error {
			w.proof()
			return w.entry.Apply(812, 800, villager, models.Day("2027-01-01").Start())
		}, models.Conflict},
		"whoever filed looks first": {village.InReview, func(w *world) error { w.entry.Course.Makers = []string{"town-a"}; return w.vote(flow.Approve, townA) }, models.Forbidden},
		"the county looks first":    {village.InReview, func(w *world) error { return w.vote(flow.Approve, countyA) }, models.Forbidden},
		"another township looks":    {village.InReview, func(w *world) error { return w.vote(flow.Approve, elsewhat) }, models.Forbidden},
		"the village scores itself": {village.Draft, func(w *world) error {
			_, err := w.entry.Write(village.Sync{Second: false, Writes: nil, Skew: 0}, w.scheme, villager, w.now)
			return err
		}, models.Forbidden},
		"a second sheet nobody drew": {village.InReview, func(w *world) error {
			_, err := w.entry.Write(village.Sync{Second: true, Writes: nil, Skew: 0}, w.scheme, townB, w.now)
			return err
		}, models.Conflict},
		"whoever checked decides":         {village.Deciding, func(w *world) error { return w.vote(flow.Approve, countyA) }, models.Forbidden},
		"one decides twice":               {village.Deciding, func(w *world) error { w.ok(w.vote(flow.Approve, countyB)); return w.vote(flow.Approve, countyB) }, models.Conflict},
		"the leading group sends it back": {village.Deciding, func(w *world) error { return w.vote(flow.Revise, countyB) }, models.Invalid},
		"a township takes a plaque down":  {village.Certified, func(w *world) error { return w.entry.Revoke("x", townA, w.now) }, models.Forbidden},
		"a township renews":               {village.Annual, func(w *world) error { return w.entry.Renew(good(), w.scheme, townA, w.now) }, models.Forbidden},
		"a second look before its day": {village.Grace, func(w *world) error {
			return w.entry.Renew(map[string]int64{village.FactHouseholds: 9, village.FactCredit: 1}, w.scheme, countyA, w.now)
		}, models.Conflict},
		"the township checks the sample": {village.InReview, func(w *world) error {
			return w.entry.Check(w.entry.Sample[0].Household, village.Confirmed, "", townA, w.now)
		}, models.Forbidden},
		"a household that was not drawn": {village.InReview, func(w *world) error { return w.entry.Check("nobody", village.Confirmed, "", countyA, w.now) }, models.NotFound},
		"a fault without a word": {village.InReview, func(w *world) error {
			return w.entry.Check(w.entry.Sample[0].Household, village.Wrong, "", countyA, w.now)
		}, models.Invalid},
		"evidence from another town": {village.Draft, func(w *world) error {
			return w.entry.Attach(village.Evidence{ID: "z", About: "rules", Place: "430181107201", Taken: w.now}, w.scheme, villager, w.now)
		}, models.Invalid},
		"evidence of an automatic indicator": {village.Draft, func(w *world) error {
			return w.entry.Attach(village.Evidence{ID: "z", About: "share", Taken: w.now}, w.scheme, villager, w.now)
		}, models.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).to(tc.in)
			if err := tc.do(w); !errors.Is(err, tc.err) {
				t.Errorf("%v, want %v", err, tc.err)
			}
		})
	}
	s := scheme(t, village.OfVillages)
	r := round(t, s)
	if _, err := r.NewEntry(s, village.Place{Entry: "e", Code: "430181108001", Name: "范市村"}, village.Standard, townA, noon); !errors.Is(err, models.Invalid) {
		t.Errorf("a community: %v", err)
	}
	if _, err := r.NewEntry(s, village.Place{Entry: "e", Code: fanshi, Name: "范市村"}, village.Standard, elsewhat, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("another township: %v", err)
	}
	if _, err := r.NewEntry(s, village.Place{Entry: "e", Code: fanshi, Name: "范市村"}, village.Standard, townA, models.Day("2027-01-01").Start()); !errors.Is(err, models.Conflict) {
		t.Errorf("after the cut-off: %v", err)
	}
	if err := r.Wake(models.Day("2027-01-01").Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := r.NewEntry(s, village.Place{Entry: "e", Code: fanshi, Name: "范市村"}, village.Standard, townA, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("a round that closes: %v", err)
	}
}

// What keeps a step from letting an entry through.
func TestWhatHoldsAStepUp(t *testing.T) {
	reason := func(err error) string {
		var e *models.Error
		if errors.As(err, &e) {
			return e.Reason
		}
		return ""
	}
	county := func(t *testing.T) *world {
		w := newWorld(t).to(village.InReview)
		w.ok(w.vote(flow.Approve, townA))
		return w
	}
	for want, do := range map[string]func(*testing.T) (*world, models.Actor){
		"village.sheet_open": func(t *testing.T) (*world, models.Actor) {
			w := newWorld(t)
			w.proof()
			w.ok(w.entry.Apply(812, 1, villager, w.now))
			w.begin(good())
			return w, townA
		},
		"village.below": func(t *testing.T) (*world, models.Actor) {
			w := newWorld(t).to(village.Applied)
			facts := good()
			facts[village.FactCredit] = 500
			w.begin(facts)
			return w, townA
		},
		"village.conflicts": func(t *testing.T) (*world, models.Actor) {
			w := newWorld(t).to(village.InReview)
			_, err := w.entry.Write(village.Sync{Second: false, Writes: []village.Write{{Op: "late", Indicator: "notices", Value: 1, Wrote: noon.Add(-time.Hour)}}, Skew: 0}, w.scheme, townB, w.now)
			w.ok(err)
			return w, townA
		},
		"village.sample_open": func(t *testing.T) (*world, models.Actor) { return county(t), countyA },
		"village.sample_wrong": func(t *testing.T) (*world, models.Actor) {
			w := county(t)
			w.check()
			for _, x := range w.entry.Sample[:3] { // 3 of 40 are more than 5 %
				w.ok(w.entry.Check(x.Household, village.Wrong, "nobody lives there", countyA, w.now))
			}
			return w, countyA
		},
		"village.second_open": func(t *testing.T) (*world, models.Actor) {
			w := county(t)
			w.check()
			w.entry.Draw()
			return w, countyA
		},
	} {
		w, by := do(t)
		before := w.entry.State
		if err := w.vote(flow.Approve, by); reason(err) != want || w.entry.State != before || len(w.entry.Course.Here()) > 0 {
			t.Errorf("%s: %v", want, err)
		}
	}
	w := county(t)
	w.check()
	w.entry.Draw()
	if !w.entry.Hidden(w.scheme, townB) || w.entry.Hidden(w.scheme, townA) {
		t.Error("the first sheet is not hidden from everybody but its scorer")
	}
	if _, err := w.entry.Write(village.Sync{Second: true, Writes: nil, Skew: 0}, w.scheme, townA, w.now); reason(err) != "village.other_sheet" {
		t.Errorf("whoever wrote the first: %v", err)
	}
	_, err := w.entry.Write(village.Sync{Second: true, Writes: []village.Write{{Op: "half", Indicator: "education", Value: 1, Evidence: []string{"x-education"}, Wrote: w.now}}, Skew: 0}, w.scheme, townB, w.now)
	w.ok(err)
	if got := w.entry.Differ(w.scheme); got != nil {
		t.Errorf("half a second sheet says where it differs: %v", got)
	}
	w.sheet(true, townB, 1)
	if got := w.entry.Differ(w.scheme); !slices.Equal(got, []string{"education"}) || w.entry.Hidden(w.scheme, countyA) {
		t.Errorf("differ: %v", got)
	}
	err = w.entry.Vote(village.Word{flow.Approve, ""}, w.scheme, village.Survey{}, countyA, w.now)
	if reason(err) != "village.differs" || w.entry.Survey.Answers != 20 {
		t.Errorf("two sheets that differ: %v", err)
	}
	w.ok(w.vote(flow.Approve, countyA))
}

func TestSentBackAndFiledAnew(t *testing.T) {
	w := newWorld(t).to(village.InReview)
	w.ok(w.vote(flow.Approve, townA))
	w.ok(w.vote(flow.Revise, countyA))
	if !w.entry.Course.Back || w.entry.Why != "because" || w.entry.WakeAt != nil {
		t.Fatalf("%+v", w.entry.Course)
	}
	w.sheet(false, townA, 3)
	w.ok(w.entry.Apply(1, 1, townB, w.now))
	if w.entry.Roster != 812 || w.entry.Course.At != 1 || w.entry.Course.Back || w.entry.Why != "" {
		t.Errorf("%d %+v", w.entry.Roster, w.entry.Course)
	}
	w.check()
	w.ok(w.vote(flow.Approve, countyA))
	if w.entry.State != village.Prelim {
		t.Error(w.entry.State)
	}
}

// Late offices are noted, and nobody loses a plaque by it.
func TestLateOfficesLoseNobodysPlaque(t *testing.T) {
	w := newWorld(t).to(village.InReview)
	w.entry.Outbox = nil
	w.ok(w.entry.Wake(*w.entry.WakeAt))
	if !w.entry.Late || w.entry.State != village.InReview || len(w.entry.Outbox) != 1 || w.entry.Outbox[0].Kind != village.EventLate.Name() || w.entry.WakeAt != nil {
		t.Errorf("%+v", w.entry)
	}
	w = newWorld(t).to(village.Annual)
	for range 5 {
		w.now = w.now.AddDate(1, 0, 0)
		w.ok(w.entry.Wake(w.now))
	}
	if !w.entry.Title() || w.entry.Stars != 3 {
		t.Error("an office that never came cost a village its plaque")
	}
	w = newWorld(t).to(village.Grace)
	w.now = w.now.AddDate(1, 0, 0)
	w.ok(w.entry.Wake(w.now))
	if !w.entry.Title() || w.entry.Stars != 3 {
		t.Error("the time to mend took a plaque down by itself")
	}
	w.ok(w.entry.Renew(map[string]int64{village.FactHouseholds: 812, village.FactCredit: 1}, w.scheme, countyA, w.now))
	if w.entry.State != village.Revoked || w.entry.Stars != 0 || w.entry.Was != 3 || w.entry.Fraud {
		t.Errorf("%+v", w.entry)
	}
}

func TestADraftNobodyFiledEndsWithItsRound(t *testing.T) {
	w := newWorld(t)
	w.ok(w.entry.Wake(*w.entry.WakeAt))
	if w.entry.State != village.Withdrawn || w.entry.Slot != "" {
		t.Errorf("%s %q", w.entry.State, w.entry.Slot)
	}
}

func TestFigures(t *testing.T) {
	bank := models.Actor{Client: "c", Role: models.Bank, Org: "bank-1", Region: "4301"}
	whole := village.Figure{Village: fanshi, Day: "2026-10-31", Balance: 100, Bad: 10, NewBad: 5}
	if _, err := village.NewFigure(whole, bank, noon); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*village.Figure){
		"more bad than lent": func(f *village.Figure) { f.Bad = 101 },
		"more new than bad":  func(f *village.Figure) { f.NewBad = 11 },
		"below nothing":      func(f *village.Figure) { f.Balance = -1 },
		"of a day to come":   func(f *village.Figure) { f.Day = "2026-11-11" },
		"of a town":          func(f *village.Figure) { f.Village = "430181108" },
		"of another city":    func(f *village.Figure) { f.Village = "430281108203" },
	} {
		f := whole
		change(&f)
		if _, err := village.NewFigure(f, bank, noon); !errors.Is(err, models.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := village.NewFigure(whole, townA, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a township: %v", err)
	}
	var l village.Loans
	l.Add([]*village.Figure{{Bank: "a", Balance: 5, Bad: 1}, {Bank: "b", Balance: 7}, {Bank: "a", Balance: 100, Bad: 100}})
	if l != (village.Loans{Balance: 12, Bad: 1, Banks: 2}) {
		t.Errorf("%+v", l)
	}
}

func TestASurveyIsOneAnswerOfWhoLivesThere(t *testing.T) {
	w := newWorld(t).to(village.Applied)
	a, err := village.NewAnswer(w.entry, true, true, resident)
	if err != nil {
		t.Fatal(err)
	}
	again, err := village.NewAnswer(w.entry, false, true, resident)
	if err != nil || again.ID != a.ID {
		t.Error("one could answer twice")
	}
	if _, err := village.NewAnswer(w.entry, true, false, resident); !errors.Is(err, models.Forbidden) {
		t.Errorf("somebody from elsewhere: %v", err)
	}
	if _, err := village.NewAnswer(newWorld(t).entry, true, true, resident); !errors.Is(err, models.Conflict) {
		t.Errorf("before it applied: %v", err)
	}
	if _, err := village.NewAnswer(newWorld(t).to(village.Shown).entry, true, true, resident); !errors.Is(err, models.Conflict) {
		t.Errorf("after the look: %v", err)
	}
}

// A town is scored on its villages' plaques, looked at by the county and the city, and decided on by another of the city.
func TestATownsWay(t *testing.T) {
	s := scheme(t, village.OfTowns)
	r, err := s.NewRound(village.RoundPlan{County: "430181", Year: 2026, Dates: village.Dates{Opens: "2026-11-01"}, Seed: "a secret"}, countyA, noon)
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.NewEntry(s, village.Place{Entry: "t1", Code: "430181108", Name: "古港镇"}, village.Standard, townA, noon)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t, s, e, noon}
	var ws []village.Write
	for code, n := range map[string]int64{"office": 1, "training": 2} {
		w.ok(e.Attach(village.Evidence{ID: "x-" + code, About: code, Place: "430181108", Taken: noon}, s, townA, noon))
		ws = append(ws, village.Write{Op: code, Indicator: code, Value: n, Evidence: []string{"x-" + code}, Wrote: noon})
	}
	if _, err := e.Write(village.Sync{Second: false, Writes: ws, Skew: 0}, s, townA, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a township scores itself: %v", err)
	}
	_, err = e.Write(village.Sync{Second: false, Writes: ws, Skew: 0}, s, countyA, noon)
	w.ok(err)
	w.ok(e.Apply(0, 0, townA, noon))
	w.now = models.Day("2027-02-01").Clock(1, 0)
	facts := map[string]int64{village.FactVillages: 15, village.FactCreditVillages: 8, village.FactBorrowers: 100, village.FactClean: 95, village.FactBalance: 1000, village.FactBad: 20, village.FactNewBad: 5}
	took, err := e.Begin(&village.Snapshot{Round: e.Round, Village: "430181108", Facts: facts}, s, nil, village.Survey{}, w.now)
	if w.ok(err); !took || !e.Result.Good {
		t.Fatalf("%+v", e.Result)
	}
	w.ok(w.vote(flow.Approve, countyA))
	if err := w.vote(flow.Approve, countyB); !errors.Is(err, models.Forbidden) {
		t.Errorf("the county checks in the city's place: %v", err)
	}
	w.ok(w.vote(flow.Approve, cityA))
	e.Show("n", w.now)
	e.Pass("n", w.now)
	w.ok(w.vote(flow.Approve, cityB))
	if e.State != village.Certified || e.Stars != 1 || e.No != "XYZ430181108-2026" {
		t.Errorf("%s %d %s", e.State, e.Stars, e.No)
	}
	if err := e.Revoke("false", countyA, w.now); !errors.Is(err, models.Forbidden) {
		t.Errorf("a county takes a town's plaque down: %v", err)
	}
	facts[village.FactCreditVillages] = 7 // below half of fifteen
	if r := e.Facts; r[village.FactCreditVillages] == 7 {
		t.Error("what it was scored on changed")
	}
}
