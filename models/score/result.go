package score

import (
	"cmp"
	"slices"

	"xinyi/models"
)

// A Why says how an item came to its points.
type Why string

// The ways.
const (
	Counted  Why = "COUNTED"  // a band fits
	Nothing  Why = "NOTHING"  // no band fits: 0
	Unknown  Why = "UNKNOWN"  // nobody has told: neutral
	Withheld Why = "WITHHELD" // 未授权: the data needs a consent that was not given: neutral
)

// Enum are all of them.
func (Why) Enum() []any { return models.Enum(Counted, Nothing, Unknown, Withheld) }

// A Ground is a fact on which a veto rests. Record is the lawful record that says so, "<id>@<version>".
type Ground struct {
	Code   string `bson:"code"`
	Record string `bson:"record"`
}

// An Input is what is known about one.
type Input struct {
	Facts   map[string]int64
	Open    bool // restricted data may be looked at
	Grounds []Ground
}

// An Item is what one indicator came to.
type Item struct {
	Code   string `bson:"code"`
	Points Points `bson:"points"`
	Max    Points `bson:"max"`
	Why    Why    `bson:"why"`
	Value  *int64 `bson:"value,omitempty"` // what was looked at: the fact, or the share in basis points, rounded down; nil: not known
}

// A Result is what a set makes of an input.
type Result struct {
	Set    string   `bson:"set"` // "id@version"
	Hash   string   `bson:"hash"`
	Total  Points   `bson:"total"`
	Grade  string   `bson:"grade"`
	Good   bool     `bson:"good"` // the grade earns the title, and no veto stands
	Items  []Item   `bson:"items"`
	Vetoes []Ground `bson:"vetoes,omitempty"`
	Failed []string `bson:"failed,omitempty"` // indicators whose band keeps the whole from every grade but the last
}

// A Scorer is a set made ready for many.
type Scorer struct {
	set  *Set
	hash string
	all  []*Indicator
	veto map[string]bool
}

// Scorer makes the set ready. The set must have passed Check.
func (s *Set) Scorer() *Scorer {
	sc := &Scorer{set: s, hash: s.Hash(), veto: map[string]bool{}}
	s.Indicators(func(i *Indicator) { sc.all = append(sc.all, i) })
	for _, v := range s.Vetoes {
		sc.veto[v.Code] = true
	}
	return sc
}

// Set is what it was made from.
func (sc *Scorer) Set() *Set { return sc.set }

// Score is the whole result. Errors: Internal "score.fact_out_of_range"; Internal "score.no_record" for a veto without a record.
func (sc *Scorer) Score(in Input) (Result, error) {
	r := Result{Set: sc.set.Name(), Hash: sc.hash, Items: make([]Item, len(sc.all))}
	for i, x := range sc.all {
		item, fails, err := x.item(in)
		if err != nil {
			return r, err
		}
		r.Items[i] = item
		r.Total += item.Points
		if fails {
			r.Failed = append(r.Failed, x.Code)
		}
	}
	grade, err := sc.grade(in, r.Total, len(r.Failed) > 0)
	if err != nil {
		return r, err
	}
	r.Grade = grade.Name
	r.Vetoes = sc.vetoes(in)
	r.Good = grade.Good && len(r.Vetoes) == 0
	return r, nil
}

// Brief is Score without its items, for many.
func (sc *Scorer) Brief(in Input) (total Points, grade string, good bool, err error) {
	failed := false
	for _, x := range sc.all {
		item, fails, err := x.item(in)
		if err != nil {
			return 0, "", false, err
		}
		total += item.Points
		failed = failed || fails
	}
	g, err := sc.grade(in, total, failed)
	return total, g.Name, g.Good && len(sc.vetoes(in)) == 0, err
}

