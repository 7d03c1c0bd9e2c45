package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// The first operator is made on the machine and appoints a credit office, which appoints its own and lets a hospital's system in.
func TestFromAnEmptyStoreToAnOffice(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	operator := f.signIn("19900000061")
	credit := f.signIn(creditStaff)
	as := []string{"X-Acting-As", creditOffice}

	// The city's credit office appoints the farmer as a clerk of its own region, and sees what he may do at once.
	office := m{"phone": aFarmer, "role": "town_staff", "org": "office-gugang", "orgName": "古港镇人民政府", "region": "430181108"}
	f.wants("403 forbidden", f.farmer, "POST", "/v1/staff", office)
	held := f.must(201, credit, "POST", "/v1/staff", office, as...)
	f.must(200, f.farmer, "GET", "/v1/mandates", nil, "X-Acting-As", "office-gugang")
	f.wants("409 conflict", credit, "POST", "/v1/staff", office, as...) // held already

	// Not beyond the region, no operators, not oneself, nobody unknown.
	for want, change := range map[string]m{
		"403 forbidden#a":       {"region": "43"},
		"403 forbidden#b":       {"region": ""},
		"403 forbidden#c":       {"role": "operator"},
		"403 forbidden#d":       {"phone": creditStaff, "role": "auditor"},
		"404 not_found":         {"phone": "19900007777"},
		"409 conflict":          {"phone": "19900000009"}, // has no real name yet
		"400 invalid /role":     {"role": "resident"},
		"400 invalid /phone":    {"phone": "123"},
		"400 invalid /orgName":  {"orgName": ""},
		"400 invalid /region":   {"region": "changsha"},
		"400 invalid /until":    {"until": "yesterday"},
		"400 invalid /nickname": {"nickname": "x"},
	} {
		body := m{"phone": headOfFirm, "role": "town_staff", "org": "office-gugang", "orgName": "古港镇人民政府", "region": "430181108"}
		for k, v := range change {
			body[k] = v
		}
		expect, _, _ := strings.Cut(want, "#")
		f.wants(expect, credit, "POST", "/v1/staff", body, as...)
	}
	list := rowsIn(f.must(200, credit, "POST", "/v1/staff/lookup", m{"phone": aFarmer}, as...))
	if len(list) != 1 || list[0]["id"] != held["id"] || list[0]["name"] != nil {
		t.Errorf("%v", list)
	}
	end := fmt.Sprint("/v1/staff/", held["person"], "/offices/", held["id"], "/end")
	f.wants("404 not_found", f.signIn(otherDesk), "POST", "/v1/staff/"+fmt.Sprint(held["person"])+"/offices/none/end", nil, "X-Acting-As", "office-credit-liuyang")
	f.must(200, credit, "POST", end, nil, as...)
	f.wants("403 forbidden", f.farmer, "GET", "/v1/mandates", nil, "X-Acting-As", "office-gugang")
	f.wants("409 conflict", credit, "POST", end, nil, as...)

	// A system is registered, given a secret that is shown once, and shut out at once.
	f.must(201, operator, "POST", "/v1/clients", m{"clientId": "bank-new", "kind": "bank", "name": "新银行", "org": "bank-new", "region": "430181"})
	f.wants("409 conflict", operator, "POST", "/v1/clients", m{"clientId": "bank-new", "kind": "hospital", "name": "x", "org": "x", "region": "430181"})
	f.wants("403 forbidden", credit, "POST", "/v1/clients", m{"clientId": "bank-far", "kind": "bank", "name": "x", "org": "x", "region": "360302"}, as...)
	first := f.must(200, credit, "POST", "/v1/clients/bank-new/secret", m{}, as...)["clientSecret"].(string)
	token := func(status int, secret string) string {
		out := f.must(status, "", "POST", "/v1/auth/token", m{"clientId": "bank-new", "clientSecret": secret})
		return fmt.Sprint(out["accessToken"])
	}
	bank := token(200, first)
	second := f.must(200, credit, "POST", "/v1/clients/bank-new/secret", m{"overlapHours": 1}, as...)["clientSecret"].(string)
	token(200, first) // for an hour
	token(200, second)
	f.must(200, bank, "GET", "/v1/recalls", nil)
	f.must(200, credit, "POST", "/v1/clients/bank-new/stop", m{"reason": "合同到期"}, as...)
	f.wants("401 unauthenticated", bank, "GET", "/v1/recalls", nil)
	token(401, second)
	f.must(200, credit, "POST", "/v1/clients/bank-new/resume", nil, as...)
	token(200, second)
	if got := f.must(200, operator, "GET", "/v1/clients/bank-new", nil); got["secrets"] != 2.0 || strings.Contains(fmt.Sprint(got), second) {
		t.Errorf("%v", got)
	}
	if one(f.must(200, credit, "GET", "/v1/clients?kind=bank", nil, as...), is("clientId", "bank-new")) == nil {
		t.Error("not listed")
	}
}

// xinyi operator makes one who is there, and nobody else.
func TestOperatorCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	environ := []string{"DATA_DIR=" + dir, "SANDBOX=true", "LOG_LEVEL=ERROR"}
	call := func(args ...string) (int, string) {
		var out, faults bytes.Buffer
		code := run(t.Context(), args, environ, &out, &faults)
		return code, out.String() + faults.String()
	}
	if code, text := call("seed"); code != 0 {
		t.Fatal(text)
	}
	for _, args := range [][]string{{"operator"}, {"operator", "123"}, {"operator", "19900007777"}, {"operator", "19900000009"}} { // the last has no real name
		if code, text := call(args...); code != 1 {
			t.Errorf("%v: %d %s", args, code, text)
		}
	}
	if code, text := call("operator", aFarmer); code != 0 {
		t.Fatal(text)
	}
	if code, text := call("operator", aFarmer); code != 1 {
		t.Errorf("twice: %d %s", code, text)
	}
	cfg, err := ReadConfig(append(environ, "ADDR=127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), cfg, false)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	p, err := a.repos.Identity.People.Get(t.Context(), "demo-farmer")
	if err != nil || len(p.Memberships) != 1 || p.Memberships[0].Role != "operator" {
		t.Errorf("%+v %v", p, err)
	}
}
