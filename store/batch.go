package store

import (
	"context"
	"io"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/blob"
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
	Blobs   *Repo[blob.Blob]
}

// OpenBatch opens the repos on s, once a process.
func OpenBatch(s *Store, blobs *Repo[blob.Blob]) Batch {
	return Batch{Batches: NewRepo[batch.Batch](s, Batches), Rows: NewRepo[batch.Row](s, Rows), Blobs: blobs}
}

// File reads a batch's file from a byte on, a blob at a time.
func (r Batch) File(ctx context.Context, b *batch.Batch, from int64) io.Reader {
	f := &file{ctx: ctx, repo: r.Blobs, ids: b.File.Blobs}
	for len(f.ids) > 0 && from >= int64(b.File.Sizes[len(b.File.Blobs)-len(f.ids)]) {
		from -= int64(b.File.Sizes[len(b.File.Blobs)-len(f.ids)])
		f.ids = f.ids[1:]
	}
	f.skip = int(from)
	return f
}

type file struct {
	ctx  context.Context // of the one reading it is made for
	repo *Repo[blob.Blob]
	ids  []string
	skip int
	rest []byte
}

// Read implements io.Reader.
func (f *file) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		if len(f.ids) == 0 {
			return 0, io.EOF
		}
		b, err := f.repo.Get(f.ctx, f.ids[0])
		if err != nil {
			return 0, err
		}
		f.rest, f.skip, f.ids = b.Bytes()[f.skip:], 0, f.ids[1:]
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}
