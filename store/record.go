package store

import (
	"xinyi/models"
	"xinyi/models/record"
)

// Records keeps the credit files.
var Records = Collection{
	Name: "records",
	Indexes: []Index{
		{Paths: []string{"subject.ref", "decidedOn"}},
		{Paths: []string{"batch", "row"}},
		{Paths: []string{"unit", "item", "decidedOn"}},
		{Paths: []string{"item", "state", "region"}},
	},
	Queries: map[string]Query{
		"RecordsOf": RecordsOf("r"), "RecordsOfBatch": RecordsOfBatch("b"), "RecordsOfUnit": RecordsOfUnit("u", "i"),
		"RecordsIn": RecordsIn("430181", "i", record.Active),
	},
}

// RecordsOf lists a subject's records, the last decided first. Index: subject.ref, decidedOn.
func RecordsOf(ref string) Query { return Where("subject.ref", Eq, ref).Desc("decidedOn") }

// RecordsOfBatch lists what a batch brought, in its order. Index: batch, row.
func RecordsOfBatch(batch string) Query { return Where("batch", Eq, batch).Asc("row") }

// RecordsOfUnit lists a unit's records of an item, the last decided first. Index: unit, item, decidedOn.
func RecordsOfUnit(unit, item string) Query {
	return Where("unit", Eq, unit).And("item", Eq, item).Desc("decidedOn")
}

// RecordsIn lists a region's records of an item in some states, by place. Index: item, state, region.
func RecordsIn(r models.Region, item string, states ...record.State) Query {
	return Where("item", Eq, item).And("state", In, anys(states)...).And("region", Prefix, r).Asc("region")
}
