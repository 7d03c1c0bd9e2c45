package farmer_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/score"
)

// number is the made-up ID number of somebody born on a day.
func number(t *testing.T, birth models.Day) string {
	t.Helper()
	n, err := models.SyntheticIDNumber("430181", birth)
	must(t, err)
	return n.Reveal()
}

// open is a verified household of four that agreed to everything and told its income.
func open(t *testing.T, fs farmer.Forms) *farmer.File {
	t.Helper()
	f := household(t, fs)
	agree(t, f, farmer.TextAdverse, farmer.TextWritten)
	writes(t, f, fs, anna, farmer.Edit{At: "income/cropsFen", Value: int64(5000), Wrote: at(1)}, farmer.Edit{At: "housing/h1/valueFen", Value: int64(900), Wrote: at(1)},
		farmer.Edit{At: "head/idNumber", Value: number(t, "1963-09-30"), Wrote: at(1)}, farmer.Edit{At: "members/m1/idNumber", Value: number(t, "1966-01-01"), Wrote: at(1)})
	writes(t, f, fs, bob, farmer.Edit{At: "income/cropsFen", Value: int64(7000), Wrote: at(2)})
	must(t, f.Settle(f.Conflicts[0].ID, false, fs, anna, noon))
	must(t, f.Submit(fs, anna, noon))
	must(t, f.Verify(models.Actor{Person: "third", Role: models.VillageStaff, Region: place}, noon))
	writes(t, f, fs, anna, farmer.Edit{At: "income/cropsFen", Value: int64(6000), Wrote: at(3)}, farmer.Edit{At: "land/area", Value: int64(8), Wrote: at(0)})
	f.Outbox = nil
	return f
}

// Nobody agrees for somebody else: a new head has agreed to nothing, and what was restricted is gone.
func TestANewHeadAgreesAnew(t *testing.T) {
	fs := forms(t)
	f := open(t, fs)
	must(t, does(t, f, fs, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}}))
	if f.Agrees(farmer.TextFile) || f.Open() || value(f, "income/cropsFen") != nil || value(f, "housing/h1/valueFen") != nil || value(f, "land/area") == nil {
		t.Errorf("%v %v", f.Agreed, f.Cells)
	}
	for _, c := range f.Conflicts {
		if c.At == "income/cropsFen" {
			t.Error("what lost is kept")
		}
	}
	if !slices.Contains(kinds(f.Outbox), farmer.EventClosed.Name()) || len(f.Agreed) != 3 {
		t.Errorf("%v; that there was an agreement is kept: %v", kinds(f.Outbox), f.Agreed)
	}
	f = open(t, fs)
	must(t, does(t, f, fs, farmer.Change{Kind: farmer.Split, Rows: []string{"m2"}, NewNo: "102"}))
	if !f.Open() || value(f, "income/cropsFen") == nil {
		t.Error("the head of a household that others leave is who it was")
	}
}

// What is restricted comes with another household only to a head who agreed to it.
func TestJoin(t *testing.T) {
	fs := forms(t)
	for name, tc := range map[string]struct {
		agreed []string
		value  any
	}{"agreed": {[]string{farmer.TextAdverse, farmer.TextWritten}, int64(900)}, "to one alone": {[]string{farmer.TextAdverse}, nil}, "to nothing": {nil, nil}} {
		t.Run(name, func(t *testing.T) {
			f, other := household(t, fs), open(t, fs)
			other.ID = "other"
			agree(t, f, tc.agreed...)
			c := &farmer.Change{Kind: farmer.Merge, Other: "other"}
			c.ID = "c"
			for range 2 {
				_, err := f.Join(other, c, fs, noon)
				must(t, err)
			}
			if got := value(f, "housing/other-h1/valueFen"); got != tc.value || value(f, "members/other-head/name") != "罗德胜" {
				t.Errorf("%v %v", got, f.Cells)
			}
		})
	}
}

