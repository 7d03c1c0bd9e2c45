package medical

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
)

func TestThePlanOfABill(t *testing.T) {
	b := issued(t, 20000)
	due := b.DueOn
	if due != "2026-05-01" || b.WakeAt == nil || !b.WakeAt.Equal(due.Add(-3).Clock(9, 0)) {
		t.Fatalf("due %s, wakes %v", due, b.WakeAt)
	}
	for _, s := range []struct {
		at    time.Time
		kind  string
		state BillState
		dpd   int
	}{
		{due.Add(-3).Clock(9, 0), BillDueSoon.Name(), Issued, 0},
		{due.Add(-1).Clock(9, 0), BillDueSoon.Name(), Issued, 0},
		{due.Clock(9, 0), BillDueToday.Name(), Issued, 0},
		{due.Add(1).Start(), BillOverdue.Name(), PastDue, 1},
		{due.Add(1).Clock(9, 0), BillReminded.Name(), PastDue, 1},
		{due.Add(3).Clock(9, 0), BillReminded.Name(), PastDue, 3},
		{due.Add(7).Start(), BillSuspends.Name(), PastDue, 7},
		{due.Add(7).Clock(9, 0), BillReminded.Name(), PastDue, 7},
		{due.Add(15).Clock(9, 0), BillNoticed.Name(), PastDue, 15},
		{due.Add(15).Clock(9, 0), BillReminded.Name(), PastDue, 15},
		{due.Add(30).Start(), BillCollected.Name(), InCollection, 30},
		{due.Add(30).Clock(9, 0), BillReminded.Name(), InCollection, 30},
	} {
		before := len(b.Outbox)
		must(t, b.Wake(s.at.Add(-time.Millisecond)))
		if s.kind != BillReminded.Name() && len(b.Outbox) != before {
			t.Fatalf("%s before its time", b.Outbox[before].Kind)
		}
		must(t, b.Wake(s.at))
		if b.State != s.state || b.Dpd(models.DayOf(s.at)) != s.dpd {
			t.Fatalf("at %s %s with %d days past due", s.at, b.State, b.Dpd(models.DayOf(s.at)))
		}
		if got := strings.Join(kinds(&b.Meta), " "); !strings.Contains(got, s.kind) {
			t.Fatalf("at %s only %s", s.at, got)
		}
	}
	if b.WakeAt != nil || len(b.Outbox) != 12 || b.Reminders() != 8 {
		t.Fatalf("wakes %v, told %v", b.WakeAt, kinds(&b.Meta))
	}
}

func TestGraceDaysMoveOverdue(t *testing.T) {
	b := issued(t, 1000)
	b.Terms.GraceDays = 2
	must(t, b.Wake(b.DueOn.Add(2).End()))
	if b.State != Issued {
		t.Fatal(b.State)
	}
	must(t, b.Wake(b.DueOn.Add(3).Start()))
	if b.State != PastDue || b.Dpd(b.DueOn.Add(3)) != 1 {
		t.Fatalf("%s %d", b.State, b.Dpd(b.DueOn.Add(3)))
	}
}

func TestIntentsLapse(t *testing.T) {
	b := issued(t, 1000)
	must(t, b.Pay("p1", "wechat", 1000, mei, noon))
	at := after(30 * time.Minute)
	if !b.WakeAt.Equal(at) {
		t.Fatal(b.WakeAt)
	}
	b.Outbox = nil
	must(t, b.Wake(at.Add(-time.Millisecond)))
	if len(b.Outbox) != 0 {
		t.Fatal("lapsed too early")
	}
	must(t, b.Wake(at))
	must(t, b.Wake(at.Add(time.Hour)))
	if got := kinds(&b.Meta); len(got) != 1 || got[0] != PaymentLapsed.Name() || b.Waiting()[0].PayNo != "p1" {
		t.Fatalf("%v", got)
	}
	must(t, b.Object(mei, "wrong", at.Add(time.Hour))) // a disputed bill still asks for its intents
	must(t, b.Fail("p1", ClosedPay, at.Add(time.Hour)))
	must(t, b.Pay("p2", "wechat", 500, mei, at.Add(time.Hour)))
	if b.WakeAt == nil {
		t.Fatal("a disputed bill forgets its intent")
	}
	must(t, b.Wake(*b.WakeAt))
	if b.WakeAt != nil || !b.Payments[1].Asked {
		t.Fatalf("wakes %v", b.WakeAt)
	}
}

