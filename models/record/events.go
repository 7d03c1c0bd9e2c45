package record

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	// a negative record is there, and what may be done about it
	EventKept = models.Declare[Data](&events, "record.kept")
	// a record that speaks for its subject is there
	EventHonoured = models.Declare[Data](&events, "record.honoured")
	// it carries the mark
	EventObjected = models.Declare[Data](&events, "record.objected")
	// an objection changed nothing; the mark is off
	EventUpheld = models.Declare[Data](&events, "record.upheld")
	// its source changed it
	EventRevised = models.Declare[Data](&events, "record.revised")
	// it was wrong
	EventCorrected = models.Declare[Data](&events, "record.corrected")
	// from today its subject may have it repaired
	EventEligible = models.Declare[Data](&events, "record.eligible")
	EventRepaired = models.Declare[Data](&events, "record.repaired")
	// a repair rested on false materials
	EventRestored = models.Declare[Data](&events, "record.restored")
	// its time of publication is over
	EventEnded     = models.Declare[Data](&events, "record.ended")
	EventWithdrawn = models.Declare[Data](&events, "record.withdrawn")
)

// Data is what every event of a record says; the days of its publication where it has them, Why where somebody gave a reason.
type Data struct {
	Record   string
	Version  int
	Item     string
	Unit     string
	Eligible models.Day `event:",omitempty"`
	Ends     models.Day `event:",omitempty"`
	Why      string     `event:",omitempty"`
}
