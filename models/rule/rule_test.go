package rule

import (
	"bytes"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

// sample is a rule with a clause of every kind.
func sample() Rule {
	return Rule{
		ID: "test.sample", Version: 1,
		Facts: []Fact{{"level", Int}, {"least", Int}, {"birth", Day}, {"today", Day}, {"signed", List}, {"town", String}, {"member", Bool}},
		Clauses: []Clause{
			{ID: "test.level", Expr: "level >= least", Observed: "string(level)", Required: "string(least)", Basis: "b", ChangeableBy: models.BySubject},
			{ID: "test.adult", Expr: "addMonths(birth, 216) <= today", Required: "'18'", From: "addMonths(birth, 216)", Basis: "b", ChangeableBy: models.ByTime},
			{ID: "test.signed", Expr: "'a' in signed && size(signed) < 5", Basis: "b", ChangeableBy: models.BySubject},
			{ID: "test.local", Expr: "member || town.startsWith('430181')", Source: "town", Basis: "b", ChangeableBy: models.ByNobody},
		},
	}
}

func facts() map[string]any {
	return map[string]any{"level": 2, "least": int64(1), "birth": models.Day("2000-02-29"), "today": models.Day("2026-04-24"),
		"signed": []string{"a", "b"}, "town": "430181108", "member": false}
}

func compiledSample(t testing.TB) *Program {
	t.Helper()
	p, err := Compile(sample())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func outcomes(r Result) string {
	var all []string
	for _, c := range r.Clauses {
		all = append(all, c.Outcome)
	}
	return strings.Join(all, " ")
}

func TestEveryClauseIsEvaluated(t *testing.T) {
	p := compiledSample(t)
	for name, tc := range map[string]struct {
		change   func(map[string]any)
		outcomes string
		outcome  string
	}{
		"all pass":              {func(map[string]any) {}, "pass pass pass pass", models.Pass},
		"the first fails alone": {func(f map[string]any) { f["level"] = 0 }, "fail pass pass pass", models.Fail},
		"all fail": {func(f map[string]any) {
			f["level"], f["birth"], f["signed"], f["town"] = 0, "2010-01-01", []string{}, "110101"
		}, "fail fail fail fail", models.Fail},
		"a fact is missing":            {func(f map[string]any) { delete(f, "birth") }, "pass unknown pass pass", models.Unknown},
		"a fact is nil":                {func(f map[string]any) { f["level"] = nil }, "unknown pass pass pass", models.Unknown},
		"missing, but it would pass":   {func(f map[string]any) { delete(f, "member") }, "pass pass pass pass", models.Pass},
		"missing, and would else fail": {func(f map[string]any) { delete(f, "member"); f["town"] = "110101" }, "pass pass pass unknown", models.Unknown},
		"missing beside a failure":     {func(f map[string]any) { delete(f, "member"); f["level"] = 0 }, "fail pass pass pass", models.Fail},
		"everything is missing":        {func(f map[string]any) { clear(f) }, "unknown unknown unknown unknown", models.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts()
			tc.change(f)
			r, err := p.Eval(f)
			if err != nil {
				t.Fatal(err)
			}
			if outcomes(r) != tc.outcomes || r.Outcome != tc.outcome {
				t.Errorf("%s: %s, want %s: %s", r.Outcome, outcomes(r), tc.outcome, tc.outcomes)
			}
		})
	}
}

func TestWhatAClauseSays(t *testing.T) {
	f := facts()
	f["level"], f["birth"] = 0, models.Day("2008-08-31")
	r, err := compiledSample(t).Eval(f)
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Clauses[0]; c.Observed != "0" || c.Required != "1" || c.From != nil || c.ChangeableBy != models.BySubject {
		t.Errorf("%+v", c)
	}
	if c := r.Clauses[1]; c.From == nil || *c.From != "2026-08-31" || c.Required != "18" {
		t.Errorf("%+v", c)
	}
	if c := r.Clauses[3]; c.Source != "430181108" {
		t.Errorf("%+v", c)
	}
	f["birth"] = models.Day("2000-01-01")
	if r, err = compiledSample(t).Eval(f); err != nil || r.Clauses[1].From != nil {
		t.Errorf("a clause that passes names no day: %+v, %v", r.Clauses[1], err)
	}
}

func TestFactsAreChecked(t *testing.T) {
	p := compiledSample(t)
	for name, v := range map[string]struct {
		fact string
		v    any
	}{
		"a text for a number": {"level", "2"}, "a fraction": {"level", 2.0}, "a number for a text": {"town", 1}, "no day": {"birth", "2026-02-30"},
		"a day with a time": {"today", "2026-04-24T00:00:00Z"}, "too long": {"town", strings.Repeat("x", MaxString+1)},
		"too many": {"signed", make([]string, MaxList+1)}, "not UTF-8": {"town", "\xff"}, "a bool for a list": {"signed", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts()
			f[v.fact] = v.v
			r, err := p.Eval(f)
			if models.CodeOf(err) != models.Internal || len(r.Clauses) != 0 {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
}

func TestABrokenRuleJudgesNobody(t *testing.T) {
	r := sample()
	r.Clauses[0].Expr = "level * 9223372036854775807 >= least"
	p, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Eval(facts()); models.CodeOf(err) != models.Internal || got.Outcome != "" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, change := range map[string]func(*Rule){
		"no clause":            func(r *Rule) { r.Clauses = nil },
		"no id":                func(r *Rule) { r.ID = "" },
		"version 0":            func(r *Rule) { r.Version = 0 },
		"a clause twice":       func(r *Rule) { r.Clauses[1].ID = r.Clauses[0].ID },
		"a fact twice":         func(r *Rule) { r.Facts[1].Name = r.Facts[0].Name },
		"an unknown type":      func(r *Rule) { r.Facts[0].Type = "FLOAT" },
		"nobody can change it": func(r *Rule) { r.Clauses[0].ChangeableBy = "" },
		"no expression":        func(r *Rule) { r.Clauses[0].Expr = "" },
		"an undeclared fact":   func(r *Rule) { r.Clauses[0].Expr = "income > 3" },
		"not a condition":      func(r *Rule) { r.Clauses[0].Expr = "level" },
		"text that is none":    func(r *Rule) { r.Clauses[0].Observed = "level" },
		"a fraction":           func(r *Rule) { r.Clauses[0].Expr = "double(level) > 0.5" },
		"an untyped value":     func(r *Rule) { r.Clauses[0].Expr = "dyn(level) == 'x'" },
		"a moment": func(r *Rule) {
			r.Clauses[0].Expr = "timestamp('2026-01-01T00:00:00Z') > timestamp('2025-01-01T00:00:00Z')"
		},
		"the clock": func(r *Rule) { r.Clauses[0].Expr = "now() > today" },
		"a loop":    func(r *Rule) { r.Clauses[0].Expr = "signed.all(x, signed.all(y, x != y))" },
		"a map":     func(r *Rule) { r.Clauses[0].Expr = "{'a': 1}['a'] == 1" },
		"too long":  func(r *Rule) { r.Clauses[0].Expr = "level > 0" + strings.Repeat(" && level > 0", 200) },
		"too deep":  func(r *Rule) { r.Clauses[0].Expr = strings.Repeat("(", 300) + "level > 0" + strings.Repeat(")", 300) },
		"too dear": func(r *Rule) {
			r.Clauses[0].Expr = strings.Repeat("town.matches('(a+)+(b+)+(c+)+(d+)+(e+)+$') || ", 30) + "member"
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			change(&r)
			_, err := Compile(r)
			var e *models.Error
			if !errors.As(err, &e) || e.Code != models.Invalid || e.Reason != "rule.invalid" || len(e.Fields) == 0 {
				t.Errorf("%v", err)
			}
		})
	}
}

// The dearest rule that compiles, on the largest facts, is done at once.
func TestCostIsBounded(t *testing.T) {
	r := Rule{ID: "test.dear", Version: 1, Facts: []Fact{{"list", List}, {"text", String}}}
	for i := range MaxClauses {
		r.Clauses = append(r.Clauses, Clause{ID: "test.c" + strconv.Itoa(i), Expr: strings.Repeat("text in list || ", 15) + "text.contains('b')", Basis: "b", ChangeableBy: models.ByNobody})
	}
	p, err := Compile(r)
	if err != nil {
		t.Fatal(err)
	}
	list := slices.Repeat([]string{strings.Repeat("a", MaxString-1) + "b"}, MaxList)
	f := map[string]any{"list": list, "text": strings.Repeat("a", MaxString)}
	took := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Eval(f); err != nil {
				b.Fatal(err)
			}
		}
	})
	if ms := took.NsPerOp() / 1e6; ms > 500 {
		t.Errorf("the dearest rule took %d ms", ms)
	}
}

