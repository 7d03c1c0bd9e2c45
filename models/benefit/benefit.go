// Package benefit is 信易+: what being honest is good for in everyday life. A scene (场景) is a kind of advantage, an offer is
// one provider's, and a claim is one person's use of it. Who may have an offer is a rule that anybody can read; it only ever
// gives: nobody is refused what everybody gets without it.
package benefit

import (
	"slices"

	"xinyi/models"
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