func TestStopsMoveTheDueDay(t *testing.T) {
	issueDay, due := models.DayOf(noon), models.DayOf(noon).Add(7)
	at := func(n int) time.Time { return issueDay.Add(n).Clock(12, 0) }
	pause := func(b *Bill, from, days int) error { return b.PauseFor("INSURANCE", days, clerk, at(from)) }
	object := func(b *Bill, from int) error { return b.Object(mei, "wrong", at(from)) }
	decide := func(b *Bill, n int) error { return b.DecideDispute(clerk, false, at(n)) }
	for name, tc := range map[string]struct {
		do   func(t *testing.T, b *Bill)
		want models.Day
	}{
		"two days of dispute":         {func(t *testing.T, b *Bill) { must(t, object(b, 1)); must(t, decide(b, 3)) }, due.Add(2)},
		"filed on the due day":        {func(t *testing.T, b *Bill) { must(t, object(b, 7)); must(t, decide(b, 9)) }, issueDay.Add(9 + 3)},
		"an hour on the due day":      {func(t *testing.T, b *Bill) { must(t, object(b, 7)); must(t, decide(b, 7)) }, issueDay.Add(7 + 3)},
		"a pause that ends by itself": {func(t *testing.T, b *Bill) { must(t, pause(b, 1, 4)); must(t, b.Wake(at(6))) }, due.Add(5)},
		"and one told of it late":     {func(t *testing.T, b *Bill) { must(t, pause(b, 1, 4)); must(t, b.Wake(at(10))) }, due.Add(5)},
		"a dispute inside a pause": {func(t *testing.T, b *Bill) {
			must(t, pause(b, 1, 20))
			must(t, object(b, 2))
			must(t, decide(b, 4))
			must(t, b.Resume(clerk, at(6)))
		}, due.Add(5)},
		"a dispute that outlives one": {func(t *testing.T, b *Bill) {
			must(t, pause(b, 1, 20))
			must(t, object(b, 2))
			must(t, b.Resume(clerk, at(3)))
			must(t, decide(b, 6))
		}, due.Add(5)},
		"a pause that outlives another": {func(t *testing.T, b *Bill) {
			must(t, object(b, 1))
			must(t, pause(b, 2, 20))
			must(t, decide(b, 3))
			must(t, b.Resume(clerk, at(5)))
		}, due.Add(4)},
		"one after the other": {func(t *testing.T, b *Bill) {
			must(t, object(b, 1))
			must(t, decide(b, 2))
			must(t, object(b, 3))
			must(t, decide(b, 5))
		}, due.Add(3)},
		"while overdue": {func(t *testing.T, b *Bill) { must(t, b.Wake(at(10))); must(t, object(b, 10)); must(t, decide(b, 15)) }, due.Add(5)},
		"paid in between": {func(t *testing.T, b *Bill) {
			must(t, object(b, 1))
			must(t, b.PaidAtDesk("r", 20000, his, at(2)))
			must(t, decide(b, 5))
		}, due},
	} {
		t.Run(name, func(t *testing.T) {
			b := issued(t, 20000)
			tc.do(t, b)
			if _, still := b.Stopped(); still || b.DueOn != tc.want || !b.DueAt.Equal(b.DueOn.End()) {
				t.Errorf("due %s (%s), want %s", b.DueOn, b.DueAt, tc.want)
			}
		})
	}
}

