package credential

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventIssued   = models.Declare[Data](&events, "credential.issued")
	EventReissued = models.Declare[Data](&events, "credential.reissued").Silent("what it takes the place of says so") // another one took the place of one that was replaced
	EventReplaced = models.Declare[Data](&events, "credential.replaced")                                              // what it says changed: another one is issued
	EventRevoked  = models.Declare[Data](&events, "credential.revoked").Silent("the award says so, with the reason")
	EventExpired  = models.Declare[Data](&events, "credential.expired").Silent("the award says so")
)

// Data is the data of TODO.
type Data struct {
	No    string
	Until models.Day
}
