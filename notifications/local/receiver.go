package local

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// clockSkew is how far a webhook's time may be from the receiver's: Standard Webhooks says five minutes.
const clockSkew = 5 * time.Minute

// A Receiver is a partner's system that hears webhooks (Standard Webhooks 1.0.0). It checks time and signatures of what
// comes, keeps what it took, and answers as the path, or Say, tells it:
//
//	/…/200 (and any other number)    that status; 302 points at /200
//	/…/429:7, /…/503:7               with Retry-After
//	/…/slow:300ms                    after that wait, 200
//	/…/drop                          nothing: the connection is cut
//	/…/endless                       200 and a body without an end
//	/…                               200
//
// It is safe for concurrent use.
type Receiver struct {
	Now  func() time.Time
	Keys []string // "whsec_…" and "whpk_…": one good signature is enough. None: all is taken

	mu      sync.Mutex
	say     []string
	took    []Hook
	refused int
	asked   int
}

// A Hook is what a receiver took.
type Hook struct {
	ID      string
	At      time.Time
	Body    string
	Signed  int // signatures that are good
	Path    string
	Answer  int
	Headers http.Header
}

// Say sets the answers to what comes next, whatever the path says, one each.
func (r *Receiver) Say(words ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.say = append(r.say, words...)
}

// Trust sets the keys.
func (r *Receiver) Trust(keys ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Keys = keys
}

// Took lists what was taken, whatever it was answered, in order.
func (r *Receiver) Took() []Hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Hook(nil), r.took...)
}

// Refused counts what had a bad time or no good signature.
func (r *Receiver) Refused() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused
}

// Asked counts all requests.
func (r *Receiver) Asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	word, ok := r.keep(req, body)
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	name, arg, _ := strings.Cut(word, ":")
	switch name {
	case "slow":
		if !rest(req, arg) {
			return
		}
	case "drop":
		panic(http.ErrAbortHandler)
	case "endless":
		endless(w, req)
		return
	case "302":
		w.Header().Set("Location", "/200")
	}
	if arg != "" && name != "slow" {
		w.Header().Set("Retry-After", arg)
	}
	w.WriteHeader(statusOf(name))
}

func statusOf(word string) int {
	if status, err := strconv.Atoi(word); err == nil && status >= 200 && status < 600 {
		return status
	}
	return http.StatusOK
}

// rest waits; false when the caller left.
func rest(req *http.Request, text string) bool {
	d, err := time.ParseDuration(text)
	if err != nil {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-req.Context().Done():
		return false
	}
}

func endless(w http.ResponseWriter, req *http.Request) {
	chunk := make([]byte, 4096)
	for req.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// keep checks and keeps a request, and says how it is to be answered; false for a bad one.
func (r *Receiver) keep(req *http.Request, body []byte) (word string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	sec, err := strconv.ParseInt(req.Header.Get("webhook-timestamp"), 10, 64)
	h := Hook{ID: req.Header.Get("webhook-id"), At: time.Unix(sec, 0).UTC(), Body: string(body), Path: req.URL.Path,
		Headers: req.Header.Clone()}
	h.Signed = r.good(h.ID, sec, body, req.Header.Get("webhook-signature"))
	skew := r.Now().Sub(h.At)
	if err != nil || h.ID == "" || skew > clockSkew || skew < -clockSkew || len(r.Keys) > 0 && h.Signed == 0 {
		r.refused++
		return "", false
	}
	word = req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
	if len(r.say) > 0 {
		word, r.say = r.say[0], r.say[1:]
	}
	name, _, _ := strings.Cut(word, ":")
	h.Answer = statusOf(name)
	r.took = append(r.took, h)
	return word, true
}

// good counts the signatures some key of the receiver made.
func (r *Receiver) good(id string, sec int64, body []byte, header string) int {
	signed := fmt.Appendf(nil, "%s.%d.%s", id, sec, body)
	n := 0
	for _, s := range strings.Fields(header) {
		version, text, _ := strings.Cut(s, ",")
		signature, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		for _, k := range r.Keys {
			if fits(version, k, signed, signature) {
				n++
			}
		}
	}
	return n
}

func fits(version, key string, signed, signature []byte) bool {
	kind, text, _ := strings.Cut(key, "_")
	raw, err := base64.StdEncoding.DecodeString(text)
	switch {
	case err != nil:
		return false
	case version == "v1" && kind == "whsec":
		mac := hmac.New(sha256.New, raw)
		mac.Write(signed)
		return hmac.Equal(mac.Sum(nil), signature)
	case version == "v1a" && kind == "whpk" && len(raw) == ed25519.PublicKeySize:
		return ed25519.Verify(raw, signed, signature)
	}
	return false
}
