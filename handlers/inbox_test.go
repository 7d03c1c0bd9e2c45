package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/notifications"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// hall is a door with the parts that tell people and operators what happened.
type hall struct {
	*door
	store    *store.Store
	messages *store.Repo[inbox.Message]
	lost     *store.Repo[journal.Lost]
	log      lines
	words    func(m *inbox.Message, lang string) (inbox.Words, error)
}

// lines is a log that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.buf.Write(p) }

func (l *lines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), s)
}

// halls opens a hall. now is nil for the door's own time; more mounts what a test needs besides.
func halls(t *testing.T, sandbox bool, now func() time.Time, more func(*hall) []Mounter) *hall {
	t.Helper()
	engine := sqlitetest.Open(t)
	h := &hall{door: &door{T: t, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}}
	if now == nil {
		now = h.Now
	}
	h.store = store.New(engine, now, nil)
	h.messages = store.NewRepo[inbox.Message](h.store, store.Inbox)
	h.lost = store.NewRepo[journal.Lost](h.store, store.Dead)
	h.r = NewRouter(Config{Now: now, Auth: names{}, Store: h.store, Log: slog.New(slog.NewTextHandler(&h.log, nil)), Sandbox: sandbox})
	texts, err := notifications.Load()
	if err != nil {
		t.Fatal(err)
	}
	h.words = texts.Render
	if more != nil {
		h.r.Handle(more(h)...)
	}
	if err := h.store.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.r.Finish(); err != nil {
		t.Fatal(err)
	}
	if h.check, err = openapitest.New(h.r.Document()); err != nil {
		t.Fatal(err)
	}
	return h
}

// withInbox opens the inbox in a hall.
func withInbox(h *hall) []Mounter { return []Mounter{Inbox{Messages: h.messages, Words: h.words}} }

// message keeps the n-th message of a person: the payment of bill b<n>, n minutes after eight.
func (h *hall) message(person, kind string, n int) *inbox.Message {
	h.Helper()
	e := models.Event{
		ID: fmt.Sprintf("%s/b%d/1.0", kind, n), Kind: kind, Subject: fmt.Sprint("b", n), Person: person, At: h.Now().Add(time.Duration(n) * time.Minute),
		Data: map[string]string{"billNo": fmt.Sprint("NO", n), "amount": "123.05", "onTime": "true"},
	}
	m := inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service")
	if err := h.messages.Insert(h.Context(), m); err != nil {
		h.Fatal(err)
	}
	return m
}

// list asks for a list of messages and answers the bills in it, and the cursor of the next page.
func listed(h *hall, query string, headers ...string) (bills []string, next string) {
	h.Helper()
	res := h.ask("GET /v1/me/inbox"+query, "", headers...)
	if res.status != 200 {
		h.Fatalf("GET %s: %d %s", query, res.status, res.body)
	}
	var page List[messageView]
	if err := json.Unmarshal([]byte(res.body), &page); err != nil {
		h.Fatal(err)
	}
	for _, m := range page.Items {
		bills = append(bills, m.Route.ID)
	}
	return bills, page.NextCursor
}

func (h *hall) wants(what string, got []string, want string) {
	h.Helper()
	if s := strings.Join(got, " "); s != want {
		h.Errorf("%s: %q, want %q", what, s, want)
	}
}

func TestInboxPages(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	for n := range 5 {
		h.message("ann", "medical.bill_paid", n)
	}
	h.message("bob", "medical.bill_paid", 9)
	all, next := listed(h, "", "as ann")
	h.wants("all", all, "b4 b3 b2 b1 b0")
	if next != "" {
		t.Errorf("the last page has a next one")
	}
	first, next := listed(h, "?limit=2", "as ann")
	h.wants("first page", first, "b4 b3")
	second, next := listed(h, "?limit=2&cursor="+next, "as ann")
	h.wants("second page", second, "b2 b1")
	third, next := listed(h, "?limit=2&cursor="+next, "as ann")
	h.wants("third page", third, "b0")
	if next != "" {
		t.Error("the third page has a next one")
	}
	none, _ := listed(h, "", "as carl")
	h.wants("nobody's", none, "")
	for _, bad := range []string{"?cursor=nonsense", "?limit=201", "?state=SEEN", "?colour=red", "?unread=yes", "?unread=true&state=READ"} {
		if res := h.ask("GET /v1/me/inbox"+bad, "", "as ann"); res.status != 400 || len(res.problem(t).Errors) != 1 {
			t.Errorf("%s: %d %s", bad, res.status, res.body)
		}
	}
}

