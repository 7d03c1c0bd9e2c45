package benefit

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. None says why somebody does not get something.
var (
	// an offer's first version is in force
	EventOffered = models.Declare[SceneData](&events, "benefit.offer_online").
			Silent("the list of offers shows it; a campaign tells people")
	// nobody may claim for now
	EventPaused = models.Declare[OfferData](&events, "benefit.offer_paused").
			Silent("who looks at the offer reads it; what was claimed stays good")
	EventResumed = models.Declare[OfferData](&events, "benefit.offer_resumed").Silent("the list of offers shows it")
	// for good; what was claimed stays good
	EventClosed = models.Declare[OfferData](&events, "benefit.offer_closed").
			Silent("what was claimed stays good, and whoever waited sees it in the line")
	EventApproved = models.Declare[VersionData](&events, "benefit.version_approved").
			Silent("between the provider's desk and the office")
	// who would lose is to be told
	EventScheduled = models.Declare[ScheduledData](&events, "benefit.version_scheduled").
			Silent("who would lose a claim is told by name")
	EventActive  = models.Declare[VersionData](&events, "benefit.version_active").Silent("the offer shows it")
	EventRetired = models.Declare[VersionData](&events, "benefit.version_retired").Silent("the offer shows what took its place")
	// the next part is to be counted
	EventSimDue  = models.Declare[job.PartData](&events, "benefit.simulation_due").Silent("the simulation goes on by itself")
	EventSimDone = models.Declare[TriedData](&events, "benefit.simulation_done").Silent("the desk sees it")
	EventHeld    = models.Declare[ClaimData](&events, "benefit.claim_held").
			Silent("the person has just asked for it, or was told with the place in the line")
	EventClaimed  = models.Declare[ClaimData](&events, "benefit.claim_claimed").Silent("the person has just done it")
	EventUsed     = models.Declare[ClaimData](&events, "benefit.claim_used")
	EventReversed = models.Declare[ClaimData](&events, "benefit.claim_reversed")
	EventReturned = models.Declare[ClaimData](&events, "benefit.claim_returned").Silent("the person has just brought it back")
	// the thing is to be brought back that day
	EventDueBack = models.Declare[ClaimData](&events, "benefit.claim_due_back")
	// it was not: with this provider's scene alone
	EventBreached = models.Declare[ClaimData](&events, "benefit.claim_breached")
	// she says it is wrong: an office of Region decides
	EventObjected = models.Declare[ClaimData](&events, "benefit.breach_objected").Silent("the person has just done it")
	EventUpheld   = models.Declare[ClaimData](&events, "benefit.breach_upheld")
	EventTallyDue = events.Plain("benefit.tally_due").Silent("the day is counted by itself")
	// it was brought back after all
	EventCured = models.Declare[ClaimData](&events, "benefit.claim_cured")
	// a place was held or claimed and not taken in time
	EventLapsed    = models.Declare[ClaimData](&events, "benefit.claim_lapsed")
	EventCancelled = models.Declare[ClaimData](&events, "benefit.claim_cancelled").Silent("the person has just done it")
	EventSettled   = models.Declare[ClaimData](&events, "benefit.claim_settled").Silent("nothing changes for the person")
	// from From its offer is for others; use it before
	EventEnding  = models.Declare[ClaimData](&events, "benefit.claim_ending")
	EventVacated = models.Declare[PlaceData](&events, "benefit.place_vacated").Silent("the place goes to who waits, who is told")
	// a held place's time is over: look at its claim
	EventDoubtful = models.Declare[PlaceData](&events, "benefit.place_doubtful").Silent("the claim is looked at by itself")
	EventWaiting  = models.Declare[WaitData](&events, "benefit.wait_joined").Silent("the person has just done it")
	// a place is hers until then
	EventServed = models.Declare[ServedData](&events, "benefit.wait_served")
	// something it counted has ended
	EventProfileDue = events.Plain("benefit.profile_due").Silent("the profile is put together anew by itself")
	EventBand       = models.Declare[BandData](&events, "benefit.band_changed")
)

// ClaimData is what every event of a claim says; the days it does not have are empty.
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

// SceneData is what EventOffered says.
type SceneData struct {
	Scene string
}

// OfferData is what EventPaused, EventResumed and EventClosed say.
type OfferData struct {
	Scene  string
	Reason string
}

// BandData is what EventBand says.
type BandData struct {
	Band string
}

// PlaceData is what EventVacated and EventDoubtful say.
type PlaceData struct {
	Offer string
	Claim string
}

// TriedData is what EventSimDone says.
type TriedData struct {
	Version string
}

// VersionData is what EventApproved, EventActive and EventRetired say.
type VersionData struct {
	Offer   string
	Version int
}

// ScheduledData is what EventScheduled says.
type ScheduledData struct {
	Offer   string
	Version int
	From    models.Day
}

// WaitData is what EventWaiting says.
type WaitData struct {
	Offer string
}

// ServedData is what EventServed says.
type ServedData struct {
	Offer  string
	Name   string
	NameEN string
	Claim  string
	Until  string
}
