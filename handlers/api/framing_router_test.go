package api_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
)

// listening is a door behind a socket.
func listening(t *testing.T) (*apitest.API, string) {
	t.Helper()
	d := opened(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.R.App().Listener(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(d.R.App().Shutdown(), <-served); err != nil {
			t.Error(err)
		}
	})
	return d, ln.Addr().String()
}

// sent sends raw bytes and answers what comes back; closed says whether the server hung up afterwards.
func sent(t *testing.T, at string, write func(io.Writer)) (res *http.Response, body []byte, closed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	go write(conn) // the server may hang up before all is sent
	if err := conn.SetReadDeadline(time.Now().Add(apitest.Patience)); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	if res, err = http.ReadResponse(lines, nil); err != nil {
		t.Fatal(err)
	}
	if body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)) // a line that stays open says nothing
	var timeout net.Error
	_, err = lines.ReadByte()
	return res, body, !errors.As(err, &timeout) || !timeout.Timeout()
}

// TestOverTheBounds goes through a socket: what is over the bounds never reaches a route, and who may not call sends nothing.
func TestOverTheBounds(t *testing.T) {
	_, at := listening(t)
	for name, tc := range map[string]struct {
		head, body int
		token      string
		status     int
	}{
		"body": {1, api.MaxBody + 1, "ann", 413}, "flood": {1, 1 << 30, "ann", 413}, "headers": {api.MaxHead + 1, 1, "ann", 431},
		"nobody's flood": {1, 1 << 30, "bad", 401},
	} {
		res, body, _ := sent(t, at, func(w io.Writer) {
			_, _ = fmt.Fprintf(w, "POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nIdempotency-Key: k\r\nX-Long: %s\r\nContent-Length: %d\r\n\r\n%s",
				tc.token, strings.Repeat("h", tc.head), tc.body, strings.Repeat("a", min(tc.body, 2<<20)))
		})
		var p api.Problem
		if err := json.Unmarshal(body, &p); err != nil || res.StatusCode != tc.status || p.Status != tc.status || p.RequestID == "" {
			t.Errorf("%s: %d %+v %v", name, res.StatusCode, p, err)
		}
	}
}

// TestFraming: where a request ends is never a matter of opinion between a proxy and us.
func TestFraming(t *testing.T) {
	_, at := listening(t)
	post := "POST /v1/notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n"
	for name, raw := range map[string]string{
		"two lengths":            post + "Content-Length: 12\r\nContent-Length: 13\r\n\r\n{\"text\":\"a\"}",
		"the same length twice":  post + "Content-Length: 12\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}",
		"a list of lengths":      post + "Content-Length: 12, 12\r\n\r\n{\"text\":\"a\"}",
		"length and coding":      post + "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"text\":\"a\"}\r\n0\r\n\r\n",
		"two codings":            post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\nc\r\n{\"text\":\"a\"}\r\n0\r\n\r\n",
		"another coding":         post + "Transfer-Encoding: xchunked\r\n\r\nc\r\n{\"text\":\"a\"}\r\n0\r\n\r\n",
		"a negative length":      post + "Content-Length: -1\r\n\r\n",
		"a length with a sign":   post + "Content-Length: +12\r\n\r\n{\"text\":\"a\"}",
		"a space before a colon": post + "Content-Length : 12\r\n\r\n{\"text\":\"a\"}",
		"no Host":                "GET /livez HTTP/1.1\r\n\r\n",
		"two Hosts":              "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"NUL in a header":        "GET /livez HTTP/1.1\r\nHost: x\r\nX-Note: a\x00b\r\n\r\n",
		"NUL in the path":        "GET /livez\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"CR in a header":         "GET /livez HTTP/1.1\r\nHost: x\r\nX-Note: a\rb\r\n\r\n",
		"a folded header":        "GET /livez HTTP/1.1\r\nHost: x\r\nX-Note: a\r\n b\r\n\r\n",
		"a name with a space":    "GET /livez HTTP/1.1\r\nHost: x\r\nX Note: a\r\n\r\n",
		"no version":             "GET /livez\r\nHost: x\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			res, body, closed := sent(t, at, func(w io.Writer) { _, _ = io.WriteString(w, raw) })
			if res.StatusCode != 400 || !closed {
				t.Errorf("%d, closed %v: %s", res.StatusCode, closed, body)
			}
		})
	}
	for name, raw := range map[string]string{
		"by length": post + "Content-Length: 12\r\n\r\n{\"text\":\"a\"}", "in chunks": strings.ReplaceAll(post, "Key: k", "Key: l") + "Transfer-Encoding: chunked\r\n\r\nc\r\n{\"text\":\"a\"}\r\n0\r\n\r\n",
	} {
		if res, body, closed := sent(t, at, func(w io.Writer) { _, _ = io.WriteString(w, raw) }); res.StatusCode != 201 || closed {
			t.Errorf("%s: %d, closed %v: %s", name, res.StatusCode, closed, body)
		}
	}
}

// TestNobodyFillsTheMemory: many who may not call, each with a large body, take up no room.
func TestNobodyFillsTheMemory(t *testing.T) {
	_, at := listening(t)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 40 {
		conn, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = fmt.Fprintf(conn, "POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", api.MostBody, strings.Repeat("a", 32<<10))
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != 401 {
			t.Fatalf("%v %v", res, err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	if grown := int64(during.HeapAlloc) - int64(before.HeapAlloc); grown > 16<<20 {
		t.Errorf("%d MiB are held by 40 callers who may not call", grown>>20)
	}
}
