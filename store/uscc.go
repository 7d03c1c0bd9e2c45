package store

import "xinyi/models/uscc"

// The collections of organisations' codes.
var (
	Orgs = Collection{
		Name:    "orgs",
		Indexes: []Index{{Paths: []string{"code"}}, {Paths: []string{"place"}}},
		Queries: map[string]Query{
			"OrgsOfCode": OrgsOfCode("9"), "OrgsOfPlace": OrgsOfPlace("n@430181"),
			"OrgsAfterCode": OrgsAfter(uscc.ByCode, "9"), "OrgsAfterPlace": OrgsAfter(uscc.ByPlace, "n"),
		},
	}
	Tickets = Collection{
		Name: "uscctickets",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"desk", "state", "due"}},
			{Paths: []string{"state", "due"}},
		},
		Queries: map[string]Query{
			"TicketIn": TicketIn("s"), "TicketsOf": TicketsOf("d", uscc.Assigned), "TicketsIn": TicketsIn(uscc.Open),
		},
	}
	Scans = Collection{
		Name: "usccscans", Job: "uscc.scan",
		Indexes: []Index{{Paths: []string{"state", "createdAt"}}},
		Queries: map[string]Query{"ScansIn": ScansIn(uscc.Running)},
	}
)

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

// TicketsOf lists a desk's tickets in some states, the first due first. Index: desk, state, due.
func TicketsOf(desk string, states ...uscc.State) Query {
	return Where("desk", Eq, desk).And("state", In, anys(states)...).Asc("due")
}

// TicketsIn lists the tickets in some states, the first due first. Index: state, due.
func TicketsIn(states ...uscc.State) Query { return Where("state", In, anys(states)...).Asc("due") }

// ScansIn lists the scans in some states, the newest first. Index: state, createdAt.
func ScansIn(states ...uscc.ScanState) Query {
	return Where("state", In, anys(states)...).Desc("createdAt")
}
