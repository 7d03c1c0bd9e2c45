package main

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// stream follows a person's inbox and hands on what comes: the event's name, a space, its data.
func (c *city) stream(token, last string) <-chan string {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(c.t.Context()))
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/v1/me/inbox/stream", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	rq.Header.Set("Accept-Language", "en")
	if last != "" {
		rq.Header.Set("Last-Event-ID", last)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(rq) //nolint:bodyclose // whoever reads the events closes it
	if err != nil {
		c.t.Fatal(err)
	}
	if kind := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		c.t.Fatalf("the stream answered %s, %s", resp.Status, kind)
	}
	events, done := make(chan string, 1000), make(chan struct{})
	go func() {
		defer close(done)
		defer resp.Body.Close()
		name := ""
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "event:"); ok {
				name = strings.TrimSpace(n)
			}
			if d, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
				events <- name + " " + strings.TrimSpace(d)
			}
		}
	}()
	c.t.Cleanup(func() { stop(); <-done })
	return events
}

// shown is what a phone got from the sandbox's push service.
func (c *city) shown(token string) []any {
	c.t.Helper()
	return c.must(200, "", "GET", "/v1/sandbox/pushes?token="+url.QueryEscape(token), nil)["items"].([]any)
}

// A bill's whole life reaches its person in the inbox, live, and on the phone, through Firebase's own library; and the
// phone's locked screen says nothing private.
func TestRemindersReachTheirPerson(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	const phone = "ok#phone-1"
	c.must(200, me, "PUT", "/v1/me/devices/phone-0001", m{"channel": "fcm", "token": phone, "platform": "android", "lang": "en"})
	c.must(200, me, "PUT", "/v1/me/notification-preferences", m{"channels": m{}, "topics": []any{}, "quietHours": []any{}, "quietHoursChosen": true, "marketing": false})
	events := c.stream(me, "")
	c.sign(me, "scheme-430181")
	visit := c.visit(me, his, "V-1", "200.00")
	c.settle(his, visit, "S-1", 1, "200.00", "50.00", "0.00", "150.00")
	c.waits("the bill's push", func() bool { return len(c.shown(phone)) > 0 })
	before := len(c.shown(phone))
	c.advance("P8D")
	c.waits("the reminders' pushes", func() bool { return len(c.shown(phone)) >= before+3 })
	for _, p := range c.shown(phone) {
		said, _ := p.(m)["body"].(string)
		if said == "" || strings.Contains(said, "150") || strings.Contains(said, "ospital") || strings.Contains(said, "yuan") {
			t.Errorf("a locked screen shows %q", said)
		}
	}
	me = c.signIn(resident)
	kinds := map[string]int{}
	for _, item := range c.must(200, me, "GET", "/v1/me/inbox?limit=100", nil)["items"].([]any) {
		kinds[item.(m)["kind"].(string)]++
	}
	for _, kind := range []string{"medical.bill_issued", "medical.bill_due_soon", "medical.bill_due_today", "medical.bill_overdue"} {
		if kinds[kind] == 0 {
			t.Errorf("the inbox has no %s: %v", kind, kinds)
		}
	}
	live := map[string]bool{}
	for end := time.After(20 * time.Second); len(live) < 4; {
		select {
		case e := <-events:
			for kind := range kinds {
				if strings.HasPrefix(e, "message ") && strings.Contains(e, `"`+kind+`"`) && strings.HasPrefix(kind, "medical.bill_") {
					live[kind] = true
				}
			}
		case <-end:
			t.Fatalf("live came only %v", live)
		}
	}
	sent := 0
	for _, item := range c.must(200, me, "GET", "/v1/me/deliveries?limit=100", nil)["items"].([]any) {
		if d := item.(m); d["state"] == "SENT" && d["channel"] == "fcm" {
			sent++
		}
	}
	if sent < before+3 {
		t.Errorf("%d deliveries are said to be sent, the phone got %d pushes", sent, len(c.shown(phone)))
	}
}

// Who closes the account is told nothing any more, not even what was on its way.
func TestLeavingStopsWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	const newcomer, phone = "19900009555", "ok#newcomer"
	me := c.signIn(newcomer)
	c.must(200, me, "PUT", "/v1/me/devices/phone-0001", m{"channel": "fcm", "token": phone, "lang": "en"})
	var quiet []any
	for day := 1; day <= 7; day++ {
		quiet = append(quiet, m{"days": []int{day}, "from": "00:00", "to": "20:00"})
	}
	c.must(200, me, "PUT", "/v1/me/notification-preferences", m{"channels": m{}, "topics": []any{}, "quietHours": quiet, "quietHoursChosen": true, "marketing": false})
	c.must(200, me, "POST", "/v1/me/identity", m{"name": "刘小河", "idNumber": "430181199001010003"})
	c.must(204, me, "DELETE", "/v1/me", nil)
	pushes := len(c.shown(phone))
	if status, _ := c.call(me, "GET", "/v1/me", nil); status != 401 {
		t.Errorf("who left is answered %d", status)
	}
	c.advance("P3D")
	if n := len(c.shown(phone)); n != pushes {
		t.Errorf("after leaving came %d pushes", n-pushes)
	}
}
