package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	webhookhttp "xinyi/handlers/webhook"
	"xinyi/models/webhook"
)

// webhookCapability is how partners' systems hear of events.
var webhookCapability = Capability{Name: "webhook", Lives: webhook.Lives, Events: webhook.Events, Open: func(a *App) Parts {
	follows := flows.Webhook{
		Medical: a.repos.Medical, Endpoints: a.repos.Endpoints, Deliveries: a.repos.delivery.Deliveries, Clients: a.repos.Identity.Clients,
		Planned: a.courier.Kick, Now: a.now,
	}
	return Parts{
		Routes: []api.Mounter{webhookhttp.Handler{
			Endpoints: a.repos.Endpoints, Deliveries: a.repos.delivery.Deliveries, Check: a.outside.guard.Check, Pinger: a.outside.hooks, Kick: a.courier.Kick,
		}},
		Follows: follows.Subscribers(),
	}
}}
