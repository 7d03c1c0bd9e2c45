package store

import "xinyi/models/inbox"

// Inbox keeps what persons are told.
var Inbox = Collection{
	Name:    "inbox",
	Indexes: []Index{{Paths: []string{"person", "state", "at"}}},
	Queries: map[string]Query{
		"InboxOf": InboxOf("person-1", inbox.Unread, inbox.Read),
		"Unread":  InboxOf("person-1", inbox.Unread),
	},
}

// InboxOf lists a person's messages in any of states, the newest first.
func InboxOf(person string, states ...inbox.State) Query {
	in := make([]any, len(states))
	for i, s := range states {
		in[i] = s
	}
	return Where("person", Eq, person).And("state", In, in...).Desc("at")
}
