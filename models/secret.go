package models

import (
	"fmt"
	"log/slog"
	"strings"
)

// A Secret is personal data that must not leak: an ID number, a phone, an address. It prints masked,
// the store's codec encrypts it and keeps a keyed hash beside it for equality look-up
// (store.Where("phone.hash", …)), and only Reveal gives the text.
type Secret struct{ text string }

// NewSecret wraps text. "" is the empty secret.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal is the text itself, for the one view or check that needs it.
func (s Secret) Reveal() string { return s.text }

// IsZero says whether there is no text, so that a document may leave the field out.
func (s Secret) IsZero() bool { return s.text == "" }

// Empty says whether there is no text.
func (s Secret) Empty() bool { return s.text == "" }

// String masks: of 15 or more characters the first six and last four stay (430181********0001), of 11 to 14
// the first three and last four (138****0001), of fewer only the first.
func (s Secret) String() string {
	r := []rune(s.text)
	switch n := len(r); {
	case n == 0:
		return ""
	case n >= 15:
		return string(r[:6]) + strings.Repeat("*", n-10) + string(r[n-4:])
	case n >= 11:
		return string(r[:3]) + strings.Repeat("*", n-7) + string(r[n-4:])
	default:
		return string(r[:1]) + strings.Repeat("*", n-1)
	}
}

// GoString masks under %#v too.
func (s Secret) GoString() string { return "models.Secret(" + s.String() + ")" }

// Format masks under every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) }

// LogValue masks in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON masks: a secret that slips into a view stays a secret.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprintf("%q", s.String())), nil }
