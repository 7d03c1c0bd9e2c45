package jury_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models/jury"
	"xinyi/models/score"
)

// A made-up year: cases of different worth, raters of different measure, honest noise, and whoever does something else.
type made struct {
	rng           *rand.Rand
	cases, raters int
	each          int   // raters of a case
	ring          []int // raters who lift the cases in friends
	friends       []int
	lift          float64
	alone         int // a rater who lifts alone, -1 for none
	for1          int // the case lifted alone
}

func honest(seed uint64) made {
	return made{rng: rand.New(rand.NewPCG(seed, 7)), cases: 80, raters: 48, each: 6, alone: -1}
}

// marks are the year's, each rater's in the order of the cases. A ring sits on all of its friends' cases.
func (y made) marks() (all []jury.Mark) {
	measure := make([]float64, y.raters)
	for i := range measure {
		measure[i] = y.rng.NormFloat64() * 3
	}
	for c := range y.cases {
		worth := 65 + y.rng.NormFloat64()*10
		seats := y.rng.Perm(y.raters)[:y.each]
		if slices.Contains(y.friends, c) {
			outside := slices.DeleteFunc(y.rng.Perm(y.raters), func(r int) bool { return slices.Contains(y.ring, r) })
			seats = append(slices.Clone(y.ring[:min(len(y.ring), y.each-3)]), outside...)[:y.each]
		}
		if c == y.for1 && y.alone >= 0 {
			seats[0] = y.alone
		}
		for _, r := range slices.Compact(slices.Sorted(slices.Values(seats))) {
			p := worth + measure[r] + y.rng.NormFloat64()*4
			if slices.Contains(y.friends, c) && slices.Contains(y.ring, r) || r == y.alone && c == y.for1 {
				p += y.lift
			}
			all = append(all, jury.Mark{Rater: fmt.Sprintf("r%02d", r), Case: fmt.Sprintf("c%02d", c), Points: score.Points(100 * min(100, max(0, p)))})
		}
	}
	return all
}

// ringed is a year with three who lift the same five cases by so many points.
func ringed(seed uint64, by float64) made {
	y := honest(seed)
	y.ring, y.friends, y.lift = []int{3, 17, 29}, []int{5, 22, 41, 60, 77}, by
	return y
}

func lone(seed uint64, by float64) made {
	y := honest(seed)
	y.alone, y.for1, y.lift = 11, 33, by
	return y
}

func together(fs []jury.Finding, ring ...string) bool {
	return slices.ContainsFunc(fs, func(f jury.Finding) bool {
		return f.Kind == jury.Together && slices.Contains(ring, f.Raters[0]) && slices.Contains(ring, f.Raters[1])
	})
}

// One year with a ring, one without: the ring is found by its names and its cases, and nobody else is named; the honest year is silent.
func TestARingIsFound(t *testing.T) {
	if fs := jury.Inspect(honest(2027).marks(), jury.Standard); len(fs) != 0 {
		t.Errorf("an honest year: %+v", fs)
	}
	fs := jury.Inspect(ringed(2027, 18).marks(), jury.Standard)
	if !together(fs, "r03", "r17", "r29") {
		t.Fatalf("the ring is not found: %+v", fs)
	}
	for _, f := range fs {
		for _, r := range f.Raters {
			if f.Kind == jury.Together && !slices.Contains([]string{"r03", "r17", "r29"}, r) {
				t.Errorf("somebody honest is named: %+v", f)
			}
		}
		for _, c := range f.Cases {
			if f.Kind == jury.Together && !slices.Contains([]string{"c05", "c22", "c41", "c60", "c77"}, c) {
				t.Errorf("an honest case is named: %+v", f)
			}
		}
	}
}

// TestRates prints how often the thresholds the product comes with are right and wrong, over made-up years. One spread of honest noise
// is 4 points, of raters' own measures 3.
func TestRates(t *testing.T) {
	const years = 200
	inspect := func(y made) []jury.Finding { return jury.Inspect(y.marks(), jury.Standard) }
	alarms, kinds := 0, map[jury.Kind]int{}
	rings, lones := map[float64]int{}, 0
	for seed := range uint64(years) {
		fs := inspect(honest(seed))
		for _, f := range fs {
			kinds[f.Kind]++
		}
		if len(fs) > 0 {
			alarms++
		}
		for _, by := range []float64{12, 15, 18} {
			if together(inspect(ringed(seed, by)), "r03", "r17", "r29") {
				rings[by]++
			}
		}
		if slices.ContainsFunc(inspect(lone(seed, 30)), func(f jury.Finding) bool {
			return f.Kind == jury.Apart && f.Raters[0] == "r11" && f.Cases[0] == "c33"
		}) {
			lones++
		}
	}
	t.Logf("%d made-up years, 80 cases, 48 raters, 6 a case. Honest years with an alarm: %d %v. A ring of three that lifts five cases is found by name: by 12 points in %d, by 15 in %d, by 18 in %d. One rater who lifts one case by 30: in %d",
		years, alarms, kinds, rings[12], rings[15], rings[18], lones)
	if alarms*100 > years {
		t.Errorf("%d of %d honest years raise an alarm", alarms, years)
	}
	if rings[15]*100 < 85*years || rings[18]*100 < 95*years || lones*100 < 75*years {
		t.Errorf("found: %v rings, %d alone, of %d", rings, lones, years)
	}
}

