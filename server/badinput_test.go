package main

import (
	"fmt"
	"strings"
	"testing"
)

// wants is a problem: its status, code and, where there is one, the pointer of its first error.
func (c *city) wants(want string, token, method, path string, body any, header ...string) m {
	c.t.Helper()
	status, out := c.call(token, method, path, body, header...)
	got := fmt.Sprint(status, " ", out["code"])
	if errs, ok := out["errors"].([]any); ok && len(errs) > 0 {
		got += " " + errs[0].(m)["pointer"].(string)
	}
	if got != want {
		c.t.Errorf("%s %s = %q, want %q: %v", method, path, got, want, out)
	}
	return out
}

// Bad input gets a clear problem with a pointer, and nothing is lost or half done.
func TestBadInput(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	agreement := c.sign(me, "scheme-430181")
	visit := c.visit(me, his, "V-1", "12.00", "268.50", "143.27")
	charges := "/v1/his/encounters/" + visit + "/charges"
	line := func(id string, revision int, amount string, more ...string) m {
		l := m{"lineId": id, "revision": revision, "category": "OTHER", "amount": amount, "occurredAt": lineTime}
		for i := 0; i+1 < len(more); i += 2 {
			l[more[i]] = more[i+1]
		}
		return l
	}
	post := func(lines ...m) string {
		t.Helper()
		var results []string
		for _, l := range c.must(200, his, "POST", charges, m{"lines": lines})["lines"].([]any) {
			results = append(results, l.(m)["result"].(string))
		}
		return strings.Join(results, " ")
	}

	// The shape of charges.
	c.wants("400 invalid /lines/0/amount", his, "POST", charges, m{"lines": []m{line("X", 1, "1.234")}})
	c.wants("400 invalid /lines/1/amount", his, "POST", charges, m{"lines": []m{line("X", 1, "1.00"), line("Y", 1, "1e2")}})
	c.wants("400 invalid /lines/0/amount", his, "POST", charges, m{"lines": []m{line("X", 1, "-5.00")}})
	c.wants("400 invalid /lines/0/amount", his, "POST", charges, m{"lines": []m{line("X", 1, "99999999999999.99")}})
	c.wants("400 invalid /lines/0/occurredAt", his, "POST", charges, m{"lines": []m{{"lineId": "X", "revision": 1, "category": "OTHER", "amount": "1.00", "occurredAt": "2999-01-01T00:00:00Z"}}})
	c.wants("400 invalid /lines/0/diagnosis", his, "POST", charges, m{"lines": []m{line("X", 1, "5.00", "diagnosis", "flu")}})
	c.wants("400 invalid /lines", his, "POST", charges, m{"lines": make([]m, 201)})
	c.wants("400 invalid #header/Idempotency-Key", his, "POST", charges, m{"lines": []m{line("X", 1, "5.00")}}, "Idempotency-Key", "")
	if status, out := c.call(his, "POST", charges, `{"lines":["`+strings.Repeat("x", 2<<20)+`"]}`); status != 413 || out["code"] != "too_large" {
		t.Errorf("a huge body = %d %v", status, out)
	}
	if got := c.limits(me); got != "100000 42377 0 57623" {
		t.Fatalf("refused charges left something behind: %s", got)
	}

	// Duplicate, differing, out of order, reversed before the original, reversed too much, beyond the limit.
	if got := post(line("L1", 1, "12.00"), line("L2", 1, "999.00")); got != "DUPLICATE CONFLICT" {
		t.Errorf("repeated lines: %s", got)
	}
	if got := post(line("L4", 2, "20.00"), line("L4", 1, "10.00")); got != "ACCEPTED ACCEPTED" {
		t.Errorf("a lower revision after a higher: %s", got)
	}
	if got := c.limits(me); got != "100000 44377 0 55623" {
		t.Errorf("the higher revision counts: %s", got)
	}
	if got := post(line("R5", 1, "-3.00", "reverses", "L5")); got != "ACCEPTED" {
		t.Errorf("a reversal before its original: %s", got)
	}
	if got := post(line("L5", 1, "8.00"), line("R1", 1, "-13.00", "reverses", "L1"), line("R2", 1, "-2.00", "reverses", "L1")); got != "ACCEPTED CONFLICT ACCEPTED" {
		t.Errorf("original after its reversal, too large, right: %s", got)
	}
	if got := c.limits(me); got != "100000 44677 0 55323" {
		t.Errorf("with reversals: %s", got)
	}
	if got := post(line("BIG", 1, "600.00")); got != "PAY_NOW" {
		t.Errorf("beyond the limit: %s", got)
	}

	// A limit cannot be cut below what is held; another county may not touch it at all.
	officer := c.signIn(health1)
	c.wants("409 conflict /limitFen", officer, "POST", "/v1/medical/agreements/"+agreement+"/limit", m{"limitFen": 40000, "reason": "x"})
	c.wants("404 not_found", c.signIn(healthElsewhere), "POST", "/v1/medical/agreements/"+agreement+"/suspend", m{"reason": "x"})
	c.wants("403 forbidden", me, "POST", "/v1/medical/agreements/"+agreement+"/suspend", m{"reason": "x"})
	c.wants("404 not_found", c.client(elsewhere), "POST", charges, m{"lines": []m{line("Z", 1, "1.00")}})

	// A settlement whose sums do not hold waits, and issues nothing.
	s := c.must(201, his, "POST", "/v1/his/encounters/"+visit+"/settlements", m{"setlId": "S-1", "revision": 1,
		"medfeeSum": "1046.77", "fundPaySum": "300.00", "acctPay": "46.77", "psnPart": "746.78", "cashPay": "700.00"})
	if s["state"] != "EXCEPTION" || s["bills"] == nil || s["bills"].([]any)[0].(m)["state"] != "DRAFT" {
		t.Errorf("an uneven settlement: %v", s)
	}
	if q := c.must(200, his, "GET", "/v1/his/exceptions", nil)["items"].([]any); len(q) != 1 {
		t.Errorf("the exception queue: %v", q)
	}
	s = c.must(201, his, "POST", "/v1/his/encounters/"+visit+"/settlements", m{"setlId": "S-1", "revision": 2,
		"medfeeSum": "1046.77", "fundPaySum": "300.00", "acctPay": "46.77", "psnPart": "746.77", "cashPay": "700.00"})
	if s["state"] != "SETTLED" || s["deferredFen"] != 10000.0 || s["payNowFen"] != 60000.0 {
		t.Fatalf("the settlement: %v", s)
	}
	const settled = "100000 0 10000 90000"
	c.waits("the settlement to reach the limit", func() bool { return c.limits(me) == settled })
	c.wants("409 conflict", his, "POST", "/v1/his/encounters/"+visit+"/settlements", m{"setlId": "S-2", "revision": 1,
		"medfeeSum": "900.00", "fundPaySum": "0.00", "psnPart": "900.00", "cashPay": "900.00"})
	c.wants("409 invalid_transition", his, "POST", charges, m{"lines": []m{line("LATE", 1, "5.00")}})
	if got := post(line("L1", 1, "12.00")); got != "DUPLICATE" {
		t.Errorf("a line sent again after the settlement: %s", got)
	}
	if got := c.limits(me); got != settled {
		t.Errorf("what was refused or sent again holds something: %s", got)
	}
	gone := c.visit(me, his, "V-GONE", "1.00")
	c.must(200, his, "POST", "/v1/his/encounters/"+gone+"/cancel", nil)
	c.waits("the cancelled visit's hold to go", func() bool { return c.limits(me) == settled })
	c.wants("409 invalid_transition", his, "POST", "/v1/his/encounters/"+gone+"/charges", m{"lines": []m{line("LATE", 1, "5.00")}})
	if got := c.limits(me); got != settled {
		t.Errorf("a charge refused after the cancellation holds something: %s", got)
	}

	// Paying.
	id := c.must(200, me, "GET", "/v1/me/medical/bills", nil)["items"].([]any)[0].(m)["id"].(string)
	pay := "/v1/me/medical/bills/" + id + "/payments"
	c.wants("400 invalid /amountFen", me, "POST", pay, m{"amountFen": 99, "channel": "wechat"})
	c.wants("400 invalid /channel", me, "POST", pay, m{"amountFen": 1000, "channel": "cash"})
	c.wants("400 invalid /amount", me, "POST", pay, m{"amount": "10.00", "channel": "wechat"})
	c.wants("409 conflict /amountFen", me, "POST", pay, m{"amountFen": 10001, "channel": "wechat"})
	other := c.signIn("19900000002")
	c.wants("404 not_found", other, "GET", "/v1/me/medical/bills/"+id, nil)
	c.wants("404 not_found", other, "POST", pay, m{"amountFen": 10000, "channel": "wechat"})
	c.wants("404 not_found", c.signIn(healthElsewhere), "GET", "/v1/medical/bills/"+id, nil)
	c.wants("404 not_found", c.signIn(healthElsewhere), "GET", "/v1/medical/bills?hospital="+ward, nil)

	// A payment on a bill that was paid meanwhile at the desk goes back by itself.
	c.must(201, me, "POST", pay, m{"amountFen": 10000, "channel": "wechat"}, "Idempotency-Key", "pay-once")
	billNo := c.bill(me, id)["billNo"].(string)
	c.must(201, his, "POST", "/v1/his/bills/"+billNo+"/offline-payments", m{"receiptNo": "R-1", "amount": "100.00"})
	c.waits("the refund of the second payment", func() bool { return numbers(c.bill(me, id)) == "PAID 10000 20000 10000 0" })
	if again := c.must(201, me, "POST", pay, m{"amountFen": 10000, "channel": "wechat"}, "Idempotency-Key", "pay-once"); again["amountFen"] != 10000.0 {
		t.Errorf("the replay: %v", again)
	}
	c.wants("422 denied", me, "POST", pay, m{"amountFen": 9999, "channel": "wechat"}, "Idempotency-Key", "pay-once")
	problem := c.wants("409 invalid_transition", me, "POST", pay, m{"amountFen": 10000, "channel": "wechat"})
	if problem["state"] != "PAID" || problem["last"] == nil {
		t.Errorf("a refused move says where it stands: %v", problem)
	}
}

