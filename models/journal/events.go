package journal

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	// EventReplayed is told by a dead event that is to be told once more. The relay itself listens.
	EventReplayed = models.Declare[ReplayedData](&events, "events.dead_replayed").Silent("between the operator and the relay")
	// EventSealDue is told when the audit log is to be sealed.
	EventSealDue = models.Declare[SealData](&events, "audit.seal_due").Silent("the log is sealed by itself")
	// EventSealed is told when a head was signed.
	EventSealed = models.Declare[SealedData](&events, "audit.sealed").Silent("everybody can read the heads; nobody has to act")
)

// ReplayedData is what EventReplayed says.
type ReplayedData struct {
	Subscriber string
	Event      string
}

// SealData is what EventSealDue says.
type SealData struct {
	Round int64
}

// SealedData is what EventSealed says.
type SealedData struct {
	Size int64
	Root string
}
