package api_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/store"
)

// scopedNotes are notes that belong to a place, named by their owner.
type scopedNotes struct{ notes *store.Repo[apitest.Note] }

func (h scopedNotes) Mount(r *api.Router) {
	api.Get(r, "/placed/{id}", h.get, api.Does("Read a placed note"), api.May("placed", models.TownStaff))
	api.Put(r, "/placed/{id}", h.change, api.Does("Change a placed note"), api.May("placed", models.TownStaff))
}

func placeOf(n *apitest.Note) models.Region { return models.Region(n.Owner) }

func (h scopedNotes) get(ctx context.Context, rq api.Request, in apitest.NoteAt) (apitest.NoteView, error) {
	n, err := api.Ours(ctx, rq, h.notes, in.ID, placeOf)
	if err != nil {
		return apitest.NoteView{}, err
	}
	return apitest.NoteView{ID: n.ID, Revision: n.Revision}, nil
}

func (h scopedNotes) change(ctx context.Context, rq api.Request, in apitest.NoteAt) (apitest.NoteView, error) {
	n, err := api.Change(ctx, rq, h.notes, in.ID, func(n *apitest.Note) error { return api.Scoped(rq, placeOf(n)) })
	if err != nil {
		return apitest.NoteView{}, err
	}
	return apitest.NoteView{ID: n.ID, Revision: n.Revision}, nil
}

// What is not the caller's to know is not there, whatever its revision; its own is compared.
func TestChangeHidesBeforeItCompares(t *testing.T) {
	t.Parallel()
	var notes *store.Repo[apitest.Note]
	h := apitest.NewWorld(t, false, nil, func(w *apitest.World) []api.Mounter {
		notes = store.NewRepo[apitest.Note](w.Store, store.Collection{Name: "placed"})
		return []api.Mounter{scopedNotes{notes}}
	})
	h.R.Cfg.Auth = apitest.Places{}
	if err := notes.Insert(t.Context(), &apitest.Note{Meta: models.Meta{ID: "n"}, Owner: "430181108"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line, who string
		header    []string
		status    int
	}{
		{"GET /v1/placed/n", "430181108", nil, 200},
		{"GET /v1/placed/n", "430181109", nil, 404},
		{"PUT /v1/placed/n", "430181108", []string{`If-Match: "9"`}, 412},
		{"PUT /v1/placed/n", "430181109", []string{`If-Match: "9"`}, 404},
		{"PUT /v1/placed/n", "430181109", []string{`If-Match: "1"`}, 404},
		{"PUT /v1/placed/n", "430181109", nil, 404},
		{"PUT /v1/placed/m", "430181109", []string{`If-Match: "9"`}, 404},
	} {
		if res := h.Ask(c.line, "", append(c.header, "as ann+town_staff@"+c.who)...); res.Status != c.status {
			t.Errorf("%s %v in %s: %d, want %d: %s", c.line, c.header, c.who, res.Status, c.status, res.Body)
		}
	}
}

// What holds in a city is seen in its counties, and acted on by who is over the city.
func TestScope(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		office, place models.Region
		acts, sees    bool
	}{
		{"4301", "430181", true, true}, {"430181", "4301", false, true}, {"43", "4301", true, true}, {"", "4301", true, true},
		{"430181", "430182", false, false}, {"4302", "4301", false, false}, {"44", "4301", false, false}, {"430181108", "4301", false, true},
	} {
		rq := api.Request{Actor: models.Actor{Region: c.office}}
		if acts, sees := api.Scoped(rq, c.place) == nil, api.Holds(rq, c.place) == nil; acts != c.acts || sees != c.sees {
			t.Errorf("%s of %s: acts %v, sees %v", c.office, c.place, acts, sees)
		}
	}
}

// No room says for itself how wide an office sees.
func TestScopeIsSaidOnce(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../*/*.go")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(file, "api/scope.go") && strings.Contains(string(raw), "Region.Contains(") {
			t.Errorf("%s compares regions itself: api.Scoped, Holds, Covers and Ours do", file)
		}
	}
}
