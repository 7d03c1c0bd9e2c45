package recall

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. Those of a use concern no
// account: recipients hear of it through their systems, the subject by the call.
var (
	// look once more for uses that were being made while the record changed
	EventSwept = models.Declare[SweepData](&events, "recall.sweep_due").Silent("the call goes on by itself")
	// everybody was told; its subject hears how many
	EventDone = models.Declare[DoneData](&events, "recall.done")
	// the recipient is to act
	EventRecalled = models.Declare[UseData](&events, "recall.recalled").
			Silent("recipients hear of it through their systems, the person by the call as a whole")
	// it has not said so in time
	EventChased = models.Declare[UseData](&events, "recall.chased").Silent("recipients hear of it through their systems")
	// and was reminded as often as it is
	EventOverdue = models.Declare[UseData](&events, "recall.overdue").
			Silent("the credit office sees it in the list of those overdue, the person with the call")
	EventAcked = models.Declare[UseData](&events, "recall.acknowledged").Silent("the person sees it with the call")
)

// UseData is what every event of a use says.
type UseData struct {
	Changed
	Version   int
	Kind      Kind
	Ref       string
	Recipient string
}

// DoneData is what EventDone says.
type DoneData struct {
	Changed
	Decisions int
	Shares    int
	Reports   int
}

// SweepData is what EventSwept says.
type SweepData struct {
	job.PartData
	Changed
}

// Changed is which record changed, and by which kind of event.
type Changed struct {
	Record string
	Cause  string
}
