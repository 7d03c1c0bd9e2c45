package medical

import (
	"testing"
	"time"

	"xinyi/models"
)

// figures checks a bill's numbers to the fen.
func figures(t *testing.T, b *Bill, state BillState, principal, paid, refunded, outstanding models.Fen) {
	t.Helper()
	if b.State != state || b.Principal != principal || b.Paid != paid || b.Refunded != refunded || b.Outstanding() != outstanding {
		t.Fatalf("%s principal %d paid %d refunded %d outstanding %d; want %s %d %d %d %d",
			b.State, b.Principal, b.Paid, b.Refunded, b.Outstanding(), state, principal, paid, refunded, outstanding)
	}
	must(t, b.Audit())
}

func room(t *testing.T, a *Agreement, held, drawn, available models.Fen) {
	t.Helper()
	p := &a.Outpatient
	if p.Held() != held || p.Owed() != drawn || p.Available() != available {
		t.Fatalf("held %d drawn %d available %d; want %d %d %d", p.Held(), p.Owed(), p.Available(), held, drawn, available)
	}
}

func held(a *Agreement, e *Encounter) models.Fen {
	amount, _ := a.HeldFor(e.ID, e.Type)
	return amount
}

// example runs the visit up to its bill: three charges, the hold, the insurer's word.
func example(t *testing.T) (*Agreement, *Encounter, *Bill) {
	a, e := signed(t, 100000), visit(Outpatient)
	charges := []Line{line("1", 1, 1200), line("2", 1, 26850), line("3", 1, 14327)}
	hold := e.Fit(charges, a.Room(e.ID, e.Type), noon)
	must(t, a.Reserve(e.ID, e.Type, hold, 1, noon))
	_, err := e.Charge(charges, hold, his, noon)
	must(t, err)
	room(t, a, 42377, 0, 57623)
	b := NewBill(BillHead{ID: "b1", No: "1001", Seq: 1, Hospital: clinic.Name, Funding: newScheme().Funding}, e, a, noon)
	s, err := e.Settle(InsurerWord{SetlID: "set", Revision: 1, Amounts: amounts(18642, 5000, 18735), MulaidInside: false}, held(a, e), his, noon)
	must(t, err)
	if s.Deferred != 18735 || s.PayNow != 0 {
		t.Fatalf("%+v", s)
	}
	must(t, b.Carry(18735, 2, noon))
	a.Draw(Drawing{Bill: b.ID, Visit: e.ID, Outstanding: b.Drawn()}, e.Type, 1, noon)
	figures(t, b, Issued, 18735, 0, 0, 18735)
	room(t, a, 0, 18735, 81265)
	return a, e, b
}

func TestWorkedExampleRefund(t *testing.T) {
	a, e, b := example(t)
	must(t, b.Pay("p1", "wechat", 10000, mei, noon))
	must(t, b.Confirm("p1", "t1", 10000, noon))
	a.Draw(Drawing{Bill: b.ID, Visit: e.ID, Outstanding: b.Drawn()}, e.Type, 2, noon)
	figures(t, b, PartlyPaid, 18735, 10000, 0, 8735)
	room(t, a, 0, 8735, 91265)
	s, err := e.Settle(InsurerWord{SetlID: "set", Revision: 2, Amounts: amounts(29257, 5000, 8120), MulaidInside: false}, held(a, e), his, noon)
	must(t, err)
	principals, more := Allocate(s.Deferred, []*Bill{b})
	if len(principals) != 1 || principals[0] != 8120 || more != 0 {
		t.Fatal(principals, more)
	}
	must(t, b.Carry(principals[0], 3, noon))
	a.Draw(Drawing{Bill: b.ID, Visit: e.ID, Outstanding: b.Drawn()}, e.Type, 3, noon)
	figures(t, b, RefundDue, 8120, 10000, 0, -1880)
	room(t, a, 0, 0, 100000)
	waiting := b.RefundsWaiting()
	if len(waiting) != 1 || waiting[0].Amount != 1880 || waiting[0].PayNo != "p1" || waiting[0].Channel != "wechat" {
		t.Fatalf("%+v", waiting)
	}
	must(t, b.Returned(waiting[0].RefundNo, "rt1", noon))
	figures(t, b, Paid, 8120, 10000, 1880, 0)
	room(t, a, 0, 0, 100000)
}

