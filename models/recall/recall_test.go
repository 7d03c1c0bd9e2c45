package recall

import (
	"testing"
	"time"

	"xinyi/models"
)

var (
	noon = models.Day("2026-04-24").Clock(12, 0) // a Friday; the next working days are 27, 28, 29 and 30 April, then 6 May
	bank = models.Actor{Role: models.Bank, Org: "bank-1"}
	mei  = models.Subject{Kind: models.PersonSubject, Ref: "s", Person: "mei"}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func call(kind string, version int, newer bool, at time.Time) *Call {
	return NewCall(models.Event{ID: kind + at.String(), Kind: kind, At: at}, Change{Record: "r1", Version: version, Subject: mei, Newer: newer}, at)
}

func use(kind Kind, version int, at time.Time) *Use {
	return NewUse(kind, "ref", "r1", version, mei, "bank-1", at)
}

func TestTouches(t *testing.T) {
	corrected, ended := call("record.corrected", 3, true, noon), call("record.ended", 3, false, noon)
	for name, tc := range map[string]struct {
		c    *Call
		u    *Use
		want bool
	}{
		"an older version":                  {corrected, use(Share, 2, noon.Add(-time.Hour)), true},
		"an older one, on its way still":    {corrected, use(Share, 2, noon.Add(time.Hour)), true},
		"the new version":                   {corrected, use(Share, 3, noon.Add(-time.Millisecond)), false},
		"in hand when it ended":             {ended, use(Share, 3, noon.Add(-time.Hour)), true},
		"on its way when it ended":          {ended, use(Share, 3, noon.Add(time.Minute)), true},
		"long after, when it was back":      {ended, use(Share, 3, noon.Add(time.Minute+1)), false},
		"a version the event knows not yet": {ended, use(Share, 4, noon.Add(-time.Hour)), false},
		"another record":                    {ended, NewUse(Share, "ref", "r2", 1, mei, "", noon), false},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.c.Touches(tc.u) != tc.want {
				t.Errorf("%+v", tc.u)
			}
			fresh, err := tc.u.Recall(tc.c, Standard, noon)
			if fresh != tc.want || err != nil || fresh != (tc.u.State == Recalled) || fresh != (len(tc.u.Outbox) == 1) {
				t.Errorf("recalled %v, %v: %+v", fresh, err, tc.u)
			}
			if twice, err := tc.u.Recall(tc.c, Standard, noon); twice || err != nil {
				t.Errorf("twice %v, %v", twice, err)
			}
		})
	}
}

func TestAUseLives(t *testing.T) {
	u := use(Share, 1, noon)
	if err := u.Ack("x", bank, noon); models.CodeOf(err) != models.InvalidTransition || u.Acked != nil || u.Settled(noon) {
		t.Fatalf("nothing to answer: %v", err)
	}
	if _, err := u.Recall(call("record.corrected", 2, true, noon), Standard, noon); err != nil {
		t.Fatal(err)
	}
	if u.WakeAt == nil || !u.WakeAt.Equal(models.DayOf(noon).AddWorking(5).Clock(9, 0)) {
		t.Fatalf("reminded on %v", u.WakeAt)
	}
	must(t, u.Wake(u.WakeAt.Add(-time.Millisecond)))
	for n := range Standard.Chases {
		if u.Chased != n {
			t.Fatalf("%d reminders, want %d", u.Chased, n)
		}
		must(t, u.Wake(*u.WakeAt))
	}
	if u.Overdue {
		t.Fatal("overdue with the last reminder")
	}
	must(t, u.Wake(*u.WakeAt))
	if !u.Overdue || u.WakeAt != nil {
		t.Fatalf("%+v", u)
	}
	must(t, u.Ack("deleted", bank, noon.Add(time.Hour)))
	if u.State != Acked || u.Overdue || u.Note != "deleted" || u.Moved.By != models.Bank || u.WakeAt != nil {
		t.Fatalf("%+v", u)
	}
	if err := u.Ack("again", bank, noon); models.CodeOf(err) != models.InvalidTransition || u.Note != "deleted" {
		t.Fatalf("%v", err)
	}
	fresh, err := u.Recall(call("record.ended", 2, false, noon.Add(time.Hour)), Standard, noon.Add(time.Hour))
	if err != nil || !fresh || u.State != Recalled || u.Acked != nil || u.Note != "" || u.Chased != 0 {
		t.Fatalf("a second change: %v, %v, %+v", fresh, err, u)
	}
}

// Uses of our own are not chased: their flows settle them.
func TestOursAreSettled(t *testing.T) {
	for _, kind := range []Kind{Decision, Report} {
		u := use(kind, 1, noon)
		if _, err := u.Recall(call("record.corrected", 2, true, noon), Standard, noon); err != nil {
			t.Fatal(err)
		}
		must(t, u.Wake(noon.AddDate(1, 0, 0)))
		if u.WakeAt != nil || u.Chased != 0 || !u.Settled(noon) || u.State != Acked || u.Settled(noon) {
			t.Errorf("%+v", u)
		}
	}
}

func TestACallLives(t *testing.T) {
	c := call("record.ended", 1, false, noon)
	must(t, c.Wake(noon.Add(time.Minute-1)))
	if len(c.Outbox) != 0 {
		t.Fatal("swept while uses may still be on their way")
	}
	must(t, c.Wake(noon.Add(time.Minute)))
	must(t, c.Wake(noon.Add(time.Hour)))
	if len(c.Outbox) != 1 || c.Outbox[0].Kind != EventSwept.Name() || c.WakeAt == nil {
		t.Fatalf("%+v", c.Outbox)
	}
	fresh, err := c.Finish(Counts{Decisions: 1, Shares: 2}, noon)
	if again, _ := c.Finish(Counts{}, noon); !fresh || err != nil || again || c.Counts.Total() != 3 || c.GoneAt != nil {
		t.Fatalf("%v, %v, %+v", fresh, err, c)
	}
	if e := c.Outbox[1]; e.Kind != EventDone.Name() || e.Person != "mei" || e.Data["shares"] != "2" || e.Data["reports"] != "0" {
		t.Errorf("%+v", e)
	}
	empty := call("record.ended", 1, false, noon)
	if _, err := empty.Finish(Counts{}, noon); err != nil || empty.GoneAt == nil || len(empty.Outbox) != 0 {
		t.Errorf("%v, %+v", err, empty)
	}
}
