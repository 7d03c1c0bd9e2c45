package inbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/models/inbox"
)

// withInbox opens the inbox in a hall.
func withInbox(h *apitest.World) []api.Mounter {
	return []api.Mounter{Handler{Messages: h.Messages, Words: h.Words}}
}

// list asks for a list of messages and answers the bills in it, and the cursor of the next page.
func listed(h *apitest.World, query string, headers ...string) (bills []string, next string) {
	h.Helper()
	res := h.Ask("GET /v1/me/inbox"+query, "", headers...)
	if res.Status != 200 {
		h.Fatalf("GET %s: %d %s", query, res.Status, res.Body)
	}
	var page api.List[messageView]
	if err := json.Unmarshal([]byte(res.Body), &page); err != nil {
		h.Fatal(err)
	}
	for _, m := range page.Items {
		bills = append(bills, m.Route.ID)
	}
	return bills, page.NextCursor
}

func TestInboxPages(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	for n := range 5 {
		h.Message("ann", "medical.bill_paid", n)
	}
	h.Message("bob", "medical.bill_paid", 9)
	all, next := listed(h, "", "as ann")
	h.Wants("all", all, "b4 b3 b2 b1 b0")
	if next != "" {
		t.Errorf("the last page has a next one")
	}
	first, next := listed(h, "?limit=2", "as ann")
	h.Wants("first page", first, "b4 b3")
	second, next := listed(h, "?limit=2&cursor="+next, "as ann")
	h.Wants("second page", second, "b2 b1")
	third, next := listed(h, "?limit=2&cursor="+next, "as ann")
	h.Wants("third page", third, "b0")
	if next != "" {
		t.Error("the third page has a next one")
	}
	none, _ := listed(h, "", "as carl")
	h.Wants("nobody's", none, "")
	for _, bad := range []string{"?cursor=nonsense", "?limit=201", "?state=SEEN", "?colour=red", "?unread=yes", "?unread=true&state=READ"} {
		if res := h.Ask("GET /v1/me/inbox"+bad, "", "as ann"); res.Status != 400 || len(res.Problem(t).Errors) != 1 {
			t.Errorf("%s: %d %s", bad, res.Status, res.Body)
		}
	}
}

func TestInboxSpeaksTheCallersLanguage(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	h.Message("ann", "medical.bill_paid", 1)
	for lang, want := range map[string]string{"": "账单", "zh-CN": "账单", "en-GB,zh;q=0.5": "Bill NO1", "fr": "账单"} {
		headers := []string{"as ann"}
		if lang != "" {
			headers = append(headers, "Accept-Language: "+lang)
		}
		if res := h.Ask("GET /v1/me/inbox", "", headers...); !strings.Contains(res.Body, want) || !strings.Contains(res.Body, "123.05") {
			t.Errorf("%q lacks %q: %s", lang, want, res.Body)
		}
	}
}

// A message without words must not hide the others.
func TestInboxShowsAMessageWithoutWords(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	h.Message("ann", "medical.bill_paid", 1)
	odd := h.Message("ann", "medical.long_forgotten", 2)
	for lang, want := range map[string]string{"zh": "您有一条消息", "en": "A message for you"} {
		res := h.Ask("GET /v1/me/inbox", "", "as ann", "Accept-Language: "+lang)
		if res.Status != 200 || !strings.Contains(res.Body, want) || !strings.Contains(res.Body, "NO1") {
			t.Errorf("%s: %d %s", lang, res.Status, res.Body)
		}
	}
	if res := h.Ask("POST /v1/me/inbox/"+odd.ID+"/read", "", "as ann"); res.Status != 200 || !strings.Contains(res.Body, `"READ"`) {
		t.Errorf("read: %d %s", res.Status, res.Body)
	}
	if n := h.Log.Count("have no words"); n != 1 {
		t.Errorf("logged %d times, want once", n)
	}
}

