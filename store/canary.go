package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// Canaries holds the one document that says with which keys the store is written.
var Canaries = Collection{Name: "canary"}

// canaryID is the id of the only canary, and song what it keeps sealed.
const (
	canaryID = "canary"
	song     = "xinyi/canary/1"
)

// A Canary is written once, with the first documents of a store. It opens only with the keys that open the rest.
type Canary struct {
	models.Meta `bson:",inline"`
	Fingerprint string        `bson:"fingerprint"` // of the keys, in the open, so that a stranger's keys can be told what is expected
	Sealed      models.Secret `bson:"sealed"`
	Seals       []string      `bson:"seals"` // ids of the seals that have signed for this store
}

// ErrForeignKeys keeps a server from a store that is not its own.
var ErrForeignKeys = errors.New("these keys are not the ones this store is written with: nothing was read or changed")

// Fingerprint tells one key file from another: 16 hex digits that rest on the hash key, which never rotates. "" without keys.
func (k *Keys) Fingerprint() string {
	if k == nil || len(k.macs) == 0 {
		return ""
	}
	tag, err := k.macs[0].ComputeMAC([]byte("xinyi/fingerprint/1"))
	if err != nil || len(tag) < keyPrefix+8 {
		return "" // HMAC fails for no input
	}
	return hex.EncodeToString(tag[keyPrefix : keyPrefix+8])
}

// A Guard sees to it that a store and its keys belong together, and knows its seals.
type Guard struct {
	s *Store
	d *documents
}

// OpenGuard opens the guard of a store.
func OpenGuard(s *Store) Guard {
	return Guard{s, open(s, Canaries, func() models.Document { return new(Canary) })}
}

// FingerprintIn is what a store says of its keys, "" when it says nothing. It needs no keys.
func FingerprintIn(ctx context.Context, e Engine) (string, error) {
	if err := e.Ensure(ctx, Canaries); err != nil {
		return "", err
	}
	raw, err := e.Get(ctx, Canaries, canaryID)
	if errors.Is(err, models.NotFound) {
		return "", nil
	}
	f, _ := raw.Lookup("fingerprint").StringValueOK()
	return f, err
}

func (g Guard) canary(ctx context.Context) (*Canary, error) {
	v, err := g.d.get(ctx, canaryID)
	return typed[Canary](v), err
}

// Check refuses keys that are not those of the store, before anything else is read. A store without a canary, made before
// there was one, is asked whether the keys open what it holds. It makes every collection that is not there yet.
func (g Guard) Check(ctx context.Context) error {
	expected, err := FingerprintIn(ctx, g.s.Engine)
	if err != nil {
		return err
	}
	if found := g.s.Keys.Fingerprint(); expected != "" && found != expected {
		return fmt.Errorf("%w; fingerprint expected %s, found %s", ErrForeignKeys, expected, found)
	}
	if err := g.s.Ensure(ctx); err != nil {
		return err
	}
	if expected == "" {
		return g.probe(ctx)
	}
	c, err := g.canary(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("%w; the fingerprint is right and yet they do not open it: %w", ErrForeignKeys, err)
	case c.Sealed.Reveal() != song:
		return fmt.Errorf("%w; they open something else", ErrForeignKeys)
	}
	return nil
}

// Lost are the seals that have signed for this store and are not among those given: what they signed cannot be checked here.
func (g Guard) Lost(ctx context.Context, seals []string) ([]string, error) {
	c, err := g.canary(ctx)
	if errors.Is(err, models.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(c.Seals, func(id string) bool { return slices.Contains(seals, id) }), nil
}

// probed bounds how many pages of a collection are looked at for a first secret.
const probed = 50

// errProbed ends the look at a collection.
var errProbed = errors.New("seen enough")

// probe tries the keys on the first secret of each collection that has one.
func (g Guard) probe(ctx context.Context) error {
	for _, f := range g.s.Collections() {
		pages := 0
		err := g.s.pages(ctx, f, "", func(raws []bson.Raw) error {
			for _, raw := range raws {
				all, err := sealedIn(raw, nil)
				if err != nil || len(all) == 0 {
					continue // a document that cannot be read at all says nothing of keys
				}
				if _, err := g.s.Keys.open(all[0].c, all[0].hash); err != nil {
					return fmt.Errorf("%w; fingerprint found %s: a document of %s does not open: %w",
						ErrForeignKeys, g.s.Keys.Fingerprint(), f.Collection().Name, err)
				}
				return errProbed
			}
			if pages++; pages == probed {
				return errProbed
			}
			return nil
		})
		if err != nil && !errors.Is(err, errProbed) {
			return err
		}
	}
	return nil
}

// Mark keeps the canary of a store that Check has let these keys into, and the seals that sign from now on. The canary follows the primary
// key, so that a copy of the key file from before a rotation is told apart too.
func (g Guard) Mark(ctx context.Context, seals []string) error {
	c := &Canary{Meta: models.Meta{ID: canaryID}, Fingerprint: g.s.Keys.Fingerprint(), Sealed: models.NewSecret(song), Seals: seals}
	err := g.d.insertOne(ctx, c)
	if !errors.Is(err, models.Conflict) {
		return err
	}
	raw, err := g.s.Engine.Get(ctx, Canaries, canaryID)
	if err != nil {
		return err
	}
	old, err := g.s.Keys.older(raw)
	if err != nil {
		return err
	}
	_, err = g.d.update(ctx, canaryID, nil, func(v models.Document) error {
		c := typed[Canary](v)
		before := len(c.Seals)
		for _, id := range seals {
			if !slices.Contains(c.Seals, id) {
				c.Seals = append(c.Seals, id)
			}
		}
		if len(c.Seals) == before && !old {
			return Unchanged()
		}
		return nil
	})
	return err
}
