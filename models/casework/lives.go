package casework

import "xinyi/models"

// lives are the lives of all kinds.
var lives = map[Kind]models.Machine[State]{
	Objection: objectionMoves, Repair: repairMoves, Challenge: answerMoves, Review: answerMoves, Erasure: answerMoves,
}

// objectionMoves: the credit office decides what it keeps itself, or has the source unit check.
var objectionActs = models.Acts[State]{
	models.From(Submitted).To(Checking).By("Check", models.CreditOffice),
	models.From(Submitted).To(Approved).By("Grant", models.CreditOffice),
	models.From(Submitted, Checking).To(Approved).By("Uphold", models.CreditOffice),
	models.From(Submitted, Checking).To(Rejected).By("Reject", models.CreditOffice),
	models.From(Submitted, Checking).To(Withdrawn).By("Withdraw", models.Resident),
	models.From(Checking).To(Submitted).By("Answer", models.DataOfficer),
	models.From(Approved).To(Closed).By("Close", models.System),
}

var objectionMoves = objectionActs.Machine()

// answerMoves: an office answers.
var answerActs = models.Acts[State]{
	models.From(Submitted).To(NeedMore).By("Ask", models.CreditOffice),
	models.From(Submitted).To(Approved).By("Grant", models.CreditOffice),
	models.From(Submitted).To(Approved).By("Uphold", models.CreditOffice),
	models.From(Submitted).To(Rejected).By("Reject", models.CreditOffice),
	models.From(Submitted, NeedMore).To(Withdrawn).By("Withdraw", models.Resident),
	models.From(NeedMore).To(Submitted).By("Supply", models.Resident),
	models.From(NeedMore).To(Closed).By("Over", models.System),
	models.From(NeedMore).To(Closed).By("Wake", models.System),
	models.From(NeedMore, Approved).To(Closed).By("Close", models.System),
}

var answerMoves = answerActs.Machine()

// repairMoves is the life of a repair. A draft is prepared by the autopilot; a rejection may be objected to by another case. While
// nothing is decided, the end of the record itself closes it.
//
// Source: docs/sources.md#casework-repair.
var repairActs = models.Acts[State]{
	models.From(Draft).To(Submitted).By("Confirm", models.Resident, models.Business),
	models.From(Draft, Submitted, NeedMore, Accepted, Checking).To(Closed).By("Over", models.System),
	models.From(Draft, Submitted, NeedMore, Accepted, Checking, Synced).To(Closed).By("Close", models.System),
	models.From(Draft, Submitted, NeedMore, Accepted, Checking).To(Withdrawn).By("Withdraw", models.Resident),
	models.From(Submitted).To(NeedMore).By("Ask", models.CreditOffice),
	models.From(Submitted).To(Accepted).By("Accept", models.System, models.CreditOffice),
	models.From(Submitted).To(NotAccepted).By("TurnAway", models.CreditOffice),
	models.From(NeedMore).To(Submitted).By("Supply", models.Resident),
	models.From(NeedMore).To(Closed).By("Wake", models.System),
	models.From(Accepted).To(Checking).By("Accept", models.System, models.CreditOffice),
	models.From(Accepted).To(Approved).By("GrantRepair", models.CreditOffice),
	models.From(Accepted).To(Rejected).By("Reject", models.CreditOffice),
	models.From(Checking).To(Accepted).By("Answer", models.DataOfficer),
	models.From(Approved).To(Synced).By("Sync", models.System),
	models.From(Approved, Synced, Closed).To(Revoked).By("Revoke", models.CreditOffice),
}

var repairMoves = repairActs.Machine()

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw[*Case]("challenge, review, erasure", answerActs),
		models.Draw[*Case]("objection", objectionActs),
		models.Draw[*Case]("repair", repairActs),
	}
}
