package award

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventGranted    = models.Declare[AwardData](&events, "award.granted")
	EventRenewed    = models.Declare[AwardData](&events, "award.renewed")
	EventExpiring   = models.Declare[AwardData](&events, "award.expiring")
	EventExpired    = models.Declare[AwardData](&events, "award.expired")
	EventAnswer     = models.Declare[AwardData](&events, "award.revocation_asked") // the holder may answer until "until"
	EventKept       = models.Declare[AwardData](&events, "award.revocation_dropped")
	EventRevoked    = models.Declare[AwardData](&events, "award.revoked")
	EventDeclined   = models.Declare[AwardData](&events, "award.naming_changed").Silent("the person has just done it") // what the holder agreed to be shown or recorded changed
	EventRenewing   = models.Declare[AwardData](&events, "award.renewal_asked").Silent("the person has just done it")  // the records are to be looked at anew
	EventLapsing    = models.Declare[AwardData](&events, "award.renewal_refused")
	EventAlert      = models.Declare[AlertData](&events, "award.ground_found").Silent("an office looks; the holder is told when anything is asked") // a record may be a ground to revoke it
	EventUpward     = models.Declare[AwardData](&events, "award.recommended")
	EventAside      = models.Declare[BallotData](&events, "award.ballot_aside").Silent("who voted is not kept") // set aside by two people
	EventUsed       = models.Declare[MeasureData](&events, "award.measure_used")
	EventMeasureEnd = models.Declare[MeasureEndData](&events, "award.measure_ended").Silent("the award it went with ended, and that was told; or its day came, which was told when it began")
	EventNominated  = models.Declare[NominationData](&events, "award.nominated")                                                                       // the nominee is asked
	EventVetDue     = models.Declare[NominationData](&events, "award.vetting_due").Silent("the records are read by themselves; who has a hit is told") // the records are to be read
	EventReturned   = models.Declare[NominationData](&events, "award.returned")                                                                        // the materials are to be mended
	EventHit        = models.Declare[NominationData](&events, "award.hit_found")
	EventExcluded   = models.Declare[NominationData](&events, "award.excluded")
	EventConcern    = models.Declare[NominationData](&events, "award.concern")                                                      // a department has a doubt
	EventDrawDue    = models.Declare[NominationData](&events, "award.draw_due").Silent("experts are drawn by themselves, and told") // experts are to be drawn
	EventDrawn      = models.Declare[NominationData](&events, "award.expert_asked")                                                 // to an expert
	EventOverdue    = models.Declare[NominationData](&events, "award.office_late").Silent("the office sees it in its list")         // something waits for an office
	EventSelected   = models.Declare[ProgrammeData](&events, "award.selected").Silent("everybody in it is told by name")            // of a programme: seats are given
	EventRunnerUp   = models.Declare[NominationData](&events, "award.runner_up")
	EventNot        = models.Declare[NominationData](&events, "award.not_selected")
	EventNotice     = models.Declare[NominationData](&events, "award.on_notice")
	EventStruck     = models.Declare[NominationData](&events, "award.struck")
	EventApproved   = models.Declare[NominationData](&events, "award.approved").Silent("the award is granted at once, and that is told")              // the award is to be granted
	EventFreed      = models.Declare[NominationData](&events, "award.seat_free").Silent("the next one moves up by itself, and is told of the notice") // somebody with a seat is out: the next one moves up
	EventOut        = models.Declare[NominationData](&events, "award.withdrawn").Silent("the person has just done it")
	EventPublished  = models.Declare[ProgrammeData](&events, "award.programme_published").Silent("the list of programmes shows it; a campaign tells people")
	EventOpen       = models.Declare[ProgrammeData](&events, "award.programme_open").Silent("the list of programmes shows it; a campaign tells people")
	EventClosing    = models.Declare[ProgrammeData](&events, "award.programme_closed").Silent("who did not hand anything in is told by name") // no more nominations
	EventVoteDue    = models.Declare[ProgrammeData](&events, "award.vote_due").Silent("the vote opens by itself")                             // the vote may open once nothing is on the way
	EventVoteOpen   = models.Declare[ProgrammeData](&events, "award.vote_open").Silent("the list of programmes shows it; a campaign tells people")
	EventVoteClosed = models.Declare[ProgrammeData](&events, "award.vote_closed").Silent("the list of programmes shows it")
	EventSelectDue  = models.Declare[ProgrammeData](&events, "award.select_due").Silent("seats are given by themselves")           // seats are to be given
	EventLate       = models.Declare[ProgrammeData](&events, "award.late").Silent("the office sees what it waits for in its list") // something keeps the programme waiting
	EventDone       = models.Declare[ProgrammeData](&events, "award.programme_done").Silent("everybody in it was told by name")
)

// AwardData is the data of TODO.
type AwardData struct {
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

// NominationData is the data of TODO.
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

// ProgrammeData is the data of TODO.
type ProgrammeData struct {
	Within
	Title   string
	TitleEN string
	Place   models.Region
}

// AlertData is the data of TODO.
type AlertData struct {
	Programme string
	Record    string
}

// BallotData is the data of TODO.
type BallotData struct {
	Programme  string
	Nomination string
}

// MeasureEndData is the data of TODO.
type MeasureEndData struct {
	Award string
	Code  string
}

// MeasureData is the data of TODO.
type MeasureData struct {
	Award  string
	Code   string
	Name   string
	NameEN string
}

// Within is the programme that an event is about, or in which it happened.
type Within struct{ Programme string }
