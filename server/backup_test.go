package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"xinyi/models/identity"
)

// said runs a command over a folder.
func said(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	var out, faults strings.Builder
	code := run(t.Context(), args, []string{"DATA_DIR=" + dir, "SANDBOX=true", "LOG_LEVEL=ERROR"}, &out, &faults)
	return code, out.String() + faults.String()
}

// TestBackupUnderLoad: a copy made while people sign in is whole, holds everything that was answered before it began, and becomes a store that
// answers as the first did.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	a := program(t, settingsOf(t, dir))
	var known []string // answered before the copy began
	var begun atomic.Bool
	var mu sync.Mutex
	var group sync.WaitGroup
	full := make(chan struct{})
	for worker := range 4 {
		group.Go(func() {
			c := cityAt(t, a.URL())
			for i := range 40 {
				phone := fmt.Sprintf("1380%d%06d", worker, i)
				before := !begun.Load()
				c.must(202, "", "POST", "/v1/auth/codes", m{"phone": phone})
				code := c.must(200, "", "GET", "/v1/sandbox/codes/"+phone, nil)["code"]
				id := c.must(200, "", "POST", "/v1/auth/sessions", m{"phone": phone, "code": code, "device": "test"})["person"].(m)["id"].(string)
				mu.Lock()
				if before && !begun.Load() {
					known = append(known, id)
				}
				if len(known) == 30 {
					select {
					case <-full:
					default:
						close(full)
					}
				}
				mu.Unlock()
			}
		})
	}
	<-full
	mu.Lock()
	begun.Store(true)
	sure := append([]string(nil), known...)
	mu.Unlock()
	file := filepath.Join(t.TempDir(), "xinyi.backup")
	code, text := said(t, dir, "backup", file)
	group.Wait()
	if code != 0 || !strings.Contains(text, "looked through") || !strings.Contains(text, filepath.Join(dir, "keys.json")) {
		t.Fatalf("backup: %d %s", code, text)
	}
	if code, text := said(t, dir, "backup", file); code != 1 || !strings.Contains(text, "already") {
		t.Errorf("over another backup: %d %s", code, text)
	}
	if code, text := said(t, dir, "restore", file); code != 1 || !strings.Contains(text, "already") {
		t.Errorf("over a store: %d %s", code, text)
	}
	if code, text := said(t, dir, "check", file); code != 0 {
		t.Errorf("check of the backup: %d %s", code, text)
	}
	again := filepath.Join(t.TempDir(), "again")
	if code, text := said(t, again, "restore", file); code != 0 || !strings.Contains(text, "KEYS_PATH") {
		t.Fatalf("restore: %d %s", code, text)
	}
	if code, text := said(t, again, "check"); code != 1 {
		t.Errorf("without its keys: %d %s", code, text)
	}
	for _, keys := range []string{"keys.json", "token-keys.json", "seals.json"} {
		raw, err := os.ReadFile(filepath.Join(dir, keys))
		if err == nil {
			err = os.WriteFile(filepath.Join(again, keys), raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if code, text := said(t, again, "check"); code != 0 || !strings.Contains(text, "agree to the fen") {
		t.Fatalf("check: %d %s", code, text)
	}
	b := program(t, settingsOf(t, again))
	for _, id := range sure {
		was, err := a.repos.Identity.People.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		is, err := b.repos.Identity.People.Get(t.Context(), id)
		if err != nil || is.Phone.Reveal() != was.Phone.Reveal() || is.State != identity.Known {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestBackupOfWhatIsBroken: a page that is not what was written is no backup and no store.
func TestBackupOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	file := filepath.Join(dir, "xinyi.db")
	if code, text := said(t, dir, "backup", filepath.Join(dir, "good")); code != 0 {
		t.Fatalf("backup: %d %s", code, text)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "good"))
	if err != nil {
		t.Fatal(err)
	}
	for i := len(raw) / 2; i < len(raw)/2+3*4096; i++ {
		raw[i] ^= 0xA5
	}
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	for _, line := range [][]string{{"check", bad}, {"restore", bad}} {
		if code, text := said(t, empty, line...); code != 1 {
			t.Errorf("%v: %d %s", line, code, text)
		}
	}
	if _, err := os.Stat(filepath.Join(empty, "xinyi.db")); err == nil {
		t.Error("a store was made of it")
	}
	if left, err := filepath.Glob(filepath.Join(empty, ".restore-*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left behind: %v", left, err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text := said(t, dir, "backup", filepath.Join(dir, "worse")); code != 1 {
		t.Errorf("a backup of a broken store: %d %s", code, text)
	}
}

// TestFilesAreNobodyElses: also those that were there before.
func TestFilesAreNobodyElses(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	for _, open := range []string{dir, filepath.Join(dir, "xinyi.db")} {
		if err := os.Chmod(open, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program(t, settingsOf(t, dir))
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v %v", info.Mode(), err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "xinyi.db*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v %v", files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", f, info.Mode(), err)
		}
	}
}

// TestBackupOfMongoDB says how, and does nothing by half.
func TestBackupOfMongoDB(t *testing.T) {
	t.Parallel()
	var out, faults strings.Builder
	keys := t.TempDir() + "/"
	environ := []string{"MONGODB_URI=mongodb://127.0.0.1:1/xinyi", "KEYS_PATH=" + keys + "k", "SEALS_PATH=" + keys + "s", "TOKEN_KEYS_PATH=" + keys + "t"}
	for command, want := range map[string]string{"backup": "mongodump", "restore": "mongorestore"} {
		if code := run(t.Context(), []string{command, "file"}, environ, &out, &faults); code != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %d %s %s", command, code, out.String(), faults.String())
		}
	}
}
