package job

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventResumed = models.Declare[KindData](&events, "job.resumed").Silent("between the operator and the job")
	// whoever started it is told
	EventCancelled = models.Declare[CancelledData](&events, "job.cancelled")
)

// KindData is what EventResumed says.
type KindData struct {
	Kind string
}

// CancelledData is what EventCancelled says.
type CancelledData struct {
	Kind   string
	Reason string
}

// PartData is which part is due; the data of an event that asks for one is this, or embeds it.
type PartData struct {
	Part int
}
