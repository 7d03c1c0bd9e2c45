package flows_test

import (
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
)

// past tells something of the bill, at a moment.
func (o *office) past(kind string, at time.Time) {
	o.t.Helper()
	o.clock.move(at.Sub(o.clock.now()))
	data := everything()
	data["suspends"] = "2026-04-07"
	must(o.t, o.inbox.Deliver(o.t.Context(), models.Event{ID: kind + "/s/1.0", Kind: kind, Subject: "s", Person: "0001", At: at, Data: data}))
	o.round()
}

// until moves the clock, and lets the courier work.
func (o *office) until(at time.Time) {
	o.t.Helper()
	o.clock.move(at.Sub(o.clock.now()))
	o.round()
}

// The first day past due is one push at half past nine: that the bill is overdue, from midnight, and the reminder of nine.
func TestFirstDayPastDueIsOnePush(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM}
	midnight := models.DayOf(noon).Add(1).Start()
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.person("0001", "phone")
	o.past("medical.bill_overdue", midnight)
	o.past("medical.bill_overdue_reminded", midnight.Add(9*time.Hour))
	if o.until(midnight.Add(9*time.Hour + 30*time.Minute - time.Second)); len(fcm.got()) != 0 {
		t.Fatalf("pushed before its time: %v", fcm.got())
	}
	if o.until(midnight.Add(9*time.Hour + 31*time.Minute)); len(fcm.got()) != 1 || !strings.Contains(fcm.got()[0].Body, " 2 ") {
		t.Errorf("pushed %v", fcm.got())
	}
}

// A legal notice does not join a push that its person may still mute: it would be lost with it.
func TestLegalNoticeWaitsWithNobody(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM}
	midnight := models.DayOf(noon).Add(1).Start()
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.inbox.Policy.Quiet = delivery.Standard.Quiet
	o.person("0001", "phone")
	o.past("medical.refund_due", midnight.Add(-2*time.Hour))
	muted := &delivery.Preferences{Topics: map[string]delivery.Choice{"medical.bill": {Muted: true}}}
	muted.ID = "0001"
	must(t, o.repo.Preferences.Insert(t.Context(), muted))
	o.past("medical.bill_overdue", midnight)
	o.until(midnight.Add(10 * time.Hour))
	if got := fcm.got(); len(got) != 1 || got[0].Kind != "medical.bill_overdue" {
		t.Errorf("pushed %v", got)
	}
	o.want("0001", delivery.Skipped, 1)
}
