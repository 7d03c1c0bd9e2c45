package store

import (
	"time"

	"xinyi/models/journal"
)

// Events is the event log: one row for every told event, never changed.
var Events = Collection{
	Name: "events",
	Indexes: []Index{
		{Paths: []string{"subject", "at", "seq"}},
		{Paths: []string{"person", "at", "seq"}},
		{Paths: []string{"kind", "at", "seq"}},
		{Paths: []string{"createdAt"}},
	},
	Queries: map[string]Query{
		"EventsOf":      EventsOf("bill-1"),
		"EventsAbout":   EventsAbout("person-1"),
		"EventsOfAKind": EventsOfAKind("medical.bill_issued"),
		"EntriesKept":   EntriesKept(time.Time{}, time.Time{}),
	},
}

// EventsOf lists what happened to a document, oldest first.
func EventsOf(subject string) Query { return Where("subject", Eq, subject).Asc("at", "seq") }

// EventsAbout lists what concerned a person, newest first.
func EventsAbout(person string) Query { return Where("person", Eq, person).Desc("at", "seq") }

// EventsOfAKind lists the events of a kind, newest first.
func EventsOfAKind(kind string) Query { return Where("kind", Eq, kind).Desc("at", "seq") }

// Dead keeps the events a subscriber could not take.
var Dead = Collection{
	Name: "dead",
	Indexes: []Index{
		{Paths: []string{"state", "at"}},
		{Paths: []string{"state", "subscriber"}},
	},
	Queries: map[string]Query{
		"DeadIn":        DeadIn(journal.Dead),
		"DeadUndecided": DeadUndecided(),
	},
}

// DeadIn lists dead events of a state, the last given up first.
func DeadIn(state journal.DeadState) Query { return Where("state", Eq, state).Desc("at") }

// DeadUndecided are the dead events somebody must decide on; to be counted by "subscriber".
func DeadUndecided() Query { return Where("state", Eq, journal.Dead).Asc("subscriber") }
