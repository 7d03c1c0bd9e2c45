package jury

import (
	"cmp"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// A Mark is what one rater gave one case. Marks of one rater are in the order they were given.
type Mark struct {
	Rater  string
	Case   string
	Points score.Points
	At     time.Time
}

// A Kind says what a finding is about.
type Kind string

// The kinds of findings.
const (
	Apart    Kind = "APART"    // one mark far above or below what the others gave the same case
	Together Kind = "TOGETHER" // two raters who lift the same cases above everybody else, again and again
	Severity Kind = "SEVERITY" // a rater who is far above or below the others everywhere
	Drift    Kind = "DRIFT"    // a rater whose measure changed on the way
)

// Enum are all of them.
func (Kind) Enum() []any { return models.Enum(Apart, Together, Severity, Drift) }

// Kinds lists them.
var Kinds = []Kind{Apart, Together, Severity, Drift}

// A Finding says where to look, and accuses nobody. Strength is in hundredths of the usual spread of marks; a negative one is below.
type Finding struct {
	Kind     Kind
	Raters   []string // in order
	Cases    []string // in order
	Strength int64
	N        int // marks it rests on; of pairs, cases they share
}

// Thresholds say from when on something is a finding. Strengths are in hundredths of the usual spread, so 450 is four and a half.
//
// Source: docs/sources.md#panel-findings.
type Thresholds struct {
	Least    int          // marks in all below which nothing is said: the usual spread would not be known
	Apart    int64        // of one mark
	Lift     int64        // a case counts for a pair from here on, when both are over it
	Together int64        // of a pair: what both are over the lift's two thirds, summed over their cases
	Shared   int          // cases a pair lifts, at least
	Severity score.Points // of a rater's usual distance from the others
	Drift    score.Points // of the change between the first and the second half of a rater's marks
	Marks    int          // marks of a rater below which nothing is said of severity and drift
}

// Standard are the thresholds the product comes with; docs/perf.md says how often they are right and wrong.
var Standard = Thresholds{Least: 40, Apart: 600, Lift: 150, Together: 310, Shared: 2, Severity: 1500, Drift: 1500, Marks: 6}

// Inspect looks at the marks of a year. The findings are the strongest first. Whole numbers only: the same marks have the same
// findings anywhere.
//
// A rater's distance on a case is the mark less the median of the others' marks on it, less what is usual for this rater; its strength
// is in units of the usual spread, which is 1.4826 times the median of all distances without sign.
func Inspect(marks []Mark, t Thresholds) []Finding {
	if len(marks) < t.Least {
		return nil
	}
	y := newYear(marks)
	var found []Finding
	found = append(found, y.severity(t)...)
	found = append(found, y.drift(t)...)
	found = append(found, y.apart(t)...)
	found = append(found, y.together(t)...)
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(-cmp.Compare(max(a.Strength, -a.Strength), max(b.Strength, -b.Strength)), cmp.Compare(a.Kind, b.Kind),
			slices.Compare(a.Raters, b.Raters), slices.Compare(a.Cases, b.Cases))
	})
	return found
}

// A year is marks made ready: by case and by rater, each rater's usual distance, and the usual spread.
type year struct {
	cases  map[string][]Mark
	raters map[string][]Mark
	usual  map[string]int64 // points
	spread int64            // points, at least 1
}

func newYear(marks []Mark) *year {
	y := &year{cases: map[string][]Mark{}, raters: map[string][]Mark{}, usual: map[string]int64{}}
	for _, m := range marks {
		y.cases[m.Case] = append(y.cases[m.Case], m)
		y.raters[m.Rater] = append(y.raters[m.Rater], m)
	}
	for range passes {
		usual := map[string]int64{}
		for r, ms := range y.raters {
			usual[r] = y.usual[r] + median(y.distances(ms))
		}
		y.usual = usual
	}
	var all []int64
	for _, d := range y.distances(marks) {
		all = append(all, max(d, -d))
	}
	y.spread = max(1, median(all)*14826/10000)
	return y
}

