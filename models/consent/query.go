package consent

import (
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A Refusal is the first check that a query failed. "" is none.
type Refusal string

// The refusals, in the order of their checks.
const (
	Malformed      Refusal = "malformed_object"
	UnknownPartner Refusal = "unknown_partner"
	BadSignature   Refusal = "signature_invalid"
	WrongAudience  Refusal = "audience_mismatch" // also: no such consent
	WrongSubject   Refusal = "subject_not_allowed"
	WrongPurpose   Refusal = "purpose_not_allowed"
	WideScope      Refusal = "scope_exceeds_policy"
	Over           Refusal = "expired"
	LongValidity   Refusal = "validity_exceeds_policy"
	NoReadsLeft    Refusal = "exhausted" // the eighth check, too: its reads are over
	Revoked        Refusal = "revoked"   // or not given, or not yet: a partner cannot tell
	Replayed       Refusal = "replay"
)

// Refusals lists every refusal in the order of the checks.
var Refusals = []Refusal{
	Malformed, UnknownPartner, BadSignature, WrongAudience, WrongSubject, WrongPurpose, WideScope, Over, LongValidity, NoReadsLeft, Revoked,
	Replayed,
}

// A Query is what a partner wants to read.
type Query struct {
	Consent   string
	Purpose   string
	Scopes    []string
	Subject   Naming
	Nonce     string
	By        models.Actor
	Signature string
	Text      string // what Signature is over
}

// A Naming is a subject as a partner names it.
type Naming struct {
	Kind models.SubjectKind
	Refs []string // under every key in use; none: it is not well-formed
}

// Names says whether s is meant.
func (n Naming) Names(s models.Subject) bool {
	return n.Kind == s.Kind && s.Ref != "" && slices.Contains(n.Refs, s.Ref)
}

// The bounds of a nonce, in characters.
const (
	minNonce = 16
	maxNonce = 128
)

// formed is the first check.
func (q Query) formed() bool {
	if q.Consent == "" || len(q.Consent) > 64 || len(q.Nonce) < minNonce || len(q.Nonce) > maxNonce || len(q.Subject.Refs) == 0 {
		return false
	}
	if q.Purpose == "" || len(q.Scopes) == 0 || len(q.Scopes) > maxScopes {
		return false
	}
	return !slices.ContainsFunc(q.Scopes, func(s string) bool { return !known(s) })
}

// Check goes through the ten checks in their order and answers the first that fails. c is nil when there is no such consent,
// p when nobody registered the partner.
//
// Source: docs/sources.md#consent-checks.
func Check(q Query, p *Partner, c *Consent, pol Policy, now time.Time) Refusal {
	switch {
	case !q.formed():
		return Malformed
	case p == nil || !p.Knows(q.By):
		return UnknownPartner
	case !p.Signed(q.Text, q.Signature):
		return BadSignature
	case c == nil || !c.Receives(q.By):
		return WrongAudience
	case !q.Subject.Names(c.Subject):
		return WrongSubject
	case q.Purpose != c.Terms.Purpose || !p.MayFor(q.Purpose):
		return WrongPurpose
	case !has(c.Terms.Scopes, q.Scopes) || !p.MaySee(q.Purpose, q.Scopes) || !c.noticed(q.Scopes):
		return WideScope
	}
	return c.timely(q, pol, now)
}

// timely are the last three checks. What was never given has no time, and is not told apart from what was revoked.
func (c *Consent) timely(q Query, pol Policy, now time.Time) Refusal {
	if c.From != nil && c.Until != nil {
		switch {
		case c.State == Expired || !now.Before(*c.Until):
			return Over
		case models.DayOf(*c.Until).Since(models.DayOf(*c.From)) > pol.MaxDays:
			return LongValidity
		case c.State == Exhausted || c.State == Given && c.Left <= 0:
			return NoReadsLeft
		}
	}
	switch {
	case c.State != Given:
		return Revoked
	case slices.ContainsFunc(c.Used, func(r Read) bool { return r.Nonce == q.digest() }):
		return Replayed
	}
	return ""
}

// noticed says whether the notices that scopes need were signed.
func (c *Consent) noticed(scopes []string) bool {
	for _, n := range Notices(scopes) {
		if !slices.ContainsFunc(c.Notices, func(s Signed) bool { return s.ID == n.ID }) {
			return false
		}
	}
	return true
}

func (q Query) digest() string { return models.Derived("nonce", q.Nonce) }

// ReceiptID is the id of the receipt of a query.
func (q Query) ReceiptID() string { return models.Derived("receipt", q.Consent, q.Nonce) }

// Take makes every check once more and takes one read. Errors: Forbidden "query.<refusal>".
func (c *Consent) Take(q Query, p *Partner, pol Policy, now time.Time) error {
	if r := Check(q, p, c, pol, now); r != "" {
		return r.Error()
	}
	c.Left--
	c.Used = append(c.Used, Read{Receipt: q.ReceiptID(), Nonce: q.digest(), At: now})
	if c.Left > 0 {
		return nil
	}
	if err := c.Move(moves, Exhausted, q.By.At(now), "consent.not_given"); err != nil {
		return err
	}
	c.WakeAt = nil
	c.publish(EventExhausted, q.By, now)
	return nil
}

// reasons are the refusals as reasons of an error.
var reasons = map[Refusal]*models.Error{
	Malformed:      models.E(models.Forbidden, "query.malformed_object"),
	UnknownPartner: models.E(models.Forbidden, "query.unknown_partner"),
	BadSignature:   models.E(models.Forbidden, "query.signature_invalid"),
	WrongAudience:  models.E(models.Forbidden, "query.audience_mismatch"),
	WrongSubject:   models.E(models.Forbidden, "query.subject_not_allowed"),
	WrongPurpose:   models.E(models.Forbidden, "query.purpose_not_allowed"),
	WideScope:      models.E(models.Forbidden, "query.scope_exceeds_policy"),
	Over:           models.E(models.Forbidden, "query.expired"),
	LongValidity:   models.E(models.Forbidden, "query.validity_exceeds_policy"),
	NoReadsLeft:    models.E(models.Forbidden, "query.exhausted"),
	Revoked:        models.E(models.Forbidden, "query.revoked"),
	Replayed:       models.E(models.Forbidden, "query.replay"),
}

// Error is the refusal as an error.
func (r Refusal) Error() error {
	e := *reasons[r]
	return &e
}

// RefusalOf is the refusal an error stands for, "" for none.
func RefusalOf(err error) Refusal {
	for r, e := range reasons {
		if models.CodeOf(err) == models.Forbidden && reasonOf(err) == e.Reason {
			return r
		}
	}
	return ""
}

// Canonical is the text a partner signs: consent, purpose, scopes in their order with a blank between them, subject as it is
// named, and nonce, each on a line of its own.
func Canonical(consent, purpose string, scopes []string, subject, nonce string) string {
	return strings.Join([]string{consent, purpose, strings.Join(scopes, " "), subject, nonce}, "\n")
}