func TestInboxSpeaksTheCallersLanguage(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	h.message("ann", "medical.bill_paid", 1)
	for lang, want := range map[string]string{"": "账单", "zh-CN": "账单", "en-GB,zh;q=0.5": "Bill NO1", "fr": "账单"} {
		headers := []string{"as ann"}
		if lang != "" {
			headers = append(headers, "Accept-Language: "+lang)
		}
		if res := h.ask("GET /v1/me/inbox", "", headers...); !strings.Contains(res.body, want) || !strings.Contains(res.body, "123.05") {
			t.Errorf("%q lacks %q: %s", lang, want, res.body)
		}
	}
}

// A message without words must not hide the others.
func TestInboxShowsAMessageWithoutWords(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	h.message("ann", "medical.bill_paid", 1)
	odd := h.message("ann", "medical.long_forgotten", 2)
	for lang, want := range map[string]string{"zh": "您有一条消息", "en": "A message for you"} {
		res := h.ask("GET /v1/me/inbox", "", "as ann", "Accept-Language: "+lang)
		if res.status != 200 || !strings.Contains(res.body, want) || !strings.Contains(res.body, "NO1") {
			t.Errorf("%s: %d %s", lang, res.status, res.body)
		}
	}
	if res := h.ask("POST /v1/me/inbox/"+odd.ID+"/read", "", "as ann"); res.status != 200 || !strings.Contains(res.body, `"READ"`) {
		t.Errorf("read: %d %s", res.status, res.body)
	}
	if n := h.log.count("have no words"); n != 1 {
		t.Errorf("logged %d times, want once", n)
	}
}

func TestInboxReadAndArchive(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	var ids []string
	for n := range 4 {
		ids = append(ids, h.message("ann", "medical.bill_paid", n).ID)
	}
	other := h.message("bob", "medical.bill_paid", 9)
	unread := func(want string) {
		t.Helper()
		if res := h.ask("GET /v1/me/inbox/unread", "", "as ann"); res.status != 200 || res.body != `{"count":`+want+`}` {
			t.Errorf("unread: %d %s, want %s", res.status, res.body, want)
		}
	}
	unread("4")
	for _, step := range []struct {
		line   string
		status int
		want   string
	}{
		{"POST /v1/me/inbox/" + ids[0] + "/read", 200, `"state":"READ"`},
		{"POST /v1/me/inbox/" + ids[0] + "/read", 200, `"state":"READ"`},
		{"POST /v1/me/inbox/" + ids[0] + "/archive", 200, `"state":"ARCHIVED"`},
		{"POST /v1/me/inbox/" + ids[0] + "/read", 200, `"state":"ARCHIVED"`},
		{"POST /v1/me/inbox/" + ids[1] + "/archive", 200, `"state":"ARCHIVED"`},
		{"POST /v1/me/inbox/" + ids[2] + "/read", 200, `"state":"READ"`},
		{"POST /v1/me/inbox/" + other.ID + "/read", 404, `"not_found"`},
		{"POST /v1/me/inbox/" + other.ID + "/archive", 404, `"not_found"`},
		{"POST /v1/me/inbox/none/read", 404, `"not_found"`},
	} {
		if res := h.ask(step.line, "", "as ann"); res.status != step.status || !strings.Contains(res.body, step.want) {
			t.Errorf("%s: %d %s", step.line, res.status, res.body)
		}
	}
	unread("1")
	for query, want := range map[string]string{"": "b3 b2", "?state=UNREAD": "b3", "?unread=true": "b3", "?unread=false": "b3 b2", "?unread=false&state=READ": "b2", "?state=READ": "b2", "?state=ARCHIVED": "b1 b0"} {
		got, _ := listed(h, query, "as ann")
		h.wants(query, got, want)
	}
	if m, err := h.messages.Get(t.Context(), other.ID); err != nil || m.State != inbox.Unread {
		t.Errorf("bob's message: %+v %v", m, err)
	}
	for _, line := range []string{"GET /v1/me/inbox", "GET /v1/me/inbox/unread", "POST /v1/me/inbox/read-all"} {
		if res := h.ask(line, ""); res.status != 401 {
			t.Errorf("%s without a token: %d", line, res.status)
		}
		if res := h.ask(line, "", "as client:hospital"); res.status != 403 {
			t.Errorf("%s as a hospital: %d", line, res.status)
		}
	}
}

