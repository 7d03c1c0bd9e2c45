package casework

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventFiled = models.Declare[Data](&events, "casework.filed")
	// the source unit is asked
	EventChecking = models.Declare[Data](&events, "casework.checking")
	// it has said what it thinks
	EventAnswered = models.Declare[Data](&events, "casework.answered").
			Silent("the desk goes on with it; the person hears the decision")
	EventNeedMore  = models.Declare[Data](&events, "casework.need_more")
	EventSupplied  = models.Declare[Data](&events, "casework.supplied").Silent("the person has just done it")
	EventApproved  = models.Declare[Data](&events, "casework.approved")
	EventRejected  = models.Declare[Data](&events, "casework.rejected")
	EventWithdrawn = models.Declare[Data](&events, "casework.withdrawn").Silent("the person has just done it")
	EventClosed    = models.Declare[Data](&events, "casework.closed").Silent("what it came to was told when it was decided")
	EventLate      = models.Declare[Data](&events, "casework.late")
	// nobody answered what was asked; the case is closed
	EventLapsed = models.Declare[Data](&events, "casework.lapsed")
	// the first lawful day has come and the request is filled in
	EventPrepared    = models.Declare[Data](&events, "casework.prepared").Silent("record.eligible told of the day at the same time")
	EventAccepted    = models.Declare[Data](&events, "casework.accepted")
	EventNotAccepted = models.Declare[Data](&events, "casework.not_accepted")
	EventExtended    = models.Declare[Data](&events, "casework.extended")
	// everybody who used the record was told
	EventSynced  = models.Declare[Data](&events, "casework.synced")
	EventRevoked = models.Declare[Data](&events, "casework.revoked")
	// the record stopped by itself, or went: nothing is left to repair
	EventOver = models.Declare[Data](&events, "casework.over")
)

// Data is what every event of a case says; Due where a clock runs, Note where a reason was given.
type Data struct {
	Kind  Kind
	No    string
	Desk  string
	About string
	Due   models.Day `event:",omitempty"`
	Note  string     `event:",omitempty"`
}
