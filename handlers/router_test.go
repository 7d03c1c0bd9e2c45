package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// A note is the smallest document with a life.
type note struct {
	models.Meta `bson:",inline"`
	Text        string `bson:"text"`
	Owner       string `bson:"owner"`
}

var notes = store.Collection{Name: "notes", Indexes: []store.Index{{Paths: []string{"owner", "text"}}}}

type noteView struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	revision int64
}

func (v noteView) Revised() int64 { return v.revision }

func viewNote(n *note) noteView { return noteView{n.ID, n.Text, n.Revision} }

type noteLine struct {
	Amount string `json:"amount" validate:"yuan"`
}

type noteRequest struct {
	Text  string     `json:"text" validate:"required,max=40"`
	Count int        `json:"count" validate:"omitempty,gte=1,lte=9"`
	Lines []noteLine `json:"lines" validate:"max=3,dive"`
}

type noteAt struct {
	ID string `path:"id" validate:"max=64"`
}

type noteChange struct {
	ID   string `path:"id"`
	Text string `json:"text" validate:"required"`
}

type noteList struct {
	PageQuery
	State []string `query:"state" validate:"omitempty,dive,oneof=open done"`
}

// noteDoor is a capability that has everything the router offers.
type noteDoor struct {
	notes *store.Repo[note]
	ran   atomic.Int32
	hold  chan struct{} // closed to let slow calls go on
	begun chan struct{}
}

const (
	readNotes  Action = "notes.read"
	writeNotes Action = "notes.write"
	auditNotes Action = "notes.audit"
)

var noteTable = map[Action][]models.Role{
	readNotes: {models.Resident, models.Auditor}, writeNotes: {models.Resident, models.Hospital}, auditNotes: {models.Auditor},
}

func (h *noteDoor) Mount(r *Router) {
	Post(r, "/notes", h.create, Does("Write a note"), May(writeNotes), Creates)
	Get(r, "/notes", h.list, Does("List notes"), May(readNotes))
	Get(r, "/notes/{id}", h.get, Does("Read a note"), May(readNotes))
	Put(r, "/notes/{id}", h.change, Does("Change a note"), May(writeNotes))
	Delete(r, "/notes/{id}", h.drop, Does("Drop a note"), May(writeNotes))
	Post(r, "/notes/{id}/acts", h.act, Does("Act on a note"), May(writeNotes), Moves)
	Get(r, "/audit", h.audit, Does("Audit"), May(auditNotes))
	Get(r, "/hello", h.hello, Does("Say hello"), Open(), Limit(time.Minute, 3))
	Get(r, "/slow", h.slow, Does("Take long"), May(readNotes), Within(20*time.Millisecond))
}

func (h *noteDoor) create(ctx context.Context, rq Request, in noteRequest) (noteView, error) {
	h.ran.Add(1)
	n := &note{Meta: models.Meta{ID: rq.NewID()}, Text: in.Text, Owner: rq.Actor.Person}
	if err := h.notes.Insert(ctx, n); err != nil {
		return noteView{}, err
	}
	return viewNote(n), nil
}

func (h *noteDoor) list(ctx context.Context, rq Request, in noteList) (List[noteView], error) {
	p, err := h.notes.Find(ctx, store.Where("owner", store.Eq, rq.Actor.Person).Asc("text").Page(in.Limit, in.Cursor))
	if err != nil {
		return List[noteView]{}, err
	}
	return Listed(p, viewNote), nil
}

func (h *noteDoor) get(ctx context.Context, _ Request, in noteAt) (noteView, error) {
	n, err := h.notes.Get(ctx, in.ID)
	if err != nil {
		return noteView{}, err
	}
	return viewNote(n), nil
}

func (h *noteDoor) change(ctx context.Context, rq Request, in noteChange) (noteView, error) {
	n, err := h.notes.Update(ctx, in.ID, func(n *note) error {
		if err := rq.Fresh(n.Revision); err != nil {
			return err
		}
		n.Text = in.Text
		return nil
	})
	if err != nil {
		return noteView{}, err
	}
	return viewNote(n), nil
}

