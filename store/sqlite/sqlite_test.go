package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"xinyi/models"
	"xinyi/store"
	"xinyi/store/sqlite"
	"xinyi/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Engine { return open(t) }, storetest.Options{})
}

func TestSecondOpenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "xinyi.db")
	e := openAt(t, path)
	_, err := sqlite.Open(t.Context(), path)
	var known *models.Error
	if !errors.As(err, &known) || known.Code != models.Unavailable || known.Reason != "store.in_use" {
		t.Fatalf("a second Open = %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}