// A waiver needs a second person, and a refused signing says which clause, why and what would change it.
func TestSecondPersonAndRefusals(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	c.settle(his, c.visit(me, his, "V-1", "200.00"), "S-1", 1, "200.00", "50.00", "0.00", "150.00")
	id := c.must(200, me, "GET", "/v1/me/medical/bills", nil)["items"].([]any)[0].(m)["id"].(string)
	one, two := c.signIn(health1), c.signIn(health2)
	waivers := c.must(201, one, "POST", "/v1/medical/bills/"+id+"/waive", m{"amountFen": 5000, "reason": "HARDSHIP"})["waivers"].([]any)
	decide := "/v1/medical/bills/" + id + "/waivers/" + waivers[0].(m)["id"].(string) + "/decide"
	c.wants("403 forbidden", one, "POST", decide, m{"approve": true})
	c.must(200, two, "POST", decide, m{"approve": true})
	if got := c.bill(me, id); got["waivedFen"] != 5000.0 || got["outstandingFen"] != 10000.0 || c.limits(me) != "100000 0 10000 90000" {
		t.Errorf("after the waiver: %v %s", got, c.limits(me))
	}

	fresh := c.signIn("19900000009")
	consents := []m{{"id": "credit_query", "version": "2026-1"}, {"id": "health_cost", "version": "2026-1"}}
	denied := c.wants("422 denied", fresh, "POST", "/v1/me/medical/agreements", m{"schemeId": "scheme-430181", "consents": consents})
	failed := map[string]string{}
	for _, cl := range denied["clauses"].([]any) {
		if cl.(m)["outcome"] != "pass" {
			failed[cl.(m)["id"].(string)] = cl.(m)["changeableBy"].(string)
		}
		if cl.(m)["label"] == "" || cl.(m)["remedy"] == "" {
			t.Errorf("a clause without words: %v", cl)
		}
	}
	if failed["medical.clause_identity"] != "subject" || failed["medical.clause_consent_data_sharing"] != "subject" {
		t.Errorf("the clauses that failed: %v", failed)
	}
	c.wants("400 invalid /consents/0/version", me, "POST", "/v1/me/medical/agreements", m{"schemeId": "scheme-430182", "consents": []m{{"id": "credit_query", "version": "old"}}})
	c.wants("400 invalid /schemeId", me, "POST", "/v1/me/medical/agreements", m{"schemeId": "none", "consents": consents})

	// The new one gives a real name and signs after all.
	c.must(200, fresh, "POST", "/v1/me/identity", m{"name": "张三", "idNumber": "430181199001010003"})
	c.sign(fresh, "scheme-430181")
	c.wants("409 conflict", fresh, "POST", "/v1/me/medical/agreements", m{"schemeId": "scheme-430181", "consents": append(consents, m{"id": "data_sharing", "version": "2026-1"})})

	// By ID number, somebody unknown, a used code, and a child under a guardian's agreement.
	open := func(no string, patient m) string {
		t.Helper()
		e := c.must(201, his, "POST", "/v1/his/encounters", m{"visitNo": no, "type": "EMERGENCY", "patient": patient})
		return fmt.Sprint(e["creditable"], " ", e["reasonCode"])
	}
	if got := open("E-1", m{"idNumber": "430181199001010003"}); got != "true " {
		t.Errorf("by number: %s", got)
	}
	if got := open("E-2", m{"idNumber": "43011220100601000X"}); got != "false NO_AGREEMENT" {
		t.Errorf("somebody unknown: %s", got)
	}
	code := c.must(201, fresh, "POST", "/v1/me/medical/code", nil)["code"]
	if got := open("E-3", m{"code": code}); got != "true " {
		t.Errorf("by code: %s", got)
	}
	c.wants("409 conflict", his, "POST", "/v1/his/encounters", m{"visitNo": "E-4", "type": "OUTPATIENT", "patient": m{"code": code}})
	c.wants("400 invalid /patient/idNumber", his, "POST", "/v1/his/encounters", m{"visitNo": "E-5", "type": "OUTPATIENT", "patient": m{"idNumber": "430181199001010004"}})
}
