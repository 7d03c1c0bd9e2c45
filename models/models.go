// Package models holds the words every capability of Xinyi 信易 shares: errors, money, days, divisions,
// who acts, and the head every document carries. It is pure Go: no I/O, no clock, no framework.
//
// Rules live one level down, a package per capability. A capability may import this package and
// the engines models/{rule,score,notice}, never another capability.
package models

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
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

	Outbox []Event    `bson:"outbox,omitempty"` // told by the relay in order, then removed
	TellAt *time.Time `bson:"tellAt,omitempty"` // when the outbox is next due; nil = nothing to tell. Also a relay's claim
	WakeAt *time.Time `bson:"wakeAt,omitempty"` // when Wake(now) is next due; nil = never
	GoneAt *time.Time `bson:"goneAt,omitempty"` // when the document is deleted (codes, idempotency records); nil = never
}

// Head makes the embedding type a Document.
func (m *Meta) Head() *Meta { return m }

// An Event is something that happened to a document, told to whoever must react. It carries ids,
// amounts and days, never a name, a number of a person or a reason of illness.
type Event struct {
	ID      string            `bson:"id"`             // unique for ever: kind, subject, version and place in it
	Kind    string            `bson:"kind"`           // past tense: "medical.bill_issued"
	Subject string            `bson:"subject"`        // id of the document it happened to
	Person  string            `bson:"person"`         // whom it concerns; "" for nobody in particular
	At      time.Time         `bson:"at"`             // when it happened
	By      Actor             `bson:"by"`             // who did it; the zero Actor is the system
	Data    map[string]string `bson:"data,omitempty"` // values for texts and flows
	Done    []string          `bson:"done,omitempty"` // subscribers that have had it, while others still fail
	Tries   int               `bson:"tries,omitempty"`
	AgainAt *time.Time        `bson:"againAt,omitempty"` // when the subscribers that failed or wait behind a failure are next due; nil = not told yet
}

// Tell appends an event that the save of this document will carry. The id derives from the document's
// place in its own life, so a change that runs twice before it is saved tells once.
func (m *Meta) Tell(kind, person string, by Actor, at time.Time, data map[string]string) {
	n := 0
	version := strconv.FormatInt(m.Version+1, 10)
	for _, e := range m.Outbox {
		if e.told(m.ID, version) {
			n++
		}
	}
	m.Outbox = append(m.Outbox, Event{
		ID: kind + "/" + m.ID + "/" + version + "." + strconv.Itoa(n), Kind: kind, Subject: m.ID,
		Person: person, At: at, By: by, Data: data,
	})
}

// told says whether e was told by the given version of a document.
func (e Event) told(id, version string) bool {
	head := e.Kind + "/" + id + "/" + version + "."
	return len(e.ID) > len(head) && e.ID[:len(head)] == head
}

// Reached says whether subscriber has had e.
func (e Event) Reached(subscriber string) bool { return slices.Contains(e.Done, subscriber) }

// Unheld says whether there are events nobody has told yet and no relay holds the outbox: its tellAt is unset, or
// is the time of a retry and not a claim. So a subscriber that keeps failing never delays what comes later for the others.
func (m *Meta) Unheld() bool {
	fresh, resting := false, m.TellAt == nil
	for _, e := range m.Outbox {
		switch {
		case e.AgainAt == nil:
			fresh = true
		case m.TellAt != nil && e.AgainAt.Equal(*m.TellAt):
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