func TestWorkedExampleSupplement(t *testing.T) {
	a, e, b := example(t)
	must(t, b.PaidAtDesk("r1", 18735, his, noon))
	a.Draw(Drawing{Bill: b.ID, Visit: e.ID, Outstanding: b.Drawn()}, e.Type, 2, noon)
	later := after(3 * day)
	m := amounts(17377, 5000, 20000)
	must(t, a.Reserve(e.ID, e.Type, e.Wants(m), 3, later))
	s, err := e.Settle(InsurerWord{SetlID: "set", Revision: 2, Amounts: m, MulaidInside: false}, held(a, e), his, later)
	must(t, err)
	principals, more := Allocate(s.Deferred, []*Bill{b})
	if principals[0] != 18735 || more != 1265 || s.PayNow != 0 {
		t.Fatal(principals, more, s.PayNow)
	}
	must(t, b.Carry(principals[0], 3, later))
	c := NewBill(BillHead{ID: "b2", No: "1002", Seq: 2, Hospital: clinic.Name, Funding: newScheme().Funding}, e, a, later)
	must(t, c.Carry(more, 3, later))
	a.Draw(Drawing{Bill: c.ID, Visit: e.ID, Outstanding: c.Drawn()}, e.Type, 1, later)
	figures(t, b, Paid, 18735, 18735, 0, 0)
	figures(t, c, Issued, 1265, 0, 0, 1265)
	room(t, a, 0, 1265, 98735)
	if c.DueOn != models.DayOf(later).Add(7) || b.DueOn != models.DayOf(noon).Add(7) {
		t.Errorf("due %s and %s", b.DueOn, c.DueOn)
	}
	principals, more = Allocate(s.Deferred, []*Bill{b, c})
	if principals[0] != 18735 || principals[1] != 1265 || more != 0 {
		t.Error("the same news again moves money")
	}
}

func TestPayBorders(t *testing.T) {
	for name, tc := range map[string]struct {
		owed, reserved, amount models.Fen
		code                   models.Code
		reason                 string
	}{
		"all":                       {1000, 0, 1000, "", ""},
		"a fen more":                {1000, 0, 1001, models.Conflict, "medical.payment_over"},
		"the least":                 {1000, 0, 100, "", ""},
		"a fen below the least":     {1000, 0, 99, models.Invalid, "medical.payment_too_small"},
		"a small whole rest":        {99, 0, 99, "", ""},
		"a part of a small rest":    {99, 0, 98, models.Invalid, "medical.payment_too_small"},
		"nothing":                   {1000, 0, 0, models.Invalid, "medical.payment_too_small"},
		"below zero":                {1000, 0, -100, models.Invalid, "medical.payment_too_small"},
		"beside an intent":          {1000, 600, 400, "", ""},
		"a fen too much beside one": {1000, 600, 401, models.Conflict, "medical.payment_over"},
	} {
		t.Run(name, func(t *testing.T) {
			b := issued(t, tc.owed)
			if tc.reserved > 0 {
				must(t, b.Pay("p0", "wechat", tc.reserved, mei, noon))
			}
			before := copied(t, b)
			err := b.Pay("p1", "alipay", tc.amount, mei, noon)
			if tc.code == "" {
				must(t, err)
				return
			}
			want(t, err, tc.code, tc.reason)
			unchanged(t, before, b)
		})
	}
	b := issued(t, 1000)
	must(t, b.Pay("p0", "wechat", 1000, mei, noon))
	must(t, b.Carry(300, 2, noon))
	if e := want(t, b.Pay("p1", "wechat", 300, mei, noon), models.Conflict, "medical.payment_over"); e.Args["free"] != "0.00" {
		t.Errorf("free is %s", e.Args["free"])
	}
}

