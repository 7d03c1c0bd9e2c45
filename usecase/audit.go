package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
)

// Audit proves what the audit log holds.
type Audit struct{ store.Audit }

// OpenAudit opens the repos on s, once a process.
func OpenAudit(s *store.Store, entries *store.Repo[journal.Entry]) Audit {
	return Audit{store.OpenAudit(s, entries)}
}

// Size is how many leaves the log has, and when the entry of the last was kept.
func (a Audit) Size(ctx context.Context) (int64, time.Time, error) {
	last, err := a.Leaves.First(ctx, store.LastLeaf())
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
	leaf, err := a.Leaves.First(ctx, store.LeavesOf(e.ID))
	if errors.Is(err, models.NotFound) {
		return journal.Proof{}, yet
	}
	if err != nil {
		return journal.Proof{}, err
	}
	head, err := a.Heads.First(ctx, store.HeadsFrom(leaf.N+1))
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
