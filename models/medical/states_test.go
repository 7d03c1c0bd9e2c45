package medical

import (
	"testing"
	"time"

	"xinyi/models"
)

const day = 24 * time.Hour

// closedMachine checks that no move leads to a state the machine does not name.
func closedMachine[S ~string](t *testing.T, m models.Machine[S]) {
	t.Helper()
	for from, tos := range m {
		for _, to := range tos {
			if _, known := m[to]; !known {
				t.Errorf("%s leads to %s, which has no entry", from, to)
			}
		}
	}
}

func TestMachinesAreClosed(t *testing.T) {
	closedMachine(t, agreementMoves)
	closedMachine(t, encounterMoves)
	closedMachine(t, billMoves)
	closedMachine(t, conductMoves)
}

func agreementIn(t *testing.T, s AgreementState) *Agreement {
	a := signed(t, 50000)
	switch s {
	case Draft, Verifying, Consenting, Review, Rejected:
		a.SignedAt, a.Ends, a.Limits, a.Outpatient.Limit, a.Inpatient.Limit, a.WakeAt = nil, "", nil, 0, 0, nil
		a.State = s
		if s == Rejected {
			a.Slot = "ended/a1"
		}
	case Active:
	case Suspended:
		must(t, a.Suspend(clerk, "looks odd", noon))
	case Closing, Expired, Closed:
		if s == Closing || s == Expired {
			a.Draw(Drawing{Bill: "b0", Visit: "v0", Outstanding: 1000}, Outpatient, 1, noon)
		}
		if s == Expired {
			must(t, a.Wake(a.Ends.End().Add(time.Millisecond)))
		} else {
			must(t, a.Close(mei, noon))
		}
	}
	a.Outbox = nil
	return a
}

func TestAgreementInEveryState(t *testing.T) {
	now := after(time.Hour)
	inEveryState(t, agreementMoves, agreementIn, func(a *Agreement) models.Life[AgreementState] { return a.Life }, []act[Agreement]{
		{name: "ask review", do: func(a *Agreement) error { return a.AskReview(mei, "please", now) }, allowed: "REJECTED"},
		{name: "admit", do: func(a *Agreement) error { return a.Decide(clerk, true, newScheme(), now) }, allowed: "REVIEW"},
		{name: "decline", do: func(a *Agreement) error { return a.Decide(clerk, false, newScheme(), now) }, allowed: "REVIEW"},
		{name: "suspend", do: func(a *Agreement) error { return a.Suspend(clerk, "why", now) }, allowed: "ACTIVE"},
		{name: "reinstate", do: func(a *Agreement) error { return a.Reinstate(clerk, now) }, allowed: "SUSPENDED"},
		{name: "close", do: func(a *Agreement) error { return a.Close(mei, now) }, allowed: "ACTIVE SUSPENDED"},
		{name: "set limit", do: func(a *Agreement) error { return a.SetLimit(40000, clerk, "why", now) }, allowed: "ACTIVE SUSPENDED"},
		{name: "withdraw", do: func(a *Agreement) error { return a.Withdraw("credit_query", mei, now) }, allowed: "ACTIVE SUSPENDED CLOSING EXPIRED", code: models.NotFound},
		{name: "reserve", do: func(a *Agreement) error { return a.Reserve("v1", Outpatient, 1000, 1, now) }, allowed: "ACTIVE", code: models.Denied},
		{name: "freeze", do: func(a *Agreement) error { _, err := a.Block(Freeze, "b0", models.Clockwork, now); return err },
			allowed: "ACTIVE SUSPENDED CLOSING EXPIRED DRAFT VERIFYING CONSENTING REVIEW", quiet: "CLOSED REJECTED"},
		{name: "unblock nothing", do: func(a *Agreement) error { _, err := a.Unblock("b0", now, Freeze); return err },
			quiet: "DRAFT VERIFYING CONSENTING REVIEW REJECTED ACTIVE SUSPENDED CLOSING CLOSED EXPIRED"},
		{name: "wake before anything is due", do: func(a *Agreement) error { return a.Wake(now) },
			quiet: "DRAFT VERIFYING CONSENTING REVIEW REJECTED ACTIVE SUSPENDED CLOSING CLOSED EXPIRED"},
	})
}

