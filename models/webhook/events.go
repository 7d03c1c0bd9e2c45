package webhook

import (
	"xinyi/models"
)

var events models.Events

// Events are what its documents publish.
func Events() []*models.Declared { return events.All() }

// The events published here, each with its data, and with the reason when nobody is told.
var (
	EventRegistered = events.Plain("webhook.endpoint_registered").Silent("between a partner's system and ours")
	// its address, its kinds or its keys
	EventChanged  = models.Declare[EndpointData](&events, "webhook.endpoint_changed").Silent("between a partner's system and ours")
	EventDisabled = events.Plain("webhook.endpoint_disabled").
			Silent("about a partner's system: its list of endpoints says so, and the operator's")
	EventEnabled = events.Plain("webhook.endpoint_enabled").Silent("between a partner's system and ours")
)

// EndpointData is what EventChanged says.
type EndpointData struct {
	What string
}