func (h *noteDoor) drop(ctx context.Context, _ Request, in noteAt) (None, error) {
	return None{}, h.notes.Delete(ctx, in.ID)
}

func (h *noteDoor) act(_ context.Context, _ Request, in noteChange) (noteView, error) {
	h.ran.Add(1)
	switch in.Text {
	case "panic":
		panic("secret cause")
	case "internal":
		return noteView{}, context.Canceled
	case "refused":
		at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		return noteView{}, &models.Error{Code: models.InvalidTransition, Reason: "conflict",
			Where: &models.Where{State: "closed", Allowed: []string{"open"}, Last: models.Moved{By: models.Auditor, At: at, Reason: "over"}}}
	case "denied":
		return noteView{}, &models.Error{Code: models.Denied, Reason: "forbidden",
			Clauses: []models.Clause{{ID: "age", Outcome: models.Fail, Observed: "17", Required: "18", ChangeableBy: models.ByTime}}}
	case "wait":
		h.begun <- struct{}{}
		<-h.hold
	}
	return noteView{ID: in.ID, Text: in.Text, revision: 1}, nil
}

func (h *noteDoor) audit(context.Context, Request, struct{}) (None, error) { return None{}, nil }

func (h *noteDoor) hello(_ context.Context, rq Request, _ struct{}) (noteView, error) {
	return noteView{Text: rq.Lang}, nil
}

func (h *noteDoor) slow(ctx context.Context, _ Request, _ struct{}) (None, error) {
	<-ctx.Done()
	return None{}, ctx.Err()
}

// names lets tokens speak for themselves: "ann" is the person ann; "ann+auditor" holds that office too; "client:h1" is a hospital.
type names struct{}

func (names) Authenticate(_ context.Context, token string) (Caller, error) {
	if token == "bad" {
		return Caller{}, models.E(models.Unauthenticated, "unauthenticated")
	}
	if role, ok := strings.CutPrefix(token, "client:"); ok {
		return Caller{Actors: []models.Actor{{Role: models.Role(role), Client: "c-" + role, Org: "org-" + role}}}, nil
	}
	person, office, has := strings.Cut(token, "+")
	c := Caller{Session: "s", Actors: []models.Actor{{Person: person, Role: models.Resident}}}
	if has {
		c.Actors = append(c.Actors, models.Actor{Person: person, Role: models.Role(office), Org: "org-" + office})
	}
	c.Wards = map[string]models.Actor{"child": {Person: "child", Agent: person, Role: models.Resident}}
	return c, nil
}

// A door under test.
type door struct {
	*testing.T
	r     *Router
	notes *noteDoor
	check *openapitest.Checker
	mu    sync.Mutex
	now   time.Time
}

