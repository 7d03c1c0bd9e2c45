package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

const (
	alliance   = "provider-changsha-xinyi"
	sights     = "provider-liuyang-wenlv"
	cityCredit = "19900000033"
)

// textOf is the hash of an offer's text.
func (c *city) textOf(offer string) any {
	c.t.Helper()
	return c.must(200, "", "GET", "/v1/offers/"+offer, nil)["consent"].(m)["hash"]
}

// outcomes are the clauses of an explanation that do not pass, by id.
func notPassing(out m) map[string]m {
	all := map[string]m{}
	for _, x := range out["clauses"].([]any) {
		if c := x.(m); c["outcome"] != "pass" {
			all[c["id"].(string)] = c
		}
	}
	return all
}

// Somebody is refused, told why, changes one thing, and is accepted; both decisions can be made again byte for byte.
func TestRefusedThenAccepted(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me := c.signIn(aFarmer)
	refused := c.must(200, me, "POST", "/v1/offers/offer-xyy/eligibility", nil)
	missing := notPassing(refused)
	if refused["decision"] != "fail" || len(missing) != 2 || missing["benefit.clause_band"] == nil || missing["benefit.clause_medical"] == nil {
		t.Fatalf("%v", refused)
	}
	paths := refused["nearestPaths"].([]any)
	if len(paths) != 2 || refused["complete"] != true || refused["nextEligibleOn"] != nil {
		t.Fatalf("%v", paths)
	}
	for _, p := range paths {
		if changes := p.(m)["changes"].([]any); len(changes) != 1 || changes[0].(m)["remedy"] == "" || p.(m)["on"] != string(models.DayOf(time.Now())) {
			t.Errorf("%v", p)
		}
	}
	denied := c.must(422, me, "POST", "/v1/offers/offer-xyy/claims", m{})
	if denied["reason"] != "benefit.not_eligible" || len(denied["clauses"].([]any)) != 5 {
		t.Errorf("%v", denied)
	}

	c.sign(me, "scheme-430181") // one of the two ways
	c.waits("the agreement counts", func() bool {
		return c.must(200, me, "POST", "/v1/offers/offer-xyy/eligibility", nil)["decision"] == "pass"
	})
	accepted := c.must(200, me, "POST", "/v1/offers/offer-xyy/eligibility", nil)
	for _, d := range []m{refused, accepted} {
		id := d["decisionId"].(string)
		again := c.must(200, me, "GET", "/v1/decisions/"+id+"/replay", nil)
		shown := c.must(200, me, "GET", "/v1/decisions/"+id, nil)
		if again["equal"] != true || shown["outcome"] != d["decision"] || shown["kind"] != "benefit.eligibility" || shown["rule"].(m)["hash"] != d["rule"].(m)["hash"] {
			t.Errorf("%v, %v", again, shown)
		}
	}
	claim := c.must(201, me, "POST", "/v1/offers/offer-xyy/claims", m{"agree": c.textOf("offer-xyy")})
	if claim["state"] != "CLAIMED" || claim["decisions"].([]any)[0] != accepted["decisionId"] {
		t.Errorf("%v", claim)
	}
}

// uses claims an offer and uses it: the claim's id.
func (c *city) uses(me, offer, provider, no string, amount, saved int) string {
	c.t.Helper()
	claim := c.must(201, me, "POST", "/v1/offers/"+offer+"/claims", m{"agree": c.textOf(offer)})["id"].(string)
	code := c.must(201, me, "POST", "/v1/me/claims/"+claim+"/code", nil)["code"]
	c.must(200, c.client(provider), "POST", "/v1/provider/redemptions", m{"code": code, "no": no, "amountFen": amount, "savedFen": saved})
	return claim
}

