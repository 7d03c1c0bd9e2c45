// Package award chooses honest people and firms (诚信个人、诚信单位): programmes as data, nominations vetted by the records instead of
// by phone calls, fair scores, a public notice, and an award whose measures stop when its ground does.
package award

import (
	"xinyi/models"
	"xinyi/models/score"
)

// The events of an award. Data: "programme", "category", "no", "until"; of EventRevoked and EventAnswer "reason".
const (
	EventGranted  = "award.granted"
	EventRenewed  = "award.renewed"
	EventExpiring = "award.expiring"
	EventExpired  = "award.expired"
	EventAnswer   = "award.revocation_asked" // the holder may answer until "until"
	EventKept     = "award.revocation_dropped"
	EventRevoked  = "award.revoked"
	EventDeclined = "award.naming_changed" // what the holder agreed to be shown or recorded changed
)

// An AwardState is where an award stands.
type AwardState string

// The states of an award.
const (
	Valid     AwardState = "VALID"
	Answering AwardState = "ANSWERING" // its revocation was asked for; still in force until decided
	Expired   AwardState = "EXPIRED"
	Revoked   AwardState = "REVOKED"
)

// AwardStates lists them.
var AwardStates = []AwardState{Valid, Answering, Expired, Revoked}

var awardMoves = models.Machine[AwardState]{
	Valid: {Answering, Expired, Revoked}, Answering: {Valid, Expired, Revoked}, Expired: nil, Revoked: nil,
}

// An Award is an honour that was given, for as long as it holds. Its id derives from the nomination's.
type Award struct {
	models.Meta             `bson:",inline"`
	models.Life[AwardState] `bson:",inline"`

	Nomination string         `bson:"nomination"`
	Programme  string         `bson:"programme"` // id of the programme
	Year       int            `bson:"year"`
	Category   string         `bson:"category"` // code within the programme
	Title      score.Words    `bson:"title"`    // 诚信之星
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
}
