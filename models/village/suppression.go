package village

import "xinyi/models/score"

// MinimumCell is how many households at least stand behind what is told exactly, and behind what is missing to the whole.
//
// Source: docs/sources.md#village-suppression.
const MinimumCell int64 = 5

// Published is what is told of facts: exactly, or as a range.
type Published map[string]score.Span

// A count is a fact that counts people or households. Within says of which counts it is a part, the narrowest first.
type count struct {
	name   string
	within []string
}

// counts are all of them, wholes before their parts. Villages are no households: how many there are is told exactly.
var counts = []count{
	{FactHouseholds, nil}, {FactFiled, []string{FactHouseholds}}, {FactCredit, []string{FactFiled, FactHouseholds}},
	{FactBorrowers, []string{FactFiled, FactHouseholds}}, {FactClean, []string{FactBorrowers}},
	{FactAnswers, nil}, {FactSatisfied, []string{FactAnswers}},
}

// wholes are the counts that shares are taken of; below its floor one is hidden with all its parts.
var wholes = map[string][]string{FactHouseholds: {FactFiled, FactCredit}, FactBorrowers: {FactClean}, FactAnswers: {FactSatisfied}}

// A Suppression says what may be told of a place's facts under a scheme.
//
// A count is told exactly when it is at least k and at least k are missing to its whole; else it is said to be one of the k least, or
// one of the k most. So a range is the same for whichever of its values is true. The grade is public too, and would tell which of them
// are possible where they score differently; therefore a whole that is so small that its parts' hidden values could score
// differently (below its floor) is hidden itself, with all its parts. Above the floor all hidden values score alike: points, totals and
// grades tell nothing of them.
//
// Source: docs/sources.md#village-suppression.
type Suppression struct {
	set    *score.Set
	k      int64
	looked map[string]bool // facts the scheme looks at
	floors map[string]int64
}

// floorLimit is the largest whole that is looked at for a floor: where even there hidden values score differently, it is always hidden.
const floorLimit = 2000

// NewSuppression is the suppression of a set. k is Hidden, or what a bundle says.
func NewSuppression(set *score.Set, k int64) *Suppression {
	v := &Suppression{set: set, k: k, looked: map[string]bool{FactHouseholds: true, FactFiled: true}, floors: map[string]int64{}}
	set.Indicators(func(x *score.Indicator) {
		v.looked[x.Of] = true
		if x.Over != "" {
			v.looked[x.Over] = true
		}
	})
	for whole, parts := range wholes {
		v.floors[whole] = v.floor(whole, parts)
	}
	return v
}

// floor is the least whole from which on hidden values of its parts score alike.
func (v *Suppression) floor(whole string, parts []string) int64 {
	for n := int64(floorLimit); n >= 2*v.k; n-- {
		for _, part := range parts {
			if !v.alike(part, whole, n, 0) || !v.alike(part, whole, n, n-v.k+1) {
				if n == floorLimit {
					return score.MaxFact
				}
				return n + 1
			}
		}
	}
	return 2 * v.k
}

// alike says whether the k values of a part from least on score the same, its whole being n.
func (v *Suppression) alike(part, whole string, n, least int64) bool {
	same := true
	v.set.Indicators(func(x *score.Indicator) {
		if x.Of != part || x.Over != "" && x.Over != whole {
			return
		}
		first := x.Scores(least, n)
		for c := least + 1; c < least+v.k; c++ {
			same = same && x.Scores(c, n) == first
		}
	})
	return same
}

// Publish is what may be told of facts.
func (v *Suppression) Publish(facts map[string]int64) Published {
	all := Published{}
	for _, c := range counts {
		all[c.name] = v.count(c, facts, all)
	}
	v.amounts(facts, all)
	out := Published{}
	for name := range v.looked {
		if s, veiled := all[name]; veiled {
			out[name] = s
		} else if n, known := facts[name]; known {
			out[name] = score.Exactly(n)
		}
	}
	return out
}

