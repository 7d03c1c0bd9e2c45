package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"xinyi/models"
	"xinyi/models/identity"
)

// whoActs says of every action of a person who may do it besides: an agent and a guardian, a guardian alone, or nobody, and why.
var whoActs = map[string]string{
	"accesses.own":            "agent", // reading what is known of the person and who looked, asking to have it put right, paying: all
	"cases.mine":              "agent", // of it can be put right again
	"decisions.list":          "agent",
	"decisions.mine":          "agent",
	"farm.mine":               "agent",
	"file.read":               "agent",
	"inbox.read":              "agent",
	"medical.agreements.read": "agent",
	"medical.bills.mine":      "agent",
	"medical.bills.pay":       "agent",
	"recalls.mine":            "agent",

	"audit.mine":              "guardian", // everything at once, more than any scope names
	"export.mine":             "guardian",
	"benefits.mine":           "guardian", // shows who the person is, by a code or a paper
	"credentials.mine":        "guardian",
	"medical.code":            "guardian",
	"reports.mine":            "guardian",
	"consents.own":            "guardian", // lets data be shared, kept, published or erased
	"erasure.mine":            "guardian",
	"farm.agree":              "guardian",
	"honours.mine":            "guardian",
	"nominations.mine":        "guardian",
	"loans.mine":              "guardian", // makes debts
	"medical.agreements.sign": "guardian",
	"inbox.change":            "guardian", // would hide from the person what the agent did

	"delivery.devices":       "nobody", // the account itself
	"delivery.mine":          "nobody",
	"delivery.preferences":   "nobody",
	"identity.mandates.own":  "nobody",
	"identity.me.bind":       "nobody",
	"identity.me.leave":      "nobody",
	"identity.me.read":       "nobody",
	"identity.sessions.end":  "nobody",
	"identity.sessions.read": "nobody",
	"organisations.mine":     "nobody",
	"farm.review":            "nobody", // one's own vote, opinion or judgement
	"nominations.make":       "nobody",
	"nominations.score":      "nobody",
	"notices.object":         "nobody",
	"practice.score":         "nobody",
	"village.survey":         "nobody",
	"votes.cast":             "nobody",
}

// Whatever a mandate says, an agent does only what is handed on to agents, and a guardian only what is handed on to guardians: on every
// route that a person may call.
func TestNobodyActsBeyondWhatIsHandedOn(t *testing.T) {
	t.Parallel()
	c, a := openCityApp(t)
	var everything []string // as an older mandate may say it, too
	for _, rt := range a.router.Routes {
		everything = append(everything, string(rt.Action), strings.SplitN(string(rt.Action), ".", 2)[0])
	}
	found := map[string]bool{}
	for kind, id := range map[identity.MandateKind]string{identity.Agent: "demo-elder", identity.Guardian: "demo-child"} {
		_, err := a.repos.Identity.Mandates.Update(t.Context(), "mandate-"+id, func(m *identity.Mandate) error {
			m.Scope = everything
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		who := c.signIn("19900000003")
		for _, rt := range a.router.Routes {
			if !rt.Admits(models.Resident) {
				continue
			}
			found[string(rt.Action)] = true
			acts := whoActs[string(rt.Action)]
			may := acts == "agent" || acts == "guardian" && kind == identity.Guardian
			if may && strings.HasSuffix(rt.Path, "/stream") { // goes on for ever
				continue
			}
			status, reason := c.asks(who, rt.Method, named.ReplaceAllString("/v1"+rt.Path, "none"), id)
			if refused := reason == "identity.own_only"; acts == "" || refused == may || refused && status != 403 || reason == "auth.beyond_mandate" {
				t.Errorf("%s %s (%s) by %s, which is for %q: %d %s", rt.Method, rt.Path, rt.Action, kind, acts, status, reason)
			}
		}
	}
	for action := range whoActs {
		if !found[action] {
			t.Errorf("%s is no action of a person", action)
		}
	}
	if len(found) < 40 {
		t.Fatalf("only %d actions: the walk is blind", len(found))
	}
}

var named = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// asks calls a route for a ward with nothing in it, and answers status and reason.
func (c *city) asks(token, method, path, ward string) (int, string) {
	c.t.Helper()
	rq, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+token)
	rq.Header.Set("Idempotency-Key", "asks")
	rq.Header.Set("X-Acting-For", ward)
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct{ Reason string }
	if strings.Contains(resp.Header.Get("Content-Type"), "problem+json") {
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
			c.t.Fatal(err)
		}
	}
	return resp.StatusCode, out.Reason
}

