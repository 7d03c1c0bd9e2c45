package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/openapitest"
	"xinyi/models"
)

// tap is a capability whose only route streams what the test sends.
type tap struct {
	lines chan string // what is told next
	done  chan error  // what out answered in the end
	fail  error       // refuses before the first byte
}

type tapView struct {
	Line string `json:"line"`
}

type tapRequest struct {
	Last  string `header:"Last-Event-ID" validate:"max=8"`
	Count int    `query:"count" validate:"omitempty,lte=9"`
}

func (h *tap) stream(_ context.Context, _ api.Request, in tapRequest) (api.Source[tapView], error) {
	if h.fail != nil {
		return nil, h.fail
	}
	return func(ctx context.Context, out func(api.Event[tapView]) error) error {
		err := out(api.Event[tapView]{ID: "0", Name: "hello", Data: tapView{in.Last}})
		for err == nil {
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case line := <-h.lines:
				if line == "panic" {
					panic(line)
				}
				if line == "end" {
					return nil
				}
				err = out(api.Event[tapView]{Name: "line", Data: tapView{line}})
			}
		}
		select {
		case h.done <- err:
		default:
		}
		return err
	}, nil
}

func (h *tap) Mount(r *api.Router) {
	api.Stream(r, "/tap", h.stream, api.Does("Tell lines"), apitest.ReadNotes)
}

// guests lets everybody in but those who were shown out.
type guests struct {
	apitest.Names
	mu     sync.Mutex
	out    map[string]error
	single bool // nobody has an office or a ward any more
}

func (g *guests) Authenticate(ctx context.Context, token string) (api.Caller, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.out[token]; err != nil {
		return api.Caller{}, err
	}
	c, err := g.Names.Authenticate(ctx, token)
	if g.single && err == nil {
		c.Actors, c.Wards = c.Actors[:1], nil
	}
	return c, err
}

func (g *guests) alone(single bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.single = single
}

func (g *guests) show(token string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.out[token] = err
}

// A house is a door that listens.
type house struct {
	*apitest.API
	tap    *tap
	guests *guests
	url    string
	log    apitest.Lines
	client *http.Client
}

// listens opens a house and, when the test ends, closes it and sees that nothing is left of it.
func listens(t *testing.T, b api.StreamBounds, change ...func(*api.Router)) *house {
	t.Helper()
	apitest.LeavesNothing(t)
	h := &house{tap: &tap{lines: make(chan string), done: make(chan error, 1)}, guests: &guests{out: map[string]error{}}}
	h.API = opened(t, func(c *api.Config) {
		c.Auth, c.Streams, c.Log = h.guests, b, slog.New(slog.NewTextHandler(&h.log, nil))
	})
	h.R.Handle(h.tap)
	if err := h.R.Finish(); err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(h.R)
	}
	h.url, h.client = apitest.Serves(t, h.R)
	return h
}

func (h *house) dial(token string, headers ...string) *apitest.Line {
	h.Helper()
	return apitest.Dial(h.T, h.client, h.url+"/v1/tap", token, headers...)
}

// open is the number of streams, as operators see it.
func (h *house) open() string {
	h.Helper()
	_, rest, _ := strings.Cut(h.Operate("GET /metrics", "").Body, "\nxinyi_streams ")
	n, _, _ := strings.Cut(rest, "\n")
	return n
}

// becomes waits for a condition.
func becomes(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(apitest.Patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("in vain: ", what)
		}
	}
}

func TestStreamTells(t *testing.T) {
	h := listens(t, api.StreamBounds{})
	l := h.dial("ann", "Last-Event-ID", "7")
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": "", "Content-Language": "zh",
	} {
		if got := l.Res.Header.Get(name); l.Res.StatusCode != 200 || got != want {
			t.Errorf("%d, %s: %q, want %q", l.Res.StatusCode, name, got, want)
		}
	}
	if e, err := l.Next(); err != nil || e.Name != "retry" {
		t.Errorf("first: %+v %v", e, err)
	}
	if e := l.Wants("hello", `{"line":"7"}`); e.Id != "0" {
		t.Errorf("id %q", e.Id)
	}
	h.tap.lines <- "a\nb"
	l.Wants("line", `{"line":"a\nb"}`)
	if n := h.open(); n != "1" {
		t.Errorf("%s streams are open", n)
	}
	h.tap.lines <- "end"
	l.Ends()
	becomes(t, "no stream is open", func() bool { return h.open() == "0" })
}

