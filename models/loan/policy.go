package loan

import (
	"xinyi/models"
	"xinyi/models/notice"
)

// Policy are the numbers a city sets.
//
// Source: docs/sources.md#loan-clocks, docs/sources.md#loan-target.
type Policy struct {
	AnswerDays int          // working days to a bank's first answer
	OfferDays  int          // natural days an offer is good unless it names fewer
	OpenNeeds  int          // applications of one borrower that go on at a time
	RemindDays int          // before an instalment is due
	Ranges     []int        // days past due at which a range begins
	VetoDays   int          // more days past due than this stand against a title
	LookBack   int          // months that count for "late"
	Notice     notice.Terms // of a white-list
	Target     models.Fen   // the plan's: credited until its end
}

// Standard is the policy the product comes with.
var Standard = Policy{
	AnswerDays: 3, OfferDays: 15, OpenNeeds: 10, RemindDays: 3, Ranges: []int{1, 31, 61, 91}, VetoDays: 90, LookBack: 24,
	Notice: notice.Terms{Days: 5, Working: true, Answer: 7}, Target: 10_000_000_000_000,
}
