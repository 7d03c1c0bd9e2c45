package store

import (
	"encoding/base64"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// An Op is how a query compares. The set is closed: nothing a client sends becomes one.
type Op int

// The operators.
const (
	Eq     Op = iota // the one value
	In               // any of at most 50 values
	Range            // two values: from ≤ x < to; a nil bound is open. A document without the path lies in no range
	Prefix           // strings that start with the value
)

// A Cond is one condition of a query.
type Cond struct {
	Path   string
	Op     Op
	Values []any // strings (and named ones), integers, bools, times
}

// A Query asks one collection. Build it with Where, And, Asc, Desc; the zero Query is everything by id.
type Query struct {
	Conds []Cond
	Sort  []string // paths; ties are broken by the rest of the index, then by id, in the same direction
	Down  bool     // every sort path and the id run downwards
	Limit int      // documents a page: 0 is DefaultPage, never more than MaxPage
	After string   // the cursor of the page before, "" for the first
	Parts []string // what is decoded of a document, dotted paths; none: all of it
}

// The bounds of a page and of an In.
const (
	DefaultPage = 20
	MaxPage     = 200
	MaxIn       = 50
)

// somewhere is the place of the queries that collections show of themselves.
const somewhere models.Region = "430181"

// All is every document by id.
func All() Query { return Query{} }

// Where starts a query with one condition. In takes its values one by one.
func Where(path string, op Op, values ...any) Query { return Query{}.And(path, op, values...) }

// And adds a condition.
func (q Query) And(path string, op Op, values ...any) Query {
	q.Conds = append(slices.Clip(q.Conds), Cond{path, op, values})
	return q
}

// Asc sorts upwards.
func (q Query) Asc(paths ...string) Query { q.Sort, q.Down = paths, false; return q }

// Desc sorts downwards, ids too.
func (q Query) Desc(paths ...string) Query { q.Sort, q.Down = paths, true; return q }

// Only decodes these paths of each document ("state", "terms.graceDays") and the id, for lists that show little of much.
// The rest of the type is zero: such a document is to look at, never to save.
func (q Query) Only(paths ...string) Query { q.Parts = paths; return q }

// citywide adds that a document, which holds in a whole city, holds somewhere in r or in the city r lies in; of a province or wider the
// cities come first in the order. Sort comes after it.
func (q Query) citywide(r models.Region) (Query, []string) {
	if r.Level() < models.Prefecture {
		return q.And("city", Prefix, r), []string{"city"}
	}
	return q.And("city", In, r[:models.Province], r.City()), nil
}

// Page sets the limit and the cursor a client sent; "" is the first page.
func (q Query) Page(limit int, after string) Query { q.Limit, q.After = limit, after; return q }

// size is the page size in force.
func (q Query) size() int {
	switch {
	case q.Limit <= 0:
		return DefaultPage
	case q.Limit > MaxPage:
		return MaxPage
	}
	return q.Limit
}

// A Page is one page of a Find. Next is "" on the last.
type Page[T any] struct {
	Items []*T
	Next  string
}

// An Index of a collection: scalar paths in order. Unique indexes are the real invariants.
// Paths never lead into arrays. A document without a path has null there; for Unique, nulls never clash.
type Index struct {
	Paths  []string
	Unique bool
	Sparse bool // documents without the path are left out; only of one path, and asked for with a value
}

// errNoIndex is what a query that no index serves fails with: a fault of ours, found by tests.
var errNoIndex = errors.New("no index of the collection serves this query")

// IndexFor picks the index that serves q: its Eq and In paths come first in any order, then the Range or Prefix path,
// then (or as that same path) the sort paths in order. Engines may rely on it; Repo refuses a query without one.
// The zero Index with ok stands for the primary key, which serves a query without conditions and without sort.
func (c Collection) IndexFor(q Query) (Index, bool) {
	if len(q.Conds) == 0 && len(q.Sort) == 0 {
		return Index{}, true
	}
	for _, ix := range c.AllIndexes() {
		if serves(ix, q) {
			return ix, true
		}
	}
	return Index{}, false
}

// Along is q with the paths of ix that q leaves open added to its sort, so that documents come just as ix, the index IndexFor
// chose, holds them, and a key says where in it a page ended.
func (q Query) Along(ix Index) Query {
	points := 0
	for _, c := range q.Conds {
		if c.Op == Eq || c.Op == In {
			points++
		}
	}
	if rest := ix.Paths[min(points, len(ix.Paths)):]; len(q.Sort) < len(rest) && slices.Equal(q.Sort, rest[:len(q.Sort)]) {
		q.Sort = slices.Clone(rest)
	}
	return q
}

func serves(ix Index, q Query) bool {
	var points, spans []string
	for _, c := range q.Conds {
		if c.Op == Eq || c.Op == In {
			points = append(points, c.Path)
		} else {
			spans = append(spans, c.Path)
		}
	}
	if len(spans) > 1 || len(points) > len(ix.Paths) {
		return false
	}
	for _, p := range ix.Paths[:len(points)] {
		if !slices.Contains(points, p) {
			return false
		}
	}
	rest := ix.Paths[len(points):]
	want := q.Sort
	if len(spans) == 1 {
		if len(want) == 0 {
			want = spans
		} else if want[0] != spans[0] {
			return false
		}
	}
	return len(want) <= len(rest) && slices.Equal(want, rest[:len(want)])
}

// A Key is where a page ended: the values of the sort paths, then the id.
type Key struct {
	Sort []any  `bson:"s"`
	ID   string `bson:"i"`
}

// A Scan is one reading of a collection along an index.
type Scan struct {
	Query Query // its Limit and After are ignored
	Index Index // the one IndexFor chose
	Limit int   // documents at most
	After *Key  // nil: from the start
}

// cursor writes a key so that a client can carry it.
func cursor(k Key) (string, error) {
	raw, err := bson.Marshal(k)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// key reads the cursor a client sent back. Errors: Invalid "cursor.invalid".
func (q Query) key() (*Key, error) {
	if q.After == "" {
		return nil, nil
	}
	bad := models.Bad("#query/cursor", "cursor", "cursor.invalid")
	raw, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return nil, bad
	}
	var k Key
	if err := bson.Unmarshal(raw, &k); err != nil || len(k.Sort) != len(q.Sort) || k.ID == "" {
		return nil, bad
	}
	for _, v := range k.Sort {
		switch v.(type) {
		case nil, string, int32, int64, bool, bson.DateTime:
		default:
			return nil, bad
		}
	}
	return &k, nil
}
