// Package access is the log of looks (查询记录): whenever somebody sees a person's data who is not that person, an entry says
// who, in which office, when, which fields, for what purpose, on what ground and for which case. It is written before the
// answer is given, the person reads it, and can challenge it.
package access

import (
	"time"

	"xinyi/models"
)

// EventSeen is told by every entry, to whom the data is about. Data: "office", "purpose", "fields".
const EventSeen = "access.seen"

// A Look is what somebody is about to see.
type Look struct {
	Subject models.Subject
	Fields  []string // names of what is shown: "name", "bills", "records.penalty"
	About   string   // the document that is shown, "" for several
	Purpose string   // a row of Purposes
	Case    string   // the case or document that is worked on
	Basis   string   // the legal basis, for a look that rests on a law
	Receipt string   // the receipt, for a look that rests on consent
}

// An Entry is one look, for good.
type Entry struct {
	models.Meta `bson:",inline"`

	Subject models.Subject `bson:"subject"`
	At      time.Time      `bson:"at"`
	By      models.Actor   `bson:"by"`
	Office  string         `bson:"office"` // the organisation, as people know it
	Fields  []string       `bson:"fields"`
	About   string         `bson:"about,omitempty"`
	Purpose string         `bson:"purpose"`
	Case    string         `bson:"case,omitempty"`
	Basis   string         `bson:"basis,omitempty"`
	Receipt string         `bson:"receipt,omitempty"`
	Request string         `bson:"request"`             // X-Request-Id
	Odd     []string       `bson:"odd,omitempty"`       // what is unusual about it: "night", "no_open_case"
	Contest string         `bson:"challenge,omitempty"` // the case that asks whether it was right
}

// New is the entry of a look by somebody. Errors: Invalid "access.no_purpose", "access.no_case" for an office's look without one.
func New(id string, l Look, by models.Actor, request string, now time.Time) (*Entry, error) {
	switch {
	case l.Purpose == "":
		return nil, models.Bad("#header/X-Purpose", "required", "access.no_purpose")
	case l.Case == "" && l.Receipt == "":
		return nil, models.Bad("#header/X-Case", "required", "access.no_case")
	}
	e := &Entry{
		Subject: l.Subject, At: now, By: by, Office: by.Org, Fields: l.Fields, About: l.About, Purpose: l.Purpose, Case: l.Case,
		Basis: l.Basis, Receipt: l.Receipt, Request: request,
	}
	e.ID = id
	return e, nil
}
