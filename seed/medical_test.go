package seed

import (
	"testing"
	"time"

	"xinyi/models/medical"
)

// Every state a document can be kept in is in the demo city, every bill balances, no limit is overdrawn.
func TestMedicalStates(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	p, err := NewPopulation(now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCare(p, now)
	if err != nil {
		t.Fatal(err)
	}
	agreements, bills := map[medical.AgreementState]int{}, map[medical.BillState]int{}
	for _, a := range c.agreements {
		agreements[a.State]++
		if a.Outpatient.Available() < 0 || a.Inpatient.Available() < 0 {
			t.Errorf("%s (%s) is overdrawn: %d, %d", a.ID, a.State, a.Outpatient.Available(), a.Inpatient.Available())
		}
		if a.WakeAt != nil && a.WakeAt.Before(now.AddDate(0, 0, -1)) {
			t.Errorf("%s should have woken at %v", a.ID, a.WakeAt)
		}
	}
	for _, b := range c.bills {
		bills[b.State]++
		if err := b.Audit(); err != nil {
			t.Error(err)
		}
		if b.WakeAt != nil && b.WakeAt.Before(now.AddDate(0, 0, -1)) {
			t.Errorf("%s (%s) should have woken at %v", b.ID, b.State, b.WakeAt)
		}
	}
	t.Log(agreements, bills, len(c.conducts), len(c.events))
	for _, s := range []medical.AgreementState{medical.Review, medical.Active, medical.Suspended, medical.Closing, medical.Closed, medical.Rejected, medical.Expired} {
		if agreements[s] == 0 {
			t.Errorf("no agreement is %s", s)
		}
	}
	for _, s := range []medical.BillState{medical.BillDraft, medical.Issued, medical.PartlyPaid, medical.PastDue, medical.InCollection,
		medical.RefundDue, medical.Paid, medical.CancelledBill, medical.Void, medical.WrittenOff} {
		if bills[s] == 0 {
			t.Errorf("no bill is %s", s)
		}
	}
}
