package notifications

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// fcmTransport reaches Google over as few connections as carry inFlight parcels. It notices a connection that died silently,
// which HTTP/2 alone would go on using for a quarter of an hour.
func fcmTransport(inFlight int, proxy *url.URL) *http.Transport {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConns:        inFlight,
		MaxIdleConnsPerHost: inFlight,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return t
}

// fcmNoRedirect: whoever sends a message elsewhere is not Google, and gets neither bearer nor assertion.
func fcmNoRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// An fcmAttempt is what really happened on the wire, which the SDK's errors do not tell.
type fcmAttempt struct {
	tried    bool        // the SDK found nothing wrong with the message
	written  atomic.Bool // the request left whole, as far as we can know
	answered atomic.Bool // at least a byte of an answer came
	failed   error       // there is no whole answer
	status   int         // 0: none
	header   http.Header
	body     []byte
}

type fcmAttemptKey struct{}

func (a *fcmAttempt) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, fcmAttemptKey{}, a)
}

func (a *fcmAttempt) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders:         func() { a.written.Store(true) },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { a.written.Store(i.Err == nil) },
		GotFirstResponseByte: func() { a.answered.Store(true) },
	})
}

// fcmOneShot makes one request of a Send. The SDK tries a 503 and every error of the transport four times more, seven seconds in
// all, and cannot be told not to: it is shown a status it does not know instead, and the attempt keeps the truth.
type fcmOneShot struct {
	base    http.RoundTripper
	bearers *fcmBearers
}

// fcmMasked is that status.
const fcmMasked = 599

// RoundTrip always answers: an error would be tried again.
func (t fcmOneShot) RoundTrip(r *http.Request) (*http.Response, error) {
	a, ok := r.Context().Value(fcmAttemptKey{}).(*fcmAttempt)
	if !ok || a.tried {
		return fcmMask(r, nil), nil // the first request of a Send is the only one
	}
	a.tried = true
	bearer, err := t.bearers.get(r.Context())
	if err == nil {
		err = t.once(a, bearer, r)
	}
	if a.failed = err; err != nil || a.status == http.StatusServiceUnavailable || a.status/100 == 3 {
		return fcmMask(r, a.body), nil //nolint:nilerr // kept in a.failed; the library is shown a mask
	}
	resp := fcmMask(r, a.body)
	resp.StatusCode, resp.Header = a.status, a.header
	return resp, nil
}

// once makes the request and reads the answer.
func (t fcmOneShot) once(a *fcmAttempt, bearer string, r *http.Request) error {
	out := r.Clone(a.watch(r.Context()))
	out.Header.Set("Authorization", "Bearer "+bearer)
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return err
	}
	a.status, a.header = resp.StatusCode, resp.Header
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if a.status == http.StatusUnauthorized && fcmWords(a.body).Code != codeThirdParty {
		t.bearers.drop(r.Context(), bearer)
	}
	return errors.Join(err, resp.Body.Close())
}

func fcmMask(r *http.Request, body []byte) *http.Response {
	return &http.Response{StatusCode: fcmMasked, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}
}
