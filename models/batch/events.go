package batch

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	// the next part is to be read; Data
	EventPartDue   = models.Declare[PartData](&events, "batch.part_due").Silent("the batch goes on by itself")
	EventSubmitted = models.Declare[Data](&events, "batch.submitted").Silent("whoever submitted it is looking at it")
	EventDone      = models.Declare[Data](&events, "batch.done")
	EventFailed    = models.Declare[Data](&events, "batch.failed")
	EventWithdrawn = models.Declare[Data](&events, "batch.withdrawn").Silent("whoever withdrew it sees how far it has come")
)

// PartData is what EventPartDue says.
type PartData struct {
	job.PartData
	Batch string
}

// Data is what the events of a whole batch say: its counts so far.
type Data struct {
	Batch    string
	Unit     string
	Item     string
	No       string
	Rows     int
	Accepted int
	Rejected int
}
