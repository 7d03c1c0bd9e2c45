package store

import (
	"context"
	"errors"

	"xinyi/models"
)

// tries bounds how often Update loads and changes again before it answers Stale. Who loses against a replica whose queue never ends
// wins a try in two or three, whatever the pause: so many short pauses are fairer than few long ones, in the same quarter of a second.
const tries = 32

// errUnchanged lets a change say that nothing is to be saved.
var errUnchanged = errors.New("nothing to save")

// Unchanged ends Update without a save and without an error, when a change returns it.
func Unchanged() error { return errUnchanged }

// Existing takes what is there already for done: its id says what it came from, so it is the same act, once more.
func Existing(err error) error {
	if errors.Is(err, models.Conflict) {
		return nil
	}
	return err
}

// Repo keeps the documents of one type. All methods are safe for concurrent use.
//
// It is a thin face of documents, which do the work whatever the type: what is generic here is compiled once for every type.
type Repo[T any] struct{ d *documents }

// NewRepo opens the repo of a collection on s: store.NewRepo[medical.Bill](s, store.Bills).
func NewRepo[T any, P interface {
	*T
	models.Document
}](s *Store, c Collection) *Repo[T] {
	return &Repo[T]{open(s, c, func() models.Document { return P(new(T)) })}
}

// document is v as what every document is. NewRepo has seen to it that it is one.
func document[T any](v *T) models.Document { return any(v).(models.Document) } //nolint:errcheck // it is one

// typed is a document as its type, nil for none.
func typed[T any](v models.Document) *T {
	t, _ := any(v).(*T) //nolint:errcheck // nil for none
	return t
}

// Insert keeps a new document. It needs an id. models.Conflict if the id or a unique index value is taken.
func (r *Repo[T]) Insert(ctx context.Context, v *T) error { return r.d.insertOne(ctx, document(v)) }

// InsertMany keeps new documents in one write, all or none; for ingestion and seeding. Their events are told by the relay's poll.
func (r *Repo[T]) InsertMany(ctx context.Context, vs []*T) error {
	docs := make([]models.Document, len(vs))
	for i, v := range vs {
		docs[i] = document(v)
	}
	return r.d.insertMany(ctx, docs)
}

// Get reads a document. models.NotFound if there is none.
func (r *Repo[T]) Get(ctx context.Context, id string) (*T, error) {
	v, err := r.d.get(ctx, id)
	return typed[T](v), err
}

// Update loads a document, applies change and saves it if nobody saved in between; otherwise it loads and applies again,
// at most 32 times with pauses of up to 16 ms, then models.Stale. So change may run more than once: it must only touch its argument.
// An error from change is returned as it is and nothing is saved; Unchanged() ends without a save.
// Callers of the same document inside this process queue here, so that a hot document contends only between replicas.
func (r *Repo[T]) Update(ctx context.Context, id string, change func(*T) error) (*T, error) {
	v, err := r.d.update(ctx, id, nil, func(v models.Document) error { return change(typed[T](v)) })
	return typed[T](v), err
}

// UpdateFrom is Update for a caller who holds the document as it was last saved: the first try works on v itself and needs no
// read. If v is out of date the change runs again on what is stored. v must not be used afterwards; the result is the document.
func (r *Repo[T]) UpdateFrom(ctx context.Context, v *T, change func(*T) error) (*T, error) {
	first := document(v)
	saved, err := r.d.update(ctx, first.Head().ID, first, func(v models.Document) error { return change(typed[T](v)) })
	return typed[T](saved), err
}

// Find reads one page.
func (r *Repo[T]) Find(ctx context.Context, q Query) (Page[T], error) {
	docs, next, err := r.d.find(ctx, q)
	if err != nil {
		return Page[T]{}, err
	}
	page := Page[T]{Items: make([]*T, len(docs)), Next: next}
	for i, v := range docs {
		page.Items[i] = typed[T](v)
	}
	return page, nil
}

// First reads the first document of q. models.NotFound if there is none.
func (r *Repo[T]) First(ctx context.Context, q Query) (*T, error) {
	v, err := r.d.first(ctx, q)
	return typed[T](v), err
}

// Each streams the documents of q to fn in order, a page at a time, and answers the cursor after the last document that
// fn took, so that a sweep or an export that stops can go on from there (q.After). It ends at fn's first error.
func (r *Repo[T]) Each(ctx context.Context, q Query, fn func(*T) error) (string, error) {
	return r.d.each(ctx, q, func(v models.Document) error { return fn(typed[T](v)) })
}

// Count counts the documents of q.
func (r *Repo[T]) Count(ctx context.Context, q Query) (int64, error) { return r.d.Count(ctx, q) }

// CountBy counts the documents of q by the values of a string path that the index of q covers.
func (r *Repo[T]) CountBy(ctx context.Context, path string, q Query) (map[string]int64, error) {
	return r.d.CountBy(ctx, path, q)
}

// Delete removes documents for good; an id that is not there is no error.
func (r *Repo[T]) Delete(ctx context.Context, ids ...string) error { return r.d.Delete(ctx, ids...) }

// Any is the repo without its type.
func (r *Repo[T]) Any() AnyRepo { return r.d }
