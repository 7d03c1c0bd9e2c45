package identity

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"time"
)

// keysEvery is the least time between two requests for the keys of an issuer: a token that names a key nobody knows makes us ask, and anybody
// can write such a token.
const keysEvery = 30 * time.Second

// unhurried asks an address once in keysEvery, and answers in between with what it was told.
type unhurried struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	told map[string]*told
}

// told is the last answer of an address.
type told struct {
	at     time.Time
	answer *http.Response
	body   []byte
	err    error
}

// largest bounds a key set, in bytes.
const largest = 1 << 20

// RoundTrip is for GETs of an issuer's two or three addresses. One at a time is asked: who comes meanwhile gets the same answer.
func (u *unhurried) RoundTrip(rq *http.Request) (*http.Response, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	at, now := rq.URL.String(), u.now()
	last := u.told[at]
	if last == nil || now.Sub(last.at) >= keysEvery || now.Before(last.at) {
		last = &told{at: now}
		if last.answer, last.err = u.next.RoundTrip(rq); last.err == nil {
			last.body, last.err = io.ReadAll(io.LimitReader(last.answer.Body, largest))
			_ = last.answer.Body.Close()
		}
		if u.told == nil {
			u.told = map[string]*told{}
		}
		u.told[at] = last
	}
	if last.err != nil {
		return nil, last.err
	}
	answer := *last.answer
	answer.Request, answer.Body = rq, io.NopCloser(bytes.NewReader(last.body))
	return &answer, nil
}
