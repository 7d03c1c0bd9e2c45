// Package store is where documents live. Two engines keep the same BSON bytes and behave alike:
// store/mongodb for a city, store/sqlite for a county, a laptop and the tests. What every engine must
// do is written down as code in store/storetest.
//
// A capability has one file here: its collections, their indexes and its named queries. Every query is
// served by a declared index, so the cost of a request does not grow with the city.
package store

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/models/job"
)

// A Collection declares where documents of one type live and how they are found.
type Collection struct {
	Name    string
	Job     string // the kind of job its documents are, "farmer.import"; "" for none
	Indexes []Index
	Queries map[string]Query // a sample of every named query; the explain test asks both engines about each
}

// headIndexes are on every collection. On both engines they hold only documents that have the path.
var headIndexes = []Index{{Paths: []string{"tellAt"}, Sparse: true}, {Paths: []string{"wakeAt"}, Sparse: true},
	{Paths: []string{"goneAt"}, Sparse: true}}

// jobIndex is on every collection of jobs: it holds only those under way.
var jobIndex = Index{Paths: []string{"working"}, Sparse: true}

// AllIndexes are the declared indexes and those every collection has.
func (c Collection) AllIndexes() []Index {
	all := append(slices.Clone(c.Indexes), headIndexes...)
	if c.Job != "" {
		all = append(all, jobIndex)
	}
	return all
}

// AllQueries are samples of the named queries and of those every collection of its kind has.
func (c Collection) AllQueries() map[string]Query {
	all := map[string]Query{}
	maps.Copy(all, c.Queries)
	if c.Job != "" {
		all["JobsIn"] = JobsIn(job.Stalled)
	}
	return all
}

// An Engine keeps documents as BSON. It knows no types and decides nothing. All methods are safe for concurrent use.
type Engine interface {
	// Ensure makes the collections and their indexes; it may run at every start.
	Ensure(ctx context.Context, cs ...Collection) error

	// Insert keeps new documents, all or none. models.Conflict if an id or a unique index value is taken.
	Insert(ctx context.Context, c Collection, docs ...bson.Raw) error

	// Get reads one document. models.NotFound if there is none.
	Get(ctx context.Context, c Collection, id string) (bson.Raw, error)

	// Replace saves doc if the stored document still has the version read, and answers whether it did.
	// models.Conflict if a unique index value is taken. A missing document is false, nil.
	Replace(ctx context.Context, c Collection, id string, read int64, doc bson.Raw) (bool, error)

	// Delete removes documents; an id that is not there is no error.
	Delete(ctx context.Context, c Collection, ids ...string) error

	// Expire removes those of the documents whose goneAt is at or before now: one that was saved anew in between stays.
	Expire(ctx context.Context, c Collection, now time.Time, ids ...string) error

	// Find reads the documents of a scan, in its query's order.
	Find(ctx context.Context, c Collection, s Scan) ([]bson.Raw, error)

	// Count counts the documents of q.
	Count(ctx context.Context, c Collection, q Query, ix Index) (int64, error)

	// CountBy counts the documents of q by the values of a string path.
	CountBy(ctx context.Context, c Collection, path string, q Query, ix Index) (map[string]int64, error)

	// Explain says how the engine would serve q.
	Explain(ctx context.Context, c Collection, q Query, ix Index) (Plan, error)

	// Empty says whether no collection holds a document, whoever made it.
	Empty(ctx context.Context) (bool, error)

	// Ping says whether the engine answers.
	Ping(ctx context.Context) error

	Close() error
}

// A Plan is what an engine's explain says of a query.
type Plan struct {
	Indexed bool   // an index serves conditions and order; nothing is scanned whole or sorted in memory
	Detail  string // the engine's own words
}

// Store opens repos on one engine.
type Store struct {
	Engine Engine
	Now    func() time.Time // the one clock, handed in from server
	Keys   *Keys            // encrypts models.Secret
	Lease  time.Duration    // how long a save with events is left to the replica that made it

	mu       sync.Mutex
	repos    []AnyRepo
	horizons map[string]*horizon // of the collections by name
	publish  func(ctx context.Context, f AnyRepo, id string)
}

// New makes a store on an engine.
func New(e Engine, now func() time.Time, keys *Keys) *Store {
	return &Store{Engine: e, Now: now, Keys: keys, Lease: 30 * time.Second}
}

// OnSave sets who is called after a save that claimed the telling of its events: the relay.
// It is set once, before the first request.
func (s *Store) OnSave(tell func(ctx context.Context, f AnyRepo, id string)) { s.publish = tell }

// Collections are the opened repos, in the order they were opened.
func (s *Store) Collections() []AnyRepo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.repos)
}

// Ensure makes every opened collection and its indexes.
func (s *Store) Ensure(ctx context.Context) error {
	var all []Collection
	for _, f := range s.Collections() {
		all = append(all, f.Collection())
	}
	return s.Engine.Ensure(ctx, all...)
}

// A AnyRepo is a repo without its type: what the relay, the sweep and the tests need of every collection.
type AnyRepo interface {
	Collection() Collection

	// Untold, Due and Gone list ids whose tellAt, wakeAt or goneAt is at or before now, the earliest first.
	Untold(ctx context.Context, now time.Time, limit int) ([]string, error)
	Due(ctx context.Context, now time.Time, limit int) ([]string, error)
	Gone(ctx context.Context, now time.Time, limit int) ([]string, error)

	// Known is the earliest moment as far as this process knows, nil for none; Earliest reads it; Forget has it read anew.
	Known(m Moment) (at *time.Time, sure bool)
	Earliest(ctx context.Context, m Moment) (*time.Time, error)
	Forget()

	// Sleeps says whether documents of the collection wake.
	Sleeps() bool

	// Peek reads the head of a document.
	Peek(ctx context.Context, id string) (*models.Meta, error)

	// Touch changes the head alone: the version moves, the revision and UpdatedAt do not, and nobody is told.
	Touch(ctx context.Context, id string, change func(*models.Meta) error) error

	// Recode saves a document anew, its secrets under the primary key; revision and UpdatedAt stay, and nobody is told.
	Recode(ctx context.Context, id string) error

	// Wake lets a document do what is due by now; one that is not due any more is left alone.
	Wake(ctx context.Context, id string, now time.Time) error

	// Expire removes those of the documents whose goneAt is at or before now.
	Expire(ctx context.Context, now time.Time, ids ...string) error
}