// A provider sees yes or no and a masked name; a use happens once, however often it is told; it can be undone.
func TestRedemption(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me, shop := c.signIn(aFarmer), c.client(alliance)
	claim := c.must(201, me, "POST", "/v1/offers/offer-xyg/claims", m{})
	id := claim["id"].(string)
	if claim["state"] != "HELD" || claim["heldUntil"] == nil {
		t.Fatalf("%v", claim)
	}
	if out := c.must(409, me, "POST", "/v1/me/claims/"+id+"/confirm", m{"agree": "old"}); out["reason"] != "benefit.text_outdated" {
		t.Errorf("%v", out)
	}
	c.must(200, me, "POST", "/v1/me/claims/"+id+"/confirm", m{"agree": c.textOf("offer-xyg")})
	if out := c.must(409, me, "POST", "/v1/offers/offer-xyg/claims", m{}); out["reason"] != "benefit.claimed_already" {
		t.Errorf("%v", out)
	}
	code := c.must(201, me, "POST", "/v1/me/claims/"+id+"/code", nil)
	if len(code["code"].(string)) != 9 || !strings.HasPrefix(code["qr"].(string), "data:image/png;base64,") {
		t.Errorf("%v", code)
	}
	typed := strings.ToLower(strings.ReplaceAll(code["code"].(string), "-", " "))
	seen := c.must(200, shop, "POST", "/v1/provider/redemptions/check", m{"code": typed})
	if seen["good"] != true || seen["name"] == "罗德胜" || !strings.Contains(seen["name"].(string), "*") || len(seen) != 6 {
		t.Errorf("%v", seen)
	}
	if out := c.must(404, c.client(sights), "POST", "/v1/provider/redemptions/check", m{"code": typed}); out["reason"] != "benefit.code_unknown" {
		t.Errorf("another provider: %v", out)
	}
	if out := c.must(400, shop, "POST", "/v1/provider/redemptions", m{"code": typed, "no": "U-1", "amountFen": 8000, "savedFen": 600}); out["reason"] != "benefit.over_cap" {
		t.Errorf("%v", out)
	}
	for range 3 {
		c.must(200, shop, "POST", "/v1/provider/redemptions", m{"code": typed, "no": "U-1", "amountFen": 8000, "savedFen": 500})
	}
	if out := c.must(409, shop, "POST", "/v1/provider/redemptions", m{"code": typed, "no": "U-2", "amountFen": 8000, "savedFen": 500}); out["reason"] != "benefit.claim_state" {
		t.Errorf("a second use: %v", out)
	}
	today := string(models.DayOf(time.Now()))
	day := c.must(200, shop, "GET", "/v1/provider/statements/"+today, nil)
	if day["uses"] != 1.0 || day["savedFen"] != 500.0 || day["items"].([]any)[0].(m)["no"] != "U-1" {
		t.Errorf("%v", day)
	}
	if mine := c.must(200, me, "GET", "/v1/me/claims/"+id, nil); mine["state"] != "USED" || len(mine["decisions"].([]any)) != 2 {
		t.Errorf("%v", mine)
	}
	looked := fmt.Sprint(c.must(200, me, "GET", "/v1/me/accesses", nil))
	if !strings.Contains(looked, "benefit.use") || !strings.Contains(looked, id) {
		t.Errorf("the look is not shown: %s", looked)
	}
	c.must(200, shop, "POST", "/v1/provider/redemptions/"+id+"/reverse", m{"reason": "客户退货"})
	c.waits("the place is free", func() bool {
		status, _ := c.call(me, "POST", "/v1/offers/offer-xyg/claims", m{})
		return status == 201
	})
	if day := c.must(200, shop, "GET", "/v1/provider/statements/"+today, nil); day["uses"] != 0.0 || day["reversed"] != 1.0 {
		t.Errorf("%v", day)
	}
	c.must(404, c.client(sights), "POST", "/v1/provider/redemptions/"+id+"/reverse", m{"reason": "x"})
}

