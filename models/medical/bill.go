package medical

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A BillState is where a bill stands.
type BillState string

// The states of a bill.
const (
	BillDraft     BillState = "DRAFT"
	Issued        BillState = "ISSUED"
	PartlyPaid    BillState = "PARTIALLY_PAID"
	PastDue       BillState = "OVERDUE"
	InCollection  BillState = "IN_COLLECTION"
	RefundDue     BillState = "REFUND_DUE" // more was paid than is owed; the difference is on its way back
	Paid          BillState = "PAID"
	CancelledBill BillState = "CANCELLED"
	Void          BillState = "VOID" // its settlement was reversed whole
	WrittenOff    BillState = "WRITTEN_OFF"
)

// billMoves is the whole life of a bill. A closed bill on which money still comes in goes to REFUND_DUE and back.
var billActs = models.Acts[BillState]{
	models.From(BillDraft).To(Issued, CancelledBill).By("Carry", models.System),
	models.From(BillDraft).To(CancelledBill).By("Cancel", models.System),
	models.From(BillDraft).To(CancelledBill).By("VoidBy", models.System),
	models.From(Issued, PartlyPaid).To(PastDue).By("Wake", models.System),
	models.From(PastDue).To(InCollection).By("Wake", models.System),
	models.From(Issued).To(PartlyPaid).By("Hear", models.System),
	models.From(Issued).To(PartlyPaid).By("Confirm", models.System),
	models.From(Issued).To(PartlyPaid).By("PaidAtDesk", models.System),
	models.From(Issued, PartlyPaid, PastDue, InCollection).To(RefundDue, Paid).By("Hear", models.System),
	models.From(Issued, PartlyPaid, PastDue, InCollection).To(RefundDue, Paid).By("Confirm", models.System),
	models.From(Issued, PartlyPaid, PastDue, InCollection).To(RefundDue, Paid).By("PaidAtDesk", models.System),
	models.From(Paid, Void, WrittenOff).To(RefundDue).By("Hear", models.System),
	models.From(Paid, Void, WrittenOff).To(RefundDue).By("Confirm", models.System),
	models.From(Paid, Void, WrittenOff).To(RefundDue).By("PaidAtDesk", models.System),
	models.From(Issued, PartlyPaid, PastDue, InCollection).To(RefundDue, Paid).By("Carry", models.System),
	models.From(Paid).To(RefundDue).By("Carry", models.System),
	models.From(Issued, PartlyPaid, PastDue, InCollection, Paid, WrittenOff).To(RefundDue, Void).By("VoidBy", models.System),
	models.From(Issued, PartlyPaid, PastDue, InCollection).To(Paid, WrittenOff).Another("DecideWaiver", models.CountyHealth),
	models.From(RefundDue).To(Paid, Void, WrittenOff).By("Returned", models.System),
}

var billMoves = billActs.Machine()

// unpaid are the states in which money is owed.
var unpaid = []BillState{Issued, PartlyPaid, PastDue, InCollection}

// A Bill is what a visit left to pay in cash.
// outstanding = principal − waived − (paid − refunded); 0 ≤ refunded ≤ paid, waived ≤ principal, and outstanding < 0 only in REFUND_DUE.
type Bill struct {
	models.Meta            `bson:",inline"`
	models.Life[BillState] `bson:",inline"`

	BillNo       string        `bson:"billNo"` // what people and desks read; unique
	Encounter    string        `bson:"encounter"`
	Seq          int           `bson:"seq"` // the n-th bill of its visit, from 1
	Agreement    string        `bson:"agreement"`
	Person       string        `bson:"person"` // who owes: the agreement's holder
	Hospital     string        `bson:"hospital"`
	HospitalName string        `bson:"hospitalName"`
	Region       models.Region `bson:"region"`
	Scheme       string        `bson:"scheme"`
	Funding      FundingMode   `bson:"funding"`
	Type         VisitType     `bson:"type"`
	Terms        Terms         `bson:"terms"`
	SetlSeq      int64         `bson:"setlSeq"` // the version of the visit whose settlement it carries; older news is ignored

	Principal models.Fen `bson:"principal"`
	Waived    models.Fen `bson:"waived"`
	Paid      models.Fen `bson:"paid"`
	Refunded  models.Fen `bson:"refunded"`

	IssuedOn models.Day `bson:"issuedOn,omitempty"`
	DueOn    models.Day `bson:"dueOn,omitempty"`
	DueAt    *time.Time `bson:"dueAt,omitempty"` // the end of DueOn
	PaidAt   *time.Time `bson:"paidAt,omitempty"`
	ReturnTo BillState  `bson:"returnTo,omitempty"` // where a refund ends, when not PAID

	Done     []string  `bson:"done,omitempty"` // steps of the plan that are behind it
	Stops    []Stop    `bson:"stops,omitempty"`
	Payments []Payment `bson:"payments,omitempty"`
	Refunds  []Refund  `bson:"refunds,omitempty"`
	Waivers  []Waiver  `bson:"waivers,omitempty"`
	Ledger   []Entry   `bson:"ledger,omitempty"`
}