func encounterIn(t *testing.T, s EncounterState) *Encounter {
	e := visit(Outpatient)
	if s != Opened {
		_, err := e.Charge([]Line{line("l1", 1, 1000)}, 5000, his, noon)
		must(t, err)
	}
	settle := func() {
		_, err := e.Settle(InsurerWord{SetlID: "set1", Revision: 1, Amounts: amounts(0, 0, 1000), MulaidInside: false}, 5000, his, noon)
		must(t, err)
	}
	switch s {
	case Opened, Charging:
	case VisitDone:
		settle()
	case Resettling:
		settle()
		must(t, e.Reverse("set1", his, noon))
	case Cancelled:
		must(t, e.Cancel(his, noon))
	}
	e.Outbox = nil
	return e
}

func TestEncounterInEveryState(t *testing.T) {
	now := after(time.Hour)
	inEveryState(t, encounterMoves, encounterIn, func(e *Encounter) models.Life[EncounterState] { return e.Life }, []act[Encounter]{
		{name: "charge", do: func(e *Encounter) error {
			_, err := e.Charge([]Line{line("l2", 1, 500)}, 5000, his, now)
			return err
		}, allowed: "OPEN CHARGING RESETTLING"},
		{name: "charge the same again", do: func(e *Encounter) error {
			_, err := e.Charge([]Line{line("l1", 1, 1000)}, 5000, his, now)
			return err
		}, allowed: "OPEN", quiet: "CHARGING SETTLED RESETTLING CANCELLED"},
		{name: "settle", do: func(e *Encounter) error {
			id := "set2"
			if e.State == VisitDone {
				id = "set1"
			}
			_, err := e.Settle(InsurerWord{SetlID: id, Revision: 2, Amounts: amounts(0, 0, 900), MulaidInside: false}, 5000, his, now)
			return err
		}, allowed: "OPEN CHARGING RESETTLING SETTLED"},
		{name: "reverse", do: func(e *Encounter) error { return e.Reverse("set1", his, now) }, allowed: "SETTLED", quiet: "RESETTLING", code: models.NotFound},
		{name: "cancel", do: func(e *Encounter) error { return e.Cancel(his, now) }, allowed: "OPEN CHARGING RESETTLING", quiet: "CANCELLED"},
		{name: "wake", do: func(e *Encounter) error { return e.Wake(now) }, quiet: "OPEN CHARGING SETTLED RESETTLING CANCELLED"},
	})
}

func billIn(t *testing.T, s BillState) *Bill {
	b := issued(t, 1000)
	pay := func(amount models.Fen) { must(t, b.PaidAtDesk("r"+amount.Yuan(), amount, his, noon)) }
	switch s {
	case BillDraft, CancelledBill:
		b = NewBill(BillHead{ID: "b1", No: "1001", Seq: 1, Hospital: clinic.Name, Funding: newScheme().Funding}, visit(Outpatient), signed(t, 50000), noon)
		if s == CancelledBill {
			must(t, b.Cancel(noon))
		}
	case Issued:
	case PartlyPaid:
		pay(300)
	case PastDue:
		must(t, b.Wake(b.DueOn.Add(1).Start()))
	case InCollection:
		must(t, b.Wake(b.DueOn.Add(30).Start()))
	case RefundDue:
		pay(1300)
	case Paid:
		pay(1000)
	case Void:
		must(t, b.VoidBy(2, noon))
		b.SetlSeq = 1
	case WrittenOff:
		must(t, b.AskWaiver(Waiver{ID: "w0", Amount: 0, Reason: "DEATH", Note: ""}, clerk, noon))
		must(t, b.DecideWaiver("w0", true, boss, noon))
	}
	b.Outbox = nil
	return b
}

