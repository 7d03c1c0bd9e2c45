package decision

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventMade = models.Declare[MadeData](&events, "decision.made").Silent("what was decided on tells its person itself")
	// a record it used changed
	EventRecalled = models.Declare[RecalledData](&events, "decision.recalled").Silent("it is made again at once, and that is told")
	// and it comes out the same without it
	EventConfirmed = models.Declare[SettledData](&events, "decision.confirmed")
	// and it comes out otherwise: Outcome is the new one
	EventChanged = models.Declare[SettledData](&events, "decision.changed")
	// what was given still runs: an office has to look
	EventDue = models.Declare[SettledData](&events, "decision.office_due").
			Silent("about nobody in particular: the office sees it in its queue")
)

// MadeData is what EventMade says.
type MadeData struct {
	Kind  string
	About string
}

// RecalledData is what EventRecalled says.
type RecalledData struct {
	Kind  string
	About string
	Cause string
}

// SettledData is what EventConfirmed, EventChanged and EventDue say.
type SettledData struct {
	Kind    string
	About   string
	Cause   string
	Next    string
	Outcome string
}
