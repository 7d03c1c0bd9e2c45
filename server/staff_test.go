package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// The second of each pair of officers, and who may decide after both.
const (
	cityOffice2            = "19900000034"
	desk1, desk2, desk3    = "19900000031", "19900000032", "19900000035" // of Liuyang
	cashier, cashier2      = "19900000021", "19900000022"                // of Liuyang's hospital of Chinese medicine
	operator1, operator2   = "19900000061", "19900000062"
	pingxiang, liuyangDesk = "office-credit-pingxiang", "office-credit-liuyang"
)

// appointed asks for an office and has a second person confirm it.
func (f *filed) appointed(one, two, phone, role, org string) m {
	f.t.Helper()
	a := f.must(201, one, "POST", "/v1/staff", m{"phone": phone, "role": role, "org": org})
	if a["state"] != "PROPOSED" {
		f.t.Errorf("%v", a)
	}
	return f.must(200, two, "POST", fmt.Sprint("/v1/staff/appointments/", a["id"], "/confirm"), nil)
}

// An office is held once two people of its scope said so, and neither of them is who holds it.
func TestAnOfficeTakesThree(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	one, two, three := f.signIn(desk1), f.signIn(desk2), f.signIn(desk3)
	ask := m{"phone": aFarmer, "role": "hospital_finance", "org": ward}
	f.wants("403 forbidden", f.farmer, "POST", "/v1/staff", ask)
	a := f.must(201, one, "POST", "/v1/staff", ask)
	at := fmt.Sprint("/v1/staff/appointments/", a["id"])
	f.wants("403 forbidden", f.farmer, "GET", "/v1/organisations/"+ward+"/officers", nil, "X-Acting-As", ward)
	f.wants("403 forbidden", one, "POST", at+"/confirm", nil) // who asked for it
	f.wants("404 not_found", f.signIn("19900000061"), "POST", at+"/confirm", nil)
	f.wants("409 conflict", two, "POST", "/v1/staff", ask) // asked for already
	f.must(200, two, "POST", at+"/confirm", nil)
	f.wants("409 invalid_transition", three, "POST", at+"/confirm", nil)
	f.wants("409 conflict", one, "POST", "/v1/staff", ask) // held already
	held := f.must(200, f.farmer, "GET", "/v1/me", nil)["memberships"].([]any)
	if len(held) != 1 || held[0].(m)["org"] != ward || held[0].(m)["orgName"] != "浏阳市中医院" || held[0].(m)["region"] != "430181" {
		t.Fatalf("%v", held)
	}
	f.must(200, f.farmer, "GET", "/v1/organisations/"+ward+"/officers", nil, "X-Acting-As", ward)

	// The organisation's other officers hear of it; one contests it, and the office is suspended until somebody else decides.
	colleague := f.signIn(cashier)
	f.waits("the colleague's message", func() bool {
		return lists(f.must(200, colleague, "GET", "/v1/me/inbox", nil), "kind", "organisation.officer_appointed")
	})
	f.wants("404 not_found", f.signIn("19900000041"), "POST", at+"/contest", m{"reason": "x"}) // of another organisation
	f.wants("403 forbidden", f.farmer, "POST", at+"/contest", m{"reason": "x"}, "X-Acting-As", ward)
	if got := f.must(200, colleague, "POST", at+"/contest", m{"reason": "这里没有这个人"}); got["state"] != "SUSPENDED" {
		t.Errorf("%v", got)
	}
	f.wants("403 forbidden", f.farmer, "GET", "/v1/organisations/"+ward+"/officers", nil, "X-Acting-As", ward)
	queue := f.must(200, three, "GET", "/v1/staff/appointments?contested=true", nil)
	if !lists(queue, "id", a["id"]) {
		t.Errorf("not in the queue: %v", queue)
	}
	decision := m{"undo": false, "reason": "已核对编制"}
	f.wants("403 forbidden", one, "POST", at+"/decide", decision)
	f.wants("403 forbidden", two, "POST", at+"/decide", decision)
	f.must(200, three, "POST", at+"/decide", decision)
	f.must(200, f.farmer, "GET", "/v1/organisations/"+ward+"/officers", nil, "X-Acting-As", ward)
	f.wants("409 conflict", colleague, "POST", at+"/contest", m{"reason": "again"})

	// A dismissal acts at once, is told, and can be undone.
	list := rowsIn(f.must(200, one, "POST", "/v1/staff/lookup", m{"phone": aFarmer}))
	if len(list) != 1 || list[0]["id"] != a["id"] || list[0]["name"] != nil {
		t.Errorf("%v", list)
	}
	end := fmt.Sprint("/v1/staff/", a["person"], "/offices/", a["id"], "/end")
	f.wants("404 not_found", f.signIn("19900000061"), "POST", end, nil)
	f.must(200, one, "POST", end, nil)
	f.wants("403 forbidden", f.farmer, "GET", "/v1/organisations/"+ward+"/officers", nil, "X-Acting-As", ward)
	f.wants("409 invalid_transition", one, "POST", end, nil)
	f.must(200, colleague, "POST", at+"/contest", m{"reason": "她没有做错"})
	f.wants("403 forbidden", one, "POST", at+"/decide", m{"undo": true, "reason": "x"})
	f.must(200, two, "POST", at+"/decide", m{"undo": true, "reason": "误免"})
	f.must(200, f.farmer, "GET", "/v1/organisations/"+ward+"/officers", nil, "X-Acting-As", ward)
}