func TestDeskPayment(t *testing.T) {
	b := issued(t, 1000)
	must(t, b.Pay("p1", "wechat", 1000, mei, noon))
	must(t, b.PaidAtDesk("r1", 1000, his, noon))
	figures(t, b, Paid, 1000, 1000, 0, 0)
	if p, _ := b.PaymentOf("p1"); p.State != ClosedPay {
		t.Errorf("the intent is %s", p.State)
	}
	before := copied(t, b)
	must(t, b.PaidAtDesk("r1", 1000, his, noon))
	want(t, b.PaidAtDesk("r1", 999, his, noon), models.Conflict, "medical.payment_differs")
	for _, amount := range []models.Fen{0, -5} {
		if err := b.PaidAtDesk("r2", amount, his, noon); models.CodeOf(err) != models.Invalid {
			t.Errorf("a desk payment of %d: %v", amount, err)
		}
	}
	unchanged(t, before, b)
	must(t, b.Confirm("p1", "t1", 1000, noon))
	figures(t, b, RefundDue, 1000, 2000, 0, -1000)
	must(t, b.PaidAtDesk("r3", 50, his, noon))
	figures(t, b, RefundDue, 1000, 2050, 0, -1050)
	if r := b.RefundsWaiting(); len(r) != 2 || r[0].PayNo != "desk-r1" && r[0].PayNo != "p1" || r[1].PayNo != "desk-r3" {
		t.Errorf("%+v", r)
	}
	for _, r := range b.RefundsWaiting() {
		must(t, b.Returned(r.RefundNo, "x", noon))
	}
	figures(t, b, Paid, 1000, 2050, 1050, 0)
}

func TestMoneyOnAClosedBillGoesBack(t *testing.T) {
	for _, s := range []BillState{Void, WrittenOff, Paid} {
		t.Run(string(s), func(t *testing.T) {
			b := issued(t, 1000)
			must(t, b.Pay("p1", "wechat", 1000, mei, noon))
			switch s {
			case Void:
				must(t, b.VoidBy(2, noon))
			case WrittenOff:
				must(t, b.AskWaiver(Waiver{ID: "w", Amount: 0, Reason: "DEATH", Note: ""}, clerk, noon))
				must(t, b.DecideWaiver("w", true, boss, noon))
			default:
				must(t, b.Carry(0, 2, noon))
			}
			if b.State != s {
				t.Fatal(b.State)
			}
			must(t, b.Confirm("p1", "t1", 1000, noon))
			if b.State != RefundDue || b.Outstanding() != -1000 || b.Drawn() != 0 {
				t.Fatalf("%s %d", b.State, b.Outstanding())
			}
			must(t, b.Audit())
			must(t, b.Returned(b.RefundsWaiting()[0].RefundNo, "rt", noon))
			if b.State != s || b.Outstanding() != 0 {
				t.Fatalf("after the refund %s %d", b.State, b.Outstanding())
			}
			must(t, b.Audit())
		})
	}
}

func TestVoidWhileARefundIsOnItsWay(t *testing.T) {
	b := issued(t, 1000)
	must(t, b.PaidAtDesk("r1", 1300, his, noon))
	must(t, b.VoidBy(2, noon))
	figures(t, b, RefundDue, 0, 1300, 0, -1300)
	for _, r := range b.RefundsWaiting() {
		must(t, b.Returned(r.RefundNo, "x", noon))
	}
	figures(t, b, Void, 0, 1300, 1300, 0)
	w := billIn(t, WrittenOff)
	must(t, w.VoidBy(9, noon))
	figures(t, w, Void, 0, 0, 0, 0)
}

