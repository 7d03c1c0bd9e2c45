package main

import (
	"fmt"
	"slices"
	"testing"

	"xinyi/models"
	"xinyi/models/jury"
)

// practiceYear is a year the demo city has no selection of.
const practiceYear = 2031

// drawn are those who may be drawn: account by phone.
var drawn = map[string]string{
	"19900000001": "demo-resident", "19900000002": "demo-farmer", "19900000003": "demo-guardian", "19900000004": "demo-ningxiang",
	"19900000012": "staff-health-2", "19900000021": "staff-finance-1", "19900000022": "staff-finance-2", "19900000051": "staff-auditor",
}

// as asks in an office.
func (c *city) as(office string, status int, token, method, path string, body any) m {
	c.t.Helper()
	return c.must(status, token, method, path, body, "X-Acting-As", office)
}

func aCase(class, title, done string) m {
	return m{"class": class, "title": title, "summary": "把村规民约变成看得见的信用积分。", "problem": "村里的公共事务没有人愿意参加。", "done": done,
		"effect": "参加公共事务的农户多了一倍多。", "copy": "积分办法只有一页纸，照着就能办。", "figures": []m{{"name": "农户", "before": 120, "after": 310, "unit": "户"}}}
}

// accepted leads a case through both offices: its path.
func (c *city) accepted(class, title string) string {
	c.t.Helper()
	town, county, office := c.signIn(town1), c.signIn(otherDesk), c.signIn(creditStaff)
	bad := c.as(asTown, 400, town, "POST", "/v1/practice-cases", aCase(class, title, "有事请打 138-0013-8000 找老罗，他都知道。"))
	if got := bad["errors"].([]any)[0].(m); got["pointer"] != "/done" || got["code"] != "practice_phone" {
		c.t.Errorf("%v", bad)
	}
	at := "/v1/practice-cases/" + c.as(asTown, 201, town, "POST", "/v1/practice-cases", aCase(class, title, "每季度公开积分，积分可以换服务。"))["id"].(string)
	c.as(asTown, 200, town, "POST", at+"/submit", nil)
	c.must(404, "", "GET", at, nil)
	c.as("office-credit-liuyang", 200, county, "POST", at+"/votes", m{"verdict": "REVISE", "note": "请写明谁来记分"})
	c.as(asTown, 200, town, "PUT", at, aCase(class, title, "村民小组长记分，每季度公开，积分可以换服务。"))
	c.as(asTown, 200, town, "POST", at+"/submit", nil)
	c.as("office-credit-liuyang", 200, county, "POST", at+"/votes", m{"verdict": "APPROVE"})
	got := c.as(creditOffice, 200, office, "POST", at+"/votes", m{"verdict": "APPROVE"})
	if got["state"] != "ACCEPTED" || len(got["earlier"].([]any)) != 1 || len(got["votes"].([]any)) != 3 {
		c.t.Fatalf("%v", got)
	}
	return at
}

// scores has everybody who was drawn score; one stands aside from the case at.
func (c *city) scores(round, at string) {
	c.t.Helper()
	aside := false
	tokens := map[string]string{}
	for phone := range drawn {
		tokens[phone] = c.signIn(phone)
	}
	for range 2 { // whoever takes the place of the one who stands aside may have been asked before
		for _, token := range tokens {
			for _, x := range c.must(200, token, "GET", round+"/seats", nil)["items"].([]any) {
				seat := x.(m)
				mine := "/v1/practice-cases/" + seat["caseId"].(string)
				switch {
				case seat["done"] == true || seat["aside"] != nil:
				case mine == at && !aside:
					aside = true
					c.must(200, token, "POST", mine+"/recusal", m{"tie": "OTHER", "note": "和提交单位有往来"})
				default:
					c.must(400, token, "POST", mine+"/scores", m{"marks": m{"new": 1500}})
					c.must(200, token, "POST", mine+"/scores", m{"marks": m{"new": 1500, "effect": 3500, "copy": 2500, "lawful": 900}})
					c.must(409, token, "POST", mine+"/scores", m{"marks": m{"new": 1500, "effect": 3500, "copy": 2500, "lawful": 900}})
				}
			}
		}
	}
}