func TestInboxReadAndArchive(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	var ids []string
	for n := range 4 {
		ids = append(ids, h.Message("ann", "medical.bill_paid", n).ID)
	}
	other := h.Message("bob", "medical.bill_paid", 9)
	unread := func(want string) {
		t.Helper()
		if res := h.Ask("GET /v1/me/inbox/unread", "", "as ann"); res.Status != 200 || res.Body != `{"count":`+want+`}` {
			t.Errorf("unread: %d %s, want %s", res.Status, res.Body, want)
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
		if res := h.Ask(step.line, "", "as ann"); res.Status != step.status || !strings.Contains(res.Body, step.want) {
			t.Errorf("%s: %d %s", step.line, res.Status, res.Body)
		}
	}
	unread("1")
	for query, want := range map[string]string{"": "b3 b2", "?state=UNREAD": "b3", "?unread=true": "b3", "?unread=false": "b3 b2", "?unread=false&state=READ": "b2", "?state=READ": "b2", "?state=ARCHIVED": "b1 b0"} {
		got, _ := listed(h, query, "as ann")
		h.Wants(query, got, want)
	}
	if m, err := h.Messages.Get(t.Context(), other.ID); err != nil || m.State != inbox.Unread {
		t.Errorf("bob's message: %+v %v", m, err)
	}
	for _, line := range []string{"GET /v1/me/inbox", "GET /v1/me/inbox/unread", "POST /v1/me/inbox/read-all"} {
		if res := h.Ask(line, ""); res.Status != 401 {
			t.Errorf("%s without a token: %d", line, res.Status)
		}
		if res := h.Ask(line, "", "as client:hospital"); res.Status != 403 {
			t.Errorf("%s as a hospital: %d", line, res.Status)
		}
	}
}

func TestInboxReadAll(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	for n := range 230 { // more than a page of the store
		h.Message("ann", "medical.bill_paid", n)
	}
	other := h.Message("bob", "medical.bill_paid", 999)
	if res := h.Ask("POST /v1/me/inbox/read-all", "", "as ann"); res.Status != 200 || res.Body != `{"count":230,"more":false}` {
		t.Fatalf("read all: %d %s", res.Status, res.Body)
	}
	if res := h.Ask("GET /v1/me/inbox/unread", "", "as ann"); res.Body != `{"count":0}` {
		t.Errorf("unread after all are read: %s", res.Body)
	}
	if res := h.Ask("POST /v1/me/inbox/read-all", "", "as ann"); res.Status != 200 || res.Body != `{"count":0,"more":false}` {
		t.Errorf("again: %d %s", res.Status, res.Body)
	}
	if m, err := h.Messages.Get(t.Context(), other.ID); err != nil || m.State != inbox.Unread {
		t.Errorf("bob's message: %+v %v", m, err)
	}
}

// A call marks a thousand, and says that there are others.
func TestInboxReadAllIsBounded(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	var many []*inbox.Message
	for n := range 1001 {
		e := models.Event{ID: fmt.Sprint("e", n), Kind: "medical.bill_paid", Subject: "b", Person: "ann", At: h.Now()}
		many = append(many, inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service"))
	}
	if err := h.Messages.InsertMany(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"count":1000,"more":true}`, `{"count":1,"more":false}`} {
		if res := h.Ask("POST /v1/me/inbox/read-all", "", "as ann"); res.Status != 200 || res.Body != want {
			t.Errorf("read all: %d %s, want %s", res.Status, res.Body, want)
		}
	}
}

func TestInboxSnooze(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withInbox)
	m, other := h.Message("ann", "medical.bill_paid", 1), h.Message("bob", "medical.bill_paid", 2)
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
		if res := h.Ask("POST /v1/me/inbox/"+step.id+"/snooze", step.body, "as ann"); res.Status != step.status || !strings.Contains(res.Body, step.want) {
			t.Errorf("%s %s: %d %s", step.id, step.body, res.Status, res.Body)
		}
	}
	snoozed := func(what, there, away string) {
		t.Helper()
		got, _ := listed(h, "", "as ann")
		h.Wants(what, got, there)
		got, _ = listed(h, "?state=SNOOZED", "as ann")
		h.Wants(what+", snoozed", got, away)
	}
	snoozed("before", "", "b1")
	h.Forward(48 * time.Hour)
	if err := h.Messages.Any().Wake(t.Context(), m.ID, h.Now()); err != nil {
		t.Fatal(err)
	}
	snoozed("after", "b1", "")
	if res := h.Ask("GET /v1/me/inbox?unread=true", "", "as ann"); !strings.Contains(res.Body, `"topic":"medical.bill","class":"service","state":"UNREAD"`) || strings.Contains(res.Body, "until") {
		t.Errorf("back: %s", res.Body)
	}
	h.Ask("POST /v1/me/inbox/"+m.ID+"/archive", "", "as ann")
	if res := h.Ask("POST /v1/me/inbox/"+m.ID+"/snooze", body(h.Now().Add(time.Hour)), "as ann"); res.Status != 409 || !strings.Contains(res.Body, `"inbox.archived"`) {
		t.Errorf("archived: %d %s", res.Status, res.Body)
	}
}
