package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// frames are requests of which two programs might not agree where they end: 400, and the line is closed.
func frames(token string) map[string]string {
	post := "POST /v1/me/medical/code HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
		"\r\nIdempotency-Key: framing\r\nContent-Type: application/json\r\n"
	get := "GET /livez HTTP/1.1\r\nHost: x\r\n"
	return map[string]string{
		"two lengths":            post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		"the same length twice":  post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
		"a list of lengths":      post + "Content-Length: 2, 2\r\n\r\n{}",
		"length and coding":      post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"coding and length":      post + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"two codings":            post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"another coding":         post + "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"a negative length":      post + "Content-Length: -1\r\n\r\n",
		"a length with a sign":   post + "Content-Length: +2\r\n\r\n{}",
		"a length in hex":        post + "Content-Length: 0x2\r\n\r\n{}",
		"a space before a colon": post + "Content-Length : 2\r\n\r\n{}",
		"no Host":                "GET /livez HTTP/1.1\r\n\r\n",
		"two Hosts":              get + "Host: y\r\n\r\n",
		"NUL in a header":        get + "X-Note: a\x00b\r\n\r\n",
		"NUL in the path":        "GET /livez\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"CR in a header":         get + "X-Note: a\rb\r\n\r\n",
		"a folded header":        get + "X-Note: a\r\n b\r\n\r\n",
		"a name with a space":    get + "X Note: a\r\n\r\n",
		"no version":             "GET /livez\r\nHost: x\r\n\r\n",
	}
}

// framing sends frames that are no frames, heads that never end, and more idle connections than the process may have files.
func framing(ctx context.Context, p plan, t *tally) error {
	s, err := p.copyServed(ctx, "framing", 1024, "MAX_CONNECTIONS_PER_ADDRESS=200")
	if err != nil {
		return err
	}
	defer s.done(t)
	token, err := s.signIn(ctx, "19900000001")
	if err != nil {
		return err
	}
	addr := strings.TrimPrefix(s.url, "http://")
	for name, raw := range frames(token) {
		for range 3 {
			status, closed, err := sent(ctx, addr, raw)
			if err != nil {
				return err
			}
			t.saw(name, status)
			t.wants(status == http.StatusBadRequest && closed, "%s: %d, closed: %v", name, status, closed)
		}
	}
	s.slow(ctx, p, t, addr)
	return s.idle(ctx, t, addr)
}

// sent sends raw bytes, and answers the status and whether the server hung up afterwards.
func sent(ctx context.Context, addr, raw string) (status int, closed bool, err error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, raw); err != nil {
		return 0, false, err
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, false, err
	}
	lines := bufio.NewReader(c)
	rs, err := http.ReadResponse(lines, nil)
	if err != nil { // hung up without a word
		return http.StatusBadRequest, !errors.Is(err, os.ErrDeadlineExceeded), nil
	}
	_, err = io.Copy(io.Discard, rs.Body)
	_ = rs.Body.Close()
	if err == nil {
		err = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	}
	if err != nil {
		return rs.StatusCode, true, nil
	}
	_, err = lines.ReadByte()
	return rs.StatusCode, !errors.Is(err, os.ErrDeadlineExceeded), nil
}

// slow begins fifty requests and sends a byte now and then: others are answered, and none of them is waited for for ever.
func (s *program) slow(ctx context.Context, p plan, t *tally, addr string) {
	var d net.Dialer
	var open []net.Conn
	for range 50 {
		c, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			t.fault("slow heads: %v", err)
			return
		}
		open = append(open, c)
		if _, err := io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
			t.fault("slow heads: %v", err)
		}
	}
	begun := time.Now()
	wait := 45 * time.Second // the server reads a head for 30
	if p.quick {
		wait = 3 * time.Second
	}
	left := len(open)
	until(ctx, wait, func() bool {
		t.wants(s.ready(ctx) == http.StatusOK || ctx.Err() != nil, "nobody is answered beside slow heads")
		left = 0
		for _, c := range open {
			if _, err := c.Write([]byte("a")); err == nil {
				left++
			}
		}
		time.Sleep(time.Second)
		return left == 0
	})
	t.wants(left == 0 || p.quick || ctx.Err() != nil, "%d slow heads are still read after %v", left, time.Since(begun).Round(time.Second))
	for _, c := range open {
		_ = c.Close()
	}
}

// idle opens 1,100 connections of four addresses at 1,024 files, of which each may have 200: a fifth address is answered meanwhile.
func (s *program) idle(ctx context.Context, t *tally, addr string) error {
	var crowd []net.Conn
	for i := range 1100 {
		c, err := from(ctx, fmt.Sprint("127.0.0.", 2+i%4), addr)
		if err != nil {
			return fmt.Errorf("after %d idle connections: %w", len(crowd), err)
		}
		crowd = append(crowd, c)
	}
	c, err := from(ctx, "127.0.0.9", addr)
	if err != nil {
		return err
	}
	t.wants(lives(c), "nobody else is answered beside %d idle connections", len(crowd))
	for _, c := range append(crowd, c) {
		_ = c.Close()
	}
	t.wants(until(ctx, patience, func() bool { return s.ready(ctx) == http.StatusOK }), "it does not get over %d idle connections", len(crowd))
	return nil
}

// from connects from an address of this machine.
func from(ctx context.Context, address, to string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}, Timeout: 10 * time.Second}
	return d.DialContext(ctx, "tcp", to)
}

// lives asks over a connection whether the server lives.
func lives(c net.Conn) bool {
	if _, err := io.WriteString(c, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return false
	}
	rs, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false
	}
	defer func() { _ = rs.Body.Close() }()
	return rs.StatusCode == http.StatusOK
}
