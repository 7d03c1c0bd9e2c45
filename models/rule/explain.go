package rule

import (
	"maps"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"xinyi/models"
)

// Today is the fact that time alone changes.
const Today = "today"

// MaxFixes bounds the remedies that are tried together: with twelve there are 4096 sets.
const MaxFixes = 12

// A Path is one way to make a rule pass.
type Path struct {
	Clauses []string   // whose remedies are taken, in the rule's order; none: it takes time alone
	On      models.Day // the first day on which the rule then passes
}

// An Explanation says what would make a rule pass that does not.
type Explanation struct {
	Paths    []Path      // the smallest: of none, fewer remedies reach as early a day. By their number, then by day
	From     *models.Day // the first day on which time alone does, nil: it never does
	Complete bool        // false when more than MaxFixes remedies come into question, and only the first were tried
}

// Explain searches what would make the rule pass: every set of its remedies, and for each the first day on which it is enough.
// A remedy is a clause's Fix, taken today; sets are applied in the rule's order, each on the facts the one before left. Time is
// the fact Today, and then moves to the days the clauses name as From. A rule that passes has no paths.
//
// Errors: those of Eval.
func (p *Program) Explain(facts map[string]any) (Explanation, error) {
	s, err := p.search(facts)
	if err != nil {
		return Explanation{}, models.E(models.Internal, "rule.failed", err)
	}
	out := Explanation{Complete: s.complete}
	var found []reached
	for size := 0; size <= len(s.fixes); size++ {
		for set := range subsets(len(s.fixes), size) {
			if slices.ContainsFunc(found, func(r reached) bool { return r.set&set == r.set && r.on == s.today }) {
				continue // a smaller one does already, at once
			}
			on, ok, err := s.first(set)
			if err != nil {
				return Explanation{}, models.E(models.Internal, "rule.failed", err)
			}
			if !ok || slices.ContainsFunc(found, func(r reached) bool { return r.set&set == r.set && r.on <= on }) {
				continue
			}
			found = append(found, reached{set, on})
		}
	}
	slices.SortStableFunc(found, func(a, b reached) int { return compareReached(a, b) })
	for _, r := range found {
		if r.set == 0 && r.on == s.today {
			return Explanation{Complete: true}, nil
		}
		if r.set == 0 {
			out.From = &r.on
		}
		out.Paths = append(out.Paths, Path{s.names(r.set), r.on})
	}
	return out, nil
}

// A set of remedies, a bit for each.
type set uint16

// reached is a set of remedies and the first day on which it is enough.
type reached struct {
	set set
	on  models.Day
}

func compareReached(a, b reached) int {
	if n := a.set.size() - b.set.size(); n != 0 {
		return n
	}
	switch {
	case a.on < b.on:
		return -1
	case a.on > b.on:
		return 1
	}
	return int(a.set) - int(b.set)
}

func (s set) size() (n int) {
	for ; s != 0; s &= s - 1 {
		n++
	}
	return n
}

// subsets are the sets of size out of n remedies.
func subsets(n, size int) func(func(set) bool) {
	return func(yield func(set) bool) {
		for s := range set(1) << n {
			if s.size() == size && !yield(s) {
				return
			}
		}
	}
}

// A searching is one search: what clauses said is kept, so that a clause is asked once for every set that matters to it.
type searching struct {
	p        *Program
	facts    map[string]any
	today    models.Day
	fixes    []int // clauses that have a remedy, by their place in the rule
	matter   []set // for each clause, the remedies that may change how it comes out
	timely   []bool
	said     map[question]string
	complete bool
}

// question asks a clause.
type question struct {
	clause int
	set    set
	on     models.Day
}