// A BillHead is what a bill says of itself: its number, the how manyeth of its visit it is, who makes it out and who pays beforehand.
type BillHead struct {
	ID, No   string
	Seq      int
	Hospital string // what people call it
	Funding  FundingMode
}

// NewBill starts the n-th bill of a visit, still without an amount.
func NewBill(h BillHead, e *Encounter, a *Agreement, now time.Time) *Bill {
	return &Bill{
		Meta: models.Meta{ID: h.ID}, Life: models.Life[BillState]{State: BillDraft, Moved: models.Moved{By: models.System, At: now}},
		BillNo: h.No, Encounter: e.ID, Seq: h.Seq, Agreement: a.ID, Person: a.Person, Hospital: e.Hospital, HospitalName: h.Hospital,
		Region: a.Region, Scheme: a.Scheme, Funding: h.Funding, Type: e.Type, Terms: a.Terms,
	}
}

// BillNumber is the number people read: the day and 8 characters of the bill's id, told apart easily by eye and ear.
func BillNumber(id string, on models.Day) string {
	sum := sha256.Sum256([]byte(id))
	return "XY" + strings.ReplaceAll(string(on)[2:], "-", "") + legible.EncodeToString(sum[:5])
}

var legible = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Outstanding is what is still owed; negative while a refund is due.
func (b *Bill) Outstanding() models.Fen { return b.Principal - b.Waived - (b.Paid - b.Refunded) }

// Drawn is what the bill uses of the agreement's limit.
func (b *Bill) Drawn() models.Fen {
	if b.Owes() {
		return max(b.Outstanding(), 0)
	}
	return 0
}

// Owes says whether money is owed in the bill's state.
func (b *Bill) Owes() bool { return slices.Contains(unpaid, b.State) }

// Dpd is the number of days past due on a day, the grace days not counted; 0 while the bill is not overdue.
func (b *Bill) Dpd(on models.Day) int {
	if b.State != PastDue && b.State != InCollection {
		return 0
	}
	return max(on.Since(b.DueOn.Add(b.Terms.GraceDays)), 0)
}

// Carry sets the principal by the visit's settlement at version setlSeq of the visit. A draft is issued (or, at zero, cancelled); a rise
// gives new time to pay; a fall below what is paid starts the refund. Older news changes nothing, and so does the same news again.
//
// Errors: InvalidTransition when a bill that cannot be raised should be (Allocate never asks for that).
func (b *Bill) Carry(principal models.Fen, setlSeq int64, now time.Time) error {
	if setlSeq <= b.SetlSeq {
		return nil
	}
	switch {
	case b.State == BillDraft && principal == 0:
		b.SetlSeq = setlSeq
		return b.cancel(now)
	case b.State == BillDraft:
		b.SetlSeq = setlSeq
		return b.issue(principal, now)
	case principal == b.Principal:
		b.SetlSeq = setlSeq
		return nil
	case principal > b.Principal && b.State != Issued && b.State != PartlyPaid:
		return models.Refused(b.Life, billMoves[b.State], "medical.bill_not_raisable")
	}
	b.SetlSeq = setlSeq
	diff := principal - b.Principal
	b.Principal = principal
	b.book(now, "resettle", b.payable(), receivable, -diff)
	b.book(now, "resettle", receivable, waivedOff, b.Waived-min(b.Waived, principal))
	b.Waived = min(b.Waived, principal)
	if diff > 0 {
		b.setDue(max(b.DueOn, b.Terms.Due(b.Type, models.DayOf(now))))
	}
	b.Publish(BillResettled.Of(ResettledData{
		Principal: principal, Outstanding: b.Outstanding(), Due: b.DueOn, BillNo: b.BillNo,
	}), b.Person, models.Clockwork, now)
	return b.level(models.Clockwork, now)
}