func TestRefundsGoToTheNewestPaymentFirst(t *testing.T) {
	b := issued(t, 1000)
	must(t, b.PaidAtDesk("r1", 600, his, noon))
	must(t, b.Pay("p2", "alipay", 400, mei, noon))
	must(t, b.Confirm("p2", "t2", 400, noon))
	must(t, b.Carry(300, 2, noon))
	r := b.RefundsWaiting()
	if len(r) != 2 || r[0].PayNo != "p2" || r[0].Amount != 400 || r[1].PayNo != "desk-r1" || r[1].Amount != 300 {
		t.Fatalf("%+v", r)
	}
	before := copied(t, b)
	want(t, b.Returned("nope", "x", noon), models.NotFound, "medical.refund_unknown")
	unchanged(t, before, b)
	must(t, b.Returned(r[0].RefundNo, "x", noon))
	before = copied(t, b)
	must(t, b.Returned(r[0].RefundNo, "x", noon))
	unchanged(t, before, b)
}

func TestWaiver(t *testing.T) {
	b := issued(t, 1000)
	ask := func(id string, amount models.Fen, reason string, by models.Actor) error {
		return b.AskWaiver(Waiver{ID: id, Amount: amount, Reason: reason, Note: ""}, by, noon)
	}
	before := copied(t, b)
	want(t, ask("w", 1001, "HARDSHIP", clerk), models.Invalid, "medical.waiver_amount")
	want(t, ask("w", -1, "HARDSHIP", clerk), models.Invalid, "medical.waiver_amount")
	want(t, ask("w", 999, "DEATH", clerk), models.Invalid, "medical.waiver_amount")
	want(t, ask("w", 100, "HARDSHIP", mei), models.Forbidden, "medical.own_case")
	unchanged(t, before, b)
	must(t, ask("w", 400, "HARDSHIP", clerk))
	before = copied(t, b)
	must(t, ask("w", 400, "HARDSHIP", clerk))
	want(t, ask("w2", 1, "HARDSHIP", clerk), models.Conflict, "medical.waiver_waits")
	want(t, b.DecideWaiver("w", true, clerk, noon), models.Forbidden, "second_person")
	want(t, b.DecideWaiver("w", true, mei, noon), models.Forbidden, "second_person")
	unchanged(t, before, b)
	must(t, b.DecideWaiver("w", true, boss, noon))
	figures(t, b, Issued, 1000, 0, 0, 600)
	before = copied(t, b)
	must(t, b.DecideWaiver("w", true, boss, noon))
	want(t, b.DecideWaiver("w", false, boss, noon), models.Conflict, "medical.waiver_decided")
	unchanged(t, before, b)

	must(t, ask("w3", 600, "HARDSHIP", clerk))
	must(t, b.PaidAtDesk("r", 1, his, noon))
	before = copied(t, b)
	want(t, b.DecideWaiver("w3", true, boss, noon), models.Conflict, "medical.waiver_amount")
	unchanged(t, before, b)
	must(t, b.DecideWaiver("w3", false, boss, noon))
	must(t, b.Carry(300, 2, noon)) // the settlement falls below what was waived
	if b.Waived != 300 || b.State != RefundDue {
		t.Fatalf("waived %d, %s", b.Waived, b.State)
	}
	must(t, b.Audit())
}

func TestWriteOffIsTheWholeRestOrNothing(t *testing.T) {
	b := issued(t, 1000)
	must(t, b.AskWaiver(Waiver{ID: "w", Amount: 0, Reason: "UNCOLLECTABLE", Note: ""}, clerk, noon))
	must(t, b.Carry(1500, 2, noon))
	before := copied(t, b)
	want(t, b.DecideWaiver("w", true, boss, noon), models.Conflict, "medical.waiver_amount")
	unchanged(t, before, b)
	must(t, b.DecideWaiver("w", false, boss, noon))
	must(t, b.AskWaiver(Waiver{ID: "w2", Amount: 0, Reason: "UNCOLLECTABLE", Note: ""}, clerk, noon))
	must(t, b.DecideWaiver("w2", true, boss, noon))
	figures(t, b, WrittenOff, 1500, 0, 0, 0)
}

