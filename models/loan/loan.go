// Package loan is 信易贷: credit that reaches the village. Banks publish products, a borrower asks several at once and compares
// what they offer, the bank of her choice pays out, and the instalments are followed to the last fen. The bank decides; the platform
// passes on what the borrower agreed to, keeps the clocks, and never grants or refuses a loan.
package loan

// The events. Amounts and reasons are for the inbox alone.
const (
	EventSubmitted = "loan.submitted"
	EventDelivered = "loan.delivered" // the bank has it: "due"
	EventLate      = "loan.bank_late" // no first answer by then: "due"
	EventAnswered  = "loan.in_review"
	EventAskedMore = "loan.info_requested" // "reason"
	EventSupplied  = "loan.info_supplied"
	EventOffered   = "loan.offered" // "bank", "until"
	EventDeclined  = "loan.declined"
	EventAccepted  = "loan.offer_accepted"
	EventWithdrawn = "loan.withdrawn"
	EventExpired   = "loan.expired"
	EventDisbursed = "loan.disbursed" // "bank"

	EventOpened    = "loan.opened" // "first": the first day something is due
	EventDueSoon   = "loan.due_soon"
	EventOverdue   = "loan.overdue" // "due", "days"
	EventRange     = "loan.range"   // another range of days past due: "days"
	EventRepaid    = "loan.repaid"
	EventSettled   = "loan.settled"
	EventOverpaid  = "loan.overpaid"
	EventWriteOff  = "loan.written_off"
	EventTallyDue  = "loan.tally_due"
	EventListed    = "loan.list_published"
	EventListCheck = "loan.list_checked"
	EventUnlisted  = "loan.list_removed"
)
