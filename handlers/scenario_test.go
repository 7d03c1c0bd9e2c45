package handlers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"xinyi/models"
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
			got := d.ask(tc.line, tc.body, "as ann", "key "+name)
			p := got.problem(t)
			if got.status != tc.status || p.Code != models.Invalid || len(p.Errors) == 0 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if f := p.Errors[0]; f.Code != tc.code || tc.pointer != "" && !strings.HasPrefix(f.Pointer, tc.pointer) || f.Message == "" || f.Message == p.Title {
				t.Errorf("got %+v, want %s %s", p.Errors, tc.pointer, tc.code)
			}
		})
	}
	if n := d.notes.ran.Load(); n != 0 {
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
			got := d.ask(tc.line, tc.body, append(tc.headers, "Accept-Language: en", "X-Request-Id: rq-7")...)
			p := got.problem(t)
			if got.status != tc.status || p.Status != tc.status || p.Reason != tc.reason || p.Title == "" || p.Detail == "" || p.RequestID != "rq-7" {
				t.Fatalf("%d %s", got.status, got.body)
			}
			if strings.Contains(got.body, "secret cause") || strings.Contains(got.body, "canceled") {
				t.Error("the cause is shown")
			}
			switch tc.status {
			case 401:
				if got.header.Get("WWW-Authenticate") == "" {
					t.Error("no WWW-Authenticate")
				}
			case 405:
				if allow := got.header.Get("Allow"); !strings.Contains(allow, "POST") || !strings.Contains(allow, "GET") {
					t.Errorf("Allow: %q", allow)
				}
			case 503:
				if got.header.Get("Retry-After") == "" {
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

// TestOverTheBounds goes through a socket: what is over the bounds never reaches a route.
func TestOverTheBounds(t *testing.T) {
	d := opened(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.r.App().Listener(ln) }()
	defer func() {
		if err := errors.Join(d.r.App().Shutdown(), <-served); err != nil {
			t.Error(err)
		}
	}()
	for name, tc := range map[string]struct {
		head, body int
		status     int
	}{"body": {1, maxBody + 1, 413}, "flood": {1, readBody + 1, 413}, "headers": {maxHead + 1, 1, 431}} {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		go func() { // the server may hang up before all is sent
			_, _ = fmt.Fprintf(conn, "POST /v1/notes HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\nContent-Length: %d\r\n\r\n%s",
				strings.Repeat("h", tc.head), tc.body, strings.Repeat("a", tc.body))
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(name, err)
		}
		var p problem
		if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != tc.status || p.Status != tc.status || p.RequestID == "" {
			t.Errorf("%s: %d %+v %v", name, res.StatusCode, p, err)
		}
		_ = res.Body.Close()
		_ = conn.Close()
	}
}

func TestLanguage(t *testing.T) {
	for header, want := range map[string]string{"": "zh", "en": "en", "en-GB,zh;q=0.5": "en", "zh-CN,en;q=0.9": "zh", "en;q=0.1, zh-TW;q=0.8": "zh",
		"fr, en;q=0.3": "en", "fr": "zh", "en;q=0": "zh", "*": "zh", "en;q=x, zh;q=0.001": "zh", ",;,=": "zh"} {
		if got := language(header); got != want {
			t.Errorf("language(%q) = %s, want %s", header, got, want)
		}
	}
	d := opened(t, nil)
	zh, en := d.ask("GET /v1/notes", ""), d.ask("GET /v1/notes", "", "Accept-Language: en")
	if !strings.Contains(zh.body, "请先登录") || !strings.Contains(en.body, "sign in") || en.header.Get("Content-Language") != "en" {
		t.Error(zh.body, en.body)
	}
}

func TestIdempotency(t *testing.T) {
	d := opened(t, nil)
	first := d.ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k1")
	if first.status != 201 || first.header.Get("ETag") != `"1"` {
		t.Fatalf("%d %s", first.status, first.body)
	}
	again := d.ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k1")
	if again.status != 201 || again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("ETag") != `"1"` {
		t.Errorf("replay: %d %s %v", again.status, again.body, again.header)
	}
	if other := d.ask("POST /v1/notes", `{"text":"b"}`, "as ann", "key k1"); other.status != 422 || other.problem(t).Reason != "idempotency.other_body" {
		t.Errorf("other body: %d %s", other.status, other.body)
	}
	if bob := d.ask("POST /v1/notes", `{"text":"a"}`, "as bob", "key k1"); bob.status != 201 || bob.body == first.body {
		t.Errorf("another principal was answered with ann's: %s", bob.body)
	}
	if ward := d.ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k1", "X-Acting-For: child"); ward.status != 201 || ward.body == first.body {
		t.Errorf("for a ward ann was answered with her own: %s", ward.body)
	}
	d.forward(25 * time.Hour)
	if late := d.ask("POST /v1/notes", `{"text":"other"}`, "as ann", "key k1"); late.status != 409 || late.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after its time the key is free, and its derived id still clashes: %d %s", late.status, late.body)
	}
}

func TestIdempotencyKeepsRefusalsOnly(t *testing.T) {
	d := opened(t, nil)
	for text, want := range map[string]struct {
		status int
		runs   int32
	}{"refused": {409, 1}, "denied": {422, 1}, "panic": {500, 2}, "internal": {500, 2}, "fine": {200, 1}} {
		d.notes.ran.Store(0)
		body := `{"text":"` + text + `"}`
		one, two := d.ask("POST /v1/notes/n/acts", body, "as ann", "key "+text), d.ask("POST /v1/notes/n/acts", body, "as ann", "key "+text)
		if one.status != want.status || two.status != want.status || d.notes.ran.Load() != want.runs {
			t.Errorf("%s: %d, %d, ran %d times: %s", text, one.status, two.status, d.notes.ran.Load(), two.body)
		}
		if (two.header.Get("Idempotent-Replayed") == "true") != (want.runs == 1) {
			t.Errorf("%s: replayed %q", text, two.header.Get("Idempotent-Replayed"))
		}
	}
	d.notes.ran.Store(0)
	d.ask("POST /v1/notes", `{"bad":1}`, "as ann", "key v")
	if good := d.ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key v"); good.status != 201 {
		t.Errorf("a refused shape took the key: %s", good.body)
	}
}

