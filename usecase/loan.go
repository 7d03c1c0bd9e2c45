package usecase

import (
	"context"
	"errors"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/loan"
	"xinyi/store"
)

// Loan says what banks have told of somebody's loans.
type Loan struct {
	store.Loan
	Now func() time.Time
}

// OpenLoan opens the repos on s, once a process.
func OpenLoan(s *store.Store) Loan { return Loan{store.OpenLoan(s), s.Now} }

// Farm is what banks have told of a household's loans, as its score looks at them.
func (l Loan) Farm(pol loan.Policy) func(ctx context.Context, household string, on models.Day) (FarmLoans, error) {
	return func(ctx context.Context, household string, on models.Day) (FarmLoans, error) {
		var f FarmLoans
		times, worst := 0, 0
		_, err := l.Loans.Each(ctx, store.LoansOfHousehold(household), func(one *loan.Loan) error {
			f.Any = true
			n, days := one.Lateness(on, pol.LookBack)
			times, worst = times+n, max(worst, days)
			if f.Overdue == "" && one.PastDue(on) > pol.VetoDays {
				f.Overdue = one.ID + "@" + strconv.FormatInt(one.Revision, 10)
			}
			return nil
		})
		f.Late = loan.LateBand(times, worst)
		return f, err
	}
}

// Had says whether a borrower has had a loan here but the one named.
func (l Loan) Had(ctx context.Context, borrower, but string) (bool, error) {
	page, err := l.Loans.Find(ctx, store.LoansOf(borrower).Page(2, ""))
	if err != nil && !errors.Is(err, models.NotFound) {
		return false, err
	}
	for _, one := range page.Items {
		if one.ID != but {
			return true, nil
		}
	}
	return false, nil
}