func (d *door) Now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *door) forward(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func opened(t *testing.T, change func(*Config)) *door {
	t.Helper()
	engine := sqlitetest.Open(t)
	d := &door{T: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	s := store.New(engine, d.Now, nil)
	cfg := Config{Now: d.Now, Auth: names{}, Store: s, Log: slog.New(slog.DiscardHandler), Permissions: noteTable, Origins: []string{"https://a.example"}}
	if change != nil {
		change(&cfg)
	}
	d.r = NewRouter(cfg)
	d.notes = &noteDoor{notes: store.NewRepo[note](s, notes), hold: make(chan struct{}), begun: make(chan struct{}, 8)}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.r.Handle(d.notes)
	if err := d.r.Finish(); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.check, err = openapitest.New(d.r.Document()); err != nil {
		t.Fatal(err)
	}
	return d
}

type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends "METHOD /path" with a body and "Name: value" headers. "as x" signs in, "key x" sends an Idempotency-Key.
func (d *door) ask(line, body string, headers ...string) reply {
	d.Helper()
	method, path, _ := strings.Cut(line, " ")
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if token, ok := strings.CutPrefix(h, "as "); ok {
			name, value = "Authorization", "Bearer "+token
		} else if key, ok := strings.CutPrefix(h, "key "); ok {
			name, value = "Idempotency-Key", key
		}
		req.Header.Set(name, value)
	}
	res, err := d.r.App().Test(req, -1)
	if err != nil {
		d.Error(err)
		return reply{}
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.Error(err)
	}
	path, _, _ = strings.Cut(path, "?")
	foreseen := res.StatusCode != http.StatusInternalServerError && res.StatusCode != http.StatusNotModified &&
		res.StatusCode != http.StatusMethodNotAllowed && res.StatusCode != http.StatusUnsupportedMediaType && res.StatusCode != http.StatusRequestEntityTooLarge
	if d.check == nil { // a door that a test put routes on by hand has no document
		return reply{res.StatusCode, res.Header, string(raw)}
	}
	if _, routed := d.check.Route(method, path); routed && foreseen && res.Header.Get("Content-Encoding") == "" {
		if err := d.check.Check(method, path, res.StatusCode, res.Header.Get("Content-Type"), raw); err != nil {
			d.Error(err)
		}
	}
	return reply{res.StatusCode, res.Header, string(raw)}
}

func (r reply) problem(t *testing.T) problem {
	t.Helper()
	if !strings.HasPrefix(r.header.Get("Content-Type"), "application/problem+json") {
		t.Fatalf("%d is no problem: %s", r.status, r.body)
	}
	var p problem
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFinishListsEveryFault(t *testing.T) {
	engine := sqlitetest.Open(t)
	r := NewRouter(Config{Now: time.Now, Auth: names{}, Store: store.New(engine, time.Now, nil), Log: slog.Default(), Permissions: noteTable})
	h := func(context.Context, Request, struct{}) (None, error) { return None{}, nil }
	Get(r, "/a", h, Open())
	Get(r, "/b", h, Does("b"))
	Get(r, "/c", h, Does("c"), May("nobody.knows"))
	Post(r, "/d", h, Does("d"), Open(), Creates)
	Get(r, "/e/{id}", h, Does("e"), Open())
	Get(r, "/f", func(context.Context, Request, struct{ X string }) (None, error) { return None{}, nil }, Does("f"), Open())
	Post(r, "/g", func(context.Context, Request, struct {
		X []noteLine `json:"x"`
	}) (None, error) {
		return None{}, nil
	}, Does("g"), Open())
	Get(r, "/h", h, Does("h"), Open())
	Get(r, "/h", h, Does("h again"), Open())
	err := r.Finish()
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{"/a: it has no Does", "/b: it needs exactly one", "/c: action", "/d: an answer kept for nobody",
		"/e/{id}: the path names [id]", "comes from nowhere", "dive is missing", "GET /h: it is mounted already"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

func TestOneDocumentForOneSetOfRoutes(t *testing.T) {
	made := func(version, summary string, table map[Action][]models.Role) []byte {
		r := NewRouter(Config{Now: time.Now, Auth: names{}, Store: store.New(nil, time.Now, nil), Log: slog.Default(), Version: version, Permissions: table})
		Get(r, "/a", func(context.Context, Request, struct{}) (None, error) { return None{}, nil }, Does(summary), May("notes.read"))
		if err := r.Finish(); err != nil {
			t.Fatal(err)
		}
		document, err := r.Document()
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	table := map[Action][]models.Role{"notes.read": {models.Resident}}
	first := made("1", "a", table)
	if again := made("1", "a", table); &again[0] != &first[0] {
		t.Error("the same routes were described twice")
	}
	for name, other := range map[string][]byte{
		"version": made("2", "a", table), "summary": made("1", "b", table),
		"permissions": made("1", "a", map[Action][]models.Role{"notes.read": {models.Hospital}}),
	} {
		if bytes.Equal(first, other) {
			t.Errorf("another %s, the same document", name)
		}
	}
}

func TestAnUndescribableRouteIsFoundByItsDocument(t *testing.T) {
	r := NewRouter(Config{Now: time.Now, Auth: names{}, Store: store.New(nil, time.Now, nil), Log: slog.Default(), Permissions: noteTable})
	Get(r, "/a", func(context.Context, Request, struct{}) (struct {
		F func() `json:"f"`
	}, error) {
		return struct {
			F func() `json:"f"`
		}{}, nil
	}, Does("a"), Open())
	if err := r.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Document(); err == nil || !strings.Contains(err.Error(), "GET /a") {
		t.Errorf("Document = %v", err)
	}
}
