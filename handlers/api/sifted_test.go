package api_test

import (
	"fmt"
	"testing"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/store"
)

// A sifted list has full pages, and says everything that is kept once, in order.
func TestSiftedPagesAreFull(t *testing.T) {
	d := opened(t, nil)
	for i := range 450 {
		n := &apitest.Note{Owner: "ann", Text: fmt.Sprintf("%03d", i)}
		n.ID = fmt.Sprint("n", i)
		if err := d.Notes.Notes.Insert(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	q := store.Where("owner", store.Eq, "ann").Asc("text")
	var all []string
	in := api.PageQuery{Limit: 7}
	for pages := 1; ; pages++ {
		l, err := api.Sifted(t.Context(), d.Notes.Notes, q, in, func(n *apitest.Note) (string, bool, error) { return n.Text, n.Text[2] == '3', nil })
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l.Items...)
		if in.Cursor = l.NextCursor; in.Cursor == "" {
			break
		}
		if len(l.Items) != 7 || pages > 10 {
			t.Fatalf("page %d has %d items", pages, len(l.Items))
		}
	}
	if len(all) != 45 || all[0] != "003" || all[44] != "443" {
		t.Errorf("%d: %v", len(all), all)
	}
}

// A page stops after a thousand documents and goes on from there.
func TestSiftedIsBounded(t *testing.T) {
	d := opened(t, nil)
	var notes []*apitest.Note
	for i := range 1500 {
		n := &apitest.Note{Owner: "ann", Text: fmt.Sprintf("%04d", i)}
		n.ID = fmt.Sprint("n", i)
		notes = append(notes, n)
	}
	if err := d.Notes.Notes.InsertMany(t.Context(), notes); err != nil {
		t.Fatal(err)
	}
	looked := 0
	last := func(n *apitest.Note) (string, bool, error) { looked++; return n.Text, n.Text == "1499", nil }
	q := store.Where("owner", store.Eq, "ann").Asc("text")
	l, err := api.Sifted(t.Context(), d.Notes.Notes, q, api.PageQuery{}, last)
	if err != nil || len(l.Items) != 0 || l.NextCursor == "" || looked != 1000 {
		t.Fatalf("%+v, looked at %d, %v", l, looked, err)
	}
	if l, err = api.Sifted(t.Context(), d.Notes.Notes, q, api.PageQuery{Cursor: l.NextCursor}, last); err != nil || len(l.Items) != 1 || l.NextCursor != "" {
		t.Errorf("%+v, %v", l, err)
	}
}