// The document lists what a mandate may name, and who does each action by mandate.
func TestScopesAreInTheDocument(t *testing.T) {
	t.Parallel()
	a := begin(t)
	raw, err := a.router.Document()
	if err != nil {
		t.Fatal(err)
	}
	listed := kinds(asMap(asMap(asMap(parsed(t, raw)["components"])["schemas"])["Scope"])["enum"])
	for action, who := range whoActs {
		if slices.Contains(listed, action) != (who != "nobody") {
			t.Errorf("%s is for %s; listed: %v", action, who, listed)
		}
	}
	if !slices.Contains(listed, "medical") || slices.Contains(listed, "identity") || slices.Contains(listed, "votes") {
		t.Errorf("the first words: %v", listed)
	}
}

// A mandated city is one where the guardian asks to act for others.
type mandated struct {
	*city
	app   *App
	agent string
}

func openMandates(t *testing.T) *mandated {
	t.Helper()
	g := &mandated{}
	g.city, g.app = openCityApp(t)
	g.agent = g.signIn("19900000003")
	return g
}

// whose are the name and the number of a person of the demo city.
func (g *mandated) whose(person string) m {
	g.t.Helper()
	p, err := g.app.repos.Identity.People.Get(g.t.Context(), person)
	if err != nil {
		g.t.Fatal(err)
	}
	return m{"name": p.Name.Reveal(), "idNumber": p.IDNumber.Reveal()}
}

func (g *mandated) asked(principal m, kind string, scope ...string) m {
	g.t.Helper()
	return g.must(201, g.agent, "POST", "/v1/me/mandates", m{"principal": principal, "kind": kind, "scope": scope, "evidence": "委托书"})
}

// A scope is one of those that are handed on to the kind, whatever the words.
func TestUnknownScopesAreRefused(t *testing.T) {
	t.Parallel()
	g := openMandates(t)
	farmer := g.whose("demo-farmer")
	for _, scope := range []string{
		"nonsense.action", "votes", "votes.cast", "erasure", "consents", "consents.own", "identity", "identity.mandates.own", "delivery", "credentials", "medical.code",
		"medical.bill", "medical.bills.pay.", "MEDICAL", "*", ".", "records.write",
	} {
		body := m{"principal": farmer, "kind": "AGENT", "scope": []string{"medical.bills.pay", scope}, "evidence": "委托书"}
		if out := g.wants("400 invalid /scope/1", g.agent, "POST", "/v1/me/mandates", body); out["reason"] != "identity.mandate_scope_refused" {
			t.Errorf("%s: %v", scope, out)
		}
	}
	got := g.asked(farmer, "AGENT", "medical", "file.read")
	if want := "[file.read medical.agreements.read medical.bills.mine medical.bills.pay]"; fmt.Sprint(got["scope"]) != want {
		t.Errorf("it covers %v, want %s", got["scope"], want)
	}
}

