package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
	"xinyi/store"
)

var cards = store.Collection{Name: "cards", Indexes: []store.Index{
	{Paths: []string{"no"}, Unique: true}, {Paths: []string{"state", "dueAt"}}, {Paths: []string{"owner.id", "n"}}, {Paths: []string{"open"}},
}}

func card(version int64, more ...bson.E) bson.Raw {
	doc := bson.D{{Key: "_id", Value: "1"}, {Key: "version", Value: version}}
	raw, err := bson.Marshal(append(doc, more...))
	if err != nil {
		panic(err)
	}
	return raw
}

// written are the columns the last update of a table wrote for the first time, "" for none new.
func written(t *testing.T, e *Engine, seen map[string]bool) (columns []string) {
	t.Helper()
	tab, err := e.table(cards)
	if err != nil {
		t.Fatal(err)
	}
	for set := range tab.patches {
		if seen[set] {
			continue
		}
		seen[set] = true
		for i, p := range tab.paths {
			if set[i] == 1 {
				columns = append(columns, p)
			}
		}
	}
	slices.Sort(columns)
	return columns
}

// TestReplaceWritesWhatChanged: an update names the index columns with another value and no others, whatever their types.
func TestReplaceWritesWhatChanged(t *testing.T) {
	e := openNotes(t)
	if err := e.Ensure(t.Context(), cards); err != nil {
		t.Fatal(err)
	}
	due := time.UnixMilli(1_700_000_000_000)
	base := map[string]any{"no": "a\x00b", "state": "open", "dueAt": due, "owner": bson.D{{Key: "id", Value: "信"}}, "n": int64(7), "open": true}
	doc := func(version int64, key string, v any) bson.Raw {
		var all []bson.E
		for k, old := range base {
			if k == key {
				old = v
			}
			all = append(all, bson.E{Key: k, Value: old})
		}
		return card(version, all...)
	}
	if err := e.Insert(t.Context(), cards, doc(1, "", nil)); err != nil {
		t.Fatal(err)
	}
	seen, version := map[string]bool{}, int64(1)
	save := func(key string, v any) {
		t.Helper()
		if saved, err := e.Replace(t.Context(), cards, "1", version, doc(version+1, key, v)); !saved || err != nil {
			t.Fatalf("%s: saved %v, %v", key, saved, err)
		}
		version++
	}
	save("", nil)
	if got := written(t, e, seen); len(got) != 0 {
		t.Errorf("nothing changed, written %v", got)
	}
	for _, x := range []struct {
		key, column string
		value       any
	}{
		{"no", "no", "a\x00c"}, {"state", "state", nil}, {"dueAt", "dueAt", due.Add(time.Millisecond)}, {"open", "open", false},
		{"owner", "owner.id", bson.D{{Key: "id", Value: "易"}}}, {"n", "n", "7"},
	} {
		save(x.key, x.value)
		if got := written(t, e, seen); !slices.Equal(got, []string{x.column}) {
			t.Errorf("%s changed, written %v", x.key, got)
		}
		agrees(t, e, version)
		save("", nil) // back: the same column
		if got := written(t, e, seen); len(got) != 0 {
			t.Errorf("%s changed back, written %v as well", x.key, got)
		}
	}
}

// agrees compares every column with the document beside it, and lets SQLite compare every index with the table.
func agrees(t *testing.T, e *Engine, version int64) {
	t.Helper()
	tab, err := e.table(cards)
	if err != nil {
		t.Fatal(err)
	}
	err = e.read(t.Context(), func(c *conn) error {
		raw := bson.Raw{}
		sql := "SELECT version_, doc_, " + quoted(tab.paths) + " FROM " + tab.name
		if err := c.query(sql, nil, func(r *row) error {
			raw = r.blob(1)
			for i, p := range tab.paths {
				if v := store.Scalar(store.At(raw, p)); !r.is(2+i, v) || r.int(0) != version {
					return fmt.Errorf("version %d: the column %s is not %v", r.int(0), p, v)
				}
			}
			return nil
		}); err != nil {
			return err
		}
		return c.query("PRAGMA integrity_check", nil, func(r *row) error {
			if r.text(0) != "ok" {
				return errors.New(r.text(0))
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// TestManySets: beyond the statements kept, an update writes all columns and the store stays right.
func TestManySets(t *testing.T) {
	c := store.Collection{Name: "cards"}
	for i := range 8 {
		c.Indexes = append(c.Indexes, store.Index{Paths: []string{fmt.Sprint("p", i)}})
	}
	e := openNotes(t)
	if err := e.Ensure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := e.Insert(t.Context(), c, card(1)); err != nil {
		t.Fatal(err)
	}
	var values [8]int64
	for v := int64(1); v < 200; v++ {
		var fields []bson.E
		for i := range values {
			if v>>i&1 == 1 {
				values[i]++
			}
			fields = append(fields, bson.E{Key: fmt.Sprint("p", i), Value: values[i]})
		}
		if saved, err := e.Replace(t.Context(), c, "1", v, card(v+1, fields...)); !saved || err != nil {
			t.Fatalf("%d: saved %v, %v", v, saved, err)
		}
		agrees(t, e, v+1)
	}
	if tab, err := e.table(c); err != nil || len(tab.patches) != maxPatches {
		t.Errorf("%d statements kept, want %d; %v", len(tab.patches), maxPatches, err)
	}
}

func TestReplaceRefuses(t *testing.T) {
	e := openNotes(t)
	if err := e.Insert(t.Context(), notes, note("1", "a", 1), note("2", "b", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Replace(t.Context(), notes, "2", 1, note("3", "c", 1)); !errors.Is(err, models.Internal) {
		t.Errorf("a document in another's place: %v", err)
	}
	if _, err := e.Replace(t.Context(), notes, "2", 1, note("2", "a", 1)); !errors.Is(err, models.Conflict) {
		t.Errorf("a taken unique value: %v", err)
	}
	for id, read := range map[string]int64{"1": 2, "3": 1} {
		if saved, err := e.Replace(t.Context(), notes, id, read, note(id, "z", 1)); saved || err != nil {
			t.Errorf("%s at version %d: saved %v, %v", id, read, saved, err)
		}
	}
}
