package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"xinyi/models/medical"
	"xinyi/payments"
	"xinyi/store"
)

// program opens a program with the demo city and serves it until the test ends.
func program(t *testing.T, cfg Config) *App {
	t.Helper()
	a, err := Open(t.Context(), cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	})
	served(t, a)
	return a
}

// served runs a until the test ends, before what was to be cleaned up earlier.
func served(t *testing.T, a *App) {
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		crowd.CloseIdleConnections() // a stop waits for connections that were opened and never used
		http.DefaultClient.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// crowd keeps a connection for every goroutine of a test.
var crowd = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 200}}

// A speech is one request. It may be made from any goroutine, again and again.
type speech struct {
	url, token, method, path, key string
	body                          any
}

// A reply is what came back. Status 0 is no answer at all.
type reply struct {
	status   int
	body     m
	replayed bool
}

// problem is the reply's code and the pointer of its first error, for one line of a test.
func (r reply) problem() string {
	s := fmt.Sprint(r.status, " ", r.body["code"])
	if errs, ok := r.body["errors"].([]any); ok && len(errs) > 0 {
		s += fmt.Sprint(" ", errs[0].(m)["pointer"])
	}
	return s
}

func (s speech) say(ctx context.Context) (reply, error) {
	raw, err := json.Marshal(s.body)
	if err != nil {
		return reply{}, err
	}
	rq, err := http.NewRequestWithContext(ctx, s.method, s.url+s.path, bytes.NewReader(raw))
	if err != nil {
		return reply{}, err
	}
	if s.body != nil {
		rq.Header.Set("Content-Type", "application/json")
	} else {
		rq.Body, rq.ContentLength = nil, 0
	}
	if s.token != "" {
		rq.Header.Set("Authorization", "Bearer "+s.token)
	}
	if s.key != "" {
		rq.Header.Set("Idempotency-Key", s.key)
	}
	resp, err := crowd.Do(rq)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	r := reply{status: resp.StatusCode, replayed: resp.Header.Get("Idempotent-Replayed") == "true"}
	if resp.StatusCode == http.StatusNoContent {
		return r, nil
	}
	return r, json.NewDecoder(resp.Body).Decode(&r.body)
}

// insists says it again while the answer is only that others were faster.
func (s speech) insists(ctx context.Context) (r reply, again int, err error) {
	for ; again < 50; again++ {
		r, err = s.say(ctx)
		if err != nil || r.status != http.StatusPreconditionFailed && r.status != http.StatusServiceUnavailable {
			return r, again, err
		}
	}
	return r, again, err
}

// all runs do for 0 … n−1 at once and starts them together.
func all(n int, do func(i int)) {
	var group sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	group.Wait()
}

// replica is a second program on the same store, with a router, a relay and locks of its own.
func replica(t *testing.T, a *App) *App {
	t.Helper()
	b := &App{cfg: a.cfg, log: a.log, world: a.world, now: a.now, clock: a.clock, store: store.New(a.store.Engine, a.now, a.store.Keys), watch: a.watch}
	for _, step := range []func() error{b.join, b.mount, func() error { return b.bind(t.Context()) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	served(t, b)
	return b
}

// 64 visits of one resident are charged at the same moment. As many are put on credit as the limit holds, and at no moment more.
func TestLimitUnderContention(t *testing.T) {
	t.Parallel()
	for name, replicas := range map[string]int{"one program": 1, "two programs on one store": 2} {
		t.Run(name, func(t *testing.T) {
			a := program(t, settingsOf(t, cityDir(t)))
			urls := []string{a.URL()}
			for range replicas - 1 {
				urls = append(urls, replica(t, a).URL())
			}
			chargeAtOnce(t, a, urls)
		})
	}
}

// chargeAtOnce charges 64 visits of the demo resident, in turn at each of urls.
func chargeAtOnce(t *testing.T, a *App, urls []string) {
	const visits, amount, limit = 64, 3700, 100_000
	c := cityAt(t, urls[0])
	me, his := c.signIn(resident), c.client(ward)
	agreement := c.sign(me, "scheme-430181")
	ids := make([]string, visits)
	for i := range ids {
		code := c.must(201, me, "POST", "/v1/me/medical/code", nil)["code"]
		ids[i] = c.must(201, his, "POST", "/v1/his/encounters", m{"visitNo": fmt.Sprint("V-", i), "type": "OUTPATIENT", "patient": m{"code": code}})["encounterId"].(string)
	}
	watched, stop := watch(t, a, agreement)
	var accepted, payNow, waited atomic.Int64
	all(visits, func(i int) {
		r, again, err := speech{urls[i%len(urls)], his, "POST", "/v1/his/encounters/" + ids[i] + "/charges", fmt.Sprint("charge-", i),
			m{"lines": []m{{"lineId": "L", "revision": 1, "category": "OTHER", "amount": "37.00", "occurredAt": lineTime}}}}.insists(t.Context())
		waited.Add(int64(again))
		if err != nil || r.status != 200 {
			t.Errorf("charge %d: %v %v %v", i, r.status, r.body, err)
			return
		}
		switch result := r.body["lines"].([]any)[0].(m)["result"]; result {
		case "ACCEPTED":
			accepted.Add(1)
		case "PAY_NOW":
			payNow.Add(1)
		default:
			t.Errorf("charge %d: %v", i, result)
		}
	})
	stop()
	if accepted.Load() != limit/amount || payNow.Load() != visits-limit/amount {
		t.Errorf("%d accepted and %d to pay now, want %d and %d", accepted.Load(), payNow.Load(), limit/amount, visits-limit/amount)
	}
	if want := fmt.Sprint(limit, limit/amount*amount, 0, limit%amount); c.limits(me) != want {
		t.Errorf("limits %s, want %s", c.limits(me), want)
	}
	for _, id := range ids {
		e, err := a.repos.Medical.Encounters.Get(t.Context(), id)
		if err != nil || e.Total()+e.PayNowTotal() != amount {
			t.Errorf("visit %s: %v, %v", id, e, err)
		}
	}
	t.Logf("%d looks at the agreement meanwhile, %d requests made again", watched.Load(), waited.Load())
}

// watch looks at an agreement all the time until stop: what is held and drawn never exceeds the limit.
func watch(t *testing.T, a *App, agreement string) (looks *atomic.Int64, stop func()) {
	looks = &atomic.Int64{}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				return
			default:
			}
			g, err := a.repos.Medical.Agreements.Get(context.WithoutCancel(t.Context()), agreement)
			if err != nil || g.Outpatient.Available() < 0 || g.Inpatient.Available() < 0 {
				t.Errorf("available %v, %v", g, err)
				return
			}
			looks.Add(1)
		}
	}()
	return looks, func() { close(quit); <-done }
}