// vetoes are the grounds the set knows, in the order of their codes and records.
func (sc *Scorer) vetoes(in Input) []Ground {
	var vs []Ground
	for _, g := range in.Grounds {
		if sc.veto[g.Code] {
			vs = append(vs, g)
		}
	}
	slices.SortFunc(vs, func(a, b Ground) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Record, b.Record)) })
	return vs
}

func (sc *Scorer) grade(in Input, total Points, failed bool) (Grade, error) {
	for _, g := range in.Grounds {
		if g.Record == "" {
			return Grade{}, models.E(models.Internal, "score.no_record")
		}
	}
	last := sc.set.Grades[len(sc.set.Grades)-1]
	if failed {
		return last, nil
	}
	for _, g := range sc.set.Grades {
		if total >= g.Least {
			return g, nil
		}
	}
	return last, nil
}

// item is what the indicator makes of an input. fails says that its band keeps the whole from every grade but the last.
func (x *Indicator) item(in Input) (it Item, fails bool, err error) {
	it = Item{Code: x.Code, Max: x.Max, Points: x.Unknown, Why: Unknown}
	if x.Restricted && !in.Open {
		it.Why = Withheld
		return it, false, nil
	}
	of, known := in.Facts[x.Of]
	if !known {
		return it, false, nil
	}
	v := value{of, 1, 1}
	if x.Over != "" {
		over, known := in.Facts[x.Over]
		if !known {
			return it, false, nil
		}
		v = value{of, over, 10000}
	}
	if v.of > maxBound || v.of < -maxBound || v.over > maxBound || v.over < 0 {
		return it, false, models.E(models.Internal, "score.fact_out_of_range")
	}
	if v.over == 0 && v.of == 0 {
		v.over = 1 // nothing of nothing is no share
	}
	shown := v.whole()
	it.Value = &shown
	it.Points, it.Why, fails = x.points(v)
	return it, fails, nil
}

// A value is of÷over in units of 1/scale; over 0 is more than anything.
type value struct{ of, over, scale int64 }

// whole is the value rounded down; what is over everything is the bound itself.
func (v value) whole() int64 {
	if v.over == 0 {
		return maxBound
	}
	n := v.of * v.scale
	q := n / v.over
	if n%v.over != 0 && n < 0 {
		q--
	}
	return q
}

// compare says how the value lies to a bound, without a division.
func (v value) compare(bound int64) int {
	if v.over == 0 {
		return 1
	}
	return cmp.Compare(v.of*v.scale, bound*v.over)
}

func (x *Indicator) points(v value) (Points, Why, bool) {
	for i, b := range x.Bands {
		if b.Least != nil && v.compare(*b.Least) < 0 || b.Most != nil && v.compare(*b.Most) > 0 {
			continue
		}
		if x.Linear && i > 0 {
			return between(x.Bands[i], x.Bands[i-1], v.whole()), Counted, b.Fails
		}
		return b.Points, Counted, b.Fails
	}
	return 0, Nothing, false
}

// between is the straight line from the lower band's bound to the upper's, at a whole value, rounded half up.
//
// Source: docs/sources.md#farmer-village-example.
func between(low, high Band, at int64) Points {
	span, rise := *high.Least-*low.Least, int64(high.Points-low.Points)
	n := 2*rise*(at-*low.Least) + span
	q := n / (2 * span)
	if n < 0 && n%(2*span) != 0 {
		q--
	}
	return low.Points + Points(q)
}

// Mean is a trimmed mean in hundredths, rounded half up: from trim answers on, the highest and the lowest are left out. It says
// whether there were enough answers to count.
//
// Source: docs/sources.md#farmer-peers.
func Mean(answers []Points, valid, trim int) (Points, bool) {
	if len(answers) < valid || len(answers) == 0 {
		return 0, false
	}
	in := slices.Clone(answers)
	slices.Sort(in)
	if len(in) >= trim && len(in) > 2 {
		in = in[1 : len(in)-1]
	}
	var sum Points
	for _, a := range in {
		sum += a
	}
	n := Points(len(in))
	return (2*sum + n) / (2 * n), true
}
