package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/seed"
)

// rowsIn are the items of a list.
func rowsIn(out m) []m {
	var rows []m
	for _, x := range out["items"].([]any) {
		rows = append(rows, x.(m))
	}
	return rows
}

// one is the first row that fits, nil when there is none.
func one(out m, fits func(m) bool) m {
	for _, r := range rowsIn(out) {
		if fits(r) {
			return r
		}
	}
	return nil
}

func is(key string, want any) func(m) bool { return func(r m) bool { return r[key] == want } }

// value is what a record says of a column.
func value(r m, key string) string {
	for _, v := range r["values"].([]any) {
		if v.(m)["key"] == key {
			return v.(m)["text"].(string)
		}
	}
	return ""
}

// A farmer objects, the unit agrees, the record is put right, and everybody who had used it hears of it.
func TestObjectionIsRight(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	k := rowsIn(f.must(200, f.farmer, "GET", "/v1/me/objections", nil))[0]
	id, record := k["id"].(string), k["about"].(m)["id"].(string)
	mine := func() m { f.t.Helper(); return f.must(200, f.farmer, "GET", "/v1/me/file/records/"+record, nil) }
	if got := mine(); got["mark"] != "OBJECTED" || value(got, "CF_WFXW") != "占道经营" {
		t.Fatalf("%v", got)
	}
	consent := f.consents(f.farmer, "share.loan", 3, "records.penalty")
	status, given := f.query(consent, "share.loan", "records.penalty")
	if status != 200 || given["records"].([]any)[0].(m)["mark"] != "OBJECTED" { // the mark travels with the record
		t.Fatalf("%d %v", status, given)
	}
	report := f.must(201, f.farmer, "POST", "/v1/me/reports", m{"kind": "CREDIT"})

	// Nobody else decides: not the unit, not an office elsewhere, and the desk does not skip the reason.
	f.wants("404 not_found", f.clerk, "POST", "/v1/cases/"+id+"/approve", m{"reason": "x", "values": m{"CF_WFXW": "未亮照经营"}}, "X-Acting-As", bureau)
	f.wants("404 not_found", f.signIn(otherDesk), "POST", "/v1/cases/"+id+"/reject", m{"reason": "x"}, "X-Acting-As", "office-credit-liuyang")
	f.wants("400 invalid /reason", f.staff, "POST", "/v1/cases/"+id+"/reject", m{}, "X-Acting-As", creditOffice)
	f.wants("400 invalid /values/CF_JDRQ", f.staff, "POST", "/v1/cases/"+id+"/approve", m{"reason": "x", "values": m{"CF_JDRQ": "2026-02-30"}}, "X-Acting-As", creditOffice)

	f.office(200, "POST", "/v1/cases/"+id+"/check", nil)
	f.market(200, "POST", "/v1/cases/"+id+"/answer", m{"right": true, "note": "决定书所写为未亮照经营"})
	f.office(200, "POST", "/v1/cases/"+id+"/approve", m{"reason": "与决定书不符", "values": m{"CF_WFXW": "未亮照经营"}})

	f.waits("the record is right", func() bool { r := mine(); return r["state"] == "CORRECTED" && value(r, "CF_WFXW") == "未亮照经营" })
	if got := mine(); len(got["versions"].([]any)) != 2 || got["version"] != 2.0 {
		t.Errorf("%v", got["versions"])
	}
	f.waits("the case is closed", func() bool { return f.must(200, f.farmer, "GET", "/v1/me/cases/"+id, nil)["state"] == "CLOSED" })
	f.waits("the report is superseded", func() bool {
		return f.must(200, "", "GET", "/v1/reports/verify/"+report["verifyCode"].(string), nil)["state"] == "SUPERSEDED"
	})
	var use m
	f.waits("the bank hears of it", func() bool {
		use = one(f.must(200, f.bank, "GET", "/v1/recalls", nil), is("record", record))
		return use != nil
	})
	if use["ref"] != given["receiptId"] || use["version"] != 1.0 || use["state"] != "RECALLED" {
		t.Errorf("%v", use)
	}
	f.must(200, f.bank, "POST", "/v1/recalls/"+use["id"].(string)+"/ack", m{"note": "已重新读取"})
	if got := one(f.must(200, f.farmer, "GET", "/v1/me/recalls", nil), is("record", record)); got == nil || !strings.Contains(fmt.Sprint(got["told"]), "ACKNOWLEDGED") {
		t.Errorf("the farmer does not see what the bank did: %v", got)
	}
	_, again := f.query(consent, "share.loan", "records.penalty")
	if r := again["records"].([]any)[0].(m); r["mark"] != "CORRECTED" || r["version"] != 2.0 {
		t.Errorf("%v", r)
	}
}

