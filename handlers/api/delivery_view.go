package api

import (
	"errors"
	"time"

	"xinyi/models/delivery"
)

// WhyOver is why a delivery will not be sent, one of the Why words; "" for any other.
func WhyOver(d *delivery.Delivery) string {
	if d.State == delivery.Skipped || d.State == delivery.Dead {
		return d.Moved.Reason
	}
	return ""
}

// A StaffDelivery has neither person nor address, and nothing of what is said.
type StaffDelivery struct {
	ID       string            `json:"id"`
	Channel  Channel           `json:"channel"`
	Kind     string            `json:"kind"`
	State    delivery.State    `json:"state"`
	Why      string            `json:"why" description:"Why it was skipped or is dead; empty otherwise"`
	Legal    bool              `json:"legal" description:"Of a notice with legal effect"`
	Tries    int               `json:"tries"`
	Failures []DeliveryFailure `json:"failures" description:"The last ten"`
	At       time.Time         `json:"at" description:"When it happened"`
	DueAt    time.Time         `json:"dueAt"`
	SentAt   *time.Time        `json:"sentAt,omitempty"`
	OpenedAt *time.Time        `json:"openedAt,omitempty"`
}

// A DeliveryFailure is one attempt that failed.
type DeliveryFailure struct {
	At   time.Time `json:"at"`
	Code string    `json:"code" description:"The channel's word"`
}

// ViewStaff shows a delivery without the person it is for.
func ViewStaff(d *delivery.Delivery) StaffDelivery {
	v := StaffDelivery{
		ID: d.ID, Channel: Channel(d.Channel), Kind: d.Kind, State: d.State, Why: WhyOver(d), Legal: d.Legal, Tries: d.Tries,
		Failures: []DeliveryFailure{}, At: d.At, DueAt: d.DueAt, SentAt: d.SentAt, OpenedAt: d.OpenedAt,
	}
	for _, f := range d.Failures {
		v.Failures = append(v.Failures, DeliveryFailure(f))
	}
	return v
}

// ErrFull ends what reads on once a call has taken as many as it takes.
var ErrFull = errors.New("as many as one call takes")
