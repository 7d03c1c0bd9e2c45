package store

import (
	"xinyi/models"
	"xinyi/models/uscc"
)

// The collections of organisations' codes.
var (
	Orgs = Collection{
		Name:    "orgs",
		Indexes: []Index{{Paths: []string{"code"}}, {Paths: []string{"place"}}, {Paths: []string{"office"}}},
		Queries: map[string]Query{
			"OrgsIn": OrgsIn(somewhere), "OrgsOfCode": OrgsOfCode("9"), "OrgsOfPlace": OrgsOfPlace("n@430181"),
			"OrgsAfterCode": OrgsAfter(uscc.ByCode, "9"), "OrgsAfterPlace": OrgsAfter(uscc.ByPlace, "n"),
		},
	}
	Tickets = Collection{
		Name: "uscctickets",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"desk", "state", "region", "due"}},
			{Paths: []string{"state", "region", "due"}},
		},
		Queries: map[string]Query{
			"TicketIn": TicketIn("s"), "TicketsOf": TicketsOf("d", somewhere, uscc.Assigned), "TicketsIn": TicketsIn(somewhere, uscc.Open),
		},
	}
	Scans = Collection{
		Name: "usccscans", Job: "uscc.scan",
		Indexes: []Index{{Paths: []string{"state", "by.region", "createdAt"}}},
		Queries: map[string]Query{"ScansIn": ScansIn(somewhere, uscc.Running)},
	}
)

// OrgsIn lists the pairs that a region's offices bring in order. Index: office.
func OrgsIn(r models.Region) Query { return Where("office", Prefix, r).Asc("office") }

// OrgsOfCode lists every name a code goes by. Index: code.
func OrgsOfCode(code string) Query { return Where("code", Eq, code) }

// OrgsOfPlace lists every code a name has in one county. Index: place.
func OrgsOfPlace(place string) Query { return Where("place", Eq, place) }

// OrgsAfter lists the pairs after a code or a place, in order. Index: code, or place.
func OrgsAfter(stage uscc.Stage, after string) Query {
	path := "code"
	if stage == uscc.ByPlace {
		path = "place"
	}
	if after == "" {
		return Where(path, Range, "", nil).Asc(path)
	}
	return Where(path, Range, after+"\x00", nil).Asc(path)
}

// TicketIn is the ticket that stands for a finding. Index: slot.
func TicketIn(slot string) Query { return Where("slot", Eq, slot) }

// TicketsOf lists a desk's tickets of a region in some states, by place, the first due first in each. Index: desk, state, region, due.
func TicketsOf(desk string, r models.Region, states ...uscc.State) Query {
	return TicketsIn(r, states...).And("desk", Eq, desk)
}

// TicketsIn lists a region's tickets in some states, by place, the first due first in each. Index: state, region, due.
func TicketsIn(r models.Region, states ...uscc.State) Query {
	return Where("state", In, anys(states)...).And("region", Prefix, r).Asc("region", "due")
}

// ScansIn lists the scans of a region's offices in some states, by place, the newest first in each. Index: state, by.region, createdAt.
func ScansIn(r models.Region, states ...uscc.ScanState) Query {
	return Where("state", In, anys(states)...).And("by.region", Prefix, r).Desc("by.region", "createdAt")
}
