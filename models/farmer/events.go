package farmer

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told. None holds a name, a number or an amount.
var (
	EventCreated = models.Declare[CreatedData](&events, "farmer.file_created")
	// a change somebody asked for is done
	EventCorrected = models.Declare[CorrectedData](&events, "farmer.file_corrected")
	// a second person has to look
	EventSubmitted = events.Plain("farmer.file_submitted").Silent("a second person finds it in the list")
	// to the collector
	EventReturned = models.Declare[ReturnedData](&events, "farmer.file_returned").
			Silent("whoever gathered it finds it in the list, with the reason")
	EventVerified = events.Plain("farmer.file_verified")
	// who is of the household, or leads it, may be others
	EventPeople = events.Plain("farmer.people_changed").Silent("who is of which household follows by itself")
	EventClosed = events.Plain("farmer.restricted_closed").Silent("the person has just done it, or signed it")
	EventLeft   = models.Declare[LeftData](&events, "farmer.file_left")

	EventAsked    = models.Declare[ChangeData](&events, "farmer.change_asked")
	EventRevise   = models.Declare[DecidedData](&events, "farmer.change_revision")
	EventApproved = models.Declare[DecidedData](&events, "farmer.change_approved").Silent("it is done at once, and that is told")
	EventRejected = models.Declare[DecidedData](&events, "farmer.change_rejected")
	EventImport   = models.Declare[job.PartData](&events, "farmer.import_due").Silent("the import goes on by itself")
	EventImported = models.Declare[ImportedData](&events, "farmer.import_done").
			Silent("whoever sent the sheet sees how far it has come")
	EventScored  = models.Declare[ScoredData](&events, "farmer.scored")
	EventRunDue  = models.Declare[job.PartData](&events, "farmer.run_due").Silent("the run goes on by itself")
	EventRunDone = models.Declare[RunData](&events, "farmer.run_done").Silent("the office sees it with the model")
	// whom it would cost the title is told
	EventModelDue  = models.Declare[ModelData](&events, "farmer.model_begins").Silent("whom it would cost the title is told by name")
	EventModelOn   = events.Plain("farmer.model_active").Silent("whose grade changes is told")
	EventModelPast = events.Plain("farmer.model_retired").Silent("the list of models shows what took its place")

	EventApplied = models.Declare[EvalData](&events, "farmer.eval_applied")
	// to each neighbour
	EventInvited = models.Declare[InvitedData](&events, "farmer.eval_invited")
	// the answers are counted
	EventPeersDone = models.Declare[EvalData](&events, "farmer.eval_peers_done").
			Silent("the village looks next, and the notice says what it came to")
	// the village's word
	EventPrelim = models.Declare[EvalData](&events, "farmer.eval_prelim").Silent("the notice says so, with its last day")
	EventShown  = models.Declare[EvalData](&events, "farmer.eval_notice")
	// the township is to decide
	EventReview = models.Declare[EvalData](&events, "farmer.eval_review").
			Silent("the township finds it in its list; the household hears what it comes to")
	// it did not keep to it
	EventLate = models.Declare[EvalData](&events, "farmer.eval_late").
			Silent("the township sees it in its list; the household loses nothing")
	EventCertified = models.Declare[EvalData](&events, "farmer.eval_certified")
	EventRefused   = models.Declare[EvalData](&events, "farmer.eval_rejected")
	EventAppealed  = models.Declare[EvalData](&events, "farmer.eval_appealed").Silent("the person has just done it")
	// the year is nearly over
	EventAnnual  = models.Declare[EvalData](&events, "farmer.eval_annual")
	EventRenewed = models.Declare[EvalData](&events, "farmer.eval_renewed")
	// the time to mend is over: the township looks again
	EventGraceOver = models.Declare[EvalData](&events, "farmer.eval_grace_over")
	// below the line, time to mend
	EventGrace   = models.Declare[EvalData](&events, "farmer.eval_grace")
	EventRevoked = models.Declare[EvalData](&events, "farmer.eval_revoked")
	// a model to come would cost the title
	EventWarned    = models.Declare[WarnedData](&events, "farmer.eval_warned")
	EventWithdrawn = models.Declare[EvalData](&events, "farmer.eval_withdrawn").Silent("the person has just done it")
	// a bank read the package
	EventHandedOut = models.Declare[BankData](&events, "farmer.share_read").Silent("the access log tells of it at the same time")
	// it has to say that it deleted what it had
	EventDeleteDue = models.Declare[DeleteData](&events, "farmer.share_ended").
			Silent("the end of the consent was told; the bank's answer will be")
	EventDeleted = models.Declare[BankData](&events, "farmer.share_deleted")
	// it did not by its day
	EventUndeleted = models.Declare[DeleteData](&events, "farmer.share_undeleted")
)

// ChangeData is what EventAsked says.
type ChangeData struct {
	Kind ChangeKind
}

// DecidedData is what EventRevise, EventApproved and EventRejected say.
type DecidedData struct {
	Kind   ChangeKind
	Reason string
}

// CorrectedData is what EventCorrected says.
type CorrectedData struct {
	Kind   ChangeKind
	Failed string
}

// EvalData is what every event of an evaluation says; what it does not have is empty.
type EvalData struct {
	Grade  string
	Was    string
	Until  models.Day
	No     string
	Reason string
}

// InvitedData is what EventInvited says.
type InvitedData struct {
	Until models.Day
}

// WarnedData is what EventWarned says.
type WarnedData struct {
	From  models.Day
	Grade string
}

// CreatedData is what EventCreated says.
type CreatedData struct {
	No string
}

// ReturnedData is what EventReturned says.
type ReturnedData struct {
	Reason string
}

// LeftData is what EventLeft says.
type LeftData struct {
	Ref string
}

// ImportedData is what EventImported says.
type ImportedData struct {
	Taken   int
	Refused int
}

// ModelData is what EventModelDue says.
type ModelData struct {
	From models.Day
}

// RunData is what EventRunDone says.
type RunData struct {
	Kind RunKind
}

// ScoredData is what EventScored says.
type ScoredData struct {
	Grade string
	Was   string
}

// BankData is what EventHandedOut and EventDeleted say.
type BankData struct {
	Bank string
}

// DeleteData is what EventDeleteDue and EventUndeleted say.
type DeleteData struct {
	Bank string
	Due  models.Day
}