// passes is how often what is usual for a rater is taken from what is usual for the others.
const passes = 3

// distances are those of marks that two others at least share a case with, in order.
func (y *year) distances(ms []Mark) (ds []int64) {
	for _, m := range ms {
		if d, ok := y.distance(m, ""); ok {
			ds = append(ds, d)
		}
	}
	return ds
}

// distance is a mark less what the others gave the case, everybody's usual distance taken off; without leaves one more rater out. It
// says whether two others at least marked the case.
func (y *year) distance(m Mark, without string) (int64, bool) {
	var others []int64
	for _, o := range y.cases[m.Case] {
		if o.Rater != m.Rater && o.Rater != without {
			others = append(others, int64(o.Points)-y.usual[o.Rater])
		}
	}
	return int64(m.Points) - y.usual[m.Rater] - median(others), len(others) >= 2
}

// strength is a distance in hundredths of the usual spread, rounded towards zero.
func (y *year) strength(d int64) int64 { return d * 100 / y.spread }

func (y *year) severity(t Thresholds) (found []Finding) {
	for r, ms := range y.raters {
		if u := y.usual[r]; len(ms) >= t.Marks && max(u, -u) >= int64(t.Severity) {
			found = append(found, Finding{Kind: Severity, Raters: []string{r}, Strength: y.strength(u), N: len(ms)})
		}
	}
	return found
}

func (y *year) drift(t Thresholds) (found []Finding) {
	for r, ms := range y.raters {
		ds := y.distances(ms)
		if len(ds) < max(t.Marks, 2) {
			continue
		}
		change := median(ds[len(ds)/2:]) - median(ds[:len(ds)/2])
		if max(change, -change) >= int64(t.Drift) {
			found = append(found, Finding{Kind: Drift, Raters: []string{r}, Strength: y.strength(change), N: len(ds)})
		}
	}
	return found
}

func (y *year) apart(t Thresholds) (found []Finding) {
	for c, ms := range y.cases {
		for _, m := range ms {
			d, ok := y.distance(m, "")
			if s := y.strength(d); ok && max(s, -s) >= t.Apart {
				found = append(found, Finding{Kind: Apart, Raters: []string{m.Rater}, Cases: []string{c}, Strength: s, N: len(ms)})
			}
		}
	}
	return found
}

// A pair is two raters, in order.
type pair struct{ a, b string }

// together sums over the cases that two raters share how far both lie above everybody else.
func (y *year) together(t Thresholds) (found []Finding) {
	sums, lifted, shared := map[pair]int64{}, map[pair][]string{}, map[pair]int{}
	for c, ms := range y.cases {
		for i, m := range ms {
			for _, o := range ms[i+1:] {
				p, of := pair{m.Rater, o.Rater}, y.both(m, o)
				if p.a > p.b {
					p.a, p.b = p.b, p.a
				}
				if p.a == p.b {
					continue
				}
				shared[p]++
				if of < t.Lift {
					continue
				}
				sums[p] += of - t.Lift*2/3
				lifted[p] = append(lifted[p], c)
			}
		}
	}
	for p, s := range sums {
		if len(lifted[p]) >= t.Shared && s >= t.Together {
			slices.Sort(lifted[p])
			found = append(found, Finding{Kind: Together, Raters: []string{p.a, p.b}, Cases: lifted[p], Strength: s, N: shared[p]})
		}
	}
	return found
}

// both is how far the lower of two marks on a case lies above what everybody else gave it, as a strength.
func (y *year) both(m, o Mark) int64 {
	x, ok := y.distance(m, o.Rater)
	z, too := y.distance(o, m.Rater)
	if !ok || !too {
		return 0
	}
	return y.strength(min(x, z))
}

// median is the middle, of an even number the mean of the two in the middle rounded towards zero; 0 of nothing.
func median(in []int64) int64 {
	if len(in) == 0 {
		return 0
	}
	in = slices.Clone(in)
	slices.Sort(in)
	if n := len(in); n%2 == 0 {
		return (in[n/2-1] + in[n/2]) / 2
	}
	return in[len(in)/2]
}
