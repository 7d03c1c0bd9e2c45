package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/models/job"
)

// tries bounds how often Update loads and changes again before it answers Stale.
const tries = 10

// errUnchanged lets a change say that nothing is to be saved.
var errUnchanged = errors.New("nothing to save")

// Unchanged ends Update without a save and without an error, when a change returns it.
func Unchanged() error { return errUnchanged }

// Repo keeps the documents of one type. All methods are safe for concurrent use.
type Repo[T any] struct {
	s     *Store
	c     Collection
	head  func(*T) *models.Meta
	wake  func(*T, time.Time) error // nil when the type does not wake
	locks locks

	horizon *horizon
}

// NewRepo opens the repo of a collection on s: store.NewRepo[medical.Bill](s, store.Bills).
func NewRepo[T any, P interface {
	*T
	models.Document
}](s *Store, c Collection) *Repo[T] {
	r := &Repo[T]{s: s, c: c, head: func(v *T) *models.Meta { return P(v).Head() }}
	if _, sleeps := any(P(new(T))).(models.Sleeper); sleeps {
		r.wake = func(v *T, now time.Time) error { return any(v).(models.Sleeper).Wake(now) } //nolint:errcheck // asked just above
	}
	s.mu.Lock()
	r.horizon = s.horizon(c.Name)
	s.faces = append(s.faces, r)
	if _, works := any(P(new(T))).(job.Work); works {
		s.jobs = append(s.jobs, jobsOf(r))
	}
	s.mu.Unlock()
	return r
}

// Collection is what the repo was opened with.
func (r *Repo[T]) Collection() Collection { return r.c }

// Insert keeps a new document. It needs an id. models.Conflict if the id or a unique index value is taken.
func (r *Repo[T]) Insert(ctx context.Context, v *T) error {
	raw, claimed, err := r.fresh(v)
	if err != nil {
		return err
	}
	if err := r.insert(ctx, raw); err != nil {
		return err
	}
	if claimed {
		r.told(ctx, r.head(v).ID, raw)
	}
	return nil
}

// InsertMany keeps new documents in one write, all or none; for ingestion and seeding. Their events are told by the relay's poll.
func (r *Repo[T]) InsertMany(ctx context.Context, vs []*T) error {
	raws := make([]bson.Raw, len(vs))
	for i, v := range vs {
		raw, _, err := r.fresh(v)
		if err != nil {
			return err
		}
		raws[i] = raw
	}
	if len(raws) == 0 {
		return nil
	}
	return r.insert(ctx, raws...)
}

// insert writes new documents. Their moments are noted even after a failure: the write may have come through.
func (r *Repo[T]) insert(ctx context.Context, raws ...bson.Raw) error {
	defer r.horizon.save(raws...)
	return r.s.Engine.Insert(ctx, r.c, raws...)
}

// fresh stamps and encodes a new document, and says whether this call holds the claim on its events.
func (r *Repo[T]) fresh(v *T) (raw bson.Raw, claimed bool, err error) {
	h := r.head(v)
	if h.ID == "" {
		return nil, false, models.E(models.Internal, "internal", fmt.Errorf("%s: a document without an id", r.c.Name))
	}
	now := *models.At(r.s.Now())
	h.Version, h.Revision, h.CreatedAt, h.UpdatedAt = 1, 1, now, now
	claimed = r.claim(h, now)
	raw, err = r.encode(v)
	return raw, claimed, err
}

// claim sets tellAt one lease ahead when the head has events nobody holds yet.
func (r *Repo[T]) claim(h *models.Meta, now time.Time) bool {
	if !h.Unheld() {
		return false
	}
	h.TellAt = models.At(now.Add(r.s.Lease))
	return true
}

// Get reads a document. models.NotFound if there is none.
func (r *Repo[T]) Get(ctx context.Context, id string) (*T, error) {
	raw, err := r.s.Engine.Get(ctx, r.c, id)
	if err != nil {
		return nil, err
	}
	return r.decode(raw)
}

