package sqlite_test

import (
	"path/filepath"
	"testing"

	"xinyi/store"
	"xinyi/store/sqlite"
)

// open opens an engine on a file of its own.
func open(t testing.TB) *sqlite.Engine {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "xinyi.db"))
}

func openAt(t testing.TB, path string) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestSmoke(t *testing.T) {
	e := open(t)
	c := store.Events
	if err := e.Ensure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for name, q := range c.Queries {
		ix, ok := c.IndexFor(q)
		plan, err := e.Explain(t.Context(), c, q, ix)
		t.Logf("%s %v %v %+v %v", name, ok, err, plan, ix)
	}
	s, err := e.Count(t.Context(), c, store.EventsOf("x"), c.Indexes[0])
	t.Log(s, err)
}