// Who has an account is asked on their own device, and no desk answers for them.
func TestThePrincipalDecides(t *testing.T) {
	t.Parallel()
	g := openMandates(t)
	one, two, farmer := g.signIn("19900000041"), g.signIn("19900000044"), g.signIn(aFarmer)
	a := g.asked(g.whose("demo-farmer"), "AGENT", "file.read", "medical.bills.mine")
	desk, mine := fmt.Sprint("/v1/mandates/", a["id"]), fmt.Sprint("/v1/me/mandates/", a["id"])
	acting := []string{"X-Acting-For", "demo-farmer"}
	for _, token := range []string{one, two, g.signIn(desk1)} {
		for _, word := range []string{"/approve", "/confirm"} {
			if out := g.wants("409 conflict", token, "POST", desk+word, nil); out["reason"] != "identity.principal_decides" {
				t.Errorf("%v", out)
			}
		}
	}
	g.wants("404 not_found", g.agent, "POST", mine+"/confirm", nil)
	g.wants("404 not_found", g.signIn(headOfFirm), "POST", mine+"/confirm", nil)
	g.wants("403 forbidden", g.agent, "GET", "/v1/me/file", nil, acting...)
	g.waits("the principal's message", func() bool {
		return lists(g.must(200, farmer, "GET", "/v1/me/inbox", nil), "kind", "identity.mandate_proposed")
	})
	if got := g.must(200, farmer, "POST", mine+"/confirm", nil); got["state"] != "ACTIVE" || got["confirmed"] != true || got["answerBy"] != nil {
		t.Errorf("%v", got)
	}
	g.must(200, g.agent, "GET", "/v1/me/file", nil, acting...)
	if _, reason := g.asks(g.agent, "GET", "/v1/me/consents", "demo-farmer"); reason != "identity.own_only" {
		t.Errorf("consents: %s", reason)
	}
	if _, reason := g.asks(g.agent, "GET", "/v1/me/inbox", "demo-farmer"); reason != "auth.beyond_mandate" {
		t.Errorf("the inbox: %s", reason)
	}
	g.must(200, farmer, "POST", mine+"/end", nil)
	g.wants("403 forbidden", g.agent, "GET", "/v1/me/file", nil, acting...)

	// What nobody answers is over, and a guardianship is no way around the principal.
	b := g.asked(g.whose("demo-farmer"), "GUARDIAN", "file.read")
	if out := g.wants("409 conflict", one, "POST", fmt.Sprint("/v1/mandates/", b["id"], "/approve"), nil); out["reason"] != "identity.principal_decides" {
		t.Errorf("%v", out)
	}
	g.must(200, farmer, "POST", fmt.Sprint("/v1/me/mandates/", b["id"], "/confirm"), nil)
	g.wants("403 forbidden", g.agent, "GET", "/v1/me/file", nil, acting...)
	g.advance("P15D")
	g.agent = g.signIn("19900000003")
	last := g.must(200, g.agent, "GET", "/v1/me/mandates", nil)["items"].([]any)[0].(m)
	if last["state"] != "ENDED" || last["reason"] != identity.EndedUnanswered {
		t.Errorf("unanswered: %v", last)
	}
}

// Who has no account gives it at a desk, before two persons whose scope covers it; one alone never.
func TestADeskTakesTwo(t *testing.T) {
	t.Parallel()
	g := openMandates(t)
	one, two, town := g.signIn(desk1), g.signIn(desk2), g.signIn("19900000041")
	n, err := models.SyntheticIDNumber("430181", "1941-03-03")
	if err != nil {
		t.Fatal(err)
	}
	a := g.asked(m{"name": "赵秀英", "idNumber": n.Reveal()}, "AGENT", "file.read")
	at, ward := fmt.Sprint("/v1/mandates/", a["id"]), a["principal"].(m)["id"].(string)
	g.wants("409 invalid_transition", two, "POST", at+"/confirm", nil)
	g.wants("404 not_found", town, "POST", at+"/approve", nil) // the number names the county alone
	if got := g.must(200, one, "POST", at+"/approve", nil); got["state"] != "WITNESSED" || got["evidence"] != "委托书" {
		t.Errorf("%v", got)
	}
	g.wants("403 forbidden", g.agent, "GET", "/v1/me/file", nil, "X-Acting-For", ward)
	if out := g.wants("403 forbidden", one, "POST", at+"/confirm", nil); out["reason"] != "second_person" {
		t.Errorf("alone: %v", out)
	}
	g.wants("404 not_found", town, "POST", at+"/confirm", nil)
	if !lists(g.must(200, two, "GET", "/v1/mandates?state=WITNESSED", nil), "id", a["id"]) {
		t.Error("the second person does not find it")
	}
	if got := g.must(200, two, "POST", at+"/confirm", nil); got["state"] != "ACTIVE" || got["confirmed"] != false {
		t.Errorf("%v", got)
	}
	g.must(200, g.agent, "GET", "/v1/me/file", nil, "X-Acting-For", ward)
}

