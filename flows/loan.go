package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/loan"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Loan is what follows for 信易贷: applications reach their banks, other banks are let go once an offer is taken, scores hear how
// loans go, days are summed up, white-lists follow their notices and the records.
type Loan struct {
	usecase.Loan
	Farm    usecase.Farmer
	Records *store.Repo[record.Record]
	Rate    func(ctx context.Context, household string) error // has a household scored anew
	Policy  loan.Policy
	Now     func() time.Time
}

// Subscribers are to be given to the relay.
func (f Loan) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "loan.deliver", Do: f.deliver, Kinds: Kinds(loan.EventSubmitted)},
		{Name: "loan.others", Do: f.others, Kinds: Kinds(loan.EventAccepted)},
		{Name: "loan.score", Do: f.score, Kinds: Kinds(loan.EventOpened, loan.EventRepaid, loan.EventOverdue, loan.EventRange, loan.EventSettled, loan.EventWriteOff)},
		{Name: "loan.tally", Do: f.tally, Kinds: Kinds(loan.EventOpened)},
		{Name: "loan.count", Do: f.count, Kinds: Kinds(loan.EventTallyDue)},
		{Name: "loan.list", Do: f.list, Kinds: Kinds(notice.EventClosed, notice.EventPassed, notice.EventStruck)},
		{Name: "loan.left", Do: f.left, Kinds: Kinds(farmer.EventLeft)},
	}
}

// deliver puts an application before its bank.
func (f Loan) deliver(ctx context.Context, e models.Event) error {
	_, err := f.Applications.Update(ctx, e.Subject, func(a *loan.Application) error {
		if !a.Deliver(f.Policy, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// others withdraws what was asked of other banks for the same need.
func (f Loan) others(ctx context.Context, e models.Event) error {
	taken, err := f.Applications.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	return changeAll(ctx, f.Applications, store.ApplicationsFor(taken.Need), func(a *loan.Application) error {
		if a.ID == taken.ID || a.Borrower != taken.Borrower || a.State == loan.Agreed ||
			a.Quit("loan.other_offer", models.Clockwork, f.Now()) != nil {
			return store.Unchanged()
		}
		return nil
	})
}

// score has a household scored anew after something happened to its loan.
func (f Loan) score(ctx context.Context, e models.Event) error {
	l, err := f.Loans.Get(ctx, e.Subject)
	if err != nil || l.Household == "" || f.Rate == nil {
		return gone(err)
	}
	return f.Rate(ctx, l.Household)
}

// tally has the day of a loan counted.
func (f Loan) tally(ctx context.Context, e models.Event) error {
	l, err := f.Loans.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	err = f.Tallies.Insert(ctx, loan.NewTally(l.PaidOut, f.Now()))
	if !errors.Is(err, models.Conflict) {
		return err
	}
	_, err = f.Tallies.Update(ctx, string(l.PaidOut), func(t *loan.Tally) error { t.Due(f.Now()); return nil })
	return err
}

// count counts a day anew from the loans themselves.
func (f Loan) count(ctx context.Context, e models.Event) error {
	counties := map[string]loan.Sum{}
	_, err := f.Loans.Each(ctx, store.LoansOn(models.Day(e.Subject)), func(l *loan.Loan) error {
		a, err := f.Applications.Get(ctx, l.Application)
		if err != nil {
			return err
		}
		one := loan.Sum{Loans: 1, Paid: l.Plan.Amount, WaitDays: int64(max(l.PaidOut.Since(models.DayOf(a.CreatedAt)), 0))}
		if l.First {
			one.First = 1
		}
		if l.Household != "" {
			one.Farmers = 1
		}
		county := string(l.Place.County())
		counties[county] = counties[county].Add(one)
		return nil
	})
	if err != nil {
		return err
	}
	_, err = f.Tallies.Update(ctx, e.Subject, func(t *loan.Tally) error {
		if !t.Take(counties) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// aboutLists is what notices of white-lists are about.
const aboutLists = "loan.list"

// list publishes a white-list whose notice is closed, and takes what came of objections.
func (f Loan) list(ctx context.Context, e models.Event) error {
	n, err := noticed(ctx, f.Farm.Notices, aboutLists, e)
	if err != nil || n == nil {
		return err
	}
	state := func(s notice.LineState) func(string) bool {
		return func(ref string) bool { l := n.Line(ref); return l != nil && l.State == s }
	}
	return changeAll(ctx, f.Lists, store.LoanListOn(n.ID), func(l *loan.List) error {
		if n.State == notice.Closed && l.Publish(n.ID, state(notice.Passed), state(notice.Struck), f.Now()) {
			return nil
		}
		if l.State == loan.Published && l.Pass(state(notice.Passed), state(notice.Struck)) {
			return nil
		}
		return store.Unchanged()
	})
}

// Notices is the notice with an id.
func (f Loan) Notices(ctx context.Context, id string) (*notice.Notice, error) {
	return f.Farm.Notices.Get(ctx, id)
}

// left withdraws what a household that is no more still asks for; its loans are its head's.
func (f Loan) left(ctx context.Context, e models.Event) error {
	file, err := f.Farm.Files.Get(ctx, e.Subject)
	if err != nil || file.Person == "" {
		return gone(err)
	}
	return changeAll(ctx, f.Applications, store.ApplicationsOf(file.Person), func(a *loan.Application) error {
		if a.Household != e.Subject || a.State != loan.Submitted && a.State != loan.Delivered || a.Quit("", models.Clockwork, f.Now()) != nil {
			return store.Unchanged()
		}
		return nil
	})
}
