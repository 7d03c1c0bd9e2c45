package seed

import (
	"context"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/models/loan"
)

// The demo's second bank, so that offers can be compared.
const otherBank = "bank-liuyang-cunzhen"

// loans are the demo city's loan products and what came of some of them, lived through by the models' own methods.
type loans struct {
	now      time.Time
	products []*loan.Product
	asked    []*loan.Application
	loans    []*loan.Loan
	tallies  map[models.Day]*loan.Tally
}

// keepLoans keeps the demo's products, applications at every step, and loans: one being paid back, one past due, one settled.
func keepLoans(ctx context.Context, s Stores, now time.Time) error {
	if s.Loan.Products == nil || s.Farmer.Files == nil {
		return nil
	}
	ls := &loans{now: now, tallies: map[models.Day]*loan.Tally{}}
	if err := ls.offer(); err != nil {
		return err
	}
	for i := range 8 {
		f, err := s.Farmer.Files.Get(ctx, fmt.Sprintf("farm-%02d", i+4))
		if err != nil {
			return err
		}
		if err := ls.one(i, f.ID, f.Village, models.Actor{Person: f.Person, Role: models.Resident}); err != nil {
			return fmt.Errorf("loan %d: %w", i+1, err)
		}
	}
	var tallies []*loan.Tally
	for _, t := range ls.tallies {
		t.Outbox = nil
		tallies = append(tallies, t)
	}
	var err error
	for _, keep := range []func() error{
		func() error { return fresh(ctx, s.Loan.Products, ls.products) },
		func() error { return fresh(ctx, s.Loan.Applications, ls.asked) },
		func() error { return fresh(ctx, s.Loan.Loans, ls.loans) },
		func() error { return fresh(ctx, s.Loan.Tallies, tallies) },
	} {
		if err == nil {
			err = keep()
		}
	}
	return err
}

// offer puts two banks' products online.
func (ls *loans) offer() error {
	for _, x := range []struct {
		id, bank string
		zh, en   string
		rate     models.Bp
	}{{"loan-product-1", readingBank, "惠农信用贷", "Farm credit loan", 575}, {"loan-product-2", otherBank, "乡村振兴贷", "Village loan", 620}} {
		at := ls.now.AddDate(0, 0, -300)
		bank := models.Actor{Role: models.Bank, Org: x.bank, Client: x.bank, Region: "430181"}
		p, err := loan.NewProduct(x.id, loan.Lender{Bank: x.bank, Called: institution(x.bank).Name, Region: "430181"}, loan.Terms{
			Name: models.Words{ZH: x.zh, EN: x.en}, Details: models.Words{ZH: "用于生产经营，星级信用村利率优惠。", EN: "For production; less in villages with stars."},
			Methods: []loan.Method{loan.EqualInstalment, loan.EqualPrincipal, loan.Bullet}, From: 500_000, To: 30_000_000, MinMonths: 3, MaxMonths: 36, Rate: x.rate,
			Stars: [3]models.Bp{10, 20, 30}, Regions: []models.Region{"430181"}, Scopes: []string{"farm.household", "farm.production", "farm.score"},
		}, bank, at)
		if err == nil {
			err = p.Set(loan.ProductOnline, bank, at)
		}
		if err != nil {
			return err
		}
		p.Outbox = nil
		ls.products = append(ls.products, p)
	}
	return nil
}

// one leads an application as far as its number says.
func (ls *loans) one(i int, household string, place models.Region, by models.Actor) error {
	p, at := ls.products[i%2], ls.now.AddDate(0, 0, -150-5*i)
	bank := models.Actor{Role: models.Bank, Org: p.Bank, Client: p.Bank, Region: p.Region}
	a, err := loan.Apply(fmt.Sprintf("loan-application-%d", i+1), p, loan.Wish{
		Need: fmt.Sprintf("need-%d", i+1), Purpose: "购买农资", Consent: "seed", Text: consent.Lending.Hash(), Household: household, Subject: models.PersonSubject,
		Borrower: by.Person, Place: place, Amount: models.Fen(5_000_000 + 500_000*i), Months: 12,
	}, by, at)
	if err == nil {
		err = a.Submit(by, at)
	}
	if err != nil {
		return err
	}
	ls.asked = append(ls.asked, a)
	defer func() { a.Outbox = nil }()
	if i == 0 { // with the bank since yesterday
		a.Deliver(loan.Standard, ls.now.Add(-24*time.Hour))
		return nil
	}
	a.Deliver(loan.Standard, at)
	if err := a.Take(loan.Accepted, bank, at.Add(24*time.Hour)); err != nil || i == 1 {
		return err
	}
	if i == 2 {
		return a.Turn([]string{"debts", "purpose"}, "", bank, at.Add(48*time.Hour))
	}
	if i == 3 {
		return a.AskMore("请补充流转合同照片", loan.Standard, bank, ls.now.Add(-24*time.Hour))
	}
	offered := at.Add(48 * time.Hour)
	if i == 4 {
		offered = ls.now.Add(-24 * time.Hour)
	}
	plan := loan.Plan{Method: loan.EqualPrincipal, Amount: a.Amount, Rate: p.Terms.Rate - 30, Months: 12}
	if err := a.MakeOffer(loan.Offer{Stars: 0, Plan: plan, No: fmt.Sprintf("O-%d", i)}, p, loan.Standard, bank, offered); err != nil ||
		i == 4 {
		return err
	}
	if err := a.Agree(by, offered); err != nil {
		return err
	}
	return ls.lend(i, a, bank, offered.Add(24*time.Hour))
}

// lend pays a loan out, and lets what is due be paid, or not.
func (ls *loans) lend(i int, a *loan.Application, bank models.Actor, at time.Time) error {
	on := models.DayOf(at)
	l, err := loan.Open(a, loan.Contract{ID: models.Derived("loan", a.ID), No: fmt.Sprintf("L-%d", i), On: on, First: true}, loan.Standard, at)
	if err == nil {
		err = a.Disburse(l.ID, bank, at)
	}
	if err != nil {
		return err
	}
	today := models.DayOf(ls.now)
	for n, x := range l.Instalments {
		if x.Due >= today || i == 6 && n >= 2 { // one stopped after two
			break
		}
		if err := l.Repay(fmt.Sprintf("P-%d", n+1), x.Principal+x.Interest, x.Due, bank, x.Due.Clock(10, 0)); err != nil {
			return err
		}
	}
	for l.WakeAt != nil && !l.WakeAt.After(ls.now) {
		if err := l.Wake(*l.WakeAt); err != nil {
			return err
		}
	}
	if i == 7 { // and one was settled early
		p, interest := l.PayOff(today)
		if err := l.Prepay("E-1", p+interest, today, bank, ls.now); err != nil {
			return err
		}
	}
	l.Outbox = nil
	ls.loans = append(ls.loans, l)
	t := ls.tallies[on]
	if t == nil {
		t = loan.NewTally(on, at)
		ls.tallies[on] = t
	}
	sum := t.Counties[string(a.Place.County())].Add(loan.Sum{Loans: 1, Paid: l.Plan.Amount, First: 1, Farmers: 1,
		WaitDays: int64(on.Since(models.DayOf(a.CreatedAt)))})
	t.Counties[string(a.Place.County())] = sum
	return nil
}
