package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
)

// A piece is a clause a random rule may have, and its remedy once more in Go.
type piece struct {
	Clause
	do func(map[string]any)
}

// pieces are clauses that help, hinder and wait for each other.
func pieces() []piece {
	set := func(name string, v any) func(map[string]any) { return func(f map[string]any) { f[name] = v } }
	c := func(id, expr, by string, fix map[string]string, do func(map[string]any)) piece {
		return piece{Clause{ID: "t." + id, Expr: expr, Basis: "b", ChangeableBy: by, Fix: fix}, do}
	}
	timed := func(id, expr, from string) piece {
		return piece{Clause{ID: "t." + id, Expr: expr, From: from, Basis: "b", ChangeableBy: models.ByTime}, nil}
	}
	return []piece{
		c("two", "level >= 2", models.BySubject, map[string]string{"level": "2"}, set("level", int64(2))),
		c("three", "level >= 3", models.BySubject, map[string]string{"level": "3"}, set("level", int64(3))),
		c("low", "level < 3", models.BySubject, map[string]string{"level": "2"}, set("level", int64(2))), // undoes the one before
		c("next", "level >= 4", models.BySubject, map[string]string{"level": "level + 1"}, func(f map[string]any) {
			if n, ok := f["level"].(int64); ok {
				f["level"] = n + 1
			}
		}),
		c("a", "'a' in signed", models.BySubject, map[string]string{"signed": "signed + ['a']"}, func(f map[string]any) {
			if l, ok := f["signed"].([]string); ok {
				f["signed"] = append(slices.Clone(l), "a")
			}
		}),
		c("short", "size(signed) < 2", models.BySubject, map[string]string{"signed": "['a']"}, set("signed", []string{"a"})),
		c("member", "member", models.ByDepartment, map[string]string{"member": "true"}, set("member", true)),
		c("paid", "paid", models.BySubject, map[string]string{"paid": "true", "coolingUntil": "addDays(today, 7)"}, func(f map[string]any) {
			day, _ := f["today"].(models.Day)
			f["paid"], f["coolingUntil"] = true, day.Add(7)
		}),
		c("never", "level > 100", models.ByNobody, nil, nil),
		timed("adult", "addMonths(birth, 216) <= today", "addMonths(birth, 216)"),
		timed("cool", "coolingUntil < today", "addDays(coolingUntil, 1)"),
		timed("young", "today < addMonths(birth, 217)", ""), // too late once
	}
}

// tried is what one set of remedies comes to, worked out plainly.
func tried(t *rapid.T, p *Program, chosen []piece, facts map[string]any, mask int, until models.Day) (models.Day, bool) {
	now := maps.Clone(facts)
	for i, c := range chosen {
		if mask&(1<<i) != 0 {
			c.do(now)
		}
	}
	day, _ := now["today"].(models.Day)
	for ; day <= until; day = day.Add(1) {
		now["today"] = day
		r, err := p.Eval(now)
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome == models.Pass {
			return day, true
		}
	}
	return "", false
}

