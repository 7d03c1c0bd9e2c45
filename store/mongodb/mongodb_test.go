package mongodb

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"xinyi/models"
	"xinyi/store"
	"xinyi/store/storetest"
)

func TestEngine(t *testing.T) {
	uri := os.Getenv("TEST_MONGODB_URI")
	if uri == "" {
		t.Skip("TEST_MONGODB_URI names no server; store/mongodb/ferrettest runs the same cases without one")
	}
	if _, err := connstring.ParseAndValidate(uri); err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t *testing.T) store.Engine {
		e, err := Open(t.Context(), uri)
		if err != nil {
			t.Fatal(err)
		}
		e.db = e.client.Database("xinyi_test_" + uuid.NewString()[:8])
		t.Cleanup(func() {
			// a case may have closed the engine, so another connection cleans up
			other, err := Open(context.Background(), uri, SkipContest())
			if err != nil {
				t.Fatal(err)
			}
			if err := other.client.Database(e.db.Name()).Drop(context.Background()); err != nil {
				t.Error(err)
			}
			_ = other.Close()
			_ = e.Close()
		})
		return e
	}, storetest.Options{})
}

// A server in memory: atomic.
type server struct {
	mu  sync.Mutex
	doc bson.Raw
}

func (s *server) Insert(_ context.Context, _ store.Collection, docs ...bson.Raw) error {
	s.doc = docs[0]
	return nil
}

func (s *server) Get(context.Context, store.Collection, string) (bson.Raw, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doc, nil
}

func (s *server) Delete(context.Context, store.Collection, ...string) error { return nil }

func (s *server) Replace(_ context.Context, _ store.Collection, _ string, read int64, doc bson.Raw) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	version := s.doc.Lookup("version").AsInt64()
	if version == read {
		s.doc = doc
	}
	return version == read, nil
}

func TestContest(t *testing.T) {
	if err := contest(t.Context(), &server{}); err != nil {
		t.Errorf("an atomic server: %v", err)
	}
	s := &server{}
	first, err := scratch("x", 0)
	if err != nil {
		t.Fatal(err)
	}
	err = contest(t.Context(), &latecomer{server: s, stale: first})
	if !errors.Is(err, ErrNotAtomic) || !errors.Is(err, models.Unavailable) {
		t.Errorf("a server that loses updates: %v", err)
	}
}

// A latecomer shows its second reader the version before the first save, as two racers who read at once see it.
type latecomer struct {
	*server
	stale bson.Raw
	gets  int
}

func (l *latecomer) Get(ctx context.Context, c store.Collection, id string) (bson.Raw, error) {
	l.mu.Lock()
	l.gets++
	late := l.gets <= 2
	l.mu.Unlock()
	if late {
		return l.stale, nil
	}
	return l.server.Get(ctx, c, id)
}

func (l *latecomer) Replace(_ context.Context, _ store.Collection, _ string, read int64, doc bson.Raw) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.server.doc.Lookup("version").AsInt64() == read || read == 0 { // what looked at version 0 wins, whoever came before
		l.doc = doc
		return true, nil
	}
	return false, nil
}

func TestAfterPrefix(t *testing.T) {
	for prefix, want := range map[string]any{"a": "b", "430181": "430182", "浏": "浐", "a\U0010FFFF": "b", "\uD7FF": "\uE000", "\U0010FFFF": nil, "": nil} {
		if got := after(prefix); got != want {
			t.Errorf("after(%q) = %v, want %v", prefix, got, want)
		}
	}
}

func TestClashed(t *testing.T) {
	for text, want := range map[string]string{
		"E11000 duplicate key error collection: x.things index: unique_shop,no dup key: { shop: \"a\" }": "shop,no",
		"E11000 duplicate key error collection: x.things index: _id_ dup key: { _id: \"a\" }":            "_id",
		"E11000 duplicate key error collection: x.things":                                                "unnamed",
	} {
		if got := clashed(text); got != want {
			t.Errorf("clashed(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPlansOfExplain(t *testing.T) {
	plan := func(names ...string) bson.RawValue {
		inner := bson.D{}
		for i := len(names) - 1; i >= 0; i-- {
			inner = bson.D{{Key: "stage", Value: names[i]}, {Key: "inputStage", Value: inner}}
		}
		raw, err := bson.Marshal(bson.D{{Key: "p", Value: bson.D{{Key: "queryPlan", Value: inner}}}})
		if err != nil {
			t.Fatal(err)
		}
		return bson.Raw(raw).Lookup("p")
	}
	for name, tc := range map[string]struct {
		plan bson.RawValue
		want bool
	}{
		"by index":           {plan("LIMIT", "FETCH", "IXSCAN"), true},
		"sorted in memory":   {plan("SORT", "FETCH", "IXSCAN"), false},
		"the whole":          {plan("LIMIT", "COLLSCAN"), false},
		"nothing understood": {plan(), false},
	} {
		if got := indexed(stages(tc.plan)); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestBadAddress(t *testing.T) {
	if _, err := Open(t.Context(), "postgres://localhost"); !errors.Is(err, models.Invalid) {
		t.Errorf("Open = %v", err)
	}
}
