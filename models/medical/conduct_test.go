package medical

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"xinyi/models"
)

func TestNoticeGivesTenWorkingDays(t *testing.T) {
	b := issued(t, 20000)
	c := Notice(b, noon)
	if c.ID != b.ID || c.ObjectUntil != "2026-05-12" { // over the May holiday; the 9th is a make-up day
		t.Fatalf("until %s", c.ObjectUntil)
	}
	before := copied(t, c)
	want(t, c.Object(mei, "no", c.ObjectUntil.End().Add(time.Millisecond)), models.Conflict, "medical.objection_late")
	unchanged(t, before, c)
	must(t, c.Object(mei, "no", c.ObjectUntil.End()))
	before = copied(t, c)
	want(t, c.DecideObjection(mei, true, noon), models.Forbidden, "medical.own_case")
	unchanged(t, before, c)
	must(t, c.DecideObjection(clerk, false, c.ObjectUntil.Clock(12, 0)))
	if c.State != Noticed || c.ObjectUntil != "2026-05-15" {
		t.Errorf("%s until %s", c.State, c.ObjectUntil)
	}
}

func TestEveryGuardOfADefaultIsAClause(t *testing.T) {
	due := models.DayOf(noon).Add(7)
	for name, tc := range map[string]struct {
		owed   models.Fen
		on     models.Day
		until  models.Day
		served Served
		stop   bool
		clause string
	}{
		"all is served":         {10000, due.Add(30), due.Add(29), Served{3, 2}, false, ""},
		"the notice still runs": {10000, due.Add(30), due.Add(30), Served{3, 2}, false, "notice_over"},
		"29 days past due":      {10000, due.Add(29), due.Add(20), Served{3, 2}, false, "days_overdue"},
		"a fen below the least": {9999, due.Add(30), due.Add(20), Served{3, 2}, false, "enough_owed"},
		"disputed":              {10000, due.Add(30), due.Add(20), Served{3, 2}, true, "not_stopped"},
		"two reminders only":    {10000, due.Add(30), due.Add(20), Served{2, 2}, false, "reminders"},
		"on no channel":         {10000, due.Add(30), due.Add(20), Served{3, 0}, false, "channels"},
		"on one channel alone":  {10000, due.Add(30), due.Add(20), Served{3, 1}, false, "channels"},
	} {
		t.Run(name, func(t *testing.T) {
			b := issued(t, tc.owed)
			must(t, b.Wake(tc.on.Start()))
			if tc.stop {
				must(t, b.Object(mei, "wrong", tc.on.Start()))
			}
			c := Notice(b, noon)
			c.ObjectUntil = tc.until
			before := copied(t, c)
			err := c.Confirm(clerk, b, tc.served, tc.on.Clock(10, 0))
			if tc.clause == "" {
				must(t, err)
				if c.State != Confirmed || c.Confirmer != "clerk" {
					t.Errorf("%+v", c)
				}
				return
			}
			e := want(t, err, models.Denied, "medical.no_default_yet")
			for _, k := range e.Clauses {
				if (k.Outcome != models.Pass) != (k.ID == "medical.clause_"+tc.clause) {
					t.Errorf("%+v", k)
				}
			}
			unchanged(t, before, c)
		})
	}
	b := issued(t, 20000)
	must(t, b.Wake(due.Add(40).Start()))
	c := Notice(b, noon)
	for _, by := range []models.Actor{mei, models.Clockwork} {
		want(t, c.Confirm(by, b, Served{3, 2}, due.Add(60).Start()), models.Forbidden, "medical.own_case")
	}
}

