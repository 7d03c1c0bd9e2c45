package store

import (
	"time"

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
