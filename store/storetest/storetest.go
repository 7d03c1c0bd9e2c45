// Package storetest is what every engine of the store must do, written as code and run by the tests of each engine.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/store"
)

// Options say what a server that an engine is tested against cannot do; the zero Options leave nothing out.
type Options struct {
	NotAtomic    bool // two updates at once may both win: no case with concurrent writers of one document
	NoExplain    bool // explain says nothing of indexes
	NullsClash   bool // unique indexes take null for a value
	NotAllOrNone bool // a refused batch may leave a part behind
	Slow         bool // every access-up scans: fewer documents, fewer rounds
}

// A Case is one thing every engine must do.
type testCase struct {
	name string
	skip string // why the case is left out, "" to run it
	run  func(t *testing.T, f *fixture)
}

// Run runs every case on an engine of its own: open answers an empty one, and closes it when t ends.
func Run(t *testing.T, open func(t *testing.T) store.Engine, opt Options) {
	for _, c := range cases(opt) {
		t.Run(c.name, func(t *testing.T) {
			if c.skip != "" {
				t.Skip(c.skip)
			}
			c.run(t, newFixture(t, open(t), opt))
		})
	}
}

func cases(opt Options) []testCase {
	because := func(skip bool, why string) string {
		if skip {
			return why
		}
		return ""
	}
	contest := because(opt.NotAtomic, "the server's updates are not atomic")
	all := []testCase{
		{"InsertGet", "", testInsertGet},
		{"InsertConflict", "", testInsertConflict},
		{"UniqueNulls", because(opt.NullsClash, "the server takes null for a value of a unique index"), testUniqueNulls},
		{"InsertMany", "", testInsertMany},
		{"InsertManyAllOrNone", because(opt.NotAllOrNone, "the server keeps a part of a refused batch"), testInsertManyAllOrNone},
		{"Update", "", testUpdate},
		{"UpdateConflict", "", testUpdateConflict},
		{"Replace", "", testReplace},
		{"Delete", "", testDelete},
		{"Times", "", testTimes},
		{"Cancelled", "", testCancelled},
		{"LostUpdate", contest, testLostUpdate},
		{"Stale", contest, testStale},
		{"Places", contest, testPlaces},
		{"Operators", "", testOperators},
		{"RangeBorders", "", testRangeBorders},
		{"Prefix", "", testPrefix},
		{"PagesWhileInserting", "", testPagesWhileInserting},
		{"Refused", "", testRefused},
		{"CursorForged", "", testCursorForged},
		{"EachResumes", "", testEachResumes},
		{"QueriesAgainstOracle", "", testOracle},
		{"ManyIns", "", testManyIns},
		{"CountBy", "", testCountBy},
		{"Claim", "", testClaim},
		{"ClaimByTwoRelays", contest, testTwoRelays},
		{"Touch", "", testTouch},
		{"Moments", "", testMoments},
		{"Wake", "", testWake},
		{"Gone", "", testGone},
		{"Expire", "", testExpire},
		{"IndexLater", "", testIndexLater},
		{"EnsureAgain", "", testEnsureAgain},
		{"Explain", because(opt.NoExplain, "the server's explain says nothing of indexes"), testExplain},
		{"Empty", "", testEmpty},
		{"Closed", "", testClosed},
	}
	return all
}

// ExplainAll asks the engine how it serves every named query of colls: each must be served by an index.
func ExplainAll(t *testing.T, e store.Engine, colls []store.Collection) {
	t.Helper()
	for _, c := range colls {
		if err := e.Ensure(t.Context(), c); err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		for name, q := range c.AllQueries() {
			t.Run(c.Name+"/"+name, func(t *testing.T) {
				ix, ok := c.IndexFor(q)
				if !ok {
					t.Fatalf("no index of %s serves %+v", c.Name, q)
				}
				plan, err := e.Explain(t.Context(), c, q, ix)
				if err != nil {
					t.Fatal(err)
				}
				if !plan.Indexed {
					t.Errorf("%+v by %v is not served by an index:\n%s", q, ix.Paths, plan.Detail)
				}
			})
		}
	}
}