func TestHashKnowsEveryField(t *testing.T) {
	seen := map[string]bool{sample().Hash(): true}
	check := func(what string, r Rule) {
		t.Helper()
		if h := r.Hash(); len(h) != 64 || seen[h] {
			t.Errorf("%s does not change the hash", what)
		} else {
			seen[h] = true
		}
	}
	r := sample()
	r.ID = "test.other"
	check("ID", r)
	r = sample()
	r.Version = 2
	check("Version", r)
	r = sample()
	r.Facts[0].Type = String
	check("Facts", r)
	for i := range reflect.TypeFor[Clause]().NumField() {
		r = sample()
		r.Clauses = slices.Clone(r.Clauses)
		if f := reflect.ValueOf(&r.Clauses[2]).Elem().Field(i); f.Kind() == reflect.String {
			f.SetString("changed")
		} else {
			f.Set(reflect.ValueOf(map[string]string{"level": "changed"}))
		}
		check(reflect.TypeFor[Clause]().Field(i).Name, r)
	}
	r = sample()
	slices.Reverse(r.Facts)
	if r.Hash() != sample().Hash() {
		t.Error("the order of facts changes the hash")
	}
	if key := sample().Key(); key != "test.sample@"+sample().Hash() || Keep(sample()).ID != key {
		t.Error(key)
	}
}