// Update loads a document, applies change and saves it if nobody saved in between; otherwise it loads and applies again,
// at most ten times with growing pauses, then models.Stale. So change may run more than once: it must only touch its argument.
// An error from change is returned as it is and nothing is saved; Unchanged() ends without a save.
// Callers of the same document inside this process queue here, so that a hot document contends only between replicas.
func (r *Repo[T]) Update(ctx context.Context, id string, change func(*T) error) (*T, error) {
	return r.update(ctx, id, nil, change)
}

// UpdateFrom is Update for a caller who holds the document as it was last saved: the first try works on v itself and needs no
// read. If v is out of date the change runs again on what is stored. v must not be used afterwards; the result is the document.
func (r *Repo[T]) UpdateFrom(ctx context.Context, v *T, change func(*T) error) (*T, error) {
	return r.update(ctx, r.head(v).ID, v, change)
}

func (r *Repo[T]) update(ctx context.Context, id string, first *T, change func(*T) error) (*T, error) {
	v, raw, claimed, err := r.save(ctx, id, first, func(v *T, now time.Time) (bool, error) {
		if err := change(v); err != nil {
			return false, err
		}
		h := r.head(v)
		h.Revision++
		h.UpdatedAt = now
		return r.claim(h, now), nil
	})
	if err == nil && claimed {
		r.told(ctx, id, raw)
	}
	return v, err
}

// save is the compare-and-swap loop. change answers whether its caller now holds the claim on the events.
func (r *Repo[T]) save(ctx context.Context, id string, first *T, change func(*T, time.Time) (bool, error)) (v *T, raw bson.Raw, claimed bool, err error) {
	err = r.swap(ctx, id, func() (int64, bson.Raw, error) {
		if v, first = first, nil; v == nil {
			if v, err = r.Get(ctx, id); err != nil {
				return 0, nil, err
			}
		}
		read := r.head(v).Version
		if claimed, err = change(v, *models.At(r.s.Now())); err != nil {
			return 0, nil, err
		}
		r.head(v).Version = read + 1
		raw, err = r.encode(v)
		return read, raw, err
	})
	if errors.Is(err, errUnchanged) {
		return v, nil, false, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	return v, raw, claimed, nil
}

// swap lets try read and change a document, one caller of an id at a time, until its replacement is saved.
func (r *Repo[T]) swap(ctx context.Context, id string, try func() (read int64, doc bson.Raw, err error)) error {
	unlock, err := r.locks.lock(ctx, id)
	if err != nil {
		return unavailable(err)
	}
	defer unlock()
	for n := range tries {
		if err := pause(ctx, n); err != nil {
			return unavailable(err)
		}
		read, doc, err := try()
		if err != nil {
			return err
		}
		saved, err := r.s.Engine.Replace(ctx, r.c, id, read, doc)
		r.horizon.save(doc) // after a failure too: the write may have come through
		if saved || err != nil {
			return err
		}
	}
	return models.E(models.Stale, "stale")
}

// pause waits before a retry: nothing, then up to 1, 2, 4 … 256 ms, at random.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return nil
	}
	t := time.NewTimer(rand.N(time.Millisecond << (try - 1)))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func unavailable(err error) error { return models.E(models.Unavailable, "unavailable", err) }

// told hands a saved document to the relay, which need not read what was just written.
func (r *Repo[T]) told(ctx context.Context, id string, raw bson.Raw) {
	if r.s.tell != nil {
		r.s.tell(ctx, &recent[T]{Repo: r, raw: raw}, id)
	}
}

// Find reads one page.
func (r *Repo[T]) Find(ctx context.Context, q Query) (Page[T], error) {
	page := Page[T]{}
	q, raws, more, err := r.raws(ctx, q, q.size())
	if err != nil {
		return page, err
	}
	page.Items = make([]*T, len(raws))
	var want sketch
	if len(q.Parts) > 0 {
		want = sketchOf(append([]string{"_id"}, q.Parts...))
	}
	for i, raw := range raws {
		if want != nil {
			raw = want.of(raw, make([]byte, 0, 512))
		}
		if page.Items[i], err = r.decode(raw); err != nil {
			return page, err
		}
	}
	if more {
		page.Next, err = cursor(keyOf(raws[len(raws)-1], q.Sort))
	}
	return page, err
}

