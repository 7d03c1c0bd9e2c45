package farmer_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/score"
)

const place = models.Region("430181108203")

var (
	noon  = models.Day("2026-04-24").Clock(12, 0)
	anna  = models.Actor{Person: "anna", Role: models.VillageStaff, Region: place}
	bob   = models.Actor{Person: "bob", Role: models.VillageStaff, Region: place}
	town  = models.Actor{Person: "town", Role: models.TownStaff, Region: "430181108"}
	head  = models.Actor{Person: "luo", Role: models.Resident}
	other = models.Actor{Person: "eve", Role: models.VillageStaff, Region: "430181108210"}
	shire = models.Actor{Person: "shire", Role: models.CreditOffice, Region: "430181"}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, err error, code models.Code, reason string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || !errors.Is(err, code) || e.Reason != reason {
		t.Errorf("%v, want %s %s", err, code, reason)
	}
}

// field is one property of a test form.
func field(kind, more string) string {
	types := map[string]string{"text": "string", "whole": "integer", "yes": "boolean", "day": "string"}
	if kind == "text" && !strings.Contains(more, "enum") {
		more += `,"maxLength":20`
	}
	if kind == "whole" {
		more += `,"minimum":0,"maximum":100000`
	}
	return `{"type":"` + types[kind] + `","x-kind":"` + kind + `","title":"项","x-title-en":"Item"` + more + `}`
}

func draft(section string, rows int, fields map[string]string, required ...string) farmer.FormDraftOf {
	var props []string
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		props = append(props, `"`+k+`":`+strings.Replace(fields[k], `"title":"项"`, `"title":"项`+k+`"`, 1))
	}
	need := `[]`
	if len(required) > 0 {
		need = `["` + strings.Join(required, `","`) + `"]`
	}
	return farmer.FormDraftOf{Section: section, Region: "4301", Name: models.Words{ZH: "表", EN: "Form"}, Rows: rows, Scope: "farm.x", Order: 1,
		Schema: `{"type":"object","additionalProperties":false,"properties":{` + strings.Join(props, ",") + `},"required":` + need + `}`}
}

var look = farmer.Screening{
	Forbidden:  func(name string) (string, bool) { return "病", strings.Contains(name, "病") },
	Restricted: func(name string) (string, bool) { return "收入", strings.Contains(name, "收入") },
}