// Without a network a provider checks the token by itself and hands the use in later.
func TestUsedOffline(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me := c.signIn(aFarmer)
	claim := c.must(201, me, "POST", "/v1/offers/offer-xyv/claims", m{"agree": c.textOf("offer-xyv")})["id"].(string)
	token := c.must(201, me, "POST", "/v1/me/claims/"+claim+"/code", nil)["token"].(string)
	now := c.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)
	c.advance("P1D")
	shop := c.client(alliance)
	if out := c.must(400, shop, "POST", "/v1/provider/redemptions", m{"token": token, "no": "F-1", "amountFen": 1500, "savedFen": 1500}); out["reason"] != "benefit.token_bad" {
		t.Errorf("an old token: %v", out)
	}
	if out := c.must(400, shop, "POST", "/v1/provider/redemptions", m{"token": token[:len(token)-4] + "AAAA", "no": "F-1", "usedAt": now, "amountFen": 1500, "savedFen": 1500}); out["reason"] != "benefit.token_bad" {
		t.Errorf("a forged token: %v", out)
	}
	for range 2 {
		c.must(200, shop, "POST", "/v1/provider/redemptions", m{"token": token, "no": "F-1", "usedAt": now, "amountFen": 1500, "savedFen": 1500})
	}
	me = c.signIn(aFarmer)
	if got := c.must(200, me, "GET", "/v1/me/claims/"+claim, nil); got["state"] != "USED" || got["usedAt"] != now {
		t.Errorf("%v", got)
	}
}

// A thing that was not brought back counts with that scene of that provider alone, and no more while it is objected to.
func TestBreach(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	me := c.signIn(resident)
	onFile := c.must(200, me, "GET", "/v1/me/file", nil)["total"]
	claim := c.uses(me, "offer-xyh", alliance, "W-1", 0, 0)
	shop := c.client(alliance)
	if out := c.must(409, shop, "POST", "/v1/provider/redemptions/"+claim+"/breach", m{"reason": "没有归还"}); out["reason"] != "benefit.not_due" {
		t.Errorf("%v", out)
	}
	c.advance("P8D")
	shop, me = c.client(alliance), c.signIn(resident)
	c.must(200, shop, "POST", "/v1/provider/redemptions/"+claim+"/breach", m{"reason": "没有归还"})
	check := func(offer, want string) {
		t.Helper()
		if out := c.must(200, me, "POST", "/v1/offers/"+offer+"/eligibility", nil); out["decision"] != want {
			t.Errorf("%s: %v", offer, out)
		}
	}
	check("offer-xyh", "fail")
	check("offer-xyg", "pass") // another scene of the same provider
	check("offer-xyb", "pass")
	if total := c.must(200, me, "GET", "/v1/me/file", nil)["total"]; total != onFile { // it is no record
		t.Errorf("%v records", total)
	}
	c.must(200, me, "POST", "/v1/me/claims/"+claim+"/objection", m{"words": "上周已经还了"})
	check("offer-xyh", "pass")
	office := c.signIn(cityCredit)
	queue := c.must(200, office, "GET", "/v1/benefits/breaches", nil, "X-Acting-As", creditOffice)["items"].([]any)
	if len(queue) != 1 || queue[0].(m)["objection"] != "上周已经还了" || !strings.Contains(fmt.Sprint(queue[0].(m)["holder"]), "*") {
		t.Fatalf("%v", queue)
	}
	c.must(204, office, "POST", "/v1/benefits/breaches/"+claim+"/decide", m{"right": false, "finding": "商家的记录是对的"}, "X-Acting-As", creditOffice)
	check("offer-xyh", "fail")
	c.must(200, shop, "POST", "/v1/provider/redemptions/"+claim+"/return", nil)
	check("offer-xyh", "pass")
}

