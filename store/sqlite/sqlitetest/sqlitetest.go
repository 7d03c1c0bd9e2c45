// Package sqlitetest opens SQLite engines for tests: each on an empty file of its own, none waiting for the disk.
//
// Only tests may import it.
package sqlitetest

import (
	"path/filepath"
	"testing"

	"xinyi/store/sqlite"
)

// Open opens an empty engine and closes it when t ends.
func Open(t testing.TB) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "xinyi.db"), sqlite.Unsynced())
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
