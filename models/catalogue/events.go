package catalogue

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventDrafted   = models.Declare[Data](&events, "catalogue.drafted").Silent("staff are looking at it")
	EventChanged   = models.Declare[Data](&events, "catalogue.changed").Silent("staff are looking at it")
	EventSubmitted = models.Declare[Data](&events, "catalogue.submitted").
			Silent("a second person finds it in the list of versions under review")
	EventReturned  = models.Declare[Data](&events, "catalogue.returned")
	EventPublished = models.Declare[Data](&events, "catalogue.published").Silent("anybody can read the catalogue")
	// its day has come
	EventInForce = models.Declare[Data](&events, "catalogue.in_force").
			Silent("about no person: what comes in from today is read by it")
	EventRetired = models.Declare[Data](&events, "catalogue.retired").Silent("about no person: the version after it says so")
)

// Data is what every event of an item's version says.
type Data struct {
	Code    string
	Version int
	From    models.Day
}
