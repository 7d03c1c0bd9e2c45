package award

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventGranted  = models.Declare[HonourData](&events, "award.granted")
	EventRenewed  = models.Declare[HonourData](&events, "award.renewed")
	EventExpiring = models.Declare[HonourData](&events, "award.expiring")
	EventExpired  = models.Declare[HonourData](&events, "award.expired")
	// the holder may answer until
	EventAnswer  = models.Declare[HonourData](&events, "award.revocation_asked")
	EventKept    = models.Declare[HonourData](&events, "award.revocation_dropped")
	EventRevoked = models.Declare[HonourData](&events, "award.revoked")
	// what the holder agreed to be shown or recorded changed
	EventDeclined = models.Declare[HonourData](&events, "award.naming_changed").Silent("the person has just done it")
	// the records are to be looked at anew
	EventRenewing = models.Declare[HonourData](&events, "award.renewal_asked").Silent("the person has just done it")
	EventLapsing  = models.Declare[HonourData](&events, "award.renewal_refused")
	// a record may be a ground to revoke it
	EventAlert = models.Declare[AlertData](&events, "award.ground_found").
			Silent("an office looks; the holder is told when anything is asked")
	EventUpward = models.Declare[HonourData](&events, "award.recommended")
	// set aside by two people
	EventAside      = models.Declare[BallotData](&events, "award.ballot_aside").Silent("who voted is not kept")
	EventUsed       = models.Declare[MeasureData](&events, "award.measure_used")
	EventMeasureEnd = models.Declare[MeasureEndData](&events, "award.measure_ended").
			Silent("the award it went with ended, and that was told; or its day came, which was told when it began")
	// the nominee is asked
	EventNominated = models.Declare[NominationData](&events, "award.nominated")
	// the records are to be read
	EventVetDue = models.Declare[NominationData](&events, "award.vetting_due").
			Silent("the records are read by themselves; who has a hit is told")
	// the materials are to be mended
	EventReturned = models.Declare[NominationData](&events, "award.returned")
	EventHit      = models.Declare[NominationData](&events, "award.hit_found")
	EventExcluded = models.Declare[NominationData](&events, "award.excluded")
	// a department has a doubt
	EventConcern = models.Declare[NominationData](&events, "award.concern")
	// experts are to be drawn
	EventDrawDue = models.Declare[NominationData](&events, "award.draw_due").Silent("experts are drawn by themselves, and told")
	// to an expert
	EventDrawn = models.Declare[NominationData](&events, "award.expert_asked")
	// something waits for an office
	EventOverdue = models.Declare[NominationData](&events, "award.office_late").Silent("the office sees it in its list")
	// of a programme: seats are given
	EventSelected = models.Declare[ProgrammeData](&events, "award.selected").Silent("everybody in it is told by name")
	EventRunnerUp = models.Declare[NominationData](&events, "award.runner_up")
	EventNot      = models.Declare[NominationData](&events, "award.not_selected")
	EventNotice   = models.Declare[NominationData](&events, "award.on_notice")
	EventStruck   = models.Declare[NominationData](&events, "award.struck")
	// the award is to be granted
	EventApproved = models.Declare[NominationData](&events, "award.approved").
			Silent("the award is granted at once, and that is told")
	// somebody with a seat is out: the next one moves up
	EventFreed = models.Declare[NominationData](&events, "award.seat_free").
			Silent("the next one moves up by itself, and is told of the notice")
	EventOut       = models.Declare[NominationData](&events, "award.withdrawn").Silent("the person has just done it")
	EventPublished = models.Declare[ProgrammeData](&events, "award.programme_published").
			Silent("the list of programmes shows it; a campaign tells people")
	EventOpen = models.Declare[ProgrammeData](&events, "award.programme_open").
			Silent("the list of programmes shows it; a campaign tells people")
	// no more nominations
	EventClosing = models.Declare[ProgrammeData](&events, "award.programme_closed").
			Silent("who did not hand anything in is told by name")
	// the vote may open once nothing is on the way
	EventVoteDue  = models.Declare[ProgrammeData](&events, "award.vote_due").Silent("the vote opens by itself")
	EventVoteOpen = models.Declare[ProgrammeData](&events, "award.vote_open").
			Silent("the list of programmes shows it; a campaign tells people")
	EventVoteClosed = models.Declare[ProgrammeData](&events, "award.vote_closed").Silent("the list of programmes shows it")
	// seats are to be given
	EventSelectDue = models.Declare[ProgrammeData](&events, "award.select_due").Silent("seats are given by themselves")
	// something keeps the programme waiting
	EventLate = models.Declare[ProgrammeData](&events, "award.late").Silent("the office sees what it waits for in its list")
	EventDone = models.Declare[ProgrammeData](&events, "award.programme_done").Silent("everybody in it was told by name")
)

// HonourData is what every event of an award says.
type HonourData struct {
	Within
	Category string
	No       string
	Until    models.Day
	Title    string
	TitleEN  string
	Named    string
	Recorded string
	Reason   string
}

// NominationData is what every event of a nomination says; Late when the experts did not answer in time.
type NominationData struct {
	Within
	Category string
	Title    string
	TitleEN  string
	Until    models.Day
	Reason   string
	Place    models.Region
	Late     string `event:",omitempty"`
}

// ProgrammeData is what every event of a programme says.
type ProgrammeData struct {
	Within
	Title   string
	TitleEN string
	Place   models.Region
}

// AlertData is what EventAlert says.
type AlertData struct {
	Programme string
	Record    string
}

// BallotData is what EventAside says.
type BallotData struct {
	Programme  string
	Nomination string
}

// MeasureEndData is what EventMeasureEnd says.
type MeasureEndData struct {
	Award string
	Code  string
}

// MeasureData is what EventUsed says.
type MeasureData struct {
	Award  string
	Code   string
	Name   string
	NameEN string
}

// Within is the programme that an event is about, or in which it happened.
type Within struct{ Programme string }
