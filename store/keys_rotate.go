package store

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// PrepareKeys adds an encryption key to the file that reads but does not yet write, and answers its id. In a fleet it comes first:
// when every replica has started with the new file, RotateKeys makes the prepared key primary, and no replica meets
// a document it cannot read.
func PrepareKeys(path string, options ...KeyOption) (uint32, error) {
	var id uint32
	_, err := changeKeys(path, options, func(m *keyset.Manager, _ *keyset.Handle) (err error) {
		id, err = m.Add(aead.AES256GCMKeyTemplate())
		return err
	})
	return id, err
}

// RotateKeys makes the prepared encryption key primary, or a new one when none is prepared. The old keys stay for reading.
// What is already kept moves to the primary key when it is next saved, or with Reencrypt. Hash keys do not rotate:
// natural keys and unique indexes rest on them.
func RotateKeys(path string, options ...KeyOption) (*Keys, error) {
	return changeKeys(path, options, func(m *keyset.Manager, h *keyset.Handle) error {
		id, err := prepared(h)
		if err != nil {
			return err
		}
		if id == 0 {
			if id, err = m.Add(aead.AES256GCMKeyTemplate()); err != nil {
				return err
			}
		}
		return m.SetPrimary(id)
	})
}

// RetireKeys removes the encryption keys older than the primary, for good: what is still encrypted with them is lost.
// Run Reencrypt first.
func RetireKeys(path string, options ...KeyOption) (*Keys, error) {
	return changeKeys(path, options, func(m *keyset.Manager, h *keyset.Handle) error {
		for i := range h.Len() {
			entry, err := h.Entry(i)
			if err != nil {
				return err
			}
			if entry.IsPrimary() {
				return nil
			}
			if err := m.Delete(entry.KeyID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// prepared is the id of the newest key when that is not the primary, else 0. Keysets keep the order keys were added in.
func prepared(h *keyset.Handle) (uint32, error) {
	entry, err := h.Entry(h.Len() - 1)
	if err != nil || entry.IsPrimary() {
		return 0, err
	}
	return entry.KeyID(), nil
}

// changeKeys changes the encryption keys of a file.
func changeKeys(path string, options []KeyOption, change func(*keyset.Manager, *keyset.Handle) error) (*Keys, error) {
	o, err := keyOptionsOf(options)
	if err != nil {
		return nil, err
	}
	s, err := o.read(path)
	if err != nil {
		return nil, fmt.Errorf("keys %s: %w", path, err)
	}
	m := keyset.NewManagerFromHandle(s.aead)
	if err := change(m, s.aead); err != nil {
		return nil, err
	}
	if s.aead, err = m.Handle(); err != nil {
		return nil, err
	}
	k, err := NewKeys(s.aead, s.mac)
	if err != nil {
		return nil, err
	}
	return k, o.write(path, s)
}

// KeyInfo describes a key without its material.
type KeyInfo struct {
	Kind    string // "encrypt" or "hash"
	ID      uint32
	Status  string // "Enabled", "Disabled", "Destroyed"
	Primary bool   // new secrets use it
}

// Info lists the keys, encryption keys first, each kind in the order it was added.
func (k *Keys) Info() []KeyInfo {
	if k == nil {
		return nil
	}
	return append(infoOf("encrypt", k.sets.aead), infoOf("hash", k.sets.mac)...)
}

func infoOf(kind string, h *keyset.Handle) []KeyInfo {
	var infos []KeyInfo
	for i := range h.Len() {
		if e, err := h.Entry(i); err == nil {
			infos = append(infos, KeyInfo{kind, e.KeyID(), e.KeyStatus().String(), e.IsPrimary()})
		}
	}
	return infos
}
