package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/openapitest"
)

// city is the real program on a free port with the demo city, and what a test does with it over HTTP.
type city struct {
	t     *testing.T
	url   string
	keys  int
	check *openapitest.Checker // every answer is one the document foresees
}

func openCity(t *testing.T) *city {
	t.Helper()
	c, _ := openCityApp(t)
	return c
}

// openCityApp is openCity for a test that also looks inside the program.
func openCityApp(t *testing.T) (*city, *App) {
	t.Helper()
	a := program(t, settingsOf(t, cityDir(t)))
	return cityAt(t, a.URL()), a
}

// cityAt talks to a program that runs there already.
func cityAt(t *testing.T, url string) *city {
	t.Helper()
	resp, err := http.Get(url + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	check, err := openapitest.New(io.ReadAll(resp.Body))
	if err != nil {
		t.Fatal(err)
	}
	return &city{t: t, url: url, check: check}
}

type m = map[string]any

// call makes a request and answers status and body. Each POST has an Idempotency-Key of its own unless header names one.
func (c *city) call(token, method, path string, body any, header ...string) (int, m) {
	c.t.Helper()
	var raw []byte
	if s, ok := body.(string); ok {
		raw = []byte(s)
	} else if body != nil {
		raw, _ = json.Marshal(body)
	}
	rq, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, bytes.NewReader(raw))
	if err != nil {
		c.t.Fatal(err)
	}
	if raw != nil {
		rq.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	rq.Header.Set("Accept-Language", "en")
	c.keys++
	rq.Header.Set("Idempotency-Key", "test-"+strconv.Itoa(c.keys))
	for i := 0; i+1 < len(header); i += 2 {
		if rq.Header.Set(header[i], header[i+1]); header[i+1] == "" {
			rq.Header.Del(header[i])
		}
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var out m
	if err := json.Unmarshal(answer, &out); err != nil && resp.StatusCode != http.StatusNoContent {
		c.t.Fatalf("%s %s: %d, %v", method, path, resp.StatusCode, err)
	}
	where, _, _ := strings.Cut(path, "?")
	if _, routed := c.check.Route(method, where); routed {
		if err := c.check.Check(method, where, resp.StatusCode, resp.Header.Get("Content-Type"), answer); err != nil {
			c.t.Errorf("%s %s: %d: %v", method, path, resp.StatusCode, err)
		}
	}
	return resp.StatusCode, out
}

// must is call with the status it has to have.
func (c *city) must(status int, token, method, path string, body any, header ...string) m {
	c.t.Helper()
	got, out := c.call(token, method, path, body, header...)
	if got != status {
		c.t.Fatalf("%s %s = %d, want %d: %v", method, path, got, status, out)
	}
	return out
}

func (c *city) signIn(phone string) string {
	c.t.Helper()
	c.must(202, "", "POST", "/v1/auth/codes", m{"phone": phone})
	code := c.must(200, "", "GET", "/v1/sandbox/codes/"+phone, nil)["code"]
	return c.must(200, "", "POST", "/v1/auth/sessions", m{"phone": phone, "code": code, "device": "test"})["accessToken"].(string)
}

func (c *city) client(id string) string {
	c.t.Helper()
	return c.must(200, "", "POST", "/v1/auth/token", m{"clientId": id, "clientSecret": "sandbox-secret-of-" + id})["accessToken"].(string)
}

func (c *city) advance(span string) { c.must(200, "", "POST", "/v1/sandbox/clock", m{"advance": span}) }

// sign signs a scheme with all its consents and answers the agreement's id.
func (c *city) sign(token, scheme string) string {
	c.t.Helper()
	var consents []m
	for _, s := range c.must(200, "", "GET", "/v1/medical/schemes", nil)["items"].([]any) {
		if s.(m)["id"] == scheme {
			for _, t := range s.(m)["consents"].([]any) {
				consents = append(consents, m{"id": t.(m)["id"], "version": t.(m)["version"]})
			}
		}
	}
	return c.must(201, token, "POST", "/v1/me/medical/agreements", m{"schemeId": scheme, "consents": consents})["id"].(string)
}

// limits reads the four numbers of the only agreement.
func (c *city) limits(token string) string {
	c.t.Helper()
	a := c.must(200, token, "GET", "/v1/me/medical/agreements", nil)["items"].([]any)[0].(m)
	return fmt.Sprint(a["limitFen"], a["heldFen"], a["drawnFen"], a["availableFen"])
}

func (c *city) bill(token, id string) m {
	c.t.Helper()
	return c.must(200, token, "GET", "/v1/me/medical/bills/"+id, nil)
}

func numbers(b m) string {
	return fmt.Sprintf("%v %v %v %v %v", b["state"], b["principalFen"], b["paidFen"], b["refundedFen"], b["outstandingFen"])
}

// patience is how long a test waits for what goes on by itself. Only a fault makes it wait so long, on the slowest machine.
const patience = 3 * time.Minute

// waits polls until want holds: the channel calls back in its own time.
func (c *city) waits(what string, want func() bool) {
	c.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if want() {
			return
		}
	}
	c.t.Fatalf("not within %v: %s", patience, what)
}

const (
	resident, health1, health2, healthElsewhere = "19900000001", "19900000011", "19900000012", "19900000013"
	ward, elsewhere                             = "hospital-liuyang-zhongyi", "hospital-ningxiang-renmin"
	lineTime                                    = "2026-11-20T08:00:00Z"
)

// visit opens a visit for the demo resident by code and posts charges in yuan.
func (c *city) visit(token, his, no string, amounts ...string) string {
	c.t.Helper()
	code := c.must(201, token, "POST", "/v1/me/medical/code", nil)["code"]
	e := c.must(201, his, "POST", "/v1/his/encounters", m{"visitNo": no, "type": "OUTPATIENT", "patient": m{"code": code}})
	if e["creditable"] != true {
		c.t.Fatalf("not creditable: %v", e)
	}
	id := e["encounterId"].(string)
	var lines []m
	for i, a := range amounts {
		lines = append(lines, m{"lineId": "L" + strconv.Itoa(i+1), "revision": 1, "category": "OTHER", "amount": a, "occurredAt": lineTime})
	}
	got := c.must(200, his, "POST", "/v1/his/encounters/"+id+"/charges", m{"lines": lines})
	for _, l := range got["lines"].([]any) {
		if l.(m)["result"] != "ACCEPTED" {
			c.t.Fatalf("charges: %v", got)
		}
	}
	return id
}

func (c *city) settle(his, visit, setl string, revision int, sum, fund, acct, cash string) m {
	c.t.Helper()
	person := yuanSum(acct, cash)
	return c.must(201, his, "POST", "/v1/his/encounters/"+visit+"/settlements", m{
		"setlId": setl, "revision": revision, "medfeeSum": sum, "fundPaySum": fund, "acctPay": acct, "psnPart": person, "cashPay": cash, "hospPart": "0.00",
	})
}

func yuanSum(parts ...string) string {
	sum := 0
	for _, p := range parts {
		n, _ := strconv.Atoi(strings.ReplaceAll(p, ".", ""))
		sum += n
	}
	return fmt.Sprintf("%d.%02d", sum/100, sum%100)
}

// The worked example of the money rules, through the HTTP API, fen for fen.
// Source: docs/sources.md#medical-money-14.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	visit := c.visit(me, his, "V-1", "12.00", "268.50", "143.27")
	if got := c.limits(me); got != "100000 42377 0 57623" {
		t.Fatalf("after the charges: %s", got)
	}
	s := c.settle(his, visit, "S-1", 1, "423.77", "186.42", "50.00", "187.35")
	billNo := s["bills"].([]any)[0].(m)["billNo"].(string)
	if got := c.limits(me); s["state"] != "SETTLED" || got != "100000 0 18735 81265" {
		t.Fatalf("after the settlement: %s, %v", got, s)
	}
	id := c.must(200, me, "GET", "/v1/me/medical/bills?state=ISSUED", nil)["items"].([]any)[0].(m)["id"].(string)
	c.must(201, me, "POST", "/v1/me/medical/bills/"+id+"/payments", m{"amountFen": 10000, "channel": "wechat"})
	c.waits("the payment", func() bool {
		return c.bill(me, id)["state"] == "PARTIALLY_PAID" && c.limits(me) == "100000 0 8735 91265"
	})
	if got := numbers(c.bill(me, id)) + " / " + c.limits(me); got != "PARTIALLY_PAID 18735 10000 0 8735 / 100000 0 8735 91265" {
		t.Fatalf("after the payment: %s", got)
	}
	c.settle(his, visit, "S-1", 2, "423.77", "292.57", "50.00", "81.20")
	c.waits("the refund", func() bool { return c.bill(me, id)["state"] == "PAID" && c.limits(me) == "100000 0 0 100000" })
	if got := numbers(c.bill(me, id)) + " / " + c.limits(me); got != "PAID 8120 10000 1880 0 / 100000 0 0 100000" {
		t.Fatalf("after the re-settlement: %s", got)
	}
	if !strings.HasPrefix(billNo, "XY") {
		t.Errorf("bill number %q", billNo)
	}
	row, whole := c.must(200, me, "GET", "/v1/me/medical/bills", nil)["items"].([]any)[0].(m), c.bill(me, id)
	for key, value := range row {
		if fmt.Sprint(whole[key]) != fmt.Sprint(value) {
			t.Errorf("the list shows %s = %v, the bill %v", key, value, whole[key])
		}
	}
	if items := c.must(200, me, "GET", "/v1/me/medical/bills/"+id+"/timeline", nil)["items"].([]any); len(items) < 5 {
		t.Errorf("timeline: %v", items)
	}
	if n := len(c.must(200, me, "GET", "/v1/me/inbox", nil)["items"].([]any)); n < 4 {
		t.Errorf("%d messages in the inbox", n)
	}
}

