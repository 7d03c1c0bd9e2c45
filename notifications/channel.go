package notifications

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/webhook"
)

// A Channel carries parcels out of the house: Firebase, a mainland aggregator, browsers, text messages, webhooks. It makes
// one attempt and never tries again by itself; the queue is the deliveries'. It is safe for concurrent use.
type Channel interface {
	Name() string // one of delivery's channels
	Bounds() Bounds

	// Send hands p over. Its error is a *Failure, whose class says what to do; any other is as Unsure.
	Send(ctx context.Context, p Parcel) (Receipt, error)
}

// A Prober can be asked, at no cost to anybody's phone, whether the channel works. nil: it does.
type Prober interface {
	Probe(ctx context.Context) error
}

// Bounds are what a channel can take.
type Bounds struct {
	InFlight  int           // parcels at once
	PerSecond float64       // parcels a second; 0 is no bound
	Timeout   time.Duration // of one Send; the channel keeps it by itself
}

// A Parcel is one delivery, ready to go: whom to, in words fit for a locked screen, and what the app needs to find the rest.
type Parcel struct {
	ID       string // the delivery's, the same at every try: webhook-id, and what a client drops repeats by
	Kind     string
	Title    string
	Body     string
	Data     map[string]string // type, id, route, ts: never a name, an amount, a hospital or a reason
	Collapse string            // a newer parcel with the same key takes the place of the older on the device
	TTL      time.Duration     // > 0; how long the channel may keep trying to reach the device
	Lang     string            // zh or en
	Class    delivery.Class
	Urgent   bool
	At       time.Time // now

	Device   *delivery.Device  // fcm, jpush, webpush
	Phone    models.Secret     // sms
	Endpoint *webhook.Endpoint // webhook
	Raw      []byte            // webhook: the body
}

// A Receipt is what a channel answers when it took a parcel.
type Receipt struct{ ID string }

// A Class is what a failure means for the delivery, its address and the channel.
type Class string

// The classes of failures.
const (
	Down     Class = "down"     // the channel does not work: not reachable, 5xx, our own credentials refused
	Limited  Class = "limited"  // too fast; After says how long to wait
	Gone     Class = "gone"     // the address is dead for good: uninstalled, 410
	Rejected Class = "rejected" // this parcel will never be taken
	Unsure   Class = "unsure"   // nobody knows whether it was taken: cut off, timed out, an answer nobody can read. Tried again
)

// A Failure is an error of Send.
type Failure struct {
	Class Class
	After time.Duration // Limited and Down: not before; 0 unknown
	Alone bool          // Limited: this address has had its share, the channel has room for others
	Code  string        // the vendor's word, for staff: "UNREGISTERED", "http 503"
	Err   error
}

func (f *Failure) Error() string { return fmt.Sprintf("%s (%s): %v", f.Class, f.Code, f.Err) }

// Word is the vendor's word alone: it tells nobody's address.
func (f *Failure) Word() string { return f.Code }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// FailureOf reads what a Send answered; nil for nil. An error nobody classed is Unsure.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	if f := (*Failure)(nil); errors.As(err, &f) {
		return f
	}
	return &Failure{Class: Unsure, Code: "error", Err: err}
}
