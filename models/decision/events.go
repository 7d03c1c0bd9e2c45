package decision

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventMade      = models.Declare[MadeData](&events, "decision.made").Silent("what was decided on tells its person itself")
	EventRecalled  = models.Declare[RecalledData](&events, "decision.recalled").Silent("it is made again at once, and that is told")                   // a record it used changed
	EventConfirmed = models.Declare[SettledData](&events, "decision.confirmed")                                                                        // and it comes out the same without it
	EventChanged   = models.Declare[SettledData](&events, "decision.changed")                                                                          // and it comes out otherwise: "outcome" is the new one
	EventDue       = models.Declare[SettledData](&events, "decision.office_due").Silent("about nobody in particular: the office sees it in its queue") // what was given still runs: an office has to look
)

// MadeData is the data of TODO.
type MadeData struct {
	Kind  string
	About string
}

// RecalledData is the data of TODO.
type RecalledData struct {
	Kind  string
	About string
	Cause string
}

// SettledData is the data of TODO.
type SettledData struct {
	Kind    string
	About   string
	Cause   string
	Next    string
	Outcome string
}
