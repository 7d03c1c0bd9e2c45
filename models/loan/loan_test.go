package loan

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

var (
	noon = models.Day("2026-04-24").Clock(12, 0)
	bank = models.Actor{Role: models.Bank, Org: "bank", Client: "bank"}
)

func sums(all []Instalment) (principal, interest models.Fen) {
	for _, i := range all {
		principal, interest = principal+i.Principal, interest+i.Interest
	}
	return principal, interest
}

// Worked examples, by hand with exact fractions.
func TestSchedule(t *testing.T) {
	for name, tc := range map[string]struct {
		plan        Plan
		first, last Instalment
		count       int
		interest    models.Fen
	}{
		"equal principal": {Plan{Method: EqualPrincipal, Amount: 10000000, Rate: 600, Months: 3},
			Instalment{No: 1, Due: "2026-05-24", Principal: 3333333, Interest: 50000}, Instalment{No: 3, Due: "2026-07-24", Principal: 3333334, Interest: 16667}, 3, 100000},
		"equal instalment": {Plan{Method: EqualInstalment, Amount: 10000000, Rate: 600, Months: 3},
			Instalment{No: 1, Due: "2026-05-24", Principal: 3316722, Interest: 50000}, Instalment{No: 3, Due: "2026-07-24", Principal: 3349972, Interest: 16750}, 3, 100166},
		"bullet, interest with it": {Plan{Method: Bullet, Amount: 10000000, Rate: 600, Months: 12},
			Instalment{No: 1, Due: "2027-04-24", Principal: 10000000, Interest: 600000}, Instalment{No: 1, Due: "2027-04-24", Principal: 10000000, Interest: 600000}, 1, 600000},
		"bullet, interest by the quarter": {Plan{Method: Bullet, Amount: 10000000, Rate: 600, Months: 12, Every: 3},
			Instalment{No: 1, Due: "2026-07-24", Interest: 150000}, Instalment{No: 4, Due: "2027-04-24", Principal: 10000000, Interest: 150000}, 4, 600000},
		"without interest": {Plan{Method: EqualInstalment, Amount: 1000, Rate: 0, Months: 3},
			Instalment{No: 1, Due: "2026-05-24", Principal: 333}, Instalment{No: 3, Due: "2026-07-24", Principal: 334}, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := tc.plan.Schedule("2026-04-24")
			if err != nil {
				t.Fatal(err)
			}
			if _, interest := sums(all); len(all) != tc.count || all[0] != tc.first || all[len(all)-1] != tc.last || interest != tc.interest {
				t.Errorf("%d, interest %d\n%+v\n%+v", len(all), interest, all[0], all[len(all)-1])
			}
		})
	}
	working, err := Plan{Method: EqualPrincipal, Amount: 300, Rate: 100, Months: 1, Working: true}.Schedule("2026-04-01")
	if err != nil || working[0].Due != "2026-05-06" { // 1 May is the start of a holiday
		t.Errorf("%v %v", working, err)
	}
	end, err := Plan{Method: EqualPrincipal, Amount: 300, Rate: 100, Months: 3}.Schedule("2026-01-31")
	if err != nil || end[0].Due != "2026-02-28" || end[1].Due != "2026-03-31" {
		t.Errorf("%v %v", end, err)
	}
	for name, p := range map[string]Plan{
		"no method": {Amount: 100, Months: 1}, "nothing": {Method: Bullet, Months: 1}, "no time": {Method: Bullet, Amount: 100}, "dear": {Method: Bullet, Amount: 100, Months: 1, Rate: 3601},
		"less than a fen a month": {Method: EqualPrincipal, Amount: 11, Months: 12}, "quarters of a year and a half": {Method: Bullet, Amount: 100, Months: 18, Every: 4},
	} {
		if _, err := p.Schedule("2026-04-24"); !errors.Is(err, models.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func plans(t *rapid.T) Plan {
	p := Plan{
		Method: rapid.SampledFrom(Methods).Draw(t, "method"), Months: rapid.IntRange(1, 360).Draw(t, "months"), Rate: models.Bp(rapid.Int64Range(0, MaxRate).Draw(t, "rate")),
		Working: rapid.Bool().Draw(t, "working"),
	}
	p.Amount = models.Fen(rapid.Int64Range(int64(p.Months), int64(MaxAmount)).Draw(t, "amount"))
	if p.Method == Bullet && p.Months%3 == 0 {
		p.Every = rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "every")
	}
	return p
}

// Principals add up to the loan to the fen, nothing is negative, days go on, level instalments differ in the last alone, and each
// interest is that of what was still owed.
func TestScheduleAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := plans(t)
		all, err := p.Schedule("2026-01-31")
		if err != nil {
			t.Fatal(err)
		}
		principal, interest := sums(all)
		if principal != p.Amount || interest < 0 || interest > 0 && p.Rate == 0 {
			t.Fatalf("%d of %d, interest %d", principal, p.Amount, interest)
		}
		left := p.Amount
		for n, i := range all {
			if i.Principal < 0 || i.Interest < 0 || n > 0 && i.Due <= all[n-1].Due {
				t.Fatalf("%+v", i)
			}
			if p.Method != Bullet && i.Interest != p.interest(left, 1) {
				t.Fatalf("%+v on %d", i, left)
			}
			if level := all[0].Principal + all[0].Interest; p.Method == EqualInstalment && p.Rate > 0 && n < len(all)-1 && left > level && i.Principal+i.Interest != level {
				t.Fatalf("%+v is not level with %d", i, level)
			}
			left -= i.Principal
		}
		last := all[len(all)-1] // each month's half fen grows with the months that follow
		if p.Method == EqualInstalment && p.Rate > 0 && p.Rate <= 1200 && p.Months <= 120 && p.Amount >= 1_000_000 {
			if off := last.Principal + last.Interest - p.level(); off > 400 || off < -400 {
				t.Fatalf("the last is off by %d", off)
			}
		}
	})
}