// terms is what an offer says.
func terms(name string, needs []m, total int, today models.Day) m {
	both := func(s string) m { return m{"zh": s, "en": s} }
	return m{
		"name": both(name), "details": both(name), "form": "COUPON", "needs": needs, "capFen": 1000, "regions": []string{"4301"}, "from": today, "until": today.Add(300),
		"goodDays": 10, "bringDays": 0, "consent": both("我同意核对"), "quota": m{"total": total, "daily": 0, "perPerson": 1, "period": "ONCE"},
	}
}

// publishes leads a version from its draft to the day it begins.
func (c *city) publishes(desk, id string, no int, begins models.Day) {
	c.t.Helper()
	at := fmt.Sprintf("/v1/provider/offers/%s/versions/%d", id, no)
	c.must(200, desk, "POST", at+"/validate", nil)
	if out := c.must(409, desk, "POST", at+"/publish", m{"begins": begins}); out["reason"] != "release.untried" {
		c.t.Errorf("without a simulation: %v", out)
	}
	c.must(201, desk, "POST", at+"/simulate", nil)
	office := c.signIn(cityCredit)
	version := fmt.Sprintf("%s@%d", id, no)
	c.waits("the simulation", func() bool {
		return c.must(200, office, "GET", "/v1/benefits/versions/"+version, nil, "X-Acting-As", creditOffice)["state"] == "TRIED"
	})
	c.must(409, desk, "POST", at+"/publish", m{"begins": begins}) // nobody has approved it
	c.must(200, office, "POST", "/v1/benefits/versions/"+version+"/approve", nil, "X-Acting-As", creditOffice)
	c.must(200, desk, "POST", at+"/publish", m{"begins": begins})
}

// A provider publishes an offer in an afternoon; places run out exactly, and who waits is served in order.
func TestOfferFromDraftToLine(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	desk, today := c.client(alliance), models.DayOf(time.Now())
	o := c.must(201, desk, "POST", "/v1/provider/offers", m{"scene": "XYG", "for": "PERSON", "terms": terms("两个名额", []m{{"kind": "REAL_NAME"}}, 2, today)})
	id := o["id"].(string)
	c.publishes(desk, id, 1, today)
	c.waits("it is online", func() bool {
		status, out := c.call("", "GET", "/v1/offers/"+id, nil)
		return status == 200 && out["state"] == "ONLINE"
	})
	sim := c.must(200, desk, "GET", "/v1/provider/offers/"+id+"/versions/1/simulation", nil)
	if sim["state"] != "COUNTED" || sim["job"].(m)["done"] != sim["job"].(m)["of"] || sim["totals"].(m)["gain"].(float64) < 300 || sim["budgetFen"] != 2000.0 {
		t.Errorf("%v", sim["totals"])
	}
	for _, g := range sim["groups"].([]any) {
		for _, name := range []string{"gain", "lose", "keep", "never", "unknown"} {
			if n := g.(m)[name].(float64); n > 0 && n < 5 {
				t.Errorf("%v shows %v", g, n)
			}
		}
	}
	agree := c.textOf(id)
	var people []string
	for _, phone := range []string{"19900000001", "19900000002", "19900000003", "19900000004"} {
		people = append(people, c.signIn(phone))
	}
	claims := []string{}
	for _, me := range people[:2] {
		claims = append(claims, c.must(201, me, "POST", "/v1/offers/"+id+"/claims", m{"agree": agree})["id"].(string))
	}
	for _, me := range people[2:] {
		if out := c.must(409, me, "POST", "/v1/offers/"+id+"/claims", m{"agree": agree}); out["reason"] != "benefit.full" {
			t.Errorf("%v", out)
		}
	}
	for _, me := range []string{people[3], people[2]} { // this order
		c.must(201, me, "POST", "/v1/offers/"+id+"/waits", nil)
	}
	state := func(me string) string {
		return fmt.Sprint(c.must(200, me, "GET", "/v1/me/waits", nil)["items"].([]any)[0].(m)["state"])
	}
	c.must(200, people[0], "POST", "/v1/me/claims/"+claims[0]+"/cancel", nil)
	c.waits("the first in the line", func() bool { return state(people[3]) == "SERVED" })
	if state(people[2]) != "WAITING" {
		t.Error("the second was served too")
	}
	if out := c.must(409, people[0], "POST", "/v1/offers/"+id+"/claims", m{"agree": agree}); out["reason"] != "benefit.full" {
		t.Errorf("somebody who does not wait: %v", out)
	}
	c.advance("P1DT3M") // she does not answer: the next one
	people[2], people[3] = c.signIn("19900000003"), c.signIn("19900000004")
	c.waits("the second in the line", func() bool { return state(people[2]) == "SERVED" })
	if got := c.must(200, people[3], "GET", "/v1/me/claims", nil)["items"].([]any)[0].(m)["state"]; got != "EXPIRED" {
		t.Errorf("%v", got)
	}
	claim := c.must(200, people[2], "GET", "/v1/me/waits", nil)["items"].([]any)[0].(m)["claim"].(string)
	if got := c.must(200, people[2], "POST", "/v1/me/claims/"+claim+"/confirm", m{"agree": agree}); got["state"] != "CLAIMED" {
		t.Errorf("%v", got)
	}
}

