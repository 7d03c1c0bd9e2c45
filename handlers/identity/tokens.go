package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/api"
	"xinyi/models"
)

// Tokens makes and verifies access tokens: EdDSA JWTs that live for Life. Their keys are in one file that all replicas share,
// the newest first; only the newest signs.
type Tokens struct {
	Issuer string        // iss
	Life   time.Duration // how long a token is good

	path   string
	now    func() time.Time
	parser *jwt.Parser

	mu     sync.RWMutex
	keys   []signingKey
	loaded time.Time // when the file was last read
}

type signingKey struct {
	Kid       string    `json:"kid"`
	Seed      []byte    `json:"seed"` // of Ed25519
	CreatedAt time.Time `json:"createdAt"`
	private   ed25519.PrivateKey
}

const (
	accessLife  = 15 * time.Minute
	reloadEvery = 10 * time.Second // how often an unknown key id may make us read the file again
)

// LoadTokens reads the signing keys at path, and makes the file with a first key when there is none.
func LoadTokens(path, issuer string, now func() time.Time) (*Tokens, error) {
	t := &Tokens{Issuer: issuer, Life: accessLife, path: path, now: now}
	t.parser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(now))
	err := t.load()
	if !errors.Is(err, fs.ErrNotExist) {
		return t, err
	}
	if err := t.Rotate(0); !errors.Is(err, fs.ErrExist) {
		return t, err
	}
	return t, t.load() // another replica made it first
}

func (t *Tokens) load() error {
	raw, err := os.ReadFile(t.path)
	if err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	var keys []signingKey
	if err := json.Unmarshal(raw, &keys); err != nil {
		return fmt.Errorf("signing keys %s: %w", t.path, err)
	}
	for i, k := range keys {
		if len(k.Seed) != ed25519.SeedSize || k.Kid == "" {
			return fmt.Errorf("signing keys %s: key %d is damaged", t.path, i)
		}
		keys[i].private = ed25519.NewKeyFromSeed(k.Seed)
	}
	if len(keys) == 0 {
		return fmt.Errorf("signing keys %s: there is none", t.path)
	}
	t.mu.Lock()
	t.keys, t.loaded = keys, t.now()
	t.mu.Unlock()
	return nil
}

// Rotate adds a key that signs from now on and drops those older than keep, which must be longer than Life; 0 keeps only
// the new one and makes the file, fs.ErrExist when there is one. Other replicas read the file when they first meet the new key.
func (t *Tokens) Rotate(keep time.Duration) error {
	seed := make([]byte, ed25519.SeedSize)
	kid := make([]byte, 9)
	for _, b := range [][]byte{seed, kid} {
		if _, err := rand.Read(b); err != nil {
			return fmt.Errorf("signing keys: %w", err)
		}
	}
	now := t.now()
	keys := []signingKey{{Kid: base64.RawURLEncoding.EncodeToString(kid), Seed: seed, CreatedAt: now.UTC()}}
	t.mu.RLock()
	for i, k := range t.keys {
		// A key may have signed until the one after it came, and that token lives on for Life.
		if i < 1 && keep > 0 || now.Sub(k.CreatedAt) < keep {
			keys = append(keys, k)
		}
	}
	t.mu.RUnlock()
	raw, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	if err := api.WriteWhole(t.path, raw, keep == 0); err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	return t.load()
}

// claims are what an access token says.
type claims struct {
	jwt.RegisteredClaims
	Session string `json:"sid,omitempty"`       // of a person
	Client  string `json:"client_id,omitempty"` // of a partner's system
}

// Issue signs a token for a session of a person, or for a client. Tokens live by the clock they were loaded with:
// a sandbox gives them the world's, so that who lets forty days pass is still signed in.
func (t *Tokens) Issue(person, session, client string) (string, error) {
	now := t.now()
	t.mu.RLock()
	k := t.keys[0]
	t.mu.RUnlock()
	sub := person
	if client != "" {
		sub = client
	}
	tok := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{Session: session, Client: client, RegisteredClaims: jwt.RegisteredClaims{
		Issuer: t.Issuer, Subject: sub, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(t.Life)),
	}})
	tok.Header["kid"] = k.Kid
	signed, err := tok.SignedString(k.private)
	if err != nil {
		return "", models.E(models.Internal, "internal", err)
	}
	return signed, nil
}

// verify checks signature, issuer and time. It costs a signature check; authenticated requests come here once a token.
// Errors: Unauthenticated.
func (t *Tokens) verify(token string) (claims, error) {
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, func(tok *jwt.Token) (any, error) {
		kid, _ := tok.Header["kid"].(string) //nolint:errcheck // no kid is an unknown key
		return t.public(kid)
	})
	if err == nil && (c.Subject == "" || (c.Session == "") == (c.Client == "")) {
		err = errors.New("neither a person's session nor a client")
	}
	if err != nil {
		return claims{}, models.E(models.Unauthenticated, "identity.token_refused", err)
	}
	return c, nil
}

func (t *Tokens) public(kid string) (ed25519.PublicKey, error) {
	for again := true; ; again = false {
		t.mu.RLock()
		keys, loaded := t.keys, t.loaded
		t.mu.RUnlock()
		for _, k := range keys {
			if k.Kid == kid {
				return ed25519.PublicKey(k.private[ed25519.SeedSize:]), nil
			}
		}
		if age := t.now().Sub(loaded); !again || age >= 0 && age < reloadEvery {
			return nil, errors.New("unknown key")
		}
		if err := t.load(); err != nil {
			return nil, err
		}
	}
}

// JWKS are the public keys, for whoever checks our tokens elsewhere.
func (t *Tokens) JWKS() api.Jwks {
	t.mu.RLock()
	defer t.mu.RUnlock()
	set := api.Jwks{Keys: make([]api.Jwk, len(t.keys))}
	for i, k := range t.keys {
		set.Keys[i] = api.Jwk{Kty: "OKP", Crv: "Ed25519", Alg: "EdDSA", Use: "sig", Kid: k.Kid,
			X: base64.RawURLEncoding.EncodeToString(k.private[ed25519.SeedSize:])}
	}
	return set
}
