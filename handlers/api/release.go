package api

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/release"
	"xinyi/store"
)

// ReleaseView is how far a document has come on its way into force; the view of every kind that goes it has it.
type ReleaseView struct {
	State    release.State `json:"state"`
	Makers   []deskView    `json:"makers" description:"Everybody who ever touched it, by office: none of them approves"`
	Approver *deskView     `json:"approver,omitempty" description:"The second person"`
	Hash     string        `json:"hash,omitempty" description:"SHA-256 of what counts"`
	TriedAt  *time.Time    `json:"triedAt,omitempty"`
	Begins   models.Day    `json:"begins,omitempty" description:"Its first day, once announced"`
	Acts     []string      `json:"acts" description:"What may be done with it where it stands; approve only for who is none of its makers"`
	Revision int64         `json:"revision"`
}

// Revised makes the view carry an ETag.
func (v ReleaseView) Revised() int64 { return v.Revision }

// deskView is somebody of the staff, or a system, by the office alone.
type deskView struct {
	Role models.Role `json:"role"`
	Org  string      `json:"org,omitempty"`
}

// ViewRelease shows where a release stands, and who had a hand in it.
func ViewRelease(d release.Document, by models.Actor) ReleaseView {
	r := d.Released()
	v := ReleaseView{State: r.State, Makers: []deskView{}, Hash: r.Hash, TriedAt: r.TriedAt, Begins: r.Begins, Acts: []string{},
		Revision: d.Head().Revision}
	for _, m := range r.Makers {
		v.Makers = append(v.Makers, deskView{m.Role, m.Org})
	}
	if r.Approver.Person != "" {
		v.Approver = &deskView{r.Approver.Role, r.Approver.Org}
	}
	if by.Role != "" {
		v.Acts = release.Acts(d, by)
	}
	return v
}

// Releases are the documents of one kind that one person writes and a second lets go, as its routes reach them.
type Releases[T, V any] struct {
	Repo *store.Repo[T]
	Mine func(Request, *T) error // whether the caller acts on one; nil: everybody the route lets in
	Seen func(Request, *T) error // whether the caller sees one; nil: whoever acts on it
	View func(context.Context, Request, *T) (V, error)
	Then func() // after every change; nil: nothing
}

// keyed is a request that names one document.
type keyed interface{ Key() string }

// Key is the document the request names.
func (in ByID) Key() string { return in.ID }

// documentOf is a pointer to what a repo of T keeps.
type documentOf[T any] interface {
	*T
	models.Document
}

// OneRelease shows one of them. Errors: NotFound, as for another's.
func OneRelease[In keyed, T, V any](h Releases[T, V]) func(context.Context, Request, In) (V, error) {
	return func(ctx context.Context, rq Request, in In) (v V, err error) {
		d, err := h.One(ctx, rq, in.Key())
		if err != nil {
			return v, err
		}
		return h.View(ctx, rq, d)
	}
}

// One is a document that the caller sees. Errors: NotFound.
func (h Releases[T, V]) One(ctx context.Context, rq Request, id string) (*T, error) {
	d, err := h.Repo.Get(ctx, id)
	seen := h.Seen
	if seen == nil {
		seen = h.Mine
	}
	if err == nil && seen != nil {
		err = seen(rq, d)
	}
	return d, err
}

// Citywide are documents that hold in a whole city: who works there sees them, who is over the city acts on them.
func Citywide[T, V any, P interface {
	*T
	release.Document
}](h Releases[T, V]) Releases[T, V] {
	city := func(d *T) models.Region { return P(d).Released().City }
	h.Mine, h.Seen = InPlace(city), func(rq Request, d *T) error { return Holds(rq, city(d)) }
	return h
}

// Page is a page of them.
func (h Releases[T, V]) Page(ctx context.Context, rq Request, q store.Query) (List[V], error) {
	page, err := h.Repo.Find(ctx, q)
	v := List[V]{Items: []V{}, NextCursor: page.Next}
	for _, d := range page.Items {
		if err != nil {
			break
		}
		var one V
		if one, err = h.View(ctx, rq, d); err == nil {
			v.Items = append(v.Items, one)
		}
	}
	return v, err
}

// Keep stores a new draft.
func (h Releases[T, V]) Keep(ctx context.Context, rq Request, d *T, err error) (v V, _ error) {
	if err == nil {
		err = h.Repo.Insert(ctx, d)
	}
	if err != nil {
		return v, err
	}
	return h.View(ctx, rq, d)
}

// OnRelease serves an act on one document, still the one the caller saw. What act fetches it fetches once, before the change.
func OnRelease[In keyed, T any, P documentOf[T], V any](
	h Releases[T, V], act func(context.Context, Request, In) (func(P) error, error),
) func(context.Context, Request, In) (V, error) {
	return func(ctx context.Context, rq Request, in In) (v V, err error) {
		change, err := act(ctx, rq, in)
		if err != nil {
			return v, err
		}
		d, err := h.Repo.Update(ctx, in.Key(), func(d *T) error {
			if h.Mine != nil {
				if err := h.Mine(rq, d); err != nil {
					return err
				}
			}
			if err := rq.Fresh(P(d).Head().Revision); err != nil {
				return err
			}
			return change(d)
		})
		if err != nil {
			return v, err
		}
		if h.Then != nil {
			h.Then()
		}
		return h.View(ctx, rq, d)
	}
}

// Simply is an act that needs nothing but who does it and when.
func Simply[In keyed, P any](do func(P, models.Actor, time.Time) error) func(context.Context, Request, In) (func(P) error, error) {
	return func(_ context.Context, rq Request, _ In) (func(P) error, error) {
		return func(d P) error { return do(d, rq.Actor, rq.Now) }, nil
	}
}

// Following is the number after the last document of q, 1 for the first; at says its number and where it holds. What holds in a whole
// city is one city's in a store, and nobody else's to go on with. Errors: Forbidden "farmer.other_region".
func Following[T any](ctx context.Context, rq Request, repo *store.Repo[T], q store.Query, at func(*T) (int, models.Region)) (int, error) {
	last, err := repo.First(ctx, q)
	switch {
	case err == nil:
		no, place := at(last)
		_, err := PlaceWithin(rq, place)
		return no + 1, err
	case models.CodeOf(err) == models.NotFound:
		return 1, nil
	}
	return 0, err
}