// A later version takes the offer from some who hold a claim: they are told before its day, and on it the rule is the new one.
func TestLaterVersion(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	desk, today := c.client(alliance), models.DayOf(time.Now())
	id := c.must(201, desk, "POST", "/v1/provider/offers", m{"scene": "XYG", "for": "PERSON", "terms": terms("一个券", []m{{"kind": "REAL_NAME"}}, 0, today)})["id"].(string)
	c.publishes(desk, id, 1, today)
	me := c.signIn(aFarmer)
	c.waits("it is online", func() bool {
		status, _ := c.call("", "GET", "/v1/offers/"+id, nil)
		return status == 200
	})
	claim := c.must(201, me, "POST", "/v1/offers/"+id+"/claims", m{"agree": c.textOf(id)})["id"].(string)
	c.must(201, desk, "POST", "/v1/provider/offers/"+id+"/versions", m{"terms": terms("一个券", []m{{"kind": "BAND", "text": "A"}}, 0, today)})
	at := "/v1/provider/offers/" + id + "/versions/2"
	c.must(200, desk, "POST", at+"/validate", nil)
	if out := c.must(409, desk, "PUT", at, m{"terms": terms("一个券", nil, 0, today)}); out["reason"] != "release.fixed" {
		t.Errorf("%v", out)
	}
	c.must(201, desk, "POST", at+"/simulate", nil)
	office := c.signIn(cityCredit)
	c.waits("the simulation", func() bool {
		return c.must(200, office, "GET", "/v1/benefits/versions/"+id+"@2", nil, "X-Acting-As", creditOffice)["state"] == "TRIED"
	})
	trial := c.must(200, office, "GET", "/v1/benefits/versions/"+id+"@2", nil, "X-Acting-As", creditOffice)["trial"].(m)
	if trial["against"] != id+"@1" || trial["totals"].(m)["lose"].(float64) < 300 {
		t.Errorf("%v", trial)
	}
	c.must(200, office, "POST", "/v1/benefits/versions/"+id+"@2/approve", nil, "X-Acting-As", creditOffice)
	if out := c.must(400, desk, "POST", at+"/publish", m{"begins": today.Add(6)}); out["reason"] != "release.too_soon" {
		t.Errorf("%v", out)
	}
	c.must(200, desk, "POST", at+"/publish", m{"begins": today.Add(8)})
	c.waits("she is told", func() bool {
		return strings.Contains(fmt.Sprint(c.must(200, me, "GET", "/v1/me/inbox", nil)), "benefit.claim_ending")
	})
	if out := c.must(200, me, "POST", "/v1/offers/"+id+"/eligibility", nil); out["decision"] != "pass" {
		t.Errorf("before its day: %v", out)
	}
	c.advance("P8D")
	me, desk = c.signIn(aFarmer), c.client(alliance)
	c.waits("the new rule", func() bool {
		return c.must(200, me, "POST", "/v1/offers/"+id+"/eligibility", nil)["decision"] == "fail"
	})
	code := c.must(201, me, "POST", "/v1/me/claims/"+claim+"/code", nil)["code"]
	if out := c.must(409, desk, "POST", "/v1/provider/redemptions", m{"code": code, "no": "L-1", "amountFen": 5000, "savedFen": 1000}); out["reason"] != "benefit.no_more" || out["clauses"] != nil {
		t.Errorf("at use: %v", out)
	}
}