// search prepares the facts and finds out what matters to what.
func (p *Program) search(facts map[string]any) (*searching, error) {
	known, _, err := p.bind(facts)
	if err != nil {
		return nil, err
	}
	s := &searching{p: p, facts: known, said: map[question]string{}, complete: true}
	if day, ok := known[Today].(string); ok {
		s.today = models.Day(day)
	}
	for i, c := range p.clauses {
		if len(c.fix) == 0 || c.ChangeableBy == models.ByNobody {
			continue
		}
		if len(s.fixes) == MaxFixes {
			s.complete = false
			break
		}
		s.fixes = append(s.fixes, i)
	}
	touched := map[string]set{}  // by fact: the remedies behind it
	for range len(s.fixes) + 1 { // until it reaches no further
		for bit, i := range s.fixes {
			for _, f := range p.clauses[i].fix {
				touched[f.fact] |= 1 << bit
				for _, name := range f.to.names {
					touched[f.fact] |= touched[name]
				}
			}
		}
	}
	s.matter, s.timely = make([]set, len(p.clauses)), make([]bool, len(p.clauses))
	for i, c := range p.clauses {
		for _, name := range c.expr.names {
			s.matter[i] |= touched[name]
			s.timely[i] = s.timely[i] || name == Today
		}
	}
	return s, nil
}

// names are the clauses of a set.
func (s *searching) names(set set) []string {
	var names []string
	for bit, i := range s.fixes {
		if set&(1<<bit) != 0 {
			names = append(names, s.p.clauses[i].ID)
		}
	}
	return names
}

// first is the first day on which a set is enough, of those on which a clause begins to pass.
func (s *searching) first(set set) (models.Day, bool, error) {
	days := []models.Day{s.today}
	if s.today != "" {
		more, err := s.days(set)
		if err != nil {
			return "", false, err
		}
		days = append(days, more...)
	}
	for _, day := range days {
		var fault error
		outcome := over(s.p.clauses, func(i int) string {
			o, err := s.ask(i, set, day)
			if err != nil {
				fault = err
			}
			return o
		})
		if fault != nil {
			return "", false, fault
		}
		if outcome == models.Pass {
			return day, true, nil
		}
	}
	return "", false, nil
}

// days are the days to come on which a clause begins to pass, in order.
func (s *searching) days(set set) ([]models.Day, error) {
	var days []models.Day
	facts, err := s.after(set, s.today)
	if err != nil {
		return nil, err
	}
	missing := s.p.missing(facts)
	input, err := activation(facts, missing)
	if err != nil {
		return nil, err
	}
	for _, c := range s.p.clauses {
		from, err := c.from.text(input, missing)
		if err != nil {
			return nil, err
		}
		if day := models.Day(from); day > s.today {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return slices.Compact(days), nil
}

// ask is how a clause comes out once a set is applied, on a day.
func (s *searching) ask(i int, all set, day models.Day) (string, error) {
	q := question{clause: i, set: all & s.matter[i]}
	if s.timely[i] {
		q.on = day
	}
	if o, known := s.said[q]; known {
		return o, nil
	}
	facts, err := s.after(q.set, day)
	if err != nil {
		return "", err
	}
	missing := s.p.missing(facts)
	input, err := activation(facts, missing)
	if err != nil {
		return "", err
	}
	o, err := s.p.clauses[i].outcome(input, missing)
	s.said[q] = o
	return o, err
}

// missing are the facts that are not there.
func (p *Program) missing(facts map[string]any) map[string]bool {
	missing := map[string]bool{}
	for _, f := range p.rule.Facts {
		if _, there := facts[f.Name]; !there {
			missing[f.Name] = true
		}
	}
	return missing
}

// after are the facts on a day once a set was applied today. A remedy that cannot be worked out for want of a fact changes nothing.
func (s *searching) after(all set, day models.Day) (map[string]any, error) {
	facts := maps.Clone(s.facts)
	for bit, i := range s.fixes {
		if all&(1<<bit) == 0 {
			continue
		}
		missing := s.p.missing(facts)
		input, err := activation(facts, missing)
		if err != nil {
			return nil, err
		}
		for _, f := range s.p.clauses[i].fix {
			v, err := f.to.eval(input, missing)
			if err != nil {
				return nil, err
			}
			if plain, ok := plainly(v); ok {
				facts[f.fact] = plain
			}
		}
	}
	if s.today != "" {
		facts[Today] = string(day)
	}
	return facts, nil
}

// stringList is a list as facts hold it.
var stringList = reflect.TypeFor[[]string]()

// plainly is a value as facts hold it.
func plainly(v ref.Val) (any, bool) {
	switch x := v.(type) {
	case nil:
		return nil, false
	case types.Int:
		return int64(x), true
	case types.Bool:
		return bool(x), true
	case types.String:
		return string(x), true
	}
	list, err := v.ConvertToNative(stringList)
	return list, err == nil
}