// An objection that is not right leaves the record as it was, without the mark; and one that nobody decides is late after its clock.
func TestObjectionIsNotRight(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	k := rowsIn(f.must(200, f.farmer, "GET", "/v1/me/objections", nil))[0]
	id, record := k["id"].(string), k["about"].(m)["id"].(string)
	f.wants("409 conflict", f.farmer, "POST", "/v1/me/objections", m{"recordId": record, "words": "再说一次"}) // one at a time
	f.advance("P10D")
	if got := f.must(200, f.farmer, "GET", "/v1/me/cases/"+id, nil); got["late"] != true {
		f.waits("it is late", func() bool { return f.must(200, f.farmer, "GET", "/v1/me/cases/"+id, nil)["late"] == true })
	}
	f.office(200, "POST", "/v1/cases/"+id+"/reject", m{"reason": "决定书原文如此"})
	f.waits("the mark is off", func() bool {
		r := f.must(200, f.farmer, "GET", "/v1/me/file/records/"+record, nil)
		return r["state"] == "ACTIVE" && r["mark"] == nil
	})
	got := f.must(200, f.farmer, "GET", "/v1/me/cases/"+id, nil)
	if got["state"] != "REJECTED" || got["outcome"] != "决定书原文如此" {
		t.Errorf("%v", got)
	}
	f.must(201, f.farmer, "POST", "/v1/me/objections", m{"recordId": record, "words": "另有新的材料"}) // and may be asked anew
}

// On the first lawful day a repair is filled in; it is granted, and undone for false papers; what is minor ended by itself.
func TestRepairAutopilot(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	firm := f.must(200, f.head, "GET", "/v1/me/organisations", nil)["items"].([]any)[0].(m)["code"].(string)
	as := []string{"X-Acting-As", firm}
	today := models.DayOf(time.Now())
	cells := fine("示例修复1号", "示例浏阳花炮有限公司", "", today.Add(-1), "CF_XDR_LB", "02", "CF_XDR_ZJLX", "-", "CF_XDR_ZJHM", "-", "CF_XDR_SHXYM", firm)
	record := f.market(201, "POST", "/v1/records", m{"item": "XZCF", "cells": cells})["id"].(string)
	small := fine("示例修复2号", "示例浏阳花炮有限公司", "", today.Add(-1), "CF_XDR_LB", "02", "CF_XDR_ZJLX", "-", "CF_XDR_ZJHM", "-", "CF_XDR_SHXYM", firm, "CF_YZCD", "1")
	minor := f.market(201, "POST", "/v1/records", m{"item": "XZCF", "cells": small})["id"].(string)
	notice := f.must(200, f.head, "GET", "/v1/me/repairs/notices/"+record, nil, as...)
	first := today.Add(-1).AddMonths(3)
	if !strings.Contains(fmt.Sprint(notice), string(first)) {
		t.Errorf("the notice does not name %s: %v", first, notice)
	}
	promise := f.must(200, f.head, "GET", "/v1/me/repairs/commitment", nil, as...)["hash"].(string)
	early := f.wants("422 denied", f.head, "POST", "/v1/me/repairs", m{"recordId": record, "commitment": promise}, as...)
	if !strings.Contains(fmt.Sprint(early["clauses"]), string(first)) {
		t.Errorf("too early, and not told from when: %v", early)
	}
	f.later(days(today, first))
	drafted := func() m {
		return one(f.must(200, f.head, "GET", "/v1/me/repairs", nil, as...), func(r m) bool { return r["about"].(m)["id"] == record })
	}
	f.waits("the repair is filled in", func() bool { return drafted() != nil })
	id := drafted()["id"].(string)
	f.wants("400 invalid /commitment", f.head, "POST", "/v1/me/repairs/"+id+"/confirm", m{"commitment": strings.Repeat("0", 64)}, as...)
	f.must(200, f.head, "POST", "/v1/me/repairs/"+id+"/confirm", m{"commitment": promise}, as...)
	f.office(200, "POST", "/v1/cases/"+id+"/accept", nil)
	f.wants("409 invalid_transition", f.staff, "POST", "/v1/cases/"+id+"/approve", m{"reason": "可以"}, "X-Acting-As", creditOffice) // the unit has not answered
	f.market(200, "POST", "/v1/cases/"+id+"/answer", m{"right": true, "note": "已履行"})
	f.office(200, "POST", "/v1/cases/"+id+"/approve", m{"reason": "符合条件"})
	state := func(id string) any { return f.must(200, f.head, "GET", "/v1/me/file/records/"+id, nil, as...)["state"] }
	f.waits("it is repaired", func() bool { return state(record) == "REPAIRED" })
	published := func() m {
		return one(f.must(200, "", "GET", "/v1/records/public?code="+firm, nil), is("id", record))
	}
	if published() != nil {
		t.Error("a repaired record is still published")
	}
	f.advance("PT2M") // uses are looked for twice, a minute apart
	f.waits("everybody was told", func() bool { return f.must(200, f.head, "GET", "/v1/me/cases/"+id, nil, as...)["state"] == "CLOSED" })
	f.office(200, "POST", "/v1/cases/"+id+"/revoke", m{"reason": "缴款凭证系伪造"})
	f.waits("it is back", func() bool { return state(record) == "ACTIVE" && published() != nil })
	if got := state(minor); got != "ENDED" { // three months are the most for what is minor
		t.Errorf("the minor one is %v", got)
	}
}

