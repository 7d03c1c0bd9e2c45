package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"xinyi/notifications/local"
)

// hook registers an endpoint of the demo hospital that a local receiver listens at, and trusts its keys.
func (c *city) hook(his, path string) (id string, r *local.Receiver) {
	c.t.Helper()
	r = &local.Receiver{Now: time.Now}
	server := httptest.NewServer(r)
	c.t.Cleanup(server.Close)
	id = c.must(201, his, "POST", "/v1/webhooks", m{"url": server.URL + path})["id"].(string)
	keys := c.must(200, his, "GET", "/v1/webhooks/"+id+"/keys", nil)
	r.Trust(keys["hmac"].([]any)[0].(string), keys["ed25519"].([]any)[0].(string))
	return id, r
}

// paid makes a bill and pays it.
func (c *city) paid(me, his, no string) (bill string) {
	c.t.Helper()
	visit := c.visit(me, his, no, "200.00")
	c.settle(his, visit, "S-"+no, 1, "200.00", "50.00", "0.00", "150.00")
	bill = c.must(200, me, "GET", "/v1/me/medical/bills?state=ISSUED", nil)["items"].([]any)[0].(m)["id"].(string)
	c.must(201, me, "POST", "/v1/me/medical/bills/"+bill+"/payments", m{"amountFen": 15000, "channel": "wechat"})
	c.waits("the payment", func() bool { return c.bill(me, bill)["state"] == "PAID" })
	return bill
}

func heardOf(r *local.Receiver, kind, id string) (n int) {
	for _, h := range r.Took() {
		if strings.Contains(h.Body, `"`+kind+`"`) && strings.Contains(h.Body, id) && h.Answer == 200 {
			n++
		}
	}
	return n
}

// A hospital's system that was down for a day hears of a payment all the same, signed, once, and with nothing private.
func TestHospitalHearsOfAPayment(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	id, r := c.hook(his, "/503")
	bill := c.paid(me, his, "V-1")
	c.waits("the first try", func() bool { return r.Asked() > 0 })
	c.advance("PT20H")
	if n := heardOf(r, "medical.bill_paid", bill); n != 0 {
		t.Fatalf("a system that was down heard %d times", n)
	}
	for range 50 {
		r.Say("200")
	}
	c.advance("P2D")
	if n := heardOf(r, "medical.bill_paid", bill); n != 1 {
		t.Errorf("it heard of the payment %d times", n)
	}
	if n := heardOf(r, "medical.bill_issued", bill); n != 1 {
		t.Errorf("it heard of the bill %d times", n)
	}
	if r.Refused() > 0 {
		t.Errorf("%d had no good signature", r.Refused())
	}
	seen := map[string]bool{}
	for _, h := range r.Took() {
		if h.Signed != 2 {
			t.Errorf("%d good signatures, want one of each kind", h.Signed)
		}
		for _, private := range []string{"150.00", "15000", resident, "刘", "yuan"} {
			if strings.Contains(h.Body, private) {
				t.Errorf("a webhook says %q: %s", private, h.Body)
			}
		}
		if h.Answer == 200 {
			if seen[h.ID] {
				t.Errorf("%s came twice", h.ID)
			}
			seen[h.ID] = true
		}
	}
	his = c.client(ward)
	for _, d := range c.must(200, his, "GET", "/v1/webhooks/"+id+"/deliveries", nil)["items"].([]any) {
		if d.(m)["state"] != "SENT" {
			t.Errorf("a delivery is %v", d)
		}
	}
}

// What an endpoint answers, and what becomes of it.
func TestWebhookAnswers(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	gone, goner := c.hook(his, "/410")
	moved, mover := c.hook(his, "/302")
	slow, slower := c.hook(his, "/slow:100ms")
	if p := c.must(200, his, "POST", "/v1/webhooks/"+slow+"/ping", nil); p["ok"] != true || slower.Asked() != 1 {
		t.Errorf("a ping: %v", p)
	}
	if p := c.must(200, his, "POST", "/v1/webhooks/"+moved+"/ping", nil); p["ok"] != false || p["status"] != 302.0 {
		t.Errorf("a ping that is sent elsewhere: %v", p)
	}
	bill := c.paid(me, his, "V-1")
	c.waits("the slow one", func() bool { return heardOf(slower, "medical.bill_paid", bill) == 1 })
	c.waits("410 disables", func() bool {
		return c.must(200, his, "GET", "/v1/webhooks/"+gone, nil)["state"] == "DISABLED"
	})
	if e := c.must(200, his, "GET", "/v1/webhooks/"+gone, nil); e["why"] != "gone" || goner.Asked() != 1 {
		t.Errorf("after 410: %v, asked %d times", e, goner.Asked())
	}
	c.advance("P6D")
	his = c.client(ward)
	if e := c.must(200, his, "GET", "/v1/webhooks/"+moved, nil); e["state"] != "ACTIVE" || e["failingSince"] == nil {
		t.Errorf("after days of failures: %v", e)
	}
	for _, h := range mover.Took() {
		if h.Path != "/302" {
			t.Errorf("a redirect was followed to %s", h.Path)
		}
	}
	if status, _ := c.call(his, "POST", "/v1/webhooks/"+gone+"/redeliver", m{"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}); status != 409 {
		t.Errorf("a redelivery to a disabled endpoint is answered %d", status)
	}
	for range 20 {
		mover.Say("200")
	}
	now := c.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	again := c.must(200, his, "POST", "/v1/webhooks/"+moved+"/redeliver", m{"from": at.AddDate(0, 0, -20).Format(time.RFC3339), "to": at.Format(time.RFC3339)})
	if again["count"].(float64) < 2 || again["more"] != false {
		t.Errorf("redelivered %v", again)
	}
	c.waits("the redelivery", func() bool { return heardOf(mover, "medical.bill_paid", bill) == 1 })
	other := c.client(elsewhere)
	if status, _ := c.call(other, "GET", "/v1/webhooks/"+slow, nil); status != 404 {
		t.Errorf("another hospital sees the endpoint: %d", status)
	}
}