// lists says whether a list has a row with that value.
func lists(list m, key string, want any) bool { return one(list, is(key, want)) != nil }

// What is wrong with a request points at itself, and nobody holds an office they asked for.
func TestAppointmentsPointAtTheFault(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	desk := f.signIn(desk1)
	for want, change := range map[string]m{
		"403 forbidden#a":       {"phone": desk1},
		"404 not_found":         {"phone": "19900007777"},
		"409 conflict":          {"phone": "19900000009"}, // has no real name yet
		"400 invalid /role":     {"role": "resident"},
		"400 invalid /role#b":   {"role": "data_officer"}, // a town has none
		"403 forbidden#b":       {"role": "operator"},
		"400 invalid /phone":    {"phone": "123"},
		"400 invalid /org":      {"org": ""},
		"400 invalid /region":   {"region": "4301"}, // the organisation's own
		"400 invalid /orgName":  {"orgName": "x"},
		"400 invalid /until":    {"until": "yesterday"},
		"400 invalid /until#b":  {"until": "2020-01-01T00:00:00Z"},
		"400 invalid /nickname": {"nickname": "x"},
	} {
		body := m{"phone": headOfFirm, "role": "town_staff", "org": "office-gugang"}
		for k, v := range change {
			body[k] = v
		}
		expect, _, _ := strings.Cut(want, "#")
		f.wants(expect, desk, "POST", "/v1/staff", body)
	}
}

// Two operators let the first two officers of an empty city in, and nobody else who sees personal data.
func TestACityIsOpened(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	a, b := f.signIn(operator1), f.signIn(operator2)
	ask := func(phone, role, org string) m { return m{"phone": phone, "role": role, "org": org} }
	f.wants("404 not_found", a, "POST", "/v1/staff", ask(aFarmer, "credit_office", creditOffice)) // it has its officers
	f.wants("404 not_found", a, "POST", "/v1/staff", ask(aFarmer, "credit_office", liuyangDesk))
	f.wants("404 not_found", a, "POST", "/v1/staff", ask(aFarmer, "auditor", pingxiang))
	first := f.must(201, a, "POST", "/v1/staff", ask(aFarmer, "credit_office", pingxiang))
	f.wants("403 forbidden", a, "POST", fmt.Sprint("/v1/staff/appointments/", first["id"], "/confirm"), nil)
	refused := f.must(201, a, "POST", "/v1/staff", ask("19900000003", "credit_office", pingxiang))
	f.wants("404 not_found", a, "POST", "/v1/staff", ask("19900000004", "credit_office", pingxiang)) // two are asked for
	f.must(200, b, "POST", fmt.Sprint("/v1/staff/appointments/", refused["id"], "/refuse"), m{"reason": "换人"})
	f.must(200, b, "POST", fmt.Sprint("/v1/staff/appointments/", first["id"], "/confirm"), nil)
	f.appointed(b, a, "19900000004", "credit_office", pingxiang)
	f.wants("404 not_found", a, "POST", "/v1/staff", ask("19900000003", "credit_office", pingxiang))
	f.wants("404 not_found", a, "POST", fmt.Sprint("/v1/staff/", first["person"], "/offices/", first["id"], "/end"), nil)
	f.appointed(f.farmer, f.signIn("19900000004"), "19900000003", "credit_office", pingxiang) // from here on they do it themselves
	f.appointed(a, b, "19900000041", "operator", "xinyi")
}

// seated is a person of the demo city who holds an office.
type seated struct{ phone, role, org string }