// An export holds one's own mandates and nobody else's; a guardian's for a ward holds nothing of the ward's account.
func TestAnExportIsOnesOwn(t *testing.T) {
	t.Parallel()
	g := openMandates(t)
	n, err := models.SyntheticIDNumber("430181", "1941-03-03")
	if err != nil {
		t.Fatal(err)
	}
	mine, others := g.asked(g.whose("demo-farmer"), "AGENT", "file.read"), g.asked(m{"name": "赵秀英", "idNumber": n.Reveal()}, "AGENT", "file.read")
	repo := g.app.repos.Identity.Mandates
	_, err = repo.Update(t.Context(), others["id"].(string), func(m *identity.Mandate) error { m.Region = "430181108203"; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for phone, wants := range map[string][2]bool{aFarmer: {true, false}, "19900000003": {true, true}, headOfFirm: {}} {
		held := fmt.Sprint(g.must(200, g.signIn(phone), "GET", "/v1/me/export", nil))
		if got := [2]bool{strings.Contains(held, mine["id"].(string)), strings.Contains(held, others["id"].(string))}; got != wants {
			t.Errorf("%s holds %v, want %v", phone, got, wants)
		}
	}
	_, err = repo.Update(t.Context(), "mandate-demo-child", func(m *identity.Mandate) error { m.Scope = []string{"export.mine"}; return nil })
	if err != nil {
		t.Fatal(err)
	}
	g.agent = g.signIn("19900000003")
	var portions []string
	for _, p := range g.must(200, g.agent, "GET", "/v1/me/export", nil, "X-Acting-For", "demo-child")["portions"].([]any) {
		portions = append(portions, p.(m)["name"].(string))
	}
	for _, own := range []string{"account", "sessions", "mandates", "mandatesGiven", "devices", "deliveries"} {
		if slices.Contains(portions, own) {
			t.Errorf("the guardian is given the child's %s", own)
		}
	}
	if len(portions) < 10 {
		t.Errorf("%v", portions)
	}
}

// A principal who has an account by now is asked, though the first person at the desk has said yes.
func TestAnAccountInBetween(t *testing.T) {
	t.Parallel()
	g := openMandates(t)
	n, err := models.SyntheticIDNumber("430181", "1941-03-03")
	if err != nil {
		t.Fatal(err)
	}
	a := g.asked(m{"name": "赵秀英", "idNumber": n.Reveal()}, "AGENT", "file.read")
	at := fmt.Sprint("/v1/mandates/", a["id"])
	g.must(200, g.signIn(desk1), "POST", at+"/approve", nil)
	link := &identity.Link{Meta: models.Meta{ID: "l"}, Issuer: "city", Person: a["principal"].(m)["id"].(string)}
	if err := g.app.repos.Identity.Links.Insert(t.Context(), link); err != nil {
		t.Fatal(err)
	}
	if out := g.wants("409 conflict", g.signIn(desk2), "POST", at+"/confirm", nil); out["reason"] != "identity.principal_decides" {
		t.Errorf("%v", out)
	}
}
