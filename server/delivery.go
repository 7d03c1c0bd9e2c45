package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	deliveryhttp "xinyi/handlers/delivery"
	"xinyi/models/delivery"
)

// deliveryCapability is what is carried to phones and mailboxes outside.
var deliveryCapability = Capability{
	Name:   "delivery",
	Lives:  delivery.Lives,
	Policy: map[string]any{"Delivery": delivery.Standard},
	Open: func(a *App) Parts {
		name := func(topic, lang string) string { name, _ := a.texts.TopicName(topic, lang); return name }
		sent := deliveryhttp.Handler{
			Delivery: a.repos.delivery, Log: a.accesses, Policy: policyOf[delivery.Policy](a), Channels: a.outside.personal(a.courier.On()),
			Topics: a.texts.Topics, TopicName: name, TopicLegal: a.texts.Legal, Tester: &a.outside, Kick: a.courier.Kick,
		}
		return Parts{Routes: []api.Mounter{sent}, Follows: flows.Delivery{Again: a.told.Again}.Subscribers()}
	},
}
