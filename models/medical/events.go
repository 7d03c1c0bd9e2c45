package medical

import (
	"xinyi/models"
	"xinyi/models/job"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	CheckDue = models.Declare[CheckPart](&events, "medical.check_due").
			Silent("the ledger's nightly check goes on by itself")
	CheckDone = models.Declare[CheckData](&events, "medical.check_done").
			Silent("the books agree; the office sees it in the list of checks")
	CheckFailed = models.Declare[CheckData](&events, "medical.check_failed").
			Silent("about the books, not about a person: the operator's alarm says so")
	AgreementSigned     = models.Declare[SignedData](&events, "medical.agreement_signed")
	AgreementRejected   = events.Plain("medical.agreement_rejected")
	AgreementReview     = events.Plain("medical.agreement_review_asked")
	AgreementFrozen     = events.Plain("medical.agreement_frozen").Silent("the overdue bill that froze it says so")
	AgreementThawed     = events.Plain("medical.agreement_thawed")
	AgreementSuspended  = models.Declare[SuspendedData](&events, "medical.agreement_suspended")
	AgreementReinstated = events.Plain("medical.agreement_reinstated")
	AgreementClosing    = models.Declare[ClosingData](&events, "medical.agreement_closing")
	AgreementClosed     = events.Plain("medical.agreement_closed")
	AgreementExpiring   = models.Declare[EndsData](&events, "medical.agreement_expiring")
	AgreementExpired    = events.Plain("medical.agreement_expired")
	LimitChanged        = models.Declare[LimitData](&events, "medical.limit_changed")
	HoldLapsed          = models.Declare[HoldData](&events, "medical.hold_lapsed")

	VisitOpened   = models.Declare[VisitData](&events, "medical.visit_opened")
	VisitCharged  = events.Plain("medical.visit_charged").Silent("charges come and go until the visit is settled")
	VisitSettled  = models.Declare[SettledData](&events, "medical.visit_settled")
	VisitReversed = events.Plain("medical.visit_settlement_reversed")
	VisitExcepted = models.Declare[ExceptedData](&events, "medical.visit_excepted").
			Silent("the hospital's desk has to act, not the patient")
	VisitCancelled  = events.Plain("medical.visit_cancelled")
	VisitHoldUneven = events.Plain("medical.visit_hold_uneven").Silent("the agreement's hold follows by itself")

	BillIssued    = models.Declare[IssuedData](&events, "medical.bill_issued")
	BillResettled = models.Declare[ResettledData](&events, "medical.bill_resettled")
	BillDueSoon   = models.Declare[DueData](&events, "medical.bill_due_soon")
	BillDueToday  = models.Declare[DueData](&events, "medical.bill_due_today")
	BillOverdue   = models.Declare[DueData](&events, "medical.bill_overdue")
	BillReminded  = models.Declare[DueData](&events, "medical.bill_overdue_reminded")
	BillSuspends  = models.Declare[DueData](&events, "medical.bill_overdue_suspends").Silent("the agreement's suspension says so")
	BillNoticed   = models.Declare[DueData](&events, "medical.bill_default_noticed").
			Silent("the record of conduct says so, with the days for an objection")
	BillCollected   = models.Declare[DueData](&events, "medical.bill_in_collection")
	BillPartlyPaid  = models.Declare[PartlyPaidData](&events, "medical.bill_partly_paid")
	BillPaid        = models.Declare[PaidData](&events, "medical.bill_paid")
	BillVoided      = models.Declare[BillData](&events, "medical.bill_voided")
	BillCancelled   = events.Plain("medical.bill_cancelled").Silent("the bill never had an amount")
	BillDisputed    = models.Declare[BillData](&events, "medical.bill_disputed")
	BillPaused      = models.Declare[BillData](&events, "medical.bill_paused")
	BillResumed     = models.Declare[ResumedData](&events, "medical.bill_resumed")
	BillWaiverAsked = models.Declare[AmountData](&events, "medical.bill_waiver_asked").
			Silent("two desks decide; the patient hears of what is granted")
	BillWaived       = models.Declare[AmountData](&events, "medical.bill_waived")
	BillWaiverDenied = models.Declare[BillData](&events, "medical.bill_waiver_denied").
				Silent("the patient did not ask, and owes what was owed")
	BillWrittenOff = models.Declare[AmountData](&events, "medical.bill_written_off")

	PaymentStarted = models.Declare[PaymentData](&events, "medical.payment_started").Silent("the payer is looking at it")
	PaymentFailed  = models.Declare[PaymentData](&events, "medical.payment_failed")
	PaymentLapsed  = models.Declare[PaymentData](&events, "medical.payment_lapsed").Silent("the channel is asked how it ended")
	RefundStarted  = models.Declare[RefundData](&events, "medical.refund_due")
	RefundDone     = models.Declare[AmountData](&events, "medical.refund_done")

	DefaultNoticed   = models.Declare[NoticedData](&events, "medical.default_noticed")
	DefaultObjected  = models.Declare[BillData](&events, "medical.default_objected")
	DefaultUpheld    = models.Declare[UpheldData](&events, "medical.default_objection_rejected")
	DefaultDropped   = models.Declare[BillData](&events, "medical.default_dropped")
	DefaultConfirmed = models.Declare[ConfirmedData](&events, "medical.default_confirmed")
	DefaultCured     = models.Declare[CuredData](&events, "medical.default_cured")
	DefaultRepaired  = models.Declare[BillData](&events, "medical.default_repaired")
	DefaultArchived  = events.Plain("medical.default_archived").
				Silent("a healed record leaves the files; nothing changes for the person")
)

