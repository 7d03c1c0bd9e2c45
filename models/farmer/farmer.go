// Package farmer is the credit file of farming households (农户信用档案): what a collector notes with a phone, what the household
// itself says, sees and corrects, what it scores, and whether it is a credit household (信用户). A file is a set of cells, each
// with its origin; forms say which cells there are. Nobody is filed without agreeing, and what is not told never counts against
// anybody.
package farmer

// The events. Data never holds a name, a number or an amount.
const (
	EventCreated   = "farmer.file_created"   // "no"
	EventCorrected = "farmer.file_corrected" // a change somebody asked for is done
	EventSubmitted = "farmer.file_submitted" // a second person has to look
	EventReturned  = "farmer.file_returned"  // to the collector: "reason"
	EventVerified  = "farmer.file_verified"
	EventPeople    = "farmer.people_changed" // who is of the household, or leads it, may be others
	EventClosed    = "farmer.restricted_closed"
	EventLeft      = "farmer.file_left"

	EventAsked     = "farmer.change_asked" // "kind"
	EventRevise    = "farmer.change_revision"
	EventApproved  = "farmer.change_approved"
	EventRejected  = "farmer.change_rejected"
	EventImport    = "farmer.import_due" // "part"
	EventImported  = "farmer.import_done"
	EventScored    = "farmer.scored"        // "grade", "good"
	EventRunDue    = "farmer.run_due"       // "part"
	EventRunDone   = "farmer.run_done"      //
	EventModelDue  = "farmer.model_begins"  // "from": whom it would cost the title is told
	EventModelOn   = "farmer.model_active"  //
	EventModelPast = "farmer.model_retired" //

	EventApplied   = "farmer.eval_applied"
	EventInvited   = "farmer.eval_invited"    // to each neighbour: "until"
	EventPeersDone = "farmer.eval_peers_done" // the answers are counted
	EventPrelim    = "farmer.eval_prelim"     // the village's word: "grade"
	EventShown     = "farmer.eval_notice"     // "until"
	EventReview    = "farmer.eval_review"     // the township has until "due"
	EventLate      = "farmer.eval_late"       // it did not keep to it
	EventCertified = "farmer.eval_certified"  // "grade", "until", "no"
	EventRefused   = "farmer.eval_rejected"   // "reason"
	EventAppealed  = "farmer.eval_appealed"
	EventAnnual    = "farmer.eval_annual"     // "until": the year is nearly over
	EventRenewed   = "farmer.eval_renewed"    // "grade", "was", "until"
	EventGraceOver = "farmer.eval_grace_over" // the time to mend is over: the township looks again
	EventGrace     = "farmer.eval_grace"      // "until": below the line, time to mend
	EventRevoked   = "farmer.eval_revoked"    // "reason"
	EventWarned    = "farmer.eval_warned"     // "from": a model to come would cost the title
	EventWithdrawn = "farmer.eval_withdrawn"  //
	EventHandedOut = "farmer.share_read"      // a bank read the package: "bank"
	EventDeleteDue = "farmer.share_ended"     // "bank", "due": it has to say that it deleted what it had
	EventDeleted   = "farmer.share_deleted"   // "bank"
	EventUndeleted = "farmer.share_undeleted" // "bank": it did not by its day
)

// Sections are the parts every file has a form for; a county may add others.
//
// Source: docs/sources.md#farmer-file.
const (
	Head       = "head"
	Members    = "members"
	Land       = "land"
	Production = "production"
	Housing    = "housing"
	Assets     = "assets"
	Income     = "income"
	Expense    = "expense"
	Debts      = "debts"
	Insurance  = "insurance"
	Honours    = "honours"
	Conduct    = "conduct"
	Venture    = "venture"
)

// The fields other parts of the program know by name.
const (
	HeadName   = Head + "/name"
	HeadNumber = Head + "/idNumber"
	FieldName  = "name"
	FieldID    = "idNumber"
)
