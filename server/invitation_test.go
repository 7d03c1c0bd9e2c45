package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"xinyi/models/identity"
)

// phoneRoutes are the routes that are sent a phone, and why none of them tells whether somebody has it.
var phoneRoutes = map[string]string{
	"POST /v1/auth/codes":                     "answered the same for every phone (TestSignIn)",
	"POST /v1/auth/sessions":                  "the code went to the phone: whoever has it may know",
	"POST /v1/me/organisations/{code}/agents": "nobody is looked up (TestAnInvitationTellsNothing)",
	"POST /v1/organisations":                  "an organisation's own phone: nobody is looked up",
	"POST /v1/organisations/{id}/changes":     "as above",
	"POST /v1/staff":                          "officers alone, for an office in their scope, 60 an hour, and a second one sees it: who is appointed has to be somebody",
	"POST /v1/staff/lookup":                   "an unknown phone is answered as somebody without an office (TestAnInvitationTellsNothing)",
	"GET /v1/sandbox/codes/{phone}":           "the sandbox alone: a city has no such route",
}

// Every route that is sent a phone is on the list, with the reason why it tells nothing of who has it.
func TestNoRouteTellsWhichPhonesAreKnown(t *testing.T) {
	t.Parallel()
	a := begin(t)
	raw, err := a.router.Document()
	if err != nil {
		t.Fatal(err)
	}
	doc, taking := parsed(t, raw), map[string]bool{}
	var pattern any
	eachOperation(doc, func(name string, _ m, body any) {
		if name == "POST /v1/auth/codes" {
			fieldsOf(doc, body, "", nil, func(at string, s m) {
				if at == "phone" {
					pattern = s["pattern"]
				}
			})
		}
	})
	if pattern == nil {
		t.Fatal("a phone has no pattern: the walk is blind")
	}
	eachOperation(doc, func(name string, op m, body any) {
		look := func(at string, s m) {
			if s["pattern"] == pattern || strings.Contains(strings.ToLower(at), "phone") || strings.Contains(strings.ToLower(at), "mobile") {
				taking[name] = true
			}
		}
		fieldsOf(doc, body, "", nil, look)
		params, _ := op["parameters"].([]any)
		for _, p := range params {
			fieldsOf(doc, asMap(p)["schema"], fmt.Sprint(asMap(p)["name"]), nil, look)
		}
	})
	if got, want := slices.Sorted(maps.Keys(taking)), slices.Sorted(maps.Keys(phoneRoutes)); !slices.Equal(got, want) {
		t.Errorf("routes that are sent a phone:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// shapeOf is an answer without what names this very invitation.
func shapeOf(status int, out m) string {
	out = maps.Clone(out)
	for _, name := range []string{"id", "phone"} {
		out[name] = fmt.Sprintf("%T of %d", out[name], len(fmt.Sprint(out[name])))
	}
	out["answerBy"] = fmt.Sprint(out["answerBy"])[:len("2006-01-02T15:04")]
	return fmt.Sprint(status, out)
}

// Who invites an agent is answered the same for every phone, and learns of a person only when that person accepts.
func TestAnInvitationTellsNothing(t *testing.T) {
	t.Parallel()
	c, a := openCityApp(t)
	head, farmer := c.signIn(headOfFirm), c.signIn(aFarmer)
	firm := c.must(200, head, "GET", "/v1/me/organisations", nil)["items"].([]any)[0].(m)["code"].(string)
	agents := "/v1/me/organisations/" + firm + "/agents"
	var first string
	id := map[string]string{}
	phones := map[string]string{"a farmer": aFarmer, "without a real name": "19900000009", "nobody": "19911112222", "an officer": desk1, "the head herself": headOfFirm}
	for who, phone := range phones {
		status, out := c.call(head, "POST", agents, m{"phone": phone})
		id[who], _ = out["id"].(string)
		if got := shapeOf(status, out); first == "" {
			first = got
		} else if got != first {
			t.Errorf("%s is answered\n%s, others\n%s", who, got, first)
		}
	}
	if !strings.HasPrefix(first, "201") || !strings.Contains(first, "state:INVITED") || !strings.Contains(first, "name: ") {
		t.Errorf("%s", first)
	}
	c.wants("409 conflict", head, "POST", agents, m{"phone": "19911112222"}) // her own list shows it
	c.waits("the invited's message", func() bool {
		return lists(c.must(200, farmer, "GET", "/v1/me/inbox", nil), "kind", "identity.agent_invited")
	})
	invited := func() (all []string) {
		for _, x := range c.must(200, head, "GET", agents, nil)["items"].([]any) {
			one := x.(m)
			if one["state"] == "INVITED" {
				all = append(all, fmt.Sprint(one["phone"], one["name"]))
			}
		}
		slices.Sort(all)
		return all
	}
	if got := fmt.Sprint(invited()); got != "[199****0001 199****0002 199****0009 199****0031 199****2222]" {
		t.Errorf("the head sees %s", got)
	}

	// Only who has the phone answers; a no looks like no answer.
	at := func(who string) string { return agents + "/" + id[who] }
	c.wants("404 not_found", farmer, "POST", at("an officer")+"/accept", nil)
	c.wants("404 not_found", farmer, "DELETE", at("nobody"), nil)
	c.wants("409 conflict", c.signIn("19900000009"), "POST", at("without a real name")+"/accept", nil)
	c.wants("409 conflict", head, "POST", at("the head herself")+"/accept", nil)
	officer := c.signIn(desk1)
	if !lists(c.must(200, officer, "GET", "/v1/me/organisations?invited=true", nil), "id", id["an officer"]) {
		t.Error("the officer does not see the invitation")
	}
	c.must(204, officer, "DELETE", at("an officer"), nil)
	if got := c.must(200, officer, "GET", "/v1/me/organisations?invited=true", nil)["items"].([]any); len(got) != 0 || len(invited()) != 5 {
		t.Errorf("declined: %v, the head sees %v", got, invited())
	}
	c.wants("403 forbidden", farmer, "GET", "/v1/me/file", nil, "X-Acting-As", firm)
	for range 2 {
		if got := c.must(200, farmer, "POST", at("a farmer")+"/accept", nil); got["state"] != "ACTIVE" || got["phone"] != nil {
			t.Errorf("%v", got)
		}
	}
	c.waits("the office", func() bool {
		status, _ := c.call(farmer, "GET", "/v1/me/file", nil, "X-Acting-As", firm)
		return status == 200
	})
	if !lists(c.must(200, head, "GET", agents, nil), "name", "罗**") || len(invited()) != 4 {
		t.Errorf("accepted: %v", c.must(200, head, "GET", agents, nil))
	}

	// What nobody accepts is over, and no phone is kept.
	c.advance("P15D")
	head = c.signIn(headOfFirm)
	if got := invited(); len(got) != 0 {
		t.Errorf("after 15 days: %v", got)
	}
	r, err := a.repos.Identity.Agents.Get(t.Context(), id["nobody"])
	if err != nil || r.State != identity.Represented || !r.Phone.Empty() || r.Open != "" {
		t.Errorf("%v %+v", err, r)
	}

	// An officer who looks an unknown phone up sees what is seen of somebody without an office.
	officer = c.signIn(desk1)
	nobody, farmers := c.must(200, officer, "POST", "/v1/staff/lookup", m{"phone": "19911112222"}), c.must(200, officer, "POST", "/v1/staff/lookup", m{"phone": aFarmer})
	if fmt.Sprint(nobody) != fmt.Sprint(farmers) {
		t.Errorf("%v, %v", nobody, farmers)
	}
}