// seats are one person for every office and organisation of the demo city.
var seats = []seated{
	{desk1, "credit_office", liuyangDesk}, {creditStaff, "credit_office", creditOffice}, {"19900000011", "county_health", "office-health-liuyang"},
	{"19900000013", "county_health", "office-health-ningxiang"}, {cashier, "hospital_finance", ward}, {"19900000041", "town_staff", "office-gugang"},
	{"19900000042", "village_staff", "office-fanshi"}, {"19900000051", "auditor", "office-audit-changsha"}, {bureauMan, "data_officer", bureau},
	{operator1, "operator", "xinyi"},
}

// above is what the organisations of the matrix answer to, as the demo city's table has it.
var above = map[string]string{
	creditOffice: "", pingxiang: "", "xinyi": "", liuyangDesk: creditOffice, "office-credit-ningxiang": creditOffice,
	"office-health-liuyang": liuyangDesk, "office-health-ningxiang": "office-credit-ningxiang", ward: "office-health-liuyang",
	elsewhere: "office-health-ningxiang", "hospital-pingxiang-renmin": pingxiang, "office-gugang": liuyangDesk, "office-fanshi": "office-gugang",
	"office-audit-changsha": creditOffice, bureau: creditOffice, "unit-liuyang-scjg": liuyangDesk, "unit-ningxiang-scjg": "office-credit-ningxiang",
	readingBank: liuyangDesk, "provider-changsha-gongjiao": creditOffice, "nowhere-at-all": "",
}

// roleOf is the office that the people of an organisation hold, and what its system is.
func roleOf(org string) (role, system string) {
	kinds := [][3]string{
		{"office-credit", "credit_office", ""}, {"office-health", "county_health", ""}, {"office-audit", "auditor", ""}, {"office-gugang", "town_staff", ""},
		{"office-fanshi", "village_staff", ""}, {"unit", "data_officer", "department"}, {"hospital", "hospital_finance", "hospital"},
		{"bank", "", "bank"}, {"provider", "", "provider"}, {"xinyi", "operator", ""},
	}
	for _, k := range kinds {
		if strings.HasPrefix(org, k[0]) {
			return k[1], k[2]
		}
	}
	return "", ""
}

// inScope says whether an organisation is the office or answers to it.
func inScope(org, office string) bool {
	for ; org != ""; org = above[org] {
		if org == office {
			return true
		}
	}
	return false
}

// wantAppointed is what the door answers to somebody who asks for an office.
func wantAppointed(who seated, org, role string) int {
	gives, _ := roleOf(org)
	switch {
	case who.role != "credit_office" && who.role != "operator":
		return 403
	case who.role == "operator" && org == pingxiang && role == "credit_office":
		return 201
	case !inScope(org, who.org):
		return 404
	case (role == "operator") != (who.role == "operator"):
		return 403
	case role != gives:
		return 400
	}
	return 201
}

// Every staff role × every organisation, in scope, of another county, city and province, and not there at all × every office to give, and
// every kind of system to let in.
func TestWhoAppointsWhom(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	roles := []string{"hospital_finance", "village_staff", "town_staff", "county_health", "credit_office", "data_officer", "auditor", "operator"}
	tried, given := 0, 0
	for _, who := range seats {
		token := f.signIn(who.phone)
		as := []string{"X-Acting-As", who.org}
		for org := range above {
			for _, role := range roles {
				want := wantAppointed(who, org, role)
				status, out := f.call(token, "POST", "/v1/staff", m{"phone": aFarmer, "role": role, "org": org}, as...)
				if tried++; status != want {
					t.Errorf("%s of %s gives %s in %s: %d, want %d", who.role, who.org, role, org, status, want)
				}
				if status == 201 {
					given++
					f.must(200, token, "POST", fmt.Sprint("/v1/staff/appointments/", out["id"], "/refuse"), m{"reason": "matrix"}, as...)
				}
			}
			f.lets(who, token, org)
		}
		f.sees(who, token)
	}
	if tried < 1500 || given < 20 {
		t.Errorf("%d tries, %d given: the matrix is blind", tried, given)
	}
}

// lets asks for a system of an organisation.
func (f *filed) lets(who seated, token, org string) {
	f.t.Helper()
	_, system := roleOf(org)
	want := 201
	switch {
	case who.role != "credit_office":
		want = 403
	case !inScope(org, who.org):
		want = 404
	case system == "":
		want = 400
	}
	id := "system-" + who.org + "-" + org
	status, out := f.call(token, "POST", "/v1/clients", m{"clientId": id, "org": org}, "X-Acting-As", who.org)
	if status != want || status == 201 && (out["state"] != "PROPOSED" || out["kind"] != system) {
		f.t.Errorf("%s of %s lets a system of %s in: %d, want %d: %v", who.role, who.org, org, status, want, out)
	}
}

