package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/store"
)

func TestBadInputPointsAtTheFault(t *testing.T) {
	d := opened(t, nil)
	tests := map[string]struct {
		line, body    string
		status        int
		pointer, code string
	}{
		"unknown field":        {"POST /v1/notes", `{"text":"a","colour":1}`, 400, "/colour", "unknown_field"},
		"Go name of a field":   {"PUT /v1/notes/n1", `{"text":"a","ID":"n2"}`, 400, "/ID", "unknown_field"},
		"name in other case":   {"POST /v1/notes", `{"Text":"a"}`, 400, "/Text", "unknown_field"},
		"wrong type":           {"POST /v1/notes", `{"text":5}`, 400, "/text", "wrong_type"},
		"wrong type deep":      {"POST /v1/notes", `{"text":"a","lines":[{"amount":"1"},{"amount":2}]}`, 400, "/lines/1/amount", "wrong_type"},
		"fraction for integer": {"POST /v1/notes", `{"text":"a","count":1.5}`, 400, "/count", "wrong_type"},
		"out of range":         {"POST /v1/notes", `{"text":"a","count":99999999999999999999}`, 400, "/count", "range"},
		"three decimals":       {"POST /v1/notes", `{"text":"a","lines":[{"amount":"1.00"},{"amount":"1.005"}]}`, 400, "/lines/1/amount", "yuan"},
		"missing":              {"POST /v1/notes", `{}`, 400, "/text", "required"},
		"null":                 {"POST /v1/notes", `{"text":null}`, 400, "/text", "required"},
		"too many":             {"POST /v1/notes", `{"text":"a","count":10}`, 400, "/count", "lte"},
		"duplicate name":       {"POST /v1/notes", `{"text":"a","text":"b"}`, 400, "/text", "duplicate_field"},
		"trailing data":        {"POST /v1/notes", `{"text":"a"} {}`, 400, "", "syntax"},
		"cut off":              {"POST /v1/notes", `{"text":"a"`, 400, "", "syntax"},
		"no UTF-8":             {"POST /v1/notes", "{\"text\":\"\xff\"}", 400, "/text", "syntax"},
		"array for object":     {"POST /v1/notes", `[]`, 400, "", "wrong_type"},
		"deep":                 {"POST /v1/notes", strings.Repeat("[", 5000), 400, "", "too_deep"},
		"no body":              {"POST /v1/notes", ``, 400, "", "required"},
		"unknown query":        {"GET /v1/notes?colour=1", ``, 400, "#query/colour", "unknown_field"},
		"query type":           {"GET /v1/notes?limit=x", ``, 400, "#query/limit", "wrong_type"},
		"query twice":          {"GET /v1/notes?limit=1&limit=2", ``, 400, "#query/limit", "wrong_type"},
		"query bound":          {"GET /v1/notes?limit=201", ``, 400, "#query/limit", "lte"},
		"query list":           {"GET /v1/notes?state=open,lost", ``, 400, "#query/state", "oneof"},
		"cursor":               {"GET /v1/notes?cursor=AAAA", ``, 400, "#query/cursor", "cursor"},
		"path":                 {"GET /v1/notes/" + strings.Repeat("x", 65), ``, 400, "#path/id", "max"},
		"body on a GET":        {"GET /v1/notes", `{"text":"a"}`, 400, "/text", "unknown_field"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := d.Ask(tc.line, tc.body, "as ann", "key "+name)
			p := got.Problem(t)
			if got.Status != tc.status || p.Code != models.Invalid || len(p.Errors) == 0 {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			if f := p.Errors[0]; f.Code != tc.code || tc.pointer != "" && !strings.HasPrefix(f.Pointer, tc.pointer) || f.Message == "" || f.Message == p.Title {
				t.Errorf("got %+v, want %s %s", p.Errors, tc.pointer, tc.code)
			}
		})
	}
	if n := d.Notes.Ran.Load(); n != 0 {
		t.Errorf("the handler ran %d times on bad input", n)
	}
}

