package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// A load sends requests of signed-in people to a child.
type load struct {
	child  *child
	bills  int
	tokens []string // by person
	client fasthttp.Client
	paid   atomic.Int64 // bills paid so far: every payment takes one of its own
}

// A request is one call and the status that is right for it.
type request struct {
	method, path, token, key, body string
	status                         int
}

// A result is what came of one measurement.
type result struct {
	rate     float64 // per second
	p50, p99 time.Duration
	cpu      float64 // µs of the server's processor per request
}

// signIn signs everybody in with the sandbox's codes.
func (l *load) signIn() error {
	for i := range people {
		phone := phoneOf(i)
		var code struct{ Code string }
		var session struct{ AccessToken string }
		body := fmt.Sprintf(`{"phone":%q}`, phone)
		if _, err := l.send(request{method: "POST", path: "/v1/auth/codes", body: body, status: 202}, nil); err != nil {
			return err
		}
		if _, err := l.send(request{method: "GET", path: "/v1/sandbox/codes/" + phone, status: 200}, &code); err != nil {
			return err
		}
		body = fmt.Sprintf(`{"phone":%q,"code":%q}`, phone, code.Code)
		if _, err := l.send(request{method: "POST", path: "/v1/auth/sessions", body: body, status: 200}, &session); err != nil {
			return err
		}
		l.tokens = append(l.tokens, session.AccessToken)
	}
	return nil
}

func (l *load) bill(int) request {
	i := rand.IntN(l.bills)
	return request{method: "GET", path: "/v1/me/medical/bills/" + billID(i), token: l.tokens[i%people], status: 200}
}

func (l *load) list(int) request {
	return request{method: "GET", path: "/v1/me/medical/bills?limit=20", token: l.tokens[rand.IntN(people)], status: 200}
}

func (l *load) payment(int) request {
	i := int(l.paid.Add(1)-1) % l.bills
	return request{method: "POST", path: "/v1/me/medical/bills/" + billID(i) + "/payments", token: l.tokens[i%people],
		key: fmt.Sprint("bench-", l.paid.Load(), "-", i), body: `{"amountFen":100,"channel":"wechat"}`, status: 201}
}

// send makes one call and reads its answer into out, if there is one.
func (l *load) send(r request, out any) (time.Duration, error) {
	rq, rs := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(rq)
	defer fasthttp.ReleaseResponse(rs)
	rq.SetRequestURI(l.child.url + r.path)
	rq.Header.SetMethod(r.method)
	if r.token != "" {
		rq.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.key != "" {
		rq.Header.Set("Idempotency-Key", r.key)
	}
	if r.body != "" {
		rq.Header.SetContentType("application/json")
		rq.SetBodyString(r.body)
	}
	begun := time.Now()
	if err := l.client.DoTimeout(rq, rs, 10*time.Second); err != nil {
		return 0, err
	}
	took := time.Since(begun)
	if rs.StatusCode() != r.status {
		return took, fmt.Errorf("%s %s answered %d: %s", r.method, r.path, rs.StatusCode(), rs.Body())
	}
	if out != nil {
		return took, json.Unmarshal(rs.Body(), out)
	}
	return took, nil
}

// closed lets workers send one request after the other. Its p99 is that of a full server, not what a user waits.
func (l *load) closed(ctx context.Context, name string, workers int, d time.Duration, next func(int) request) (result, error) {
	l.client.MaxConnsPerHost = 256
	return l.measure(name, func(took *times) error {
		var group sync.WaitGroup
		end := time.Now().Add(d)
		for w := range workers {
			group.Go(func() {
				for time.Now().Before(end) && ctx.Err() == nil && took.err() == nil {
					took.add(l.send(next(w), nil))
				}
			})
		}
		group.Wait()
		return ctx.Err()
	})
}

// open sends on schedule whatever the server does, and counts from when a request was due.
func (l *load) open(ctx context.Context, name string, rate int, d time.Duration, next func(int) request) (result, error) {
	return l.measure(name, func(took *times) error {
		var group sync.WaitGroup
		begun := time.Now()
		for i := range rate * int(d/time.Second) {
			due := begun.Add(time.Duration(i) * time.Second / time.Duration(rate))
			time.Sleep(time.Until(due))
			if ctx.Err() != nil || took.err() != nil {
				break
			}
			group.Go(func() {
				_, err := l.send(next(i), nil)
				took.add(time.Since(due), err)
			})
		}
		group.Wait()
		return ctx.Err()
	})
}

// measure runs a load and prints its line.
func (l *load) measure(name string, run func(*times) error) (result, error) {
	var took times
	cpu, begun := l.child.processor(), time.Now()
	if err := run(&took); err != nil {
		return result{}, err
	}
	wall := time.Since(begun)
	used := l.child.processor() - cpu
	if took.failed != nil {
		return result{}, took.failed
	}
	slices.Sort(took.all)
	n := len(took.all)
	r := result{rate: float64(n) / wall.Seconds(), p50: took.all[n/2], p99: took.all[n*99/100], cpu: float64(used.Microseconds()) / float64(n)}
	fmt.Printf("%-24s %10.0f %9.2f %9.2f %9.0f\n", name, r.rate, float64(r.p50.Microseconds())/1000, float64(r.p99.Microseconds())/1000, r.cpu)
	return r, nil
}

// times collects how long requests took, and the first fault.
type times struct {
	mu     sync.Mutex
	all    []time.Duration
	failed error
}

func (t *times) add(d time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil && t.failed == nil {
		t.failed = err
	}
	t.all = append(t.all, d)
}

func (t *times) err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}
