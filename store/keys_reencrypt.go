package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// Reencrypted is how far a Reencrypt has come.
type Reencrypted struct {
	Seen, Saved int64
	After       string // cursor to go on from
}

// Reencrypt streams a collection by id from the cursor after ("" for the start) and saves anew each document with a secret
// that is not encrypted with the primary key of s.Keys. Run it when every replica writes with that key. A page at a time
// it calls progress, which may be nil and ends it with an error. Stopped, it goes on from the last After; run again, it finds nothing to
// do.
func (s *Store) Reencrypt(ctx context.Context, f AnyRepo, after string, progress func(Reencrypted) error) (Reencrypted, error) {
	done := Reencrypted{After: after}
	err := s.pages(ctx, f, after, func(raws []bson.Raw) error {
		for _, raw := range raws {
			if err := s.reencrypt(ctx, f, raw, &done); err != nil {
				return err
			}
		}
		if progress != nil {
			return progress(done)
		}
		return nil
	})
	return done, err
}

// pages streams a collection by id as it is kept, a page at a time.
func (s *Store) pages(ctx context.Context, f AnyRepo, after string, fn func([]bson.Raw) error) error {
	for {
		from, err := All().Page(MaxPage, after).key()
		if err != nil {
			return err
		}
		raws, err := s.Engine.Find(ctx, f.Collection(), Scan{Limit: MaxPage, After: from})
		if err != nil || len(raws) == 0 {
			return err
		}
		if err := fn(raws); err != nil {
			return err
		}
		if after, err = cursor(keyOf(raws[len(raws)-1], nil)); err != nil {
			return err
		}
	}
}

func (s *Store) reencrypt(ctx context.Context, f AnyRepo, raw bson.Raw, done *Reencrypted) error {
	key := keyOf(raw, nil)
	old, err := s.Keys.older(raw)
	if err != nil {
		return err
	}
	done.Seen++
	if old {
		err := f.Recode(ctx, key.ID)
		if models.CodeOf(err) != models.NotFound && err != nil { // NotFound: deleted in between
			return err
		}
		done.Saved++
	}
	done.After, err = cursor(key)
	return err
}

// NeedOlder counts the documents of a collection with a secret that would be lost if the keys older than the primary were: one that is
// encrypted, or hashed, with a key that RetireKeys would not leave.
func (s *Store) NeedOlder(ctx context.Context, f AnyRepo) (n int64, err error) {
	if s.Keys == nil || s.Keys.sets.aead == nil {
		return 0, errNoKeys
	}
	left := map[uint32]bool{}
	for _, k := range s.Keys.Info() {
		if k.Kind == "encrypt" && k.Primary {
			clear(left) // what is older goes
		}
		left[k.ID] = true
	}
	err = s.pages(ctx, f, "", func(raws []bson.Raw) error {
		for _, raw := range raws {
			all, err := sealedIn(raw, nil)
			if err != nil {
				return err
			}
			for _, one := range all {
				if !left[keyOfBytes(one.c)] || !left[keyOfHash(one.hash)] {
					n++
					break
				}
			}
		}
		return nil
	})
	return n, err
}

// older says whether a secret anywhere in raw is not encrypted with the primary key.
func (k *Keys) older(raw bson.Raw) (bool, error) {
	primary, err := k.primary()
	if err != nil {
		return false, err
	}
	all, err := sealedIn(raw, nil)
	return slices.ContainsFunc(all, func(one sealed) bool { return keyID(one.c) != primary }), err
}

// primary is the id of the key new secrets are encrypted with.
func (k *Keys) primary() (string, error) {
	if k == nil || k.sets.aead == nil {
		return "", errNoKeys
	}
	e, err := k.sets.aead.Primary()
	if err != nil {
		return "", err
	}
	return strconv.FormatUint(uint64(e.KeyID()), 10), nil
}

// A sealed is a secret as a document keeps it.
type sealed struct {
	c    []byte
	hash string
}

// sealedIn adds the secrets of a document to all, at whatever depth.
func sealedIn(raw bson.Raw, all []sealed) ([]sealed, error) {
	elements, err := raw.Elements()
	if err != nil {
		return nil, err
	}
	if len(elements) == 2 {
		hash, hashed := raw.Lookup("hash").StringValueOK()
		if _, c, ok := raw.Lookup("c").BinaryOK(); ok && hashed {
			return append(all, sealed{c, hash}), nil
		}
	}
	for _, e := range elements {
		switch v := e.Value(); v.Type {
		case bson.TypeEmbeddedDocument, bson.TypeArray:
			if all, err = sealedIn(v.Value, all); err != nil {
				return nil, err
			}
		default:
		}
	}
	return all, nil
}

// keyPrefix is what Tink puts in front of ciphertexts and tags: the byte 1 and the key's id.
const keyPrefix = 5

// keyOfBytes is the id of the key that made a ciphertext or a tag, 0 when it does not say.
func keyOfBytes(c []byte) uint32 {
	if len(c) < keyPrefix || c[0] != 1 {
		return 0
	}
	return binary.BigEndian.Uint32(c[1:keyPrefix])
}

func keyOfHash(hash string) uint32 {
	tag, err := hex.DecodeString(hash[:min(len(hash), 2*keyPrefix)])
	if err != nil {
		return 0
	}
	return keyOfBytes(tag)
}
