package notifications

import (
	"context"
	"log/slog"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
)

// PrintSMS writes texts to the log in place of sending them, codes and all, so that a developer can sign in without a vendor.
// Whoever reads the log can sign in as anybody: it is for a developer's own machine.
type PrintSMS struct{ Log *slog.Logger }

// NewPrintSMS says in the log what it is.
func NewPrintSMS(log *slog.Logger) *PrintSMS {
	log.Warn("text messages are printed here, sign-in codes too, and none is sent: for development alone")
	return &PrintSMS{log}
}

// Name implements Channel.
func (PrintSMS) Name() string { return delivery.SMS }

// Bounds implements Channel.
func (PrintSMS) Bounds() Bounds { return Bounds{InFlight: 8, Timeout: time.Second} }

// Probe implements Prober.
func (PrintSMS) Probe(context.Context) error { return nil }

// Send implements Channel.
func (s PrintSMS) Send(ctx context.Context, p Parcel) (Receipt, error) {
	s.Log.InfoContext(ctx, "text message: something waits in the app", "phone", p.Phone, "kind", p.Kind, "delivery", p.ID)
	return Receipt{ID: p.ID}, nil
}

// SendCode prints a one-time code.
func (s PrintSMS) SendCode(ctx context.Context, phone models.Secret, code, _ string, life time.Duration) error {
	s.Log.InfoContext(ctx, "text message: sign-in code", "phone", phone, "code", code, "good_for", life.String())
	return nil
}