func TestBillInEveryState(t *testing.T) {
	now := after(time.Hour)
	const owing, rest = "ISSUED PARTIALLY_PAID OVERDUE IN_COLLECTION", "REFUND_DUE PAID WRITTEN_OFF"
	inEveryState(t, billMoves, billIn, func(b *Bill) models.Life[BillState] { return b.Life }, []act[Bill]{
		{name: "carry more", do: func(b *Bill) error { return b.Carry(2000, 9, now) }, allowed: "DRAFT ISSUED PARTIALLY_PAID"},
		{name: "carry less", do: func(b *Bill) error { return b.Carry(200, 9, now) }, allowed: "DRAFT " + owing + " " + rest},
		{name: "carry older news", do: func(b *Bill) error { return b.Carry(2000, 0, now) }, quiet: "DRAFT CANCELLED VOID " + owing + " " + rest},
		{name: "void", do: func(b *Bill) error { return b.VoidBy(9, now) }, allowed: "DRAFT " + owing + " " + rest, quiet: "VOID CANCELLED"},
		{name: "void by older news", do: func(b *Bill) error { return b.VoidBy(0, now) }, quiet: "DRAFT CANCELLED VOID " + owing + " " + rest},
		{name: "cancel", do: func(b *Bill) error { return b.Cancel(now) }, allowed: "DRAFT", quiet: "CANCELLED VOID " + owing + " " + rest},
		{name: "pay", do: func(b *Bill) error { return b.Pay("p9", "wechat", 200, mei, now) }, allowed: owing},
		{name: "pay at the desk", do: func(b *Bill) error { return b.PaidAtDesk("r9", 200, his, now) }, allowed: "VOID " + owing + " " + rest},
		{name: "object", do: func(b *Bill) error { return b.Object(mei, "wrong", now) }, allowed: owing},
		{name: "pause", do: func(b *Bill) error { return b.PauseFor("INSURANCE", 5, clerk, now) }, allowed: owing},
		{name: "ask a waiver", do: func(b *Bill) error {
			return b.AskWaiver(Waiver{ID: "w9", Amount: 100, Reason: "HARDSHIP", Note: ""}, clerk, now)
		}, allowed: owing},
		{name: "decide no dispute", do: func(b *Bill) error { return b.DecideDispute(clerk, true, now) }, code: models.Conflict},
		{name: "resume no pause", do: func(b *Bill) error { return b.Resume(clerk, now) }, code: models.Conflict},
		{name: "confirm an unknown payment", do: func(b *Bill) error { return b.Confirm("p9", "t9", 200, now) }, code: models.NotFound},
		{name: "fail an unknown payment", do: func(b *Bill) error { return b.Fail("p9", Failed, now) }, code: models.NotFound},
		{name: "return an unknown refund", do: func(b *Bill) error { return b.Returned("x", "t", now) }, code: models.NotFound},
		{name: "decide an unknown waiver", do: func(b *Bill) error { return b.DecideWaiver("x", true, boss, now) }, code: models.NotFound},
		{name: "wake before anything is due", do: func(b *Bill) error { return b.Wake(now) }, quiet: "DRAFT CANCELLED VOID " + owing + " " + rest},
	})
}

// paymentStates stands for a machine: a payment's outcomes are news, not moves, and none is refused by its state.
var paymentStates = models.Machine[PaymentState]{Pending: nil, Succeeded: nil, Failed: nil, ClosedPay: nil}

func paymentIn(t *testing.T, s PaymentState) *Bill {
	b := issued(t, 1000)
	must(t, b.Pay("p1", "wechat", 400, mei, noon))
	switch s {
	case Pending:
	case Succeeded:
		must(t, b.Confirm("p1", "t1", 400, noon))
	case Failed, ClosedPay:
		must(t, b.Fail("p1", s, noon))
	}
	b.Outbox = nil
	return b
}