// The city sees what it comes to, and everybody what there is.
func TestWhatThereIs(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	office := c.signIn(cityCredit)
	got := c.must(200, office, "GET", "/v1/benefits/metrics", nil, "X-Acting-As", creditOffice)
	if got["scenesInUse"].(float64) <= 15 || got["reached"] != true || got["users"].(float64) < 15 || got["uses"].(float64) < 45 || got["savedFen"].(float64) == 0 {
		t.Errorf("%v", got)
	}
	scenes := c.must(200, "", "GET", "/v1/scenes", nil)["items"].([]any)
	if len(scenes) != 24 {
		t.Errorf("%d scenes", len(scenes))
	}
	me := c.signIn(aFarmer)
	mine := c.must(200, me, "GET", "/v1/me/offers?limit=200", nil)["items"].([]any)
	failed := false
	for _, x := range mine {
		v := x.(m)
		if failed = failed || v["eligible"] == "fail"; failed && v["eligible"] == "pass" || v["eligible"] == "fail" && len(v["missing"].([]any)) == 0 {
			t.Errorf("%v", v)
		}
	}
	if len(mine) != 17 || !failed {
		t.Errorf("%d offers", len(mine))
	}
	c.must(204, me, "PUT", "/v1/me/offers/offer-xyb/saved", nil)
	if saved := c.must(200, me, "GET", "/v1/me/offers?saved=true", nil)["items"].([]any); len(saved) != 1 || saved[0].(m)["id"] != "offer-xyb" {
		t.Errorf("%v", saved)
	}
	honest := c.signIn(resident) // has an honour
	if band := c.must(200, honest, "GET", "/v1/me/band", nil); band["band"] != "B" || band["honours"].([]any)[0].(m)["level"] != 2.0 {
		t.Errorf("%v", band)
	}
	if band := c.must(200, honest, "PUT", "/v1/me/band", m{"optOut": true}); band["band"] != "C" || band["optedOut"] != true {
		t.Errorf("%v", band)
	}
	if out := c.must(200, honest, "POST", "/v1/offers/offer-xyb/eligibility", nil); out["decision"] != "pass" {
		t.Errorf("without a band: %v", out)
	}
}

// An honour that was reported by mistake is taken back: the decision it carried is made again, and she is told; nothing that runs is
// taken away by a program.
func TestHonourTakenBack(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	if out := f.must(200, f.head, "POST", "/v1/offers/offer-xyx/eligibility", nil); out["decision"] != "pass" {
		t.Fatalf("%v", out)
	}
	before := f.must(200, f.head, "POST", "/v1/offers/offer-xyx/eligibility", nil)["decisionId"].(string)
	var honour string
	for _, x := range f.must(200, f.head, "GET", "/v1/me/file/records", nil)["items"].([]any) {
		if x.(m)["item"] == "RYXX" {
			honour = x.(m)["id"].(string)
		}
	}
	f.market(200, "POST", "/v1/records/"+honour+"/withdraw", m{"reason": "报送有误"})
	f.waits("the band", func() bool { return f.must(200, f.head, "GET", "/v1/me/band", nil)["band"] == "C" })
	f.advance("PT2M") // uses are looked for twice, a minute apart
	f.waits("the decision is made again", func() bool {
		return f.must(200, f.head, "GET", "/v1/decisions/"+before, nil)["state"] == "CHANGED"
	})
	next := f.must(200, f.head, "GET", "/v1/decisions/"+before, nil)["next"].(string)
	if out := f.must(200, f.head, "GET", "/v1/decisions/"+next+"/replay", nil); out["equal"] != true {
		t.Errorf("%v", out)
	}
	if out := f.must(200, f.head, "GET", "/v1/decisions/"+next, nil); out["outcome"] != "fail" || out["after"] != before {
		t.Errorf("%v", out)
	}
}