// Whatever the rule, the search finds what trying every set of remedies on every single day finds, and nothing else.
func TestExplainIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		today := models.Day("2026-04-24")
		all := rapid.Permutation(pieces()).Draw(t, "pieces")[:rapid.IntRange(1, 5).Draw(t, "clauses")]
		r := Rule{ID: "test.explain", Version: 1, Facts: []Fact{
			{"level", Int}, {"birth", Day}, {"today", Day}, {"coolingUntil", Day}, {"signed", List}, {"member", Bool}, {"paid", Bool},
		}}
		var fixable []piece
		for i := range all {
			all[i].AnyOf = rapid.SampledFrom([]string{"", "", "g", "h"}).Draw(t, "group")
			r.Clauses = append(r.Clauses, all[i].Clause)
			if all[i].do != nil {
				fixable = append(fixable, all[i])
			}
		}
		facts := map[string]any{
			"level": int64(rapid.IntRange(0, 4).Draw(t, "level")), "today": today, "birth": today.AddMonths(-216).Add(rapid.IntRange(-40, 20).Draw(t, "birth")),
			"coolingUntil": today.Add(rapid.IntRange(-3, 12).Draw(t, "cooling")), "signed": rapid.SampledFrom([][]string{{}, {"a"}, {"b"}, {"b", "c"}}).Draw(t, "signed"),
			"member": rapid.Bool().Draw(t, "member"), "paid": rapid.Bool().Draw(t, "paid"),
		}
		for _, name := range []string{"level", "signed", "member", "birth"} {
			if rapid.IntRange(0, 5).Draw(t, "missing") == 0 {
				delete(facts, name)
			}
		}
		p, err := Compile(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Explain(facts)
		if err != nil {
			t.Fatal(err)
		}
		on := map[int]models.Day{}
		for mask := range 1 << len(fixable) {
			if day, ok := tried(t, p, fixable, facts, mask, today.Add(50)); ok {
				on[mask] = day
			}
		}
		var want []string
		for mask, day := range on {
			smaller := false
			for other, when := range on {
				smaller = smaller || other != mask && other&mask == other && when <= day
			}
			if !smaller && (mask != 0 || day != today) {
				want = append(want, shownPath(fixable, mask, day))
			}
		}
		var paths []string
		for _, path := range got.Paths {
			paths = append(paths, strings.Join(path.Clauses, "+")+" on "+string(path.On))
		}
		slices.Sort(want)
		slices.Sort(paths)
		if diff := cmp.Diff(want, paths); diff != "" {
			t.Fatalf("by trying (-), by search (+):\n%s", diff)
		}
		if day, ok := on[0]; (got.From != nil) != (ok && day != today) || got.From != nil && *got.From != day || !got.Complete {
			t.Fatalf("from %v, by trying %v %v", got.From, day, ok)
		}
	})
}

func shownPath(fixable []piece, mask int, day models.Day) string {
	var names []string
	for i, c := range fixable {
		if mask&(1<<i) != 0 {
			names = append(names, c.ID)
		}
	}
	return strings.Join(names, "+") + " on " + string(day)
}

