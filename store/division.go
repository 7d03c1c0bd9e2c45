package store

import "xinyi/models"

// Divisions keeps division.Division by code.
var Divisions = Collection{
	Name:    "divisions",
	Indexes: []Index{{Paths: []string{"parent"}}},
	Queries: map[string]Query{"DivisionsIn": DivisionsIn(somewhere)},
}

// Zones keeps division.Zone. There are tens of them, so they are only ever listed whole.
var Zones = Collection{Name: "zones"}

// DivisionsIn lists the divisions directly inside parent by code; "" gives the provinces.
// Index: parent.
func DivisionsIn(parent models.Region) Query { return Where("parent", Eq, parent) }