func TestRefusals(t *testing.T) {
	d := opened(t, nil)
	tests := map[string]struct {
		line, body string
		headers    []string
		status     int
		reason     string
	}{
		"no such address":   {"GET /v1/nothing", "", nil, 404, "http.404"},
		"other method":      {"PATCH /v1/notes", "", nil, 405, "http.405"},
		"not JSON":          {"POST /v1/notes", "text=a", []string{"as ann", "key k", "Content-Type: text/plain"}, 415, "http.415"},
		"nobody":            {"GET /v1/notes", "", nil, 401, "unauthenticated"},
		"other scheme":      {"GET /v1/notes", "", []string{"Authorization: Basic YTpi"}, 401, "unauthenticated"},
		"bad token":         {"GET /v1/notes", "", []string{"as bad"}, 401, "unauthenticated"},
		"wrong role":        {"GET /v1/audit", "", []string{"as ann"}, 403, "forbidden"},
		"not my ward":       {"GET /v1/notes", "", []string{"as ann", "X-Acting-For: bob"}, 403, "auth.not_your_ward"},
		"office not held":   {"GET /v1/notes", "", []string{"as ann", "X-Acting-As: auditor"}, 403, "forbidden"},
		"no key":            {"POST /v1/notes", `{"text":"a"}`, []string{"as ann"}, 400, "idempotency.key_required"},
		"key too long":      {"POST /v1/notes", `{"text":"a"}`, []string{"as ann", "key " + strings.Repeat("k", 256)}, 400, "idempotency.key_invalid"},
		"no such note":      {"GET /v1/notes/x", "", []string{"as ann"}, 404, "not_found"},
		"deadline":          {"GET /v1/slow", "", []string{"as ann"}, 503, "request.deadline"},
		"panic":             {"POST /v1/notes/n/acts", `{"text":"panic"}`, []string{"as ann", "key p"}, 500, "internal"},
		"uncoded error":     {"POST /v1/notes/n/acts", `{"text":"internal"}`, []string{"as ann", "key i"}, 500, "internal"},
		"refused move":      {"POST /v1/notes/n/acts", `{"text":"refused"}`, []string{"as ann", "key r"}, 409, "conflict"},
		"denied":            {"POST /v1/notes/n/acts", `{"text":"denied"}`, []string{"as ann", "key d"}, 422, "forbidden"},
		"If-Match nonsense": {"PUT /v1/notes/n", `{"text":"a"}`, []string{"as ann", "If-Match: x"}, 400, "request.invalid"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := d.Ask(tc.line, tc.body, append(tc.headers, "Accept-Language: en", "X-Request-Id: rq-7")...)
			p := got.Problem(t)
			if got.Status != tc.status || p.Status != tc.status || p.Reason != tc.reason || p.Title == "" || p.Detail == "" || p.RequestID != "rq-7" {
				t.Fatalf("%d %s", got.Status, got.Body)
			}
			if strings.Contains(got.Body, "secret cause") || strings.Contains(got.Body, "canceled") {
				t.Error("the cause is shown")
			}
			switch tc.status {
			case 401:
				if got.Header.Get("WWW-Authenticate") == "" {
					t.Error("no WWW-Authenticate")
				}
			case 405:
				if allow := got.Header.Get("Allow"); !strings.Contains(allow, "POST") || !strings.Contains(allow, "GET") {
					t.Errorf("Allow: %q", allow)
				}
			case 503:
				if got.Header.Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			}
			switch name {
			case "refused move":
				if p.State != "closed" || len(p.Allowed) != 1 || p.Last == nil || p.Last.By != models.Auditor || p.Last.Reason != "over" {
					t.Errorf("%+v", p)
				}
			case "denied":
				if len(p.Clauses) != 1 || p.Clauses[0].ID != "age" || p.Clauses[0].ChangeableBy != "time" {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{"": "zh", "en": "en", "en-GB,zh;q=0.5": "en", "zh-CN,en;q=0.9": "zh", "en;q=0.1, zh-TW;q=0.8": "zh",
		"fr, en;q=0.3": "en", "fr": "zh", "en;q=0": "zh", "*": "zh", "en;q=x, zh;q=0.001": "zh", ",;,=": "zh"} {
		if got := api.Language(header); got != want {
			t.Errorf("language(%q) = %s, want %s", header, got, want)
		}
	}
	d := opened(t, nil)
	zh, en := d.Ask("GET /v1/notes", ""), d.Ask("GET /v1/notes", "", "Accept-Language: en")
	if !strings.Contains(zh.Body, "请先登录") || !strings.Contains(en.Body, "sign in") || en.Header.Get("Content-Language") != "en" {
		t.Error(zh.Body, en.Body)
	}
}

func TestIdempotency(t *testing.T) {
	d := opened(t, nil)
	first := d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k1")
	if first.Status != 201 || first.Header.Get("ETag") != `"1"` {
		t.Fatalf("%d %s", first.Status, first.Body)
	}
	again := d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k1")
	if again.Status != 201 || again.Body != first.Body || again.Header.Get("Idempotent-Replayed") != "true" || again.Header.Get("ETag") != `"1"` {
		t.Errorf("replay: %d %s %v", again.Status, again.Body, again.Header)
	}
	if other := d.Ask("POST /v1/notes", `{"text":"b"}`, "as ann", "key k1"); other.Status != 422 || other.Problem(t).Reason != "idempotency.other_body" {
		t.Errorf("other body: %d %s", other.Status, other.Body)
	}
	if bob := d.Ask("POST /v1/notes", `{"text":"a"}`, "as bob", "key k1"); bob.Status != 201 || bob.Body == first.Body {
		t.Errorf("another principal was answered with ann's: %s", bob.Body)
	}
	if ward := d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k1", "X-Acting-For: child"); ward.Status != 201 || ward.Body == first.Body {
		t.Errorf("for a ward ann was answered with her own: %s", ward.Body)
	}
	d.Forward(25 * time.Hour)
	if late := d.Ask("POST /v1/notes", `{"text":"other"}`, "as ann", "key k1"); late.Status != 409 || late.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after its time the key is free, and its derived id still clashes: %d %s", late.Status, late.Body)
	}
}

func TestIdempotencyKeepsRefusalsOnly(t *testing.T) {
	d := opened(t, nil)
	for text, want := range map[string]struct {
		status int
		runs   int32
	}{"refused": {409, 1}, "denied": {422, 1}, "panic": {500, 2}, "internal": {500, 2}, "fine": {200, 1}} {
		d.Notes.Ran.Store(0)
		body := `{"text":"` + text + `"}`
		one, two := d.Ask("POST /v1/notes/n/acts", body, "as ann", "key "+text), d.Ask("POST /v1/notes/n/acts", body, "as ann", "key "+text)
		if one.Status != want.status || two.Status != want.status || d.Notes.Ran.Load() != want.runs {
			t.Errorf("%s: %d, %d, ran %d times: %s", text, one.Status, two.Status, d.Notes.Ran.Load(), two.Body)
		}
		if (two.Header.Get("Idempotent-Replayed") == "true") != (want.runs == 1) {
			t.Errorf("%s: replayed %q", text, two.Header.Get("Idempotent-Replayed"))
		}
	}
	d.Notes.Ran.Store(0)
	d.Ask("POST /v1/notes", `{"bad":1}`, "as ann", "key v")
	if good := d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key v"); good.Status != 201 {
		t.Errorf("a refused shape took the key: %s", good.Body)
	}
}

func TestIdempotencyWhileRunning(t *testing.T) {
	d := opened(t, nil)
	var first apitest.Reply
	var done sync.WaitGroup
	done.Go(func() { first = d.Ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w") })
	<-d.Notes.Begun
	second := d.Ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w")
	if second.Status != 409 || second.Problem(t).Reason != "idempotency.running" || second.Header.Get("Retry-After") == "" {
		t.Errorf("while running: %d %s", second.Status, second.Body)
	}
	d.Forward(31 * time.Second) // the first has crashed, as far as anybody can tell
	var third apitest.Reply
	done.Go(func() { third = d.Ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w") })
	<-d.Notes.Begun
	close(d.Notes.Hold)
	done.Wait()
	if first.Status != 200 || third.Status != 200 || d.Notes.Ran.Load() != 2 {
		t.Errorf("%d %d, ran %d times", first.Status, third.Status, d.Notes.Ran.Load())
	}
	if last := d.Ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w"); last.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not kept after the take-over: %d %s", last.Status, last.Body)
	}
}

func TestManyCallsWithOneKeyRunOnce(t *testing.T) {
	d := opened(t, nil)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if got := d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k"); got.Status != 201 && got.Status != 409 {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	}
	all.Wait()
	if n := d.Notes.Ran.Load(); n != 1 {
		t.Errorf("ran %d times", n)
	}
}

func TestRevisions(t *testing.T) {
	d := opened(t, nil)
	var made apitest.NoteView
	if err := json.Unmarshal([]byte(d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k").Body), &made); err != nil {
		t.Fatal(err)
	}
	at := "/v1/notes/" + made.ID
	if got := d.Ask("GET "+at, "", "as ann", `If-None-Match: W/"9", "1"`); got.Status != 304 || got.Body != "" {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := d.Ask("PUT "+at, `{"text":"b"}`, "as ann", `If-Match: "1"`); got.Status != 200 || got.Header.Get("ETag") != `"2"` {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := d.Ask("PUT "+at, `{"text":"c"}`, "as ann", `If-Match: "1"`); got.Status != 412 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := d.Ask("DELETE "+at, "", "as ann"); got.Status != 204 || got.Body != "" {
		t.Errorf("%d %q", got.Status, got.Body)
	}
}

func TestPages(t *testing.T) {
	d := opened(t, nil)
	if got := d.Ask("GET /v1/notes", "", "as ann"); got.Body != `{"items":[],"nextCursor":""}` {
		t.Errorf("an empty list: %s", got.Body)
	}
	for i := range 5 {
		d.Ask("POST /v1/notes", fmt.Sprintf(`{"text":"t%d"}`, i), "as ann", fmt.Sprintf("key %d", i))
	}
	var texts []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		var l api.List[apitest.NoteView]
		if err := json.Unmarshal([]byte(d.Ask("GET /v1/notes?limit=2&state=open&cursor="+cursor, "", "as ann").Body), &l); err != nil {
			t.Fatal(err)
		}
		for _, v := range l.Items {
			texts = append(texts, v.Text)
		}
		cursor = l.NextCursor
	}
	if got := strings.Join(texts, " "); got != "t0 t1 t2 t3 t4" {
		t.Error(got)
	}
}

// Somebody sets the clock of the machine: nobody waits for it, and nobody is let in sooner.
func TestRatesGoByASteadyClock(t *testing.T) {
	steady := time.Now()
	d := opened(t, func(c *api.Config) {
		c.Rates = api.Rates{Person: api.Rate{N: 1, Per: time.Minute}, Address: api.Rate{N: 100, Per: time.Minute}}
		c.Steady = func() time.Time { return steady }
	})
	ask := func(want int) {
		t.Helper()
		if got := d.Ask("GET /v1/notes", "", "as ann"); got.Status != want {
			t.Errorf("%d, want %d", got.Status, want)
		}
	}
	ask(200)
	d.Forward(time.Hour)
	ask(429)
	d.Forward(-2 * time.Hour)
	ask(429)
	steady = steady.Add(time.Minute)
	ask(200)
}

func TestRateLimits(t *testing.T) {
	d := opened(t, func(c *api.Config) {
		c.Rates = api.Rates{Person: api.Rate{N: 4, Per: time.Minute}, Address: api.Rate{N: 100, Per: time.Minute}}
	})
	for i := range 4 {
		got := d.Ask("GET /v1/notes", "", "as ann")
		if want := fmt.Sprintf(`"person";r=%d;t=%d`, 3-i, 15*(i+1)); got.Status != 200 || got.Header.Get("RateLimit") != want || got.Header.Get("RateLimit-Policy") != `"person";q=4;w=60` {
			t.Errorf("call %d: %d %q, want %q", i, got.Status, got.Header.Get("RateLimit"), want)
		}
	}
	if got := d.Ask("GET /v1/notes", "", "as ann"); got.Status != 429 || got.Header.Get("Retry-After") != "15" || got.Problem(t).Reason != "request.limited" {
		t.Errorf("%d %v", got.Status, got.Header)
	}
	if got := d.Ask("GET /v1/notes", "", "as bob"); got.Status != 200 {
		t.Errorf("bob pays for ann: %d", got.Status)
	}
	d.Forward(15 * time.Second)
	if got := d.Ask("GET /v1/notes", "", "as ann"); got.Status != 200 {
		t.Errorf("%d after waiting", got.Status)
	}
	for i := range 4 {
		if got := d.Ask("GET /v1/hello", ""); (got.Status == 429) != (i == 3) {
			t.Errorf("open route, call %d: %d", i, got.Status)
		}
	}
}

// TestEveryRoleAtEveryRoute walks role × route: in exactly as the table says.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	d := opened(t, nil)
	for _, rt := range d.R.Routes {
		line := rt.Method + " /v1" + strings.ReplaceAll(rt.Path, "{id}", "x")
		if got := d.Ask(line, ""); (got.Status == 401) == rt.Open {
			t.Errorf("nobody at %s: %d", rt.Name(), got.Status)
		}
		for _, role := range models.Roles {
			allowed := rt.Open || models.Actor{Role: role}.Is(noteTable[rt.Action]...)
			if got := d.Ask(line, "", "as client:"+string(role), "key walk"); (got.Status != 403) != allowed {
				t.Errorf("%s at %s: %d, allowed %v", role, rt.Name(), got.Status, allowed)
			}
		}
	}
}

func TestDocumentIsOpenAPI(t *testing.T) {
	d := opened(t, nil)
	raw, err := os.Open("testdata/openapi-3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	schema, err := jsonschema.UnmarshalJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://spec.openapis.org/oas/3.1/schema/2022-10-07", schema); err != nil {
		t.Fatal(err)
	}
	official, err := c.Compile("https://spec.openapis.org/oas/3.1/schema/2022-10-07")
	if err != nil {
		t.Fatal(err)
	}
	document, err := d.R.Document()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := official.Validate(doc); err != nil {
		t.Error(err)
	}
	for _, want := range []string{`"maxLength":40`, `"minimum":1`, `"maximum":9`, `"maxItems":3`, `"enum":["open","done"]`, `"required":["text"]`,
		`"additionalProperties":false`, `"name":"Idempotency-Key"`, `"x-roles":["resident","hospital"]`, `"required":["id","text"]`, `"name":"If-Match"`, `"ListNoteView"`} {
		if !strings.Contains(string(document), want) {
			t.Errorf("the document lacks %s", want)
		}
	}
	if t.Failed() {
		t.Log(string(document))
	}
}

func TestPagesAroundTheAPI(t *testing.T) {
	d := opened(t, nil)
	for path, want := range map[string]string{"/livez": "ok", "/readyz": `"store":"ok"`, "/openapi.json": `"openapi":"3.1`,
		"/docs": "app.js", "/docs/app.js": "openapi.json", "/docs/style.css": "--brand"} {
		d.Ask("GET /v1/hello", "")
		if got := d.Ask("GET "+path, ""); got.Status != 200 || !strings.Contains(got.Body, want) {
			t.Errorf("%s: %d %.200s", path, got.Status, got.Body)
		}
	}
	ill := opened(t, func(c *api.Config) {
		c.Ready = []api.Probe{{Name: "relay", Ask: func(context.Context) error { return errors.New("secret cause") }}}
	})
	if got := ill.Ask("GET /readyz", ""); got.Status != 503 || !strings.Contains(got.Body, `"relay":"failed"`) || strings.Contains(got.Body, "secret") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	document, err := d.R.Document()
	if err != nil {
		t.Fatal(err)
	}
	zipped := d.Ask("GET /openapi.json", "", "Accept-Encoding: gzip")
	if zipped.Header.Get("Content-Encoding") != "gzip" || len(zipped.Body) > len(document)/2 {
		t.Errorf("not compressed: %v", zipped.Header)
	}
	flight := d.Ask("OPTIONS /v1/notes", "", "Origin: https://a.example", "Access-Control-Request-Method: POST")
	if flight.Status != http.StatusNoContent || flight.Header.Get("Access-Control-Allow-Origin") != "https://a.example" {
		t.Errorf("%d %v", flight.Status, flight.Header)
	}
	if other := d.Ask("GET /v1/hello", "", "Origin: https://evil.example"); other.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("any origin may call")
	}
	if got := d.Ask("GET /v1/notes", "", "as ann", "X-Request-Id: a b"); got.Header.Get("X-Request-Id") == "a b" || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", got.Header)
	}
}

// TestAsAProxyOrABrowserAsks: weak and listed tags, HEAD beside every GET, any header of a page that is let in.
func TestAsAProxyOrABrowserAsks(t *testing.T) {
	d := opened(t, nil)
	var made apitest.NoteView
	if err := json.Unmarshal([]byte(d.Ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k").Body), &made); err != nil {
		t.Fatal(err)
	}
	at := "/v1/notes/" + made.ID
	for i, match := range []string{`W/"1"`, `"9", "2"`, `"x", W/"3"`} {
		if got := d.Ask("PUT "+at, `{"text":"b"}`, "as ann", "If-Match: "+match); got.Status != 200 || got.Header.Get("ETag") != fmt.Sprintf(`"%d"`, i+2) {
			t.Errorf("If-Match %s: %d %s", match, got.Status, got.Body)
		}
	}
	for _, match := range []string{`"x"`, `W/"1", "2"`} {
		if got := d.Ask("PUT "+at, `{"text":"c"}`, "as ann", "If-Match: "+match); got.Status != 412 {
			t.Errorf("If-Match %s: %d %s", match, got.Status, got.Body)
		}
	}
	for _, rt := range d.R.Routes {
		path := "/v1" + strings.ReplaceAll(rt.Path, "{id}", made.ID)
		if rt.Method != "GET" || rt.Path == "/slow" {
			continue
		}
		by := "as ann"
		if rt.Path == "/audit" {
			by = "as auditor"
		}
		get, head := d.Ask("GET "+path, "", by), d.Ask("HEAD "+path, "", by)
		if head.Status != get.Status || head.Body != "" || head.Header.Get("ETag") != get.Header.Get("ETag") {
			t.Errorf("HEAD %s: %d %q, GET %d", path, head.Status, head.Body, get.Status)
		}
	}
	for _, page := range []string{"/livez", "/docs", "/openapi.json"} {
		if got := d.Ask("HEAD "+page, ""); got.Status != 200 {
			t.Errorf("HEAD %s: %d", page, got.Status)
		}
	}
	wanted := "authorization, x-purpose, x-case, x-signature, x-whatever-comes-next"
	got := d.Ask("OPTIONS "+at, "", "Origin: https://a.example", "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: "+wanted)
	if got.Status != 204 || got.Header.Get("Access-Control-Allow-Headers") != wanted || got.Header.Get("Access-Control-Allow-Methods") != "PUT" {
		t.Errorf("%d %v", got.Status, got.Header)
	}
	if got := d.Ask("OPTIONS "+at, "", "Origin: https://b.example", "Access-Control-Request-Method: PUT"); got.Status == 204 || got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page that is not let in: %d %v", got.Status, got.Header)
	}
}

// TestAKeyNobodyForeseesMakesNoIDs: on a route without Idempotency-Key two callers who thought of the same key get two ids.
func TestAKeyNobodyForeseesMakesNoIDs(t *testing.T) {
	d := opened(t, nil)
	if one, two := d.Ask("POST /v1/tickets", "", "key same"), d.Ask("POST /v1/tickets", "", "key same"); one.Status != 200 || one.Body == two.Body {
		t.Errorf("%s %s", one.Body, two.Body)
	}
}

// TestWhatIsNoRouteIsBoundedToo: wrong tokens, missing ones, unknown paths and the pages around the API count for their address.
func TestWhatIsNoRouteIsBoundedToo(t *testing.T) {
	for name, line := range map[string][]string{
		"no token": {"GET /v1/notes"}, "wrong token": {"GET /v1/notes", "as bad"}, "no such path": {"GET /v1/nothing"}, "other method": {"PATCH /v1/notes"},
		"the document": {"GET /openapi.json"}, "the page": {"GET /docs"},
	} {
		t.Run(name, func(t *testing.T) {
			d := opened(t, func(c *api.Config) { c.Rates = api.Rates{Address: api.Rate{N: 3, Per: time.Minute}} })
			for i := range 5 {
				if got := d.Ask(line[0], "", line[1:]...); (got.Status == 429) != (i >= 3) {
					t.Errorf("call %d: %d", i, got.Status)
				}
			}
		})
	}
}

// TestKeptAnswersAreSealed: neither what was asked nor what was answered can be read in the store.
func TestKeptAnswersAreSealed(t *testing.T) {
	d := opened(t, nil)
	if got := d.Ask("POST /v1/notes", `{"text":"very private"}`, "as ann", "key k"); got.Status != 201 {
		t.Fatal(got)
	}
	kept, err := d.R.Cfg.Store.Engine.Find(t.Context(), store.Answers, store.Scan{Limit: 10})
	if err != nil || len(kept) != 1 {
		t.Fatalf("%d answers are kept: %v", len(kept), err)
	}
	plain := sha256.Sum256([]byte(`{"text":"very private"}`))
	if bytes.Contains(kept[0], []byte("private")) || bytes.Contains(kept[0], plain[:]) {
		t.Errorf("it can be read: %s", kept[0])
	}
	again := d.Ask("POST /v1/notes", `{"text":"very private"}`, "as ann", "key k")
	if again.Status != 201 || again.Header.Get("Idempotent-Replayed") != "true" || !strings.Contains(again.Body, "very private") {
		t.Errorf("the answer once more: %+v", again)
	}
}
