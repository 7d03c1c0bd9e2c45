package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
)

// Row is the entry as the audit log commits to it: one line a value, "<name> <quoted value>", in a fixed order, values of Data by
// key. The same entry has the same row for ever; time is in UTC milliseconds.
func (e *Entry) Row() []byte {
	var b strings.Builder
	line := func(name, value string) {
		b.WriteString(name + " " + strconv.Quote(value) + "\n")
	}
	line("id", e.ID)
	line("kind", e.Kind)
	line("subject", e.Subject)
	line("seq", strconv.FormatInt(e.Seq, 10))
	line("person", e.Person)
	line("at", e.At.UTC().Format("2006-01-02T15:04:05.000Z"))
	for _, v := range [][2]string{{"role", string(e.By.Role)}, {"by", e.By.Person}, {"org", e.By.Org}, {"region", string(e.By.Region)},
		{"client", e.By.Client}, {"agent", e.By.Agent}} {
		line(v[0], v[1])
	}
	keys := make([]string, 0, len(e.Data))
	for k := range e.Data {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		line("data."+k, e.Data[k])
	}
	return []byte(b.String())
}

// A Leaf is the place of an entry in the audit log. Leaves are numbered from 0 without gaps and never change.
type Leaf struct {
	models.Meta `bson:",inline"` // the id is LeafID(n)

	N      int64     `bson:"n"`
	Entry  string    `bson:"entry"`  // id of the entry; unique
	Kept   time.Time `bson:"kept"`   // when the entry was kept: how the sealer goes on
	Hashes [][]byte  `bson:"hashes"` // the hashes that this leaf completes, its own first (RFC 6962, in the order of a stored log)
}

// LeafID is the id of the n-th leaf.
func LeafID(n int64) string { return fmt.Sprintf("%012d", n) }

// A Head is the audit log's size and root at a moment, signed. Whoever keeps one can later prove that nothing before it changed.
type Head struct {
	models.Meta `bson:",inline"` // the id is LeafID(size)

	Size int64     `bson:"size"`
	Root string    `bson:"root"` // base64
	At   time.Time `bson:"at"`
	Note string    `bson:"note"` // the signed checkpoint, as others read it
	Prev string    `bson:"prev"` // SHA-256 of the note before, in hex; "" for the first
}

// HashNote is what the next head says of this one.
func (h *Head) HashNote() string {
	sum := sha256.Sum256([]byte(h.Note))
	return hex.EncodeToString(sum[:])
}

// SealerID is the id of the one sealer.
const SealerID = "sealer"

// How the sealer paces itself.
//
// Source: docs/sources.md#audit.
const (
	SealEvery = time.Hour
	Settle    = 30 * time.Second // an entry younger than this may still have older ones under way
	Overlap   = 10 * time.Minute // so far before the last one sealed, it looks again for late ones
	sealAgain = 10 * time.Minute // without a word about a sealing it is asked for once more
)

// A Sealer wakes every hour and has the log sealed.
type Sealer struct {
	models.Meta `bson:",inline"`

	Round int64      `bson:"round"` // sealings asked for
	Done  int64      `bson:"done"`  // the last that ended
	Size  int64      `bson:"size"`  // of the last head
	At    *time.Time `bson:"at,omitempty"`
}

// NewSealer makes the sealer.
func NewSealer(now time.Time) *Sealer {
	return &Sealer{Meta: models.Meta{ID: SealerID, WakeAt: models.At(now.Add(SealEvery))}}
}

// Wake asks for a sealing.
func (s *Sealer) Wake(now time.Time) error {
	if s.WakeAt == nil || s.WakeAt.After(now) {
		return nil
	}
	s.Ask(now)
	return nil
}

// Ask asks for a sealing now.
func (s *Sealer) Ask(now time.Time) {
	s.Round++
	s.WakeAt = models.At(now.Add(sealAgain))
	s.Publish(EventSealDue.Of(SealData{Round: s.Round}), "", models.Clockwork, now)
}

// Sealed ends a sealing with a head, or nil when there was nothing new, and sleeps for an hour. It says whether anything changed.
func (s *Sealer) Sealed(round int64, h *Head, now time.Time) bool {
	if round <= s.Done {
		return false
	}
	s.Done, s.At = round, models.At(now)
	s.WakeAt = models.At(now.Add(SealEvery))
	if h != nil && h.Size > s.Size {
		s.Size = h.Size
		s.Publish(EventSealed.Of(SealedData{Size: h.Size, Root: h.Root}), "", models.Clockwork, now)
	}
	return true
}