func TestIdempotencyWhileRunning(t *testing.T) {
	d := opened(t, nil)
	var first reply
	var done sync.WaitGroup
	done.Go(func() { first = d.ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w") })
	<-d.notes.begun
	second := d.ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w")
	if second.status != 409 || second.problem(t).Reason != "idempotency.running" || second.header.Get("Retry-After") == "" {
		t.Errorf("while running: %d %s", second.status, second.body)
	}
	d.forward(31 * time.Second) // the first has crashed, as far as anybody can tell
	var third reply
	done.Go(func() { third = d.ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w") })
	<-d.notes.begun
	close(d.notes.hold)
	done.Wait()
	if first.status != 200 || third.status != 200 || d.notes.ran.Load() != 2 {
		t.Errorf("%d %d, ran %d times", first.status, third.status, d.notes.ran.Load())
	}
	if last := d.ask("POST /v1/notes/n/acts", `{"text":"wait"}`, "as ann", "key w"); last.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not kept after the take-over: %d %s", last.status, last.body)
	}
}

func TestManyCallsWithOneKeyRunOnce(t *testing.T) {
	d := opened(t, nil)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if got := d.ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k"); got.status != 201 && got.status != 409 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	all.Wait()
	if n := d.notes.ran.Load(); n != 1 {
		t.Errorf("ran %d times", n)
	}
}

func TestRevisions(t *testing.T) {
	d := opened(t, nil)
	var made noteView
	if err := json.Unmarshal([]byte(d.ask("POST /v1/notes", `{"text":"a"}`, "as ann", "key k").body), &made); err != nil {
		t.Fatal(err)
	}
	at := "/v1/notes/" + made.ID
	if got := d.ask("GET "+at, "", "as ann", `If-None-Match: W/"9", "1"`); got.status != 304 || got.body != "" {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := d.ask("PUT "+at, `{"text":"b"}`, "as ann", `If-Match: "1"`); got.status != 200 || got.header.Get("ETag") != `"2"` {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := d.ask("PUT "+at, `{"text":"c"}`, "as ann", `If-Match: "1"`); got.status != 412 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := d.ask("DELETE "+at, "", "as ann"); got.status != 204 || got.body != "" {
		t.Errorf("%d %q", got.status, got.body)
	}
}

func TestPages(t *testing.T) {
	d := opened(t, nil)
	if got := d.ask("GET /v1/notes", "", "as ann"); got.body != `{"items":[],"nextCursor":""}` {
		t.Errorf("an empty list: %s", got.body)
	}
	for i := range 5 {
		d.ask("POST /v1/notes", fmt.Sprintf(`{"text":"t%d"}`, i), "as ann", fmt.Sprintf("key %d", i))
	}
	var texts []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		var l List[noteView]
		if err := json.Unmarshal([]byte(d.ask("GET /v1/notes?limit=2&state=open&cursor="+cursor, "", "as ann").body), &l); err != nil {
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

func TestRateLimits(t *testing.T) {
	d := opened(t, func(c *Config) { c.Rates = Rates{Person: Rate{4, time.Minute}, Address: Rate{100, time.Minute}} })
	for i := range 4 {
		got := d.ask("GET /v1/notes", "", "as ann")
		if want := fmt.Sprintf(`"person";r=%d;t=%d`, 3-i, 15*(i+1)); got.status != 200 || got.header.Get("RateLimit") != want || got.header.Get("RateLimit-Policy") != `"person";q=4;w=60` {
			t.Errorf("call %d: %d %q, want %q", i, got.status, got.header.Get("RateLimit"), want)
		}
	}
	if got := d.ask("GET /v1/notes", "", "as ann"); got.status != 429 || got.header.Get("Retry-After") != "15" || got.problem(t).Reason != "request.limited" {
		t.Errorf("%d %v", got.status, got.header)
	}
	if got := d.ask("GET /v1/notes", "", "as bob"); got.status != 200 {
		t.Errorf("bob pays for ann: %d", got.status)
	}
	d.forward(15 * time.Second)
	if got := d.ask("GET /v1/notes", "", "as ann"); got.status != 200 {
		t.Errorf("%d after waiting", got.status)
	}
	for i := range 4 {
		if got := d.ask("GET /v1/hello", ""); (got.status == 429) != (i == 3) {
			t.Errorf("open route, call %d: %d", i, got.status)
		}
	}
}

func TestLimitsForget(t *testing.T) {
	l, now := newLimits(Rates{}), time.UnixMilli(1)
	for i := range 2 * maxBuckets {
		l.take("person", fmt.Sprint(i), Rate{10, time.Minute}, now)
	}
	held := 0
	for i := range l.shards {
		held += len(l.shards[i].full)
	}
	if held > maxBuckets {
		t.Errorf("%d callers held", held)
	}
}

// TestEveryRoleAtEveryRoute walks role × route: in exactly as the table says.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	d := opened(t, nil)
	for _, rt := range d.r.routes {
		line := rt.method + " /v1" + strings.ReplaceAll(rt.path, "{id}", "x")
		if got := d.ask(line, ""); (got.status == 401) == rt.open {
			t.Errorf("nobody at %s: %d", rt.name(), got.status)
		}
		for _, role := range models.Roles {
			allowed := rt.open || models.Actor{Role: role}.Is(noteTable[rt.action]...)
			if got := d.ask(line, "", "as client:"+string(role), "key walk"); (got.status != 403) != allowed {
				t.Errorf("%s at %s: %d, allowed %v", role, rt.name(), got.status, allowed)
			}
		}
	}
}

func TestWhoActs(t *testing.T) {
	ann := Caller{Actors: []models.Actor{{Person: "ann", Role: models.Resident}, {Person: "ann", Role: models.TownStaff, Org: "o1"}, {Person: "ann", Role: models.TownStaff, Org: "o2"}},
		Wards: map[string]models.Actor{"kid": {Person: "kid", Agent: "ann", Role: models.Resident}}}
	staff, anyone := []models.Role{models.TownStaff}, []models.Role{models.Resident, models.TownStaff}
	tests := map[string]struct {
		roles     []models.Role
		as, ward  string
		org, name string
		want      error
	}{
		"first that may": {staff, "", "", "o1", "ann", nil},
		"by office":      {staff, "o2", "", "o2", "ann", nil},
		"by role":        {anyone, "town_staff", "", "o1", "ann", nil},
		"herself":        {anyone, "", "", "", "ann", nil},
		"for a ward":     {anyone, "", "kid", "", "kid", nil},
		"ward, no right": {staff, "", "kid", "", "", models.Forbidden},
		"stranger":       {anyone, "", "tom", "", "", models.Forbidden},
		"other office":   {staff, "o3", "", "", "", models.Forbidden},
	}
	for name, tc := range tests {
		got, err := acting(ann, tc.roles, tc.as, tc.ward)
		if models.CodeOf(err) != models.CodeOf(tc.want) || got.Org != tc.org || got.Person != tc.name {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestNewID(t *testing.T) {
	with := func(scope string) Request { return Request{scope: scope, ids: new(int)} }
	a, b := with("x"), with("x")
	if one, two := a.NewID(), a.NewID(); one == two || one != b.NewID() || two != b.NewID() || len(one) != 36 || one[14] != '8' {
		t.Errorf("%s %s", one, two)
	}
	if with("y").NewID() == with("x").NewID() {
		t.Error("the ids of two keys clash")
	}
	var unkeyed Request
	if one, two := unkeyed.NewID(), unkeyed.NewID(); one == two {
		t.Errorf("two ids without a key: %s", one)
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
	document, err := d.r.Document()
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
	for path, want := range map[string]string{"/livez": "ok", "/readyz": `"store":"ok"`, "/metrics": "xinyi_http_requests_total", "/openapi.json": `"openapi":"3.1`,
		"/docs": "app.js", "/docs/app.js": "openapi.json", "/docs/style.css": "--brand"} {
		d.ask("GET /v1/hello", "")
		if got := d.ask("GET "+path, ""); got.status != 200 || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %.200s", path, got.status, got.body)
		}
	}
	ill := opened(t, func(c *Config) {
		c.Ready = []Probe{{Name: "relay", Ask: func(context.Context) error { return errors.New("secret cause") }}}
	})
	if got := ill.ask("GET /readyz", ""); got.status != 503 || !strings.Contains(got.body, `"relay":"failed"`) || strings.Contains(got.body, "secret") {
		t.Errorf("%d %s", got.status, got.body)
	}
	document, err := d.r.Document()
	if err != nil {
		t.Fatal(err)
	}
	zipped := d.ask("GET /openapi.json", "", "Accept-Encoding: gzip")
	if zipped.header.Get("Content-Encoding") != "gzip" || len(zipped.body) > len(document)/2 {
		t.Errorf("not compressed: %v", zipped.header)
	}
	flight := d.ask("OPTIONS /v1/notes", "", "Origin: https://a.example", "Access-Control-Request-Method: POST")
	if flight.status != http.StatusNoContent || flight.header.Get("Access-Control-Allow-Origin") != "https://a.example" {
		t.Errorf("%d %v", flight.status, flight.header)
	}
	if other := d.ask("GET /v1/hello", "", "Origin: https://evil.example"); other.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("any origin may call")
	}
	if got := d.ask("GET /v1/notes", "", "as ann", "X-Request-Id: a b"); got.header.Get("X-Request-Id") == "a b" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", got.header)
	}
}