func TestPaymentInEveryState(t *testing.T) {
	now := after(time.Minute)
	life := func(b *Bill) models.Life[PaymentState] { return models.Life[PaymentState]{State: b.Payments[0].State} }
	inEveryState(t, paymentStates, paymentIn, life, []act[Bill]{
		{name: "the same again", do: func(b *Bill) error { return b.Pay("p1", "wechat", 400, mei, now) }, quiet: "PENDING SUCCEEDED FAILED CLOSED"},
		{name: "another amount", do: func(b *Bill) error { return b.Pay("p1", "wechat", 300, mei, now) }, code: models.Conflict},
		{name: "another channel", do: func(b *Bill) error { return b.Pay("p1", "alipay", 400, mei, now) }, code: models.Conflict},
		{name: "confirm", do: func(b *Bill) error { return b.Confirm("p1", "t1", 400, now) }, allowed: "PENDING FAILED CLOSED", quiet: "SUCCEEDED"},
		{name: "confirm another amount", do: func(b *Bill) error { return b.Confirm("p1", "t1", 401, now) }, code: models.Conflict},
		{name: "fail", do: func(b *Bill) error { return b.Fail("p1", Failed, now) }, allowed: "PENDING", quiet: "SUCCEEDED FAILED CLOSED"},
	})
	b := paymentIn(t, Succeeded)
	before := copied(t, b)
	want(t, b.Confirm("p1", "t2", 400, now), models.Conflict, "medical.payment_differs")
	unchanged(t, before, b)
}

func conductIn(t *testing.T, s ConductState) *Conduct {
	b := issued(t, 20000)
	must(t, b.Wake(b.DueOn.Add(60).Start()))
	c := Notice(b, noon)
	confirm := func() {
		must(t, c.Confirm(clerk, b, Served{3, 2}, b.DueOn.Add(60).Start()))
	}
	switch s {
	case Noticed:
	case Objected:
		must(t, c.Object(mei, "no", noon))
	case Dropped:
		must(t, c.Drop(clerk, noon))
	case Confirmed:
		confirm()
	case Cured, Repaired, Archived:
		confirm()
		must(t, c.Cure(1, noon))
		if s == Repaired {
			must(t, c.Wake(*c.RepairAt))
		}
		if s == Archived {
			must(t, c.Wake(after(400*day)))
		}
	}
	c.Outbox = nil
	return c
}

func TestConductInEveryState(t *testing.T) {
	now := after(time.Hour)
	late := issued(t, 20000)
	must(t, late.Wake(late.DueOn.Add(60).Start()))
	in := late.DueOn.Add(60).Start()
	inEveryState(t, conductMoves, conductIn, func(c *Conduct) models.Life[ConductState] { return c.Life }, []act[Conduct]{
		{name: "object", do: func(c *Conduct) error { return c.Object(mei, "no", now) }, allowed: "NOTICED"},
		{name: "uphold", do: func(c *Conduct) error { return c.DecideObjection(clerk, true, now) }, allowed: "OBJECTED"},
		{name: "reject", do: func(c *Conduct) error { return c.DecideObjection(clerk, false, now) }, allowed: "OBJECTED"},
		{name: "drop", do: func(c *Conduct) error { return c.Drop(clerk, now) }, allowed: "NOTICED OBJECTED CONFIRMED CURED", quiet: "DROPPED REPAIRED ARCHIVED"},
		{name: "confirm", do: func(c *Conduct) error { return c.Confirm(clerk, late, Served{3, 2}, in) }, allowed: "NOTICED"},
		{name: "cure", do: func(c *Conduct) error { return c.Cure(1, now) }, allowed: "NOTICED OBJECTED CONFIRMED", quiet: "DROPPED CURED REPAIRED ARCHIVED"},
		{name: "say", do: func(c *Conduct) error { return c.Say("I was ill") }, allowed: "NOTICED OBJECTED CONFIRMED CURED REPAIRED"},
		{name: "wake too early", do: func(c *Conduct) error { return c.Wake(now) }, quiet: "NOTICED OBJECTED DROPPED CONFIRMED CURED REPAIRED ARCHIVED"},
	})
}
