// Package webhook holds where partners' systems want to hear of events (回调): hospitals, banks, providers, departments.
// An endpoint belongs to one client and gets the events of its organisation alone, with ids and no personal data: who wants
// to know more reads it, and is on record for it.
package webhook

import (
	"slices"
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

// Enum are all of them.
func (State) Enum() []any { return models.Enum(Active, Disabled) }

// States lists every state, for views and checks.
var States = []State{Active, Disabled}

// moves is the whole life of an endpoint.
var acts = models.Acts[State]{
	models.From(Active).To(Disabled).By("Disable", models.System, models.Hospital, models.Operator),
	models.From(Active).To(Disabled).By("Failing", models.System),
	models.From(Active).To(Disabled).By("Gone", models.System),
	models.From(Disabled).To(Active).By("Enable", models.Hospital, models.Operator),
}

var moves = acts.Machine()

// Why an endpoint was disabled, when no person says so.
const (
	WhyFailing = "failing"        // nothing but failures for Patience
	WhyGone    = "gone"           // it answered 410
	WhyClient  = "client_stopped" // the partner was shut out
)

// Bounds of endpoints.
const (
	Most     = 10                 // endpoints a client can have
	Patience = 5 * 24 * time.Hour // of failures without a success between them, before an endpoint is disabled
	MaxURL   = 2048               // bytes
	maxWhy   = 200
)

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

// A Wish is what a partner may choose of an endpoint. That URL is an address one may send to is checked outside.
type Wish struct {
	URL   string
	Kinds []string // none: all there are for the partner's role
}

// New registers an endpoint of the partner's system by, with its first keys.
// Errors: Forbidden unless by is a partner's system; Invalid.
func New(id string, by models.Actor, w Wish, s Seeds, now time.Time) (*Endpoint, error) {
	if by.Client == "" || by.Org == "" {
		return nil, models.E(models.Forbidden, "forbidden")
	}
	e := &Endpoint{Client: by.Client, Org: by.Org, Role: by.Role, Region: by.Region}
	e.ID, e.State, e.Moved = id, Active, models.Moved{By: by.Role, At: now}
	if err := e.wish(w); err != nil {
		return nil, err
	}
	if err := e.sign(s, 0, now); err != nil {
		return nil, err
	}
	e.Publish(EventRegistered, "", by, now)
	return e, nil
}

// Change sets the address and the kinds. A new address starts without failures.
// Errors: NotFound for somebody else's, Invalid.
func (e *Endpoint) Change(by models.Actor, w Wish, now time.Time) error {
	if err := e.owned(by); err != nil {
		return err
	}
	before := e.URL
	if err := e.wish(w); err != nil {
		return err
	}
	if e.URL != before {
		e.FailingSince = nil
	}
	e.Publish(EventChanged.Of(EndpointData{What: "address"}), "", by, now)
	return nil
}

// Disable stops sending. The partner's own system and the operator may; so does time. why is kept with the move.
// Errors: NotFound for somebody else's, InvalidTransition when it is disabled already.
func (e *Endpoint) Disable(by models.Actor, why string, now time.Time) error {
	if err := e.Near(by); err != nil && by.Role != models.System {
		return err
	}
	if len(why) > maxWhy {
		return models.E(models.Invalid, "webhook.reason_too_long")
	}
	if err := e.Move(moves, Disabled, by.At(now).Because(why), "webhook.disabled_already"); err != nil {
		return err
	}
	e.Publish(EventDisabled, "", by, now)
	return nil
}

// Enable sends again, without failures. What the operator stopped, the operator alone starts again.
// Errors: NotFound for somebody else's, InvalidTransition unless disabled, Forbidden "webhook.stopped_by_operator".
func (e *Endpoint) Enable(by models.Actor, now time.Time) error {
	if err := e.Near(by); err != nil {
		return err
	}
	if err := moves.Check(e.Life, Active, "webhook.active_already"); err != nil {
		return err
	}
	if e.Moved.By == models.Operator && by.Role != models.Operator {
		return models.E(models.Forbidden, "webhook.stopped_by_operator")
	}
	if err := e.Move(moves, Active, by.At(now), "webhook.active_already"); err != nil {
		return err
	}
	e.FailingSince = nil
	e.Publish(EventEnabled, "", by, now)
	return nil
}

// Failing notes that a try failed, and disables an endpoint that did nothing else for Patience. It says whether anything changed.
func (e *Endpoint) Failing(now time.Time) (bool, error) {
	switch {
	case e.State != Active:
		return false, nil
	case e.FailingSince == nil:
		e.FailingSince = models.At(now)
		return true, nil
	case now.Sub(*e.FailingSince) < Patience:
		return false, nil
	}
	return true, e.Disable(models.Clockwork, WhyFailing, now)
}

// Worked notes that a try came through. It says whether anything changed.
func (e *Endpoint) Worked() bool {
	failing := e.FailingSince != nil
	e.FailingSince = nil
	return failing
}

// Gone disables an endpoint that says of itself that it is gone for good. It says whether anything changed.
func (e *Endpoint) Gone(now time.Time) (bool, error) {
	if e.State != Active {
		return false, nil
	}
	return true, e.Disable(models.Clockwork, WhyGone, now)
}

// Wants says whether events of a kind are to be sent there.
func (e *Endpoint) Wants(kind string) bool {
	return e.State == Active && slices.Contains(KindsFor(e.Role), kind) && (len(e.Kinds) == 0 || slices.Contains(e.Kinds, kind))
}

// Near says whether by may see the endpoint: its partner's system and the operator. Errors: NotFound.
func (e *Endpoint) Near(by models.Actor) error {
	if by.Role == models.Operator {
		return nil
	}
	return e.owned(by)
}

func (e *Endpoint) owned(by models.Actor) error {
	if by.Client == "" || by.Client != e.Client || by.Org != e.Org {
		return models.E(models.NotFound, "not_found")
	}
	return nil
}

func (e *Endpoint) wish(w Wish) error {
	if w.URL == "" || len(w.URL) > MaxURL {
		return models.Bad("/url", "webhook_url", "webhook.url_invalid")
	}
	kinds := slices.Compact(slices.Sorted(slices.Values(w.Kinds)))
	if err := known(w.Kinds, e.Role); err != nil {
		return err
	}
	e.URL, e.Kinds = w.URL, kinds
	return nil
}
