package handlers

import (
	"bufio"
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

	"go.uber.org/goleak"

	"xinyi/handlers/openapitest"
	"xinyi/models"
)

// patience bounds every wait of these tests.
const patience = 2 * time.Minute

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

func (h *tap) Mount(r *Router) {
	Stream(r, "/tap", h.stream, Does("Tell lines"), May(readNotes))
}

func (h *tap) stream(_ context.Context, _ Request, in tapRequest) (Source[tapView], error) {
	if h.fail != nil {
		return nil, h.fail
	}
	return func(ctx context.Context, out func(Event[tapView]) error) error {
		err := out(Event[tapView]{ID: "0", Name: "hello", Data: tapView{in.Last}})
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
				err = out(Event[tapView]{Name: "line", Data: tapView{line}})
			}
		}
		select {
		case h.done <- err:
		default:
		}
		return err
	}, nil
}

// guests lets everybody in but those who were shown out.
type guests struct {
	names
	mu     sync.Mutex
	out    map[string]error
	single bool // nobody has an office or a ward any more
}

func (g *guests) Authenticate(ctx context.Context, token string) (Caller, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.out[token]; err != nil {
		return Caller{}, err
	}
	c, err := g.names.Authenticate(ctx, token)
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
	*door
	tap    *tap
	guests *guests
	url    string
	log    lines
	client *http.Client
}

// listens opens a house and, when the test ends, closes it and sees that nothing is left of it.
func listens(t *testing.T, b StreamBounds, change ...func(*Router)) *house {
	t.Helper()
	leavesNothing(t)
	h := &house{tap: &tap{lines: make(chan string), done: make(chan error, 1)}, guests: &guests{out: map[string]error{}}}
	h.door = opened(t, func(c *Config) {
		c.Auth, c.Streams, c.Log = h.guests, b, slog.New(slog.NewTextHandler(&h.log, nil))
	})
	h.r.Handle(h.tap)
	if err := h.r.Finish(); err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(h.r)
	}
	h.url, h.client = serves(t, h.r)
	return h
}

// leavesNothing sees, after all else a test cleans up, that nothing runs on. The server's own clock never ends, and its sweeper
// of idle workers notices the end only after ten seconds.
func leavesNothing(t *testing.T) {
	t.Helper()
	before, sweeper := goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2")
	clock := goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
	t.Cleanup(func() { goleak.VerifyNone(t, before, sweeper, clock) })
}

// serves lets a router listen on an address of its own until the test ends.
func serves(t *testing.T, r *Router) (string, *http.Client) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.App().Listener(l) }()
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		r.Close()
		client.CloseIdleConnections()
		if err := r.App().ShutdownWithTimeout(patience); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		_ = l.Close() // it may not have begun to listen yet
		<-served
	})
	return "http://" + l.Addr().String(), client
}

// A line is what a client has of an open stream.
type line struct {
	*testing.T
	res   *http.Response
	text  *bufio.Reader
	leave context.CancelFunc
}

// An event as a client reads it. A comment has only a name that starts with a colon.
type heard struct{ id, name, data string }

// dial asks for a stream; the answer may be a problem.
func dial(t *testing.T, client *http.Client, url, token string, headers ...string) *line {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return &line{t, res, bufio.NewReader(res.Body), cancel}
}

// next reads the next event or comment; io.EOF is a stream that came to a proper end.
func (l *line) next() (e heard, err error) {
	for {
		s, err := l.text.ReadString('\n')
		if err != nil {
			return e, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(s, "\n"), ": ")
		switch name {
		case "":
			if s == "\n" {
				return e, nil
			}
			e.name = ":" + value
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "retry":
			e.name = "retry"
		default:
			return e, fmt.Errorf("what is %q", s)
		}
	}
}

// wants reads on to the next event that is no comment and no retry, and compares it.
func (l *line) wants(name, data string) heard {
	l.Helper()
	for {
		e, err := l.next()
		if err != nil {
			l.Fatalf("waiting for %s %s: %v", name, data, err)
		}
		if strings.HasPrefix(e.name, ":") || e.name == "retry" {
			continue
		}
		if e.name != name || e.data != data {
			l.Fatalf("heard %+v, want %s %s", e, name, data)
		}
		return e
	}
}

// ends reads to the end of the stream, which must be a proper one.
func (l *line) ends() {
	l.Helper()
	for {
		if _, err := l.next(); errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return
		} else if err != nil {
			l.Fatalf("the end: %v", err)
		}
	}
}

func (h *house) dial(token string, headers ...string) *line {
	h.Helper()
	return dial(h.T, h.client, h.url+"/v1/tap", token, headers...)
}