func TestCanonical(t *testing.T) {
	for want, v := range map[string]any{
		`null`: nil, `true`: true, `-7`: -7, `"a\"\\\n\u0001中<>&"`: "a\"\\\n\x01中<>&", `[]`: []string{}, `["b","a"]`: []string{"b", "a"},
		`{"B":1,"a":[{"x":"2026-01-01"}],"b":null}`: map[string]any{"b": nil, "a": []map[string]any{{"x": models.Day("2026-01-01")}}, "B": int64(1)},
	} {
		got, err := Canonical(v)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	for _, v := range []any{1.5, math.NaN(), "\xff", map[int]string{1: "a"}, struct{}{}, map[string]any{"a": float32(1)}, []any{1.0}} {
		if b, err := Canonical(v); err == nil {
			t.Errorf("%v became %s", v, b)
		}
	}
	for _, raw := range []string{`{"a":1.5}`, `{"a":{}}`, `{"a":null}`, `{"a":[1]}`, `[]`, ``} {
		if f, err := Facts([]byte(raw)); err == nil {
			t.Errorf("%s became %v", raw, f)
		}
	}
}

// drawn are facts of the sample rule, some of them missing.
func drawn(t *rapid.T) map[string]any {
	day := rapid.Map(rapid.IntRange(-20000, 20000), func(n int) string { return string(models.Day("2000-01-01").Add(n)) })
	all := map[string]any{
		"level": rapid.Int64().Draw(t, "level"), "least": rapid.Int64().Draw(t, "least"), "birth": day.Draw(t, "birth"), "today": day.Draw(t, "today"),
		"signed": rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "中"}), 0, 6).Draw(t, "signed"),
		"town":   rapid.StringN(0, 60, MaxString).Draw(t, "town"), "member": rapid.Bool().Draw(t, "member"),
	}
	for name := range facts() {
		if rapid.Bool().Draw(t, name+" is missing") {
			delete(all, name)
		}
	}
	return all
}

func TestReplayIsByteEqual(t *testing.T) {
	p, again := compiledSample(t), compiledSample(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawn(t)
		raw, err := Canonical(f)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Facts(raw)
		if err != nil {
			t.Fatal(err)
		}
		if twice, _ := Canonical(back); !bytes.Equal(raw, twice) {
			t.Fatalf("%s read back is %s", raw, twice)
		}
		a, err := p.Eval(f)
		b, err2 := again.Eval(back)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if !bytes.Equal(a.Canonical(), b.Canonical()) || len(a.Canonical()) == 0 {
			t.Fatalf("%s\n%s", a.Canonical(), b.Canonical())
		}
	})
}

