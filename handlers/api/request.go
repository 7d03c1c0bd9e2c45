package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinyi/models"
	"xinyi/store"
)

// Request is what a handler knows of its caller.
type Request struct {
	Actor     models.Actor // who asks, already permitted for the route's action; zero on open routes
	Caller    Caller       // everything the signed-in caller holds; zero on open routes
	Now       time.Time    // the one clock, UTC milliseconds
	Key       string       // Idempotency-Key; "" when none was sent
	ID        string       // X-Request-Id
	Lang      string       // "zh" or "en", from Accept-Language; zh when unsure
	Address   string       // the network the call comes from: an IPv4 address, or the /64 of an IPv6 one
	Revisions []int64      // from If-Match; none: any
	Purpose   string       // from X-Purpose: why somebody else's data is looked at; "" when none was sent
	Case      string       // from X-Case: the case it is looked at for; "" when none was sent

	scope string  // actor, method, path and key: what NewID derives from; "" without a key
	ids   *int    // how many ids this request has made
	seen  *bool   // an access was noted, on routes that reveal
	own   *string // what the route is for, once it was asked
}

// NewID names what this request creates. With an Idempotency-Key the n-th id of a request is the same each time the
// request is made, so that a retry finds what the first try created; without one it is random and ordered by time (UUIDv7).
// It must not be called inside a store change, which may run twice.
func (rq Request) NewID() string {
	if rq.scope == "" || rq.ids == nil {
		return uuid.Must(uuid.NewV7()).String()
	}
	*rq.ids++
	//nolint:gosec // a count of ids made for one request
	sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(rq.scope), uint32(*rq.ids)))
	var id uuid.UUID
	copy(id[:], sum[:])
	id[6] = id[6]&0x0f | 0x80 // version 8: our own making
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// Fresh answers models.Stale when If-Match was sent and does not name this revision.
func (rq Request) Fresh(revision int64) error {
	if len(rq.Revisions) > 0 && !slices.Contains(rq.Revisions, revision) {
		return models.E(models.Stale, "stale")
	}
	return nil
}

// Change lets the caller act on one document: only on the revision that If-Match names, as Request.Freshly.
//
// do may run more than once, as in Repo.Update. Errors: NotFound; Stale; those of do.
func Change[T any, P interface {
	*T
	models.Document
}](ctx context.Context, rq Request, repo *store.Repo[T], id string, do func(*T) error) (*T, error) {
	return repo.Update(ctx, id, func(doc *T) error {
		return rq.Freshly(P(doc).Head().Revision, func() error { return do(doc) })
	})
}

// Freshly does something to a document of a revision, if that is the one If-Match names. Whoever may not know of the document, as do says,
// learns that first. Errors: NotFound; Stale; those of do.
func (rq Request) Freshly(revision int64, do func() error) error {
	stale := rq.Fresh(revision)
	if err := do(); stale == nil || Unknown(err) {
		return err
	}
	return stale
}

// None is an answer without a body (204).
type None struct{}

// PageQuery is embedded in the request of a list.
type PageQuery struct {
	Limit  int    `query:"limit" validate:"omitempty,gte=1,lte=200" description:"Items a page, 20 when absent"`
	Cursor string `query:"cursor" validate:"omitempty,max=1024" description:"nextCursor of the page before"`
}

// List is one page of a list. Items is never null; NextCursor is "" on the last page.
type List[V any] struct {
	Items      []V    `json:"items"`
	NextCursor string `json:"nextCursor"`
}

// Listed shows a page of documents.
func Listed[T, V any](p store.Page[T], view func(*T) V) List[V] {
	items := make([]V, len(p.Items))
	for i, v := range p.Items {
		items[i] = view(v)
	}
	return List[V]{Items: items, NextCursor: p.Next}
}

// Found is a page of what q finds, each document shown by view.
func Found[T, V any](ctx context.Context, repo *store.Repo[T], q store.Query, in PageQuery, view func(*T) V) (List[V], error) {
	page, err := repo.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return List[V]{}, err
	}
	return Listed(page, view), nil
}

// siftedMost bounds how many documents one page looks at: only a page that was sifted out of so many is short.
const siftedMost = 1000

// Sifted is a page of those documents of q that show keeps, filled up by reading on: a page is short at the end alone, or when it
// had to look at 1,000 documents. It is for a condition that no index of q can hold.
func Sifted[T, V any](ctx context.Context, repo *store.Repo[T], q store.Query, in PageQuery, show func(*T) (V, bool, error)) (List[V],
	error) {
	list, size, seen := List[V]{Items: []V{}}, in.Limit, 0
	if size == 0 {
		size = store.DefaultPage
	}
	next, err := repo.Each(ctx, q.Page(0, in.Cursor), func(d *T) error {
		if seen++; seen > siftedMost || len(list.Items) == size {
			return ErrFull
		}
		v, kept, err := show(d)
		if kept {
			list.Items = append(list.Items, v)
		}
		return err
	})
	if errors.Is(err, ErrFull) {
		list.NextCursor, err = next, nil
	}
	return list, err
}

// Revised is a view of an editable document: it is sent with ETag, and If-None-Match is answered 304.
type Revised interface{ Revised() int64 }

// Language picks "zh" or "en" from an Accept-Language header. The wish with the highest weight wins, the first on a tie.
func Language(header string) string {
	if header == "" {
		return "zh"
	}
	best, lang := 0, "zh"
	for wish := range strings.SplitSeq(header, ",") {
		tag, weight, _ := strings.Cut(wish, ";")
		tag = strings.ToLower(strings.TrimSpace(tag))
		name, _, _ := strings.Cut(tag, "-")
		if name != "zh" && name != "en" {
			continue
		}
		if q := thousandths(weight); q > best {
			best, lang = q, name
		}
	}
	return lang
}

// thousandths reads "q=0.8" as 800. Nothing is 1000; what cannot be read is 0.
func thousandths(weight string) int {
	weight = strings.TrimSpace(weight)
	if weight == "" {
		return 1000
	}
	digits, ok := strings.CutPrefix(weight, "q=")
	if !ok || digits == "" || len(digits) > 5 {
		return 0
	}
	whole, rest, _ := strings.Cut(digits, ".")
	n := 0
	for _, c := range (whole + rest + "000")[:len(whole)+3] {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return min(n, 1000)
}