// count is what may be told of one count, its wholes being told already.
func (v *Suppression) count(c count, facts map[string]int64, told Published) score.Span {
	n, known := facts[c.name]
	optional := c.name != FactHouseholds && c.name != FactFiled && c.name != FactCredit // may not be known
	least := max(v.k, v.floors[c.name])                                                 // to be told
	if len(c.within) == 0 {
		if n < least {
			return score.Span{Most: least - 1, Absent: optional}
		}
		return score.Exactly(n)
	}
	whole, exact := "", false
	for _, w := range c.within {
		if s := told[w]; s.Exact() && !exact {
			whole, exact = w, true
		}
	}
	if !exact {
		outer := told[c.within[len(c.within)-1]]
		return score.Span{Most: outer.Most, Absent: optional}
	}
	of := told[whole].Least
	switch {
	case of < 2*v.k:
		return score.Span{Most: of, Absent: optional}
	case !known || n < least:
		return score.Span{Most: min(least-1, of), Absent: optional}
	case of-n < v.k && (whole != FactFiled || c.name != FactCredit || v.alike(FactCredit, FactHouseholds, told[FactHouseholds].Least,
		of-v.k+1)):
		return score.Span{Least: of - v.k + 1, Most: of}
	}
	return score.Exactly(n)
}

// amounts is what may be told of sums of money: nothing while those who owe are hidden; of what is bad only the band, while those who
// are late are hidden. How many it is whose loans became bad within the year nobody tells, so of that never more than the band.
func (v *Suppression) amounts(facts map[string]int64, all Published) {
	secret := score.Span{Most: score.MaxFact, Absent: true}
	if !all[FactBorrowers].Exact() {
		all[FactBalance], all[FactBad], all[FactNewBad] = secret, secret, secret
		return
	}
	balance, told := facts[FactBalance]
	if !told {
		return // no bank tells, and that is no secret
	}
	all[FactBalance] = score.Exactly(balance)
	all[FactBad], all[FactNewBad] = score.Exactly(facts[FactBad]), v.band(FactNewBad, facts[FactNewBad], balance)
	if late := all[FactBorrowers].Least - all[FactClean].Least; !all[FactClean].Exact() && late < 2*v.k {
		all[FactBad] = v.band(FactBad, facts[FactBad], balance)
	}
}

// band is the range of an amount that scores in the same band, as far as the scheme looks at it.
func (v *Suppression) band(name string, n, balance int64) score.Span {
	s, found := score.Span{Most: max(balance, n)}, false
	v.set.Indicators(func(x *score.Indicator) {
		if !found && x.Of == name && (x.Over == FactBalance || x.Over == "") {
			s, found = x.Around(n, balance)
		}
	})
	return s
}

// Town is what may be told of sums over villages, which are told by the villages' suppression. Whoever takes from a sum what each village
// told must not be left with what one hides: a count is the sum of what villages tell; an amount is told when none hides it, or at least k
// households stand behind those that do. A village of which nothing was frozen adds to no count.
func (v *Suppression) Town(of *Suppression, villages []map[string]int64, sums map[string]int64) Published {
	all := Published{}
	behind := map[string]int64{} // households behind what villages hide of an amount, as far as is known: one at least
	for _, facts := range villages {
		told := Published{}
		_, frozen := facts[FactFiled]
		for _, c := range counts {
			told[c.name] = of.count(c, facts, told)
			if frozen {
				s, before := all[c.name]
				t := told[c.name]
				all[c.name] = score.Span{Least: s.Least + t.Least, Most: s.Most + t.Most, Absent: t.Absent && (s.Absent || !before)}
			}
		}
		of.amounts(facts, told)
		for name, n := range map[string]int64{FactBalance: facts[FactBorrowers], FactBad: facts[FactBorrowers] - facts[FactClean]} {
			if _, there := facts[name]; there && !told[name].Exact() {
				behind[name] += max(n, 1)
			}
		}
	}
	open := func(name string) bool { return behind[name] == 0 || behind[name] >= v.k }
	out := Published{}
	for name := range v.looked {
		n, known := sums[name]
		s, counted := all[name]
		switch {
		case counted && name != FactAnswers && name != FactSatisfied: // the survey is the town's own
			out[name] = s
		case !known:
		case !open(FactBalance) && (name == FactBalance || name == FactBad || name == FactNewBad):
			out[name] = score.Span{Most: score.MaxFact}
		case name == FactBad && !open(FactBad), name == FactNewBad:
			out[name] = v.band(name, n, sums[FactBalance])
		default:
			out[name] = score.Exactly(n)
		}
	}
	return out
}

// Whole says whether facts could be what is told.
func (t Published) Whole(facts map[string]int64) bool {
	for name, s := range t {
		n, known := facts[name]
		if known && !s.Has(n) || !known && !s.Absent {
			return false
		}
	}
	return true
}
