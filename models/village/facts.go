// Package village evaluates credit villages and towns (信用村、信用乡镇): schemes as data, rounds by county and year, sheets filled
// with evidence in hand, facts frozen on the cut-off day, a notice anybody can object to, and a plaque that comes down when it is no
// longer deserved.
package village

// The facts a village's automatic indicators look at. They are counted from the rows of its households as they were on the cut-off
// day, but for the roster, which the village declares with evidence, and the loans, which banks tell as sums.
//
// Source: docs/sources.md#village-standard.
const (
	FactHouseholds = "households"    // on the roster
	FactFiled      = "filed"         // of them, with a verified file
	FactCredit     = "credit"        // credit households (信用户) on the day
	FactBorrowers  = "borrowers"     // with a loan that is known; absent when there is none
	FactClean      = "clean"         // of the borrowers, without arrears; absent without borrowers
	FactBalance    = "loans/balance" // fen, as banks tell; absent when none does
	FactBad        = "loans/bad"     // fen of it that is bad (不良)
	FactNewBad     = "loans/newBad"  // fen of it that became bad within the year
	FactAnswers    = "survey/answers"
	FactSatisfied  = "survey/satisfied"
)

// The facts of a town, counted from its villages, but for the loans, which are the villages' sums.
const (
	FactVillages       = "villages"       // administrative villages
	FactCreditVillages = "creditVillages" // with a plaque on the day
)