func TestStreamRefusesBeforeTheFirstByte(t *testing.T) {
	h := listens(t, api.StreamBounds{})
	for _, tc := range []struct {
		token, query, last string
		status             int
		want               string
	}{
		{"bad", "", "", 401, "unauthenticated"},
		{"client:hospital", "", "", 403, "forbidden"},
		{"ann", "?count=10", "", 400, "#query/count"},
		{"ann", "?colour=red", "", 400, "#query/colour"},
		{"ann", "", "123456789", 400, "#header/Last-Event-ID"},
	} {
		l := apitest.Dial(t, h.client, h.url+"/v1/tap"+tc.query, tc.token, "Last-Event-ID", tc.last)
		body, err := io.ReadAll(l.Res.Body)
		if err != nil || l.Res.StatusCode != tc.status || !strings.Contains(string(body), tc.want) || l.Res.Header.Get("Content-Type") != api.ProblemKind {
			t.Errorf("%+v: %d %s %v", tc, l.Res.StatusCode, body, err)
		}
	}
	h.tap.fail = models.E(models.Denied, "forbidden")
	if l := h.dial("ann"); l.Res.StatusCode != 422 {
		t.Errorf("a refusal of the route: %d", l.Res.StatusCode)
	}
	if n := h.open(); n != "0" {
		t.Errorf("%s streams are open", n)
	}
}

func TestStreamPings(t *testing.T) {
	h := listens(t, api.StreamBounds{Ping: 10 * time.Millisecond})
	l := h.dial("ann")
	l.Wants("hello", `{"line":""}`)
	for range 3 {
		if e, err := l.Next(); err != nil || e.Name != ":ping" {
			t.Fatalf("%+v %v", e, err)
		}
	}
}

func TestStreamEndsWithTheToken(t *testing.T) {
	h := listens(t, api.StreamBounds{Ping: 10 * time.Millisecond})
	ann, bob := h.dial("ann"), h.dial("bob")
	ann.Wants("hello", `{"line":""}`)
	bob.Wants("hello", `{"line":""}`)
	h.guests.show("bob", models.E(models.Unavailable, "unavailable")) // a store that hiccups sends nobody away
	h.guests.show("ann", models.E(models.Unauthenticated, "unauthenticated"))
	ann.Ends()
	for range 3 {
		if e, err := bob.Next(); err != nil || e.Name != ":ping" {
			t.Fatalf("bob: %+v %v", e, err)
		}
	}
}

// Whose mandate or office ends, while the token stays good, hears no more.
func TestStreamEndsWithTheMandate(t *testing.T) {
	h := listens(t, api.StreamBounds{Ping: 10 * time.Millisecond})
	child, auditor := h.dial("ann", "X-Acting-For", "child"), h.dial("ann+auditor", "X-Acting-As", "auditor")
	child.Wants("hello", `{"line":""}`)
	auditor.Wants("hello", `{"line":""}`)
	h.guests.alone(true)
	child.Ends()
	auditor.Ends()
	h.dial("ann").Wants("hello", `{"line":""}`)
}

func TestStreamEndsInTime(t *testing.T) {
	h := listens(t, api.StreamBounds{Life: 50 * time.Millisecond})
	l := h.dial("ann")
	l.Wants("hello", `{"line":""}`)
	l.Ends()
	if err := <-h.tap.done; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the source ended with %v", err)
	}
	if n := h.log.Count("stream failed"); n != 0 {
		t.Error("the end of its time is no failure")
	}
}

