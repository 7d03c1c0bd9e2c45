package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sources reads what the program is made of, so that a result of this test is kept only for as long as nothing of it changes. A file that
// another test takes away meanwhile is none of it.
func sources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "data" || d.Name() == "bin"):
			return filepath.SkipDir
		case d.IsDir() || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		if _, err = os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The quick half of every round, against the real program.
func TestQuickHalf(t *testing.T) {
	sources(t)
	p := plan{seed: 1, most: 2_000, kills: 1, within: 2 * time.Minute, quick: true, memory: 512 << 20, dir: t.TempDir()}
	if err := p.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, r := range rounds {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			seen := p.round(t.Context(), r.run)
			for _, f := range seen.faults {
				t.Error(f)
			}
			t.Logf("%d requests, %d MiB, %v", seen.requests, seen.peak>>20, time.Since(begun).Round(100*time.Millisecond))
			if seen.skipped != "" {
				t.Skip(seen.skipped)
			}
		})
	}
}
