package decision

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	medicalhttp "xinyi/handlers/medical"
	"xinyi/handlers/openapitest"
	recallhttp "xinyi/handlers/recall"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/decision"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
	"xinyi/usecase"
)

// A bureau is a door to decisions and recalls, with two residents of a county.
type bureau struct {
	*apitest.CampaignDesk
	h       Handler
	recall  recallhttp.Handler
	facts   usecase.Restrictions
	entries *store.Repo[access.Entry]
	medical medicalhttp.Handler
}

const (
	health    = "as cara+county_health@430181"
	elsewhere = "as dan+county_health@430121"
	asHealth  = "X-Acting-As: county_health"
	asCredit  = "X-Acting-As: credit_office"
)

func newBureau(t *testing.T) *bureau {
	t.Helper()
	engine := sqlitetest.Open(t)
	b := &bureau{CampaignDesk: &apitest.CampaignDesk{API: &apitest.API{T: t, Time: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}}}
	s := store.New(engine, b.Now, store.TestKeys())
	people := store.NewRepo[identity.Person](s, store.People)
	subjects := usecase.Subjects{People: people, Keys: s.Keys}
	b.entries = store.NewRepo[access.Entry](s, store.Accesses)
	b.h = Handler{Decision: usecase.OpenDecision(s, usecase.Recall{}), Subjects: subjects, Log: &api.AccessLog{Entries: b.entries}}
	b.recall = recallhttp.Handler{Recall: store.OpenRecall(s), Subjects: subjects}
	b.facts = usecase.Restrictions{Subjects: subjects, Records: store.NewRepo[record.Record](s, store.Records), Facts: usecase.StandardRestrictionFacts}
	b.medical = medicalhttp.Handler{Medical: store.OpenMedical(s), People: people, Restricts: b.facts.Restricts}
	b.R = api.NewRouter(api.Config{Now: b.Now, Auth: apitest.Places{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	b.R.Handle(b.h, b.recall)
	b.must(s.Ensure(t.Context()))
	b.must(b.R.Finish())
	var err error
	b.Check, err = openapitest.New(b.R.Document())
	b.must(err)
	for id, number := range map[string]string{"ann": "430181199001010003", "bob": "430102198002290000"} {
		b.must(people.Insert(t.Context(), &identity.Person{Meta: models.Meta{ID: id}, Phone: models.NewSecret(id), IDNumber: models.NewSecret(number)}))
	}
	b.must(people.Insert(t.Context(), &identity.Person{Meta: models.Meta{ID: "new"}}))
	return b
}

func (b *bureau) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// decided keeps a refusal of an agreement of a person, as the flow does.
func (b *bureau) decided(person, about string) *decision.Decision {
	b.Helper()
	sub, err := b.h.Subjects.Of(b.Context(), models.Actor{Person: person, Role: models.Resident})
	b.must(err)
	r := medical.Admission([]medical.Consent{{ID: "credit_query", Version: "1"}})
	p, err := rule.Compile(r)
	b.must(err)
	facts := map[string]any{
		"level": 1, "minLevel": 1, "birth": "1990-01-01", "today": "2026-03-02", "consents": []string{"credit_query"}, "openDefaults": []string{},
		"coolingUntil": "2026-03-31", "restricted": "r1@2",
	}
	result, err := p.Eval(facts)
	b.must(err)
	raw, err := rule.Canonical(facts)
	b.must(err)
	b.must(b.h.Keep(b.Context(), r))
	v, err := decision.New(decision.Draft{
		ID: "d-" + about, Kind: decision.Admission, Subject: sub, Person: person, Region: "430181", About: decision.About{Kind: "agreement", ID: about},
		Rule: r.ID, Version: r.Version, Hash: r.Hash(), Engine: rule.Engine, Inputs: raw, Result: result, Uses: []rule.Cited{{Record: "r1", Version: 2}},
		By: models.Actor{Person: person, Role: models.Resident}, At: b.Now(),
	})
	b.must(err)
	b.must(b.h.Decisions.Insert(b.Context(), v))
	return v
}

func (b *bureau) looks() int64 {
	b.Helper()
	n, err := b.entries.Count(b.Context(), store.All())
	b.must(err)
	return n
}

func TestADecisionIsExplained(t *testing.T) {
	b := newBureau(t)
	v := b.decided("ann", "a1")
	at := "GET /v1/decisions/" + v.ID
	b.Wants(200, at, "", apitest.By("as ann"), `"automated":true`, `"id":"medical.admission"`, v.RuleHash, `"outcome":"fail"`, `"from":"2026-04-01"`,
		`"source":"r1@2"`, `"changeableBy":"department"`, `"records":[{"record":"r1","version":2}]`, "/v1/decisions/"+v.ID+"/review", "等待期已过", "修复或提出异议")
	b.Wants(200, at+"/replay", "", apitest.By("as ann"), `"equal":true`, `"hashStored":"`+v.Result+`"`, `"hashReplayed":"`+v.Result+`"`)
	res := b.Wants(200, "GET /v1/decisions", "", apitest.By("as ann"), v.ID)
	if strings.Contains(res.Body, "1990") || strings.Contains(res.Body, "inputs") {
		t.Errorf("the list shows facts: %s", res.Body)
	}
	for _, line := range []string{at, at + "/replay"} {
		b.Wants(404, line, "", apitest.By("as bob"))
		b.Wants(403, line, "", apitest.By("as client:bank"))
	}
	if res := b.Ask("GET /v1/decisions", "", "as bob"); strings.Contains(res.Body, v.ID) {
		t.Errorf("somebody else's: %s", res.Body)
	}
	if n := b.looks(); n != 0 {
		t.Errorf("one's own decisions are noted as looks: %d", n)
	}
	_, err := b.h.Decisions.Update(t.Context(), v.ID, func(v *decision.Decision) error {
		v.Inputs = models.NewSecret(strings.Replace(v.Inputs.Reveal(), "r1@2", "", 1))
		return nil
	})
	b.must(err)
	b.Wants(200, at+"/replay", "", apitest.By("as ann"), `"equal":false`)
	_, err = b.h.Rules.Update(t.Context(), v.Key(), func(k *rule.Kept) error { k.Rule.Clauses[0].Expr = "true"; return nil })
	b.must(err)
	b.Wants(500, at+"/replay", "", apitest.By("as ann"))
}

func TestAnOfficeLooksWithAReason(t *testing.T) {
	b := newBureau(t)
	v := b.decided("ann", "a1")
	line := "GET /v1/decisions?about=a1"
	b.Wants(400, line, "", apitest.By(health, asHealth), "access.no_purpose")
	b.Wants(400, "GET /v1/decisions", "", apitest.By(health, asHealth), "decision.about_missing")
	if n := b.looks(); n != 0 {
		t.Fatalf("%d looks of a refused call", n)
	}
	b.Wants(200, line, "", apitest.By(health, asHealth, "X-Purpose: credit.decision", "X-Case: c1"), v.ID, `"source":"r1@2"`)
	page, err := b.entries.Find(t.Context(), store.AccessesOf(v.Subject.Ref))
	b.must(err)
	if len(page.Items) != 1 || page.Items[0].About != v.ID || page.Items[0].Purpose != "credit.decision" || page.Items[0].Case != "c1" {
		t.Errorf("%+v", page.Items)
	}
	if res := b.Wants(200, line, "", apitest.By(elsewhere, asHealth, "X-Purpose: credit.decision", "X-Case: c1")); strings.Contains(res.Body, v.ID) || b.looks() != 1 {
		t.Errorf("another county sees it: %s", res.Body)
	}
}

func TestTheOfficesQueue(t *testing.T) {
	b := newBureau(t)
	v := b.decided("ann", "a1")
	line := "GET /v1/decisions/queue"
	if res := b.Wants(200, line, "", apitest.By(health)); strings.Contains(res.Body, v.ID) {
		t.Fatalf("nothing is due: %s", res.Body)
	}
	b.Wants(409, "POST /v1/decisions/"+v.ID+"/looked", `{"note":"x"}`, apitest.By(health), "decision.not_queued")
	_, err := b.h.Decisions.Update(t.Context(), v.ID, func(v *decision.Decision) error { v.Queue = "430181"; return nil })
	b.must(err)
	b.Wants(200, line, "", apitest.By(health), v.ID)
	if n := b.looks(); n != 1 {
		t.Errorf("%d looks", n)
	}
	if res := b.Wants(200, line, "", apitest.By(elsewhere)); strings.Contains(res.Body, v.ID) {
		t.Errorf("another county's: %s", res.Body)
	}
	b.Wants(404, "POST /v1/decisions/"+v.ID+"/looked", `{"note":"x"}`, apitest.By(elsewhere))
	b.Wants(403, line, "", apitest.By("as ann"))
	b.Wants(204, "POST /v1/decisions/"+v.ID+"/looked", `{"note":"spoke with her"}`, apitest.By(health))
	if res := b.Wants(200, line, "", apitest.By(health)); strings.Contains(res.Body, v.ID) {
		t.Errorf("it is on the queue still: %s", res.Body)
	}
}

func TestRecallsAreAnswered(t *testing.T) {
	b := newBureau(t)
	sub, err := b.h.Subjects.Of(t.Context(), models.Actor{Person: "ann", Role: models.Resident})
	b.must(err)
	c := recall.NewCall(models.Event{ID: "e1", Kind: record.EventCorrected.Name(), At: b.Now()}, recall.Change{Record: "r1", Version: 2, Subject: sub, Newer: true}, b.Now())
	b.must(b.recall.Calls.Insert(t.Context(), c))
	uses := map[string]*recall.Use{}
	for _, org := range []string{"org-bank", "org-provider"} {
		u := recall.NewUse(recall.Paper{Kind: recall.Share, Ref: "receipt-" + org, Recipient: org, Region: "430181"}, "r1", 1, sub, b.Now())
		b.must(b.recall.Uses.Insert(t.Context(), u))
		uses[org] = u
	}
	bank := uses["org-bank"]
	b.Wants(404, "POST /v1/recalls/"+bank.ID+"/ack", `{"note":"x"}`, apitest.By("as client:bank")) // nothing was called back
	for _, u := range uses {
		_, err := b.recall.Uses.Update(t.Context(), u.ID, func(u *recall.Use) error {
			_, err := u.Recall(c, recall.Standard, b.Now())
			return err
		})
		b.must(err)
	}
	res := b.Wants(200, "GET /v1/recalls", "", apitest.By("as client:bank"), bank.ID, `"record":"r1"`, `"cause":"record.corrected"`, `"ref":"receipt-org-bank"`)
	if strings.Contains(res.Body, uses["org-provider"].ID) || strings.Contains(res.Body, sub.Ref) || strings.Contains(res.Body, `ann`) {
		t.Errorf("too much is shown: %s", res.Body)
	}
	b.Wants(404, "POST /v1/recalls/"+bank.ID+"/ack", `{"note":"x"}`, apitest.By("as client:provider"))
	b.Wants(403, "POST /v1/recalls/"+bank.ID+"/ack", `{"note":"x"}`, apitest.By("as ann"))
	b.Wants(400, "POST /v1/recalls/"+bank.ID+"/ack", `{}`, apitest.By("as client:bank"), "/note")
	b.Wants(200, "POST /v1/recalls/"+bank.ID+"/ack", `{"note":"deleted"}`, apitest.By("as client:bank"), `"state":"ACKNOWLEDGED"`, `"note":"deleted"`)
	b.Wants(409, "POST /v1/recalls/"+bank.ID+"/ack", `{"note":"again"}`, apitest.By("as client:bank"), "recall.not_outstanding")
	if res := b.Ask("GET /v1/recalls", "", "as client:bank"); strings.Contains(res.Body, bank.ID) {
		t.Errorf("outstanding still: %s", res.Body)
	}
	b.Wants(200, "GET /v1/recalls?state=ACKNOWLEDGED", "", apitest.By("as client:bank"), bank.ID)
	b.Wants(200, "GET /v1/me/recalls", "", apitest.By("as ann"), `"recipient":"org-bank"`, `"recipient":"org-provider"`, `"state":"ACKNOWLEDGED"`, `"state":"RECALLED"`, `"toldAt":`)
	for _, other := range []string{"as bob", "as new"} {
		if res := b.Wants(200, "GET /v1/me/recalls", "", apitest.By(other)); res.Body != `{"items":[],"nextCursor":""}` {
			t.Errorf("%s: %s", other, res.Body)
		}
	}
	_, err = b.recall.Uses.Update(t.Context(), uses["org-provider"].ID, func(u *recall.Use) error { u.Overdue = true; return nil })
	b.must(err)
	res = b.Wants(200, "GET /v1/recalls/overdue", "", apitest.By(apitest.CountyStaff, asCredit), uses["org-provider"].ID, `"overdue":true`)
	if strings.Contains(res.Body, bank.ID) {
		t.Errorf("answered, and overdue: %s", res.Body)
	}
	for _, away := range []string{"430182", "4302", "44"} {
		if res := b.Wants(200, "GET /v1/recalls/overdue", "", apitest.By("as eve+auditor@"+away, "X-Acting-As: auditor")); res.Body != `{"items":[],"nextCursor":""}` {
			t.Errorf("an office of %s: %s", away, res.Body)
		}
	}
	b.Wants(403, "GET /v1/recalls/overdue", "", apitest.By("as client:bank"))
}

// What stands in an admission's way is an entry in force of the right list, of this very person, that names the measure.
func TestRestricts(t *testing.T) {
	b := newBureau(t)
	for i, tc := range []struct {
		person, item, measures string
		act                    func(*record.Record) error
		restricts, looked      bool
	}{
		{"ann", "YZSX", "限制乘坐飞机；限制享受优惠政策和便利措施", nil, true, true},
		{"ann", "YZSX", "限制乘坐飞机", nil, false, true},
		{"ann", "XZCF", "限制享受优惠政策", nil, false, false},
		{"bob", "YZSX", "限制享受优惠政策", nil, false, false}, // about bob, asked of ann
		{"ann", "YZSX", "限制享受优惠政策", func(r *record.Record) error { return r.Object("c", models.Clockwork, b.Now()) }, true, true},
		{"ann", "YZSX", "限制享受优惠政策", func(r *record.Record) error { return r.Withdraw(models.Clockwork, "", b.Now()) }, false, false},
		{"ann", "YZSX", "限制享受优惠政策", func(r *record.Record) error {
			return r.Correct(record.Change{Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: "公开"}}, models.Clockwork, b.Now())
		}, false, true},
	} {
		sub, err := b.h.Subjects.Of(t.Context(), models.Actor{Person: tc.person, Role: models.Resident})
		b.must(err)
		r, err := record.New(record.Draft{
			Item: tc.item, ItemVersion: 1, Nature: models.Negative, Openness: models.ByQuery, Subject: sub, Unit: "u", Key: fmt.Sprint(i), DecidedOn: "2026-03-01",
			Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: tc.measures},
		}, record.Standard, models.Clockwork, b.Now())
		b.must(err)
		if tc.act != nil {
			b.must(tc.act(r))
		}
		b.must(b.facts.Records.Insert(t.Context(), r))
		restricted, looked, err := b.facts.Restricts(t.Context(), "ann")
		b.must(err)
		if (restricted == r.Versioned()) != tc.restricts || (len(looked) == 1) != tc.looked || tc.looked && looked[0].Version != r.Current.No {
			shown, _ := json.Marshal(looked)
			t.Errorf("%d: %q, %s", i, restricted, shown)
		}
		b.must(b.facts.Records.Delete(t.Context(), r.ID))
	}
	sub, err := b.h.Subjects.Of(t.Context(), models.Actor{Person: "ann", Role: models.Resident})
	b.must(err)
	r, err := record.New(record.Draft{
		Item: "YZSX", ItemVersion: 1, Nature: models.Negative, Openness: models.ByQuery, Subject: sub, Unit: "u", Key: "applies", DecidedOn: "2026-03-01",
		Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: "限制享受优惠政策"},
	}, record.Standard, models.Clockwork, b.Now())
	b.must(err)
	b.must(b.facts.Records.Insert(t.Context(), r))
	if who, err := b.medical.Applicant(t.Context(), "ann", "s1"); err != nil || who.Restricted != r.Versioned() || len(who.Looked) != 1 {
		t.Errorf("who applies: %+v, %v", who, err)
	}
	if restricted, looked, err := b.facts.Restricts(t.Context(), "new"); restricted != "" || looked != nil || err != nil {
		t.Errorf("without a real name: %q, %v, %v", restricted, looked, err)
	}
	if _, _, err := b.facts.Restricts(t.Context(), "nobody"); models.CodeOf(err) != models.NotFound {
		t.Error(err)
	}
}

// The list and its column are those of the catalogue the city starts with.
func TestListsAreInTheCatalogue(t *testing.T) {
	columns, err := os.ReadFile("../../seed/columns.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(columns), "\n"+usecase.StandardRestrictionFacts.Item+","+usecase.StandardRestrictionFacts.Measures+",惩戒措施,") {
		t.Errorf("%s has no column %s of measures", usecase.StandardRestrictionFacts.Item, usecase.StandardRestrictionFacts.Measures)
	}
}
