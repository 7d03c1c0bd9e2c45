package store

import (
	"xinyi/models"
	"xinyi/models/loan"
)

// The collections of loans.
var (
	LoanProducts = Collection{
		Name: "loanproducts", Indexes: []Index{{Paths: []string{"state", "createdAt"}}, {Paths: []string{"bank", "createdAt"}}},
		Queries: map[string]Query{"LoanProductsOnline": LoanProductsOnline(), "LoanProductsOf": LoanProductsOf("b")},
	}
	LoanApplications = Collection{
		Name: "loanapplications",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"borrower", "createdAt"}},
			{Paths: []string{"need"}},
			{Paths: []string{"bank", "state", "createdAt"}},
			{Paths: []string{"late", "place"}},
		},
		Queries: map[string]Query{
			"ApplicationsOf": ApplicationsOf("b"), "ApplicationsFor": ApplicationsFor("n"), "ApplicationsAt": ApplicationsAt("b", loan.Delivered),
			"ApplicationsLate": ApplicationsLate(somewhere),
		},
	}
	Loans = Collection{
		Name: "loans",
		Indexes: []Index{
			{Paths: []string{"borrower", "paidOut"}},
			{Paths: []string{"household", "paidOut"}},
			{Paths: []string{"bank", "state", "paidOut"}},
			{Paths: []string{"paidOut"}},
		},
		Queries: map[string]Query{
			"LoansOf": LoansOf("b"), "LoansOfHousehold": LoansOfHousehold("h"), "LoansAt": LoansAt("b", loan.Active), "LoansOn": LoansOn("2026-04-24"),
		},
	}
	LoanTallies = Collection{
		Name: "loantallies", Indexes: []Index{{Paths: []string{"day"}}}, Queries: map[string]Query{"LoanTalliesSince": LoanTalliesSince("2026-01-01")},
	}
	LoanLists = Collection{
		Name:    "loanlists",
		Indexes: []Index{{Paths: []string{"unit", "createdAt"}}, {Paths: []string{"state", "field", "createdAt"}}, {Paths: []string{"notice"}}},
		Queries: map[string]Query{"LoanListsOf": LoanListsOf("u"), "LoanListsPublished": LoanListsPublished("agriculture"), "LoanListOn": LoanListOn("n")},
	}
)

// LoanProductsOnline lists what may be asked for, the newest first. Index: state, createdAt.
func LoanProductsOnline() Query { return Where("state", Eq, loan.ProductOnline).Desc("createdAt") }

// LoanProductsOf lists a bank's products, the newest first. Index: bank, createdAt.
func LoanProductsOf(bank string) Query { return Where("bank", Eq, bank).Desc("createdAt") }

// ApplicationsOf lists a borrower's applications, the newest first. Index: borrower, createdAt.
func ApplicationsOf(borrower string) Query { return Where("borrower", Eq, borrower).Desc("createdAt") }

// ApplicationsFor lists what was put to banks for one need. Index: need.
func ApplicationsFor(need string) Query { return Where("need", Eq, need) }

// ApplicationsAt lists a bank's applications in a state, the oldest first. Index: bank, state, createdAt.
func ApplicationsAt(bank string, s loan.State) Query {
	return Where("bank", Eq, bank).And("state", Eq, s).Asc("createdAt")
}

// ApplicationsLate lists those a bank answered late or not at all, by place. Index: late, place.
func ApplicationsLate(r models.Region) Query {
	return Where("late", Eq, true).And("place", Prefix, r).Asc("place")
}

// LoansOf lists a borrower's loans, the last paid out first. Index: borrower, paidOut.
func LoansOf(borrower string) Query { return Where("borrower", Eq, borrower).Desc("paidOut") }

// LoansOfHousehold lists a household's loans, the last paid out first. Index: household, paidOut.
func LoansOfHousehold(h string) Query { return Where("household", Eq, h).Desc("paidOut") }

// LoansAt lists a bank's loans by where they stand, the last paid out first. Index: bank, state, paidOut.
func LoansAt(bank string, s loan.ContractState) Query {
	return Where("bank", Eq, bank).And("state", Eq, s).Desc("paidOut")
}

// LoansOn lists what was paid out on a day. Index: paidOut.
func LoansOn(day models.Day) Query { return Where("paidOut", Eq, day) }

// LoanTalliesSince lists the days' sums from a day on. Index: day.
func LoanTalliesSince(day models.Day) Query { return Where("day", Range, day, nil).Asc("day") }

// LoanListsOf lists a unit's white-lists, the newest first. Index: unit, createdAt.
func LoanListsOf(unit string) Query { return Where("unit", Eq, unit).Desc("createdAt") }

// LoanListsPublished lists a field's white-lists in force, the newest first. Index: state, field, createdAt.
func LoanListsPublished(field string) Query {
	return Where("state", Eq, loan.Published).And("field", Eq, field).Desc("createdAt")
}

// LoanListOn is the list of a notice. Index: notice.
func LoanListOn(notice string) Query { return Where("notice", Eq, notice) }

// Loan is every repo of it, opened together.
type Loan struct {
	Products     *Repo[loan.Product]
	Applications *Repo[loan.Application]
	Loans        *Repo[loan.Loan]
	Tallies      *Repo[loan.Tally]
	Lists        *Repo[loan.List]
}

// OpenLoan opens the repos on s, once a process.
func OpenLoan(s *Store) Loan {
	return Loan{
		Products: NewRepo[loan.Product](s, LoanProducts), Applications: NewRepo[loan.Application](s, LoanApplications), Loans: NewRepo[loan.Loan](s, Loans),
		Tallies: NewRepo[loan.Tally](s, LoanTallies), Lists: NewRepo[loan.List](s, LoanLists),
	}
}