func TestConductHeals(t *testing.T) {
	for defaults, days := range map[int]int{1: 90, 2: 365, 5: 365} {
		c := conductIn(t, Confirmed)
		must(t, c.Cure(defaults, noon))
		repair := models.DayOf(noon).Add(days)
		if !c.WakeAt.Equal(repair.Clock(9, 0)) || !c.GoneAt.Equal(models.Day("2031-04-24").Start()) {
			t.Fatalf("%d defaults: wakes %s, gone %s", defaults, c.WakeAt, c.GoneAt)
		}
		late := copied(t, c)
		must(t, c.Wake(c.WakeAt.Add(-time.Millisecond)))
		if c.State != Cured {
			t.Fatal("repaired too early")
		}
		must(t, c.Wake(*c.WakeAt))
		if c.State != Repaired || !c.WakeAt.Equal(repair.Add(30).Start()) {
			t.Fatalf("%s, wakes %s", c.State, c.WakeAt)
		}
		must(t, c.Wake(*c.WakeAt))
		must(t, late.Wake(noon.Add(1000*day)))
		if c.State != Archived || late.State != Archived || c.WakeAt != nil || late.WakeAt != nil || len(c.Outbox) != len(late.Outbox) {
			t.Fatalf("%s and, woken late, %s", c.State, late.State)
		}
		if !c.GoneAt.Equal(models.Day("2031-04-24").Start()) {
			t.Fatal("the end of the record moved")
		}
	}
}

func TestPaidBeforeItIsConfirmedDropsTheNotice(t *testing.T) {
	for _, s := range []ConductState{Noticed, Objected} {
		c := conductIn(t, s)
		must(t, c.Cure(1, noon))
		if c.State != Dropped || c.CuredAt != nil || c.WakeAt != nil {
			t.Errorf("from %s: %s", s, c.State)
		}
	}
}

func TestSchemeIsOpen(t *testing.T) {
	s := newScheme()
	for _, c := range []struct {
		hospital string
		typ      VisitType
		on       models.Day
		want     bool
	}{
		{"h1", Outpatient, "2026-04-01", true}, {"h1", Outpatient, "2026-12-31", true}, {"h1", Outpatient, "2026-03-31", false},
		{"h1", Outpatient, "2027-01-01", false}, {"h2", Outpatient, "2026-05-01", false}, {"h1", Registration, "2026-05-01", false},
	} {
		if got := s.Open(c.hospital, c.typ, c.on); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	s.To = ""
	if !s.Open("h1", Outpatient, "2099-01-01") {
		t.Error("an open end ends")
	}
	a, b := ConsentText{ID: "x", Version: "1", Text: models.Words{ZH: "同意"}}, ConsentText{ID: "x", Version: "1", Text: models.Words{ZH: "不同意"}}
	if a.Hash() == b.Hash() || len(a.Hash()) != 64 {
		t.Error("the hash names the text that was shown")
	}
}

// What has legal effect says the days that it gives and takes.
func TestLegalNoticesSayTheirDays(t *testing.T) {
	late, suspended, closing := issued(t, 20000), signed(t, 50000), signed(t, 50000)
	must(t, late.Wake(late.DueOn.Add(60).Start()))
	confirmed := Notice(late, noon)
	must(t, confirmed.Confirm(clerk, late, Served{3, 2}, late.DueOn.Add(60).Start()))
	_, err := suspended.Block(Overdue7, "b1", models.Clockwork, noon)
	must(t, err)
	for i := range closing.Terms.CloseAfter {
		_, err := closing.Defaulted(strconv.Itoa(i), noon)
		must(t, err)
	}
	for name, tc := range map[string]struct {
		events []models.Event
		kind   string
		want   map[string]string
	}{
		"a notice":     {Notice(late, noon).Outbox, DefaultNoticed.Name(), map[string]string{"until": "2026-05-12", "days": "10"}},
		"a default":    {confirmed.Outbox, DefaultConfirmed.Name(), map[string]string{"days": "90", "daysMore": "365", "years": "5"}},
		"overdue":      {late.Outbox, BillOverdue.Name(), map[string]string{"due": "2026-05-01", "suspends": "2026-05-08"}},
		"a suspension": {suspended.Outbox, AgreementSuspended.Name(), map[string]string{"cause": "OVERDUE", "days": "7"}},
		"the end":      {closing.Outbox, AgreementClosing.Name(), map[string]string{"cause": "DEFAULT", "times": "3", "days": "365"}},
	} {
		i := slices.IndexFunc(tc.events, func(e models.Event) bool { return e.Kind == tc.kind })
		if i < 0 {
			t.Errorf("%s is not told", name)
			continue
		}
		for key, value := range tc.want {
			if got := tc.events[i].Data[key]; got != value {
				t.Errorf("%s: %s is %q, want %q", name, key, got, value)
			}
		}
	}
}