// The other branch: a re-settlement that raises the cash part of a paid bill becomes a bill of its own.
func TestSupplementaryBill(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	visit := c.visit(me, his, "V-1", "12.00", "268.50", "143.27")
	c.settle(his, visit, "S-1", 1, "423.77", "186.42", "50.00", "187.35")
	id := c.must(200, me, "GET", "/v1/me/medical/bills", nil)["items"].([]any)[0].(m)["id"].(string)
	c.must(201, me, "POST", "/v1/me/medical/bills/"+id+"/payments", m{"amountFen": 18735, "channel": "alipay"})
	c.waits("the payment", func() bool { return c.bill(me, id)["state"] == "PAID" })
	c.advance("P2D")
	me, his = c.signIn(resident), c.client(ward)
	s := c.settle(his, visit, "S-1", 2, "423.77", "173.77", "50.00", "200.00")
	bills := s["bills"].([]any)
	if len(bills) != 2 || bills[1].(m)["principalFen"] != 1265.0 || bills[1].(m)["state"] != "ISSUED" || bills[0].(m)["state"] != "PAID" {
		t.Fatalf("bills: %v", bills)
	}
	if got := c.limits(me); got != "100000 0 1265 98735" {
		t.Fatalf("limits: %s", got)
	}
	extra := c.must(200, me, "GET", "/v1/me/medical/bills?state=ISSUED", nil)["items"].([]any)[0].(m)
	if extra["dueOn"] == c.bill(me, id)["dueOn"] {
		t.Errorf("the supplementary bill has the old due day %v", extra["dueOn"])
	}
}

