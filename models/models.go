// Package models holds the words every capability of Xinyi 信易 shares: errors, money, days, divisions,
// who acts, and the head every document carries. It is pure Go: no I/O, no clock, no framework.
//
// Rules live one level down, a package per capability. A capability may import this package and
// the engines models/{rule,score,notice}, never another capability.
package models

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// A Document is a small state machine that carries its own future. Everything a Repo keeps is one.
type Document interface{ Head() *Meta }

// A Sleeper is a document that time alone can change. Wake acts for everything due up to now,
// in order, each step once, and sets the next WakeAt (nil: never again). Like every change it may
// run more than once on a fresh copy, so it touches its receiver only.
type Sleeper interface {
	Document
	Wake(now time.Time) error
}

// Meta is embedded in every document as `bson:",inline"`.
type Meta struct {
	ID        string    `bson:"_id"`
	Version   int64     `bson:"version"`  // compare-and-swap: every save moves it, the relay's too
	Revision  int64     `bson:"revision"` // what ETag and If-Match show: moves only when the content changes
	CreatedAt time.Time `bson:"createdAt"`
	UpdatedAt time.Time `bson:"updatedAt"`

	Outbox    []Event    `bson:"outbox,omitempty"` // told by the relay in order, then removed
	PublishAt *time.Time `bson:"tellAt,omitempty"` // when the outbox is next due; nil = nothing to tell. Also a relay's claim
	WakeAt    *time.Time `bson:"wakeAt,omitempty"` // when Wake(now) is next due; nil = never
	GoneAt    *time.Time `bson:"goneAt,omitempty"` // when the document is deleted (codes, idempotency records); nil = never
}

// Head makes the embedding type a Document.
func (m *Meta) Head() *Meta { return m }

// Unheld says whether there are events nobody has told yet and no relay holds the outbox: its tellAt is unset, or
// is the time of a retry and not a claim. So a subscriber that keeps failing never delays what comes later for the others.
func (m *Meta) Unheld() bool {
	fresh, resting := false, m.PublishAt == nil
	for _, e := range m.Outbox {
		switch {
		case e.AgainAt == nil:
			fresh = true
		case m.PublishAt != nil && e.AgainAt.Equal(*m.PublishAt):
			resting = true
		}
	}
	return fresh && resting
}

// Derived is an id for what follows from parts: the same parts, the same id. 32 hex digits, safe in a path.
func Derived(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// At returns a pointer to t in whole milliseconds UTC, the precision documents keep.
func At(t time.Time) *time.Time {
	t = t.UTC().Truncate(time.Millisecond)
	return &t
}

// Earliest is the earliest of the given times, nil for none. It picks a document's next WakeAt.
func Earliest(times ...*time.Time) *time.Time {
	var first *time.Time
	for _, t := range times {
		if t != nil && (first == nil || t.Before(*first)) {
			first = t
		}
	}
	return first
}
