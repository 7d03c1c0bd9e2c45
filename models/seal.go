package models

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"
)

// A Seal is the key the service signs with what others must be able to check without asking it: reports, receipts, heads of
// the audit log (Ed25519, RFC 8032). Old seals stay in the ring, so that what they signed stays good.
type Seal struct {
	ID     string    // first 8 bytes of the SHA-256 of the public key, in hex
	Since  time.Time // when it came into use
	Public ed25519.PublicKey

	private ed25519.PrivateKey // nil of one that only verifies
}

// NewSeal makes a seal from 32 random bytes.
func NewSeal(seed []byte, since time.Time) (Seal, error) {
	if len(seed) != ed25519.SeedSize {
		return Seal{}, errors.New("a seal's seed is 32 bytes")
	}
	private := ed25519.NewKeyFromSeed(seed)
	public, ok := private.Public().(ed25519.PublicKey)
	if !ok {
		return Seal{}, errors.New("a seal has no public key")
	}
	s := SealOf(public, since)
	s.private = private
	return s, nil
}

// SealOf is a seal that only verifies.
func SealOf(public ed25519.PublicKey, since time.Time) Seal {
	sum := sha256.Sum256(public)
	return Seal{ID: hex.EncodeToString(sum[:8]), Since: since, Public: public}
}

// Private is the key itself, for formats that sign by themselves.
func (s Seal) Private() ed25519.PrivateKey { return s.private }

// Seals is a ring of seals, the one in use first.
type Seals []Seal

// Sign signs data with the seal in use: its id, and the signature in base64 (RFC 4648, with padding).
func (ss Seals) Sign(data []byte) (id, signature string, err error) {
	if len(ss) == 0 || ss[0].private == nil {
		return "", "", E(Internal, "internal", errors.New("there is no seal to sign with"))
	}
	return ss[0].ID, base64.StdEncoding.EncodeToString(ed25519.Sign(ss[0].private, data)), nil
}

// Verify says whether signature over data is of the seal with an id in the ring.
func (ss Seals) Verify(id, signature string, data []byte) bool {
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	for _, s := range ss {
		if s.ID == id {
			return ed25519.Verify(s.Public, data, raw)
		}
	}
	return false
}
