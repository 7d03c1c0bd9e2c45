// Package delivery carries messages out of the inbox: to a person's phones and browsers, by text message, and events to
// partners' systems (推送, 短信, 回调). One Delivery is one message on its way to one address. It knows when it is next due,
// how often it was tried, and how it ended; preferences, quiet hours and bounds are decided here, sending is not.
package delivery

import (
	"time"

	"xinyi/models"
)

// State is where a delivery stands.
type State string

// The states of a delivery.
const (
	Queued      State = "QUEUED"       // due as soon as its lane has room
	Deferred    State = "DEFERRED"     // waits for a decent hour, or for others to be told together with
	Sending     State = "SENDING"      // a replica has it until its lease ends
	Sent        State = "SENT"         // the channel took it
	FailedRetry State = "FAILED_RETRY" // the channel did not; tried again at WakeAt
	Dead        State = "DEAD"         // given up; staff may replay it
	Skipped     State = "SKIPPED"      // not needed any more: read already, opted out, too late
	Opened      State = "OPENED"       // the app says that its reader tapped it
)

// States lists every state, for views and checks.
var States = []State{Queued, Deferred, Sending, Sent, FailedRetry, Dead, Skipped, Opened}

// moves is the whole life of a delivery. SENDING goes to SENDING when a lease ran out, and back to QUEUED when the whole
// channel is down, so that the delivery keeps its place.
var moves = models.Machine[State]{
	Queued:      {Sending, Deferred, Skipped, Dead},
	Deferred:    {Sending, Deferred, Skipped, Dead},
	Sending:     {Sending, Sent, FailedRetry, Queued, Deferred, Skipped, Dead},
	FailedRetry: {Sending, Deferred, Skipped, Dead},
	Sent:        {Opened, Queued},
	Dead:        {Queued},
	Skipped:     nil, Opened: nil,
}

// Class is what a text is for. Vendors of push channels bound and punish the second.
type Class string

// The classes.
const (
	Service   Class = "service"   // about what is the reader's own
	Marketing Class = "marketing" // about what might interest the reader
)

// Classes lists every class, for checks.
var Classes = []Class{Service, Marketing}

// The channels there are.
const (
	FCM     = "fcm"     // Firebase Cloud Messaging
	Vendor  = "jpush"   // a mainland aggregator of the phone makers' channels
	WebPush = "webpush" // browsers
	SMS     = "sms"     // text messages
	Webhook = "webhook" // partners' systems
)

// DeviceChannels are those that reach a device a person registered.
var DeviceChannels = []string{FCM, Vendor, WebPush}

// Why a delivery was skipped or is dead.
const (
	WhyRead      = "read"            // its reader has seen the message
	WhyMuted     = "muted"           // its reader does not want this
	WhyExpired   = "expired"         // telling it now would be pointless
	WhyDevice    = "device_gone"     // the device is signed out, replaced or silent for long
	WhyPerson    = "person_left"     // the account is closed
	WhyStopped   = "stopped"         // staff stopped the campaign
	WhyNoAddress = "no_address"      // no phone number, or the endpoint is gone
	WhyDisabled  = "endpoint_off"    // the partner's endpoint is disabled
	WhyToken     = "token_dead"      // the push service no longer knows the address
	WhyRejected  = "rejected"        // the channel will never take it
	WhyExhausted = "tries_exhausted" // it failed as often as it may
	WhyChannel   = "no_channel"      // the channel is not configured any more
)

// A Delivery is one message, or one event of a partner, on its way to one address.
type Delivery struct {
	models.Meta        `bson:",inline"` // the id derives from event, text, person, channel and address
	models.Life[State] `bson:",inline"`

	Channel string `bson:"channel"`
	Lane    string `bson:"lane,omitempty"` // what it queues with: the channel, and the host or endpoint where each has its own; "" once it is over
	To      string `bson:"to"`             // device id, endpoint id, or the person's id for text messages
	Host    string `bson:"host,omitempty"` // of a browser's push service

	Person   string        `bson:"person,omitempty"` // whom it is for; "" for a partner's system
	Region   models.Region `bson:"region,omitempty"` // where that person lives, or the partner is
	Messages []string      `bson:"messages,omitempty"`
	Event    string        `bson:"event"`
	Kind     string        `bson:"kind"`    // of the event; names the text
	Subject  string        `bson:"subject"` // the document it is about
	Topic    string        `bson:"topic,omitempty"`
	Class    Class         `bson:"class"`
	Legal    bool          `bson:"legal,omitempty"`
	Urgent   bool          `bson:"urgent,omitempty"`
	Campaign string        `bson:"campaign,omitempty"`
	Lang     string        `bson:"lang,omitempty"`
	Body     string        `bson:"body,omitempty"` // what a partner is sent, the same at every try
	Open     string        `bson:"open,omitempty"` // address and digest key while others may still join; unique

	At       time.Time  `bson:"at"`                 // when it happened
	NotAfter *time.Time `bson:"notAfter,omitempty"` // telling it later is pointless; nil: never
	DueAt    time.Time  `bson:"dueAt"`              // its place in the lane

	Tries    int        `bson:"tries"`              // that count: those the whole channel failed do not
	Failures []Failure  `bson:"failures,omitempty"` // the last ten
	SentAt   *time.Time `bson:"sentAt,omitempty"`
	OpenedAt *time.Time `bson:"openedAt,omitempty"`
	Receipt  string     `bson:"receipt,omitempty"` // the channel's own id
}

// A Failure is one try that did not come through.
type Failure struct {
	At   time.Time `bson:"at"`
	Code string    `bson:"code"` // the channel's word: "UNAVAILABLE", "http 503"
}

// Bounds of what one delivery carries.
const (
	maxFailures = 10
	maxMessages = 50
	maxCode     = 120
)

