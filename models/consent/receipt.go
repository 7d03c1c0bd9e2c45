package consent

import (
	"errors"
	"time"

	"xinyi/models"
)

func reasonOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// ReceiptLife is how long a receipt speaks for a consent without asking.
//
// Source: docs/sources.md#consent-checks.
const ReceiptLife = 900 * time.Second

// A Receipt says what one read was given. It never changes; whether it still holds is the consent's to say.
type Receipt struct {
	models.Meta `bson:",inline"` // the id is Query.ReceiptID

	Consent string         `bson:"consent"`
	Subject models.Subject `bson:"subject"`
	To      models.Actor   `bson:"to"`
	Purpose string         `bson:"purpose"`
	Scopes  []string       `bson:"scopes"`
	Records int            `bson:"records"` // how many were given
	At      time.Time      `bson:"at"`
	Until   time.Time      `bson:"until"` // of the receipt
	Ends    time.Time      `bson:"ends"`  // of the consent
}

// NewReceipt is the receipt of a query that took a read of c. It is kept as long as the log of accesses.
func NewReceipt(q Query, c *Consent, keepMonths int, now time.Time) *Receipt {
	r := &Receipt{Consent: c.ID, Subject: c.Subject, To: q.By, Purpose: q.Purpose, Scopes: q.Scopes, At: now, Until: now.Add(ReceiptLife),
		Ends: *c.Until}
	if r.Ends.Before(r.Until) {
		r.Until = r.Ends
	}
	r.ID, r.GoneAt = q.ReceiptID(), models.At(models.DayOf(now).AddMonths(keepMonths).End())
	return r
}

// A ReceiptState is what a receipt is worth now.
type ReceiptState string

// The standings.
const (
	ReceiptActive  ReceiptState = "active"
	ReceiptRevoked ReceiptState = "revoked"
	ReceiptExpired ReceiptState = "expired"
)

// Enum are all of them.
func (ReceiptState) Enum() []any { return models.Enum(ReceiptActive, ReceiptRevoked, ReceiptExpired) }

// Stands says what the receipt is worth. c is its consent.
func (r *Receipt) Stands(c *Consent, now time.Time) ReceiptState {
	switch {
	case c.State != Given && c.State != Expired && c.State != Exhausted:
		return ReceiptRevoked
	case c.State == Expired || !now.Before(r.Until):
		return ReceiptExpired
	}
	return ReceiptActive
}
