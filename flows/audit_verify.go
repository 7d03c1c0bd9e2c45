package flows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/usecase"
)

// A Verdict is what a verification of the audit log found.
type Verdict struct {
	Rows   int64    // places looked at
	Heads  int      // heads checked
	Loose  int64    // settled entries that have no place yet: the next sealing takes them
	Faults []string // what does not hold, the first 100
	Count  int      // all that does not hold
}

func (v *Verdict) fault(format string, args ...any) {
	if v.Count++; len(v.Faults) < 100 {
		v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
	}
}

// Verify recomputes the whole log from the rows as they stand and compares it with every signed head, and with known, a head
// somebody kept elsewhere ("" for none). It trusts nothing that is stored but the seals. seen is told of progress.
func (s Seal) Verify(ctx context.Context, known string, now time.Time, seen func(int64)) (Verdict, error) {
	v := Verdict{}
	heads, err := headsOf(ctx, s.Audit, s.Seals, &v)
	if err != nil {
		return v, err
	}
	if known != "" {
		size, root, err := journal.ReadCheckpoint(known, s.Seals)
		if err != nil {
			return v, fmt.Errorf("the head that was given: %w", err)
		}
		heads[size] = append(heads[size], root)
	}
	fold := journal.Fold{}
	_, err = s.Leaves.Each(ctx, store.LeavesFrom(0), func(l *journal.Leaf) error {
		if err := v.leaf(ctx, s.Audit, l, &fold); err != nil {
			return err
		}
		for _, root := range heads[fold.Size] {
			if fold.Root() != root {
				v.fault("the first %d rows are not those that were signed: rows were exchanged, added or taken out", fold.Size)
			}
		}
		delete(heads, fold.Size)
		if seen != nil && v.Rows%10_000 == 0 {
			seen(v.Rows)
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	for size := range heads {
		v.fault("a signed head covers %d rows, but there are %d: rows at the end are gone", size, fold.Size)
	}
	v.Loose, err = loose(ctx, s.Audit, now)
	return v, err
}

// headsOf reads and checks the signed heads, by size.
func headsOf(ctx context.Context, a usecase.Audit, seals models.Seals, v *Verdict) (map[int64][]tlog.Hash, error) {
	heads := map[int64][]tlog.Hash{}
	prev := ""
	_, err := a.Heads.Each(ctx, store.HeadsUp(), func(h *journal.Head) error {
		v.Heads++
		size, root, err := journal.ReadCheckpoint(h.Note, seals)
		switch {
		case err != nil:
			v.fault("head %s is not signed by a seal of ours: %v", h.ID, err)
		case size != h.Size || root.String() != h.Root:
			v.fault("head %s says something else than its signed note", h.ID)
		case h.Prev != prev:
			v.fault("a head before head %s is missing or was exchanged", h.ID)
		default:
			heads[size] = append(heads[size], root)
		}
		prev = h.HashNote()
		return nil
	})
	return heads, err
}

// leaf checks one place and appends its row, as it stands, to the fold.
func (v *Verdict) leaf(ctx context.Context, a usecase.Audit, l *journal.Leaf, fold *journal.Fold) error {
	if l.N != fold.Size {
		v.fault("place %d is missing or taken twice: place %d follows", fold.Size, l.N)
	}
	v.Rows++
	var kept tlog.Hash
	if len(l.Hashes) > 0 {
		copy(kept[:], l.Hashes[0])
	}
	e, err := a.Entries.Get(ctx, l.Entry)
	if errors.Is(err, models.NotFound) {
		v.fault("row %d is gone: %s", l.N, l.Entry)
		fold.Add(kept)
		return nil
	}
	if err != nil {
		return err
	}
	h := tlog.RecordHash(e.Row())
	if h != kept {
		v.fault("row %d was altered: %s", l.N, l.Entry)
		h = kept // one altered row is one fault, not one for every head after it
	}
	fold.Add(h)
	return nil
}

// loose counts the settled entries after the last sealed one that have no place.
func loose(ctx context.Context, a usecase.Audit, now time.Time) (int64, error) {
	_, kept, err := a.Size(ctx)
	if err != nil {
		return 0, err
	}
	return a.Entries.Count(ctx, store.EntriesKept(kept.Add(time.Millisecond), now.Add(-journal.Settle)))
}