// Twelve remedies are searched whole; of more the first twelve, and it says so.
func TestExplainMany(t *testing.T) {
	for _, tc := range []struct {
		fixes, groups int // clauses with a remedy, in so many groups of alternatives
		paths         int
		complete      bool
	}{
		{12, 12, 1, true}, {12, 3, 64, true}, {12, 6, 64, true}, {13, 13, 0, false}, {14, 1, 12, false},
	} {
		r := Rule{ID: "test.many", Version: 1}
		facts := map[string]any{}
		for i := range tc.fixes {
			name := fmt.Sprint("f", i)
			r.Facts = append(r.Facts, Fact{name, Bool})
			facts[name] = false
			r.Clauses = append(r.Clauses, Clause{
				ID: "t." + name, Expr: name, Basis: "b", ChangeableBy: models.BySubject, AnyOf: fmt.Sprint("g", i%tc.groups), Fix: map[string]string{name: "true"},
			})
		}
		p, err := Compile(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Explain(facts)
		if err != nil || len(got.Paths) != tc.paths || got.Complete != tc.complete || got.From != nil {
			t.Errorf("%+v: %d paths, complete %v, %v", tc, len(got.Paths), got.Complete, err)
		}
		for _, path := range got.Paths {
			after := maps.Clone(facts)
			for _, id := range path.Clauses {
				after[strings.TrimPrefix(id, "t.")] = true
			}
			if res, err := p.Eval(after); err != nil || res.Outcome != models.Pass || len(path.Clauses) != tc.groups {
				t.Errorf("%v comes out %s, %v", path.Clauses, res.Outcome, err)
			}
		}
	}
}

// Alternatives: one is enough, and one that is unknown keeps a failure from being one.
func TestAlternatives(t *testing.T) {
	clause := func(id, expr, group string) Clause {
		return Clause{ID: "t." + id, Expr: expr, Basis: "b", ChangeableBy: models.BySubject, AnyOf: group}
	}
	p, err := Compile(Rule{ID: "test.any", Version: 1, Facts: []Fact{{"a", Bool}, {"b", Bool}, {"c", Bool}},
		Clauses: []Clause{clause("a", "a", "g"), clause("b", "b", "g"), clause("c", "c", "")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		a, b, c any
		want    string
	}{
		{true, false, true, models.Pass}, {false, true, true, models.Pass}, {false, false, true, models.Fail}, {nil, false, true, models.Unknown},
		{nil, true, true, models.Pass}, {true, true, false, models.Fail}, {true, nil, nil, models.Unknown}, {false, nil, false, models.Fail},
	} {
		r, err := p.Eval(map[string]any{"a": tc.a, "b": tc.b, "c": tc.c})
		if err != nil || r.Outcome != tc.want {
			t.Errorf("%+v: %s, %v", tc, r.Outcome, err)
		}
	}
}

// A remedy is compiled like everything else.
func TestFixFaults(t *testing.T) {
	for fix, want := range map[string]string{"level: 'x'": "/clauses/0/fix/level", "level: other": "/clauses/0/fix/level", "nope: 1": "/clauses/0/fix/nope", "today: '2030-01-01'": "/clauses/0/fix/today"} {
		name, to, _ := strings.Cut(fix, ": ")
		r := sample()
		r.Clauses[0].Fix = map[string]string{name: to}
		_, err := Compile(r)
		if fields := models.FieldsOf(err); len(fields) != 1 || fields[0].Pointer != want {
			t.Errorf("%s: %+v", fix, fields)
		}
	}
}

func BenchmarkExplain(b *testing.B) {
	r := sample()
	r.Clauses[0].Fix = map[string]string{"level": "least"}
	r.Clauses[2].Fix = map[string]string{"signed": "['a']"}
	p, err := Compile(r)
	if err != nil {
		b.Fatal(err)
	}
	f := facts()
	f["level"], f["signed"], f["birth"] = 0, []string{}, models.Day("2010-01-01")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Explain(f); err != nil {
			b.Fatal(err)
		}
	}
}

// Counting many says of each what Eval says, whatever it remembers of others.
func TestManyIsEval(t *testing.T) {
	r := Rule{ID: "test.explain", Version: 1, Facts: []Fact{
		{"level", Int}, {"birth", Day}, {"today", Day}, {"coolingUntil", Day}, {"signed", List}, {"member", Bool}, {"paid", Bool},
	}}
	for i, p := range pieces() {
		p.AnyOf = []string{"", "g", "h"}[i%3]
		r.Clauses = append(r.Clauses, p.Clause)
	}
	p, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	m := p.Many()
	rapid.Check(t, func(t *rapid.T) {
		facts := map[string]any{
			"level": rapid.IntRange(0, 5).Draw(t, "level"), "today": models.Day("2026-04-24"), "signed": rapid.SampledFrom([][]string{{}, {"a"}, {"ab"}, {"a", "b"}}).Draw(t, "signed"),
			"birth": rapid.SampledFrom([]models.Day{"", "1990-01-01", "2008-04-20"}).Draw(t, "birth"), "member": rapid.Bool().Draw(t, "member"), "paid": rapid.Bool().Draw(t, "paid"),
			"coolingUntil": rapid.SampledFrom([]models.Day{"", "2026-05-01"}).Draw(t, "cooling"),
		}
		for name := range maps.Clone(facts) {
			if rapid.IntRange(0, 6).Draw(t, "missing "+name) == 0 {
				delete(facts, name)
			}
		}
		want, err1 := p.Eval(facts)
		got, err2 := m.Outcome(facts)
		plainly, err3 := p.Outcome(facts)
		if (err1 == nil) != (err2 == nil) || (err1 == nil) != (err3 == nil) || err1 == nil && (got != want.Outcome || plainly != want.Outcome) {
			t.Fatalf("%s %s %v, by Eval %s %v", got, plainly, err2, want.Outcome, err1)
		}
	})
}
