package webhook

import (
	"crypto/ed25519"
	"encoding/base64"
	"time"

	"xinyi/models"
)

// How keys are written, by Standard Webhooks 1.0.0: a prefix and base64 with padding.
const (
	prefixHMAC    = "whsec_"
	prefixPrivate = "whsk_"
	prefixPublic  = "whpk_"
)

// Bounds of keys.
const (
	minHMAC    = 24 // bytes
	maxHMAC    = 64
	MaxOverlap = 7 * 24 * time.Hour // how long an old key may go on signing beside its successor
)

// Seeds are random bytes that become keys: 24 to 64 for HMAC, 32 for Ed25519.
type Seeds struct{ HMAC, Ed []byte }

// Rotate adds keys; those before sign beside them for overlap, so that a partner can change over. Older ones go.
// Errors: NotFound for somebody else's, Invalid "webhook.overlap_invalid" outside 0 to MaxOverlap.
func (e *Endpoint) Rotate(by models.Actor, s Seeds, overlap time.Duration, now time.Time) error {
	if err := e.owned(by); err != nil {
		return err
	}
	if overlap < 0 || overlap > MaxOverlap {
		return models.Bad("/overlapHours", "webhook_overlap", "webhook.overlap_invalid")
	}
	if err := e.sign(s, overlap, now); err != nil {
		return err
	}
	e.Publish(EventChanged.Of(EndpointData{What: "keys"}), "", by, now)
	return nil
}

// Signing are the keys in force at now, the newer first.
func (e *Endpoint) Signing(now time.Time) (hmac, ed []models.Secret) {
	return inForce(e.HMAC, now), inForce(e.Ed, now)
}

// Public are the Ed25519 keys a partner verifies with at now, the newer first.
func (e *Endpoint) Public(now time.Time) []string {
	var keys []string
	for i := len(e.Ed) - 1; i >= 0; i-- {
		if e.Ed[i].good(now) {
			keys = append(keys, e.Ed[i].Public)
		}
	}
	return keys
}

func inForce(keys []Key, now time.Time) []models.Secret {
	var good []models.Secret
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i].good(now) {
			good = append(good, keys[i].Secret)
		}
	}
	return good
}

func (k Key) good(now time.Time) bool {
	return !now.Before(k.From) && (k.To == nil || now.Before(*k.To))
}

// sign makes the keys of s the newest.
func (e *Endpoint) sign(s Seeds, overlap time.Duration, now time.Time) error {
	if len(s.HMAC) < minHMAC || len(s.HMAC) > maxHMAC || len(s.Ed) != ed25519.SeedSize {
		return models.E(models.Invalid, "webhook.key_length")
	}
	public, ok := ed25519.NewKeyFromSeed(s.Ed).Public().(ed25519.PublicKey)
	if !ok {
		return models.E(models.Invalid, "webhook.key_length")
	}
	from := *models.At(now)
	e.HMAC = succeed(e.HMAC, Key{Secret: secret(prefixHMAC, s.HMAC), From: from}, overlap)
	e.Ed = succeed(e.Ed, Key{Secret: secret(prefixPrivate, s.Ed), Public: prefixPublic + base64.StdEncoding.EncodeToString(public),
		From: from}, overlap)
	return nil
}

// succeed lets only the newest key stay beside k, until overlap is over.
func succeed(keys []Key, k Key, overlap time.Duration) []Key {
	if n := len(keys); n > 0 {
		last := keys[n-1]
		if until := k.From.Add(overlap); last.To == nil || last.To.After(until) {
			last.To = models.At(until)
		}
		return []Key{last, k}
	}
	return []Key{k}
}

func secret(prefix string, b []byte) models.Secret {
	return models.NewSecret(prefix + base64.StdEncoding.EncodeToString(b))
}

// An Answer is what an endpoint answered to a test.
type Answer struct {
	Status  int           // of HTTP; 0 when there was no answer
	Took    time.Duration // from the first byte to the last
	Problem string        // "" when it came through; else one short word, never the endpoint's own text
}
