package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

var noteTable = map[api.Action][]models.Role{
	"notes.read": {models.Resident, models.Auditor}, "notes.write": {models.Resident, models.Hospital}, "notes.audit": {models.Auditor},
}

func opened(t *testing.T, change func(*api.Config)) *apitest.API {
	t.Helper()
	engine := sqlitetest.Open(t)
	d := &apitest.API{T: t, Time: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	s := store.New(engine, d.Now, store.TestKeys())
	cfg := api.Config{Now: d.Now, Auth: apitest.Names{}, Store: s, Log: slog.New(slog.DiscardHandler), Origins: []string{"https://a.example"}}
	if change != nil {
		change(&cfg)
	}
	d.R = api.NewRouter(cfg)
	d.Notes = &apitest.NotesAPI{Notes: store.NewRepo[apitest.Note](s, api.Notes), Hold: make(chan struct{}), Begun: make(chan struct{}, 8)}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.R.Handle(d.Notes)
	if err := d.R.Finish(); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.Check, err = openapitest.New(d.R.Document()); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFinishListsEveryFault(t *testing.T) {
	engine := sqlitetest.Open(t)
	r := api.NewRouter(api.Config{Now: time.Now, Auth: apitest.Names{}, Store: store.New(engine, time.Now, nil), Log: slog.Default()})
	h := func(context.Context, api.Request, struct{}) (api.None, error) { return api.None{}, nil }
	api.Get(r, "/a", h, api.Open())
	api.Get(r, "/b", h, api.Does("b"))
	api.Get(r, "/c", h, api.Does("c"), api.May("nobody.knows"))
	api.Get(r, "/i", h, api.Does("i"), api.May("all.know", models.Resident))
	api.Get(r, "/j", h, api.Does("j"), api.May("all.know", models.Auditor))
	api.Post(r, "/d", h, api.Does("d"), api.Open(), api.Creates)
	api.Get(r, "/e/{id}", h, api.Does("e"), api.Open())
	api.Get(r, "/f", func(context.Context, api.Request, struct{ X string }) (api.None, error) { return api.None{}, nil }, api.Does("f"), api.Open())
	api.Post(r, "/g", func(context.Context, api.Request, struct {
		X []apitest.NoteLine `json:"x"`
	}) (api.None, error) {
		return api.None{}, nil
	}, api.Does("g"), api.Open())
	api.Get(r, "/h", h, api.Does("h"), api.Open())
	api.Get(r, "/h", h, api.Does("h again"), api.Open())
	api.Get(r, "/n", h, api.Does("n"), api.ByAgent(api.May("desk.read", models.Auditor)))
	api.Get(r, "/k", h, api.Does("k"), api.ByAgent(api.May("mine.read", models.Resident)))
	api.Get(r, "/l", h, api.Does("l"), api.ByGuardian(api.May("mine.read", models.Resident)))
	err := r.Finish()
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{"/a: docs/routes does not say in both languages what it does", "/b: it needs exactly one", "/c: action", "/i: action \"all.know\" lets others in elsewhere", "/d: an answer kept for nobody",
		"/e/{id}: the path names [id]", "comes from nowhere", "dive is missing", "GET /h: it is mounted already",
		"/n: only what a person does is handed on", "/l: action \"mine.read\" is handed on to others elsewhere"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestOneDocumentForOneSetOfRoutes(t *testing.T) {
	made := func(version, summary string, role models.Role) []byte {
		r := api.NewRouter(api.Config{Now: time.Now, Auth: apitest.Names{}, Store: store.New(nil, time.Now, nil), Log: slog.Default(), Version: version})
		api.Get(r, "/a", func(context.Context, api.Request, struct{}) (api.None, error) { return api.None{}, nil }, api.Does(summary), api.May("notes.read", role))
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		document, err := r.Document()
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	first := made("1", "a", models.Resident)
	if again := made("1", "a", models.Resident); &again[0] != &first[0] {
		t.Error("the same routes were described twice")
	}
	for name, other := range map[string][]byte{
		"version": made("2", "a", models.Resident), "summary": made("1", "b", models.Resident),
		"permissions": made("1", "a", models.Hospital),
	} {
		if bytes.Equal(first, other) {
			t.Errorf("another %s, the same document", name)
		}
	}
}

func TestAnUndescribableRouteIsFoundByItsDocument(t *testing.T) {
	r := api.NewRouter(api.Config{Now: time.Now, Auth: apitest.Names{}, Store: store.New(nil, time.Now, nil), Log: slog.Default()})
	api.Get(r, "/a", func(context.Context, api.Request, struct{}) (struct {
		F func() `json:"f"`
	}, error) {
		return struct {
			F func() `json:"f"`
		}{}, nil
	}, api.Does("a"), api.Open())
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Document(); err == nil || !strings.Contains(err.Error(), "GET /a") {
		t.Errorf("Document = %v", err)
	}
}
