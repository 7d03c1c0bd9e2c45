package village

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/release"
	"xinyi/models/score"
)

func bound(n int64) *int64 { return &n }

// standardSet is a scheme by the plan's numbers.
func standardSet() *score.Set {
	w := models.Words{ZH: "甲", EN: "a"}
	x := func(code, of, over string, most score.Points, linear bool, bands ...score.Band) score.Indicator {
		return score.Indicator{Code: code, Name: w, Source: w, Of: of, Over: over, Max: most, Unknown: most / 2, Linear: linear, Bands: bands}
	}
	npl := []score.Band{{Most: bound(100), Points: 2500}, {Most: bound(300), Points: 1500}, {Least: bound(500), Fails: true}, {Points: 800}}
	return &score.Set{
		ID: "village", Version: 1, Grades: []score.Grade{{Name: "★★★", Least: 9000, Good: true}, {Name: "★★", Least: 8000, Good: true}, {Name: "★", Least: 7000, Good: true}, {Name: "无", Least: 0}},
		Dimensions: []score.Dimension{{Code: "d", Name: w, Indicators: []score.Indicator{
			x("coverage", FactFiled, FactHouseholds, 2000, true, score.Band{Least: bound(9500), Points: 2000}, score.Band{Least: bound(6000)}),
			x("share", FactCredit, FactHouseholds, 2500, true, score.Band{Least: bound(8000), Points: 2500}, score.Band{Least: bound(7000), Points: 1500}, score.Band{Least: bound(0), Fails: true}),
			x("npl", FactBad, FactBalance, 2500, false, npl...),
			x("clean", FactClean, FactBorrowers, 1000, false, score.Band{Least: bound(8500), Points: 1000}, score.Band{Fails: true}),
			x("governance", "sheet/governance", "", 1500, false, score.Band{Least: bound(3), Points: 1500}, score.Band{Least: bound(1), Points: 500}),
			x("survey", FactSatisfied, FactAnswers, 500, false, score.Band{Least: bound(9000), Points: 500}, score.Band{Least: bound(8000), Points: 300}),
		}}},
	}
}

func schemeOf(t testing.TB, set *score.Set) *Scheme {
	t.Helper()
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return &Scheme{Meta: models.Meta{ID: "village@1"}, Set: raw, Release: release.Release{Hash: set.Hash()}}
}