// sees looks at what of others the register, appointments and systems show.
func (f *filed) sees(who seated, token string) {
	f.t.Helper()
	for org := range above {
		want := 404
		if org != "nowhere-at-all" && (inScope(org, who.org) || who.role == "operator" || who.role == "auditor" && !strings.Contains(org, "pingxiang") && org != "xinyi") {
			want = 200
		}
		if status, _ := f.call(token, "GET", "/v1/organisations/"+org, nil, "X-Acting-As", who.org); status != want {
			f.t.Errorf("%s of %s sees %s: %d, want %d", who.role, who.org, org, status, want)
		}
	}
	if who.role != "credit_office" {
		return
	}
	for _, client := range []string{ward, elsewhere, "hospital-pingxiang-renmin", bureau, readingBank, "nowhere-at-all"} {
		want := 404
		if inScope(client, who.org) {
			want = 200
		}
		for _, path := range []string{"", "/secret", "/secret/confirm", "/stop"} {
			method, body := "POST", any(m{})
			switch path {
			case "":
				method, body = "GET", nil
			case "/stop":
				body = m{"reason": "matrix"}
				if want == 200 {
					continue
				}
			case "/secret/confirm":
				body = nil
				if want == 200 {
					continue
				}
			}
			if status, out := f.call(token, method, "/v1/clients/"+client+path, body, "X-Acting-As", who.org); status != want || out["clientSecret"] != nil {
				f.t.Errorf("%s: %s %s%s: %d, want %d: %v", who.org, method, client, path, status, want, out)
			}
		}
	}
}

// The way of the county clerk who made herself officers everywhere: each step of it is over.
func TestAccomplices(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	one, two := f.signIn(desk1), f.signIn(desk2)
	for org, role := range map[string]string{
		bureau: "data_officer", creditOffice: "credit_office", elsewhere: "hospital_finance", "hospital-pingxiang-renmin": "hospital_finance",
		"office-audit-changsha": "auditor", "xinyi": "operator", "made-up": "data_officer",
	} {
		body := m{"phone": aFarmer, "role": role, "org": org}
		there := f.must(404, one, "POST", "/v1/staff", body)
		body["org"] = "made-up-as-well"
		nowhere := f.must(404, one, "POST", "/v1/staff", body)
		for _, key := range []string{"title", "detail", "code", "reason"} {
			if there[key] != nowhere[key] {
				t.Errorf("%s tells itself apart by %s: %v, %v", org, key, there[key], nowhere[key])
			}
		}
	}
	// Nor by registering an organisation that others know by that name, or that lies elsewhere.
	register := m{"id": "unit-changsha-new", "kind": "SOURCE_UNIT", "name": m{"zh": "新单位", "en": "New"}, "region": "430181", "parent": liuyangDesk}
	for want, change := range map[string]m{
		"409 conflict":           {"id": "unit-liuyang-scjg"},
		"400 invalid /id#b":      {"id": bureau},
		"400 invalid /id":        {"id": creditOffice + "!"},
		"400 invalid /region":    {"region": "4301"},
		"400 invalid /region#b":  {"region": "430182"},
		"404 not_found":          {"parent": creditOffice},
		"404 not_found#b":        {"parent": "nowhere"},
		"400 invalid /parent":    {"kind": "VILLAGE", "parent": "office-health-liuyang"},
		"403 forbidden":          {"parent": "", "kind": "CREDIT_OFFICE", "region": "4305"},
		"400 invalid /kind":      {"kind": "PALACE"},
		"400 invalid /contact":   {"contact": "12"},
		"400 invalid /name/zh":   {"name": m{"en": "x"}},
		"400 invalid /authority": {"authority": "MARKET"},
	} {
		body := m{}
		for k, v := range register {
			body[k] = v
		}
		for k, v := range change {
			body[k] = v
		}
		expect, _, _ := strings.Cut(want, "#")
		f.wants(expect, one, "POST", "/v1/organisations", body)
	}
	// What is registered by two gives offices of its own kind and place alone.
	f.must(201, one, "POST", "/v1/organisations", register)
	f.wants("404 not_found", two, "POST", "/v1/staff", m{"phone": aFarmer, "role": "data_officer", "org": "unit-changsha-new"}) // not confirmed
	f.wants("403 forbidden", one, "POST", "/v1/organisations/unit-changsha-new/confirm", nil)
	f.must(200, two, "POST", "/v1/organisations/unit-changsha-new/confirm", nil)
	f.appointed(one, two, aFarmer, "data_officer", "unit-changsha-new")
	f.must(200, f.farmer, "GET", "/v1/organisations/unit-changsha-new/officers", nil, "X-Acting-As", "unit-changsha-new")
	// Its end ends the office.
	f.must(200, one, "POST", "/v1/organisations/unit-changsha-new/changes", m{"end": "撤并"})
	f.wants("403 forbidden", one, "POST", "/v1/organisations/unit-changsha-new/confirm", nil)
	f.must(200, two, "POST", "/v1/organisations/unit-changsha-new/confirm", nil)
	f.waits("the end of the office", func() bool {
		status, _ := f.call(f.farmer, "GET", "/v1/organisations/unit-changsha-new/officers", nil, "X-Acting-As", "unit-changsha-new")
		return status == 403
	})
}