// A year's selection: two cases written, sent back and accepted, experts drawn by a seed that was committed to, one case published and
// copied, the other struck by an objection.
func TestPracticeCases(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	good, struck := c.accepted("GOVERNANCE", "信用积分进屋场"), c.accepted("CULTURE", "诚信故事会")
	today, err := models.ParseDay(c.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)[:10])
	if err != nil {
		t.Fatal(err)
	}
	var experts []m
	for _, person := range drawn {
		experts = append(experts, m{"personId": person, "unit": "unit-of-" + person})
	}
	office := c.signIn(creditStaff)
	call := m{"year": practiceYear, "closes": today.Add(1), "seats": []m{{"class": "GOVERNANCE", "n": 1}, {"class": "CULTURE", "n": 1}}, "experts": experts}
	c.as("office-credit-liuyang", 403, c.signIn(otherDesk), "POST", "/v1/practice-rounds", call)
	opened := c.as(creditOffice, 201, office, "POST", "/v1/practice-rounds", call)
	c.as(creditOffice, 409, office, "POST", "/v1/practice-rounds", call)
	round := "/v1/practice-rounds/" + opened["id"].(string)
	if opened["seed"] != nil {
		t.Errorf("the seed is known before the draw: %v", opened)
	}
	c.advance("P3D")
	office = c.signIn(creditStaff)
	c.waits("the experts are asked", func() bool {
		return c.as(creditOffice, 200, office, "GET", good+"/review", nil)["awaiting"] == true && c.as(creditOffice, 200, office, "GET", struck+"/review", nil)["awaiting"] == true
	})
	shown := c.must(200, "", "GET", round, nil)
	seed := shown["seed"].(string)
	if jury.Commit(seed) != opened["commit"] {
		t.Errorf("another seed than was committed to: %v", shown)
	}
	var nos []string
	for _, x := range shown["experts"].([]any) {
		nos = append(nos, x.(m)["no"].(string))
	}
	first := jury.Draw(seed+"\n"+good[len("/v1/practice-cases/"):], nos, 5)
	for phone, person := range drawn {
		seated := slices.ContainsFunc(c.must(200, c.signIn(phone), "GET", round+"/seats", nil)["items"].([]any), func(x any) bool {
			return "/v1/practice-cases/"+x.(m)["caseId"].(string) == good
		})
		if no := models.Derived(opened["id"].(string), person)[:12]; seated != slices.Contains(first, no) {
			t.Errorf("%s is seated: %v, the draw done again: %v", person, seated, first)
		}
	}
	c.as(creditOffice, 409, office, "POST", round+"/rank", nil)
	c.scores(round, good)
	c.as(creditOffice, 200, office, "POST", round+"/rank", nil)
	c.waits("the notice", func() bool { return c.must(200, "", "GET", round, nil)["noticeId"] != nil })
	c.settled(round, good, struck)
}

// settled has the notice of a selection run out, after an objection to one case that is right, and one to the other that is not.
func (c *city) settled(round, good, struck string) {
	c.t.Helper()
	at := "/v1/notices/" + fmt.Sprint(c.must(200, "", "GET", round, nil)["noticeId"])
	ref := func(path string) string { return path[len("/v1/practice-cases/"):] }
	me, other := c.signIn(resident), c.signIn("19900000034")
	for path, right := range map[string]bool{good: false, struck: true} {
		o := c.must(201, me, "POST", at+"/objections", m{"ref": ref(path), "text": "这不是他们做的"})["id"].(string)
		c.as(creditOffice, 403, c.signIn(creditStaff), "POST", at+"/objections/"+o+"/answer", m{"upheld": right, "answer": "已核实"}) // who ranked
		c.as(creditOffice, 200, other, "POST", at+"/objections/"+o+"/answer", m{"upheld": right, "answer": "已核实"})
	}
	c.advance("P20D")
	library := fmt.Sprintf("/v1/practice-cases?region=430181&year=%d", practiceYear)
	c.waits("it is published", func() bool {
		return len(c.must(200, "", "GET", library+"&class=GOVERNANCE", nil)["items"].([]any)) == 1
	})
	c.waits("the selection ends", func() bool { return c.must(200, "", "GET", round, nil)["state"] == "DONE" })
	if all := c.must(200, "", "GET", library, nil)["items"].([]any); len(all) != 1 {
		c.t.Errorf("what was struck is published: %v", all)
	}
	c.must(404, "", "GET", struck, nil)
	for _, x := range c.must(200, "", "GET", at, nil)["lines"].([]any) {
		if x.(m)["outcome"] == nil {
			c.t.Errorf("the notice does not say what came of it: %v", x)
		}
	}
	clerk, town, office := c.signIn(bureauMan), c.signIn(town1), c.signIn(creditStaff)
	c.as(bureau, 200, clerk, "POST", good+"/adoptions", m{"note": "市场也用了积分办法"})
	c.as(bureau, 409, clerk, "POST", good+"/adoptions", m{"note": "市场也用了积分办法"})
	c.as(asTown, 403, town, "POST", good+"/adoptions", m{"note": "自己的做法自己用"})
	if got := c.must(200, "", "GET", good, nil); got["adopted"] != 1.0 || got["points"] != 8400.0 {
		c.t.Errorf("%v", got)
	}
	c.as(creditOffice, 400, office, "POST", good+"/withdraw", m{})
	c.as(creditOffice, 200, office, "POST", good+"/withdraw", m{"reason": "数据有误"})
	c.must(404, "", "GET", good, nil)
}