func TestInboxReadAll(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	for n := range 230 { // more than a page of the store
		h.message("ann", "medical.bill_paid", n)
	}
	other := h.message("bob", "medical.bill_paid", 999)
	if res := h.ask("POST /v1/me/inbox/read-all", "", "as ann"); res.status != 200 || res.body != `{"count":230,"more":false}` {
		t.Fatalf("read all: %d %s", res.status, res.body)
	}
	if res := h.ask("GET /v1/me/inbox/unread", "", "as ann"); res.body != `{"count":0}` {
		t.Errorf("unread after all are read: %s", res.body)
	}
	if res := h.ask("POST /v1/me/inbox/read-all", "", "as ann"); res.status != 200 || res.body != `{"count":0,"more":false}` {
		t.Errorf("again: %d %s", res.status, res.body)
	}
	if m, err := h.messages.Get(t.Context(), other.ID); err != nil || m.State != inbox.Unread {
		t.Errorf("bob's message: %+v %v", m, err)
	}
}

// A call marks a thousand, and says that there are others.
func TestInboxReadAllIsBounded(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	var many []*inbox.Message
	for n := range 1001 {
		e := models.Event{ID: fmt.Sprint("e", n), Kind: "medical.bill_paid", Subject: "b", Person: "ann", At: h.Now()}
		many = append(many, inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service"))
	}
	if err := h.messages.InsertMany(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"count":1000,"more":true}`, `{"count":1,"more":false}`} {
		if res := h.ask("POST /v1/me/inbox/read-all", "", "as ann"); res.status != 200 || res.body != want {
			t.Errorf("read all: %d %s, want %s", res.status, res.body, want)
		}
	}
}

func TestInboxSnooze(t *testing.T) {
	h := halls(t, false, nil, withInbox)
	m, other := h.message("ann", "medical.bill_paid", 1), h.message("bob", "medical.bill_paid", 2)
	until := h.Now().Add(48 * time.Hour)
	body := func(at time.Time) string { return `{"until":"` + at.Format(time.RFC3339) + `"}` }
	for _, step := range []struct {
		id, body string
		status   int
		want     string
	}{
		{m.ID, body(until), 200, `"state":"SNOOZED"`},
		{m.ID, body(until), 200, `"until":"2026-03-04T08:00:00Z"`},
		{m.ID, body(h.Now()), 400, `"/until"`},
		{m.ID, body(h.Now().Add(-time.Hour)), 400, `"snooze"`},
		{m.ID, body(h.Now().Add(30*24*time.Hour + time.Second)), 400, `"inbox.snooze_invalid"`},
		{m.ID, `{"until":"tomorrow"}`, 400, `"/until"`},
		{m.ID, `{}`, 400, `"/until"`},
		{other.ID, body(until), 404, `"not_found"`},
		{"none", body(until), 404, `"not_found"`},
	} {
		if res := h.ask("POST /v1/me/inbox/"+step.id+"/snooze", step.body, "as ann"); res.status != step.status || !strings.Contains(res.body, step.want) {
			t.Errorf("%s %s: %d %s", step.id, step.body, res.status, res.body)
		}
	}
	snoozed := func(what, there, away string) {
		t.Helper()
		got, _ := listed(h, "", "as ann")
		h.wants(what, got, there)
		got, _ = listed(h, "?state=SNOOZED", "as ann")
		h.wants(what+", snoozed", got, away)
	}
	snoozed("before", "", "b1")
	h.forward(48 * time.Hour)
	if err := h.messages.Wake(t.Context(), m.ID, h.Now()); err != nil {
		t.Fatal(err)
	}
	snoozed("after", "b1", "")
	if res := h.ask("GET /v1/me/inbox?unread=true", "", "as ann"); !strings.Contains(res.body, `"topic":"medical.bill","class":"service","state":"UNREAD"`) || strings.Contains(res.body, "until") {
		t.Errorf("back: %s", res.body)
	}
	h.ask("POST /v1/me/inbox/"+m.ID+"/archive", "", "as ann")
	if res := h.ask("POST /v1/me/inbox/"+m.ID+"/snooze", body(h.Now().Add(time.Hour)), "as ann"); res.status != 409 || !strings.Contains(res.body, `"inbox.archived"`) {
		t.Errorf("archived: %d %s", res.status, res.body)
	}
}