// open is the number of streams, as operators see it.
func (h *house) open() string {
	h.Helper()
	_, rest, _ := strings.Cut(h.ask("GET /metrics", "").body, "\nxinyi_streams ")
	n, _, _ := strings.Cut(rest, "\n")
	return n
}

// becomes waits for a condition.
func becomes(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("in vain: ", what)
		}
	}
}

func TestStreamTells(t *testing.T) {
	h := listens(t, StreamBounds{})
	l := h.dial("ann", "Last-Event-ID", "7")
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": "", "Content-Language": "zh",
	} {
		if got := l.res.Header.Get(name); l.res.StatusCode != 200 || got != want {
			t.Errorf("%d, %s: %q, want %q", l.res.StatusCode, name, got, want)
		}
	}
	if e, err := l.next(); err != nil || e.name != "retry" {
		t.Errorf("first: %+v %v", e, err)
	}
	if e := l.wants("hello", `{"line":"7"}`); e.id != "0" {
		t.Errorf("id %q", e.id)
	}
	h.tap.lines <- "a\nb"
	l.wants("line", `{"line":"a\nb"}`)
	if n := h.open(); n != "1" {
		t.Errorf("%s streams are open", n)
	}
	h.tap.lines <- "end"
	l.ends()
	becomes(t, "no stream is open", func() bool { return h.open() == "0" })
}

func TestStreamRefusesBeforeTheFirstByte(t *testing.T) {
	h := listens(t, StreamBounds{})
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
		l := dial(t, h.client, h.url+"/v1/tap"+tc.query, tc.token, "Last-Event-ID", tc.last)
		body, err := io.ReadAll(l.res.Body)
		if err != nil || l.res.StatusCode != tc.status || !strings.Contains(string(body), tc.want) || l.res.Header.Get("Content-Type") != problemKind {
			t.Errorf("%+v: %d %s %v", tc, l.res.StatusCode, body, err)
		}
	}
	h.tap.fail = models.E(models.Denied, "forbidden")
	if l := h.dial("ann"); l.res.StatusCode != 422 {
		t.Errorf("a refusal of the route: %d", l.res.StatusCode)
	}
	if n := h.open(); n != "0" {
		t.Errorf("%s streams are open", n)
	}
}

func TestStreamPings(t *testing.T) {
	h := listens(t, StreamBounds{Ping: 10 * time.Millisecond})
	l := h.dial("ann")
	l.wants("hello", `{"line":""}`)
	for range 3 {
		if e, err := l.next(); err != nil || e.name != ":ping" {
			t.Fatalf("%+v %v", e, err)
		}
	}
}

func TestStreamEndsWithTheToken(t *testing.T) {
	h := listens(t, StreamBounds{Ping: 10 * time.Millisecond})
	ann, bob := h.dial("ann"), h.dial("bob")
	ann.wants("hello", `{"line":""}`)
	bob.wants("hello", `{"line":""}`)
	h.guests.show("bob", models.E(models.Unavailable, "unavailable")) // a store that hiccups sends nobody away
	h.guests.show("ann", models.E(models.Unauthenticated, "unauthenticated"))
	ann.ends()
	for range 3 {
		if e, err := bob.next(); err != nil || e.name != ":ping" {
			t.Fatalf("bob: %+v %v", e, err)
		}
	}
}

// Whose mandate or office ends, while the token stays good, hears no more.
func TestStreamEndsWithTheMandate(t *testing.T) {
	h := listens(t, StreamBounds{Ping: 10 * time.Millisecond})
	child, auditor := h.dial("ann", "X-Acting-For", "child"), h.dial("ann+auditor", "X-Acting-As", "auditor")
	child.wants("hello", `{"line":""}`)
	auditor.wants("hello", `{"line":""}`)
	h.guests.alone(true)
	child.ends()
	auditor.ends()
	h.dial("ann").wants("hello", `{"line":""}`)
}

func TestStreamEndsInTime(t *testing.T) {
	h := listens(t, StreamBounds{Life: 50 * time.Millisecond})
	l := h.dial("ann")
	l.wants("hello", `{"line":""}`)
	l.ends()
	if err := <-h.tap.done; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the source ended with %v", err)
	}
	if n := h.log.count("stream failed"); n != 0 {
		t.Error("the end of its time is no failure")
	}
}

