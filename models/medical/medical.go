// Package medical is credit medical care 信用医疗: see a doctor now, pay later.
//
// A resident signs an Agreement under a county's Scheme. A hospital opens an Encounter and posts charges, each covered
// by a hold on the agreement; after the insurer has settled, what is left in cash becomes a Bill with a due day.
// A bill nobody pays reminds, falls overdue, and may, by a person's decision alone, become a Conduct record of this scheme,
// which heals after payment. Nothing of it leaves the scheme, and nothing here ever refuses care: when credit is not to be
// had the answer is "pay now".
//
// There is no field for an illness, a department or a drug, and there will be none.
package medical

import "xinyi/models"

// The kinds of events told here. Data carries ids, days and amounts in yuan; "" values are left out.
const (
	AgreementSigned     = "medical.agreement_signed"
	AgreementRejected   = "medical.agreement_rejected"
	AgreementReview     = "medical.agreement_review_asked"
	AgreementFrozen     = "medical.agreement_frozen"
	AgreementThawed     = "medical.agreement_thawed"
	AgreementSuspended  = "medical.agreement_suspended"
	AgreementReinstated = "medical.agreement_reinstated"
	AgreementClosing    = "medical.agreement_closing"
	AgreementClosed     = "medical.agreement_closed"
	AgreementExpiring   = "medical.agreement_expiring"
	AgreementExpired    = "medical.agreement_expired"
	LimitChanged        = "medical.limit_changed"
	HoldLapsed          = "medical.hold_lapsed"

	VisitOpened     = "medical.visit_opened"
	VisitCharged    = "medical.visit_charged"
	VisitSettled    = "medical.visit_settled"
	VisitReversed   = "medical.visit_settlement_reversed"
	VisitExcepted   = "medical.visit_excepted"
	VisitCancelled  = "medical.visit_cancelled"
	VisitHoldUneven = "medical.visit_hold_uneven"

	BillIssued       = "medical.bill_issued"
	BillResettled    = "medical.bill_resettled"
	BillDueSoon      = "medical.bill_due_soon"
	BillDueToday     = "medical.bill_due_today"
	BillOverdue      = "medical.bill_overdue"
	BillReminded     = "medical.bill_overdue_reminded"
	BillSuspends     = "medical.bill_overdue_suspends"
	BillNoticed      = "medical.bill_default_noticed"
	BillCollected    = "medical.bill_in_collection"
	BillPartlyPaid   = "medical.bill_partly_paid"
	BillPaid         = "medical.bill_paid"
	BillVoided       = "medical.bill_voided"
	BillCancelled    = "medical.bill_cancelled"
	BillDisputed     = "medical.bill_disputed"
	BillPaused       = "medical.bill_paused"
	BillResumed      = "medical.bill_resumed"
	BillWaiverAsked  = "medical.bill_waiver_asked"
	BillWaived       = "medical.bill_waived"
	BillWaiverDenied = "medical.bill_waiver_denied"
	BillWrittenOff   = "medical.bill_written_off"

	PaymentStarted = "medical.payment_started"
	PaymentFailed  = "medical.payment_failed"
	PaymentLapsed  = "medical.payment_lapsed"
	RefundStarted  = "medical.refund_due"
	RefundDone     = "medical.refund_done"

	DefaultNoticed   = "medical.default_noticed"
	DefaultObjected  = "medical.default_objected"
	DefaultUpheld    = "medical.default_objection_rejected"
	DefaultDropped   = "medical.default_dropped"
	DefaultConfirmed = "medical.default_confirmed"
	DefaultCured     = "medical.default_cured"
	DefaultRepaired  = "medical.default_repaired"
	DefaultArchived  = "medical.default_archived"
)

// A VisitType decides the payment window and the pool of the limit it draws on.
type VisitType string

// The visit types a hospital may open.
const (
	Outpatient   VisitType = "OUTPATIENT"
	Inpatient    VisitType = "INPATIENT"
	Emergency    VisitType = "EMERGENCY"
	Registration VisitType = "REGISTRATION"
)

// data builds the data of an event from pairs, leaving out empty values.
func data(pairs ...string) map[string]string {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			m[pairs[i]] = pairs[i+1]
		}
	}
	return m
}

// A Hospital is an institution that may open visits. Its id is the organisation id its system and staff act for.
type Hospital struct {
	models.Meta `bson:",inline"`
	Name        string        `bson:"name"`
	Region      models.Region `bson:"region"` // county
	Grade       string        `bson:"grade"`  // as licensed: 三级甲等 …
}