// A system is let in by two people, and its secret is seen by the partner alone.
func TestSecretsAreThePartnersOwn(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	one, two := f.signIn(desk1), f.signIn(desk2)
	const id, contact = "bank-liuyang-second", "19900000111"
	at := "/v1/clients/" + id
	f.wants("400 invalid /kind", one, "POST", "/v1/clients", m{"clientId": id, "org": readingBank, "kind": "hospital"})
	f.must(201, one, "POST", "/v1/clients", m{"clientId": id, "org": readingBank})
	f.wants("409 conflict", two, "POST", "/v1/clients", m{"clientId": id, "org": readingBank})
	f.wants("409 invalid_transition", two, "POST", at+"/secret", m{}) // not let in yet
	f.wants("403 forbidden", one, "POST", at+"/confirm", nil)
	f.must(200, two, "POST", at+"/confirm", nil)

	claim := func(status int, code string) string {
		out := f.must(status, "", "POST", at+"/secret/claim", m{"code": code})
		secret, _ := out["clientSecret"].(string)
		return secret
	}
	token := func(status int, secret string) string {
		return fmt.Sprint(f.must(status, "", "POST", "/v1/auth/token", m{"clientId": id, "clientSecret": secret})["accessToken"])
	}
	order := func(hours int) string {
		asked := f.must(200, one, "POST", at+"/secret", m{"overlapHours": hours})
		f.wants("403 forbidden", one, "POST", at+"/secret/confirm", nil)
		sent := f.must(200, two, "POST", at+"/secret/confirm", nil)
		f.wants("409 conflict", f.signIn(desk3), "POST", at+"/secret/confirm", nil)
		if asked["clientSecret"] != nil || sent["clientSecret"] != nil || sent["waits"] != "CLAIM" {
			t.Errorf("%v %v", asked, sent)
		}
		return f.must(200, "", "GET", "/v1/sandbox/codes/"+contact, nil)["code"].(string)
	}
	claim(401, "000000") // nothing was asked
	first := claim(200, order(0))
	bank := token(200, first)
	claim(401, "000000")
	second := claim(200, order(1))
	token(200, first) // for an hour
	token(200, second)
	wrong := order(0)
	for i := range 5 { // bounded: the right code comes too late
		claim(401, fmt.Sprintf("%06d", (atoi(wrong)+i+1)%1_000_000))
	}
	claim(401, wrong)
	late := order(0)
	f.advance("P1DT1H")
	one, two = f.signIn(desk1), f.signIn(desk2)
	claim(401, late)
	f.must(200, one, "POST", at+"/stop", m{"reason": "合同到期"})
	f.wants("401 unauthenticated", bank, "GET", "/v1/recalls", nil)
	token(401, second)
	f.must(200, one, "POST", at+"/resume", nil)
	token(200, second)
	got := f.must(200, two, "GET", at, nil)
	if strings.Contains(fmt.Sprint(got), second) || got["kind"] != "bank" || got["name"] != "浏阳农商银行" {
		t.Errorf("%v", got)
	}
	if !lists(f.must(200, f.staff, "GET", "/v1/clients?kind=bank", nil, "X-Acting-As", creditOffice), "clientId", id) {
		t.Error("the city does not see it")
	}
	f.wants("403 forbidden", f.signIn(operator1), "GET", at, nil)
}

func atoi(s string) int {
	n := 0
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
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
	cfg, err := ReadConfig(append(environ, "ADDR=127.0.0.1:0", "OPS_ADDR=off"))
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
	if all, err := a.organisations().Officers(t.Context(), "xinyi", a.now()); err != nil || len(all) != 3 {
		t.Errorf("operators: %v %v", all, err)
	}
}