func TestStreamSurvivesAPanic(t *testing.T) {
	h := listens(t, StreamBounds{})
	l := h.dial("ann")
	l.wants("hello", `{"line":""}`)
	h.tap.lines <- "panic"
	l.ends()
	if n := h.log.count("stream failed"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	h.dial("ann").wants("hello", `{"line":""}`)
}

// A client that leaves is noticed at the next sign of life, and its place is free.
func TestStreamNoticesWhoLeaves(t *testing.T) {
	h := listens(t, StreamBounds{Ping: 10 * time.Millisecond})
	l := h.dial("ann")
	l.wants("hello", `{"line":""}`)
	l.leave()
	becomes(t, "the place is free", func() bool { return h.open() == "0" })
	if err := <-h.tap.done; !errors.Is(err, context.Canceled) {
		t.Errorf("the source ended with %v", err)
	}
}

// The server gives an answer 60 seconds; a stream has an hour, and each write its own bound.
func TestStreamOutlivesTheTimeOfAnAnswer(t *testing.T) {
	short := func(r *Router) { r.App().Server().WriteTimeout = 60 * time.Millisecond }
	h := listens(t, StreamBounds{Ping: 20 * time.Millisecond, Stuck: 400 * time.Millisecond}, short)
	l := h.dial("ann")
	l.wants("hello", `{"line":""}`)
	for range 30 { // 600 ms
		if e, err := l.next(); err != nil || e.name != ":ping" {
			t.Fatalf("%+v %v", e, err)
		}
	}
	h.tap.lines <- "late"
	l.wants("line", `{"line":"late"}`)
}

// A client that takes nothing holds up its own source only, and is cut off.
func TestStreamCutsOffWhoTakesNothing(t *testing.T) {
	h := listens(t, StreamBounds{Stuck: 200 * time.Millisecond})
	raw := h.mute("ann")
	defer func() { _ = raw.Close() }()
	if !h.fill() {
		select {
		case <-h.tap.done:
		case <-time.After(patience):
			t.Fatal("nobody cut it off")
		}
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
	wait := patience
	for range 200 {
		select {
		case h.tap.lines <- long:
			wait = 500 * time.Millisecond
		case <-h.tap.done:
			return true
		case <-time.After(wait):
			if wait == patience {
				h.Fatal("the source took nothing")
			}
			return false
		}
	}
	h.Fatal("the source is never held up")
	return false
}

func TestStreamsAreBounded(t *testing.T) {
	h := listens(t, StreamBounds{Ping: 10 * time.Millisecond, All: 7})
	var all []*line
	for range 5 {
		l := h.dial("ann")
		l.wants("hello", `{"line":""}`)
		all = append(all, l)
	}
	refused := func(token string, status int, reason string, headers ...string) {
		t.Helper()
		l := h.dial(token, headers...)
		body, err := io.ReadAll(l.res.Body)
		if err != nil || l.res.StatusCode != status || !strings.Contains(string(body), reason) || l.res.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: %d %s %v", token, l.res.StatusCode, body, err)
		}
	}
	refused("ann", 429, "stream.too_many")
	refused("ann", 429, "stream.too_many", "X-Acting-For", "child") // the hand that asks is hers
	h.dial("bob").wants("hello", `{"line":""}`)
	h.dial("carl").wants("hello", `{"line":""}`)
	refused("dora", 503, "stream.full")
	all[0].leave()
	becomes(t, "a place is free", func() bool { return h.open() == "6" })
	h.dial("ann").wants("hello", `{"line":""}`)
}

// The server stops at once, whoever listens and whoever does not.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	h := listens(t, StreamBounds{})
	var all []*line
	for range 3 {
		l := h.dial("ann")
		l.wants("hello", `{"line":""}`)
		all = append(all, l)
	}
	raw := h.mute("bob")
	defer func() { _ = raw.Close() }()
	began := time.Now()
	h.fill()
	h.r.Close()
	for _, l := range all {
		l.ends()
	}
	if res := h.ask("GET /v1/tap", "", "as ann"); res.status != 503 {
		t.Errorf("after the end: %d", res.status)
	}
	h.client.CloseIdleConnections()
	if err := h.r.App().ShutdownWithTimeout(patience); err != nil {
		t.Error(err)
	}
	if d := time.Since(began); d > patience/2 {
		t.Errorf("it took %s", d)
	}
}

func TestStreamIsInTheDocument(t *testing.T) {
	h := listens(t, StreamBounds{})
	checker, err := openapitest.New(h.r.Document())
	if err != nil {
		t.Fatal(err)
	}
	if err := checker.Check("GET", "/v1/tap", 200, eventStream, []byte(`{"line":"x"}`)); err != nil {
		t.Error(err)
	}
	if err := checker.Check("GET", "/v1/tap", 200, eventStream, []byte(`{"line":1}`)); err == nil {
		t.Error("the document knows nothing of the event's data")
	}
}
