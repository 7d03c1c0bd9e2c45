package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// m is a JSON object.
type m = map[string]any

// browser is one client for everybody: what it asks, it asks side by side.
var browser = &http.Client{
	Timeout:       90 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// A call is one request.
type call struct {
	base, token, method, path string
	body                      any // nil for none; []byte as it is; else JSON
	key                       string
	header                    []string // name, value
}

// A reply is what was answered.
type reply struct {
	status   int
	replayed bool
	body     m
}

// refusal is a reply without what is told of the very request: the status, the code and the reason.
func (r reply) refusal() string {
	return fmt.Sprint(r.status, " ", r.body["code"], " ", r.body["reason"])
}

var keyed atomic.Int64

// say makes the request. An answer that streams is not read.
func (c call) say(ctx context.Context) (reply, error) {
	var raw []byte
	kind := "application/octet-stream"
	switch b := c.body.(type) {
	case nil:
	case []byte:
		raw = b
	default:
		kind = "application/json"
		var err error
		if raw, err = json.Marshal(b); err != nil {
			return reply{}, err
		}
	}
	rq, err := http.NewRequestWithContext(ctx, c.method, c.base+c.path, bytes.NewReader(raw))
	if err != nil {
		return reply{}, err
	}
	if raw != nil {
		rq.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		rq.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.method != http.MethodGet {
		if c.key == "" {
			c.key = fmt.Sprint("attack-", keyed.Add(1))
		}
		rq.Header.Set("Idempotency-Key", c.key)
	}
	for i := 0; i+1 < len(c.header); i += 2 {
		rq.Header.Set(c.header[i], c.header[i+1])
	}
	rs, err := browser.Do(rq)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = rs.Body.Close() }()
	out := reply{status: rs.StatusCode, replayed: rs.Header.Get("Idempotent-Replayed") == "true"}
	if strings.HasPrefix(rs.Header.Get("Content-Type"), "text/event-stream") {
		return out, nil
	}
	text, err := io.ReadAll(rs.Body)
	if err == nil && strings.Contains(rs.Header.Get("Content-Type"), "json") {
		err = json.Unmarshal(text, &out.body)
	}
	return out, err
}

// must is a reply that has to be a success.
func (c call) must(ctx context.Context) (m, error) {
	got, err := c.say(ctx)
	if err == nil && got.status/100 != 2 {
		err = fmt.Errorf("%s %s: %s", c.method, c.path, got.refusal())
	}
	return got.body, err
}

// everywhere does n things, so many at once, until ctx ends.
func everywhere(ctx context.Context, n, atOnce int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