// owing gives the demo resident a bill of so many fen and answers its id and number.
func (c *city) owing(me, his, no string, fen int) (id, billNo string) {
	c.t.Helper()
	yuan := fmt.Sprintf("%d.%02d", fen/100, fen%100)
	visit := c.visit(me, his, no, yuan)
	billNo = c.settle(his, visit, "S-"+no, 1, yuan, "0.00", "0.00", yuan)["bills"].([]any)[0].(m)["billNo"].(string)
	return visit + "-1", billNo
}

// bookedRight checks a bill's ledger and how often money came in and went back.
func bookedRight(t *testing.T, a *App, id string, succeeded, refunded int) {
	t.Helper()
	b, err := a.repos.Medical.Bills.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Audit(); err != nil {
		t.Error(err)
	}
	n := 0
	for _, p := range b.Payments {
		if p.State == medical.Succeeded {
			n++
		}
	}
	if n != succeeded || len(b.Refunds) != refunded || len(b.RefundsWaiting()) != 0 {
		t.Errorf("%d payments succeeded, refunds %+v; want %d and %d sent", n, b.Refunds, succeeded, refunded)
	}
}

// 32 requests pay the same bill in full at the same moment: one does.
func TestTwoPaymentsAtOnce(t *testing.T) {
	t.Parallel()
	const payers, fen = 32, 5000
	a := program(t, settingsOf(t, cityDir(t)))
	c := cityAt(t, a.URL())
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	id, _ := c.owing(me, his, "V-1", fen)
	var won atomic.Int64
	all(payers, func(i int) {
		r, _, err := speech{c.url, me, "POST", "/v1/me/medical/bills/" + id + "/payments", "pay-" + strconv.Itoa(i), m{"amountFen": fen, "channel": "wechat"}}.insists(t.Context())
		switch {
		case err == nil && r.status == 201:
			won.Add(1)
		case err != nil || r.problem() != "409 conflict /amountFen":
			t.Errorf("payment %d: %s %v %v", i, r.problem(), r.body, err)
		}
	})
	if won.Load() != 1 {
		t.Fatalf("%d payments accepted, want 1", won.Load())
	}
	c.waits("the payment", func() bool { return c.bill(me, id)["state"] == "PAID" })
	bookedRight(t, a, id, 1, 0)
}

