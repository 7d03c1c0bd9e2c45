package credential

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventIssued = models.Declare[Data](&events, "credential.issued")
	// another one took the place of one that was replaced
	EventReissued = models.Declare[Data](&events, "credential.reissued").Silent("what it takes the place of says so")
	// what it says changed: another one is issued
	EventReplaced = models.Declare[Data](&events, "credential.replaced")
	EventRevoked  = models.Declare[Data](&events, "credential.revoked").Silent("the award says so, with the reason")
	EventExpired  = models.Declare[Data](&events, "credential.expired").Silent("the award says so")
)

// Data is what every event of a credential says.
type Data struct {
	No    string
	Until models.Day
}
