package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
	"xinyi/models/journal"
)

// The collections of the audit log.
var (
	Leaves = Collection{
		Name:    "audit_leaves",
		Indexes: []Index{{Paths: []string{"entry"}, Unique: true}, {Paths: []string{"n"}}},
		Queries: map[string]Query{"LastLeaf": LastLeaf(), "LeavesOf": LeavesOf("e1", "e2"), "LeavesFrom": LeavesFrom(7)},
	}
	Heads = Collection{
		Name:    "audit_heads",
		Indexes: []Index{{Paths: []string{"size"}}},
		Queries: map[string]Query{"LastHeads": LastHeads(), "HeadsUp": HeadsUp(), "HeadsFrom": HeadsFrom(7)},
	}
	Sealers = Collection{Name: "audit_sealers"}
)

// LastLeaf lists the leaves, the last first. Index: n.
func LastLeaf() Query { return All().Desc("n") }

// LeavesOf finds the leaves of entries. Index: entry.
func LeavesOf(entries ...string) Query { return Where("entry", In, anys(entries)...) }

// LeavesFrom lists the leaves from the n-th on. Index: n.
func LeavesFrom(n int64) Query { return Where("n", Range, n, nil).Asc("n") }

// LastHeads lists the heads, the last first. Index: size.
func LastHeads() Query { return All().Desc("size") }

// HeadsUp lists the heads, the first first. Index: size.
func HeadsUp() Query { return All().Asc("size") }

// HeadsFrom lists the heads of a size or more, the smallest first. Index: size.
func HeadsFrom(size int64) Query { return Where("size", Range, size, nil).Asc("size") }

// EntriesKept lists the entries of the event log kept since a moment and before another, the oldest first. Index: createdAt.
func EntriesKept(since, before time.Time) Query {
	return Where("createdAt", Range, since, before).Asc("createdAt")
}

// Audit is every repo of the audit log, opened together.
type Audit struct {
	Entries *Repo[journal.Entry]
	Leaves  *Repo[journal.Leaf]
	Heads   *Repo[journal.Head]
	Sealers *Repo[journal.Sealer]
}

// OpenAudit opens the repos on s, once a process.
func OpenAudit(s *Store, entries *Repo[journal.Entry]) Audit {
	return Audit{
		Entries: entries, Leaves: NewRepo[journal.Leaf](s, Leaves), Heads: NewRepo[journal.Head](s, Heads), Sealers: NewRepo[journal.Sealer](s, Sealers),
	}
}

// Size is how many leaves the log has, and when the entry of the last was kept.
func (a Audit) Size(ctx context.Context) (int64, time.Time, error) {
	last, err := a.Leaves.First(ctx, LastLeaf())
	if errors.Is(err, models.NotFound) {
		return 0, time.Time{}, nil
	}
	if err != nil {
		return 0, time.Time{}, err
	}
	return last.N + 1, last.Kept, nil
}

// Hashes reads stored hashes from the leaves that completed them; fresh are leaves that are not kept yet.
func (a Audit) Hashes(ctx context.Context, fresh map[int64]*journal.Leaf) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			at := (n+1)<<level - 1
			leaf := fresh[at]
			if leaf == nil {
				var err error
				if leaf, err = a.Leaves.Get(ctx, journal.LeafID(at)); err != nil {
					return nil, err
				}
			}
			if level >= len(leaf.Hashes) || len(leaf.Hashes[level]) != tlog.HashSize {
				return nil, models.E(models.Internal, "internal", fmt.Errorf("leaf %d has no hash of level %d", at, level))
			}
			copy(out[i][:], leaf.Hashes[level])
		}
		return out, nil
	})
}

// Prove makes the proof of an entry under the smallest head that covers it.
// Errors: NotFound "audit.not_sealed_yet" for an entry no head covers.
func (a Audit) Prove(ctx context.Context, e *journal.Entry) (journal.Proof, error) {
	yet := models.E(models.NotFound, "audit.not_sealed_yet")
	leaf, err := a.Leaves.First(ctx, LeavesOf(e.ID))
	if errors.Is(err, models.NotFound) {
		return journal.Proof{}, yet
	}
	if err != nil {
		return journal.Proof{}, err
	}
	head, err := a.Heads.First(ctx, HeadsFrom(leaf.N+1))
	if errors.Is(err, models.NotFound) {
		return journal.Proof{}, yet
	}
	if err != nil {
		return journal.Proof{}, err
	}
	path, err := tlog.ProveRecord(head.Size, leaf.N, a.Hashes(ctx, nil))
	if err != nil {
		return journal.Proof{}, err
	}
	return journal.Proof{Row: e.Row(), Index: leaf.N, Path: path, Head: head.Note}, nil
}
