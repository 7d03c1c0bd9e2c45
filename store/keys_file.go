package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	aeadsubtle "github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keyFile is the file keys live in. With a master key the keysets are encrypted, otherwise the mode alone guards them.
type keyFile struct {
	Wrapped bool            `json:"wrapped"` // the keysets are encrypted with the master key
	AEAD    json.RawMessage `json:"aead"`
	MAC     json.RawMessage `json:"mac"`
}

// A KeyOption changes how a key file is read and written.
type KeyOption func(*keyOptions) error

type keyOptions struct{ master tink.AEAD }

// Master encrypts the key file with a master key: 32 bytes in base64, as `openssl rand -base64 32` prints them.
// "" is no master key.
func Master(key string) KeyOption {
	return func(o *keyOptions) error {
		if key == "" {
			return nil
		}
		raw, err := base64.StdEncoding.DecodeString(key)
		if err != nil || len(raw) != 32 {
			return errors.New("the master key is not 32 bytes in base64")
		}
		o.master, err = aeadsubtle.NewAESGCM(raw)
		return err
	}
}

// The faults of a key file that whoever runs the server can repair.
var (
	errKeysExposed = errors.New("others on this machine may read the key file: chmod 600 it")
	errNoMaster    = errors.New("the key file is encrypted: its master key is needed")
	errNotWrapped  = errors.New("a master key is given but the key file is not encrypted with one")
)

// CreateKeys makes new keys and keeps them in a new file, mode 0600. It never replaces a file (fs.ErrExist).
func CreateKeys(path string, options ...KeyOption) (*Keys, error) {
	o, err := keyOptionsOf(options)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("keys %s: %w", path, fs.ErrExist)
	}
	s, err := freshSets()
	if err != nil {
		return nil, err
	}
	if err := o.write(path, s); err != nil {
		return nil, err
	}
	return NewKeys(s.aead, s.mac)
}

// LoadKeys reads the keys of a file. A file that others may read is refused; a missing one is fs.ErrNotExist.
func LoadKeys(path string, options ...KeyOption) (*Keys, error) {
	o, err := keyOptionsOf(options)
	if err != nil {
		return nil, err
	}
	s, err := o.read(path)
	if err != nil {
		return nil, fmt.Errorf("keys %s: %w", path, err)
	}
	return NewKeys(s.aead, s.mac)
}

func keyOptionsOf(options []KeyOption) (o keyOptions, err error) {
	for _, option := range options {
		if err := option(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o keyOptions) read(path string) (s sets, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return s, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return s, errKeysExposed
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the path is configuration
	if err != nil {
		return s, err
	}
	var f keyFile
	if err := json.Unmarshal(raw, &f); err != nil {
		return s, err
	}
	switch {
	case f.Wrapped && o.master == nil:
		return s, errNoMaster
	case !f.Wrapped && o.master != nil:
		return s, errNotWrapped
	}
	if s.aead, err = o.handle(f.AEAD, "aead"); err != nil {
		return s, err
	}
	s.mac, err = o.handle(f.MAC, "mac")
	return s, err
}

func (o keyOptions) handle(raw []byte, kind string) (*keyset.Handle, error) {
	r := keyset.NewJSONReader(bytes.NewReader(raw))
	if o.master != nil {
		return keyset.ReadWithAssociatedData(r, o.master, []byte(kind))
	}
	return insecurecleartextkeyset.Read(r)
}

func (o keyOptions) keyset(h *keyset.Handle, kind string) (json.RawMessage, error) {
	var b bytes.Buffer
	w := keyset.NewJSONWriter(&b)
	if o.master != nil {
		err := h.WriteWithAssociatedData(w, o.master, []byte(kind))
		return b.Bytes(), err
	}
	err := insecurecleartextkeyset.Write(h, w)
	return b.Bytes(), err
}

// write keeps s in a file beside path and then puts it in path's place, so that no crash leaves half a file.
func (o keyOptions) write(path string, s sets) (err error) {
	f := keyFile{Wrapped: o.master != nil}
	if f.AEAD, err = o.keyset(s.aead, "aead"); err != nil {
		return err
	}
	if f.MAC, err = o.keyset(s.mac, "mac"); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(raw)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}
