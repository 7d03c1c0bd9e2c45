package notifications

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	maxHeard = 64 << 10       // bytes read of an answer
	maxAsked = 24 * time.Hour // the longest wait that anybody may ask of us
)

// drained reads the rest of an answer, within its bound, so that the connection can be used again. What it says is nothing
// to us, nor whether it came to its end.
func drained(res *http.Response) {
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxHeard)) //nolint:errcheck // the status has come
	_ = res.Body.Close()
}

// waitAsked reads a Retry-After header, seconds or a date. 0 for none.
func waitAsked(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxAsked)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxAsked)
}

// unheard names why there was no answer, without the address: it may hold a secret.
func unheard(err error) *Failure {
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		err = outer.Err
	}
	f := &Failure{Class: Unsure, Code: "no answer", Err: err}
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.Is(err, errAddress):
		f.Code, f.Err = "address refused", errAddress
	case errors.As(err, &cert):
		f.Code = "certificate"
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		f.Code = "timeout"
	case errors.As(err, &name):
		f.Code = "name unknown"
	}
	return f
}
