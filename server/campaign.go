package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	campaignhttp "xinyi/handlers/campaign"
	"xinyi/models/campaign"
)

// campaignCapability is what offices tell many people at once.
var campaignCapability = Capability{Name: "campaign", Lives: campaign.Lives, Events: campaign.Events, Open: func(a *App) Parts {
	follows := flows.Campaigns{Campaign: a.repos.campaign, Inbox: a.told, Stops: a.outside.stops, Now: a.now}.Subscribers()
	return Parts{
		Routes: []api.Mounter{
			campaignhttp.Handler{Campaign: a.repos.campaign, Deliveries: a.repos.delivery.Deliveries, Words: a.texts.Render, Lock: a.texts.Push},
		},
		Follows: append(follows, a.tags.Subscribers()...),
	}
}}