// SignedData is what AgreementSigned says.
type SignedData struct {
	Limit models.Fen
	Ends  models.Day
}

// SuspendedData is what AgreementSuspended says.
type SuspendedData struct {
	Cause  BlockKind
	Days   int
	Reason string `event:",omitempty"`
}

// ClosingData is what AgreementClosing says.
type ClosingData struct {
	Cause BlockKind `event:",omitempty"`
	Times int       `event:",omitempty"`
	Days  int       `event:",omitempty"`
}

// LimitData is what LimitChanged says.
type LimitData struct {
	Old   models.Fen
	New   models.Fen
	Cause string `event:",omitempty"`
}

// HoldData is what HoldLapsed says.
type HoldData struct {
	Visit string
}

// EndsData is what AgreementExpiring says.
type EndsData struct {
	Ends models.Day
}

// VisitData is what VisitOpened says.
type VisitData struct {
	Type VisitType
}

// ExceptedData is what VisitExcepted says.
type ExceptedData struct {
	Cause string
}

// SettledData is what VisitSettled says.
type SettledData struct {
	Deferred models.Fen
	PayNow   models.Fen
}

// BillData is what events say that need the number of the bill alone.
type BillData struct {
	BillNo string
}

// AmountData is what events of a bill say that are about an amount.
type AmountData struct {
	BillNo string
	Amount models.Fen
}

// IssuedData is what BillIssued says.
type IssuedData struct {
	Amount   models.Fen
	Due      models.Day
	Hospital string
	BillNo   string
}

// ResettledData is what BillResettled says.
type ResettledData struct {
	Principal   models.Fen
	Outstanding models.Fen
	Due         models.Day
	BillNo      string
}

// DueData is what the steps of a due date say; Days from it, before or after, and Suspends the day on which new credit stops.
type DueData struct {
	BillNo      string
	Outstanding models.Fen
	Due         models.Day
	Days        int
	Suspends    models.Day
}

// PartlyPaidData is what BillPartlyPaid says.
type PartlyPaidData struct {
	BillNo      string
	Amount      models.Fen
	Outstanding models.Fen
}

// PaidData is what BillPaid says.
type PaidData struct {
	BillNo string
	Amount models.Fen
	OnTime bool
}

// ResumedData is what BillResumed says.
type ResumedData struct {
	BillNo  string
	Due     models.Day
	Verdict string `event:",omitempty"`
}

// PaymentData is what PaymentStarted, PaymentFailed and PaymentLapsed say.
type PaymentData struct {
	PayNo string
}

// RefundData is what RefundStarted says.
type RefundData struct {
	RefundNo string
	Amount   models.Fen
	BillNo   string
}

// NoticedData is what DefaultNoticed says.
type NoticedData struct {
	BillNo      string
	Until       models.Day
	Outstanding models.Fen
	Days        int
}

// UpheldData is what DefaultUpheld says.
type UpheldData struct {
	BillNo string
	Until  models.Day
}

// ConfirmedData is what DefaultConfirmed says.
type ConfirmedData struct {
	BillNo   string
	Days     int
	DaysMore int
	Years    int
}

// CuredData is what DefaultCured says.
type CuredData struct {
	BillNo   string
	Repaired models.Day
}

// CheckPart is what CheckDue says.
type CheckPart struct {
	job.PartData
	Run int64
}

// CheckData is what CheckDone and CheckFailed say.
type CheckData struct {
	Run        int64
	Day        models.Day
	Bills      int
	Agreements int
	Faults     int
}
