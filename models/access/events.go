package access

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventSeen    = models.Declare[LookData](&events, "access.seen")
	EventOdd     = models.Declare[LookData](&events, "access.odd")       // something about the look is unusual
	EventRefused = models.Declare[OfficeData](&events, "access.refused") // data was asked for, and nothing was shown
)

// LookData is the data of TODO.
type LookData struct {
	Office    string
	Purpose   string
	PurposeEn string
}

// OfficeData is the data of TODO.
type OfficeData struct {
	Office string
}
