package medical

import (
	"slices"
	"time"

	"xinyi/models"
)

// A WaiverState is where a waiver stands.
type WaiverState string

// The states of a waiver.
const (
	WaiverAsked    WaiverState = "ASKED"
	WaiverApproved WaiverState = "APPROVED"
	WaiverDenied   WaiverState = "DENIED"
)

// A Waiver gives up a part of what is owed. One person asks, another approves.
type Waiver struct {
	ID      string      `bson:"id"`
	Amount  models.Fen  `bson:"amount"`
	Reason  string      `bson:"reason"` // HARDSHIP, HOSPITAL_ERROR, CHARITY; DEATH and UNCOLLECTABLE write off
	Note    string      `bson:"note,omitempty"`
	State   WaiverState `bson:"state"`
	AskedBy string      `bson:"askedBy"`
	Decider string      `bson:"decider,omitempty"`
	At      time.Time   `bson:"at"`
	Ended   *time.Time  `bson:"ended,omitempty"`
}

// writesOff says whether a reason ends the bill as written off. No default is ever recorded for such a bill.
func writesOff(reason string) bool { return reason == "DEATH" || reason == "UNCOLLECTABLE" }

// AskWaiver asks to give up amount, or with 0 the whole rest. Errors: InvalidTransition unless money is owed; Conflict while another waits;
// Invalid, pointing at /amountFen, beyond what is outstanding, and for less than the whole when it writes off.
func (b *Bill) AskWaiver(w Waiver, by models.Actor, now time.Time) error {
	if i := b.waiver(w.ID); i >= 0 {
		return nil
	}
	if !b.Owes() {
		return models.Refused(b.Life, billMoves[b.State], "medical.bill_not_payable")
	}
	if w.Amount == 0 {
		w.Amount = b.Outstanding()
	}
	switch {
	case by.Person == b.Person:
		return models.E(models.Forbidden, "medical.own_case")
	case slices.ContainsFunc(b.Waivers, func(w Waiver) bool { return w.State == WaiverAsked }):
		return models.E(models.Conflict, "medical.waiver_waits")
	case w.Amount < 0 || w.Amount > b.Outstanding() || writesOff(w.Reason) && w.Amount != b.Outstanding():
		return models.Bad("/amountFen", "waiver_amount", "medical.waiver_amount").With("outstanding", b.Outstanding().Yuan())
	}
	b.Waivers = append(b.Waivers, Waiver{ID: w.ID, Amount: w.Amount, Reason: w.Reason, Note: w.Note, State: WaiverAsked, AskedBy: by.Person,
		At: now})
	b.Publish(BillWaiverAsked.Of(AmountData{BillNo: b.BillNo, Amount: w.Amount}), "", by, now)
	return nil
}

// DecideWaiver approves or denies; never the person who asked. Again with the same answer changes nothing.
//
// Errors: NotFound; Forbidden "second_person"; Conflict when decided otherwise, or when less is owed by now than it would waive, and for a
// write-off when it is not the whole rest any more.
func (b *Bill) DecideWaiver(id string, approve bool, by models.Actor, now time.Time) error {
	i := b.waiver(id)
	if i < 0 {
		return models.E(models.NotFound, "medical.waiver_unknown")
	}
	w := &b.Waivers[i]
	want := WaiverDenied
	if approve {
		want = WaiverApproved
	}
	switch {
	case w.State == want:
		return nil
	case w.State != WaiverAsked:
		return models.E(models.Conflict, "medical.waiver_decided")
	}
	if err := (models.Makers{{Person: w.AskedBy}, {Person: b.Person}}).Second(by); err != nil {
		return err
	}
	switch {
	case approve && (!b.Owes() || w.Amount > b.Outstanding() || writesOff(w.Reason) && w.Amount != b.Outstanding()):
		return models.E(models.Conflict, "medical.waiver_amount").With("outstanding", max(b.Outstanding(), 0).Yuan())
	}
	w.State, w.Decider, w.Ended = want, by.Person, models.At(now)
	if !approve {
		b.Publish(BillWaiverDenied.Of(BillData{BillNo: b.BillNo}), "", by, now)
		return nil
	}
	b.Waived += w.Amount
	kind, event := "waiver", BillWaived
	if writesOff(w.Reason) {
		kind, event, b.ReturnTo = "write_off", BillWrittenOff, WrittenOff
	}
	b.book(now, kind, waivedOff, receivable, w.Amount)
	b.Publish(event.Of(AmountData{BillNo: b.BillNo, Amount: w.Amount}), b.Person, by, now)
	return b.level(by, now)
}

func (b *Bill) waiver(id string) int {
	return slices.IndexFunc(b.Waivers, func(w Waiver) bool { return w.ID == id })
}
