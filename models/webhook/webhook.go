// Package webhook holds where partners' systems want to hear of events (回调): hospitals, banks, providers, departments.
// An endpoint belongs to one client and gets the events of its organisation alone, with ids and no personal data: who wants
// to know more reads it, and is on record for it.
package webhook

import (
	"time"

	"xinyi/models"
)

// State is where an endpoint stands.
type State string

// The states of an endpoint.
const (
	Active   State = "ACTIVE"
	Disabled State = "DISABLED" // nothing is sent; what was queued is skipped
)

// moves is the whole life of an endpoint.
var moves = models.Machine[State]{Active: {Disabled}, Disabled: {Active}}

// A Key signs what is sent, from From until before To; two overlap while a partner changes over.
type Key struct {
	Secret models.Secret `bson:"secret"` // HMAC: "whsec_" and 32 bytes in base64; Ed25519: "whsk_" and the seed
	Public string        `bson:"public,omitempty"`
	From   time.Time     `bson:"from"`
	To     *time.Time    `bson:"to,omitempty"`
}

// An Endpoint is an address of a partner's system.
type Endpoint struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Client string        `bson:"client"` // the partner's client id
	Org    string        `bson:"org"`    // whose events it gets
	Role   models.Role   `bson:"role"`
	Region models.Region `bson:"region"`
	URL    string        `bson:"url"`
	Kinds  []string      `bson:"kinds,omitempty"` // which kinds of events; none: all there are for its role
	HMAC   []Key         `bson:"hmac,omitempty"`  // at most two, the newer last
	Ed     []Key         `bson:"ed,omitempty"`

	FailingSince *time.Time `bson:"failingSince,omitempty"` // of failures without a success between them
}
