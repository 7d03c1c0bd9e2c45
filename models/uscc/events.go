package uscc

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventScanStarted = events.Plain("uscc.scan_started").Silent("staff are looking at it")
	EventPartDue     = models.Declare[job.PartData](&events, "uscc.part_due").Silent("the scan goes on by itself")
	EventScanDone    = events.Plain("uscc.scan_done").Silent("staff see it in the list of scans")
	EventOpened      = models.Declare[TicketData](&events, "uscc.ticket_opened").Silent("a desk finds it in its list")
	EventAssigned    = models.Declare[TicketData](&events, "uscc.ticket_assigned").Silent("a desk finds it in its list")
	EventCorrected   = models.Declare[TicketData](&events, "uscc.ticket_corrected").Silent("the data is looked at by itself")
	EventVerified    = models.Declare[TicketData](&events, "uscc.ticket_verified").Silent("a desk sees it in its list")
	EventReopened    = models.Declare[TicketData](&events, "uscc.ticket_reopened").Silent("a desk finds it in its list again")
	EventLate        = models.Declare[TicketData](&events, "uscc.ticket_late")
	EventClosed      = models.Declare[TicketData](&events, "uscc.ticket_closed").Silent("a desk sees it in its list")
)

// TicketData is what every event of a ticket says.
type TicketData struct {
	Class Class
	Desk  string
	Due   models.Day
}
