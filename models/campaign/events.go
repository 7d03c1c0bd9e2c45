package campaign

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventDrafted   = events.Plain("campaign.drafted").Silent("staff are looking at it")
	EventChanged   = events.Plain("campaign.changed").Silent("staff are looking at it")
	EventApproved  = events.Plain("campaign.approved").Silent("its people are told when it runs")
	EventCancelled = events.Plain("campaign.cancelled").Silent("nobody was told of it")
	EventStarted   = events.Plain("campaign.started").Silent("its people are told themselves")
	EventPartDue   = models.Declare[job.PartData](&events, "campaign.part_due").Silent("the campaign goes on by itself")
	EventDone      = events.Plain("campaign.done").Silent("staff see it in the list of campaigns")
	EventStopped   = events.Plain("campaign.stopped").Silent("who was told keeps the message; the others never hear of it")
	// service, good to know
	EventNoticed = models.Declare[WordsData](&events, "campaign.noticed")
	// service, something is to be done
	EventAsked = models.Declare[WordsData](&events, "campaign.asked")
	// marketing
	EventOffered = models.Declare[WordsData](&events, "campaign.offered")
)

// WordsData is what EventNoticed, EventAsked and EventOffered say.
type WordsData struct {
	TitleZh string
	TitleEn string
	BodyZh  string
	BodyEn  string
}