// A minor does not become head, whatever way; and the file may say so only after somebody asked.
func TestMinorsDoNotLead(t *testing.T) {
	fs := forms(t)
	child, grown := number(t, "2010-05-05"), number(t, "2008-04-24")
	for name, tc := range map[string]struct {
		told   farmer.Edit
		change farmer.Change
		minor  bool
	}{
		"by the number":      {farmer.Edit{At: "members/m1/idNumber", Value: child}, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}}, true},
		"eighteen today":     {farmer.Edit{At: "members/m1/idNumber", Value: grown}, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}}, false},
		"as it was noted":    {farmer.Edit{At: "members/m1/minor", Value: true}, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}}, true},
		"of a new household": {farmer.Edit{At: "members/m2/idNumber", Value: child}, farmer.Change{Kind: farmer.Split, Rows: []string{"m2"}, NewNo: "102"}, true},
		"goes with the head": {farmer.Edit{At: "members/m2/idNumber", Value: child}, farmer.Change{Kind: farmer.Split, Rows: []string{"m1", "m2"}, NewNo: "102"}, false},
		"by a correction": {farmer.Edit{At: "land/area", Value: int64(1)},
			farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant(farmer.HeadNumber, child)}}, true},
		"a member's is put right": {farmer.Edit{At: "land/area", Value: int64(1)},
			farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("members/m1/idNumber", child)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := household(t, fs)
			tc.change.Reason = "变更"
			before, errBefore := farmer.Ask("c", f, tc.change, head, noon)
			tc.told.Wrote = at(2)
			writes(t, f, fs, anna, tc.told)
			_, err := farmer.Ask("c", f, tc.change, head, noon)
			if errors.Is(err, models.Invalid) != tc.minor {
				t.Errorf("asked: %v", err)
			}
			if errBefore != nil {
				return
			}
			must(t, before.Approve("", town, noon))
			was := maps.Clone(f.Cells)
			_, err = f.Carry(before, fs, noon)
			if errors.Is(err, models.Invalid) != tc.minor || tc.minor && (fmt.Sprint(f.Cells) != fmt.Sprint(was) || f.Did("c")) {
				t.Errorf("done: %v %v", err, f.Cells)
			}
		})
	}
	f := household(t, fs)
	c, err := farmer.Ask("c", f, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}, Reason: "变更"}, head, noon)
	must(t, err)
	must(t, c.Approve("", town, noon))
	writes(t, f, fs, anna, farmer.Edit{At: "members/m1/~gone", Value: true, Wrote: at(2)})
	_, err = f.Carry(c, fs, noon)
	fails(t, err, models.Invalid, "farmer.change_invalid")
	if value(f, "head/name") != "罗德胜" {
		t.Error("the household has no head any more")
	}
}

// Numbers say who is of a household: staff write them, and never from what lost.
func TestNumbers(t *testing.T) {
	fs := forms(t)
	f := open(t, fs)
	for _, addr := range []string{"head/idNumber", "members/m1/idNumber", "members/m2/idNumber"} {
		for _, v := range []any{number(t, "1970-01-01"), nil} {
			if got := writes(t, f, fs, head, farmer.Edit{At: addr, Value: v, Wrote: at(9)})[0]; got.Outcome != farmer.Refused || got.Code != "farmer_number_staff" {
				t.Errorf("%s: %+v", addr, got)
			}
		}
	}
	if len(f.Outbox) != 0 {
		t.Errorf("%v", kinds(f.Outbox))
	}
	writes(t, f, fs, anna, farmer.Edit{At: "members/m1/idNumber", Value: number(t, "1971-01-01"), Wrote: at(10)})
	f.Conflicts = nil
	writes(t, f, fs, bob, farmer.Edit{At: "members/m1/idNumber", Value: number(t, "1972-01-01"), Wrote: at(9)})
	fails(t, f.Settle(f.Conflicts[0].ID, true, fs, anna, noon), models.Conflict, "farmer.write_anew")
	if value(f, "members/m1/idNumber") != number(t, "1971-01-01") || len(f.Conflicts) != 1 {
		t.Errorf("%v", f.Conflicts)
	}
	must(t, f.Settle(f.Conflicts[0].ID, false, fs, anna, noon))

	for name, tc := range map[string]struct {
		e    farmer.Edit
		tell bool
	}{
		"a number":         {farmer.Edit{At: "members/m2/idNumber", Value: number(t, "1999-01-01")}, true},
		"the head's":       {farmer.Edit{At: "head/idNumber", Value: number(t, "1964-01-01")}, true},
		"no number":        {farmer.Edit{At: "members/m1/idNumber"}, true},
		"somebody less":    {farmer.Edit{At: "members/m1/~gone", Value: true}, true},
		"another relation": {farmer.Edit{At: "members/m2/relation", Value: "child"}, false},
		"a house less":     {farmer.Edit{At: "housing/h1/~gone", Value: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, fs)
			tc.e.Wrote = at(20)
			writes(t, f, fs, anna, tc.e)
			if slices.Contains(kinds(f.Outbox), farmer.EventPeople.Name()) != tc.tell {
				t.Errorf("%v", kinds(f.Outbox))
			}
		})
	}
	c := farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("members/m1/idNumber", number(t, "1972-01-01")), farmer.NewWant("head/idNumber", nil),
		farmer.NewWant("head/name", number(t, "1973-01-01")), farmer.NewWant("members/m2/idNumber", "12")}}
	if got := c.Numbers(); len(got) != 1 || got[0].Reveal() != number(t, "1972-01-01") {
		t.Errorf("%d numbers", len(got))
	}
}

