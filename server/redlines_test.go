package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/record"
)

// The people and offices of the credit file in the demo city.
const (
	headOfFirm, aFarmer     = "19900000001", "19900000002"
	creditStaff, bureauMan  = "19900000033", "19900000071"
	bureau, creditOffice    = "unit-changsha-scjg", "office-credit-changsha"
	readingBank, otherDesk  = "bank-liuyang-nongshang", "19900000031"
	farmersCase, marketName = "case-objection-new", "长沙市市场监督管理局"
)

// A filed is a city with everybody who has to do with a credit file signed in.
type filed struct {
	*city
	head, farmer, staff, clerk, bank, unit string
	number                                 string // the farmer's
}

func openFiles(t *testing.T) *filed {
	t.Helper()
	c := openCity(t)
	f := &filed{city: c, head: c.signIn(headOfFirm), farmer: c.signIn(aFarmer), staff: c.signIn(creditStaff), clerk: c.signIn(bureauMan),
		bank: c.client(readingBank), unit: c.client(bureau)}
	n, err := models.SyntheticIDNumber("430181", "1963-09-30")
	if err != nil {
		t.Fatal(err)
	}
	f.number = n.Reveal()
	return f
}

// office makes a request as the city's credit office, unless header says otherwise.
func (f *filed) office(status int, method, path string, body any, header ...string) m {
	f.t.Helper()
	return f.must(status, f.staff, method, path, body, append([]string{"X-Acting-As", creditOffice}, header...)...)
}

// market makes a request as the bureau's data officer.
func (f *filed) market(status int, method, path string, body any, header ...string) m {
	f.t.Helper()
	return f.must(status, f.clerk, method, path, body, append([]string{"X-Acting-As", bureau}, header...)...)
}

// reason is the reason of a refusal.
func (f *filed) reason(status int, token, method, path string, body any, header ...string) string {
	f.t.Helper()
	return fmt.Sprint(f.must(status, token, method, path, body, header...)["reason"])
}

// fine is a penalty's row about a person.
func fine(no, name, number string, on models.Day, more ...string) m {
	cells := m{
		"CF_XDR_MC": name, "CF_XDR_LB": "01", "CF_XDR_ZJLX": "01", "CF_XDR_ZJHM": number, "CF_WSH": no, "CF_WFXW": "未按规定明码标价",
		"CF_SY": "检查时发现。", "CF_YJ": "《中华人民共和国价格法》第四十二条", "CF_CFLB": "罚款", "CF_NR": "罚款", "CF_NR_FK": "0.1",
		"CF_JDRQ": string(on), "CF_CFJG": marketName, "CF_CFJGDM": "114301000000000270", "CF_SJLY": marketName,
		"CF_SJLYDM": "114301000000000270", "CASE_PROCESS_TYPE": "02", "CF_YZCD": "2",
	}
	for i := 0; i+1 < len(more); i += 2 {
		if cells[more[i]] = more[i+1]; more[i+1] == "-" {
			delete(cells, more[i])
		}
	}
	return cells
}

// run is a part of a test over the same city.
func (f *filed) run(t *testing.T, name string, part func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		whole := f.t
		f.t = t
		defer func() { f.t = whole }()
		part(t)
	})
}

// agreed is the signature under a consent; restricted adds both notices.
func (f *filed) agreed(restricted bool) m {
	shown := map[string]m{}
	for _, x := range f.must(200, "", "GET", "/v1/consents/terms", nil)["texts"].([]any) {
		shown[x.(m)["id"].(string)] = m{"id": x.(m)["id"], "version": x.(m)["version"], "hash": x.(m)["hash"]}
	}
	var notices []m
	main := m{}
	for _, id := range slices.Sorted(maps.Keys(shown)) {
		if id == "adverse" || id == "written" {
			notices = append(notices, shown[id])
		} else {
			main = shown[id]
		}
	}
	out := m{"text": main}
	if restricted {
		out["notices"] = notices
	}
	return out
}

// consents gives the bank a consent and answers its id.
func (f *filed) consents(token, purpose string, reads int, scopes ...string) string {
	f.t.Helper()
	body := f.agreed(false)
	maps.Copy(body, m{"recipient": readingBank, "purpose": purpose, "scopes": scopes, "mode": "PERIODIC", "days": 90, "reads": reads})
	return f.must(201, token, "POST", "/v1/me/consents", body)["id"].(string)
}