func TestSeverityAndDrift(t *testing.T) {
	marks := honest(1).marks()
	n := map[string]int{}
	for i, m := range marks {
		switch m.Rater {
		case "r05":
			marks[i].Points = max(0, m.Points-2500)
		case "r09":
			if n[m.Rater]++; n[m.Rater] > 5 {
				marks[i].Points = min(10000, m.Points+2500)
			}
		}
	}
	fs := jury.Inspect(marks, jury.Standard)
	has := func(k jury.Kind, r string) bool {
		return slices.ContainsFunc(fs, func(f jury.Finding) bool { return f.Kind == k && f.Raters[0] == r })
	}
	if !has(jury.Severity, "r05") || !has(jury.Drift, "r09") {
		t.Errorf("%+v", fs)
	}
	for _, f := range fs {
		if f.Kind == jury.Severity && f.Raters[0] != "r05" {
			t.Errorf("%+v", f)
		}
	}
}

// The order in which cases come, and what everybody gives more, change nothing; few marks say nothing.
func TestInspectIsSteady(t *testing.T) {
	marks := ringed(4, 18).marks()
	want := fmt.Sprint(jury.Inspect(marks, jury.Standard))
	if want == "[]" {
		t.Fatal("nothing to compare")
	}
	for range 5 {
		if got := fmt.Sprint(jury.Inspect(marks, jury.Standard)); got != want {
			t.Fatalf("the same marks, other findings:\n%s\n%s", want, got)
		}
	}
	more := slices.Clone(marks)
	for i := range more {
		more[i].Points += 700
	}
	if got := fmt.Sprint(jury.Inspect(more, jury.Standard)); got != want {
		t.Errorf("everybody gives more: %s", got)
	}
	if fs := jury.Inspect(marks[:20], jury.Standard); fs != nil {
		t.Errorf("too few: %+v", fs)
	}
}

func TestDraw(t *testing.T) {
	ids := []string{"a", "b", "c", "d", "e"}
	// printf 'seed\na' | sha256sum begins with 1095c3, of b with 966be6, of c a17d26, of d ff3529, of e c13008
	if got := jury.Draw("seed", ids, 5); !slices.Equal(got, []string{"a", "b", "c", "e", "d"}) {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfDistinct(rapid.StringN(1, 8, -1), rapid.ID).Draw(t, "ids")
		n, seed := rapid.IntRange(0, 40).Draw(t, "n"), rapid.String().Draw(t, "seed")
		a := jury.Draw(seed, ids, n)
		back := slices.Clone(ids)
		slices.Reverse(back)
		if b := jury.Draw(seed, append(back, back...), n); !slices.Equal(a, b) {
			t.Fatalf("another order, another draw: %v %v", a, b)
		}
		if len(a) != min(n, len(ids)) {
			t.Fatalf("%d of %d, want %d", len(a), len(ids), n)
		}
		if n > 0 && !slices.Equal(jury.Draw(seed, ids, n-1), a[:min(n-1, len(a))]) {
			t.Fatal("fewer are the first of more")
		}
	})
	seen := map[string]int{}
	for i := range 4000 {
		seen[jury.Draw(fmt.Sprint("s", i), ids, 1)[0]]++
	}
	for _, id := range ids {
		if seen[id] < 680 || seen[id] > 920 {
			t.Errorf("%s is drawn %d times of 4,000", id, seen[id])
		}
	}
	if c := jury.Commit("seed"); c != "19b25856e1c150ca834cffc8b59b23adbd0ec0389e58eb22b3b64768098d002b" {
		t.Errorf("commitment %s", c)
	}
}

func TestSample(t *testing.T) {
	for _, tc := range []struct{ n, bp, least, want int }{
		{812, 500, 20, 41}, {400, 500, 20, 20}, {401, 500, 20, 21}, {12, 500, 20, 12}, {0, 500, 20, 0}, {10000, 500, 20, 500},
	} {
		if got := jury.Sample(tc.n, tc.bp, tc.least); got != tc.want {
			t.Errorf("Sample(%d, %d, %d) = %d, want %d", tc.n, tc.bp, tc.least, got, tc.want)
		}
	}
	agree, of := jury.Agreement([][2]score.Points{{100, 100}, {100, 151}, {300, 250}}, 50)
	if agree != 2 || of != 3 {
		t.Error(agree, of)
	}
}
