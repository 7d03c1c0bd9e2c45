// Package benefit is 信易+: what being honest is good for in everyday life. A scene (场景) is a kind of advantage, an offer is
// one provider's, and a claim is one person's use of it. Who may have an offer is a rule that anybody can read; it only ever
// gives: nobody is refused what everybody gets without it.
package benefit

import (
	"slices"

	"xinyi/models"
)

// The events. Data never says why somebody does not get something.
const (
	EventOffered    = "benefit.offer_online"  // an offer's first version is in force: "scene"
	EventPaused     = "benefit.offer_paused"  // nobody may claim for now: "reason"
	EventResumed    = "benefit.offer_resumed" //
	EventClosed     = "benefit.offer_closed"  // for good; what was claimed stays good
	EventApproved   = "benefit.version_approved"
	EventScheduled  = "benefit.version_scheduled" // "offer", "version", "from": who would lose is to be told
	EventActive     = "benefit.version_active"    // "offer", "version"
	EventRetired    = "benefit.version_retired"
	EventSimDue     = "benefit.simulation_due" // "part": the next part is to be counted
	EventSimDone    = "benefit.simulation_done"
	EventHeld       = "benefit.claim_held"    // "offer", "until"
	EventClaimed    = "benefit.claim_claimed" // "offer", "ends"
	EventUsed       = "benefit.claim_used"    // "offer", "scene", "day", "saved"
	EventReversed   = "benefit.claim_reversed"
	EventReturned   = "benefit.claim_returned"
	EventDueBack    = "benefit.claim_due_back"  // "due": the thing is to be brought back that day
	EventBreached   = "benefit.claim_breached"  // it was not: with this provider's scene alone
	EventObjected   = "benefit.breach_objected" // she says it is wrong: an office of "region" decides
	EventUpheld     = "benefit.breach_upheld"
	EventTallyDue   = "benefit.tally_due"
	EventCured      = "benefit.claim_cured"  // it was brought back after all
	EventLapsed     = "benefit.claim_lapsed" // a place was held or claimed and not taken in time
	EventCancelled  = "benefit.claim_cancelled"
	EventSettled    = "benefit.claim_settled"
	EventEnding     = "benefit.claim_ending" // from "from" its offer is for others; use it before
	EventVacated    = "benefit.place_vacated"
	EventDoubtful   = "benefit.place_doubtful" // a held place's time is over: look at its claim
	EventWaiting    = "benefit.wait_joined"    // "offer"
	EventServed     = "benefit.wait_served"    // "offer", "claim", "until": a place is hers until then
	EventProfileDue = "benefit.profile_due"    // something it counted has ended
	EventBand       = "benefit.band_changed"   // "band"
)

// Fields are the eleven fields of the city's plan, in its order.
//
// Source: docs/sources.md#benefit-scenes.
var Fields = []string{
	"approval", "education", "culture", "housing", "commerce", "transport", "civil", "labour", "health", "market", "finance",
}

// A Form is what an offer gives.
type Form string

// The forms of offers.
const (
	DepositFree Form = "DEPOSIT_FREE" // a thing or a contract without a deposit
	Discount    Form = "DISCOUNT"
	Coupon      Form = "COUPON"
	PayLater    Form = "PAY_LATER"
	FreeTime    Form = "FREE_MINUTES"
	FastLane    Form = "FAST_LANE"
	OnPromise   Form = "ON_PROMISE" // 容缺受理, 告知承诺: papers may follow
	Priority    Form = "PRIORITY"   // before equals
	Credit      Form = "CREDIT"     // on the lender's own decision
	FewerChecks Form = "FEWER_CHECKS"
	Gift        Form = "GIFT"
)

// Forms lists every form.
var Forms = []Form{DepositFree, Discount, Coupon, PayLater, FreeTime, FastLane, OnPromise, Priority, Credit, FewerChecks, Gift}

// A Scene is a kind of advantage the city knows. Its id is its code ("XYB").
type Scene struct {
	models.Meta `bson:",inline"`
	Name        models.Words         `bson:"name"`
	Field       string               `bson:"field"` // one of Fields
	Subjects    []models.SubjectKind `bson:"subjects"`
	Providers   []models.Role        `bson:"providers"` // whose systems may offer in it
	Forms       []Form               `bson:"forms"`
	Public      bool                 `bson:"public"`           // of a public service: everybody gets the service itself, and each offer says how
	Served      string               `bson:"served,omitempty"` // the capability that serves the scene itself: "medical"; it takes no offers
}

// Takes says whether somebody of a role may offer a form in the scene.
func (s *Scene) Takes(role models.Role, form Form) bool {
	return s.Served == "" && slices.Contains(s.Providers, role) && slices.Contains(s.Forms, form)
}
