package store

import (
	"context"
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
// it calls progress, which may be nil and ends it with an error. Stopped, it goes on from the last After; run again, it finds nothing to do.
func (s *Store) Reencrypt(ctx context.Context, f Face, after string, progress func(Reencrypted) error) (Reencrypted, error) {
	done := Reencrypted{After: after}
	primary, err := s.Keys.primary()
	if err != nil {
		return done, err
	}
	for {
		from, err := All().Page(MaxPage, done.After).key()
		if err != nil {
			return done, err
		}
		raws, err := s.Engine.Find(ctx, f.Collection(), Scan{Query: All(), Index: Index{}, Limit: MaxPage, After: from})
		if err != nil || len(raws) == 0 {
			return done, err
		}
		for _, raw := range raws {
			if err := s.reencrypt(ctx, f, raw, primary, &done); err != nil {
				return done, err
			}
		}
		if progress != nil {
			if err := progress(done); err != nil {
				return done, err
			}
		}
	}
}

func (s *Store) reencrypt(ctx context.Context, f Face, raw bson.Raw, primary string, done *Reencrypted) error {
	key := keyOf(raw, nil)
	old, err := olderKeys(raw, primary)
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

// olderKeys says whether a secret anywhere in raw is not encrypted with the key primary.
func olderKeys(raw bson.Raw, primary string) (bool, error) {
	elements, err := raw.Elements()
	if err != nil {
		return false, err
	}
	if c, ok := sealedIn(raw, len(elements)); ok {
		return keyID(c) != primary, nil
	}
	for _, e := range elements {
		var inner bson.Raw
		switch v := e.Value(); v.Type {
		case bson.TypeEmbeddedDocument, bson.TypeArray:
			inner = v.Value
		default:
			continue
		}
		if old, err := olderKeys(inner, primary); old || err != nil {
			return old, err
		}
	}
	return false, nil
}

// sealedIn is the ciphertext when raw is a kept secret.
func sealedIn(raw bson.Raw, elements int) ([]byte, bool) {
	if elements != 2 {
		return nil, false
	}
	if _, ok := raw.Lookup("hash").StringValueOK(); !ok {
		return nil, false
	}
	_, c, ok := raw.Lookup("c").BinaryOK()
	return c, ok
}