func TestStreamSurvivesAPanic(t *testing.T) {
	h := listens(t, api.StreamBounds{})
	l := h.dial("ann")
	l.Wants("hello", `{"line":""}`)
	h.tap.lines <- "panic"
	l.Ends()
	if n := h.log.Count("stream failed"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	h.dial("ann").Wants("hello", `{"line":""}`)
}

// A client that leaves is noticed at the next sign of life, and its place is free.
func TestStreamNoticesWhoLeaves(t *testing.T) {
	h := listens(t, api.StreamBounds{Ping: 10 * time.Millisecond})
	l := h.dial("ann")
	l.Wants("hello", `{"line":""}`)
	l.Leave()
	becomes(t, "the place is free", func() bool { return h.open() == "0" })
	if err := <-h.tap.done; !errors.Is(err, context.Canceled) {
		t.Errorf("the source ended with %v", err)
	}
}

// The server gives an answer 60 seconds; a stream has an hour, and each write its own bound.
func TestStreamOutlivesTheTimeOfAnAnswer(t *testing.T) {
	short := func(r *api.Router) { r.App().Server().WriteTimeout = 60 * time.Millisecond }
	h := listens(t, api.StreamBounds{Ping: 20 * time.Millisecond, Stuck: 400 * time.Millisecond}, short)
	l := h.dial("ann")
	l.Wants("hello", `{"line":""}`)
	for range 30 { // 600 ms
		if e, err := l.Next(); err != nil || e.Name != ":ping" {
			t.Fatalf("%+v %v", e, err)
		}
	}
	h.tap.lines <- "late"
	l.Wants("line", `{"line":"late"}`)
}

// A client that takes nothing holds up its own source only, and is cut off.
func TestStreamCutsOffWhoTakesNothing(t *testing.T) {
	h := listens(t, api.StreamBounds{Stuck: 200 * time.Millisecond})
	raw := h.mute("ann")
	defer func() { _ = raw.Close() }()
	for !h.fill() { // held up, or slow: until it is cut off
	}
	becomes(t, "the place is free", func() bool { return h.open() == "0" })
}

// mute opens a stream and never reads it.
func (h *house) mute(token string) net.Conn {
	h.Helper()
	var d net.Dialer
	raw, err := d.DialContext(h.Context(), "tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		h.Fatal(err)
	}
	if _, err := fmt.Fprintf(raw, "GET /v1/tap HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", token); err != nil {
		h.Fatal(err)
	}
	return raw
}

// fill tells long lines until the source is held up for half a second, or has ended.
func (h *house) fill() (ended bool) {
	h.Helper()
	long := strings.Repeat("x", 1<<20)
	wait := apitest.Patience
	for range 200 {
		select {
		case h.tap.lines <- long:
			wait = 500 * time.Millisecond
		case <-h.tap.done:
			return true
		case <-time.After(wait):
			if wait == apitest.Patience {
				h.Fatal("the source took nothing")
			}
			return false
		}
	}
	h.Fatal("the source is never held up")
	return false
}

func TestStreamsAreBounded(t *testing.T) {
	h := listens(t, api.StreamBounds{Ping: 10 * time.Millisecond, All: 7})
	var all []*apitest.Line
	for range 5 {
		l := h.dial("ann")
		l.Wants("hello", `{"line":""}`)
		all = append(all, l)
	}
	refused := func(token string, status int, reason string, headers ...string) {
		t.Helper()
		l := h.dial(token, headers...)
		body, err := io.ReadAll(l.Res.Body)
		if err != nil || l.Res.StatusCode != status || !strings.Contains(string(body), reason) || l.Res.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %s %v", token, l.Res.StatusCode, body, err)
		}
	}
	refused("ann", 429, "stream.too_many")
	refused("ann", 429, "stream.too_many", "X-Acting-For", "child") // the hand that asks is hers
	h.dial("bob").Wants("hello", `{"line":""}`)
	h.dial("carl").Wants("hello", `{"line":""}`)
	refused("dora", 503, "stream.full")
	all[0].Leave()
	becomes(t, "a place is free", func() bool { return h.open() == "6" })
	h.dial("ann").Wants("hello", `{"line":""}`)
}

// The server stops at once, whoever listens and whoever does not.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	h := listens(t, api.StreamBounds{})
	var all []*apitest.Line
	for range 3 {
		l := h.dial("ann")
		l.Wants("hello", `{"line":""}`)
		all = append(all, l)
	}
	raw := h.mute("bob")
	defer func() { _ = raw.Close() }()
	began := time.Now()
	h.fill()
	h.R.Close()
	for _, l := range all {
		l.Ends()
	}
	if res := h.Ask("GET /v1/tap", "", "as ann"); res.Status != 503 {
		t.Errorf("after the end: %d", res.Status)
	}
	h.client.CloseIdleConnections()
	if err := h.R.App().ShutdownWithTimeout(apitest.Patience); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > apitest.Patience/2 {
		t.Errorf("it took %s", d)
	}
}

func TestStreamIsInTheDocument(t *testing.T) {
	h := listens(t, api.StreamBounds{})
	checker, err := openapitest.New(h.R.Document())
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Check("GET", "/v1/tap", 200, api.EventStream, []byte(`{"line":"x"}`)); err != nil {
		t.Error(err)
	}
	if err := checker.Check("GET", "/v1/tap", 200, api.EventStream, []byte(`{"line":1}`)); err == nil {
		t.Error("the document knows nothing of the event's data")
	}
}
