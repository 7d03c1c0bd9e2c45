package inbox

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	// EventReturned is told when a snoozed message is unread again, so that its person is told anew.
	EventReturned = events.Plain("inbox.message_returned").Silent("the message itself is in the inbox again")
)