// query is what the bank asks under a consent.
func (f *filed) query(consent, purpose string, scopes ...string) (int, m) {
	f.t.Helper()
	f.keys++
	return f.call(f.bank, "POST", "/v1/records/queries", m{"consentId": consent, "purpose": purpose, "scopes": scopes,
		"subject": m{"idNumber": f.number}, "nonce": fmt.Sprintf("nonce-of-a-test-%06d", f.keys)})
}

// Each of the twelve red lines has a guard; each test fails when its guard is taken away.
func TestRedLines(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	today := models.DayOf(time.Now())
	f.must(200, f.signIn(otherDesk), "PUT", "/v1/consents/partners/"+readingBank, m{"grants": m{
		"share.loan": []string{"records.penalty", "records.honour", "profile.name"}, "share.benefit": []string{"records.honour"},
	}}, "X-Acting-As", "office-credit-liuyang")

	f.run(t, "1 nothing outside the catalogue", func(t *testing.T) {
		before := f.must(200, f.farmer, "GET", "/v1/me/file", nil)["total"]
		cells := fine("红线1号", "罗德胜", f.number, today)
		for item, want := range map[string]string{"NOPE": "400 record.item_unknown", "ZSCQ": "409 catalogue.not_in_force", "XZBC": "409 catalogue.not_in_force"} { // unknown, a draft, one under review
			status, out := f.call(f.clerk, "POST", "/v1/records", m{"item": item, "cells": cells}, "X-Acting-As", bureau)
			if got := fmt.Sprint(status, " ", out["reason"]); got != want {
				t.Errorf("%s: %s", item, got)
			}
			status, _ = f.call(f.unit, "POST", "/v1/batches", m{"item": item, "no": "R1", "format": "csv"})
			if status/100 != 4 {
				t.Errorf("a batch of %s: %d", item, status)
			}
		}
		got := f.market(400, "POST", "/v1/records", m{"item": "XZCF", "cells": fine("红线1号", "罗德胜", f.number, today, "闯红灯次数", "3")})
		if e := got["errors"].([]any)[0].(m); e["code"] != "unknown_column" {
			t.Errorf("%v", e)
		}
		if after := f.must(200, f.farmer, "GET", "/v1/me/file", nil)["total"]; after != before {
			t.Errorf("%v records, %v before", after, before)
		}
	})
	f.run(t, "2 and 3 a record withholds nothing but what a list names", func(t *testing.T) {
		agreement := f.sign(f.farmer, "scheme-430181") // with a fine on file
		if got := f.must(200, f.farmer, "GET", "/v1/me/medical/agreements/"+agreement, nil)["state"]; got != "ACTIVE" {
			t.Errorf("%v", got)
		}
		var d m
		f.waits("the decision", func() bool {
			items := f.must(200, f.farmer, "GET", "/v1/decisions", nil)["items"].([]any)
			if len(items) == 0 {
				return false
			}
			d = f.must(200, f.farmer, "GET", "/v1/decisions/"+items[0].(m)["id"].(string), nil)
			return true
		})
		text, err := json.Marshal(d)
		if err != nil || strings.Contains(string(text), "XZCF") || !strings.Contains(string(text), "clauses") {
			t.Errorf("%s", text)
		}
		his := f.client(ward) // whoever has no agreement, and whoever was refused, is treated all the same
		e := f.must(201, his, "POST", "/v1/his/encounters", m{"visitNo": "RED-2", "type": "EMERGENCY", "patient": m{"idNumber": "43011220100601000X"}})
		if e["creditable"] != false || e["encounterId"] == "" {
			t.Errorf("%v", e)
		}
	})
	f.run(t, "4 no forbidden data", func(t *testing.T) {
		for _, heading := range []string{"血型", "疾病", "宗教信仰", "病史", "基因", "指纹"} {
			got := f.market(400, "POST", "/v1/records", m{"item": "XZCF", "cells": fine("红线4号", "罗德胜", f.number, today, heading, "A")})
			if e := got["errors"].([]any)[0].(m); e["code"] != "forbidden_column" {
				t.Errorf("%s: %v", heading, e)
			}
			status, out := f.call(f.staff, "POST", "/v1/catalogue", drafted("RED4", heading), "X-Acting-As", creditOffice)
			if status != 400 || !strings.Contains(fmt.Sprint(out["errors"]), "forbidden") {
				t.Errorf("%s: %d %v", heading, status, out)
			}
		}
		f.office(201, "POST", "/v1/catalogue", drafted("RED5", "用途"))
	})
	f.run(t, "5 incomes only with both notices", func(t *testing.T) {
		ask := m{"recipient": readingBank, "purpose": "share.loan", "scopes": []string{"finance.income"}, "days": 30}
		without, with := f.agreed(false), f.agreed(true)
		maps.Copy(without, ask)
		maps.Copy(with, ask)
		if status, out := f.call(f.farmer, "POST", "/v1/me/consents", without); status != 409 || out["reason"] != "consent.notice_missing" {
			t.Errorf("without notices: %d %v", status, out)
		}
		f.must(201, f.farmer, "POST", "/v1/me/consents", with)
	})
	f.run(t, "6 no child has a file", func(t *testing.T) {
		child, err := models.SyntheticIDNumber("430181", today.Add(-12*365))
		if err != nil {
			t.Fatal(err)
		}
		got := f.market(400, "POST", "/v1/records", m{"item": "XZCF", "cells": fine("红线6号", "某某", child.Reveal(), today)})
		if e := got["errors"].([]any)[0].(m); e["code"] != "minor" {
			t.Errorf("%v", e)
		}
	})
	f.run(t, "7 consent is for one purpose, and withdrawn it is over", func(t *testing.T) {
		id := f.consents(f.farmer, "share.loan", 5, "records.penalty")
		if status, out := f.query(id, "share.benefit", "records.honour"); status != 403 || out["reason"] != "query.purpose_not_allowed" {
			t.Errorf("another purpose: %d %v", status, out["reason"])
		}
		if status, out := f.query(id, "share.loan", "records.penalty", "records.honour"); status != 403 || out["reason"] != "query.scope_exceeds_policy" {
			t.Errorf("more than agreed: %d %v", status, out["reason"])
		}
		if status, out := f.query(id, "share.loan", "records.penalty"); status != 200 || len(out["records"].([]any)) != 1 {
			t.Errorf("as agreed: %d %v", status, out)
		}
		f.must(200, f.farmer, "POST", "/v1/me/consents/"+id+"/withdraw", nil)
		if status, out := f.query(id, "share.loan", "records.penalty"); status != 403 || out["reason"] != "query.revoked" {
			t.Errorf("withdrawn: %d %v", status, out["reason"])
		}
	})
	f.run(t, "8 a program's decision is explained, and a person looks at it", func(t *testing.T) {
		id := f.must(200, f.farmer, "GET", "/v1/decisions", nil)["items"].([]any)[0].(m)["id"].(string)
		d := f.must(200, f.farmer, "GET", "/v1/decisions/"+id, nil)
		if len(d["clauses"].([]any)) == 0 {
			t.Errorf("no reasons: %v", d)
		}
		if got := f.must(200, f.farmer, "GET", "/v1/decisions/"+id+"/replay", nil); got["equal"] != true {
			t.Errorf("%v", got)
		}
		k := f.must(201, f.farmer, "POST", "/v1/decisions/"+id+"/review", m{"words": "请人工看一看"})
		if k["kind"] != "REVIEW" || k["dueOn"] == nil {
			t.Errorf("%v", k)
		}
	})
	f.run(t, "9 nobody is given what its person was not told", func(t *testing.T) {
		r := personal(t, false)
		if r.Providable() {
			t.Error("given before it was told")
		}
		if r.Hear(record.ByMessage, time.Now()); !r.Providable() {
			t.Error("told, and still not given")
		}
		if !personal(t, true).Providable() {
			t.Error("served with the decision, and not given")
		}
		id := f.market(201, "POST", "/v1/records", m{"item": "XZCF", "cells": fine("红线9号", "罗德胜", f.number, today, "CF_LSTD", "否")})["id"].(string)
		f.waits("the farmer hears of the fine", func() bool {
			return strings.Contains(fmt.Sprint(f.must(200, f.farmer, "GET", "/v1/me/inbox", nil)), id)
		})
	})
	f.run(t, "10 a person's file is not published", func(t *testing.T) {
		if _, err := draftOf(models.Public); models.CodeOf(err) != models.Forbidden {
			t.Errorf("a public record of a person: %v", err)
		}
		for _, r := range f.must(200, f.farmer, "GET", "/v1/me/file/records", nil)["items"].([]any) {
			if r.(m)["openness"] == "PUBLIC" {
				t.Errorf("%v", r)
			}
		}
		code := f.must(201, f.farmer, "POST", "/v1/me/reports", m{"kind": "CREDIT"})["verifyCode"].(string)
		if got := f.must(200, "", "GET", "/v1/reports/verify/"+code, nil); got["name"] != "罗**" || got["rows"] != nil || got["records"] != nil {
			t.Errorf("the public check shows %v", got)
		}
	})
	f.run(t, "11 every look is logged and shown", func(t *testing.T) {
		id := f.must(200, f.farmer, "GET", "/v1/me/objections", nil)["items"].([]any)[0].(m)["about"].(m)["id"].(string)
		if got := f.reason(400, f.staff, "GET", "/v1/records/"+id, nil, "X-Acting-As", creditOffice); got != "access.no_case" {
			t.Errorf("without a case: %s", got)
		}
		before := len(f.must(200, f.farmer, "GET", "/v1/me/accesses?limit=200", nil)["items"].([]any))
		f.office(200, "GET", "/v1/records/"+id, nil, "X-Purpose", "credit.objection", "X-Case", farmersCase)
		items := f.must(200, f.farmer, "GET", "/v1/me/accesses?limit=200", nil)["items"].([]any)
		if len(items) != before+1 || items[0].(m)["case"] != farmersCase || items[0].(m)["office"] != "长沙市信用办" {
			t.Errorf("%d entries, %d before: %v", len(items), before, items[0])
		}
		if access.Standard.KeepMonths < 120 {
			t.Errorf("looks are kept for %d months", access.Standard.KeepMonths)
		}
	})
	f.run(t, "12 facts for the bank, no credit from us", func(t *testing.T) {
		id := f.consents(f.farmer, "share.loan", 1, "records.penalty")
		status, out := f.query(id, "share.loan", "records.penalty")
		known := []string{"consentId", "receiptId", "receipt", "effectiveScopes", "policyVersion", "validUntil", "profile", "records", "more"}
		for key := range out {
			if !slices.Contains(known, key) {
				t.Errorf("the bank is told %q", key)
			}
		}
		if status != 200 {
			t.Errorf("%d %v", status, out)
		}
	})
}

