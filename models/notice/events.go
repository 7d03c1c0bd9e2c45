package notice

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventOpened = models.Declare[Data](&events, "notice.opened").
			Silent("whoever it is about is told with what it is about; anybody reads it")
	// every line nobody objected to has passed
	EventClosed = models.Declare[Data](&events, "notice.closed").Silent("what it led to is told")
	// a line passed after the close: its last objection was dismissed
	EventPassed = models.Declare[Data](&events, "notice.passed").Silent("what it led to is told")
	// a line was taken off: an objection was right
	EventStruck = models.Declare[Data](&events, "notice.struck").Silent("what it led to is told")
	// to whoever the line is about; never by whom
	EventObjected = models.Declare[Data](&events, "notice.objected")
	// to whoever objected; Upheld is yes or no
	EventAnswered = models.Declare[Data](&events, "notice.answered")
	// an objection was not answered by its day
	EventOverdue = models.Declare[Data](&events, "notice.overdue").Silent("an office sees it in its list")
	// the notice was taken back
	EventWithdrawn = models.Declare[Data](&events, "notice.withdrawn").Silent("an office does it anew, and the new notice is told")
)

// Data is what every event of a notice says; Ref of a line alone, and of an objection the rest.
type Data struct {
	About     string
	Place     models.Region
	Ref       string
	Due       models.Day
	Upheld    string
	Answer    string
	Objection string
}