func TestStopBorders(t *testing.T) {
	b := issued(t, 20000)
	before := copied(t, b)
	for _, days := range []int{-1, 0, 31} {
		want(t, b.PauseFor("INSURANCE", days, clerk, noon), models.Invalid, "medical.pause_days")
	}
	want(t, b.DecideDispute(mei, true, noon), models.Forbidden, "medical.own_case")
	unchanged(t, before, b)
	must(t, b.PauseFor("DEATH", 0, clerk, noon))
	must(t, b.Object(mei, "wrong", noon))
	before = copied(t, b)
	want(t, b.PauseFor("INSURANCE", 1, clerk, noon), models.Conflict, "medical.bill_already_stopped")
	want(t, b.Object(mei, "again", noon), models.Conflict, "medical.bill_already_stopped")
	unchanged(t, before, b)
	must(t, b.Wake(after(1000*day)))
	if b.State != Issued || b.WakeAt != nil {
		t.Errorf("the clock of a dead person's bill ran on: %s, wakes %v", b.State, b.WakeAt)
	}
}

func TestShortWindowSendsNoLateReminder(t *testing.T) {
	s := newScheme()
	a := signed(t, 50000)
	a.Terms.OutpatientDays = 2
	b := NewBill("b1", "1001", 1, visit(Outpatient), a, s, clinic, noon)
	must(t, b.Carry(1000, 1, noon))
	b.Outbox = nil
	must(t, b.Wake(noon))
	if len(b.Outbox) != 0 {
		t.Errorf("a reminder before the day of issue: %v", kinds(&b.Meta))
	}
}

func TestOneLateWakingIsAllTheTimelyOnes(t *testing.T) {
	fresh := issued(t, 20000)
	rapid.Check(t, func(t *rapid.T) {
		pays, paused := rapid.IntRange(0, 2).Draw(t, "intents"), rapid.IntRange(0, 30).Draw(t, "pause")
		pausedOn := rapid.IntRange(0, 40).Draw(t, "paused on")
		now := noon
		prepare := func(b *Bill) {
			for i := range pays {
				_ = b.Pay("p"+strconv.Itoa(i), "wechat", 500, mei, now.Add(time.Duration(i)*7*time.Minute))
			}
		}
		far, near := copied(t, fresh), copied(t, fresh)
		horizon := models.DayOf(noon).Add(rapid.IntRange(pausedOn, 120).Draw(t, "horizon")).Clock(12, 0)
		for _, d := range []*Bill{far, near} {
			start := models.DayOf(noon).Add(pausedOn).Clock(10, 0)
			if err := d.Wake(start); err != nil {
				t.Fatal(err)
			}
			now = start
			prepare(d)
			if paused > 0 {
				if err := d.PauseFor("INSURANCE", paused, clerk, start); err != nil {
					t.Fatal(err)
				}
			}
			d.Outbox = nil
		}
		for steps := 0; near.WakeAt != nil && !near.WakeAt.After(horizon); steps++ {
			at := *near.WakeAt
			if err := near.Wake(at); err != nil || steps > 50 {
				t.Fatal(steps, err)
			}
			if near.WakeAt != nil && !near.WakeAt.After(at) {
				t.Fatalf("woken at %s, wakes again at %s", at, near.WakeAt)
			}
		}
		if err := far.Wake(horizon); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(kinds(&near.Meta), kinds(&far.Meta)); diff != "" {
			t.Fatalf("timely (-) and late (+) differ:\n%s", diff)
		}
		if near.State != far.State || near.DueOn != far.DueOn || !cmp.Equal(near.Done, far.Done) || !cmp.Equal(near.WakeAt, far.WakeAt) {
			t.Fatalf("timely %s due %s %v, late %s due %s %v", near.State, near.DueOn, near.WakeAt, far.State, far.DueOn, far.WakeAt)
		}
	})
}