// drafted is a draft of an item with a column of a heading.
func drafted(code, heading string) m {
	text := func(title, role string) m {
		return m{"type": "string", "title": title, "x-title-en": "Column", "x-kind": "text", "x-role": role}
	}
	day := text("日期", "decidedOn")
	day["x-kind"] = "day"
	return m{
		"code": code, "name": m{"zh": "某某", "en": "x"}, "category": "UTILITY", "kinds": []string{"ORGANISATION"}, "nature": "OTHER", "openness": "QUERY",
		"keepMonths": 60, "cycle": "MONTHLY", "units": []string{bureau}, "basis": []string{"某法"}, "from": string(models.DayOf(time.Now()).Add(30)),
		"schema": m{"type": "object", "additionalProperties": false, "required": []string{"MC"}, "properties": m{
			"MC": text("名称", "name"), "DM": text("代码", "code"), "WSH": text("文号", "key"), "RQ": day, "QT": text(heading, ""),
		}},
	}
}

// draftOf is a negative record about a person.
func draftOf(openness models.Openness) (*record.Record, error) {
	return record.New(record.Draft{
		Item: "XZCF", ItemVersion: 1, Nature: models.Negative, Openness: openness, Subject: models.Subject{Kind: models.PersonSubject, Ref: "r", Person: "p"},
		Unit: bureau, Key: "1", DecidedOn: "2026-05-10", Severity: models.General,
	}, record.Standard, models.Clockwork, time.Now())
}

func personal(t *testing.T, served bool) *record.Record {
	t.Helper()
	r, err := draftOf(models.ByQuery)
	if err != nil {
		t.Fatal(err)
	}
	if served {
		r.Hear(record.Served, time.Now())
	}
	return r
}

// TestNothingPersonalGoesUnlogged looks at every route of the assembled program.
func TestNothingPersonalGoesUnlogged(t *testing.T) {
	t.Parallel()
	a := begin(t)
	if got := a.router.Unrevealed(); len(got) > 0 {
		t.Errorf("answer what is personal and log nothing:\n%s", strings.Join(got, "\n"))
	}
}
