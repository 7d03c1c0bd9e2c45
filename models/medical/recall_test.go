package medical

import (
	"slices"
	"testing"
	"time"

	"xinyi/models"
)

// A bill that rises eats its visit's hold at once: no moment shows less room than there is, or more.
func TestARiseEatsTheHold(t *testing.T) {
	a := signed(t, 100000)
	must(t, a.Reserve("v1", Outpatient, 40000, 1, his, noon))
	a.Draw("b1", "v1", Outpatient, 20000, 1, noon)
	room(t, a, 0, 20000, 80000)
	must(t, a.Reserve("v1", Outpatient, 30000, 3, his, noon))
	a.Draw("b1", "v1", Outpatient, 45000, 2, noon)
	room(t, a, 5000, 45000, 50000)
	if !a.Lower("v1", Outpatient, 0, 3, noon) {
		t.Error("the rest of the hold stays")
	}
	room(t, a, 0, 45000, 55000)
	a.Draw("b1", "v1", Outpatient, 10000, 3, noon)
	room(t, a, 0, 10000, 90000)
}

// What a cured default took off the limit comes back when its record is dropped after all.
func TestADroppedDefaultGivesTheLimitBack(t *testing.T) {
	a := signed(t, 50000)
	if _, err := a.Defaulted("b1", noon); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Cured("b1", noon); err != nil {
		t.Fatal(err)
	}
	if a.Outpatient.Limit != 25000 {
		t.Fatalf("after the cure %d", a.Outpatient.Limit)
	}
	if changed, err := a.Cleared("b1", noon); err != nil || !changed || a.Outpatient.Limit != 50000 || a.DefaultsBy(models.DayOf(noon)) != 0 {
		t.Errorf("cleared %v %v, limit %d", changed, err, a.Outpatient.Limit)
	}
	if changed, err := a.Cleared("b1", noon); err != nil || changed {
		t.Errorf("again: %v %v", changed, err)
	}
}

// Who is given time gets the reminders of the new due day, also those sent for the old one.
func TestRemindersFollowTheDueDay(t *testing.T) {
	b := issued(t, 20000)
	for b.WakeAt != nil && !slices.Contains(b.Done, "remind-1") {
		must(t, b.Wake(*b.WakeAt))
	}
	at := b.DueOn.Add(-1).Clock(12, 0)
	must(t, b.PauseFor("HARDSHIP", 20, models.Actor{Person: "officer", Role: models.CountyHealth}, at))
	before := len(b.Outbox)
	must(t, b.Wake(*b.WakeAt))
	for b.WakeAt != nil && b.State != PastDue {
		must(t, b.Wake(*b.WakeAt))
	}
	var soon int
	for _, e := range b.Outbox[before:] {
		if e.Kind == BillDueSoon.Name() {
			soon++
		}
	}
	if soon == 0 {
		t.Error("nobody was reminded of the new due day")
	}
}

// A bill that became nothing without a payment is nobody's punctuality, and one paid is told once, refunds or not.
func TestPaidIsToldOnce(t *testing.T) {
	b := issued(t, 20000)
	must(t, b.Carry(0, b.SetlSeq+1, noon))
	if b.State != Paid || b.OnTime() {
		t.Errorf("%s, on time %v", b.State, b.OnTime())
	}
	b = issued(t, 20000)
	must(t, b.Pay("p1", "wechat", 20000, models.Actor{Person: "mei", Role: models.Resident}, noon))
	must(t, b.Confirm("p1", "t1", 20000, noon))
	must(t, b.Carry(15000, b.SetlSeq+1, noon.Add(time.Hour)))
	must(t, b.Returned(b.Refunds[0].RefundNo, "t2", noon.Add(2*time.Hour)))
	told := 0
	for _, e := range b.Outbox {
		if e.Kind == BillPaid.Name() {
			told++
		}
	}
	if told != 1 || b.State != Paid || !b.OnTime() {
		t.Errorf("told %d times, %s, on time %v", told, b.State, b.OnTime())
	}
}