// later moves the clock so many days that everybody has to sign in again: in steps, each within a request's time.
func (f *filed) later(days int) {
	f.t.Helper()
	for ; days > 0; days -= 10 {
		f.advance(fmt.Sprintf("P%dD", min(days, 10)))
	}
	f.head, f.farmer, f.staff, f.clerk = f.signIn(headOfFirm), f.signIn(aFarmer), f.signIn(creditStaff), f.signIn(bureauMan)
}

// days are the days between two.
func days(from, to models.Day) int { return int(to.Start().Sub(from.Start()).Hours() / 24) }

// sample is a file of penalties with planted faults, and what was planted.
func (f *filed) sample(rows int) (text []byte, planted []seed.Planted) {
	f.t.Helper()
	items, err := seed.Catalogue(models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, models.Actor{Person: "b", Role: models.CreditOffice, Region: "4301"})
	if err != nil {
		f.t.Fatal(err)
	}
	var out bytes.Buffer
	for _, it := range items {
		if it.ID != seed.SampleItem+"@1" {
			continue
		}
		form, err := it.Form()
		if err == nil {
			planted, err = seed.Sample(&out, form, seed.Sampling{Rows: rows, PerMille: 8, Seed: 43}, time.Now())
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	return out.Bytes(), planted
}

// deliver sends a file in parts and has it read. It answers the batch at its end.
func (f *filed) deliver(no string, text []byte, more m) m {
	f.t.Helper()
	body := m{"item": "XZCF", "no": no, "format": "csv", "name": no + ".csv"}
	for k, v := range more {
		body[k] = v
	}
	id := f.must(201, f.unit, "POST", "/v1/batches", body)["id"].(string)
	half := len(text) / 2
	for n, part := range [][]byte{text[:half], text[half:]} {
		for range 2 { // the last part may come twice
			f.must(200, f.unit, "PUT", fmt.Sprintf("/v1/batches/%s/parts/%d", id, n+1), string(part), "Content-Type", "application/octet-stream")
		}
	}
	f.wants("409 conflict", f.unit, "PUT", "/v1/batches/"+id+"/parts/9", "x", "Content-Type", "application/octet-stream")
	f.wants("400 invalid /sha256", f.unit, "POST", "/v1/batches/"+id+"/submit", m{"sha256": strings.Repeat("0", 64)})
	sum := sha256.Sum256(text)
	f.must(200, f.unit, "POST", "/v1/batches/"+id+"/submit", m{"sha256": hex.EncodeToString(sum[:])})
	var b m
	f.waits("the file is read", func() bool {
		b = f.must(200, f.unit, "GET", "/v1/batches/"+id, nil)
		return b["state"] != "RUNNING"
	})
	return b
}

// A department's system delivers a file: tried first, then kept in part, put right, and in the end taken back.
func TestDelivery(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	text, planted := f.sample(400)
	dry := f.deliver("D-1", text, m{"dryRun": true})
	if dry["state"] != "CHECKED" || dry["rows"] != 400.0 || dry["rejected"] != float64(len(planted)) || dry["accepted"] != float64(400-len(planted)) {
		t.Fatalf("%v, %d planted", dry, len(planted))
	}
	records := func() int {
		n, cursor := 0, ""
		for {
			out := f.market(200, "GET", "/v1/records?item=XZCF&limit=200&cursor="+cursor, nil, "X-Purpose", "credit.ingest")
			for _, r := range rowsIn(out) {
				if strings.HasPrefix(r["key"].(string), "长市监罚决〔2026〕17-") && r["state"] != "WITHDRAWN" {
					n++
				}
			}
			if cursor = out["nextCursor"].(string); cursor == "" {
				return n
			}
		}
	}
	if n := records(); n != 0 {
		t.Fatalf("a dry run kept %d records", n)
	}
	b := f.deliver("D-1", text, m{"produced": 400})
	id := b["id"].(string)
	if b["state"] != "DONE" || b["rejected"] != float64(len(planted)) || records() != 400-len(planted) {
		t.Fatalf("%v, %d records", b, records())
	}
	if again := f.must(201, f.unit, "POST", "/v1/batches", m{"item": "XZCF", "no": "D-1", "format": "csv"}); again["id"] != id {
		t.Errorf("the same number made another batch: %v", again)
	}
	same := f.deliver("D-2", text, nil)
	if same["unchanged"] != float64(400-len(planted)) || records() != 400-len(planted) {
		t.Errorf("delivered once more: %v", same)
	}

	// The work list names what was planted and nothing else.
	want := map[float64]string{}
	for _, p := range planted {
		want[float64(p.Row)] = p.Column + " " + p.Code
	}
	list, cursor := []m{}, ""
	for {
		out := f.must(200, f.unit, "GET", "/v1/batches/"+id+"/rows?limit=200&cursor="+cursor, nil)
		list = append(list, rowsIn(out)...)
		if cursor = out["nextCursor"].(string); cursor == "" {
			break
		}
	}
	for _, r := range list {
		fault := r["errors"].([]any)[0].(m)
		got := fault["pointer"].(string)[strings.LastIndex(fault["pointer"].(string), "/")+1:] + " " + fault["code"].(string)
		if got != want[r["row"].(float64)] {
			t.Errorf("row %v: %s, planted %s", r["row"], got, want[r["row"].(float64)])
		}
		delete(want, r["row"].(float64))
	}
	if len(want) != 0 {
		t.Errorf("not named: %v", want)
	}
	f.wants("404 not_found", f.client("department-changsha-minzheng"), "GET", "/v1/batches/"+id+"/rows", nil) // another unit's

	// Two refused rows are sent again, one put right, one not.
	cells := fine("长市监罚决〔2026〕17-改1号", "罗德胜", f.number, models.DayOf(time.Now()))
	worse := fine("长市监罚决〔2026〕17-改2号", "罗德胜", f.number, models.DayOf(time.Now()), "CF_SY", "-")
	rows := []m{{"row": list[0]["row"], "cells": cells}, {"row": list[1]["row"], "cells": worse}}
	got := f.must(200, f.unit, "POST", "/v1/batches/"+id+"/rows", m{"rows": rows})
	if got["accepted"] != 1.0 || got["rejected"] != 1.0 {
		t.Errorf("%v", got)
	}
	if b := f.must(200, f.unit, "GET", "/v1/batches/"+id, nil); b["fixed"] != 1.0 {
		t.Errorf("%v", b)
	}
	if metrics := f.must(200, f.unit, "GET", "/v1/batches/metrics?month="+b["month"].(string), nil); len(metrics["units"].([]any)) == 0 {
		t.Errorf("%v", metrics)
	}
	f.must(200, f.unit, "POST", "/v1/batches/"+id+"/withdraw", m{"reason": "整批报错单位"})
	f.waits("it is taken back", func() bool { return f.must(200, f.unit, "GET", "/v1/batches/"+id, nil)["state"] == "WITHDRAWN" })
	if n := records(); n != 0 {
		t.Errorf("%d records are left", n)
	}
}

// Files nobody can read fail as a whole, with the reason.
func TestDeliveryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	for name, tc := range map[string]struct{ text, reason string }{
		"forbidden": {"行政相对人名称,血型\n某某,A\n", "batch.forbidden_heading"},
		"unknown":   {"行政相对人名称,闯红灯次数\n某某,3\n", "batch.unknown_heading"},
		"missing":   {"行政相对人名称,行政相对人类别\n某某,01\n", "batch.missing_column"},
		"binary":    {"\x00\x01\x02\x03\x04\x05", ""},
	} {
		b := f.deliver("X-"+name, []byte(tc.text), nil)
		if b["state"] != "FAILED" || tc.reason != "" && b["reason"] != tc.reason || b["text"] == "" {
			t.Errorf("%s: %v", name, b)
		}
	}
}

// Somebody takes everything along, and has go what may go.
func TestEverythingAboutMe(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	all := f.must(200, f.farmer, "GET", "/v1/me/export", nil)
	text := fmt.Sprint(all)
	for _, want := range []string{"占道经营", farmersCase, "罗德胜"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the export", want)
		}
	}
	k := f.must(201, f.farmer, "POST", "/v1/me/erasure", m{"words": "请删除我的消息"})
	if k["kind"] != "ERASURE" {
		t.Errorf("%v", k)
	}
	inbox := func() int { return len(rowsIn(f.must(200, f.farmer, "GET", "/v1/me/inbox", nil))) }
	f.waits("a message is there", func() bool { return inbox() > 0 })
	liuyang := []string{"X-Acting-As", "office-credit-liuyang"}
	f.must(200, f.signIn(otherDesk), "POST", "/v1/cases/"+k["id"].(string)+"/approve", m{"reason": "可以删除"}, liuyang...)
	f.waits("it is done", func() bool {
		return f.must(200, f.farmer, "GET", "/v1/me/cases/"+k["id"].(string), nil)["state"] == "CLOSED"
	})
	for _, msg := range rowsIn(f.must(200, f.farmer, "GET", "/v1/me/inbox", nil)) {
		if msg["at"].(string) < k["createdAt"].(string) {
			t.Errorf("a message of before is left: %v", msg)
		}
	}
	if got := f.must(200, f.farmer, "GET", "/v1/me/file", nil); got["total"] != 1.0 { // what the law keeps stays
		t.Errorf("%v", got)
	}
	// Who came in person is helped without a phone; the farmer sees the case, and the office nothing of the file.
	record := rowsIn(f.must(200, f.farmer, "GET", "/v1/me/objections", nil))[0]["about"].(m)["id"]
	f.office(404, "POST", "/v1/objections", m{"idNumber": "430181199001010003", "authorisation": "授权委托书1号", "recordId": record, "words": "不是我的"})
	resident := f.must(200, f.head, "GET", "/v1/me/file/records", nil)["items"].([]any)[0].(m)["id"]
	number, err := models.SyntheticIDNumber("430181", "1986-04-12")
	if err != nil {
		t.Fatal(err)
	}
	f.wants("400 invalid /authorisation", f.staff, "POST", "/v1/objections", m{"idNumber": number.Reveal(), "recordId": resident, "words": "日期不对"}, "X-Acting-As", creditOffice)
	f.wants("400 invalid /changes/0/new", f.head, "POST", "/v1/me/objections", m{"recordId": resident, "changes": []m{{"field": "RY_JB", "new": "9"}}})
	got := f.office(201, "POST", "/v1/objections", m{"idNumber": number.Reveal(), "authorisation": "授权委托书2号", "recordId": resident, "words": "日期不对"})
	if got["words"] != nil {
		t.Errorf("%v", got)
	}
	if k := f.must(200, f.head, "GET", "/v1/me/cases/"+got["id"].(string), nil); k["authorisation"] != "授权委托书2号" {
		t.Errorf("%v", k)
	}
	f.wants("403 forbidden", f.staff, "POST", "/v1/cases/"+got["id"].(string)+"/reject", m{"reason": "x"}, "X-Acting-As", creditOffice) // who filed it does not decide it
}

