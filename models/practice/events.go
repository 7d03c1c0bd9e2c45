package practice

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. Those for a person are about
// a case she filed, or is to score.
var (
	EventFiled    = models.Declare[CaseData](&events, "practice.filed").Silent("an office finds it in its list")
	EventReturned = models.Declare[CaseData](&events, "practice.returned")
	EventAccepted = models.Declare[CaseData](&events, "practice.accepted")
	EventRejected = models.Declare[CaseData](&events, "practice.rejected")
	// to an expert: a case to score
	EventAsked     = models.Declare[CaseData](&events, "practice.asked")
	EventProposed  = models.Declare[CaseData](&events, "practice.proposed")
	EventPublished = models.Declare[CaseData](&events, "practice.published")
	EventWithdrawn = models.Declare[CaseData](&events, "practice.withdrawn")
	// another unit copied it
	EventAdopted   = models.Declare[CaseData](&events, "practice.adopted")
	EventLate      = models.Declare[CaseData](&events, "practice.late").Silent("the office sees it in its list, with the day")
	EventOpened    = models.Declare[RoundData](&events, "practice.opened").Silent("anybody reads the round")
	EventDrawn     = models.Declare[RoundData](&events, "practice.drawn").Silent("each expert is asked by name")
	EventRanked    = models.Declare[RoundData](&events, "practice.ranked").Silent("whose case was chosen is told by name")
	EventRoundDone = models.Declare[RoundData](&events, "practice.round_done").Silent("anybody reads the round")
	EventCancelled = models.Declare[RoundData](&events, "practice.cancelled").
			Silent("the round says so, with the reason; its cases wait for the next")
)

// CaseData is what every event of a case says.
type CaseData struct {
	Title  string
	Class  Class
	Reason string
}

// RoundData is what every event of a round says.
type RoundData struct {
	Year  int
	Place models.Region
}
