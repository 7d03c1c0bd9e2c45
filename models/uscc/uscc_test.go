package uscc

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/job"
)

var (
	noon    = time.Date(2026, 5, 11, 4, 0, 0, 0, time.UTC) // a Monday
	office  = models.Actor{Person: "o", Role: models.CreditOffice, Region: "4301"}
	officer = models.Actor{Person: "d", Role: models.DataOfficer, Org: "unit-market"}
)

const (
	good  = "91430100MAXX000152"
	other = "91430112MAXX00058U"
	right = "某某有限公司"
)

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func twice() Finding {
	f, _ := OfCode([]*Org{NewOrg(good, right, Source{}, noon), NewOrg(good, "别家公司", Source{}, noon)})
	return f
}

// in is a ticket in a state.
func in(t *testing.T, s State) *Ticket {
	t.Helper()
	k := NewTicket(twice(), Standard, noon)
	if s != Open {
		do(t, k.Assign("unit-market", office, noon))
	}
	if s == Corrected || s == Verified || s == Closed {
		do(t, k.Correct(Correction{Code: good, Name: right}, officer, noon))
	}
	if s == Verified || s == Closed {
		do(t, k.Verify(true, noon))
	}
	if s == Closed {
		do(t, k.Wake(noon.AddDate(0, 0, 7)))
	}
	if k.State != s {
		t.Fatalf("it is %s, want %s", k.State, s)
	}
	return k
}

// Every act in every state: what is refused changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	acts := []struct {
		name    string
		do      func(*Ticket) error
		allowed []State
	}{
		{"assign", func(k *Ticket) error { return k.Assign("u", office, noon) }, []State{Open, Assigned}},
		{"correct", func(k *Ticket) error { return k.Correct(Correction{Code: good, Name: right}, office, noon) }, []State{Assigned}},
		{"verify", func(k *Ticket) error { return k.Verify(true, noon) }, []State{Corrected}},
	}
	for _, s := range States {
		for _, act := range acts {
			t.Run(fmt.Sprintf("%s/%s", act.name, s), func(t *testing.T) {
				k, before := in(t, s), in(t, s)
				err := act.do(k)
				if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
					t.Fatalf("%v", err)
				}
				if err != nil && (!errors.Is(err, models.InvalidTransition) || cmp.Diff(before, k) != "") {
					t.Errorf("a refused act: %v\n%s", err, cmp.Diff(before, k))
				}
			})
		}
	}
}

