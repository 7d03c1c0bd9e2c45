package score

import (
	"cmp"

	"xinyi/models"
)

// A Span is what is told of a fact when it is not told exactly: it lies from Least to Most, both included. Absent says that it may
// as well not be known at all.
type Span struct {
	Least  int64 `bson:"least" json:"least"`
	Most   int64 `bson:"most" json:"most"`
	Absent bool  `bson:"absent,omitempty" json:"absent,omitempty"`
}

// Exactly is the span of one value.
func Exactly(n int64) Span { return Span{Least: n, Most: n} }

// Exact says whether there is but one value.
func (s Span) Exact() bool { return s.Least == s.Most && !s.Absent }

// Has says whether n lies in it.
func (s Span) Has(n int64) bool { return s.Least <= n && n <= s.Most }

// A Reach is what one indicator may come to.
type Reach struct {
	Code  string `json:"code"`
	Least Points `json:"least"`
	Most  Points `json:"most"`
	Max   Points `json:"max"`
	may   bool   // it may fail the whole
	must  bool   // it fails the whole whatever is hidden
}

// A Reached is what a set may come to.
type Reached struct {
	Items       []Reach
	Least, Most Points
	Grades      []string // the best first
}

// Reach is Score for facts that are not all told: for every indicator the least and the most points that what is hidden allows, the
// sum of them, and every grade that is possible. It never leaves out what is possible; where all is told exactly it is Score.
// Restricted data counts as withheld. Errors: Internal "score.fact_out_of_range".
func (sc *Scorer) Reach(facts map[string]Span) (Reached, error) {
	r := Reached{Items: make([]Reach, len(sc.all))}
	may, must := false, false
	for i, x := range sc.all {
		item, err := x.reach(facts)
		if err != nil {
			return r, err
		}
		r.Items[i] = item
		r.Least, r.Most = r.Least+item.Least, r.Most+item.Most
		may, must = may || item.may, must || item.must
	}
	gs := sc.set.Grades
	for i, g := range gs {
		last := i == len(gs)-1
		within := !must && r.Most >= g.Least && (i == 0 || r.Least < gs[i-1].Least)
		if within || last && may {
			r.Grades = append(r.Grades, g.Name)
		}
	}
	return r, nil
}

// reach is item for a span.
func (x *Indicator) reach(facts map[string]Span) (Reach, error) {
	r := Reach{Code: x.Code, Max: x.Max, Least: x.Max, must: true}
	take := func(p Points, fails bool) {
		r.Least, r.Most = min(r.Least, p), max(r.Most, p)
		r.may, r.must = r.may || fails, r.must && fails
	}
	of, known := facts[x.Of]
	over, scale := Exactly(1), int64(1)
	if x.Over != "" {
		var told bool
		over, told = facts[x.Over]
		known, scale = known && told, 10000
	}
	if !known || x.Restricted {
		take(x.Unknown, false)
		return r, nil
	}
	if of.Least < 0 || of.Most > maxBound || over.Least < 0 || over.Most > maxBound || of.Least > of.Most || over.Least > over.Most {
		return r, models.E(models.Internal, "score.fact_out_of_range")
	}
	if of.Absent || over.Absent {
		take(x.Unknown, false)
	}
	low, high := share(of.Least, over.Most, scale), share(of.Most, over.Least, scale)
	for _, v := range x.probes(low, high) {
		p, _, fails := x.points(v)
		take(p, fails)
	}
	return r, nil
}

// share is of÷over; nothing of nothing is no share.
func share(of, over, scale int64) value {
	if of == 0 && over == 0 {
		over = 1
	}
	return value{of, over, scale}
}

// probes are values from low to high among which are the fewest and the most points: the ends, and around each bound of a band the
// value itself, and those right below and above it. Between two bounds points are even or run straight.
func (x *Indicator) probes(low, high value) []value {
	vs := []value{low, high}
	for _, b := range x.Bands {
		for _, bound := range []*int64{b.Least, b.Most} {
			if bound == nil {
				continue
			}
			for half := 2**bound - 2; half <= 2**bound+2; half++ {
				if low.halves(half) <= 0 && high.halves(half) >= 0 {
					vs = append(vs, value{half, 2, 1})
				}
			}
		}
	}
	return vs
}

// halves says how the value lies to n/2.
func (v value) halves(n int64) int {
	if v.over == 0 {
		return 1
	}
	return cmp.Compare(2*v.of*v.scale, n*v.over)
}

// Around is the range of a fact that comes to the same band of the indicator as n does, where over is what it is the share of. ok is
// false when no band is there to say so.
func (x *Indicator) Around(n, over int64) (s Span, ok bool) {
	scale, most := int64(10000), over
	if x.Over == "" {
		over, scale, most = 1, 1, maxBound
	}
	v := share(n, over, scale)
	if over == 0 && n == 0 {
		return Exactly(0), len(x.Bands) > 0
	}
	s = Span{Least: 0, Most: max(most, n)}
	for _, b := range x.Bands {
		if b.Least != nil { // from it on
			first := -floor(-*b.Least*over, scale)
			if v.compare(*b.Least) >= 0 {
				s.Least = max(s.Least, first)
			} else {
				s.Most = min(s.Most, first-1)
			}
		}
		if b.Most != nil { // up to it
			final := floor(*b.Most*over, scale)
			if v.compare(*b.Most) <= 0 {
				s.Most = min(s.Most, final)
			} else {
				s.Least = max(s.Least, final+1)
			}
		}
	}
	return s, len(x.Bands) > 0
}

func floor(a, b int64) int64 {
	q := a / b
	if a%b != 0 && a < 0 {
		q--
	}
	return q
}

// MaxFact bounds what a fact may be: in a span it stands for "nobody says how much".
const MaxFact = maxBound

// Scored is what one indicator makes of exact facts. Whatever fails counts as scoring alike.
type Scored struct {
	Points Points
	Fails  bool
}

// Scores is what the indicator makes of a fact, and of what it is the share of.
func (x *Indicator) Scores(of, over int64) Scored {
	v := value{of, 1, 1}
	if x.Over != "" {
		v = share(of, over, 10000)
	}
	p, _, fails := x.points(v)
	if fails {
		p = 0
	}
	return Scored{p, fails}
}
