package store

import (
	"time"

	"xinyi/models/delivery"
	"xinyi/models/inbox"
)

// Inbox keeps what persons are told.
var Inbox = Collection{
	Name: "inbox",
	Indexes: []Index{
		{Paths: []string{"person", "state", "at"}},
		{Paths: []string{"person", "createdAt"}},
		{Paths: []string{"person", "class", "at"}},
		{Paths: []string{"createdAt"}},
	},
	Queries: map[string]Query{
		"InboxOf":     InboxOf("person-1", inbox.Unread, inbox.Read),
		"Unread":      InboxOf("person-1", inbox.Unread),
		"InboxSince":  InboxSince("person-1", time.Time{}),
		"InboxTail":   InboxTail(time.Time{}),
		"Advertising": Advertising("person-1", time.Time{}),
	},
}

// InboxOf lists a person's messages in any of states, the newest first. Index: person, state, at.
func InboxOf(person string, states ...inbox.State) Query {
	return Where("person", Eq, person).And("state", In, anys(states)...).Desc("at")
}

// InboxSince lists a person's messages that were kept from a moment on, in that order. Index: person, createdAt.
func InboxSince(person string, from time.Time) Query {
	return Where("person", Eq, person).And("createdAt", Range, from, nil).Asc("createdAt")
}

// InboxTail lists everybody's messages that were kept from a moment on, in that order. Index: createdAt.
func InboxTail(from time.Time) Query { return Where("createdAt", Range, from, nil).Asc("createdAt") }

// Advertising are a person's marketing messages of what happened from a moment on. Index: person, class, at.
func Advertising(person string, from time.Time) Query {
	return Where("person", Eq, person).And("class", Eq, delivery.Marketing).And("at", Range, from, nil).Asc("at")
}
