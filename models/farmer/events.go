package farmer

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventCreated   = models.Declare[CreatedData](&events, "farmer.file_created")
	EventCorrected = models.Declare[CorrectedData](&events, "farmer.file_corrected")                                                                   // a change somebody asked for is done
	EventSubmitted = events.Plain("farmer.file_submitted").Silent("a second person finds it in the list")                                              // a second person has to look
	EventReturned  = models.Declare[ReturnedData](&events, "farmer.file_returned").Silent("whoever gathered it finds it in the list, with the reason") // to the collector: "reason"
	EventVerified  = events.Plain("farmer.file_verified")
	EventPeople    = events.Plain("farmer.people_changed").Silent("who is of which household follows by itself") // who is of the household, or leads it, may be others
	EventClosed    = events.Plain("farmer.restricted_closed").Silent("the person has just done it, or signed it")
	EventLeft      = models.Declare[LeftData](&events, "farmer.file_left")

	EventAsked     = models.Declare[ChangeData](&events, "farmer.change_asked")
	EventRevise    = models.Declare[DecidedData](&events, "farmer.change_revision")
	EventApproved  = models.Declare[DecidedData](&events, "farmer.change_approved").Silent("it is done at once, and that is told")
	EventRejected  = models.Declare[DecidedData](&events, "farmer.change_rejected")
	EventImport    = models.Declare[job.PartData](&events, "farmer.import_due").Silent("the import goes on by itself")
	EventImported  = models.Declare[ImportedData](&events, "farmer.import_done").Silent("whoever sent the sheet sees how far it has come")
	EventScored    = models.Declare[ScoredData](&events, "farmer.scored")
	EventRunDue    = models.Declare[job.PartData](&events, "farmer.run_due").Silent("the run goes on by itself")
	EventRunDone   = models.Declare[RunData](&events, "farmer.run_done").Silent("the office sees it with the model")
	EventModelDue  = models.Declare[ModelData](&events, "farmer.model_begins").Silent("whom it would cost the title is told by name") // whom it would cost the title is told
	EventModelOn   = events.Plain("farmer.model_active").Silent("whose grade changes is told")
	EventModelPast = events.Plain("farmer.model_retired").Silent("the list of models shows what took its place")

	EventApplied   = models.Declare[EvalData](&events, "farmer.eval_applied")
	EventInvited   = models.Declare[InvitedData](&events, "farmer.eval_invited")                                                                       // to each neighbour: "until"
	EventPeersDone = models.Declare[EvalData](&events, "farmer.eval_peers_done").Silent("the village looks next, and the notice says what it came to") // the answers are counted
	EventPrelim    = models.Declare[EvalData](&events, "farmer.eval_prelim").Silent("the notice says so, with its last day")                           // the village's word: "grade"
	EventShown     = models.Declare[EvalData](&events, "farmer.eval_notice")
	EventReview    = models.Declare[EvalData](&events, "farmer.eval_review").Silent("the township finds it in its list; the household hears what it comes to") // the township has until "due"
	EventLate      = models.Declare[EvalData](&events, "farmer.eval_late").Silent("the township sees it in its list; the household loses nothing")             // it did not keep to it
	EventCertified = models.Declare[EvalData](&events, "farmer.eval_certified")
	EventRefused   = models.Declare[EvalData](&events, "farmer.eval_rejected")
	EventAppealed  = models.Declare[EvalData](&events, "farmer.eval_appealed").Silent("the person has just done it")
	EventAnnual    = models.Declare[EvalData](&events, "farmer.eval_annual") // the year is nearly over
	EventRenewed   = models.Declare[EvalData](&events, "farmer.eval_renewed")
	EventGraceOver = models.Declare[EvalData](&events, "farmer.eval_grace_over") // the time to mend is over: the township looks again
	EventGrace     = models.Declare[EvalData](&events, "farmer.eval_grace")      // below the line, time to mend
	EventRevoked   = models.Declare[EvalData](&events, "farmer.eval_revoked")
	EventWarned    = models.Declare[WarnedData](&events, "farmer.eval_warned") // a model to come would cost the title
	EventWithdrawn = models.Declare[EvalData](&events, "farmer.eval_withdrawn").Silent("the person has just done it")
	EventHandedOut = models.Declare[BankData](&events, "farmer.share_read").Silent("the log of looks tells of it at the same time")                 // a bank read the package: "bank"
	EventDeleteDue = models.Declare[DeleteData](&events, "farmer.share_ended").Silent("the end of the consent was told; the bank's answer will be") // it has to say that it deleted what it had
	EventDeleted   = models.Declare[BankData](&events, "farmer.share_deleted")
	EventUndeleted = models.Declare[DeleteData](&events, "farmer.share_undeleted") // it did not by its day
)

// ChangeData is the data of TODO.
type ChangeData struct {
	Kind ChangeKind
}

// DecidedData is the data of TODO.
type DecidedData struct {
	Kind   ChangeKind
	Reason string
}

// CorrectedData is the data of TODO.
type CorrectedData struct {
	Kind   ChangeKind
	Failed string
}

// EvalData is the data of TODO.
type EvalData struct {
	Grade  string
	Was    string
	Until  models.Day
	No     string
	Reason string
}

// InvitedData is the data of TODO.
type InvitedData struct {
	Until models.Day
}

// WarnedData is the data of TODO.
type WarnedData struct {
	From  models.Day
	Grade string
}

// CreatedData is the data of TODO.
type CreatedData struct {
	No string
}

// ReturnedData is the data of TODO.
type ReturnedData struct {
	Reason string
}

// LeftData is the data of TODO.
type LeftData struct {
	Ref string
}

// ImportedData is the data of TODO.
type ImportedData struct {
	Taken   int
	Refused int
}

// ModelData is the data of TODO.
type ModelData struct {
	From models.Day
}

// RunData is the data of TODO.
type RunData struct {
	Kind RunKind
}

// ScoredData is the data of TODO.
type ScoredData struct {
	Grade string
	Was   string
}

// BankData is the data of TODO.
type BankData struct {
	Bank string
}

// DeleteData is the data of TODO.
type DeleteData struct {
	Bank string
	Due  models.Day
}