// A report is printed, checked and ended.
func TestReportFromTheFile(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	f.wants("400 invalid /from", f.farmer, "POST", "/v1/me/reports", m{"kind": "SPECIAL", "from": string(models.DayOf(time.Now()).AddMonths(-61))})
	r := f.must(201, f.farmer, "POST", "/v1/me/reports", m{"kind": "SPECIAL"})
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.url+"/v1/me/reports/"+r["id"].(string)+"/pdf", nil)
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+f.farmer)
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var pdf bytes.Buffer
	if _, err := pdf.ReadFrom(resp.Body); err != nil || resp.StatusCode != 200 || !bytes.HasPrefix(pdf.Bytes(), []byte("%PDF-")) {
		t.Fatalf("%d, %d bytes, %v", resp.StatusCode, pdf.Len(), err)
	}
	code := r["verifyCode"].(string)
	state := func() any { return f.must(200, "", "GET", "/v1/reports/verify/"+code, nil)["state"] }
	if state() != "VALID" {
		t.Errorf("%v", state())
	}
	f.wants("404 not_found", "", "GET", "/v1/reports/verify/"+strings.Repeat("A", 26), nil)
	f.wants("404 not_found", f.head, "GET", "/v1/me/reports/"+r["id"].(string), nil) // somebody else's
	f.must(200, f.farmer, "POST", "/v1/me/reports/"+r["id"].(string)+"/revoke", nil)
	if state() != "REVOKED" {
		t.Errorf("%v", state())
	}
	other := f.must(201, f.farmer, "POST", "/v1/me/reports", m{"kind": "CREDIT"})
	f.advance("P31D")
	f.waits("it expires", func() bool {
		return f.must(200, "", "GET", "/v1/reports/verify/"+other["verifyCode"].(string), nil)["state"] == "EXPIRED"
	})
}
