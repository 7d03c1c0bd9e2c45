package api

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// What every replica holds by itself.
const (
	RecheckAfter = 30 * time.Second // how long another replica's ending of a session may stay unseen
	maxTokens    = 16384            // tokens a generation of the cache; two generations are kept
)

// ErrNoSeal is a server without a seal.
var ErrNoSeal = errors.New("there is no seal to sign with")

// WriteWhole writes a file that only we may read: whole or not at all. fresh refuses to replace one.
func WriteWhole(path string, raw []byte, fresh bool) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	err = errors.Join(err, f.Sync(), f.Close())
	switch {
	case err != nil:
	case fresh:
		return errors.Join(os.Link(f.Name(), path), os.Remove(f.Name()))
	default:
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// A Jwk is a public key of RFC 8037.
type Jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	Alg string `json:"alg"`
	Use string `json:"use"`
	Kid string `json:"kid"`
	X   string `json:"x"`
}

// Jwks are the public keys as RFC 7517 lists them.
type Jwks struct {
	Keys []Jwk `json:"keys"`
}