func TestRaiseGivesNewTime(t *testing.T) {
	b := issued(t, 1000)
	must(t, b.Carry(1200, 2, after(2*day)))
	if b.DueOn != models.DayOf(noon).Add(9) {
		t.Errorf("due %s", b.DueOn)
	}
	must(t, b.Carry(1100, 3, after(3*day)))
	if b.DueOn != models.DayOf(noon).Add(9) {
		t.Errorf("a fall moves the due day to %s", b.DueOn)
	}
	stay := NewBill(BillHead{ID: "b2", No: "1002", Seq: 1, Hospital: clinic.Name, Funding: newScheme().Funding}, visit(Inpatient), signed(t, 1000), noon)
	must(t, stay.Carry(1000, 1, noon))
	if stay.DueOn != models.DayOf(noon).Add(15) || !stay.DueAt.Equal(stay.DueOn.End()) {
		t.Errorf("a stay is due %s", stay.DueOn)
	}
	none := NewBill(BillHead{ID: "b3", No: "1003", Seq: 1, Hospital: clinic.Name, Funding: newScheme().Funding}, visit(Inpatient), signed(t, 1000), noon)
	must(t, none.Carry(0, 1, noon))
	if none.State != CancelledBill || none.WakeAt != nil {
		t.Errorf("a bill of nothing is %s", none.State)
	}
}

func TestOnTime(t *testing.T) {
	due := models.DayOf(noon).Add(7)
	for name, c := range map[string]struct {
		at   time.Time
		stop time.Time // a dispute from here on, zero for none
		want bool
	}{
		"at the last moment":                 {due.End(), time.Time{}, true},
		"a day late":                         {due.Add(1).Start(), time.Time{}, false},
		"while the clock stands still":       {due.Add(5).Start(), due.Start(), true},
		"the clock stopped when it was late": {due.Add(5).Start(), due.Add(2).Start(), false},
	} {
		b := issued(t, 1000)
		if !c.stop.IsZero() {
			must(t, b.Object(mei, "wrong", c.stop))
		}
		must(t, b.PaidAtDesk("r", 1000, his, c.at))
		if b.OnTime() != c.want {
			t.Errorf("%s: on time %v", name, b.OnTime())
		}
	}
}

func TestLedgerOfABank(t *testing.T) {
	s := newScheme()
	s.Funding = BankAdvance
	b := NewBill(BillHead{ID: "b1", No: "1001", Seq: 1, Hospital: clinic.Name, Funding: s.Funding}, visit(Outpatient), signed(t, 1000), noon)
	must(t, b.Carry(1000, 1, noon))
	if got := b.Balances(); got[bankPay] != -1000 || got[hospitalPay] != 0 || got[receivable] != 1000 {
		t.Errorf("%v", got)
	}
}

func TestAuditFindsAFen(t *testing.T) {
	for name, spoil := range map[string]func(b *Bill){
		"principal": func(b *Bill) { b.Principal++ }, "paid": func(b *Bill) { b.Paid-- }, "refunded": func(b *Bill) { b.Refunded++ },
		"waived": func(b *Bill) { b.Waived++ }, "ledger": func(b *Bill) { b.Ledger[0].Amount++ }, "payment": func(b *Bill) { b.Payments[0].Amount++ },
	} {
		b := issued(t, 1000)
		must(t, b.PaidAtDesk("r", 400, his, noon))
		must(t, b.Audit())
		spoil(b)
		if err := b.Audit(); models.CodeOf(err) != models.Internal {
			t.Errorf("%s a fen off: %v", name, err)
		}
	}
}
