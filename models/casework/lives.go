package casework

import "xinyi/models"

// lives are the lives of all kinds.
var lives = map[Kind]models.Machine[State]{
	Objection: objectionMoves, Repair: repairMoves, Challenge: answerMoves, Review: answerMoves, Erasure: answerMoves,
}

// objectionMoves: the credit office decides what it keeps itself, or has the source unit check.
var objectionMoves = models.Machine[State]{ //nolint:exhaustive // an objection is in these alone
	Submitted: {Checking, Approved, Rejected, Withdrawn},
	Checking:  {Submitted, Approved, Rejected, Withdrawn},
	Approved:  {Closed},
	Rejected:  nil, Withdrawn: nil, Closed: nil,
}

// answerMoves: an office answers.
var answerMoves = models.Machine[State]{ //nolint:exhaustive // what is answered is in these alone
	Submitted: {NeedMore, Approved, Rejected, Withdrawn},
	NeedMore:  {Submitted, Withdrawn, Closed},
	Approved:  {Closed},
	Rejected:  nil, Withdrawn: nil, Closed: nil,
}

// repairMoves is the life of a repair. A draft is prepared by the autopilot; a rejection may be objected to by another case. While
// nothing is decided, the end of the record itself closes it.
//
// Source: docs/sources.md#casework-repair.
var repairMoves = models.Machine[State]{
	Draft:       {Submitted, Withdrawn, Closed},
	Submitted:   {NeedMore, Accepted, NotAccepted, Withdrawn, Closed},
	NeedMore:    {Submitted, Withdrawn, Closed},
	Accepted:    {Checking, Approved, Rejected, Withdrawn, Closed},
	Checking:    {Accepted, Withdrawn, Closed},
	Approved:    {Synced, Revoked},
	Synced:      {Closed, Revoked},
	Closed:      {Revoked},
	NotAccepted: nil, Rejected: nil, Withdrawn: nil, Revoked: nil,
}

// Lives are those of the documents, for the pages that show them.
func Lives() []models.Picture {
	return []models.Picture{
		models.Draw("challenge, review, erasure", answerMoves),
		models.Draw("objection", objectionMoves),
		models.Draw("repair", repairMoves),
	}
}