// A thing is the document of the cases. Its pointers are null when nil.
type thing struct {
	models.Meta `bson:",inline"`

	Shop  string      `bson:"shop"`
	State *string     `bson:"state,omitempty"`
	DueAt *time.Time  `bson:"dueAt,omitempty"`
	Rank  *int64      `bson:"rank,omitempty"`
	Open  bool        `bson:"open"`
	No    *string     `bson:"no,omitempty"`
	Deep  deep        `bson:"deep"`
	Count int         `bson:"count"`
	Woken []time.Time `bson:"woken,omitempty"`
}

type deep struct {
	Name string `bson:"name"`
}

// Wake notes the time and wakes once more a day later, at most three times.
func (v *thing) Wake(now time.Time) error {
	v.Woken = append(v.Woken, now)
	v.WakeAt = nil
	if len(v.Woken) < 3 {
		v.WakeAt = models.At(now.Add(24 * time.Hour))
	}
	return nil
}

var things = store.Collection{
	Name: "things",
	Indexes: []store.Index{
		{Paths: []string{"shop", "state", "dueAt"}},
		{Paths: []string{"open", "rank"}},
		{Paths: []string{"deep.name"}},
		{Paths: []string{"createdAt"}},
		{Paths: []string{"no"}, Unique: true},
		{Paths: []string{"shop", "no"}, Unique: true},
	},
	Queries: map[string]store.Query{
		"OfShop":   store.Where("shop", store.Eq, "a").And("state", store.In, "x", "y").Desc("dueAt"),
		"NoOfShop": store.Where("shop", store.Eq, "a").Asc("no"),
		"ByNo":     store.Where("no", store.In, "1", "2"),
	},
}

// noon is when the cases begin.
var noon = time.Date(2026, 3, 1, 4, 0, 0, 123_000_000, time.UTC)

// A fixture is an engine with things on it and a clock that the case moves.
type fixture struct {
	engine store.Engine
	store  *store.Store
	things *store.Repo[thing]
	opt    Options

	mu  sync.Mutex
	now time.Time
}

func newFixture(t *testing.T, e store.Engine, opt Options) *fixture {
	t.Helper()
	f := &fixture{engine: e, opt: opt, now: noon}
	f.store = store.New(e, f.clock, store.TestKeys())
	f.things = store.NewRepo[thing](f.store, things)
	if err := f.store.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

// some is n, or less where every access-up scans.
func (f *fixture) some(n int) int {
	if f.opt.Slow {
		return max(4, n/8)
	}
	return n
}

func (f *fixture) insert(t *testing.T, vs ...*thing) {
	t.Helper()
	for _, v := range vs {
		if err := f.things.Insert(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *fixture) get(t *testing.T, id string) *thing {
	t.Helper()
	v, err := f.things.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// all reads every page of q, size documents a page.
func (f *fixture) all(ctx context.Context, q store.Query, size int) ([]string, error) {
	var ids []string
	for q = q.Page(size, ""); ; {
		page, err := f.things.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(page.Items) > size {
			return nil, fmt.Errorf("a page of %d, asked for %d", len(page.Items), size)
		}
		for _, v := range page.Items {
			ids = append(ids, v.ID)
		}
		if q.After = page.Next; page.Next == "" {
			return ids, nil
		}
	}
}

func (f *fixture) wantIDs(t *testing.T, q store.Query, want ...string) {
	t.Helper()
	for _, size := range []int{1, 2, store.MaxPage} {
		got, err := f.all(t.Context(), q, size)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v in pages of %d = %v, want %v", q, size, got, want)
		}
	}
}

func wantCode(t *testing.T, err error, want models.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("err = %v, want %s", err, want)
	}
}

func thingOf(id string) *thing { return &thing{Meta: models.Meta{ID: id}} }

func ptr[T any](v T) *T { return &v }
