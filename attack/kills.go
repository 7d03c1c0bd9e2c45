package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const hospital, scheme = "hospital-liuyang-renmin", "scheme-430181"

// A deed is a request that a client has sent, and its answer if one came.
type deed struct {
	call
	what string
	got  reply
}

// A load is clients that live in the city until its server is killed.
type load struct {
	mu    sync.Mutex
	deeds []*deed
}

// kills ends a server with SIGKILL under load, again and again over the same store: every answer is the same when it is asked for once
// more, and every payment that was accepted is there once.
func kills(ctx context.Context, p plan, t *tally) error {
	dir, err := p.copied("kills")
	if err != nil {
		return err
	}
	var l load
	for round := range p.kills {
		s, err := p.serve(ctx, dir, 0)
		if err != nil {
			return err
		}
		if err := l.killed(ctx, s, t, round); err != nil {
			return err
		}
	}
	s, err := p.serve(ctx, dir, 0)
	if err != nil {
		return err
	}
	err = l.holds(ctx, s, t)
	for _, span := range []string{"PT2M", "PT31M", "PT5M"} { // claims of the dead, payments nobody confirmed, and pauses between tries run out
		if _, fault := (call{base: s.url, method: http.MethodPost, path: "/v1/sandbox/clock", body: m{"advance": span}}).must(ctx); fault != nil {
			return fault
		}
	}
	s.done(t)
	for _, line := range []string{"check", "doctor"} {
		code, out := p.command(ctx, dir, line)
		t.wants(code == 0, "%s: %s", line, out[max(0, len(out)-900):])
	}
	return err
}

// killed lets clients live for a while and kills the server under them.
func (l *load) killed(ctx context.Context, s *program, t *tally, round int) error {
	his, err := s.enter(ctx, hospital)
	if err != nil {
		return err
	}
	var tokens []string
	for _, phone := range []string{"19900000001", "19900000002", "19900000003"} {
		token, err := s.signIn(ctx, phone)
		if err != nil {
			return err
		}
		if round == 0 {
			if err := s.sign(ctx, token); err != nil {
				return err
			}
		}
		tokens = append(tokens, token)
	}
	living, end := context.WithCancel(ctx)
	defer end()
	var group sync.WaitGroup
	for i := range 12 {
		group.Go(func() {
			for n := 0; living.Err() == nil; n++ {
				v := stay{s, tokens[i%len(tokens)], his, fmt.Sprint("K", round, "-", i, "-", n)}
				if err := l.visit(living, t, v); err != nil {
					return
				}
			}
		})
	}
	before := l.answered()
	if !until(ctx, patience, func() bool { return l.answered() >= before+150 }) {
		t.fault("only %d requests were answered before the kill", l.answered()-before)
	}
	time.Sleep(time.Duration(round*37%100) * time.Millisecond)
	t.peak = max(t.peak, s.peak())
	end()
	err = s.kill()
	group.Wait()
	return err
}

// sign signs the scheme of the hospital, with all its consents.
func (s *program) sign(ctx context.Context, token string) error {
	schemes, err := call{base: s.url, method: http.MethodGet, path: "/v1/medical/schemes"}.must(ctx)
	if err != nil {
		return err
	}
	var consents []m
	for _, of := range list(schemes["items"]) {
		if dig(of, "id") == scheme {
			for _, c := range list(dig(of, "consents")) {
				consents = append(consents, m{"id": dig(c, "id"), "version": dig(c, "version")})
			}
		}
	}
	_, err = call{base: s.url, token: token, method: http.MethodPost, path: "/v1/me/medical/agreements",
		body: m{"schemeId": scheme, "consents": consents}}.must(ctx)
	return err
}

func (l *load) answered() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.deeds {
		if d.got.status != 0 {
			n++
		}
	}
	return n
}