// raws reads at most size documents after the cursor of q, and says whether more follow. It answers q along its index.
func (r *Repo[T]) raws(ctx context.Context, q Query, size int) (along Query, raws []bson.Raw, more bool, err error) {
	ix, err := r.index(q)
	if err != nil {
		return q, nil, false, err
	}
	q = q.Along(ix)
	after, err := q.key()
	if err != nil {
		return q, nil, false, err
	}
	raws, err = r.s.Engine.Find(ctx, r.c, q, ix, size+1, after)
	if more = len(raws) > size; more {
		raws = raws[:size]
	}
	return q, raws, more, err
}

// keyOf reads the key of a document under a sort.
func keyOf(raw bson.Raw, sort []string) Key {
	k := Key{Sort: make([]any, len(sort)), ID: raw.Lookup("_id").StringValue()}
	for i, path := range sort {
		k.Sort[i] = Scalar(At(raw, path))
	}
	return k
}

// First reads the first document of q. models.NotFound if there is none.
func (r *Repo[T]) First(ctx context.Context, q Query) (*T, error) {
	_, raws, _, err := r.raws(ctx, q.Page(1, ""), 1)
	if err != nil {
		return nil, err
	}
	if len(raws) == 0 {
		return nil, models.E(models.NotFound, "not_found")
	}
	return r.decode(raws[0])
}

// Each streams the documents of q to fn in order, a page at a time, and answers the cursor after the last document that
// fn took, so that a sweep or an export that stops can go on from there (q.After). It ends at fn's first error.
func (r *Repo[T]) Each(ctx context.Context, q Query, fn func(*T) error) (string, error) {
	for {
		along, raws, more, err := r.raws(ctx, q, MaxPage)
		if err != nil {
			return q.After, err
		}
		for _, raw := range raws {
			v, err := r.decode(raw)
			if err != nil {
				return q.After, err
			}
			if err := fn(v); err != nil {
				return q.After, err
			}
			if q.After, err = cursor(keyOf(raw, along.Sort)); err != nil {
				return q.After, err
			}
		}
		if !more {
			return q.After, nil
		}
	}
}

// Count counts the documents of q.
func (r *Repo[T]) Count(ctx context.Context, q Query) (int64, error) {
	ix, err := r.index(q)
	if err != nil {
		return 0, err
	}
	return r.s.Engine.Count(ctx, r.c, q, ix)
}

// CountBy counts the documents of q by the values of a string path that the index of q covers.
func (r *Repo[T]) CountBy(ctx context.Context, path string, q Query) (map[string]int64, error) {
	ix, err := r.index(q)
	if err != nil {
		return nil, err
	}
	return r.s.Engine.CountBy(ctx, r.c, path, q, ix)
}

// index refuses what no index serves and what is out of bounds.
func (r *Repo[T]) index(q Query) (Index, error) {
	for _, c := range q.Conds {
		if c.Op == In && (len(c.Values) == 0 || len(c.Values) > MaxIn) || c.Op == Range && len(c.Values) != 2 {
			return Index{}, models.E(models.Internal, "internal", fmt.Errorf("%s: %d values for %q", r.c.Name, len(c.Values), c.Path))
		}
	}
	ix, ok := r.c.IndexFor(q)
	if !ok {
		return Index{}, models.E(models.Internal, "internal", fmt.Errorf("%s: %w: %+v", r.c.Name, errNoIndex, q))
	}
	return ix, nil
}

// Delete removes documents for good; an id that is not there is no error.
func (r *Repo[T]) Delete(ctx context.Context, ids ...string) error {
	return r.s.Engine.Delete(ctx, r.c, ids...)
}

func (r *Repo[T]) encode(v *T) (bson.Raw, error) {
	raw, err := r.s.Keys.marshal(v)
	if err != nil {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: %w", r.c.Name, err))
	}
	return raw, nil
}

func (r *Repo[T]) decode(raw bson.Raw) (*T, error) {
	v := new(T)
	if err := r.s.Keys.unmarshal(raw, v); err != nil {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: %w", r.c.Name, err))
	}
	return v, nil
}