// What a channel says again is no news: the bill stays as it is, and so does its ETag.
func TestChannelRepeatsItself(t *testing.T) {
	t.Parallel()
	a := program(t, settingsOf(t, cityDir(t)))
	c := cityAt(t, a.URL())
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	for what, fen := range map[string]int{"paid": 5000, "refused": 5013} {
		id, _ := c.owing(me, his, "V-"+what, fen)
		payNo := c.must(201, me, "POST", "/v1/me/medical/bills/"+id+"/payments", m{"amountFen": fen, "channel": "wechat"})["payNo"].(string)
		heard := func() (*medical.Bill, bool) {
			b, err := a.repos.Medical.Bills.Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return b, len(b.Waiting()) == 0
		}
		c.waits("the first word", func() bool { _, ok := heard(); return ok })
		out, err := a.channel.Query(t.Context(), payNo)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := heard()
		for i := range 3 {
			if err := a.channel.Call(payments.Sign(a.channel.Key, body, fmt.Sprint("again-", i), a.now()), body); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if after, _ := heard(); after.Revision != before.Revision || after.Paid != before.Paid {
			t.Errorf("%s: revision %d and %d paid, before %d and %d", what, after.Revision, after.Paid, before.Revision, before.Paid)
		}
	}
}

// Somebody pays in the app and at the desk. The money that is too much goes back, however late the channel speaks.
func TestPaidTwice(t *testing.T) {
	t.Parallel()
	a := program(t, settingsOf(t, cityDir(t)))
	c := cityAt(t, a.URL())
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	pay := func(id string, fen int) {
		c.must(201, me, "POST", "/v1/me/medical/bills/"+id+"/payments", m{"amountFen": fen, "channel": "alipay"})
	}
	desk := func(billNo, receipt, yuan string) m {
		return c.must(201, his, "POST", "/v1/his/bills/"+billNo+"/offline-payments", m{"receiptNo": receipt, "amount": yuan})
	}
	paid := func(id string) bool { return c.bill(me, id)["state"] == "PAID" }

	t.Run("the app first, then the desk", func(t *testing.T) {
		id, billNo := c.owing(me, his, "V-1", 5000)
		pay(id, 5000)
		c.waits("the payment", func() bool { return paid(id) })
		if b := desk(billNo, "R-1", "50.00"); b["state"] != "REFUND_DUE" || b["outstandingFen"] != -5000.0 {
			t.Fatalf("paid at the desk again: %v", b)
		}
		returned(c, me, his, id, billNo)
		bookedRight(t, a, id, 2, 1)
	})
	t.Run("the desk while the app waits", func(t *testing.T) {
		id, billNo := c.owing(me, his, "V-2", 6000)
		pay(id, 6000)
		desk(billNo, "R-2", "60.00")
		c.waits("the late success", func() bool { return c.bill(me, id)["paidFen"] == 12000.0 })
		returned(c, me, his, id, billNo)
		bookedRight(t, a, id, 2, 1)
	})
	t.Run("the desk, and the channel never calls", func(t *testing.T) {
		id, billNo := c.owing(me, his, "V-3", 7014)
		pay(id, 7014)
		desk(billNo, "R-3", "70.14")
		c.advance("PT31M")
		me, his = c.signIn(resident), c.client(ward)
		if b := c.bill(me, id); b["paidFen"] != 14028.0 {
			t.Fatalf("nobody asked the channel: %v", b)
		}
		returned(c, me, his, id, billNo)
		bookedRight(t, a, id, 2, 1)
	})
	t.Run("the channel never calls", func(t *testing.T) {
		id, _ := c.owing(me, his, "V-4", 8014)
		pay(id, 8014)
		c.advance("PT31M")
		me, his = c.signIn(resident), c.client(ward)
		if !paid(id) {
			t.Fatalf("nobody asked the channel: %v", c.bill(me, id))
		}
		bookedRight(t, a, id, 1, 0)
	})
	t.Run("the bank refuses", func(t *testing.T) {
		id, _ := c.owing(me, his, "V-5", 9013)
		pay(id, 9013)
		c.waits("the refusal", func() bool { return strings.Contains(fmt.Sprint(c.bill(me, id)["payments"]), "FAILED") })
		pay(id, 9000) // the room the refused one took is free again; not the whole rest, but more than the least
		c.waits("the other payment", func() bool { return c.bill(me, id)["outstandingFen"] == 13.0 })
		bookedRight(t, a, id, 1, 0)
	})
}

// returned follows the refund that is due to its end: the channel sends its own, the desk reports the others.
func returned(c *city, me, his, id, billNo string) {
	c.t.Helper()
	refunds := c.bill(me, id)["refunds"].([]any)
	if len(refunds) != 1 {
		c.t.Fatalf("refunds %v, want one", refunds)
	}
	if r := refunds[0].(m); r["channel"] == medical.Window {
		c.must(201, his, "POST", "/v1/his/bills/"+billNo+"/offline-refunds", m{"refundNo": r["refundNo"], "receiptNo": "B-" + billNo})
	}
	c.waits("the refund", func() bool { b := c.bill(me, id); return b["state"] == "PAID" && b["outstandingFen"] == 0.0 })
}