// A bill nobody pays, under the sandbox clock: reminders, freeze, suspension, notice, a person's decision, cure.
func TestOverdueAndRecovery(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	agreement := c.sign(me, "scheme-430181")
	visit := c.visit(me, his, "V-1", "200.00")
	c.settle(his, visit, "S-1", 1, "200.00", "50.00", "0.00", "150.00")
	id := c.must(200, me, "GET", "/v1/me/medical/bills", nil)["items"].([]any)[0].(m)["id"].(string)
	state := func() (string, string) {
		me = c.signIn(resident)
		return c.bill(me, id)["state"].(string), c.must(200, me, "GET", "/v1/me/medical/agreements/"+agreement, nil)["state"].(string)
	}
	c.advance("P8D")
	c.must(200, me, "GET", "/v1/me", nil) // tokens live by the world's clock: nobody is signed out by a moved one
	if b, a := state(); b != "OVERDUE" || a != "ACTIVE" {
		t.Fatalf("after 8 days: %s, %s", b, a)
	}
	his = c.client(ward)
	code := c.must(201, me, "POST", "/v1/me/medical/code", nil)["code"]
	e := c.must(201, his, "POST", "/v1/his/encounters", m{"visitNo": "V-2", "type": "EMERGENCY", "patient": m{"code": code}})
	if e["creditable"] != false || e["reasonCode"] != "SUSPENDED" {
		t.Fatalf("an emergency while overdue: %v", e)
	}
	c.advance("P7D")
	if b, a := state(); b != "OVERDUE" || a != "SUSPENDED" {
		t.Fatalf("after 15 days: %s, %s", b, a)
	}
	officer := c.signIn(health1)
	if _, early := c.call(officer, "POST", "/v1/medical/conducts/"+id+"/confirm", nil); early["code"] != "not_found" {
		t.Fatalf("a default without a notice: %v", early)
	}
	c.advance("P8D") // past the notice of day 15
	officer = c.signIn(health1)
	if status, early := c.call(officer, "POST", "/v1/medical/conducts/"+id+"/confirm", nil); status != 422 || early["clauses"] == nil {
		t.Fatalf("a default before the notice ran out: %d %v", status, early)
	}
	c.advance("P17D")
	officer = c.signIn(health1)
	if got := c.must(200, officer, "POST", "/v1/medical/conducts/"+id+"/confirm", nil); got["state"] != "CONFIRMED" {
		t.Fatalf("confirm: %v", got)
	}
	me = c.signIn(resident)
	c.must(201, me, "POST", "/v1/me/medical/bills/"+id+"/payments", m{"amountFen": 15000, "channel": "wechat"})
	conduct := func() any {
		return c.must(200, me, "GET", "/v1/me/medical/conducts", nil)["items"].([]any)[0].(m)["state"]
	}
	c.waits("the cure of bill, record and agreement", func() bool {
		b, a := state()
		return b == "PAID" && a == "ACTIVE" && conduct() == "CURED"
	})
	if c.limits(me) != "50000 0 0 50000" {
		t.Fatalf("limits %s", c.limits(me))
	}
	c.advance("P91D")
	me = c.signIn(resident)
	if record := c.must(200, me, "GET", "/v1/me/medical/conducts", nil)["items"].([]any)[0].(m); record["state"] != "REPAIRED" {
		t.Fatalf("after 91 days: %v", record)
	}
}