// Taking a fact away never makes a clause fail, and never takes back a pass that did not name it.
func TestMissingNeverLowers(t *testing.T) {
	p := compiledSample(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawn(t)
		before, err := p.Eval(f)
		if err != nil {
			t.Fatal(err)
		}
		gone := rapid.SampledFrom([]string{"level", "least", "birth", "today", "signed", "town", "member"}).Draw(t, "gone")
		delete(f, gone)
		after, err := p.Eval(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range after.Clauses {
			if c.Outcome != before.Clauses[i].Outcome && c.Outcome != models.Unknown {
				t.Fatalf("without %s %s went from %s to %s", gone, c.ID, before.Clauses[i].Outcome, c.Outcome)
			}
			if named := slices.Contains(p.clauses[i].expr.names, gone); named && c.Outcome == models.Fail {
				t.Fatalf("%s fails for want of %s", c.ID, gone)
			}
		}
	})
}

func TestEngineIsTheOneInUse(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	name, version, _ := strings.Cut(Engine, "@")
	if !strings.Contains(string(mod), "cel.dev/"+name+" "+version+"\n") {
		t.Errorf("%s is not what go.mod names: replay the corpus of models/decision and name the new one", Engine)
	}
}

func TestCache(t *testing.T) {
	var c Cache
	a, err := c.Program(sample())
	b, err2 := c.Program(sample())
	if err != nil || err2 != nil || a != b || a.Rule().ID != "test.sample" || a.Hash() != sample().Hash() {
		t.Fatal(a, b, err, err2)
	}
	bad := sample()
	bad.Clauses = nil
	if _, err := c.Program(bad); models.CodeOf(err) != models.Invalid {
		t.Error(err)
	}
	for i := range cached + 2 {
		r := Rule{ID: "test.small", Version: i + 1, Clauses: []Clause{{ID: "test.c", Expr: "true", Basis: "b", ChangeableBy: models.ByNobody}}}
		if _, err := c.Program(r); err != nil {
			t.Fatal(err)
		}
	}
	if len(c.programs) > cached {
		t.Errorf("%d programs", len(c.programs))
	}
}

func BenchmarkEval(b *testing.B) {
	p, f := compiledSample(b), facts()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Eval(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		if _, err := Compile(sample()); err != nil {
			b.Fatal(err)
		}
	}
}

// What is too large is refused before it is looked at, and at once.
func TestTooLargeIsRefusedAtOnce(t *testing.T) {
	for name, change := range map[string]func(*Rule){
		"/":        func(r *Rule) { r.Clauses = slices.Repeat(r.Clauses[:1], 20_000) },
		"/facts":   func(r *Rule) { r.Facts = slices.Repeat(r.Facts[:1], 20_000) },
		"/clauses": func(r *Rule) { r.Clauses[0].Source = strings.Repeat("'a' + ", 20_000) + "'a'" },
		"/clauses/0/fix": func(r *Rule) {
			r.Clauses[0].Fix = map[string]string{}
			for i := range 1000 {
				r.Clauses[0].Fix["f"+strconv.Itoa(i)] = "1"
			}
		},
		"/clauses/0/expr": func(r *Rule) { r.Clauses[0].Expr = strings.Repeat("!(1>2)&&", 200) + "true" },
		"": func(r *Rule) {
			x := strings.Repeat("town in signed || ", 15) + "member"
			r.Clauses = nil
			for i := range MaxClauses {
				r.Clauses = append(r.Clauses, Clause{ID: "test.c" + strconv.Itoa(i), Expr: x, Source: "(" + x + ") ? 'a' : 'b'", Required: "(" + x + ") ? 'a' : 'b'", Basis: "b", ChangeableBy: models.ByNobody})
			}
		},
	} {
		r := sample()
		change(&r)
		began := time.Now()
		_, err := Compile(r)
		fields := models.FieldsOf(err)
		if len(fields) == 0 || name != "/" && fields[0].Pointer != name {
			t.Errorf("%s: %v %v", name, err, fields)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s was refused after %v", name, took)
		}
	}
}
