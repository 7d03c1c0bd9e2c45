package store

import (
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
)

// The collections of what is carried out of the inbox.
var (
	Deliveries = Collection{
		Name: "deliveries",
		Indexes: []Index{
			{Paths: []string{"lane", "wakeAt", "at"}},
			{Paths: []string{"open"}, Unique: true}, // one that collects for an address and a digest key
			{Paths: []string{"person", "at"}},
			{Paths: []string{"subject", "region", "at"}},
			{Paths: []string{"to", "at"}},
			{Paths: []string{"state", "at"}},
			{Paths: []string{"campaign", "state"}},
		},
		Queries: map[string]Query{
			"DeliveriesDue":        DeliveriesDue("fcm", time.Time{}),
			"LaneNext":             DestinationNext("fcm"),
			"LaneAfter":            DestinationAfter("fcm"),
			"DeliveryCollecting":   DeliveryCollecting("d/k"),
			"DeliveriesOf":         DeliveriesOf("p"),
			"DeliveriesAbout":      DeliveriesAbout("bill-1"),
			"DeliveriesAboutIn":    DeliveriesAboutIn("bill-1", somewhere),
			"DeliveriesTo":         DeliveriesTo("endpoint-1", time.Time{}, time.Time{}),
			"DeliveriesIn":         DeliveriesIn(delivery.Dead),
			"DeliveriesOfCampaign": DeliveriesOfCampaign("c"),
		},
	}
	Devices = Collection{
		Name: "devices",
		Indexes: []Index{
			{Paths: []string{"token.hash"}, Unique: true},
			{Paths: []string{"person", "seenAt"}},
		},
		Queries: map[string]Query{"DeviceByToken": Where("token.hash", In, "a", "b"), "DevicesOf": DevicesOf("p")},
	}
	Preferences = Collection{Name: "preferences"}
)

// DeliveriesDue lists what a destination has to send by now, in its order. Index: lane, wakeAt, at.
func DeliveriesDue(destination string, now time.Time) Query {
	return Where("lane", Eq, destination).And("wakeAt", Range, nil, now.Add(time.Millisecond)).Asc("wakeAt", "at")
}

// DestinationNext is what a destination has to send next, whenever that is. Index: lane, wakeAt, at.
func DestinationNext(destination string) Query {
	return Where("lane", Eq, destination).And("wakeAt", Range, nil, nil).Asc("wakeAt", "at")
}

// DestinationAfter is the first delivery of the next destination by name; what is over is in none. Index: lane, wakeAt, at.
func DestinationAfter(destination string) Query {
	return Where("lane", Range, destination+"\x00", nil).Asc("lane")
}

// DeliveryCollecting is the delivery that collects under a key. Index: open, unique.
func DeliveryCollecting(open string) Query { return Where("open", Eq, open) }

// DeliveriesOf lists what was sent to a person, the newest first. Index: person, at.
func DeliveriesOf(person string) Query { return Where("person", Eq, person).Desc("at") }

// DeliveriesAbout lists what was sent about a document, by place, the newest first in each. Index: subject, region, at.
func DeliveriesAbout(subject string) Query { return Where("subject", Eq, subject).Desc("region", "at") }

// DeliveriesAboutIn lists what was sent to those of a region. Index: subject, region, at.
func DeliveriesAboutIn(subject string, r models.Region) Query {
	return DeliveriesAbout(subject).And("region", Prefix, r)
}

// DeliveriesTo lists what was sent to an address for events from a moment until before another, oldest first. Index: to, at.
func DeliveriesTo(to string, from, until time.Time) Query {
	return Where("to", Eq, to).And("at", Range, from, until).Asc("at")
}

// DeliveriesIn lists the deliveries in a state, the newest first. Index: state, at.
func DeliveriesIn(state delivery.State) Query { return Where("state", Eq, state).Desc("at") }

// DeliveriesOfCampaign are a campaign's deliveries; to be counted by "state". Index: campaign, state.
func DeliveriesOfCampaign(campaign string) Query { return Where("campaign", Eq, campaign).Asc("state") }

// DeviceByToken finds the device with an address. Index: token.hash, unique.
func (k *Keys) DeviceByToken(token models.Secret) Query {
	return Where("token.hash", In, k.Hashes(token)...)
}

// DevicesOf lists a person's devices, the last seen first. Index: person, seenAt.
func DevicesOf(person string) Query { return Where("person", Eq, person).Desc("seenAt") }

// Delivery is every repo of it, opened together.
type Delivery struct {
	Deliveries  *Repo[delivery.Delivery]
	Devices     *Repo[delivery.Device]
	Preferences *Repo[delivery.Preferences]
	Keys        *Keys
}

// OpenDelivery opens the repos on s, once a process.
func OpenDelivery(s *Store) Delivery {
	return Delivery{
		Deliveries:  NewRepo[delivery.Delivery](s, Deliveries),
		Devices:     NewRepo[delivery.Device](s, Devices),
		Preferences: NewRepo[delivery.Preferences](s, Preferences),
		Keys:        s.Keys,
	}
}
