package village

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	// EventFrozen is told by a Frozen when it is kept.
	EventFrozen = models.Declare[FrozenData](&events, "village.frozen").Silent("the review begins, and is found in the lists")
	EventOpened = models.Declare[RoundData](&events, "village.round_opened").
			Silent("everybody reads of rounds; nobody in particular is told")
	// a part of the freezing is due
	EventClosing = models.Declare[ClosingData](&events, "village.round_closing").Silent("the freezing goes on by itself")
	// everything is frozen: reviews may begin
	EventClosed = models.Declare[RoundData](&events, "village.round_closed").Silent("the offices find the entries in their lists")
	// EventPublished is told by a scheme that comes into force.
	EventPublished = models.Declare[SchemeData](&events, "village.scheme_published").Silent("whoever opens a round goes by it")
	EventApplied   = models.Declare[EntryData](&events, "village.applied").Silent("whoever filed it has just done so")
	// the facts are frozen and counted
	EventReview = models.Declare[EntryData](&events, "village.in_review").Silent("the office finds it in its list")
	// to be mended and filed anew
	EventReturned = models.Declare[EntryData](&events, "village.returned")
	// ready for the notice
	EventPrelim = models.Declare[EntryData](&events, "village.prelim").
			Silent("the county finds it in the list of what is ready for a notice")
	EventShown = models.Declare[EntryData](&events, "village.shown").Silent("the notice says so, with its last day")
	// nobody objected, or nobody rightly
	EventDeciding  = models.Declare[EntryData](&events, "village.deciding").Silent("the leading group finds it in its list")
	EventCertified = models.Declare[EntryData](&events, "village.certified")
	EventRefused   = models.Declare[EntryData](&events, "village.refused")
	// the yearly review, or the second look, is due
	EventAnnual    = models.Declare[EntryData](&events, "village.annual")
	EventRenewed   = models.Declare[EntryData](&events, "village.renewed").Silent("the plaque stays as it is")
	EventGrace     = models.Declare[EntryData](&events, "village.grace")
	EventRevoked   = models.Declare[EntryData](&events, "village.revoked")
	EventWithdrawn = models.Declare[EntryData](&events, "village.withdrawn").Silent("whoever withdrew it has just done so")
	// an office did not keep to its days
	EventLate = models.Declare[EntryData](&events, "village.late").Silent("the office that is late finds it marked in its list")
)

// EntryData is what every event of an entry says; Step is whose turn it is.
type EntryData struct {
	Round   string
	Village models.Region
	Name    string
	Level   Level
	Stars   string
	Was     string
	Until   models.Day
	No      string
	Reason  string
	Step    string
}

// RoundData is which round it is.
type RoundData struct {
	County models.Region
	Year   int
	Level  Level
}

// ClosingData is what EventClosing says.
type ClosingData struct {
	job.PartData
	RoundData
}

// FrozenData is what EventFrozen says.
type FrozenData struct {
	Round   string
	Village models.Region
}

// SchemeData is what EventPublished says.
type SchemeData struct {
	Level Level
	No    int
}
