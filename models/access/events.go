package access

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. They are published to whom
// the data is about, when that one has an account.
var (
	EventSeen = models.Declare[LookData](&events, "access.seen")
	// something about the look is unusual
	EventOdd = models.Declare[LookData](&events, "access.odd")
	// data was asked for, and nothing was shown
	EventRefused = models.Declare[OfficeData](&events, "access.refused")
)

// LookData is what EventSeen and EventOdd say.
type LookData struct {
	Office    string
	Purpose   string
	PurposeEn string
}

// OfficeData is the office that looked.
type OfficeData struct {
	Office string
}