// A firm has offers of its own, and a number for each day is a number for each day.
func TestFirmsAndDays(t *testing.T) {
	t.Parallel()
	f := openFiles(t)
	desk, today := f.client("department-changsha-shenpi"), models.DayOf(time.Now())
	said := terms("企业绿色通道", nil, 0, today)
	said["form"], said["capFen"], said["quota"] = "FAST_LANE", 0, m{"total": 0, "daily": 1, "perPerson": 5, "period": "DAY"}
	body := m{"scene": "XYP", "for": "ORGANISATION", "terms": said}
	refused := f.must(201, desk, "POST", "/v1/provider/offers", body)["id"].(string) // a draft may lack anything
	out := f.must(400, desk, "POST", "/v1/provider/offers/"+refused+"/versions/1/validate", nil)
	if e := out["errors"].([]any)[0].(m); e["pointer"] != "/otherwise" { // a public service says how everybody gets it
		t.Errorf("%v", out)
	}
	said["otherwise"] = m{"zh": "照常办理", "en": "As always"}
	id := f.must(201, desk, "POST", "/v1/provider/offers", body)["id"].(string)
	f.publishes(desk, id, 1, today)
	f.waits("it is online", func() bool {
		status, _ := f.call("", "GET", "/v1/offers/"+id, nil)
		return status == 200
	})
	firm := f.must(200, f.head, "GET", "/v1/me/organisations", nil)["items"].([]any)[0].(m)["code"].(string)
	as := []string{"X-Acting-As", firm}
	if out := f.must(409, f.head, "POST", "/v1/offers/"+id+"/claims", m{}); out["reason"] != "benefit.other_subject" {
		t.Errorf("a person: %v", out)
	}
	if out := f.must(200, f.head, "POST", "/v1/offers/"+id+"/eligibility", nil, as...); out["decision"] != "pass" {
		t.Fatalf("%v", out)
	}
	agree := m{"agree": f.textOf(id)}
	claim := f.must(201, f.head, "POST", "/v1/offers/"+id+"/claims", agree, as...)["id"].(string)
	if out := f.must(409, f.head, "POST", "/v1/offers/"+id+"/claims", agree, as...); out["reason"] != "benefit.full_today" {
		t.Errorf("%v", out)
	}
	if out := f.must(409, f.head, "POST", "/v1/offers/"+id+"/waits", nil, as...); out["reason"] != "benefit.nothing_to_wait_for" {
		t.Errorf("%v", out)
	}
	f.must(404, f.head, "GET", "/v1/me/claims/"+claim, nil) // it is the firm's, not hers
	code := f.must(201, f.head, "POST", "/v1/me/claims/"+claim+"/code", nil, as...)["code"]
	f.must(200, desk, "POST", "/v1/provider/redemptions", m{"code": code, "no": "P-1", "amountFen": 0, "savedFen": 0})
	f.advance("P1D")
	f.head = f.signIn(headOfFirm)
	second := f.must(201, f.head, "POST", "/v1/offers/"+id+"/claims", agree, as...)["id"].(string)
	f.must(200, f.head, "POST", "/v1/me/claims/"+second+"/cancel", nil, as...)
	f.waits("today's place is free", func() bool {
		status, _ := f.call(f.head, "POST", "/v1/offers/"+id+"/claims", agree, as...)
		return status == 201
	})
}
