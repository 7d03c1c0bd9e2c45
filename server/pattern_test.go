package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// patternDir is a folder for pattern, which TestMain makes and removes.
var patternDir string

// pattern fills patternDir with a demo city that nobody has visited, once; everything of it is then in files that may be copied.
var pattern = sync.OnceValue(func() error {
	cfg, err := settingsAt(patternDir)
	if err != nil {
		return err
	}
	a, err := Open(context.Background(), cfg, true)
	if err != nil {
		return err
	}
	return a.Close()
})

// cityDir is a folder with a demo city of the test's own.
func cityDir(t *testing.T) string {
	t.Helper()
	if err := pattern(); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(patternDir)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(patternDir, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.Name()), raw, 0o600) // keys that others may read are refused
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// settingsAt are those of a sandbox in dir that answers as fast as it is asked and does not wait for the disk.
func settingsAt(dir string) (Config, error) {
	cfg, err := ReadConfig([]string{"ADDR=127.0.0.1:0", "OPS_ADDR=off", "DATA_DIR=" + dir, "SANDBOX=true", "LOG_LEVEL=ERROR", "RATE_PERSON=0", "RATE_CLIENT=0", "RATE_ADDRESS=0"})
	cfg.unsynced = true
	return cfg, err
}

func settingsOf(t *testing.T, dir string) Config {
	t.Helper()
	cfg, err := settingsAt(dir)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
