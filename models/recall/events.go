package recall

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventSwept    = models.Declare[SweepData](&events, "recall.sweep_due").Silent("the call goes on by itself")                                                   // look once more for uses that were being made while the record changed
	EventDone     = models.Declare[DoneData](&events, "recall.done")                                                                                              // everybody was told; its subject hears how many
	EventRecalled = models.Declare[UseData](&events, "recall.recalled").Silent("recipients hear of it through their systems, the person by the call as a whole")  // the recipient is to act
	EventChased   = models.Declare[UseData](&events, "recall.chased").Silent("recipients hear of it through their systems")                                       // it has not said so in time
	EventOverdue  = models.Declare[UseData](&events, "recall.overdue").Silent("the credit office sees it in the list of those overdue, the person with the call") // and was reminded as often as it is
	EventAcked    = models.Declare[UseData](&events, "recall.acknowledged").Silent("the person sees it with the call")
)

// UseData is the data of TODO.
type UseData struct {
	Changed
	Version   int
	Kind      Kind
	Ref       string
	Recipient string
}

// DoneData is the data of TODO.
type DoneData struct {
	Changed
	Decisions int
	Shares    int
	Reports   int
}

// SweepData is the data of TODO.
type SweepData struct {
	job.PartData
	Changed
}

// Changed is which record changed, and by which kind of event.
type Changed struct {
	Record string
	Cause  string
}
