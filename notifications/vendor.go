package notifications

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// maxAnswer bounds what is read of a vendor's answer, in bytes.
const maxAnswer = 64 << 10

// A vendor is one company's HTTP interface: connections are kept and used again, redirects are not followed.
type vendor struct {
	client  *http.Client
	timeout time.Duration // of one call, with the reading of its answer
}

// newVendor keeps as many connections as may be busy at once.
func newVendor(inFlight int, timeout time.Duration) vendor {
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        inFlight,
		MaxIdleConnsPerHost: inFlight,
		IdleConnTimeout:     90 * time.Second,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return vendor{client: &http.Client{Transport: t, CheckRedirect: stay}, timeout: timeout}
}

// vendorURL checks where a vendor is: https, or http for one on this machine. usual stands for "".
func vendorURL(where, usual string) (*url.URL, error) {
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

// A vendorAnswer is what a vendor said.
type vendorAnswer struct {
	status int
	header http.Header
	body   []byte
}

// call asks once. It is Down when the vendor was not reached, Unsure when it was and nobody knows what it did.
// What went wrong is said in our own words: the library's texts quote addresses, and those of text messages hold the phone.
func (v vendor) call(r *http.Request) (vendorAnswer, *Failure) {
	ctx, cancel := context.WithTimeout(r.Context(), v.timeout)
	defer cancel()
	var reached atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { reached.Store(true) }})
	res, err := v.client.Do(r.WithContext(ctx))
	if err != nil {
		return vendorAnswer{}, unanswered(ctx, err, reached.Load())
	}
	defer func() { _ = res.Body.Close() }() //nolint:errcheck // only read from
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return vendorAnswer{}, unanswered(ctx, err, true)
	case len(body) > maxAnswer:
		return vendorAnswer{}, &Failure{Class: Unsure, Code: "too_long", Err: fmt.Errorf("an answer of more than %d bytes", maxAnswer)}
	}
	return vendorAnswer{res.StatusCode, res.Header, body}, nil
}

// unanswered classes a call that got no whole answer.
func unanswered(ctx context.Context, err error, reached bool) *Failure {
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

// vendorWord bounds what a vendor calls its answer, for staff: nothing but the letters of a code.
func vendorWord(s string) string {
	clean := strings.Map(func(c rune) rune {
		if c == '.' || c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			return c
		}
		return -1
	}, s)
	return clean[:min(len(clean), 60)]
}
