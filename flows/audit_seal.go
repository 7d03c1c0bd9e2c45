package flows

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
	"xinyi/usecase"
)

// Seal closes the event log in batches: every entry gets its place in a Merkle log, whose head is signed. Appending an entry
// never waits for it. Two sealers at once are harmless: a place is an id, so one of them finds it taken and starts anew.
type Seal struct {
	usecase.Audit
	Seals models.Seals
	Log   *slog.Logger
	Now   func() time.Time
}

// Subscribers are to be given to the relay.
func (f Seal) Subscribers() []Subscriber {
	return []Subscriber{{Name: "audit.seal", Do: f.due, Kinds: Kinds(journal.EventSealDue)}}
}

// Ready makes the sealer if there is none.
func (f Seal) Ready(ctx context.Context) error {
	_, err := f.Sealers.Get(ctx, journal.SealerID)
	if errors.Is(err, models.NotFound) {
		return store.Existing(f.Sealers.Insert(ctx, journal.NewSealer(f.Now())))
	}
	return err
}

func (f Seal) due(ctx context.Context, e models.Event) error {
	d, err := journal.EventSealDue.Read(e)
	if err != nil {
		return err
	}
	h, err := f.Close(ctx)
	if err != nil {
		return err
	}
	_, err = f.Sealers.Update(ctx, journal.SealerID, func(s *journal.Sealer) error {
		if !s.Sealed(d.Round, h, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// Close gives every settled entry its place and signs a head over them; nil when the last head covers all.
func (f Seal) Close(ctx context.Context) (*journal.Head, error) {
	for {
		size, kept, err := f.Size(ctx)
		if err != nil {
			return nil, err
		}
		before := f.Now().Add(-journal.Settle)
		since := time.Time{}
		if size > 0 {
			since = kept.Add(-journal.Overlap)
		}
		added, err := f.append(ctx, size, store.EntriesKept(since, before))
		if errors.Is(err, models.Conflict) { // another sealer was faster
			continue
		}
		if err != nil {
			return nil, err
		}
		return f.sign(ctx, size+added)
	}
}

// append gives the entries of q that have no place yet the places from size on.
func (f Seal) append(ctx context.Context, size int64, q store.Query) (added int64, err error) {
	for {
		page, err := f.Entries.Find(ctx, q.Page(store.MaxPage, q.After))
		if err != nil {
			return added, err
		}
		fresh, err := f.placeless(ctx, page.Items)
		if err != nil {
			return added, err
		}
		leaves, err := f.leaves(ctx, size+added, fresh)
		if err != nil {
			return added, err
		}
		if err := f.Leaves.InsertMany(ctx, leaves); err != nil {
			return added, err
		}
		added += int64(len(leaves))
		if q.After = page.Next; page.Next == "" {
			return added, nil
		}
	}
}

// placeless are the entries without a leaf.
func (f Seal) placeless(ctx context.Context, entries []*journal.Entry) ([]*journal.Entry, error) {
	placed := map[string]bool{}
	for part := entries; len(part) > 0; part = part[min(store.MaxIn, len(part)):] {
		ids := make([]string, 0, store.MaxIn)
		for _, e := range part[:min(store.MaxIn, len(part))] {
			ids = append(ids, e.ID)
		}
		page, err := f.Leaves.Find(ctx, store.LeavesOf(ids...).Page(store.MaxIn, "").Only("entry"))
		if err != nil {
			return nil, err
		}
		for _, l := range page.Items {
			placed[l.Entry] = true
		}
	}
	var fresh []*journal.Entry
	for _, e := range entries {
		if !placed[e.ID] {
			fresh = append(fresh, e)
		}
	}
	return fresh, nil
}

// leaves are the entries as leaves from the n-th place on.
func (f Seal) leaves(ctx context.Context, n int64, entries []*journal.Entry) ([]*journal.Leaf, error) {
	made := make(map[int64]*journal.Leaf, len(entries))
	reader := f.Hashes(ctx, made)
	leaves := make([]*journal.Leaf, len(entries))
	for i, e := range entries {
		hashes, err := tlog.StoredHashes(n, e.Row(), reader)
		if err != nil {
			return nil, err
		}
		l := &journal.Leaf{Meta: models.Meta{ID: journal.LeafID(n)}, N: n, Entry: e.ID, Kept: e.CreatedAt}
		for _, h := range hashes {
			l.Hashes = append(l.Hashes, h[:])
		}
		leaves[i], made[n] = l, l
		n++
	}
	return leaves, nil
}

// sign keeps a head of a size; nil when there is one.
func (f Seal) sign(ctx context.Context, size int64) (*journal.Head, error) {
	last, err := f.Heads.First(ctx, store.LastHeads())
	prev := ""
	switch {
	case errors.Is(err, models.NotFound):
	case err != nil:
		return nil, err
	case last.Size >= size:
		return nil, nil //nolint:nilnil // the last head covers all
	default:
		prev = last.HashNote()
	}
	if size == 0 {
		return nil, nil //nolint:nilnil // there is nothing to sign
	}
	root, err := tlog.TreeHash(size, f.Hashes(ctx, nil))
	if err != nil {
		return nil, err
	}
	text, err := journal.Checkpoint(size, root, f.Seals)
	if err != nil {
		return nil, err
	}
	h := &journal.Head{Meta: models.Meta{ID: journal.LeafID(size)}, Size: size, Root: root.String(), At: f.Now(), Note: text, Prev: prev}
	if err := store.Existing(f.Heads.Insert(ctx, h)); err != nil {
		return nil, err
	}
	f.Log.InfoContext(ctx, "the audit log is sealed", "size", size, "root", h.Root)
	return h, nil
}