// does makes a request and remembers it.
func (l *load) does(ctx context.Context, t *tally, what string, c call) (m, error) {
	d := &deed{call: c, what: what}
	l.mu.Lock()
	l.deeds = append(l.deeds, d)
	d.key = fmt.Sprint(what, "-", len(l.deeds))
	l.mu.Unlock()
	got, err := d.say(ctx)
	if err != nil {
		return nil, err
	}
	t.saw(what, got.status)
	l.mu.Lock()
	d.got = got
	l.mu.Unlock()
	if got.status/100 != 2 {
		return nil, fmt.Errorf("%s: %s", what, got.refusal())
	}
	return got.body, nil
}

// A stay is one visit of a resident at the hospital, by its number.
type stay struct {
	*program
	token, his, no string
}

// visit is a stay from its beginning: charges, a settlement, a payment of what is owed.
func (l *load) visit(ctx context.Context, t *tally, s stay) error {
	code, err := call{base: s.url, token: s.token, method: http.MethodPost, path: "/v1/me/medical/code"}.must(ctx)
	if err != nil {
		return err
	}
	ask := func(what, token, path string, body m) (m, error) {
		return l.does(ctx, t, what, call{base: s.url, token: token, method: http.MethodPost, path: path, body: body})
	}
	e, err := ask("open", s.his, "/v1/his/encounters", m{"visitNo": s.no, "type": "OUTPATIENT", "patient": m{"code": code["code"]}})
	if err != nil {
		return err
	}
	at := fmt.Sprint("/v1/his/encounters/", e["encounterId"])
	now, err := call{base: s.url, method: http.MethodGet, path: "/v1/sandbox/clock"}.must(ctx)
	if err != nil {
		return err
	}
	line := m{"lineId": "1", "revision": 1, "category": "EXAM", "amount": "6.00", "occurredAt": now["now"]}
	if _, err := ask("charge", s.his, at+"/charges", m{"lines": []m{line}}); err != nil {
		return err
	}
	set, err := ask("settle", s.his, at+"/settlements", m{"setlId": "S" + s.no, "revision": 1,
		"medfeeSum": "6.00", "fundPaySum": "1.00", "psnPart": "5.00", "cashPay": "5.00"})
	if err != nil || set["deferredFen"] == 0.0 {
		return err
	}
	bill := fmt.Sprint(e["encounterId"], "-1")
	_, err = ask("pay", s.token, "/v1/me/medical/bills/"+bill+"/payments", m{"amountFen": set["deferredFen"], "channel": "wechat"})
	return err
}

// holds asks for everything once more: the answers are those that were given, and each payment stands in its bill once.
func (l *load) holds(ctx context.Context, s *program, t *tally) error {
	his, err := s.enter(ctx, hospital)
	if err != nil {
		return err
	}
	kept, late, paid := 0, 0, 0
	for _, d := range l.deeds {
		first := d.got
		d.base = s.url
		if strings.HasPrefix(d.path, "/v1/his/") {
			d.token = his
		}
		got, err := d.say(ctx)
		if err != nil {
			return err
		}
		t.saw(d.what+" again", got.status)
		switch {
		case first.status == 0:
			late++
			t.wants(got.status < 500, "%s %s, never answered: %s", d.what, d.path, got.refusal())
		case got.status != first.status || fmt.Sprint(got.body) != fmt.Sprint(first.body) && first.status/100 == 2:
			t.fault("%s %s: first %s %v, again %s %v", d.what, d.path, first.refusal(), first.body, got.refusal(), got.body)
		default:
			kept++
		}
		if d.what != "pay" || got.status/100 != 2 {
			continue
		}
		paid++
		bill, err := call{base: s.url, token: d.token, method: http.MethodGet, path: strings.TrimSuffix(d.path, "/payments")}.must(ctx)
		if err != nil {
			return err
		}
		times := strings.Count(fmt.Sprint(bill["payments"]), fmt.Sprint(got.body["payNo"]))
		t.wants(times == 1, "payment %v is there %d times: %v", got.body["payNo"], times, bill["payments"])
	}
	t.wants(kept > 0 && paid > 0, "%d answers and %d payments were looked at: nothing is tried", kept, paid)
	return nil
}
