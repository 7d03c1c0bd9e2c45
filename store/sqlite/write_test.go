package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

var notes = store.Collection{Name: "notes", Indexes: []store.Index{{Paths: []string{"no"}, Unique: true}}}

func note(id, no string, pad int) bson.Raw {
	raw, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "version", Value: int64(1)}, {Key: "no", Value: no}, {Key: "pad", Value: strings.Repeat("x", pad)}})
	if err != nil {
		panic(err)
	}
	return raw
}

func openNotes(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(t.Context(), filepath.Join(t.TempDir(), "xinyi.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := e.Ensure(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	return e
}

// hold keeps the writer busy with a write of its own until release is called, so that what is submitted meanwhile
// becomes one group.
func hold(t *testing.T, e *Engine) (release func()) {
	t.Helper()
	begun, wait, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		if err := e.submit(t.Context(), 1, true, func(*conn) error { close(begun); <-wait; return nil }); err != nil {
			t.Error(err)
		}
	}()
	<-begun
	return func() { close(wait); <-ended }
}

// queued waits until n writes stand in the queue.
func queued(e *Engine, n int) {
	for len(e.queue) < n {
		runtime.Gosched()
	}
}

func count(t *testing.T, e *Engine) int64 {
	t.Helper()
	n, err := e.Count(t.Context(), notes, store.All(), store.Index{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// group submits writes that become one group, and answers what each was told.
func group(t *testing.T, e *Engine, writes ...func() error) []error {
	t.Helper()
	release := hold(t, e)
	answers := make([]error, len(writes))
	var wg sync.WaitGroup
	for i, w := range writes {
		wg.Go(func() { answers[i] = w() })
		queued(e, i+1) // in this order
	}
	release()
	wg.Wait()
	return answers
}

func TestGroupHasResultsOfItsOwn(t *testing.T) {
	e := openNotes(t)
	ctx, cancel := context.WithCancel(t.Context())
	insert := func(ctx context.Context, docs ...bson.Raw) func() error {
		return func() error { return e.Insert(ctx, notes, docs...) }
	}
	answers := group(t, e,
		insert(t.Context(), note("1", "a", 1)),
		insert(t.Context(), note("2", "a", 1)),                                       // clashes with the first
		insert(t.Context(), note("3", "c", 1), note("4", "d", 1), note("1", "e", 1)), // its last clashes
		func() error { queued(e, 3); return insert(ctx, note("5", "f", 1))() },
		func() error { queued(e, 4); cancel(); return insert(t.Context(), note("6", "c", 1))() }, // free again: 3 was undone
	)
	for i, want := range []error{nil, models.Conflict, models.Conflict, models.Unavailable, nil} {
		if !errors.Is(answers[i], want) {
			t.Errorf("write %d = %v, want %v", i, answers[i], want)
		}
	}
	if n := count(t, e); n != 2 {
		t.Errorf("%d documents, want the first and the last write", n)
	}
	var known *models.Error
	if !errors.As(answers[1], &known) || known.Args["index"] != "no" || !errors.As(answers[2], &known) || known.Args["index"] != "_id" {
		t.Errorf("the conflicts do not name their index: %v, %v", answers[1], answers[2])
	}
}

// TestFullDisk lets the file grow no further in the middle of a group: all of the group fail, nothing of it is kept,
// and once there is room again writing goes on.
func TestFullDisk(t *testing.T) {
	e := openNotes(t)
	limit := func(pages int) {
		err := e.submit(t.Context(), 1, true, func(w *conn) error {
			return w.once(fmt.Sprintf("PRAGMA max_page_count = %d", pages), nil, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit(40)
	answers := group(t, e,
		func() error { return e.Insert(t.Context(), notes, note("1", "a", 10)) },
		func() error { return e.Insert(t.Context(), notes, note("2", "b", 400_000)) },
		func() error { return e.Insert(t.Context(), notes, note("3", "c", 10)) },
	)
	for i, err := range answers {
		if !errors.Is(err, models.Unavailable) {
			t.Errorf("write %d = %v, want unavailable", i, err)
		}
	}
	if n := count(t, e); n != 0 {
		t.Errorf("%d documents of a failed group were kept", n)
	}
	limit(1 << 20)
	if err := e.Insert(t.Context(), notes, note("2", "b", 400_000)); err != nil {
		t.Errorf("after there is room again: %v", err)
	}
}

func TestCloseWritesWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xinyi.db")
	e, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Ensure(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	release := hold(t, e)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := e.Insert(t.Context(), notes, note(fmt.Sprint(i), fmt.Sprint(i), 1)); err != nil {
				t.Error(err)
			}
		})
	}
	queued(e, 50)
	wg.Go(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	release()
	wg.Wait()
	if err := e.Insert(t.Context(), notes, note("late", "late", 1)); !errors.Is(err, models.Unavailable) {
		t.Errorf("a write after Close = %v", err)
	}
	if e, err = Open(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if err := e.Ensure(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	if n := count(t, e); n != 50 {
		t.Errorf("%d of 50 waiting writes were kept", n)
	}
}

// TestUniqueIndexOverDuplicates: a unique index that the documents contradict is refused, and nothing changes.
func TestUniqueIndexOverDuplicates(t *testing.T) {
	e := openNotes(t)
	plain := store.Collection{Name: "plain"}
	if err := e.Ensure(t.Context(), plain); err != nil {
		t.Fatal(err)
	}
	if err := e.Insert(t.Context(), plain, note("1", "a", 1), note("2", "a", 1)); err != nil {
		t.Fatal(err)
	}
	err := e.Ensure(t.Context(), store.Collection{Name: "plain", Indexes: notes.Indexes})
	if !errors.Is(err, models.Conflict) {
		t.Fatalf("Ensure = %v, want conflict", err)
	}
	if err := e.Insert(t.Context(), plain, note("3", "a", 1)); err != nil {
		t.Errorf("the collection as it was declared: %v", err)
	}
}

// FuzzAfter: the bound of a prefix is above every text that starts with it and not above any other.
func FuzzAfter(f *testing.F) {
	f.Add("信", "信易")
	f.Add("a\xff", "b")
	f.Add("\xff\xff", "\xff")
	f.Fuzz(func(t *testing.T, prefix, s string) {
		bound := after(prefix)
		inside := s >= prefix && (bound == nil || s < bound.(string))
		if inside != strings.HasPrefix(s, prefix) {
			t.Errorf("prefix %q, bound %q: %q inside is %v", prefix, bound, s, inside)
		}
	})
}
