package job

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventResumed   = models.Declare[KindData](&events, "job.resumed").Silent("between the operator and the job")
	EventCancelled = models.Declare[CancelledData](&events, "job.cancelled") // whoever started it is told
)

// KindData is the data of TODO.
type KindData struct {
	Kind string
}

// CancelledData is the data of TODO.
type CancelledData struct {
	Kind   string
	Reason string
}

// PartData is the data of TODO.
type PartData struct {
	Part int
}
