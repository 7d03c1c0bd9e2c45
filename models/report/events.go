package report

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventIssued  = models.Declare[Data](&events, "report.issued").Silent("the person has just asked for it")
	EventExpired = models.Declare[Data](&events, "report.expired")
	// a record it shows changed
	EventSuperseded = models.Declare[Data](&events, "report.superseded")
	EventRevoked    = models.Declare[Data](&events, "report.revoked").Silent("the person has just done it")
)

// Data is what every event of a report says; Cause where a record changed.
type Data struct {
	No    string
	Kind  Kind
	Cause string `event:",omitempty"`
}
