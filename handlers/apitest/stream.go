package apitest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinyi/handlers/api"
)

// Hears reads on to the next event of a name and fills v with its data.
func (l *Line) Hears(name string, v any) heard {
	l.Helper()
	for {
		e, err := l.Next()
		if err != nil {
			l.Fatalf("waiting for %s: %v", name, err)
		}
		if e.Name == name {
			if err := json.Unmarshal([]byte(e.Data), v); err != nil {
				l.Fatal(err)
			}
			return e
		}
	}
}

// Patience bounds every wait of these tests.
const Patience = 2 * time.Minute

// LeavesNothing sees, after all else a test cleans up, that nothing runs on. The server's own clock never ends, and its sweeper
// of idle workers notices the end only after ten seconds.
func LeavesNothing(t *testing.T) {
	t.Helper()
	before, sweeper := goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2")
	clock := goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1")
	t.Cleanup(func() { goleak.VerifyNone(t, before, sweeper, clock) })
}

// Serves lets a router listen on an address of its own until the test ends.
func Serves(t *testing.T, r *api.Router) (string, *http.Client) {
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
		if err := r.App().ShutdownWithTimeout(Patience); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		_ = l.Close() // it may not have begun to listen yet
		<-served
	})
	return "http://" + l.Addr().String(), client
}

// A Line is what a client has of an open stream.
type Line struct {
	*testing.T
	Res   *http.Response
	text  *bufio.Reader
	Leave context.CancelFunc
}

// An event as a client reads it. A comment has only a name that starts with a colon.
type heard struct{ Id, Name, Data string }

// Dial asks for a stream; the answer may be a problem.
func Dial(t *testing.T, client *http.Client, url, token string, headers ...string) *Line {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*Patience)
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
	return &Line{t, res, bufio.NewReader(res.Body), cancel}
}

// Next reads the next event or comment; io.EOF is a stream that came to a proper end.
func (l *Line) Next() (e heard, err error) {
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
			e.Name = ":" + value
		case "id":
			e.Id = value
		case "event":
			e.Name = value
		case "data":
			e.Data = value
		case "retry":
			e.Name = "retry"
		default:
			return e, fmt.Errorf("what is %q", s)
		}
	}
}

// Wants reads on to the next event that is no comment and no retry, and compares it.
func (l *Line) Wants(name, data string) heard {
	l.Helper()
	for {
		e, err := l.Next()
		if err != nil {
			l.Fatalf("waiting for %s %s: %v", name, data, err)
		}
		if strings.HasPrefix(e.Name, ":") || e.Name == "retry" {
			continue
		}
		if e.Name != name || e.Data != data {
			l.Fatalf("heard %+v, want %s %s", e, name, data)
		}
		return e
	}
}

// Ends reads to the end of the stream, which must be a proper one.
func (l *Line) Ends() {
	l.Helper()
	for {
		if _, err := l.Next(); errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return
		} else if err != nil {
			l.Fatalf("the end: %v", err)
		}
	}
}
