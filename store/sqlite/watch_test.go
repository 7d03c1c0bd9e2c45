package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/store"
	"xinyi/store/sqlite"
)

// A watched engine, its folder and a clock that the test moves.
type watched struct {
	*store.Watch
	engine *sqlite.Engine
	dir    string
	mu     sync.Mutex
	now    time.Time
}

func watch(t *testing.T) *watched {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	w := &watched{engine: openAt(t, filepath.Join(dir, "xinyi.db")), dir: dir, now: time.UnixMilli(1_700_000_000_000)}
	w.Watch = store.NewWatch(w.engine, func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	})
	if err := w.Ensure(t.Context(), counters); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 { // a file of some hundred pages
		if err := w.Insert(t.Context(), counters, counter(fmt.Sprintf("%04d", i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// passes moves the clock on, past the answers of tries.
func (w *watched) passes() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Minute)
}

// is checks what all who ask hear: "" that the engine can be written, else the reason it cannot.
func (w *watched) is(ctx context.Context, t *testing.T, reason string) {
	t.Helper()
	w.passes()
	for name, err := range map[string]error{"Ping": w.Ping(ctx), "Writable": w.Writable(ctx)} {
		var e *models.Error
		switch {
		case reason == "" && err != nil:
			t.Errorf("%s = %v", name, err)
		case reason != "" && (!errors.As(err, &e) || e.Reason != reason || e.Code != models.Unavailable || e.RetryAfter == 0):
			t.Errorf("%s = %v, want %s", name, err, reason)
		}
	}
}

// A full disk refuses writes and lets reads go on; room heals it.
func TestWatchFull(t *testing.T) {
	t.Parallel()
	w, ctx := watch(t), t.Context()
	w.is(ctx, t, "")
	if err := w.engine.Bound(ctx, 1); err != nil {
		t.Fatal(err)
	}
	var e *models.Error
	for i := 0; i < 5000 && e == nil; i++ { // until the free pages are used up
		if err := w.Insert(ctx, counters, counter(fmt.Sprintf("more%04d", i), 1)); err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
	}
	if e == nil || e.Reason != store.Full {
		t.Errorf("Insert = %v, want %s", e, store.Full)
	}
	if err := w.Writable(ctx); err == nil {
		t.Error("after a refused write the next is let in")
	}
	w.is(ctx, t, store.Full)
	if _, err := w.Get(ctx, counters, "0001"); err != nil {
		t.Errorf("a read: %v", err)
	}
	if err := w.engine.Bound(ctx, 0); err != nil {
		t.Fatal(err)
	}
	w.is(ctx, t, "")
}

// A folder that is gone takes no more writes, which nobody would ever read; reads go on, and so does everything once it is back.
func TestWatchGone(t *testing.T) {
	t.Parallel()
	w, ctx := watch(t), t.Context()
	if err := os.Rename(w.dir, w.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := w.Insert(ctx, counters, counter("lost", 1)); err == nil {
		t.Error("a write into nowhere was acknowledged")
	}
	w.is(ctx, t, store.Gone)
	if _, err := w.Get(ctx, counters, "0001"); err != nil {
		t.Errorf("a read: %v", err)
	}
	if err := os.Rename(w.dir+"-away", w.dir); err != nil {
		t.Fatal(err)
	}
	w.is(ctx, t, "")
}

// A corrupt page that somebody meets is told, and stays told until the file is whole again, whatever else is written.
func TestWatchCorrupt(t *testing.T) {
	t.Parallel()
	w, ctx := watch(t), t.Context()
	path := filepath.Join(w.dir, "xinyi.db")
	if err := w.engine.Close(); err != nil { // everything is in the file now
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.engine = openAt(t, path)
	w.Engine = w.engine
	if err := w.Ensure(ctx, counters); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := int64(len(whole) / 4 / 4096 * 4096)
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, len(whole)/2), at); err != nil {
		t.Fatal(err)
	}
	met := 0
	for i := range 2000 {
		if _, err := w.Get(ctx, counters, fmt.Sprintf("%04d", i)); err != nil {
			met++
		}
	}
	if met == 0 {
		t.Fatal("nobody met a corrupt page")
	}
	w.is(ctx, t, store.Corrupt)
	if _, err := f.WriteAt(whole[at:], at); err != nil {
		t.Fatal(err)
	}
	w.is(ctx, t, "")
}

// Whoever asks often has the engine written to seldom.
func TestWatchIsSparing(t *testing.T) {
	t.Parallel()
	w, ctx := watch(t), t.Context()
	if err := w.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	before := walSize(t, w.dir)
	for range 1000 {
		if err := errors.Join(w.Ping(ctx), w.Writable(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	if after := walSize(t, w.dir); after != before {
		t.Errorf("1000 questions within a moment made the log grow from %d to %d bytes", before, after)
	}
}

func walSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "xinyi.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
