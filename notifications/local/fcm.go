// Package local has servers that answer like the vendors of push channels, on this machine alone: for tests, for the
// sandbox and for measuring.
package local

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FCM answers like Firebase Cloud Messaging's HTTP v1 interface and Google's token endpoint. A device token's text before
// "#" says what it is answered:
//
//	ok#…          taken
//	unreg#…       404 UNREGISTERED                   notfound#…   404 that says nothing of a device
//	mismatch#…    403 SENDER_ID_MISMATCH             forbidden#…  403 that says nothing of a device
//	badtoken#…    400 about the registration token   badpayload#… 400 about the message; third#… 401 THIRD_PARTY_AUTH_ERROR
//	quota:7#…     429, Retry-After 7; "quota#" none  unavail:2#…  503, Retry-After 2; "unavail#" none
//	internal#…    500                                html502#…    502 and a page
//	hang:5s#…     taken after five seconds           drop#…       the connection is cut
//	truncated#…   taken, with half an answer
//
// Any other token is no registration token. The zero FCM with Now is ready; it is safe for concurrent use.
type FCM struct {
	Now  func() time.Time // needed
	Keep int              // how many pushes Seen remembers: 0 is 100,000; below 0 none, and Count nothing either

	account serviceAccount
	mu      sync.Mutex
	fail    int
	down    bool
	delay   time.Duration

	requests int
	sent     int
	seen     []Push // a ring once it is full
	counts   map[string]int
}

// Fail makes every request end in status, until Fail(0).
func (f *FCM) Fail(status int) { f.set(func() { f.fail = status }) }

// Down cuts every connection that brings a request, until Down(false).
func (f *FCM) Down(on bool) { f.set(func() { f.down = on }) }

// Delay holds every answer back for d.
func (f *FCM) Delay(d time.Duration) { f.set(func() { f.delay = d }) }

func (f *FCM) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// Requests is how many messages arrived, whatever they were answered: dry runs and refused ones count.
func (f *FCM) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// Serve answers on l until stop is called, which waits for it to end. base is where it listens.
func (f *FCM) Serve(l net.Listener) (base string, stop func()) {
	server := &http.Server{Handler: f, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) //nolint:errcheck // it always ends with an error: the stop's
	}()
	return "http://" + l.Addr().String(), func() {
		_ = server.Close()
		<-done
	}
}

func (f *FCM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	fail, down, delay := f.fail, f.down, f.delay
	f.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10)) // a request read to its end notices that it is cut
	if err != nil {
		fcmWrite(w, fcmRefusal{status: http.StatusRequestEntityTooLarge, message: "too large"})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	project, sending := fcmProject(r.URL.Path)
	if sending {
		f.set(func() { f.requests++ })
	}
	switch {
	case down, delay > 0 && !fcmHold(r.Context(), delay):
		panic(http.ErrAbortHandler)
	case fail != 0:
		fcmWrite(w, fcmRefusal{status: fail, message: "switched to fail"})
	case r.Method != http.MethodPost:
		fcmWrite(w, fcmRefusal{status: http.StatusMethodNotAllowed, message: "POST alone"})
	case r.URL.Path == "/token":
		f.account.grant(w, r)
	case sending:
		f.send(w, r, project)
	default:
		fcmWrite(w, fcmRefusal{status: http.StatusNotFound, message: "no such path"})
	}
}

// fcmProject is the project of a path that sends.
func fcmProject(path string) (project string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v1/projects/")
	project, sends := strings.CutSuffix(rest, "/messages:send")
	return project, ok && sends
}

// An fcmEnvelope is a request to send.
type fcmEnvelope struct {
	ValidateOnly bool `json:"validate_only"`
	Message      struct {
		Token        string
		Notification struct{ Title, Body string }
		Data         map[string]string
		Android      struct {
			CollapseKey   string `json:"collapse_key"`
			Priority, TTL string
			Notification  struct{ Tag string }
		}
		APNS struct{ Headers map[string]string }
	}
}

func (f *FCM) send(w http.ResponseWriter, r *http.Request, project string) {
	var in fcmEnvelope
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		fcmWrite(w, fcmRefusal{status: http.StatusBadRequest, message: "Invalid JSON payload received.", badField: "message"})
		return
	}
	switch owner, ok := f.account.owner(r.Header.Get("Authorization")); {
	case !ok:
		fcmWrite(w, fcmRefusal{status: http.StatusUnauthorized, message: "Request had invalid authentication credentials."})
		return
	case owner != project:
		fcmWrite(w, fcmRefusal{status: http.StatusForbidden, message: "Permission 'cloudmessaging.messages.create' denied"})
		return
	}
	word, arg, _ := strings.Cut(fcmWord(in.Message.Token), ":")
	if refused, ok := fcmRefusals[word]; ok {
		refused.after = arg
		fcmWrite(w, refused)
		return
	}
	switch word {
	case "hang":
		if d, err := time.ParseDuration(arg); err != nil || !fcmHold(r.Context(), d) {
			panic(http.ErrAbortHandler)
		}
	case "drop":
		panic(http.ErrAbortHandler)
	case "html502":
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html><title>Error 502</title></html>"))
		return
	}
	f.take(w, in, "projects/"+project+"/messages/", word == "truncated")
}

func (f *FCM) take(w http.ResponseWriter, in fcmEnvelope, prefix string, half bool) {
	name := prefix + "fake_message_id"
	if !in.ValidateOnly {
		f.mu.Lock()
		f.keep(in)
		name = prefix + strconv.Itoa(f.sent)
		f.mu.Unlock()
	}
	body := `{"name":"` + name + `"}`
	if half {
		body = body[:len(body)/2]
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write([]byte(body)) //nolint:gosec // a stand-in for tests
}

// fcmHold waits d; false when the request is cut before.
func fcmHold(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