func TestWhoCorrects(t *testing.T) {
	for name, tc := range map[string]struct {
		by   models.Actor
		c    Correction
		want models.Code
	}{
		"another unit":   {models.Actor{Person: "x", Role: models.DataOfficer, Org: "unit-other"}, Correction{Code: good, Name: right}, models.Forbidden},
		"a resident":     {models.Actor{Person: "x", Role: models.Resident}, Correction{Code: good, Name: right}, models.Forbidden},
		"a wrong code":   {officer, Correction{Code: good[:17] + "3", Name: right}, models.Invalid},
		"another's code": {officer, Correction{Code: other, Name: right}, models.Invalid},
		"no name":        {officer, Correction{Code: good, Name: " （） "}, models.Invalid},
	} {
		k := in(t, Assigned)
		if err := k.Correct(tc.c, tc.by, noon); !errors.Is(err, tc.want) || cmp.Diff(in(t, Assigned), k) != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Only the data verifies; what comes back is opened again, and after a week without it the slot is free.
func TestVerifiedByTheData(t *testing.T) {
	k := in(t, Corrected)
	if err := k.Verify(false, noon); !errors.Is(err, models.Conflict) || k.State != Corrected {
		t.Errorf("verified against the data: %v", err)
	}
	changed, err := k.Again(noon.Add(time.Hour))
	if do(t, err); !changed || k.State != Assigned || k.Correction != nil {
		t.Errorf("seen after it was corrected: %v %s", changed, k.State)
	}
	k = in(t, Verified)
	do(t, k.Wake(noon.AddDate(0, 0, 6)))
	if k.State != Verified || k.Slot == "" {
		t.Errorf("closed early: %s", k.State)
	}
	if changed, err = k.Again(noon.AddDate(0, 0, 6)); err != nil || !changed || k.State != Assigned || k.Due <= "2026-05-25" {
		t.Errorf("%v %v %s %s", err, changed, k.State, k.Due)
	}
	if k = in(t, Closed); k.Slot != "" || k.WakeAt != nil {
		t.Errorf("a closed one holds %q", k.Slot)
	}
}

// Ten working days: 2026-05-11 and 10 is 2026-05-25. The day after it is late, once.
func TestLate(t *testing.T) {
	k := in(t, Assigned)
	if k.Due != "2026-05-25" || k.WakeAt == nil || !k.WakeAt.Equal(models.Day("2026-05-26").Start()) {
		t.Fatalf("%s %v", k.Due, k.WakeAt)
	}
	do(t, k.Wake(models.Day("2026-05-25").End()))
	if k.Late {
		t.Error("late on its last day")
	}
	told := len(k.Outbox)
	for range 2 {
		do(t, k.Wake(models.Day("2026-05-26").Start()))
	}
	if !k.Late || len(k.Outbox) != told+1 || k.Outbox[told].Kind != EventLate.Name() || k.Outbox[told].Person != "o" || k.WakeAt != nil {
		t.Errorf("%v %+v", k.Late, k.Outbox[told:])
	}
}

func TestFindings(t *testing.T) {
	org := func(code, name string, registered bool) *Org {
		return NewOrg(code, name, Source{Unit: "u", Region: "430181", Registered: registered}, noon)
	}
	gone := org(good, "旧名", false)
	gone.End(noon)
	for name, tc := range map[string]struct {
		orgs []*Org
		find func([]*Org) (Finding, bool)
		want Class
		name string
	}{
		"one name":              {[]*Org{org(good, "甲", false)}, OfCode, "", ""},
		"two names":             {[]*Org{org(good, "甲", false), org(good, "乙", false)}, OfCode, DupCode, "甲"},
		"not the registration":  {[]*Org{org(good, "甲", false), org(good, "乙", true)}, OfCode, NameMismatch, "乙"},
		"registered twice":      {[]*Org{org(good, "甲", true), org(good, "乙", true)}, OfCode, DupCode, "乙"},
		"one is out of use":     {[]*Org{org(good, "甲", false), gone}, OfCode, "", ""},
		"wrong":                 {[]*Org{org("91430100MAXX000153", "甲", false)}, OfCode, Checksum, "甲"},
		"none":                  {nil, OfCode, "", ""},
		"several codes":         {[]*Org{org(good, "甲", false), org("92430181MAXX000234", "甲", false)}, OfPlace, DupSubject, "甲"},
		"one of them is wrong":  {[]*Org{org(good, "甲", false), org("91430100MAXX000153", "甲", false)}, OfPlace, "", ""},
		"one code in one place": {[]*Org{org(good, "甲", false)}, OfPlace, "", ""},
	} {
		f, found := tc.find(tc.orgs)
		if found != (tc.want != "") || f.Class != tc.want || f.Name != tc.name || found && f.Slot == "" {
			t.Errorf("%s: %v %+v", name, found, f)
		}
	}
}

func TestRowsAndSuggestions(t *testing.T) {
	for raw, want := range map[string]Class{
		"9143010OMAXX000152": Char, "9143": Length, "91430100MAXX000153": Checksum, good: "", "９1430100maxx000152": "", "": "", "B1430100MAXX00015": Length,
	} {
		f, wrong := FromRow(raw, right, "u", "430181")
		if wrong != (want != "") || f.Class != want {
			t.Errorf("%q: %v %s", raw, wrong, f.Class)
		}
	}
	if s := Suggest("9143010OMAXX000152"); s != good {
		t.Errorf("suggested %q", s)
	}
	for _, code := range []string{good, "9143010OMAXX000153", "x"} {
		if s := Suggest(code); s != "" {
			t.Errorf("%q was meant as %q", code, s)
		}
	}
	f, _ := FromRow("9143010OMAXX000152", right, "u", "430181")
	if k := NewTicket(f, Standard, noon); k.Code != "9143010OMAXX000152" || k.Suggest != good || k.Authority != Market {
		t.Errorf("the suggestion was applied: %+v", k)
	}
}

func TestAuthorities(t *testing.T) {
	for code, want := range map[string]Authority{
		"12430181000000019C": Staffing, "52430100000000035K": CivilAffairs, good: Market, "N2430181MFXX00048J": Agriculture, "71": Religion, "81": Unions,
		"31": Justice, "Y1": Office, "": Office, "?": Office,
	} {
		if got := AuthorityOf(code); got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
	}
}

func TestKeyOf(t *testing.T) {
	if a, b := KeyOf("某某（长沙）有限 公司"), KeyOf("某某(长沙)有限公司"); a != b || a == "" {
		t.Errorf("%q %q", a, b)
	}
	if OrgID(good, "ＡBC 公司") != OrgID(good, "abc公司") || OrgID(good, "甲") == OrgID(other, "甲") {
		t.Error("ids of pairs")
	}
}

// A part counts once, whoever brings it again; a scan that nobody answers asks once more.
func TestScanSteps(t *testing.T) {
	if _, err := NewScan("s", 1, officer, noon); !errors.Is(err, models.Forbidden) {
		t.Error(err)
	}
	s, err := NewScan("s", 10, office, noon)
	do(t, err)
	for i, p := range []Part{{Part: 0, Seen: 4, After: "x"}, {Part: 1, Seen: 6, Last: true, Found: map[Class]int64{DupCode: 1}, Opened: 1}, {Part: 2, Seen: 10, Last: true}} {
		for n := range 2 {
			took, err := s.Step(p, noon)
			if do(t, err); took != (n == 0) {
				t.Errorf("part %d, time %d: %v", i, n, took)
			}
		}
	}
	if s.State != Done || s.Seen != 20 || s.Opened != 1 || s.Found["DUP_CODE"] != 1 || s.WakeAt != nil {
		t.Errorf("%+v", s)
	}
	s, err = NewScan("s", 10, office, noon)
	do(t, err)
	s.Outbox = nil
	do(t, s.Wake(noon.Add(job.Answered)))
	if len(s.Outbox) != 1 || s.Outbox[0].Kind != EventPartDue.Name() {
		t.Errorf("%+v", s.Outbox)
	}
}
