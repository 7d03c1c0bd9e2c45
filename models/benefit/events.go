package benefit

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventOffered    = models.Declare[SceneData](&events, "benefit.offer_online").Silent("the list of offers shows it; a campaign tells people")         // an offer's first version is in force: "scene"
	EventPaused     = models.Declare[OfferData](&events, "benefit.offer_paused").Silent("who looks at the offer reads it; what was claimed stays good") // nobody may claim for now: "reason"
	EventResumed    = models.Declare[OfferData](&events, "benefit.offer_resumed").Silent("the list of offers shows it")
	EventClosed     = models.Declare[OfferData](&events, "benefit.offer_closed").Silent("what was claimed stays good, and whoever waited sees it in the line") // for good; what was claimed stays good
	EventApproved   = models.Declare[VersionData](&events, "benefit.version_approved").Silent("between the provider's desk and the office")
	EventScheduled  = models.Declare[ScheduledData](&events, "benefit.version_scheduled").Silent("who would lose a claim is told by name") // who would lose is to be told
	EventActive     = models.Declare[VersionData](&events, "benefit.version_active").Silent("the offer shows it")
	EventRetired    = models.Declare[VersionData](&events, "benefit.version_retired").Silent("the offer shows what took its place")
	EventSimDue     = models.Declare[job.PartData](&events, "benefit.simulation_due").Silent("the simulation goes on by itself") // the next part is to be counted
	EventSimDone    = models.Declare[TriedData](&events, "benefit.simulation_done").Silent("the desk sees it")
	EventHeld       = models.Declare[ClaimData](&events, "benefit.claim_held").Silent("the person has just asked for it, or was told with the place in the line")
	EventClaimed    = models.Declare[ClaimData](&events, "benefit.claim_claimed").Silent("the person has just done it")
	EventUsed       = models.Declare[ClaimData](&events, "benefit.claim_used")
	EventReversed   = models.Declare[ClaimData](&events, "benefit.claim_reversed")
	EventReturned   = models.Declare[ClaimData](&events, "benefit.claim_returned").Silent("the person has just brought it back")
	EventDueBack    = models.Declare[ClaimData](&events, "benefit.claim_due_back")                                        // the thing is to be brought back that day
	EventBreached   = models.Declare[ClaimData](&events, "benefit.claim_breached")                                        // it was not: with this provider's scene alone
	EventObjected   = models.Declare[ClaimData](&events, "benefit.breach_objected").Silent("the person has just done it") // she says it is wrong: an office of "region" decides
	EventUpheld     = models.Declare[ClaimData](&events, "benefit.breach_upheld")
	EventTallyDue   = events.Plain("benefit.tally_due").Silent("the day is counted by itself")
	EventCured      = models.Declare[ClaimData](&events, "benefit.claim_cured")  // it was brought back after all
	EventLapsed     = models.Declare[ClaimData](&events, "benefit.claim_lapsed") // a place was held or claimed and not taken in time
	EventCancelled  = models.Declare[ClaimData](&events, "benefit.claim_cancelled").Silent("the person has just done it")
	EventSettled    = models.Declare[ClaimData](&events, "benefit.claim_settled").Silent("nothing changes for the person")
	EventEnding     = models.Declare[ClaimData](&events, "benefit.claim_ending") // from "from" its offer is for others; use it before
	EventVacated    = models.Declare[PlaceData](&events, "benefit.place_vacated").Silent("the place goes to who waits, who is told")
	EventDoubtful   = models.Declare[PlaceData](&events, "benefit.place_doubtful").Silent("the claim is looked at by itself") // a held place's time is over: look at its claim
	EventWaiting    = models.Declare[WaitData](&events, "benefit.wait_joined").Silent("the person has just done it")
	EventServed     = models.Declare[ServedData](&events, "benefit.wait_served")                               // a place is hers until then
	EventProfileDue = events.Plain("benefit.profile_due").Silent("the profile is put together anew by itself") // something it counted has ended
	EventBand       = models.Declare[BandData](&events, "benefit.band_changed")
)

// ClaimData is the data of TODO.
type ClaimData struct {
	Offer  string
	Scene  string
	Name   string
	NameEN string
	Until  string
	Ends   models.Day
	Day    models.Day
	Saved  models.Fen
	Due    models.Day
	From   models.Day
	Region string
}

// SceneData is the data of TODO.
type SceneData struct {
	Scene string
}

// OfferData is the data of TODO.
type OfferData struct {
	Scene  string
	Reason string
}

// BandData is the data of TODO.
type BandData struct {
	Band string
}

// PlaceData is the data of TODO.
type PlaceData struct {
	Offer string
	Claim string
}

// TriedData is the data of TODO.
type TriedData struct {
	Version string
}

// VersionData is the data of TODO.
type VersionData struct {
	Offer   string
	Version int
}

// ScheduledData is the data of TODO.
type ScheduledData struct {
	Offer   string
	Version int
	From    models.Day
}

// WaitData is the data of TODO.
type WaitData struct {
	Offer string
}

// ServedData is the data of TODO.
type ServedData struct {
	Offer  string
	Name   string
	NameEN string
	Claim  string
	Until  string
}