// Due says whether the delivery is to be sent at now.
func (d *Delivery) Due(now time.Time) bool {
	return d.Lane != "" && d.WakeAt != nil && !d.WakeAt.After(now)
}

// Start claims the delivery for one try until now+lease. Errors: Conflict "delivery.not_due" when somebody else has it.
func (d *Delivery) Start(lease time.Duration, now time.Time) error {
	if !d.Due(now) {
		return models.E(models.Conflict, "delivery.not_due")
	}
	if err := d.move(Sending, "", now); err != nil {
		return err
	}
	d.Open, d.Tries, d.WakeAt = "", d.Tries+1, models.At(now.Add(lease))
	return nil
}

// holds says whether the try with the number n is still the current one: a replica that was too slow changes nothing.
func (d *Delivery) holds(n int) error {
	if d.State != Sending || d.Tries != n {
		return models.E(models.Conflict, "delivery.not_yours")
	}
	return nil
}

// Took ends try n: the channel has the delivery. Errors: Conflict "delivery.not_yours".
func (d *Delivery) Took(n int, receipt string, p Policy, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	d.Receipt, d.SentAt = receipt, models.At(now)
	return d.end(Sent, "", p, now)
}

// Failed ends try n with a failure of this delivery alone: it is tried again after its next wait, or after least when that
// is longer, or is dead. One that would come too late is skipped. Errors: Conflict "delivery.not_yours".
func (d *Delivery) Failed(n int, code string, least time.Duration, p Policy, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	d.note(code, now)
	wait, more := p.Wait(d.Channel, d.ID, d.Tries)
	if !more {
		return d.end(Dead, WhyExhausted, p, now)
	}
	at := models.At(now.Add(max(wait, least)))
	if d.NotAfter != nil && at.After(*d.NotAfter) {
		return d.end(Skipped, WhyExpired, p, now)
	}
	if err := d.move(FailedRetry, code, now); err != nil {
		return err
	}
	d.DueAt, d.WakeAt = *at, at
	return nil
}

// Back ends try n without counting it: the channel as a whole is down, and the delivery keeps its place.
// Errors: Conflict "delivery.not_yours".
func (d *Delivery) Back(n int, code string, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	d.note(code, now)
	if err := d.move(Queued, code, now); err != nil {
		return err
	}
	d.Tries, d.WakeAt = d.Tries-1, models.At(d.DueAt)
	return nil
}

// Kill ends try n for good: the channel will never take this. why is one of the Why words.
// Errors: Conflict "delivery.not_yours".
func (d *Delivery) Kill(n int, why, code string, p Policy, now time.Time) error {
	if err := d.holds(n); err != nil {
		return err
	}
	d.note(code, now)
	return d.end(Dead, why, p, now)
}

// Skip ends a delivery that is not needed any more. Errors: InvalidTransition once it is over.
func (d *Delivery) Skip(why string, p Policy, now time.Time) error {
	return d.end(Skipped, why, p, now)
}

// Defer puts a delivery off until at, before it is tried. Errors: InvalidTransition once it is over.
func (d *Delivery) Defer(at, now time.Time) error {
	if err := d.move(Deferred, "", now); err != nil {
		return err
	}
	d.DueAt, d.WakeAt = *models.At(at), models.At(at)
	return nil
}

// Join adds a message to a delivery that still collects. False when it does not any more, or is full.
func (d *Delivery) Join(message string) bool {
	for _, m := range d.Messages {
		if m == message {
			return true
		}
	}
	if d.State != Deferred || d.Open == "" || len(d.Messages) >= maxMessages {
		return false
	}
	d.Messages = append(d.Messages, message)
	return true
}

// Replay queues a dead delivery, or one that was sent, once more, with all its tries. Errors: InvalidTransition.
func (d *Delivery) Replay(by models.Actor, now time.Time) error {
	if err := d.Move(moves, Queued, by, now, "delivery.not_over", ""); err != nil {
		return err
	}
	d.Tries, d.Lane, d.GoneAt, d.NotAfter = 0, d.lane(), nil, nil
	d.DueAt, d.WakeAt = *models.At(now), models.At(now)
	return nil
}

// Tapped notes that its reader opened it; again changes nothing. Errors: NotFound for somebody else's, InvalidTransition unless sent.
func (d *Delivery) Tapped(by models.Actor, now time.Time) error {
	switch {
	case by.Person == "" || by.Person != d.Person:
		return models.E(models.NotFound, "not_found")
	case d.State == Opened:
		return nil
	}
	if err := d.Move(moves, Opened, by, now, "delivery.not_sent", ""); err != nil {
		return err
	}
	d.OpenedAt = models.At(now)
	return nil
}

// Over says whether nothing is going to happen to the delivery by itself.
func (d *Delivery) Over() bool {
	switch d.State {
	case Sent, Dead, Skipped, Opened:
		return true
	case Queued, Deferred, Sending, FailedRetry:
	}
	return false
}

func (d *Delivery) note(code string, now time.Time) {
	if len(code) > maxCode {
		code = code[:maxCode]
	}
	if d.Failures = append(d.Failures, Failure{At: now, Code: code}); len(d.Failures) > maxFailures {
		d.Failures = d.Failures[len(d.Failures)-maxFailures:]
	}
}

func (d *Delivery) move(to State, why string, now time.Time) error {
	return d.Move(moves, to, models.Clockwork, now, "delivery.over", why)
}

func (d *Delivery) end(to State, why string, p Policy, now time.Time) error {
	if err := d.move(to, why, now); err != nil {
		return err
	}
	d.Lane, d.Open, d.WakeAt, d.GoneAt = "", "", nil, models.At(now.Add(p.kept(d)))
	return nil
}
