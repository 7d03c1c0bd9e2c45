// Package journal holds what is kept of every event: the row of the event log that timelines, the audit and live
// updates read, and the event a subscriber could not take (dead), until somebody replays or drops it.
package journal

import (
	"strconv"
	"strings"
	"time"

	"xinyi/models"
)

// An Entry is one told event. It is written once and never changed.
type Entry struct {
	models.Meta `bson:",inline"` // the id is the event's

	Kind    string            `bson:"kind"`
	Subject string            `bson:"subject"`
	Seq     int64             `bson:"seq"` // place in the subject's life: its version × 1000 + the place in that save
	Person  string            `bson:"person,omitempty"`
	At      time.Time         `bson:"at"`
	By      models.Actor      `bson:"by"`
	Data    map[string]string `bson:"data,omitempty"`
}

// EntryOf is the row of an event.
func EntryOf(e models.Event) *Entry {
	return &Entry{
		Meta: models.Meta{ID: e.ID}, Kind: e.Kind, Subject: e.Subject, Seq: seq(e.ID),
		Person: e.Person, At: e.At, By: e.By, Data: e.Data,
	}
}

// seq reads version and place from the end of an event id, "…/7.0". An id of another form is 0.
func seq(id string) int64 {
	version, place, _ := strings.Cut(id[strings.LastIndexByte(id, '/')+1:], ".")
	v, err := strconv.ParseInt(version, 10, 64)
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(place, 10, 64)
	if err != nil {
		return 0
	}
	return v*1000 + n
}

// Before is the order of a timeline: by time, then by the place in the subject's life.
func (e *Entry) Before(other *Entry) int {
	if c := e.At.Compare(other.At); c != 0 {
		return c
	}
	if e.Seq != other.Seq && e.Subject == other.Subject {
		return int(e.Seq - other.Seq)
	}
	return strings.Compare(e.ID, other.ID)
}
