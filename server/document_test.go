package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

// TestTheRealRoutesCanBeDescribed finds what only describing a route shows; a start does not describe them.
func TestTheRealRoutesCanBeDescribed(t *testing.T) {
	t.Parallel()
	a := begin(t)
	document, err := a.router.Document()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(document))
	if n := bytes.Count(document, []byte("application/problem+json")); n > 12 {
		t.Errorf("problems are written out %d times: they belong into the shared responses", n)
	}
}

func TestCommandsThatServeNothingHaveNoRouter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg, err := ReadConfig([]string{"DATA_DIR=" + dir, "KEYS_PATH=" + filepath.Join(dir, "keys.json")})
	if err != nil {
		t.Fatal(err)
	}
	a, err := assemble(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer a.outside.close()
	if a.router != nil {
		t.Error("the router is made before anything is served")
	}
	if err := a.store.Engine.Close(); err != nil {
		t.Error(err)
	}
}
