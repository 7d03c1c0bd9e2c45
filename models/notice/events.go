package notice

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventOpened    = models.Declare[Data](&events, "notice.opened").Silent("whoever it is about is told with what it is about; anybody reads it")
	EventClosed    = models.Declare[Data](&events, "notice.closed").Silent("what it led to is told")                                // every line nobody objected to has passed
	EventPassed    = models.Declare[Data](&events, "notice.passed").Silent("what it led to is told")                                // a line passed after the close: its last objection was dismissed
	EventStruck    = models.Declare[Data](&events, "notice.struck").Silent("what it led to is told")                                // a line was taken off: an objection was right
	EventObjected  = models.Declare[Data](&events, "notice.objected")                                                               // to whoever the line is about; never by whom
	EventAnswered  = models.Declare[Data](&events, "notice.answered")                                                               // to whoever objected; "upheld" yes or no
	EventOverdue   = models.Declare[Data](&events, "notice.overdue").Silent("an office sees it in its list")                        // an objection was not answered by its day
	EventWithdrawn = models.Declare[Data](&events, "notice.withdrawn").Silent("an office does it anew, and the new notice is told") // the notice was taken back
)

// Data is the data of TODO.
type Data struct {
	About     string
	Place     models.Region
	Ref       string
	Due       models.Day
	Upheld    string
	Answer    string
	Objection string
}
