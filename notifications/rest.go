package notifications

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// restMost bounds what is read of a vendor's answer, in bytes.
const restMost = 64 << 10

// A rest is one company's HTTP interface: connections are kept and used again, redirects are not followed.
type rest struct {
	client  *http.Client
	timeout time.Duration // of one call, with the reading of its answer
}

// newREST keeps as many connections as may be busy at once.
func newREST(inFlight int, timeout time.Duration) rest {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        inFlight,
		MaxIdleConnsPerHost: inFlight,
		IdleConnTimeout:     90 * time.Second,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return rest{client: &http.Client{Transport: t, CheckRedirect: stay}, timeout: timeout}
}

// restURL checks where a vendor is: https, or http for one on this machine. usual stands for "".
func restURL(where, usual string) (*url.URL, error) {
	if where == "" {
		where = usual
	}
	u, err := url.Parse(where)
	if err != nil {
		return nil, errors.New("the URL cannot be read")
	}
	local := u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost"
	if u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, fmt.Errorf("the URL is %s://%s, want https", u.Scheme, u.Host)
	}
	return u, nil
}

// A restAnswer is what a vendor said.
type restAnswer struct {
	status int
	header http.Header
	body   []byte
}

// call asks once. It is Down when the vendor was not reached, Unsure when it was and nobody knows what it did.
// What went wrong is said in our own words: the library's texts quote addresses, and those of text messages hold the phone.
func (v rest) call(r *http.Request) (restAnswer, *Failure) {
	ctx, cancel := context.WithTimeout(r.Context(), v.timeout)
	defer cancel()
	var reached atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }})
	res, err := v.client.Do(r.WithContext(ctx)) //nolint:gosec // the vendor's address is the operator's
	if err != nil {
		return restAnswer{}, restUnanswered(ctx, err, reached.Load())
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, restMost+1))
	switch {
	case err != nil:
		return restAnswer{}, restUnanswered(ctx, err, true)
	case len(body) > restMost:
		return restAnswer{}, &Failure{Class: Unsure, Code: "too_long", Err: fmt.Errorf("an answer of more than %d bytes", restMost)}
	}
	return restAnswer{res.StatusCode, res.Header, body}, nil
}

// restUnanswered classes a call that got no whole answer.
func restUnanswered(ctx context.Context, err error, reached bool) *Failure {
	left := errors.Is(context.Cause(ctx), context.Canceled)
	late := errors.Is(err, context.DeadlineExceeded)
	switch {
	case left:
		return &Failure{Class: Unsure, Code: "cancelled", Err: errors.New("we stopped waiting")}
	case reached && late:
		return &Failure{Class: Unsure, Code: "timeout", Err: errors.New("no answer in time")}
	case reached:
		return &Failure{Class: Unsure, Code: "cut_off", Err: errors.New("cut off before the answer was whole")}
	case late:
		return &Failure{Class: Down, Code: "unreachable", Err: errors.New("no connection in time")}
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // without the address we asked
	}
	return &Failure{Class: Down, Code: "unreachable", Err: fmt.Errorf("no connection: %w", err)}
}

// restCode is how a vendor's codes look: nothing that holds a phone or a sentence.
var restCode = regexp.MustCompile(`^[A-Za-z][A-Za-z_.-]{1,59}$`)

// restWord is what a vendor calls its refusal, for staff; "" when that is no code.
func restWord(s string) string {
	if restCode.MatchString(s) {
		return s
	}
	return ""
}

// restID is a vendor's id of what it took: a string or a number, bounded.
func restID(raw json.RawMessage) string {
	id := strings.Trim(string(raw), `"`)
	return id[:min(len(id), 60)]
}
