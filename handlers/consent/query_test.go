package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/record"
	"xinyi/store"
)

func hmacOf(t *testing.T, secret, text string) string {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

func looking(number, purpose, of string) string {
	return `{"subject":{"idNumber":"` + number + `"},"purpose":"` + purpose + `","case":"` + of + `","scopes":["records.penalty"]}`
}

// An office looks without consent only by law, for an open case of its own about that subject; every try is in the person's list.
func TestLookupNeedsAnOpenCase(t *testing.T) {
	e := sharings(t)
	kept := e.record("k1", func(d *record.Draft) { d.Openness = models.Government })
	n, err := models.ParseIDNumber(annNumber)
	if err != nil {
		t.Fatal(err)
	}
	ground := access.Ground{ID: "case-1", Subject: e.subjects.Ref(n), Region: "430181", Open: true,
		Roles: []models.Role{models.CreditOffice, models.DataOfficer}, Purposes: []string{"credit.objection"}, Scopes: []string{"records.penalty"}}
	e.ground = &ground
	res := e.Wants(200, "POST /v1/records/lookups", looking(annNumber, "credit.objection", "case-1"), apitest.By(creditMan), kept.ID, `"fine":5000`)
	if strings.Contains(res.Body, "某路") || strings.Contains(res.Body, annNumber) {
		t.Errorf("too much: %s", res.Body)
	}
	if log := e.logged(annNumber); len(log) != 1 || log[0].Case != "case-1" || log[0].By.Person != "cara" || len(log[0].Anomalies) != 0 {
		t.Fatalf("%+v", log)
	}
	for name, tc := range map[string]struct{ body, who, want string }{
		"another's case":    {looking(bobNumber, "credit.objection", "case-1"), creditMan, "access.case_of_other"},
		"no such case":      {looking(annNumber, "credit.objection", "case-2"), creditMan, "access.no_ground"},
		"by consent only":   {looking(annNumber, "share.loan", "case-1"), creditMan, "access.not_by_law"},
		"out of curiosity":  {looking(annNumber, "gossip", "case-1"), creditMan, "access.not_by_law"},
		"in another county": {looking(annNumber, "credit.objection", "case-1"), "as dan+credit_office@430182", "access.no_ground"},
		"a minor":           {looking(kidNumber, "credit.objection", "case-1"), creditMan, "consent.minor"},
	} {
		if res := e.Wants(403, "POST /v1/records/lookups", tc.body, apitest.By(tc.who), tc.want); strings.Contains(res.Body, "fine") {
			t.Errorf("%s: %s", name, res.Body)
		}
	}
	ground.Open = false
	e.Wants(403, "POST /v1/records/lookups", looking(annNumber, "credit.objection", "case-1"), apitest.By(creditMan), "access.case_closed")
	e.Wants(403, "POST /v1/records/lookups", looking(annNumber, "credit.objection", "case-1"), apitest.By(theBank))
	e.Wants(403, "POST /v1/records/lookups", looking(annNumber, "credit.objection", "case-1"), apitest.By("as ann"))
	e.Wants(200, "GET /v1/me/accesses", "", apitest.By("as ann"), `"refused":"access.case_closed"`, `"refused":"access.no_ground"`)
	e.Wants(200, "GET /v1/me/accesses", "", apitest.By("as bob"), `"refused":"access.case_of_other"`)
}

// What is unusual is marked, and stands in the auditors' queue; that auditors look is logged, too.
func TestUnusualLooks(t *testing.T) {
	e := sharings(t)
	n, err := models.ParseIDNumber(annNumber)
	if err != nil {
		t.Fatal(err)
	}
	looks := e.query.Log
	check := func(at time.Time, subject models.Subject, of string) *access.Entry {
		rq := api.Request{Actor: models.Actor{Person: "cara", Role: models.CreditOffice, Org: "org-credit", Region: "430181"}, Now: at, ID: "rq" + subject.Ref + of}
		if err := looks.Note(t.Context(), rq, access.Access{Subject: subject, Fields: []string{"name"}, Purpose: "credit.objection", Case: of}); err != nil {
			t.Fatal(err)
		}
		page, err := e.entries.Find(t.Context(), store.AccessesOf(subject.Ref).Page(1, ""))
		if err != nil {
			t.Fatal(err)
		}
		return page.Items[0]
	}
	ann := e.subjects.Ref(n)
	ann.Person = "ann"
	e.ground = &access.Ground{ID: "open", Subject: ann, Open: true}
	if got := check(models.Day("2026-03-02").Clock(9, 0), ann, "open"); len(got.Anomalies) != 0 || got.Watch != "" {
		t.Errorf("an ordinary look: %v", got.Anomalies)
	}
	got := check(models.Day("2026-03-03").Clock(2, 10), ann, "gone")
	if !slices.Equal(got.Anomalies, []access.Anomaly{access.Night, access.NoOpenCase}) || len(got.Outbox) != 1 || got.Outbox[0].Kind != access.EventOdd.Name() || got.Outbox[0].Person != "ann" {
		t.Errorf("at 02:10, no open case: %v, told %v", got.Anomalies, got.Outbox)
	}
	var last *access.Entry
	for i := range access.Standard.MostHourly + 1 {
		last = check(models.Day("2026-03-04").Clock(9, i%60), models.Subject{Kind: models.PersonSubject, Ref: fmt.Sprint("r", i)}, "c")
	}
	if !slices.Contains(last.Anomalies, access.Many) {
		t.Errorf("the %dth within the hour: %v", access.Standard.MostHourly+1, last.Anomalies)
	}
	res := e.Wants(200, "GET /v1/accesses?limit=200", "", apitest.By("as eve+auditor@4301"), `"NIGHT"`, `"officer":"cara"`)
	if strings.Contains(res.Body, ann.Ref) {
		t.Error("the auditor sees the person's key")
	}
	e.Wants(200, "GET /v1/accesses?org=org-credit", "", apitest.By("as eve+auditor@4301"), `"officer":"cara"`)
	if res := e.Wants(200, "GET /v1/accesses?org=org-credit", "", apitest.By("as eve+auditor@4302")); strings.Contains(res.Body, "cara") {
		t.Error("an auditor of another city sees it")
	}
	e.Wants(403, "GET /v1/accesses", "", apitest.By(creditMan))
	e.Wants(200, "GET /v1/me/accesses", "", apitest.By("as ann"), `"audit.access"`, `"role":"auditor"`)
}
