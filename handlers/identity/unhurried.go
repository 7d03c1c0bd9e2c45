package identity

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// How often an issuer is asked: a token that names a key nobody knows, or an issuer that is down, makes us ask, and anybody can write such
// a token.
const (
	keysEvery    = 30 * time.Second // after an answer
	failedEvery  = 5 * time.Second  // after none
	issuerWithin = 10 * time.Second
	largestKeys  = 1 << 20 // bytes of an answer
)

// unhurried asks an address no more often than that, and answers in between with what it was told.
type unhurried struct {
	next http.RoundTripper
	now  func() time.Time

	mu   sync.Mutex
	told map[string]*told // by address, of which an issuer has two or three
}

// told is the last answer of an address.
type told struct {
	mu     sync.Mutex // one at a time asks: who comes meanwhile gets the same answer
	again  time.Time
	at     time.Time
	answer *http.Response
	body   []byte
	err    error
}

// RoundTrip is for GETs.
func (u *unhurried) RoundTrip(rq *http.Request) (*http.Response, error) {
	u.mu.Lock()
	last := u.told[rq.URL.String()]
	if last == nil {
		last = &told{}
		u.told[rq.URL.String()] = last
	}
	u.mu.Unlock()
	last.mu.Lock()
	defer last.mu.Unlock()
	if now := u.now(); !now.Before(last.again) || now.Before(last.at) {
		last.ask(u.next, rq)
		every := keysEvery
		if last.err != nil || last.answer.StatusCode >= http.StatusInternalServerError {
			every = failedEvery
		}
		last.at, last.again = now, now.Add(every)
	}
	if last.err != nil {
		return nil, last.err
	}
	answer := *last.answer
	answer.Request, answer.Body = rq, io.NopCloser(bytes.NewReader(last.body))
	return &answer, nil
}

func (t *told) ask(next http.RoundTripper, rq *http.Request) {
	if t.answer, t.err = next.RoundTrip(rq); t.err != nil { //nolint:bodyclose // it is, below
		return
	}
	body := t.answer.Body
	t.body, t.err = io.ReadAll(io.LimitReader(body, largestKeys))
	t.err = errors.Join(t.err, body.Close())
}