// Who may write is known before anybody is seated.
func TestTakes(t *testing.T) {
	f := household(t, forms(t))
	must(t, errors.Join(f.Takes(anna), f.Takes(town), f.Takes(head)))
	for _, by := range []models.Actor{other, {Person: "zhou", Role: models.Resident}, shire, {Role: models.Department, Region: "4302"}} {
		fails(t, f.Takes(by), models.Forbidden, "farmer.not_yours")
	}
	must(t, f.Leave("", head, noon))
	fails(t, f.Takes(anna), models.Conflict, "farmer.file_left")
}

// An evaluation is about whoever leads; it forgets what is withdrawn, and of a household that left everything but its end.
func TestEvaluationFollows(t *testing.T) {
	fs := forms(t)
	e := led(t, true)
	if e.Heads("luo", "罗**") || !e.Heads("zhou", "周**") || e.Person != "zhou" || e.Label != "周**" {
		t.Errorf("%s %s", e.Person, e.Label)
	}
	n := int64(5)
	must(t, e.Score(farmer.Known{Facts: map[string]int64{"land/area": 9, "income/cropsFen": 5, farmer.FactNet: 5}, Open: true},
		score.Result{Grade: "A", Good: true, Items: []score.Item{{Code: "land", Value: &n, Points: 3}, {Code: "income", Value: &n, Points: 4}}}))
	item := func(code string) bool { return code == "income" }
	if !e.Forget(farmer.RestrictedFact(fs), item) || e.Forget(farmer.RestrictedFact(fs), item) {
		t.Error("there was something, once")
	}
	if !maps.Equal(e.Facts, map[string]int64{"land/area": 9}) || e.Result.Items[0].Value == nil || e.Result.Items[1].Value != nil || e.Result.Items[1].Points != 4 {
		t.Errorf("%v %+v", e.Facts, e.Result)
	}
	must(t, e.Withdraw(models.Clockwork, noon))
	if e.Heads("wu", "吴**") {
		t.Error("one that is over stays whose it was")
	}
	if !e.Erase() || e.Erase() || e.Person != "" || e.Label != "" || e.Facts != nil || e.Result != nil || e.Peers != nil || e.State != farmer.Withdrawn || e.Household != "f" {
		t.Errorf("%+v", e)
	}
	c := farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("land/area", int64(1)), farmer.NewWant("income/cropsFen", int64(5))}}
	if !c.Forget(fs) || c.Forget(fs) || len(c.Wants) != 1 || c.Wants[0].At != "land/area" {
		t.Errorf("%v", c.Wants)
	}
}

// What restricted cells make is known by name: without them there is none of it, and nothing else changes.
func TestRestrictedFacts(t *testing.T) {
	fs := forms(t)
	f := open(t, fs)
	closed := farmer.RestrictedFact(fs)
	with := f.Facts(7, "2026-04-24")
	if with[farmer.FactNet] != 6000 || with[farmer.FactAssets] != 900 {
		t.Fatalf("%v", with)
	}
	must(t, f.Disagree(fs, head, noon))
	maps.DeleteFunc(with, func(name string, _ int64) bool { return closed(name) })
	if without := f.Facts(7, "2026-04-24"); !maps.Equal(with, without) {
		t.Errorf("%v\n%v", with, without)
	}
}

// A file that is written in anew scores as it was verified, but for what was withdrawn and what time brings.
func TestVerifiedFacts(t *testing.T) {
	fs := forms(t)
	f := open(t, fs)
	s := &farmer.Score{Facts: f.Facts(7, "2026-04-24")}
	s.Facts[farmer.FactLoans], s.Facts[farmer.FactPeers] = 3, 600
	writes(t, f, fs, head, farmer.Edit{At: "land/area", Value: int64(90000), Wrote: at(30)})
	year := models.DayOf(noon.Add(370 * 24 * time.Hour))
	got := s.Verified(f, fs, 8, year)
	_, loans := got[farmer.FactLoans]
	if got["land/area"] != 9 || got[farmer.FactNet] != 6000 || got[farmer.FactMean] != 8 || got[farmer.FactGoodYears] != 1 || loans {
		t.Errorf("%v", got)
	}
	must(t, f.Disagree(fs, head, noon))
	if got := s.Verified(f, fs, 8, year); got["land/area"] != 9 || slices.ContainsFunc(slices.Collect(maps.Keys(got)), farmer.RestrictedFact(fs)) {
		t.Errorf("%v", got)
	}
}
