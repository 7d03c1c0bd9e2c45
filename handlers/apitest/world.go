package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/notifications"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// Dead keeps the event n as given up by the subscriber "desk".
func (h *World) Dead(n int) *journal.Lost {
	h.Helper()
	e := models.Event{
		ID: fmt.Sprintf("medical.bill_paid/b%d/1.0", n), Kind: "medical.bill_paid", Subject: fmt.Sprint("b", n), Person: "ann",
		At: h.Now(), Data: map[string]string{"amount": "123.05"},
	}
	l := journal.NewLost(e, "desk", errors.New("no line"), 12, h.Now().Add(time.Duration(n)*time.Minute))
	if err := h.Lost.Insert(h.Context(), l); err != nil {
		h.Fatal(err)
	}
	return l
}

// World is a door with the parts that tell people and operators what happened.
type World struct {
	*API
	Store    *store.Store
	Messages *store.Repo[inbox.Message]
	Lost     *store.Repo[journal.Lost]
	Log      Lines
	Words    func(m *inbox.Message, lang string) (inbox.Words, error)
}

// Lines is a log that can be read while it is written.
type Lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.buf.Write(p) }

func (l *Lines) Count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), s)
}

// NewWorld opens a hall. now is nil for the door's own time; more mounts what a test needs besides.
func NewWorld(t *testing.T, sandbox bool, now func() time.Time, more func(*World) []api.Mounter) *World {
	t.Helper()
	engine := sqlitetest.Open(t)
	h := &World{API: &API{T: t, Time: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}}
	if now == nil {
		now = h.Now
	}
	h.Store = store.New(engine, now, nil)
	h.Messages = store.NewRepo[inbox.Message](h.Store, store.Inbox)
	h.Lost = store.NewRepo[journal.Lost](h.Store, store.Dead)
	h.R = api.NewRouter(api.Config{Now: now, Auth: Names{}, Store: h.Store, Log: slog.New(slog.NewTextHandler(&h.Log, nil)), Sandbox: sandbox})
	texts, err := notifications.Load()
	if err != nil {
		t.Fatal(err)
	}
	h.Words = texts.Render
	if more != nil {
		h.R.Handle(more(h)...)
	}
	if err := h.Store.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.R.Finish(); err != nil {
		t.Fatal(err)
	}
	if h.Check, err = openapitest.New(h.R.Document()); err != nil {
		t.Fatal(err)
	}
	return h
}

// Message keeps the n-th message of a person: the payment of bill b<n>, n minutes after eight.
func (h *World) Message(person, kind string, n int) *inbox.Message {
	h.Helper()
	e := models.Event{
		ID: fmt.Sprintf("%s/b%d/1.0", kind, n), Kind: kind, Subject: fmt.Sprint("b", n), Person: person, At: h.Now().Add(time.Duration(n) * time.Minute),
		Data: map[string]string{"billNo": fmt.Sprint("NO", n), "amount": "123.05", "onTime": "true"},
	}
	m := inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service")
	if err := h.Messages.Insert(h.Context(), m); err != nil {
		h.Fatal(err)
	}
	return m
}

func (h *World) Wants(what string, got []string, want string) {
	h.Helper()
	if s := strings.Join(got, " "); s != want {
		h.Errorf("%s: %q, want %q", what, s, want)
	}
}