func forms(t testing.TB) farmer.Forms {
	t.Helper()
	all := farmer.Forms{}
	for _, d := range []farmer.FormDraftOf{
		draft("head", 0, map[string]string{"name": field("text", `,"x-private":true`), "idNumber": field("text", `,"x-private":true`), "since": field("day", ""), "labour": field("yes", "")}, "name"),
		draft("members", 2, map[string]string{"name": field("text", `,"x-private":true`), "idNumber": field("text", `,"x-private":true`), "relation": field("text", `,"enum":["spouse","child"]`), "minor": field("yes", "")}, "name"),
		draft("land", 0, map[string]string{"area": field("whole", "")}),
		draft("income", 0, map[string]string{"cropsFen": field("whole", `,"x-restricted":true`)}),
		draft("housing", 3, map[string]string{"valueFen": field("whole", `,"x-restricted":true`)}),
	} {
		f, err := farmer.NewForm(1, d, look, models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if all[d.Section], err = f.Read(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func file(t testing.TB) *farmer.File {
	t.Helper()
	f, err := farmer.NewFile("f", "101", place, anna, noon)
	if err != nil {
		t.Fatal(err)
	}
	f.Tie("ref", "luo", noon)
	return f
}

func agree(t testing.TB, f *farmer.File, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := f.Agree(farmer.Agreement{Text: text, Hash: "h", How: farmer.InApp}, head, noon); err != nil {
			t.Fatal(err)
		}
	}
}

func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func writes(t testing.TB, f *farmer.File, fs farmer.Forms, by models.Actor, es ...farmer.Edit) []farmer.Verdict {
	t.Helper()
	vs, err := f.Apply(farmer.Operation{ID: "", Edits: es, Skew: 5 * time.Minute}, fs, by, at(60))
	if err != nil {
		t.Fatal(err)
	}
	return vs
}

func value(f *farmer.File, addr string) any { return f.Cells[addr].Value() }

// What is written without knowing of another's word is named; the later stands; nothing is lost.
func TestConflicts(t *testing.T) {
	fs := forms(t)
	seen := func(m int) *time.Time { x := at(m); return &x }
	for name, tc := range map[string]struct {
		edit    farmer.Edit
		outcome farmer.Outcome
		stands  any
		open    int
	}{
		"knows what stands":             {farmer.Edit{At: "land/area", Value: int64(20), Wrote: at(10), Seen: seen(5)}, farmer.Applied, int64(20), 0},
		"knows, and wrote earlier":      {farmer.Edit{At: "land/area", Value: int64(20), Wrote: at(1), Seen: seen(5)}, farmer.Applied, int64(20), 0},
		"does not know, and is later":   {farmer.Edit{At: "land/area", Value: int64(20), Wrote: at(10)}, farmer.Overwrote, int64(20), 1},
		"does not know, and is earlier": {farmer.Edit{At: "land/area", Value: int64(20), Wrote: at(3)}, farmer.Kept, int64(10), 1},
		"knows of an older one":         {farmer.Edit{At: "land/area", Value: int64(20), Wrote: at(10), Seen: seen(2)}, farmer.Overwrote, int64(20), 1},
		"says the same":                 {farmer.Edit{At: "land/area", Value: int64(10), Wrote: at(10)}, farmer.Unchanged, int64(10), 0},
		"takes it out, knowing":         {farmer.Edit{At: "land/area", Wrote: at(10), Seen: seen(5)}, farmer.Applied, nil, 0},
		"a phone far ahead":             {farmer.Edit{At: "land/area", Value: int64(20), Wrote: at(100000)}, farmer.Overwrote, int64(20), 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := file(t)
			writes(t, f, fs, anna, farmer.Edit{At: "land/area", Value: int64(10), Wrote: at(5)})
			got := writes(t, f, fs, bob, tc.edit)[0]
			if got.Outcome != tc.outcome || value(f, "land/area") != tc.stands || len(f.Conflicts) != tc.open {
				t.Fatalf("%s, stands %v, %d conflicts", got.Outcome, value(f, "land/area"), len(f.Conflicts))
			}
			if f.Cells["land/area"].At.After(at(60)) {
				t.Error("a clock that runs ahead wins for ever")
			}
			if again := writes(t, f, fs, bob, tc.edit)[0]; value(f, "land/area") != tc.stands || len(f.Conflicts) != tc.open || tc.outcome == farmer.Applied && again.Outcome != farmer.Unchanged {
				t.Errorf("sent again: %s, %v, %d", again.Outcome, value(f, "land/area"), len(f.Conflicts))
			}
			if tc.open == 0 {
				return
			}
			lost, stood := f.Conflicts[0].Value(), value(f, "land/area")
			must(t, f.Settle(f.Conflicts[0].ID, true, fs, anna, at(70)))
			if value(f, "land/area") != lost || lost == stood || len(f.Conflicts) != 0 {
				t.Errorf("settled for %v: %v", lost, value(f, "land/area"))
			}
		})
	}
}

// Whatever order the operations of two phones come in, the same cells stand in the end.
func TestOrderDoesNotMatter(t *testing.T) {
	fs := forms(t)
	rapid.Check(t, func(rt *rapid.T) {
		type op struct {
			by models.Actor
			e  farmer.Edit
		}
		var ops []op
		for i := range rapid.IntRange(2, 8).Draw(rt, "n") {
			by := rapid.SampledFrom([]models.Actor{anna, bob}).Draw(rt, "by")
			ops = append(ops, op{by, farmer.Edit{At: rapid.SampledFrom([]string{"land/area", "members/m1/relation"}).Draw(rt, "at"), Wrote: at(i)}})
			if ops[i].e.Value = any(int64(i)); ops[i].e.At != "land/area" {
				ops[i].e.Value = []string{"spouse", "child"}[i%2]
			}
		}
		apply := func(ops []op) string {
			f := file(t)
			for _, o := range ops {
				writes(t, f, fs, o.by, o.e)
			}
			return fmt.Sprint(value(f, "land/area"), value(f, "members/m1/relation"))
		}
		shuffled := rapid.Permutation(ops).Draw(rt, "order")
		if a, b := apply(ops), apply(shuffled); a != b {
			rt.Fatalf("%s, %s", a, b)
		}
	})
}

func TestRefusedEdits(t *testing.T) {
	fs := forms(t)
	for name, tc := range map[string]struct {
		e    farmer.Edit
		code string
	}{
		"no such section":     {farmer.Edit{At: "health/illness", Value: "x"}, "farmer_no_field"},
		"no such field":       {farmer.Edit{At: "land/colour", Value: "x"}, "farmer_no_field"},
		"a row where is none": {farmer.Edit{At: "land/r1/area", Value: int64(1)}, "farmer_address"},
		"no row":              {farmer.Edit{At: "members/name", Value: "x"}, "farmer_address"},
		"not an address":      {farmer.Edit{At: "land/area/../x", Value: "x"}, "farmer_address"},
		"an operator":         {farmer.Edit{At: "land/$where", Value: "x"}, "farmer_address"},
		"text for a number":   {farmer.Edit{At: "land/area", Value: "many"}, "wrong_type"},
		"half a number":       {farmer.Edit{At: "land/area", Value: 1.5}, "farmer_whole"},
		"not an int64":        {farmer.Edit{At: "land/area", Value: float64(10)}, "farmer_whole"},
		"another kind of int": {farmer.Edit{At: "land/area", Value: 10}, "wrong_type"},
		"out of range":        {farmer.Edit{At: "land/area", Value: int64(-1)}, "range"},
		"not a choice":        {farmer.Edit{At: "members/m1/relation", Value: "friend"}, "not_listed"},
		"too long":            {farmer.Edit{At: "head/name", Value: strings.Repeat("长", 21)}, "max"},
		"no day":              {farmer.Edit{At: "head/since", Value: "2026-02-30"}, "day"},
		"no ID number":        {farmer.Edit{At: "members/m1/idNumber", Value: "123"}, "cnid"},
		"no consent":          {farmer.Edit{At: "income/cropsFen", Value: int64(5)}, "farmer_no_consent"},
		"a masked name":       {farmer.Edit{At: "head/name", Value: "罗**"}, "farmer_masked"},
		"a list":              {farmer.Edit{At: "land/area", Value: []any{1}}, "wrong_type"},
	} {
		t.Run(name, func(t *testing.T) {
			f := file(t)
			tc.e.Wrote = at(1)
			if v := writes(t, f, fs, anna, tc.e)[0]; v.Outcome != farmer.Refused || v.Code != tc.code {
				t.Errorf("%s %s, want %s", v.Outcome, v.Code, tc.code)
			}
			if len(f.Cells) != 0 || f.State != farmer.Draft || len(f.Makers) != 0 {
				t.Errorf("a refused edit changed the file: %v", f.Cells)
			}
		})
	}
	f := file(t)
	writes(t, f, fs, anna, farmer.Edit{At: "members/a/name", Value: "甲", Wrote: at(1)}, farmer.Edit{At: "members/b/name", Value: "乙", Wrote: at(1)})
	if v := writes(t, f, fs, anna, farmer.Edit{At: "members/c/name", Value: "丙", Wrote: at(1)})[0]; v.Code != "farmer_full" {
		t.Errorf("%+v", v)
	}
	writes(t, f, fs, anna, farmer.Edit{At: "members/a/~gone", Value: true, Wrote: at(2)})
	if rows := f.Rows(farmer.Members); len(rows) != 1 || rows[0].ID != "b" {
		t.Errorf("%v", rows)
	}
	if _, err := f.Apply(farmer.Operation{ID: "", Edits: nil, Skew: 0}, fs, other, noon); !errors.Is(err, models.Forbidden) {
		t.Error(err)
	}
	if _, err := f.Apply(farmer.Operation{ID: "", Edits: nil, Skew: 0}, fs, models.Actor{Person: "zhou", Role: models.Resident}, noon); !errors.Is(err, models.Forbidden) {
		t.Error(err)
	}
}

// Restricted data is kept only while both texts are agreed to, and erased at once when they are not.
func TestRestricted(t *testing.T) {
	fs := forms(t)
	f := file(t)
	income := farmer.Edit{At: "income/cropsFen", Value: int64(5000), Wrote: at(1)}
	agree(t, f, farmer.TextAdverse)
	if v := writes(t, f, fs, anna, income)[0]; v.Code != "farmer_no_consent" {
		t.Error("one text is not two")
	}
	agree(t, f, farmer.TextWritten)
	writes(t, f, fs, anna, income)
	if c := f.Cells["income/cropsFen"]; c.Plain != nil || c.Hidden.Empty() || c.Value() != int64(5000) {
		t.Errorf("it lies open: %+v", c)
	}
	writes(t, f, fs, bob, farmer.Edit{At: "income/cropsFen", Value: int64(7), Wrote: at(2)})
	writes(t, f, fs, anna, farmer.Edit{At: "land/area", Value: int64(7), Wrote: at(2)})
	must(t, f.Disagree(fs, head, noon))
	if f.Open() || len(f.Cells) != 1 || len(f.Conflicts) != 0 {
		t.Errorf("%v %v", f.Cells, f.Conflicts)
	}
	fails(t, f.Disagree(fs, head, noon), models.Conflict, "farmer.not_agreed")
	fails(t, f.Agree(farmer.Agreement{Text: farmer.TextFile, How: farmer.OnPaper, Proof: "nothing"}, anna, noon), models.Invalid, "farmer.no_proof")
	fails(t, f.Agree(farmer.Agreement{Text: farmer.TextFile, How: farmer.InApp}, anna, noon), models.Forbidden, "farmer.not_yours")
}

func TestTwoPeople(t *testing.T) {
	fs := forms(t)
	f := file(t)
	fails(t, f.Submit(fs, anna, noon), models.Invalid, "farmer.incomplete")
	writes(t, f, fs, anna, farmer.Edit{At: "head/name", Value: "罗德胜", Wrote: at(1)})
	agree(t, f, farmer.TextFile)
	fails(t, f.Verify(bob, noon), models.InvalidTransition, "farmer.file_state")
	must(t, f.Submit(fs, anna, noon))
	fails(t, f.Verify(anna, noon), models.Forbidden, "second_person")
	fails(t, f.Verify(other, noon), models.Forbidden, "farmer.other_region")
	must(t, f.Return("照片看不清", bob, noon))
	must(t, f.Submit(fs, anna, noon))
	must(t, f.Verify(bob, noon))
	writes(t, f, fs, head, farmer.Edit{At: "land/area", Value: int64(3), Wrote: at(2)})
	if f.State != farmer.Draft || f.Cells["land/area"].Origin != farmer.Self {
		t.Errorf("%s %+v", f.State, f.Cells["land/area"])
	}
	writes(t, f, fs, bob, farmer.Edit{At: "land/area", Value: int64(3), Wrote: at(3)}) // says the same: he wrote nothing
	must(t, f.Submit(fs, anna, noon))
	must(t, f.Verify(bob, noon))
	must(t, f.Leave("", head, noon))
	if len(f.Cells) != 0 || len(f.Agreed) != 0 || f.Seat != "" || f.Slot != "" {
		t.Errorf("%+v", f)
	}
	_, err := f.Apply(farmer.Operation{ID: "", Edits: nil, Skew: 0}, fs, anna, noon)
	fails(t, err, models.Conflict, "farmer.file_left")
}

// household is a file of four people that is verified.
func household(t *testing.T, fs farmer.Forms) *farmer.File {
	t.Helper()
	f := file(t)
	writes(t, f, fs, anna, farmer.Edit{At: "head/name", Value: "罗德胜", Wrote: at(1)}, farmer.Edit{At: "members/m1/name", Value: "周菊香", Wrote: at(1)},
		farmer.Edit{At: "members/m1/relation", Value: "spouse", Wrote: at(1)}, farmer.Edit{At: "members/m2/name", Value: "罗思远", Wrote: at(1)}, farmer.Edit{At: "land/area", Value: int64(9), Wrote: at(1)})
	agree(t, f, farmer.TextFile)
	must(t, f.Submit(fs, anna, noon))
	must(t, f.Verify(bob, noon))
	f.Outbox = nil
	return f
}

func TestChanges(t *testing.T) {
	fs := forms(t)
	for name, tc := range map[string]struct {
		change farmer.Change
		diffs  int
		after  func(*farmer.File) bool
	}{
		"a field": {farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("land/area", int64(12))}}, 1,
			func(f *farmer.File) bool { return value(f, "land/area") == int64(12) && f.State == farmer.Verified }},
		"out with it": {farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("land/area", nil)}}, 1,
			func(f *farmer.File) bool { return value(f, "land/area") == nil && f.State == farmer.Verified }},
		"another head": {farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}}, 3,
			func(f *farmer.File) bool {
				return value(f, "head/name") == "周菊香" && value(f, "members/m1/name") == "罗德胜" && f.State == farmer.Draft
			}},
		"a split": {farmer.Change{Kind: farmer.Split, Rows: []string{"m2"}, NewNo: "102"}, 1,
			func(f *farmer.File) bool {
				return value(f, "members/m2/name") == nil && len(f.Rows(farmer.Members)) == 1
			}},
		"a move": {farmer.Change{Kind: farmer.Move, Into: "430181108210", NewNo: "7"}, 0,
			func(f *farmer.File) bool {
				return f.Village == "430181108210" && f.No == "7" && f.State == farmer.Draft
			}},
		"an end": {farmer.Change{Kind: farmer.Exit}, 4, func(f *farmer.File) bool { return f.State == farmer.Left && len(f.Cells) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			f := household(t, fs)
			tc.change.Reason = "变更"
			c, err := farmer.Ask("c", f, tc.change, head, noon)
			must(t, err)
			diffs, made := c.Preview(f)
			if len(diffs) < tc.diffs || (c.Kind == farmer.Split) != (len(made) == 1) {
				t.Errorf("%v %v", diffs, made)
			}
			if c.Kind == farmer.Split {
				off := f.SplitOff("new", c, noon)
				if value(off, "head/name") != "罗思远" || off.No != "102" || off.State != farmer.Draft {
					t.Errorf("%+v", off)
				}
			}
			fails(t, c.Approve("", models.Actor{Person: "luo", Role: models.TownStaff, Region: "430181108"}, noon), models.Forbidden, "second_person")
			must(t, c.Approve("", town, noon))
			for range 2 { // carried out once more after a crash
				if _, err := f.Carry(c, fs, noon); err != nil && c.Kind != farmer.Exit {
					t.Fatal(err)
				}
			}
			if !tc.after(f) {
				t.Errorf("%s %v", f.State, f.Cells)
			}
		})
	}
	f := household(t, fs)
	for name, c := range map[string]farmer.Change{
		"no reason": {Kind: farmer.Exit}, "nobody": {Kind: farmer.Split, Rows: []string{"m9"}, NewNo: "1", Reason: "x"}, "no number": {Kind: farmer.Split, Rows: []string{"m1"}, Reason: "x"},
		"itself": {Kind: farmer.Merge, Other: "f", Reason: "x"}, "where it is": {Kind: farmer.Move, Into: place, NewNo: "1", Reason: "x"}, "nothing": {Kind: farmer.Correct, Reason: "x"},
	} {
		if _, err := farmer.Ask("c", f, c, head, noon); !errors.Is(err, models.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := farmer.Ask("c", f, farmer.Change{Kind: farmer.Correct, Reason: "x", Wants: []farmer.Want{farmer.NewWant("land/area", "many")}}, head, noon)
	must(t, err)
	must(t, c.Revise("写数字", bob, noon))
	must(t, c.Again(farmer.Change{Reason: "y", Wants: []farmer.Want{farmer.NewWant("land/area", "still many")}}, f, head, noon))
	must(t, c.Approve("", bob, noon))
	before := fmt.Sprint(f.Cells)
	if _, err := f.Carry(c, fs, noon); !errors.Is(err, models.Invalid) || fmt.Sprint(f.Cells) != before {
		t.Errorf("%v", err)
	}
	if !c.Done("", "farmer.value", noon) || c.Done("", "", noon) {
		t.Error("done twice")
	}
}

// does asks for a change, has it approved and done.
func does(t *testing.T, f *farmer.File, fs farmer.Forms, c farmer.Change) error {
	t.Helper()
	c.Reason = "变更"
	asked, err := farmer.Ask("c", f, c, head, noon)
	must(t, err)
	must(t, asked.Approve("", town, noon))
	_, err = f.Carry(asked, fs, noon)
	return err
}

// A correction is done whole or not at all, and what is not a whole number never counts as nothing.
func TestCorrectionsAreWhole(t *testing.T) {
	fs := forms(t)
	for name, wants := range map[string][]farmer.Want{
		"one is wrong":    {farmer.NewWant("land/area", int64(12)), farmer.NewWant("members/m1/relation", "friend")},
		"half a number":   {farmer.NewWant("land/area", 1.5)},
		"far too large":   {farmer.NewWant("land/area", 1e300)},
		"not agreed to":   {farmer.NewWant("land/area", int64(12)), farmer.NewWant("income/cropsFen", int64(5))},
		"no such section": {farmer.NewWant("land/area", nil), farmer.NewWant("health/illness", "x")},
	} {
		t.Run(name, func(t *testing.T) {
			f := household(t, fs)
			writes(t, f, fs, bob, farmer.Edit{At: "land/area", Value: int64(8), Wrote: at(0)}) // loses, and is in conflict
			before := fmt.Sprint(f.Cells, f.Conflicts, f.Applied, f.State)
			f.Outbox = nil
			fails(t, does(t, f, fs, farmer.Change{Kind: farmer.Correct, Wants: wants}), models.Invalid, "farmer.value")
			if after := fmt.Sprint(f.Cells, f.Conflicts, f.Applied, f.State); after != before || len(f.Outbox) != 0 {
				t.Errorf("%s\n%s %v", before, after, f.Outbox)
			}
		})
	}
}

func TestForms(t *testing.T) {
	for name, d := range map[string]farmer.FormDraftOf{
		"illness":            draft("land", 0, map[string]string{"x": `{"type":"string","x-kind":"text","title":"病史","x-title-en":"History","maxLength":9}`}),
		"an open income":     draft("land", 0, map[string]string{"x": `{"type":"integer","x-kind":"whole","title":"收入","x-title-en":"Money","minimum":0,"maximum":9}`}),
		"no bounds":          draft("land", 0, map[string]string{"x": `{"type":"integer","x-kind":"whole","title":"数","x-title-en":"Number"}`}),
		"no words":           draft("land", 0, map[string]string{"x": `{"type":"boolean","x-kind":"yes","title":"数"}`}),
		"another type":       draft("land", 0, map[string]string{"x": `{"type":"string","x-kind":"whole","title":"数","x-title-en":"N","minimum":0,"maximum":9}`}),
		"an operator as key": draft("land", 0, map[string]string{"$x": field("yes", "")}),
		"loads from outside": {Section: "land", Region: "4301", Name: models.Words{ZH: "x", EN: "x"}, Schema: `{"$ref":"http://127.0.0.1/x.json","type":"object","additionalProperties":false,"properties":{}}`},
		"open":               {Section: "land", Region: "4301", Name: models.Words{ZH: "x", EN: "x"}, Schema: `{"type":"object","properties":{"x":` + field("yes", "") + `}}`},
	} {
		if _, err := farmer.NewForm(1, d, look, models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, noon); !errors.Is(err, models.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	mk := func(region models.Region, no int) *farmer.Form {
		d := draft("land", 0, map[string]string{"area": field("whole", "")})
		d.Region = region
		f, err := farmer.NewForm(no, d, look, models.Actor{Person: "a", Role: models.CreditOffice, Region: region}, noon)
		must(t, err)
		fails(t, f.Publish(models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, noon), models.Forbidden, "second_person")
		must(t, f.Publish(models.Actor{Person: "b", Role: models.CreditOffice, Region: "4301"}, noon))
		return f
	}
	all := []*farmer.Form{mk("4301", 1), mk("4301", 2), mk("430181", 1)}
	for where, want := range map[models.Region]string{place: "land-430181-1", "430182001001": "land-4301-2"} {
		if got := farmer.ForPlace(all, where); len(got) != 1 || got[0].ID != want {
			t.Errorf("%s: %v", where, got)
		}
	}
}

func TestMean(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []score.Points
		want    score.Points
		ok      bool
	}{
		"too few":                {[]score.Points{800, 800}, 0, false},
		"three":                  {[]score.Points{800, 700, 600}, 700, true},
		"four, half up":          {[]score.Points{800, 700, 700, 600}, 700, true},
		"rounded up":             {[]score.Points{801, 800, 800, 801}, 801, true}, // 800.5
		"five: the ends are out": {[]score.Points{0, 600, 700, 800, 800}, 700, true},
		"six":                    {[]score.Points{0, 0, 800, 800, 800, 800}, 600, true},
	} {
		got, ok := score.Mean(tc.answers, 3, 5)
		if got != tc.want || ok != tc.ok {
			t.Errorf("%s: %d %v", name, got, ok)
		}
	}
}

// led is an evaluation whose neighbours have answered.
func led(t *testing.T, good bool) *farmer.Evaluation {
	t.Helper()
	f := household(t, forms(t))
	e, err := f.Evaluate("e", "罗**", farmer.Standard, head, noon)
	must(t, err)
	fails(t, e.Invite([]string{"p1", "p2"}, farmer.Standard, anna, noon), models.Invalid, "farmer.too_few_peers")
	fails(t, e.Invite([]string{"p1", "p2", "p3", "p4", "luo"}, farmer.Standard, anna, noon), models.Invalid, "farmer.peer_kin")
	must(t, e.Invite([]string{"p1", "p2", "p3", "p4", "p5", "p6"}, farmer.Standard, anna, noon))
	answers := farmer.Answers{"promises": 2, "repute": 2, "diligence": 1, "community": 1}
	for i := 1; i <= 4; i++ {
		must(t, e.Answer(answers, false, models.Actor{Person: fmt.Sprint("p", i)}, noon))
	}
	must(t, e.Answer(nil, true, models.Actor{Person: "p5"}, noon))
	fails(t, e.Answer(answers, false, models.Actor{Person: "p1"}, noon), models.Conflict, "farmer.peer_answered")
	fails(t, e.Answer(answers, false, models.Actor{Person: "zhou"}, noon), models.NotFound, "not_found")
	fails(t, e.Answer(farmer.Answers{"promises": 3}, false, models.Actor{Person: "p6"}, noon), models.Invalid, "farmer.answers")
	must(t, e.Wake(e.Until.Add(1).Start()))
	if e.State != farmer.Scored || e.Mean == nil || *e.Mean != 600 || e.Valid != 4 {
		t.Fatalf("%s %v %d", e.State, e.Mean, e.Valid)
	}
	for _, p := range e.Peers {
		if !p.Sealed.Empty() {
			t.Error("who said what is kept")
		}
	}
	must(t, e.Score(farmer.Known{}, score.Result{Grade: "A", Good: good}))
	return e
}

func kinds(events []models.Event) (all []string) {
	for _, e := range events {
		all = append(all, e.Kind)
	}
	return all
}

func TestEvaluation(t *testing.T) {
	e := led(t, true)
	fails(t, e.Reject("不喜欢", anna, noon), models.Conflict, "farmer.good")
	must(t, e.Propose(town, noon))
	must(t, e.Show("n", "2026-05-10", anna, noon))
	if e.Pass("another", farmer.Standard, noon) || !e.Pass("n", farmer.Standard, noon) || e.Pass("n", farmer.Standard, noon) {
		t.Error("it passes its own notice, once")
	}
	if e.Until != models.DayOf(noon).AddWorking(10) {
		t.Error(e.Until)
	}
	must(t, e.Wake(e.Until.Add(1).Start()))
	if !e.Late || e.State != farmer.Review {
		t.Errorf("an office that is late costs nobody anything: %s", e.State)
	}
	fails(t, e.Certify("no", farmer.Standard, town, noon), models.Forbidden, "second_person")
	judge := models.Actor{Person: "judge", Role: models.TownStaff, Region: "430181108"}
	must(t, e.Certify("no", farmer.Standard, judge, noon))
	if !e.Title(models.DayOf(noon)) || e.Until != "2027-04-24" {
		t.Errorf("%s %s", e.State, e.Until)
	}
	must(t, e.Wake(models.Day("2027-02-23").Start()))
	if e.State != farmer.Annual || !e.Title("2027-06-01") {
		t.Errorf("nobody loses a title because nobody looks: %s", e.State)
	}
	must(t, e.Score(farmer.Known{}, score.Result{Grade: "C"}))
	late := models.Day("2027-06-01").Clock(9, 0)
	must(t, e.Renew(farmer.Standard, judge, late))
	if e.State != farmer.Grace || e.Until != "2027-08-30" || !e.Title("2027-06-02") {
		t.Fatalf("%s %s", e.State, e.Until)
	}
	fails(t, e.Renew(farmer.Standard, judge, late), models.Conflict, "farmer.grace")
	e.Outbox = nil
	must(t, e.Wake(models.Day("2027-08-31").Start()))
	if got := kinds(e.Outbox); !slices.Equal(got, []string{farmer.EventGraceOver.Name()}) {
		t.Errorf("the time to mend is over: %v", got)
	}
	must(t, e.Renew(farmer.Standard, judge, models.Day("2027-09-01").Clock(9, 0)))
	if e.State != farmer.Revoked || e.Title("2027-09-02") {
		t.Errorf("%s", e.State)
	}
	must(t, e.Object("已经补上", farmer.Standard, head, models.Day("2027-09-10").Clock(9, 0)))
	fails(t, e.Decide(true, "x", town, late), models.Forbidden, "farmer.other_region")
	must(t, e.Decide(true, "属实", shire, models.Day("2027-09-12").Clock(9, 0)))
	if e.State != farmer.Scored || e.Slot == "" {
		t.Errorf("%s", e.State)
	}

	e = led(t, false)
	fails(t, e.Propose(anna, noon), models.Conflict, "farmer.below")
	must(t, e.Reject("farmer.below_line", anna, at(60*24*8)))
	fails(t, e.Object("晚了", farmer.Standard, head, at(60*24*40)), models.Conflict, "farmer.appeal_late")
	must(t, e.Object("我不同意", farmer.Standard, head, at(60*24*9)))
	must(t, e.Decide(false, "维持", shire, at(60*24*10)))
	fails(t, e.Object("再来", farmer.Standard, head, at(60*24*11)), models.Conflict, "farmer.appealed_already")
}

// Each act is tried at each step: it is done from where it may be, and refused without a trace from anywhere else.
func TestEveryActAtEveryStep(t *testing.T) {
	judge := models.Actor{Person: "judge", Role: models.TownStaff, Region: "430181108"}
	acts := map[string]struct {
		do   func(*farmer.Evaluation) error
		from []farmer.EvaluationState
	}{
		"propose":  {func(e *farmer.Evaluation) error { return e.Propose(anna, noon) }, []farmer.EvaluationState{farmer.Scored}},
		"show":     {func(e *farmer.Evaluation) error { return e.Show("n", "2026-05-01", anna, noon) }, []farmer.EvaluationState{farmer.Prelim}},
		"certify":  {func(e *farmer.Evaluation) error { return e.Certify("no", farmer.Standard, judge, noon) }, []farmer.EvaluationState{farmer.Review}},
		"renew":    {func(e *farmer.Evaluation) error { return e.Renew(farmer.Standard, judge, noon) }, []farmer.EvaluationState{farmer.Annual, farmer.Grace}},
		"revoke":   {func(e *farmer.Evaluation) error { return e.Revoke("x", judge, noon) }, []farmer.EvaluationState{farmer.Certified, farmer.Annual, farmer.Grace}},
		"withdraw": {func(e *farmer.Evaluation) error { return e.Withdraw(head, noon) }, []farmer.EvaluationState{farmer.Peers, farmer.Scored, farmer.Prelim, farmer.Notice, farmer.Review, farmer.Certified, farmer.Annual, farmer.Grace}},
		"appeal":   {func(e *farmer.Evaluation) error { return e.Object("x", farmer.Standard, head, noon) }, []farmer.EvaluationState{farmer.Rejected, farmer.Revoked}},
		"decide":   {func(e *farmer.Evaluation) error { return e.Decide(true, "x", shire, noon) }, []farmer.EvaluationState{farmer.Appealed}},
	}
	for name, act := range acts {
		for _, step := range farmer.EvaluationStates {
			e := &farmer.Evaluation{Village: place, Person: "luo", Household: "f", Result: &score.Result{Grade: "A", Good: true}, Until: "2027-01-01"}
			e.State, e.Moved = step, models.Moved{At: noon}
			err := act.do(e)
			may := slices.Contains(act.from, step)
			if (err == nil) != may {
				t.Errorf("%s at %s: %v", name, step, err)
			}
			if !may && (e.State != step || len(e.Outbox) != 0) {
				t.Errorf("%s at %s left a trace", name, step)
			}
		}
	}
}

// What was proven false stands against the household for a year, unless an appeal undoes it.
func TestFalse(t *testing.T) {
	judge := models.Actor{Person: "judge", Role: models.TownStaff, Region: "430181108"}
	e := &farmer.Evaluation{Village: place, Person: "luo", Household: "f"}
	e.ID, e.State = "e", farmer.Certified
	if e.False(farmer.Standard, "2026-04-24") != nil {
		t.Error("nothing was proven")
	}
	must(t, e.Revoke("虚报规模", judge, noon))
	for day, want := range map[models.Day]bool{"2026-04-25": true, "2027-04-24": true, "2027-04-25": false} {
		if g := e.False(farmer.Standard, day); (g != nil) != want || g != nil && (g.Code != farmer.VetoFalse || !strings.HasPrefix(g.Record, "e@")) {
			t.Errorf("%s: %v", day, g)
		}
	}
	must(t, e.Object("没有虚报", farmer.Standard, head, noon))
	must(t, e.Decide(true, "属实", shire, noon))
	if e.False(farmer.Standard, "2026-04-25") != nil {
		t.Error("the appeal undid it")
	}
}

func TestShare(t *testing.T) {
	f := household(t, forms(t))
	bank := models.Actor{Role: models.Bank, Org: "b"}
	s := f.NewShare(farmer.Recipient{Consent: "c", Bank: "b", Name: "银行", Scopes: []string{"farm.score"}}, farmer.ShareRead{Receipt: "r1", At: noon}, bank, noon)
	s.Read(farmer.ShareRead{Receipt: "r1", At: noon}, bank, noon)
	if len(s.Reads) != 1 {
		t.Error("the same receipt twice")
	}
	if !s.End(farmer.Standard, noon) || s.End(farmer.Standard, noon) || s.Due != "2026-05-09" {
		t.Errorf("%s", s.Due)
	}
	fails(t, s.Attest("d", models.Actor{Role: models.Bank, Org: "x"}, noon), models.NotFound, "not_found")
	must(t, s.Wake(models.Day("2026-05-10").Start()))
	if s.State != farmer.Undeleted {
		t.Error(s.State)
	}
	must(t, s.Attest("d", bank, noon))
	if s.State != farmer.Deleted || s.WakeAt != nil {
		t.Error(s.State)
	}
}

func TestLayout(t *testing.T) {
	fs := forms(t)
	clerk := models.Actor{Person: "c", Role: models.TownStaff, Region: "430181108"}
	l, err := farmer.NewLayout(farmer.LayoutDraft{Region: "430181108", Name: "gugang", Columns: []farmer.LayoutColumn{
		{Heading: "户号", To: "no"}, {Heading: "姓名", To: "head.name"}, {Heading: "入住", To: "head.since"}, {Heading: "面积", To: "land.area"}, {Heading: "劳力", To: "head.labour", Yes: "√"},
		{Heading: "关系", To: "members.relation"},
	}}, fs, clerk, noon)
	must(t, err)
	line := l.Read(map[string]string{"户号": " 101 ", "姓名": "罗德胜", "入住": "44197", "面积": "1,250", "劳力": "√", "关系": "spouse"}, fs)
	want := map[string]any{"head.name": "罗德胜", "head.since": "2021-01-01", "land.area": int64(1250), "head.labour": true, "members.relation": "spouse"}
	if line.No != "101" || len(line.Faults) != 0 || !maps.Equal(line.Cells, want) {
		t.Errorf("%+v", line)
	}
	if bad := l.Read(map[string]string{"户号": "1/2", "面积": "1.5", "关系": "朋友"}, fs); len(bad.Faults) != 3 {
		t.Errorf("%+v", bad.Faults)
	}
	for text, want := range map[string]any{"0.05": int64(50000), "12": int64(12000000), "0.123456": int64(123456), "0.1234567": nil, "-1": nil, "1e3": nil, ".5": nil} {
		c := farmer.LayoutColumn{Heading: "h", To: "income.cropsFen", Unit: "wan"}
		one := farmer.Layout{Columns: []farmer.LayoutColumn{{Heading: "户号", To: "no"}, c}}
		got := one.Read(map[string]string{"户号": "1", "h": text}, fs)
		if got.Cells["income.cropsFen"] != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	for name, columns := range map[string][]farmer.LayoutColumn{
		"no number": {{Heading: "姓名", To: "head.name"}}, "no field": {{Heading: "户号", To: "no"}, {Heading: "x", To: "head.colour"}},
		"twice": {{Heading: "户号", To: "no"}, {Heading: "户号", To: "head.name"}}, "money of what is none": {{Heading: "户号", To: "no"}, {Heading: "x", To: "land.area", Unit: "wan"}},
	} {
		if _, err := farmer.NewLayout(farmer.LayoutDraft{Region: "430181108", Name: "x", Columns: columns}, fs, clerk, noon); !errors.Is(err, models.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A workbook is for a village that who brings it may write in, in the words of a layout of that place.
func TestImportElsewhere(t *testing.T) {
	up := farmer.Upload{ID: "i", Village: "430181108203"}
	liuyang := &farmer.Layout{Region: "430181"}
	for from, layout := range map[models.Region]*farmer.Layout{"430121100200": liuyang, "430121": liuyang, "430200": liuyang, "440100": liuyang, "430181108203": {Region: "430121"}} {
		by := models.Actor{Person: "clerk", Role: models.VillageStaff, Region: from}
		if _, err := farmer.NewImport(layout, up, by, noon); !errors.Is(err, models.Forbidden) {
			t.Errorf("from %s: %v", from, err)
		}
	}
	if _, err := farmer.NewImport(liuyang, up, models.Actor{Person: "clerk", Role: models.VillageStaff, Region: up.Village}, noon); err != nil {
		t.Error(err)
	}
}
