// Package award chooses honest people and firms (诚信个人、诚信单位): programmes as data, nominations vetted by the records instead of
// by phone calls, fair scores, a public notice, and an award whose measures stop when its ground does.
package award

import (
	"time"

	"xinyi/models"
)

// An HonourState is where an award stands.
type HonourState string

// The states of an award.
const (
	Valid     HonourState = "VALID"
	Answering HonourState = "ANSWERING" // its revocation was asked for; still in force until decided
	Expired   HonourState = "EXPIRED"
	Revoked   HonourState = "REVOKED"
)

// Enum are all of them.
func (HonourState) Enum() []any { return models.Enum(Valid, Answering, Expired, Revoked) }

// HonourStates lists them.
var HonourStates = []HonourState{Valid, Answering, Expired, Revoked}

var awardActs = models.Acts[HonourState]{
	models.From(Valid).To(Answering).By("AskRevoke", models.CreditOffice),
	models.From(Valid, Answering).To(Expired).By("Wake", models.System),
	models.From(Valid, Answering).To(Revoked).By("Revoke", models.CreditOffice),
	models.From(Answering).To(Valid).By("Drop", models.CreditOffice),
}

var awardMoves = awardActs.Machine()

// An Award is an honour that was given, for as long as it holds. Its id derives from the nomination's.
type Award struct {
	models.Meta              `bson:",inline"`
	models.Life[HonourState] `bson:",inline"`

	Nomination string         `bson:"nomination"`
	Programme  string         `bson:"programme"` // id of the programme
	Year       int            `bson:"year"`
	Category   string         `bson:"category"` // code within the programme
	Title      models.Words   `bson:"title"`    // 诚信之星
	Level      int            `bson:"level"`    // as models.Honour: 1 town to 5 nation
	Region     models.Region  `bson:"region"`   // of the office that gives it
	Unit       string         `bson:"unit"`     // that office, as people call it
	Holder     models.Subject `bson:"holder"`
	Name       models.Secret  `bson:"name"`
	Label      string         `bson:"label"` // as it is shown: the name when the holder agreed, else masked
	Deed       string         `bson:"deed"`  // what it is for, as it may be shown
	No         string         `bson:"no"`    // number of the certificate
	Since      models.Day     `bson:"since"`
	Until      models.Day     `bson:"until"`    // last day
	Named      bool           `bson:"named"`    // agreed to be named in public
	Recorded   bool           `bson:"recorded"` // agreed to be recorded in the credit file

	Org     string `bson:"org"` // code of the office as a source unit: its record is reported under it
	Terms   Terms  `bson:"terms"`
	Warned  bool   `bson:"warned,omitempty"`
	Renewal string `bson:"renewal,omitempty"` // id of the renewal that is being looked at; "" none
	Renewed int    `bson:"renewed,omitempty"` // how often

	Ask      *Ask       `bson:"ask,omitempty"`      // the last time its revocation was asked for
	EndedOn  models.Day `bson:"endedOn,omitempty"`  // day of the revocation
	Why      string     `bson:"why,omitempty"`      // of the revocation, as it is shown
	Barred   models.Day `bson:"barred,omitempty"`   // last day on which the holder cannot be nominated again
	Decision string     `bson:"decision,omitempty"` // of the vetting it rests on
	Alert    string     `bson:"alert,omitempty"`    // a record that may be a ground to revoke it, "<id>@<version>": the office looks
	Upward   *Upward    `bson:"upward,omitempty"`   // recommended to a wider office
}

// An Ask is that an office wants an award revoked.
type Ask struct {
	By      models.Actor  `bson:"by"`
	On      models.Day    `bson:"on"`
	Ground  Ground        `bson:"ground"`
	Text    string        `bson:"text"`             // what happened, in words the holder reads
	Record  string        `bson:"record,omitempty"` // the record it rests on, "<id>@<version>"
	Until   models.Day    `bson:"until"`            // the holder may answer until then
	Answer  models.Secret `bson:"answer,omitempty"`
	Heard   *time.Time    `bson:"heard,omitempty"` // when the answer came
	Judge   models.Actor  `bson:"judge"`
	Upheld  bool          `bson:"upheld,omitempty"`
	Verdict string        `bson:"verdict,omitempty"`
}

// An Upward is a recommendation to the province or the nation.
type Upward struct {
	To models.Region `bson:"to"`
	By models.Actor  `bson:"by"`
	On models.Day    `bson:"on"`
}

// A Ground is why an award may be revoked.
type Ground string

// The grounds of a revocation.
//
// Source: docs/sources.md#award-revoke.
const (
	FalsePapers Ground = "FALSE_PAPERS" // 弄虚作假
	SeriousList Ground = "SERIOUS_LIST" // 列入严重失信主体名单
	Accident    Ground = "ACCIDENT"     // 重大事故
	Criminal    Ground = "CRIMINAL"     // 刑事犯罪
)

// Enum are all of them.
func (Ground) Enum() []any { return models.Enum(FalsePapers, SeriousList, Accident, Criminal) }

// Grounds lists them.
var Grounds = []Ground{FalsePapers, SeriousList, Accident, Criminal}