// opened is a loan of 3,000 yuan over three months.
func opened(t *testing.T) *Loan {
	t.Helper()
	a := &Application{Bank: "bank", Person: "mei", Borrower: "mei", Offer: &Offer{Plan: Plan{Method: EqualPrincipal, Amount: 300000, Rate: 600, Months: 3}}}
	l, err := Open("l", a, "L-1", "2026-04-24", true, Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	l.Outbox = nil
	return l
}

func kinds(l *Loan) (all []string) {
	for _, e := range l.Outbox {
		all = append(all, e.Kind)
	}
	l.Outbox = nil
	return all
}

// runs wakes the loan whenever it wants, until a day.
func runs(t *testing.T, l *Loan, until models.Day) {
	t.Helper()
	for l.WakeAt != nil && !l.WakeAt.After(until.End()) {
		at := *l.WakeAt
		if err := l.Wake(at); err != nil {
			t.Fatal(err)
		}
		if l.WakeAt != nil && !l.WakeAt.After(at) {
			t.Fatalf("it never gets past %v", at)
		}
	}
}

func TestRepaid(t *testing.T) {
	l := opened(t)
	runs(t, l, "2026-05-24")
	if got := kinds(l); len(got) != 1 || got[0] != EventDueSoon.Name() {
		t.Fatal(got)
	}
	day := models.Day("2026-05-24")
	at := day.Clock(10, 0)
	for range 2 { // told twice
		if err := l.Repay("P1", 101500, day, bank, at); err != nil {
			t.Fatal(err)
		}
	}
	if l.Outstanding() != 200000 || len(l.Payments) != 1 || l.Payments[0].Interest != 1500 || l.Instalments[0].PaidOn != day {
		t.Errorf("%+v", l.Payments)
	}
	if err := l.Repay("P1", 5, day, bank, at); !errors.Is(err, models.Conflict) {
		t.Error(err)
	}
	runs(t, l, "2026-09-30")
	if got := l.PastDue("2026-09-30"); got != 98 || l.Spells[len(l.Spells)-1].Range != 91 || len(l.Spells) != 4 {
		t.Errorf("%d days, %v", got, l.Spells)
	}
	late := models.Day("2026-09-30").Clock(9, 0)
	if err := l.Repay("P2", 201500, "2026-09-30", bank, late); err != nil {
		t.Fatal(err)
	}
	if l.State != Settled || l.WakeAt != nil || l.PastDue("2026-10-01") != 0 {
		t.Errorf("%s %v", l.State, l.Instalments)
	}
	if times, worst := l.Lateness("2026-10-01", 24); times != 2 || worst != 98 || LateBand(times, worst) != 3 {
		t.Errorf("%d %d", times, worst)
	}
}

func TestOverpaidAndWrittenOff(t *testing.T) {
	l := opened(t)
	if err := l.Repay("P", 303100, "2026-04-25", bank, noon.Add(24*time.Hour)); err != nil || l.State != Overpaid || l.Credit != 100 {
		t.Fatalf("%v %s %d", err, l.State, l.Credit)
	}
	if err := l.GiveBack(bank, noon); err != nil || l.State != Settled || l.Credit != 0 {
		t.Errorf("%v %s", err, l.State)
	}
	l = opened(t)
	if err := l.WriteOff(models.Actor{Role: models.Bank, Org: "other"}, noon); !errors.Is(err, models.NotFound) {
		t.Error(err)
	}
	if err := l.WriteOff(bank, noon); err != nil || l.State != WrittenOff || l.GivenUp != 300000 {
		t.Errorf("%v %+v", err, l)
	}
	if err := l.Repay("R", 1000, "2026-04-24", bank, noon); err != nil || !l.Payments[0].Recovery || l.Outstanding() != 300000 || l.State != WrittenOff {
		t.Errorf("a recovery is kept apart: %v %+v", err, l.Payments)
	}
}

// Early repayment: interest by the day, less to pay from then on, and everything still adds up, whatever is paid and when.
func TestPrepaid(t *testing.T) {
	l := opened(t)
	on := models.Day("2026-05-04") // ten days: 300000 × 6 % × 10 ÷ 360 = 500
	if p, i := l.PayOff(on); p != 300000 || i != 500 {
		t.Fatalf("%d %d", p, i)
	}
	if err := l.Prepay("E1", 100500, on, bank, on.Clock(9, 0)); err != nil || l.Outstanding() != 200000 || l.Instalments[0].Principal != 100000 {
		t.Fatalf("%v %+v", err, l.Instalments)
	}
	if next := l.Instalments[1]; next.Due != "2026-05-24" || next.Interest != 667 { // 200000 × 6 % × 20 ÷ 360
		t.Errorf("%+v", next)
	}
	p, i := l.PayOff("2026-05-10")
	if err := l.Prepay("E2", p+i, "2026-05-10", bank, models.Day("2026-05-10").Clock(9, 0)); err != nil || l.State != Settled {
		t.Errorf("%v %s %+v", err, l.State, l.Instalments)
	}
	rapid.Check(t, func(t *rapid.T) {
		plan := plans(t)
		plan.Months = min(plan.Months, 36)
		plan.Every = 0
		plan.Amount = max(plan.Amount, models.Fen(plan.Months))
		a := &Application{Bank: "bank", Person: "mei", Borrower: "mei", Offer: &Offer{Plan: plan}}
		l, err := Open("l", a, "L", "2026-01-15", false, Standard, noon)
		if err != nil {
			t.Fatal(err)
		}
		day := models.Day("2026-01-15")
		for n := range rapid.IntRange(1, 12).Draw(t, "payments") {
			day = day.Add(rapid.IntRange(0, 40).Draw(t, "days"))
			amount := models.Fen(rapid.Int64Range(1, int64(plan.Amount)+1000).Draw(t, "pays"))
			no := string(rune('a' + n))
			if rapid.Bool().Draw(t, "early") {
				err = l.Prepay(no, amount, day, bank, day.End())
			} else {
				err = l.Repay(no, amount, day, bank, day.End())
			}
			if err != nil && !errors.Is(err, models.Conflict) {
				t.Fatal(err)
			}
			principal, _ := sums(l.Instalments)
			var paid, interest, rest models.Fen
			for _, p := range l.Payments {
				paid, interest, rest = paid+p.Principal, interest+p.Interest, rest+p.Rest
				if p.Principal+p.Interest+p.Rest != p.Amount {
					t.Fatalf("%+v does not add up", p)
				}
			}
			if principal != plan.Amount || l.Outstanding() != plan.Amount-paid || l.Credit != rest || l.Outstanding() < 0 {
				t.Fatalf("principal %d of %d, outstanding %d, paid %d", principal, plan.Amount, l.Outstanding(), paid)
			}
		}
	})
}
