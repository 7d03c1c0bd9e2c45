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
	Queued      State = "QUEUED"       // due as soon as its destination has room
	Deferred    State = "DEFERRED"     // waits for a decent hour, or for others to be told together with
	Sending     State = "SENDING"      // a replica has it until its lease ends
	Sent        State = "SENT"         // the channel took it
	FailedRetry State = "FAILED_RETRY" // the channel did not; tried again at WakeAt
	Dead        State = "DEAD"         // given up; staff may replay it
	Skipped     State = "SKIPPED"      // not needed any more: read already, opted out, too late
	Opened      State = "OPENED"       // the app says that its reader tapped it
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Queued, Deferred, Sending, Sent, FailedRetry, Dead, Skipped, Opened)
}

// States lists every state, for views and checks.
var States = []State{Queued, Deferred, Sending, Sent, FailedRetry, Dead, Skipped, Opened}

// moves is the whole life of a delivery. SENDING goes to SENDING when a lease ran out, and back to QUEUED when the whole
// channel is down, so that the delivery keeps its place.
var acts = models.Acts[State]{
	models.From(Queued, Deferred, Sending, FailedRetry).To(Deferred).By("Defer", models.System),
	models.From(Queued, Deferred, Sending, FailedRetry).To(Sending).By("Start", models.System),
	models.From(Queued, Deferred, Sending, FailedRetry).To(Dead, Skipped).By("Skip", models.System),
	models.From(Sending).To(Queued).By("Back", models.System),
	models.From(Sending).To(FailedRetry, Dead, Skipped).By("Failed", models.System),
	models.From(Sending).To(Sent).By("Took", models.System),
	models.From(Sending).To(Dead).By("Kill", models.System),
	models.From(Sent, Dead, Skipped).To(Queued).By("Replay", models.Hospital, models.Operator),
	models.From(Sent).To(Opened).By("Tapped", models.Resident),
}

var moves = acts.Machine()

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

	Channel     string `bson:"channel"`
	Destination string `bson:"lane,omitempty"` // what it queues with: the channel, and the host or endpoint where each has its own; "" once it is over
	To          string `bson:"to"`             // device id, endpoint id, or the person's id for text messages
	Host        string `bson:"host,omitempty"` // of a browser's push service

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
	Open     string        `bson:"open,omitempty"` // address and digest key while others may still join, DEFERRED alone; unique

	At       time.Time  `bson:"at"`                 // when it happened
	NotAfter *time.Time `bson:"notAfter,omitempty"` // telling it later is pointless; nil: never
	DueAt    time.Time  `bson:"dueAt"`              // its place there

	Tries    int        `bson:"tries"`              // that count: those the whole channel failed do not
	Before   int        `bson:"before,omitempty"`   // those of them that were before the last replay
	Failures []Failure  `bson:"failures,omitempty"` // the last ten
	SentAt   *time.Time `bson:"sentAt,omitempty"`   // when the channel last took it; a replay leaves it, it proves that notice was given
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
	maxCode     = 120 // bytes
	maxLeast    = day // a channel that asks for a longer pause is asked again sooner
)
