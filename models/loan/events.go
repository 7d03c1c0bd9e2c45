package loan

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. Amounts and reasons are for the inbox alone.
var (
	EventSubmitted = models.Declare[ApplicationData](&events, "loan.submitted").Silent("the person has just done it")
	// the bank has it
	EventDelivered = models.Declare[ApplicationData](&events, "loan.delivered").
			Silent("the person sees it, with the bank's last day, in the application")
	// no first answer by then
	EventLate      = models.Declare[ApplicationData](&events, "loan.bank_late")
	EventAnswered  = models.Declare[ApplicationData](&events, "loan.in_review")
	EventAskedMore = models.Declare[ApplicationData](&events, "loan.info_requested")
	EventSupplied  = models.Declare[ApplicationData](&events, "loan.info_supplied").Silent("the person has just done it")
	EventOffered   = models.Declare[ApplicationData](&events, "loan.offered")
	EventDeclined  = models.Declare[ApplicationData](&events, "loan.declined")
	EventAccepted  = models.Declare[ApplicationData](&events, "loan.offer_accepted").Silent("the person has just done it")
	EventWithdrawn = models.Declare[ApplicationData](&events, "loan.withdrawn").
			Silent("the person has just done it, or took another bank's offer")
	EventExpired   = models.Declare[ApplicationData](&events, "loan.expired")
	EventDisbursed = models.Declare[ApplicationData](&events, "loan.disbursed")

	// the first day something is due
	EventOpened  = models.Declare[ContractData](&events, "loan.opened")
	EventDueSoon = models.Declare[ContractData](&events, "loan.due_soon")
	EventOverdue = models.Declare[ContractData](&events, "loan.overdue")
	// another range of days past due
	EventRange     = models.Declare[ContractData](&events, "loan.range").Silent("that it is past due was told; the loan shows how long")
	EventRepaid    = models.Declare[ContractData](&events, "loan.repaid")
	EventSettled   = models.Declare[ContractData](&events, "loan.settled")
	EventOverpaid  = models.Declare[ContractData](&events, "loan.overpaid")
	EventWriteOff  = models.Declare[ContractData](&events, "loan.written_off")
	EventTallyDue  = events.Plain("loan.tally_due").Silent("the day is counted by itself")
	EventListed    = models.Declare[FieldData](&events, "loan.list_published").Silent("anybody reads the list")
	EventListCheck = events.Plain("loan.list_checked").Silent("the unit is looking at it")
	EventUnlisted  = models.Declare[UnlistedData](&events, "loan.list_removed")
)

// ApplicationData is what every event of an application says; Until is the day of the deadline that runs.
type ApplicationData struct {
	Bank   string
	Until  models.Day
	Reason string
}

// ContractData is what every event of a loan says; Due is the day of its oldest unpaid instalment, Days how long that is past due.
type ContractData struct {
	Bank string
	Due  models.Day
	Days int
}

// FieldData is what EventListed says.
type FieldData struct {
	Field string
}

// UnlistedData is what EventUnlisted says.
type UnlistedData struct {
	Field  string
	Reason string
}
