package record

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventKept      = models.Declare[Data](&events, "record.kept")      // a negative record is there, and what may be done about it
	EventHonoured  = models.Declare[Data](&events, "record.honoured")  // a record that speaks for its subject is there
	EventObjected  = models.Declare[Data](&events, "record.objected")  // it carries the mark
	EventUpheld    = models.Declare[Data](&events, "record.upheld")    // an objection changed nothing; the mark is off
	EventRevised   = models.Declare[Data](&events, "record.revised")   // its source changed it
	EventCorrected = models.Declare[Data](&events, "record.corrected") // it was wrong
	EventEligible  = models.Declare[Data](&events, "record.eligible")  // from today its subject may have it repaired
	EventRepaired  = models.Declare[Data](&events, "record.repaired")
	EventRestored  = models.Declare[Data](&events, "record.restored") // a repair rested on false materials
	EventEnded     = models.Declare[Data](&events, "record.ended")    // its time of publication is over
	EventWithdrawn = models.Declare[Data](&events, "record.withdrawn")
)

// Data is the data of TODO.
type Data struct {
	Record   string
	Version  int
	Item     string
	Unit     string
	Eligible models.Day `event:",omitempty"`
	Ends     models.Day `event:",omitempty"`
	Why      string     `event:",omitempty"`
}
