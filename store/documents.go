package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// documents are those of one collection, whatever their type: what a Repo does once its type is taken off.
type documents struct {
	s       *Store
	c       Collection
	blank   func() models.Document
	sleeps  bool // the type wakes
	locks   locks
	horizon *horizon
}

func open(s *Store, c Collection, blank func() models.Document) *documents {
	r := &documents{s: s, c: c, blank: blank}
	_, r.sleeps = blank().(models.Sleeper)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.horizon = s.horizon(c.Name)
	s.repos = append(s.repos, r)
	return r
}

// Collection is what the repo was opened with.
func (r *documents) Collection() Collection { return r.c }

func (r *documents) insertOne(ctx context.Context, v models.Document) error {
	raw, claimed, err := r.fresh(v)
	if err != nil {
		return err
	}
	if err := r.insert(ctx, raw); err != nil {
		return err
	}
	if claimed {
		r.published(ctx, v.Head().ID, raw)
	}
	return nil
}

func (r *documents) insertMany(ctx context.Context, vs []models.Document) error {
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
func (r *documents) insert(ctx context.Context, raws ...bson.Raw) error {
	defer r.horizon.save(raws...)
	return r.s.Engine.Insert(ctx, r.c, raws...)
}

// fresh stamps and encodes a new document, and says whether this call holds the claim on its events.
func (r *documents) fresh(v models.Document) (raw bson.Raw, claimed bool, err error) {
	h := v.Head()
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
func (r *documents) claim(h *models.Meta, now time.Time) bool {
	if !h.Unheld() {
		return false
	}
	h.PublishAt = models.At(now.Add(r.s.Lease))
	return true
}

func (r *documents) get(ctx context.Context, id string) (models.Document, error) {
	raw, err := r.s.Engine.Get(ctx, r.c, id)
	if err != nil {
		return nil, err
	}
	return r.decode(raw)
}

func (r *documents) update(ctx context.Context, id string, first models.Document, change func(models.Document) error) (models.Document,
	error) {
	v, raw, claimed, err := r.save(ctx, id, first, func(v models.Document, now time.Time) (bool, error) {
		if err := change(v); err != nil {
			return false, err
		}
		h := v.Head()
		h.Revision++
		h.UpdatedAt = now
		return r.claim(h, now), nil
	})
	if err == nil && claimed {
		r.published(ctx, id, raw)
	}
	return v, err
}

// A change of a save answers whether its caller now holds the claim on the events.
type changing = func(v models.Document, now time.Time) (claimed bool, err error)

// save is the compare-and-swap loop. It begins with first, when there is one.
func (r *documents) save(ctx context.Context, id string, first models.Document, change changing) (v models.Document, raw bson.Raw,
	claimed bool, err error) {
	err = r.swap(ctx, id, func() (int64, bson.Raw, error) {
		if v, first = first, nil; v == nil {
			if v, err = r.get(ctx, id); err != nil {
				return 0, nil, err
			}
		}
		read := v.Head().Version
		if claimed, err = change(v, *models.At(r.s.Now())); err != nil {
			return 0, nil, err
		}
		v.Head().Version = read + 1
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
func (r *documents) swap(ctx context.Context, id string, try func() (read int64, doc bson.Raw, err error)) error {
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

// pause waits before a retry: nothing, then up to 1, 2, 4, 8, 16, 16 … ms, at random.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return nil
	}
	t := time.NewTimer(rand.N(time.Millisecond << min(try-1, 4))) //nolint:gosec // spreads, keeps no secret
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func unavailable(err error) error { return models.E(models.Unavailable, "unavailable", err) }

// published hands a saved document to the relay, which need not read what was just written.
func (r *documents) published(ctx context.Context, id string, raw bson.Raw) {
	if r.s.publish != nil {
		r.s.publish(ctx, &recent{documents: r, raw: raw}, id)
	}
}

// find reads one page and the cursor of the next, "" after the last.
func (r *documents) find(ctx context.Context, q Query) (docs []models.Document, next string, err error) {
	q, raws, more, err := r.raws(ctx, q, q.size())
	if err != nil {
		return nil, "", err
	}
	docs = make([]models.Document, len(raws))
	var want sketch
	if len(q.Parts) > 0 {
		want = sketchOf(append([]string{"_id"}, q.Parts...))
	}
	for i, raw := range raws {
		if want != nil {
			raw = want.of(raw, make([]byte, 0, 512))
		}
		if docs[i], err = r.decode(raw); err != nil {
			return nil, "", err
		}
	}
	if more {
		next, err = cursor(keyOf(raws[len(raws)-1], q.Sort))
	}
	return docs, next, err
}

// raws reads at most size documents after the cursor of q, and says whether more follow. It answers q along its index.
func (r *documents) raws(ctx context.Context, q Query, size int) (along Query, raws []bson.Raw, more bool, err error) {
	ix, err := r.index(q)
	if err != nil {
		return q, nil, false, err
	}
	q = q.Along(ix)
	after, err := q.key()
	if err != nil {
		return q, nil, false, err
	}
	raws, err = r.s.Engine.Find(ctx, r.c, Scan{Query: q, Index: ix, Limit: size + 1, After: after})
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

func (r *documents) first(ctx context.Context, q Query) (models.Document, error) {
	_, raws, _, err := r.raws(ctx, q.Page(1, ""), 1)
	if err != nil {
		return nil, err
	}
	if len(raws) == 0 {
		return nil, models.E(models.NotFound, "not_found")
	}
	return r.decode(raws[0])
}

func (r *documents) each(ctx context.Context, q Query, fn func(models.Document) error) (string, error) {
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
func (r *documents) Count(ctx context.Context, q Query) (int64, error) {
	ix, err := r.index(q)
	if err != nil {
		return 0, err
	}
	return r.s.Engine.Count(ctx, r.c, q, ix)
}

// CountBy counts the documents of q by the values of a string path that the index of q covers.
func (r *documents) CountBy(ctx context.Context, path string, q Query) (map[string]int64, error) {
	ix, err := r.index(q)
	if err != nil {
		return nil, err
	}
	return r.s.Engine.CountBy(ctx, r.c, path, q, ix)
}

// index refuses what no index serves and what is out of bounds.
func (r *documents) index(q Query) (Index, error) {
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
func (r *documents) Delete(ctx context.Context, ids ...string) error {
	return r.s.Engine.Delete(ctx, r.c, ids...)
}

func (r *documents) encode(v models.Document) (bson.Raw, error) {
	raw, err := r.s.Keys.marshal(v)
	if err != nil {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: %w", r.c.Name, err))
	}
	return raw, nil
}

func (r *documents) decode(raw bson.Raw) (models.Document, error) {
	v := r.blank()
	if err := r.s.Keys.unmarshal(raw, v); err != nil {
		return nil, models.E(models.Internal, "internal", fmt.Errorf("%s: %w", r.c.Name, err))
	}
	return v, nil
}