// published is the bundle of exact facts.
func published(t testing.TB, set *score.Set, facts map[string]int64) Bundle {
	t.Helper()
	r, err := set.Scorer().Score(score.Input{Facts: facts, Open: true})
	if err != nil {
		t.Fatal(err)
	}
	e := entryOf(facts[FactHouseholds])
	e.Facts, e.Frozen, e.Result = facts, facts, &r
	b, err := NewBundle(e, &Snapshot{Facts: facts, Root: hashes, Size: facts[FactFiled]}, schemeOf(t, set), "某村")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const hashes = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

func say(t testing.TB, b Bundle) string {
	t.Helper()
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// drawFacts draws a village with many counts near their ends.
func drawFacts(t *rapid.T) map[string]int64 {
	near := func(of int64, name string) int64 {
		switch rapid.IntRange(0, 3).Draw(t, name+" where") {
		case 0:
			return rapid.Int64Range(0, min(of, 7)).Draw(t, name)
		case 1:
			return rapid.Int64Range(max(0, of-7), of).Draw(t, name)
		}
		return rapid.Int64Range(0, of).Draw(t, name)
	}
	n := rapid.OneOf(rapid.Int64Range(1, 120), rapid.Int64Range(80, 1500)).Draw(t, "households")
	facts := map[string]int64{FactHouseholds: n, "sheet/governance": rapid.Int64Range(0, 4).Draw(t, "governance")}
	facts[FactFiled] = near(n, "filed")
	facts[FactCredit] = near(facts[FactFiled], "credit")
	if b := near(facts[FactFiled], "borrowers"); b > 0 {
		facts[FactBorrowers], facts[FactClean] = b, near(b, "clean")
		if rapid.Bool().Draw(t, "banks") {
			sum := rapid.Int64Range(0, 1_000_000_00).Draw(t, "balance")
			facts[FactBalance] = sum
			facts[FactBad] = rapid.OneOf(rapid.Int64Range(0, sum), rapid.Int64Range(0, sum/50)).Draw(t, "bad")
			facts[FactNewBad] = rapid.Int64Range(0, facts[FactBad]).Draw(t, "newBad")
		}
	}
	if a := rapid.Int64Range(0, 120).Draw(t, "answers"); a >= 5 {
		facts[FactAnswers], facts[FactSatisfied] = a, near(a, "satisfied")
	}
	return facts
}

// TestHidingIsTrue: whatever is hidden, the true facts are among what is told, no count below five and none with fewer than five missing is
// told exactly, and the true result is never found wrong.
func TestHidingIsTrue(t *testing.T) {
	set := standardSet()
	rapid.Check(t, func(rt *rapid.T) {
		facts := drawFacts(rt)
		b := published(t, set, facts)
		if !b.Facts.Whole(facts) {
			rt.Fatalf("%v is not among %v", facts, b.Facts)
		}
		r := Recompute(b)
		if r.Finding == Untrue {
			rt.Fatalf("a true bundle is wrong: %v of %v", r.Differs, facts)
		}
		if len(r.Grades) == 1 && r.Grades[0] != b.Grade {
			rt.Fatalf("proven is %v, true is %s", r.Grades, b.Grade)
		}
		for part, whole := range map[string]string{FactFiled: FactHouseholds, FactCredit: FactHouseholds, FactBorrowers: FactHouseholds, FactClean: FactBorrowers, FactSatisfied: FactAnswers} {
			if s, told := b.Facts[part]; told && s.Exact() && (s.Least < 5 || facts[whole]-s.Least < 5) {
				rt.Fatalf("%s %d of %d is told exactly", part, s.Least, facts[whole])
			}
		}
		if facts[FactBorrowers] < 5 {
			for _, name := range []string{FactBalance, FactBad} {
				if s := b.Facts[name]; s.Exact() {
					rt.Fatalf("%s is told and %d households stand behind it", name, facts[FactBorrowers])
				}
			}
		}
		if b.Size.Exact() != b.Facts[FactFiled].Exact() {
			rt.Fatal("the size of the tree tells how many files there are")
		}
	})
}

// TestNothingGivesACountAway: for every count that is hidden there is another village whose bundle is the same to the byte, and in which
// the count is another; so whoever knows how bundles are made, and the grade, still does not know it. So for what is missing to a whole.
func TestNothingGivesACountAway(t *testing.T) {
	set := standardSet()
	drawn := rapid.Custom(drawFacts)
	for seed := range 150 {
		facts := drawn.Example(seed)
		b := published(t, set, facts)
		mine := say(t, b)
		rng := rand.New(rand.NewPCG(1, uint64(seed)))
		for _, name := range []string{FactHouseholds, FactFiled, FactCredit, FactBorrowers, FactClean, FactAnswers, FactSatisfied} {
			if s, told := b.Facts[name]; told && !s.Exact() && !another(t, set, facts, b, mine, name, rng) {
				t.Errorf("%s is %d and nothing else: %s %v %v", name, facts[name], b.Grade, b.Total, facts)
			}
		}
	}
}

// another looks for a village with the same bundle and another count.
func another(t *testing.T, set *score.Set, facts map[string]int64, b Bundle, mine, name string, rng *rand.Rand) bool {
	for try := range int64(8000) {
		other := maps.Clone(facts)
		put := func(n string, c int64) {
			if s := b.Facts[n]; !s.Exact() {
				other[n] = min(s.Most, max(s.Least, c))
			}
		}
		for _, group := range [][]string{{FactHouseholds, FactFiled, FactCredit}, {FactBorrowers, FactClean}, {FactAnswers, FactSatisfied}} {
			by, up, down := rng.IntN(4), 1+rng.Int64N(40), 1+rng.Int64N(4)
			for i, n := range group {
				s := b.Facts[n]
				switch {
				case by == 0 || try < 8: // as many times more of each that is hidden
					put(n, facts[n]*up/down)
				case by == 1:
					put(n, facts[n]+rng.Int64N(5)-2)
				case by == 2 && i > 0: // all of them
					put(n, other[group[i-1]])
				case by == 2 || by == 3:
					put(n, s.Least+rng.Int64N(s.Most-s.Least+1))
				}
			}
		}
		if s := b.Facts[FactBalance]; s.Most == score.MaxFact && rng.IntN(2) == 0 { // so are sums of money, or that there are any
			other[FactBalance], other[FactBad], other[FactNewBad] = 1_000_000, []int64{0, 20_000, 40_000, 90_000}[rng.IntN(4)], 0
			if rng.IntN(3) == 0 {
				delete(other, FactBalance)
				delete(other, FactBad)
				delete(other, FactNewBad)
			}
		}
		if other[FactBorrowers] == 0 {
			delete(other, FactBorrowers)
			delete(other, FactClean)
		}
		if other[FactAnswers] < 5 {
			delete(other, FactAnswers)
			delete(other, FactSatisfied)
		}
		whole := func(part, of string) bool { return other[part] <= other[of] }
		if other[name] == facts[name] || !whole(FactFiled, FactHouseholds) || !whole(FactCredit, FactFiled) || !whole(FactBorrowers, FactFiled) ||
			!whole(FactClean, FactBorrowers) || !whole(FactSatisfied, FactAnswers) {
			continue
		}
		if say(t, published(t, set, other)) == mine {
			return true
		}
	}
	return false
}

// TestLies: whoever changes anything in a bundle that the facts decide is found out.
func TestLies(t *testing.T) {
	set := standardSet()
	facts := map[string]int64{
		FactHouseholds: 812, FactFiled: 640, FactCredit: 597, FactBorrowers: 100, FactClean: 92, FactBalance: 10_000_000, FactBad: 120_000, FactNewBad: 0,
		FactAnswers: 200, FactSatisfied: 170, "sheet/governance": 3,
	}
	b := published(t, set, facts)
	if r := Recompute(b); r.Finding != Proven || len(r.Grades) != 1 {
		t.Fatalf("%+v of %s", r, say(t, b))
	}
	if share := b.Items[1]; share.Least != 1852 || share.Most != 1852 {
		t.Errorf("597 of 812 is worth %v, want 18.52", share)
	}
	copied := func() Bundle {
		var c Bundle
		if err := json.Unmarshal([]byte(say(t, b)), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	lies := map[string]func(c *Bundle){
		"more credit households":  func(c *Bundle) { c.Facts[FactCredit] = score.Exactly(640) },
		"more files":              func(c *Bundle) { c.Facts[FactFiled] = score.Exactly(700) },
		"fewer clean":             func(c *Bundle) { c.Facts[FactClean] = score.Exactly(60) },
		"a fact less":             func(c *Bundle) { delete(c.Facts, FactClean) },
		"a part above its whole":  func(c *Bundle) { c.Facts[FactCredit] = score.Exactly(900) },
		"a range turned round":    func(c *Bundle) { c.Facts[FactCredit] = score.Span{Least: 600, Most: 590} },
		"points":                  func(c *Bundle) { c.Items[0].Least++ },
		"points of the most":      func(c *Bundle) { c.Items[3].Most++ },
		"an item less":            func(c *Bundle) { c.Items = c.Items[1:] },
		"the total":               func(c *Bundle) { c.Total.Most++ },
		"the grade":               func(c *Bundle) { c.Grade = "★★★"; c.Stars = 3 },
		"the stars":               func(c *Bundle) { c.Stars++ },
		"the scheme":              func(c *Bundle) { c.Scheme += " " },
		"no scheme":               func(c *Bundle) { c.Scheme, c.SchemeHash = "{}", hashText([]byte("{}")) },
		"no root":                 func(c *Bundle) { c.Root = "x" },
		"another size":            func(c *Bundle) { c.Size.Most++ },
		"nothing is hidden":       func(c *Bundle) { c.K = 1 },
		"another form":            func(c *Bundle) { c.Format = "xinyi-village/2" },
		"a fact beyond all sense": func(c *Bundle) { c.Facts[FactCredit] = score.Exactly(1 << 60) },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			c := copied()
			lie(&c)
			if r := Recompute(c); r.Finding != Untrue || len(r.Differs) == 0 {
				t.Errorf("%s: %+v", r.Finding, r.Differs)
			}
		})
	}
}

// TestFloors: a whole is hidden as long as what is hidden of its parts could score differently.
func TestFloors(t *testing.T) {
	v := NewSuppression(standardSet(), MinimumCell)
	if want := map[string]int64{FactHouseholds: 80, FactBorrowers: 27, FactAnswers: 40}; !maps.Equal(v.floors, want) {
		t.Errorf("floors %v, want %v", v.floors, want)
	}
}

// TestHoldsAndSums: a household finds its row in what was published, and an auditor the sums.
func TestHoldsAndSums(t *testing.T) {
	set := standardSet()
	rows := rowsOf(t, 190, func(i int, r *Row) { r.Credit, r.Borrower, r.Clean = i < 170, i < 60, i < 55 })
	e := entryOf(200)
	f, err := Freeze(e, rows, Loans{Balance: 5_000_000, Bad: 20_000, Banks: 1}, noon)
	if err != nil {
		t.Fatal(err)
	}
	s := schemeOf(t, set)
	e.Frozen = f.Facts
	if err := e.Rate(s, Survey{}); err != nil {
		t.Fatal(err)
	}
	b, err := NewBundle(e, f, s, "某村")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Proof("farm-000007")
	if err != nil || b.Holds(p) != nil {
		t.Fatalf("its own row: %v, %v", err, b.Holds(p))
	}
	other := *entryOf(200)
	other.Round = "430181-2025-VILLAGE"
	g, err := Freeze(&other, rows, Loans{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if q, err := g.Proof("farm-000007"); err != nil || b.Holds(q) == nil {
		t.Errorf("a row of another round holds: %v", err)
	}
	listed, err := f.RowList()
	if err != nil {
		t.Fatal(err)
	}
	if sums, err := b.Sums(listed); err != nil || sums[FactCredit] != 170 {
		t.Errorf("sums %v: %v", sums, err)
	}
	listed.Rows = slices.Delete(listed.Rows, 3, 4)
	if _, err := b.Sums(listed); err == nil {
		t.Error("a row less sums up")
	}
	b.Facts[FactCredit] = score.Exactly(171)
	listed, err = f.RowList()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Sums(listed); err == nil {
		t.Error("a fact that rows do not sum up to")
	}
}

// TestTown: from what a town and its villages tell, nothing follows of what one village hides.
func TestTown(t *testing.T) {
	v := NewSuppression(standardSet(), MinimumCell)
	village := func(borrowers, clean, balance, bad int64) map[string]int64 {
		return map[string]int64{FactHouseholds: 300, FactFiled: 250, FactCredit: 200, FactBorrowers: borrowers, FactClean: clean, FactBalance: balance, FactBad: bad}
	}
	sum := func(vs ...map[string]int64) map[string]int64 {
		s := map[string]int64{}
		for _, facts := range vs {
			for name, n := range facts {
				s[name] += n
			}
		}
		return s
	}
	open := village(100, 80, 1_000_000, 9_000)
	tests := map[string]struct {
		villages []map[string]int64
		clean    score.Span
		balance  bool // told
		bad      bool
	}{
		"nothing is hidden":            {[]map[string]int64{open, open}, score.Exactly(160), true, true},
		"one village hides the clean":  {[]map[string]int64{open, village(100, 98, 1_000_000, 9_000)}, score.Span{Least: 176, Most: 180}, true, false},
		"one has three borrowers":      {[]map[string]int64{open, village(3, 3, 70_000, 0)}, score.Span{Least: 80, Most: 106}, false, false},
		"two that hide, five together": {[]map[string]int64{open, village(3, 0, 70_000, 0), village(3, 0, 70_000, 0)}, score.Span{Least: 80, Most: 132}, true, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			facts := sum(tc.villages...)
			got := v.Town(v, tc.villages, facts)
			if got[FactClean] != tc.clean || got[FactBalance].Exact() != tc.balance || got[FactBad].Exact() != tc.bad {
				t.Errorf("%v", got)
			}
			if !got.Whole(map[string]int64{FactClean: facts[FactClean], FactBalance: facts[FactBalance], FactBad: facts[FactBad], FactCredit: facts[FactCredit],
				FactFiled: facts[FactFiled], FactHouseholds: facts[FactHouseholds], FactBorrowers: facts[FactBorrowers]}) {
				t.Errorf("%v is not among %v", facts, got)
			}
		})
	}
}
