// Package blob keeps small files, encrypted like every secret: what people hand in with a case, and what units deliver, cut
// into parts. A blob is written once.
package blob

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"xinyi/models"
)

// Max is the most bytes of one blob. A document of MongoDB holds 16 MiB.
const Max = 4 << 20

// A Blob is a file or a part of one.
type Blob struct {
	models.Meta `bson:",inline"`

	Owner string        `bson:"owner"` // who may read it: a person, "org/<code>" or a batch
	Type  string        `bson:"type"`  // media type, found out from the bytes
	Size  int           `bson:"size"`
	Hash  string        `bson:"sha256"`
	Data  models.Secret `bson:"data"`
}

// New makes a blob; gone is when it is deleted, the zero time never. Errors: TooLarge, Invalid for an empty one.
func New(id, owner, media string, data []byte, gone time.Time) (*Blob, error) {
	switch {
	case len(data) == 0:
		return nil, models.E(models.Invalid, "blob.empty")
	case len(data) > Max:
		return nil, models.E(models.TooLarge, "blob.too_large")
	}
	b := &Blob{Owner: owner, Type: media, Size: len(data), Hash: Hash(data), Data: models.NewSecret(string(data))}
	b.ID = id
	if !gone.IsZero() {
		b.GoneAt = models.At(gone)
	}
	return b, nil
}

// Bytes are the file's.
func (b *Blob) Bytes() []byte { return []byte(b.Data.Reveal()) }

// Hash is the SHA-256 of data in hex.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
