// Package flows reacts: it is where events and the clock reach documents.
//
// relay.go tells saved events to their subscribers, at least once and in order per document; sweep.go wakes documents
// whose time has come; clock.go moves a sandbox through weeks in seconds. Then comes one file per capability: what an
// event there causes elsewhere. A flow may run twice, so the ids of what it creates derive from the event's id.
package flows

import (
	"context"
	"strings"

	"xinyi/models"
)

// A Subscriber is somebody who must hear of events.
type Subscriber struct {
	Name string // stable for ever: it is kept with events that failed

	// Kinds says which events it wants. It must answer the same for ever, or events are missed or told late.
	Kinds func(kind string) bool

	// Do takes one event. It may get the same event twice, and then must change nothing; it gets the events of one
	// document in order, those of different documents in any. It must come back when ctx ends.
	//
	// An error is tried again with growing pauses, how often depends on its code (Patience.Tries).
	Do func(ctx context.Context, e models.Event) error
}

// Every wants all events.
func Every(string) bool { return true }

// Prefixed wants the kinds that start with one of prefixes: "medical.", "identity.session_".
func Prefixed(prefixes ...string) func(string) bool {
	return func(kind string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(kind, p) {
				return true
			}
		}
		return false
	}
}

// Kinds wants exactly these kinds.
func Kinds(kinds ...models.Named) func(string) bool {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name()
	}
	return Called(names...)
}

// Called wants exactly the kinds of these names.
func Called(names ...string) func(string) bool {
	want := make(map[string]bool, len(names))
	for _, n := range names {
		want[n] = true
	}
	return func(kind string) bool { return want[kind] }
}
