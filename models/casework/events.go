package casework

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventFiled       = models.Declare[Data](&events, "casework.filed")
	EventChecking    = models.Declare[Data](&events, "casework.checking")                                                                   // the source unit is asked
	EventAnswered    = models.Declare[Data](&events, "casework.answered").Silent("the desk goes on with it; the person hears the decision") // it has said what it thinks
	EventNeedMore    = models.Declare[Data](&events, "casework.need_more")
	EventSupplied    = models.Declare[Data](&events, "casework.supplied").Silent("the person has just done it")
	EventApproved    = models.Declare[Data](&events, "casework.approved")
	EventRejected    = models.Declare[Data](&events, "casework.rejected")
	EventWithdrawn   = models.Declare[Data](&events, "casework.withdrawn").Silent("the person has just done it")
	EventClosed      = models.Declare[Data](&events, "casework.closed").Silent("what it came to was told when it was decided")
	EventLate        = models.Declare[Data](&events, "casework.late")
	EventLapsed      = models.Declare[Data](&events, "casework.lapsed")                                                              // nobody answered what was asked; the case is closed
	EventPrepared    = models.Declare[Data](&events, "casework.prepared").Silent("record.eligible told of the day at the same time") // the first lawful day has come and the request is filled in
	EventAccepted    = models.Declare[Data](&events, "casework.accepted")
	EventNotAccepted = models.Declare[Data](&events, "casework.not_accepted")
	EventExtended    = models.Declare[Data](&events, "casework.extended")
	EventSynced      = models.Declare[Data](&events, "casework.synced") // everybody who used the record was told
	EventRevoked     = models.Declare[Data](&events, "casework.revoked")
	EventOver        = models.Declare[Data](&events, "casework.over") // the record stopped by itself, or went: nothing is left to repair
)

// Data is the data of TODO.
type Data struct {
	Kind  Kind
	No    string
	Desk  string
	About string
	Due   models.Day `event:",omitempty"`
	Note  string     `event:",omitempty"`
}
