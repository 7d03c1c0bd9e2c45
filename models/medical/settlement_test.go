package medical

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

// amounts is a settlement whose sums hold.
func amounts(fund, acct, cash models.Fen) Amounts {
	return Amounts{MedfeeSum: fund + acct + cash, FundPaySum: fund, PsnPart: acct + cash, AcctPay: acct, CashPay: cash}
}

func TestSettlementIdentity(t *testing.T) {
	for name, tc := range map[string]struct {
		m      Amounts
		inside bool
		want   string
	}{
		"nothing":                    {Amounts{}, false, ""},
		"holds":                      {amounts(18642, 5000, 18735), false, ""},
		"mulaid outside":             {Amounts{MedfeeSum: 100, PsnPart: 100, AcctPay: 20, AcctMulaid: 30, CashPay: 50}, false, ""},
		"mulaid outside, said in":    {Amounts{MedfeeSum: 100, PsnPart: 100, AcctPay: 20, AcctMulaid: 30, CashPay: 50}, true, "person_part_mismatch"},
		"mulaid inside":              {Amounts{MedfeeSum: 100, PsnPart: 100, AcctPay: 50, AcctMulaid: 30, CashPay: 50}, true, ""},
		"mulaid inside, said out":    {Amounts{MedfeeSum: 100, PsnPart: 100, AcctPay: 50, AcctMulaid: 30, CashPay: 50}, false, "person_part_mismatch"},
		"hospital's part":            {Amounts{MedfeeSum: 100, FundPaySum: 40, PsnPart: 50, CashPay: 50, HospPart: 10}, false, ""},
		"sum a fen too high":         {Amounts{MedfeeSum: 101, FundPaySum: 40, PsnPart: 60, CashPay: 60}, false, "sum_mismatch"},
		"sum a fen too low":          {Amounts{MedfeeSum: 99, FundPaySum: 40, PsnPart: 60, CashPay: 60}, false, "sum_mismatch"},
		"person's part a fen off":    {Amounts{MedfeeSum: 100, FundPaySum: 40, PsnPart: 60, CashPay: 59}, false, "person_part_mismatch"},
		"below zero though it holds": {Amounts{MedfeeSum: 100, FundPaySum: 140, PsnPart: -40, CashPay: -40}, false, "negative_amount"},
	} {
		if got := tc.m.Check(tc.inside); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func charged(t *testing.T, total models.Fen) *Encounter {
	e := visit(Outpatient)
	_, err := e.Charge([]Line{line("a", 1, total)}, total, his, noon)
	must(t, err)
	e.Outbox = nil
	return e
}

func settle(t *testing.T, e *Encounter, id string, rev int, cash, hold models.Fen) Settlement {
	t.Helper()
	s, err := e.Settle(InsurerWord{SetlID: id, Revision: rev, Amounts: amounts(100, 0, cash), MulaidInside: false}, hold, his, noon)
	must(t, err)
	return s
}

func TestSettle(t *testing.T) {
	e := charged(t, 1000)
	if s := settle(t, e, "x", 1, 900, 700); s.Deferred != 700 || s.PayNow != 200 || e.Deferred != 700 || e.State != VisitDone || e.SettledSeq != 1 {
		t.Fatalf("%+v", s)
	}
	before := copied(t, e)
	if s := settle(t, e, "x", 1, 900, 0); s.Deferred != 700 || s.PayNow != 200 {
		t.Fatalf("the same revision again answers %+v", s)
	}
	for name, c := range map[string]struct {
		id     string
		rev    int
		cash   models.Fen
		reason string
	}{
		"differing": {"x", 1, 901, "medical.settlement_differs"}, "older": {"x", 0, 900, "medical.settlement_old"}, "other": {"y", 1, 900, "medical.settlement_other"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Settle(InsurerWord{SetlID: c.id, Revision: c.rev, Amounts: amounts(100, 0, c.cash), MulaidInside: false}, 1000, his, noon)
			want(t, err, models.Conflict, c.reason)
			unchanged(t, before, e)
		})
	}
	if s := settle(t, e, "x", 2, 500, 0); s.Deferred != 500 || s.PayNow != 0 {
		t.Errorf("a lower revision: %+v", s)
	}
	if s := settle(t, e, "x", 3, 950, 100); s.Deferred != 600 || s.PayNow != 350 {
		t.Errorf("a higher revision takes the hold besides: %+v", s)
	}
	if w := e.Wants(amounts(0, 0, 900)); w != 300 {
		t.Errorf("Wants = %d", w)
	}
}

func TestSettleLeavesDeskLinesAtTheDesk(t *testing.T) {
	e := visit(Outpatient)
	_, err := e.Charge([]Line{line("a", 1, 300), line("b", 1, 800)}, 500, his, noon)
	must(t, err)
	if w := e.Wants(amounts(0, 0, 1000)); w != 200 {
		t.Errorf("Wants = %d", w)
	}
	if s := settle(t, e, "x", 1, 1000, 300); s.Deferred != 200 || s.PayNow != 800 {
		t.Errorf("%+v", s)
	}
	if s := settle(t, e, "x", 2, 700, 300); s.Deferred != 0 || s.PayNow != 700 {
		t.Errorf("less cash than was paid at the desk: %+v", s)
	}
}

func TestSettlementException(t *testing.T) {
	bad := Amounts{MedfeeSum: 1000, FundPaySum: 100, PsnPart: 899, CashPay: 899}
	e := charged(t, 1000)
	s, err := e.Settle(InsurerWord{SetlID: "x", Revision: 1, Amounts: bad, MulaidInside: false}, 1000, his, noon)
	must(t, err)
	if s.Result != Excepted || s.Cause != "sum_mismatch" || e.State != Charging || e.Queued != "h1" || e.Deferred != 0 {
		t.Fatalf("%+v %s %q", s, e.State, e.Queued)
	}
	if again, err := e.Settle(InsurerWord{SetlID: "x", Revision: 1, Amounts: bad, MulaidInside: false}, 1000, his, after(time.Hour)); err != nil || again != s {
		t.Fatalf("again: %+v, %v", again, err)
	}
	if s := settle(t, e, "y", 1, 900, 1000); s.Deferred != 900 || e.Queued != "" || e.Exception != "" {
		t.Fatalf("a settlement that holds clears the queue: %+v", s)
	}
	if s, err := e.Settle(InsurerWord{SetlID: "y", Revision: 2, Amounts: bad, MulaidInside: false}, 1000, his, noon); err != nil || s.Result != Excepted || e.Deferred != 900 || e.State != VisitDone {
		t.Fatalf("a bad revision leaves the bills: %+v, %v", s, err)
	}
	before := copied(t, e)
	_, err = e.Settle(InsurerWord{SetlID: "z", Revision: 1, Amounts: amounts(100, 0, 900), MulaidInside: false}, 1000, his, noon)
	want(t, err, models.Conflict, "medical.settlement_other")
	unchanged(t, before, e)
}

func TestReverse(t *testing.T) {
	e := charged(t, 1000)
	settle(t, e, "x", 1, 900, 1000)
	want(t, e.Reverse("y", his, noon), models.NotFound, "medical.settlement_unknown")
	must(t, e.Reverse("x", his, noon))
	if e.State != Resettling || e.Deferred != 0 {
		t.Fatalf("%s %d", e.State, e.Deferred)
	}
	before := copied(t, e)
	must(t, e.Reverse("x", his, noon))
	unchanged(t, before, e)
	_, err := e.Settle(InsurerWord{SetlID: "x", Revision: 2, Amounts: amounts(100, 0, 800), MulaidInside: false}, 1000, his, noon)
	want(t, err, models.Conflict, "medical.settlement_reversed")
	unchanged(t, before, e)
	if s := settle(t, e, "x", 1, 900, 1000); s.Result != Reversed {
		t.Errorf("the reversed revision again answers %+v", s)
	}
	if s := settle(t, e, "y", 1, 800, 1000); s.Deferred != 800 || e.State != VisitDone {
		t.Errorf("%+v", s)
	}
	waits := charged(t, 1000)
	if _, err := waits.Settle(InsurerWord{SetlID: "x", Revision: 1, Amounts: Amounts{MedfeeSum: 1}, MulaidInside: false}, 0, his, noon); err != nil {
		t.Fatal(err)
	}
	must(t, waits.Reverse("x", his, noon))
	if waits.State != Charging || waits.Queued != "" {
		t.Errorf("a reversed exception leaves the visit %s, queued %q", waits.State, waits.Queued)
	}
}

func TestAllocate(t *testing.T) {
	b := func(s BillState, p models.Fen) *Bill {
		return &Bill{Life: models.Life[BillState]{State: s}, Principal: p}
	}
	for name, tc := range map[string]struct {
		total models.Fen
		bills []*Bill
		want  []models.Fen
		more  models.Fen
	}{
		"a draft takes all":            {500, []*Bill{b(BillDraft, 0)}, []models.Fen{500}, 0},
		"no bill":                      {500, nil, nil, 500},
		"paid is not raised":           {20000, []*Bill{b(Paid, 18735)}, []models.Fen{18735}, 1265},
		"overdue is not raised":        {600, []*Bill{b(PastDue, 500)}, []models.Fen{500}, 100},
		"the open one is raised":       {700, []*Bill{b(Paid, 500), b(Issued, 100)}, []models.Fen{500, 200}, 0},
		"falls from the newest":        {450, []*Bill{b(Paid, 500), b(Issued, 100)}, []models.Fen{450, 0}, 0},
		"falls from the newest only":   {550, []*Bill{b(Paid, 500), b(Issued, 100)}, []models.Fen{500, 50}, 0},
		"void takes nothing":           {500, []*Bill{b(Void, 0)}, []models.Fen{0}, 500},
		"being refunded takes no more": {500, []*Bill{b(RefundDue, 400)}, []models.Fen{400}, 100},
	} {
		got, more := Allocate(tc.total, tc.bills)
		if more != tc.more || len(got) != len(tc.bills) {
			t.Errorf("%s: %v and %d", name, got, more)
			continue
		}
		for i := range got {
			if got[i] != tc.want[i] {
				t.Errorf("%s: %v, want %v", name, got, tc.want)
			}
		}
	}
}

func TestAllocateAddsUp(t *testing.T) {
	states := []BillState{BillDraft, Issued, PartlyPaid, PastDue, InCollection, RefundDue, Paid, CancelledBill, Void, WrittenOff}
	rapid.Check(t, func(t *rapid.T) {
		var bills []*Bill
		for range rapid.IntRange(0, 5).Draw(t, "bills") {
			b := &Bill{Life: models.Life[BillState]{State: rapid.SampledFrom(states).Draw(t, "state")}}
			if b.State != Void && b.State != CancelledBill && b.State != BillDraft {
				b.Principal = models.Fen(rapid.IntRange(0, 1000).Draw(t, "principal"))
			}
			bills = append(bills, b)
		}
		total := models.Fen(rapid.IntRange(0, 3000).Draw(t, "total"))
		got, sum := Allocate(total, bills)
		cut := false
		for i := len(bills) - 1; i >= 0; i-- {
			b := bills[i]
			open := b.State == BillDraft || b.State == Issued || b.State == PartlyPaid
			if got[i] < 0 || got[i] > b.Principal && !open {
				t.Fatalf("bill %d in %s goes from %d to %d", i, b.State, b.Principal, got[i])
			}
			if i < len(bills)-1 && got[i] < b.Principal {
				for _, newer := range got[i+1:] {
					cut = cut || newer != 0
				}
			}
			sum += got[i]
		}
		if sum != total || cut {
			t.Fatalf("%v adds up to %d of %d; an older bill fell before a newer was empty: %v", got, sum, total, cut)
		}
	})
}
