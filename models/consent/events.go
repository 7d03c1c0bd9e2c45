package consent

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventAsked  = models.Declare[Data](&events, "consent.asked")
	EventGiven  = models.Declare[Data](&events, "consent.given")
	EventDenied = models.Declare[Data](&events, "consent.denied").
			Silent("the person just said so, and whoever asked is not to learn of it")
	EventLapsed = models.Declare[Data](&events, "consent.lapsed").
			Silent("the person let the request pass, and lost nothing by it")
	EventWithdrawn = models.Declare[Data](&events, "consent.withdrawn")
	EventExpired   = models.Declare[Data](&events, "consent.expired")
	EventExhausted = models.Declare[Data](&events, "consent.exhausted")
)

// Data is what every event of a consent says, in both languages; Recipient where it is known.
type Data struct {
	Purpose   string
	PurposeEn string
	Recipient string
}
