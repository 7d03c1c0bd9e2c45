package consent

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"xinyi/models"
)

// A Partner is what a partner's system may ask for. Its id is the client id.
type Partner struct {
	models.Meta `bson:",inline"`

	Name   string              `bson:"name"`
	Org    string              `bson:"org"`
	Kind   models.Role         `bson:"kind"`
	Grants map[string][]string `bson:"grants"`        // purpose → scopes, of Scopes; "item.*" is any item
	Sign   Algorithm           `bson:"sign"`          // how it signs its queries; "" it does not, its credentials count
	Key    models.Secret       `bson:"key"`           // of Sign, in base64: the Ed25519 public key, or the HMAC secret
	Box    string              `bson:"box,omitempty"` // public key (JWK, RFC 7517) that packages for it are encrypted to; "" none
	By     models.Actor        `bson:"by"`            // who registered it last
	At     time.Time           `bson:"at"`
}

// An Algorithm is how a query is signed.
type Algorithm string

// The algorithms.
const (
	HMAC    Algorithm = "hmac-sha256"
	Ed25519 Algorithm = "ed25519"
)

// Enum are all of them.
func (Algorithm) Enum() []any { return models.Enum(HMAC, Ed25519) }

// anyItem grants every scope of one catalogue item.
const anyItem = itemScope + "*"

// A System is the system of a partner as it signs in.
type System struct {
	Client, Name, Org string
	Kind              models.Role
}

// NewPartner registers a partner's system, or says anew what it may ask for. Errors: Forbidden unless by is of the credit office;
// Invalid with every fault.
func NewPartner(s System, g Grant, by models.Actor, now time.Time) (*Partner, error) {
	p := &Partner{Name: s.Name, Org: s.Org, Kind: s.Kind, Grants: g.Scopes, Sign: g.Sign, Key: g.Key, Box: g.Box, By: by, At: now}
	p.ID = s.Client
	return p, p.check(by)
}

// A Grant is what a partner may ask for and how it signs.
type Grant struct {
	Scopes map[string][]string
	Sign   Algorithm
	Key    models.Secret
	Box    string
}

// Change says anew what the partner may ask for. Consents that stand are read within it. Errors: as NewPartner.
func (p *Partner) Change(g Grant, by models.Actor, now time.Time) error {
	next := *p
	next.Grants, next.Sign, next.Key, next.Box, next.By, next.At = g.Scopes, g.Sign, g.Key, g.Box, by, now
	if err := next.check(by); err != nil {
		return err
	}
	*p = next
	return nil
}

// minHMAC is the least length of an HMAC secret, in bytes.
const minHMAC = 24

func (p *Partner) check(by models.Actor) error {
	if by.Person == "" || by.Agent != "" || !by.Is(models.CreditOffice, models.System) {
		return models.E(models.Forbidden, "consent.not_credit_office")
	}
	var fields []models.Field
	need := func(ok bool, pointer, code string) {
		if !ok {
			fields = append(fields, models.Field{Pointer: pointer, Code: code})
		}
	}
	need(p.ID != "" && p.Org != "" && p.Name != "", "/client", "required")
	need(slices.Contains(Classes, p.Kind), "/client", "unknown")
	for purpose, scopes := range p.Grants {
		_, ok := Purposes[purpose]
		need(ok && len(scopes) > 0 && !slices.ContainsFunc(scopes, func(s string) bool { return s != anyItem && !known(s) }), "/grants/"+purpose,
			"unknown")
	}
	raw, err := base64.StdEncoding.DecodeString(p.Key.Reveal())
	switch p.Sign {
	case "":
		need(p.Key.Empty(), "/key", "excluded_with")
	case Ed25519:
		need(err == nil && len(raw) == ed25519.PublicKeySize, "/key", "sign_key")
	case HMAC:
		need(err == nil && len(raw) >= minHMAC, "/key", "sign_key")
	default:
		need(false, "/sign", "unknown")
	}
	if len(fields) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "consent.partner_invalid", Fields: fields}
	}
	return nil
}

// Knows says whether by is the partner's system.
func (p *Partner) Knows(by models.Actor) bool {
	return by.Client != "" && by.Client == p.ID && by.Org == p.Org && by.Role == p.Kind
}

// MayFor says whether the partner may ask for a purpose.
func (p *Partner) MayFor(purpose string) bool { return len(p.Grants[purpose]) > 0 }

// MaySee says whether the partner may ask for scopes for a purpose.
func (p *Partner) MaySee(purpose string, scopes []string) bool {
	granted := p.Grants[purpose]
	return !slices.ContainsFunc(scopes, func(s string) bool {
		return !slices.Contains(granted, s) && (!strings.HasPrefix(s, itemScope) || !slices.Contains(granted, anyItem))
	})
}

// Signed says whether signature is the partner's over text: base64 of Ed25519, or hex of HMAC-SHA-256. Of a partner without a
// key none is asked for.
func (p *Partner) Signed(text, signature string) bool {
	key, err := base64.StdEncoding.DecodeString(p.Key.Reveal())
	switch {
	case p.Sign == "":
		return true
	case err != nil:
		return false
	case p.Sign == Ed25519:
		raw, err := base64.StdEncoding.DecodeString(signature)
		return err == nil && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(text), raw)
	case p.Sign == HMAC:
		raw, err := hex.DecodeString(signature)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return err == nil && hmac.Equal(raw, mac.Sum(nil))
	}
	return false
}