func (b *Bill) issue(principal models.Fen, now time.Time) error {
	if err := b.move(Issued, models.Clockwork, now); err != nil {
		return err
	}
	b.Principal, b.IssuedOn = principal, models.DayOf(now)
	b.setDue(b.Terms.Due(b.Type, b.IssuedOn))
	b.book(now, "issue", receivable, b.payable(), principal)
	b.Publish(BillIssued.Of(IssuedData{
		Amount: principal, Due: b.DueOn, Hospital: b.HospitalName, BillNo: b.BillNo,
	}), b.Person, models.Clockwork, now)
	b.plan()
	return nil
}

// Cancel ends a draft: the visit was cancelled or owes nothing. A bill that is no draft any more is left alone.
func (b *Bill) Cancel(now time.Time) error {
	if b.State != BillDraft {
		return nil
	}
	return b.cancel(now)
}

func (b *Bill) cancel(now time.Time) error {
	if err := b.move(CancelledBill, models.Clockwork, now); err != nil {
		return err
	}
	b.Publish(BillCancelled, "", models.Clockwork, now)
	b.plan()
	return nil
}

// VoidBy takes the bill back because its settlement was reversed: nothing is owed any more, and what was paid goes back.
func (b *Bill) VoidBy(setlSeq int64, now time.Time) error {
	if setlSeq <= b.SetlSeq || b.State == Void || b.State == CancelledBill {
		return nil
	}
	b.SetlSeq = setlSeq
	if b.State == BillDraft {
		return b.cancel(now)
	}
	if b.State == RefundDue && b.ReturnTo == Void {
		return nil
	}
	b.book(now, "void", b.payable(), receivable, b.Principal-b.Waived)
	b.book(now, "void", b.payable(), waivedOff, b.Waived)
	b.Principal, b.Waived, b.ReturnTo = 0, 0, Void
	b.closeIntents(now)
	b.Publish(BillVoided.Of(BillData{BillNo: b.BillNo}), b.Person, models.Clockwork, now)
	return b.level(models.Clockwork, now)
}

// level moves the bill to where its numbers say it stands: refund due, paid, partly paid. It is called after every movement.
func (b *Bill) level(by models.Actor, now time.Time) error {
	out := b.Outstanding()
	final := Paid
	if b.ReturnTo != "" {
		final = b.ReturnTo
	}
	switch {
	case out < 0:
		if b.State != RefundDue {
			if err := b.move(RefundDue, by, now); err != nil {
				return err
			}
		}
		b.refundRest(now)
	case out == 0 && b.State != final:
		if err := b.move(final, by, now); err != nil {
			return err
		}
		b.settled(final, by, now)
	case out > 0 && b.State == Issued && b.Paid > b.Refunded:
		if err := b.move(PartlyPaid, by, now); err != nil {
			return err
		}
	}
	b.plan()
	return nil
}

// settled is what being paid in full brings. Waiting intents stay: a late success is refunded.
func (b *Bill) settled(final BillState, by models.Actor, now time.Time) {
	if final != Paid {
		return
	}
	if b.PaidAt != nil {
		return // paid before: this is the end of a refund
	}
	b.PaidAt = models.At(now)
	b.Publish(BillPaid.Of(PaidData{BillNo: b.BillNo, Amount: b.Paid - b.Refunded, OnTime: b.OnTime()}), b.Person, by, now)
}

// OnTime says whether the bill was paid in full by its due day, or while its clock stood still before it was late.
// One that became nothing without a payment is not counted either way.
func (b *Bill) OnTime() bool {
	if b.PaidAt == nil || b.DueAt == nil || b.Paid == b.Refunded {
		return false
	}
	still := func(i int) bool {
		s := b.Stops[i]
		return !s.From.After(*b.PaidAt) && (s.Ended == nil || !s.Ended.Before(*b.PaidAt)) && !b.stoppedSince(i).After(*b.DueAt)
	}
	for i := range b.Stops {
		if still(i) {
			return true
		}
	}
	return !b.PaidAt.After(*b.DueAt)
}

func (b *Bill) setDue(day models.Day) { b.DueOn, b.DueAt = day, models.At(day.End()) }

func (b *Bill) move(to BillState, by models.Actor, now time.Time) error {
	return b.Move(billMoves, to, by.At(now), "medical.bill_not_"+billRefusal[to])
}

var billRefusal = map[BillState]string{
	BillDraft: "new", // nothing goes back to it
	Issued:    "draft", PartlyPaid: "payable", PastDue: "payable", InCollection: "overdue", RefundDue: "refundable",
	Paid: "payable", CancelledBill: "draft", Void: "voidable", WrittenOff: "payable",
}
