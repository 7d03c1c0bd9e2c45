package store

import (
	"xinyi/models"
	"xinyi/models/batch"
)

// The collections of ingestion.
var (
	Batches = Collection{
		Name: "batches", Job: "batch",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"unit", "month", "createdAt"}},
			{Paths: []string{"month", "region", "unit"}},
			{Paths: []string{"region", "createdAt"}},
		},
		Queries: map[string]Query{
			"BatchIn": BatchIn("s"), "BatchesOf": BatchesOf("u"), "BatchesOfMonth": BatchesOfMonth("u", "2026-05"),
			"BatchesIn": BatchesIn(somewhere), "BatchesInMonth": BatchesInMonth(somewhere, "2026-05"),
		},
	}
	Rows = Collection{
		Name:    "batch_rows",
		Indexes: []Index{{Paths: []string{"batch", "no"}}, {Paths: []string{"batch", "state", "no"}}},
		Queries: map[string]Query{"RowsOf": RowsOf("b"), "RowsOpen": RowsOpen("b")},
	}
)

// BatchIn is the batch of a unit's number. Index: slot.
func BatchIn(slot string) Query { return Where("slot", Eq, slot) }

// BatchesOf lists a unit's batches, the newest month first. Index: unit, month, createdAt.
func BatchesOf(unit string) Query { return Where("unit", Eq, unit).Desc("month", "createdAt") }

// BatchesOfMonth lists a unit's batches of a month. Index: unit, month, createdAt.
func BatchesOfMonth(unit, month string) Query {
	return Where("unit", Eq, unit).And("month", Eq, month).Asc("createdAt")
}

// BatchesIn lists the batches of a region's units, by place. Index: region, createdAt.
func BatchesIn(r models.Region) Query { return Where("region", Prefix, r).Desc("region", "createdAt") }

// BatchesInMonth lists the batches of a region's units of a month, by place and unit. Index: month, region, unit.
func BatchesInMonth(r models.Region, month string) Query {
	return Where("month", Eq, month).And("region", Prefix, r).Asc("region", "unit")
}

// RowsOf lists a batch's refused rows in their order. Index: batch, no.
func RowsOf(id string) Query { return Where("batch", Eq, id).Asc("no") }

// RowsOpen lists those not yet put right. Index: batch, state, no.
func RowsOpen(id string) Query { return Where("batch", Eq, id).And("state", Eq, batch.Open).Asc("no") }

// Batch is every repo of ingestion, opened together.
type Batch struct {
	Batches *Repo[batch.Batch]
	Rows    *Repo[batch.Row]
}

// OpenBatch opens the repos on s, once a process.
func OpenBatch(s *Store) Batch {
	return Batch{Batches: NewRepo[batch.Batch](s, Batches), Rows: NewRepo[batch.Row](s, Rows)}
}
