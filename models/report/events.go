package report

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventIssued     = models.Declare[Data](&events, "report.issued").Silent("the person has just asked for it")
	EventExpired    = models.Declare[Data](&events, "report.expired")
	EventSuperseded = models.Declare[Data](&events, "report.superseded") // a record it shows changed
	EventRevoked    = models.Declare[Data](&events, "report.revoked").Silent("the person has just done it")
)

// Data is the data of TODO.
type Data struct {
	No    string
	Kind  Kind
	Cause string `event:",omitempty"`
}
