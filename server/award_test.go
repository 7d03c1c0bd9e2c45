package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

const cityStaff2 = "19900000034"

// honoured is a city that chooses its honest people: two officers, the bureau's clerk, and eight experts.
type honoured struct {
	*city
	one, two, clerk, programme string
	experts                    map[string]string // tokens by account
}

func openAwards(t *testing.T, more m) *honoured {
	t.Helper()
	h := &honoured{city: openCity(t)}
	h.fresh()
	h.programme = h.calls(more)
	return h
}

// fresh signs everybody in anew.
func (h *honoured) fresh() {
	h.one, h.two, h.clerk = h.signIn(creditStaff), h.signIn(cityStaff2), h.signIn(bureauMan)
	h.experts = map[string]string{}
	for i := 1; i <= 8; i++ {
		h.experts[fmt.Sprintf("farmer-%02d", i)] = h.signIn(fmt.Sprintf("199000002%02d", i))
	}
}

func (h *honoured) office(status int, token, method, path string, body any) m {
	h.t.Helper()
	return h.must(status, token, method, path, body, "X-Acting-As", creditOffice)
}

func (h *honoured) today() models.Day {
	h.t.Helper()
	at, err := time.Parse(time.RFC3339, h.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string))
	if err != nil {
		h.t.Fatal(err)
	}
	return models.DayOf(at)
}

// calls writes a programme for persons, has it published by a second person, and registers the experts: its id.
func (h *honoured) calls(more m) string {
	h.t.Helper()
	body := m{
		"kind": "PERSON", "year": 2026, "title": m{"zh": "长沙好人", "en": "Honest people of Changsha"}, "level": 3, "office": "长沙市信用办", "opens": h.today(),
		"categories":  []m{{"code": "star", "title": m{"zh": "诚信好人", "en": "Honest neighbour"}, "seats": 2, "regions": m{"430181": 1}}},
		"departments": []string{bureau},
		"measures": []m{{"code": "fast", "kind": "FAST_LANE", "name": m{"zh": "政务绿色通道", "en": "Fast lane"}, "how": m{"zh": "在窗口出示证书", "en": "Show the certificate"},
			"owner": bureau, "months": 0}},
	}
	for k, v := range more {
		body[k] = v
	}
	p := h.office(201, h.one, "POST", "/v1/award-programmes", body)["id"].(string)
	if out := h.office(403, h.one, "POST", "/v1/award-programmes/"+p+"/publish", nil); out["reason"] != "second_person" {
		h.t.Errorf("%v", out)
	}
	h.must(404, "", "GET", "/v1/award-programmes/"+p, nil)
	if out := h.office(200, h.two, "POST", "/v1/award-programmes/"+p+"/publish", nil); len(out["commit"].(string)) != 64 || out["seed"] != nil {
		h.t.Errorf("%v", out)
	}
	var experts []m
	for person := range h.experts {
		experts = append(experts, m{"person": person, "unit": "范市村 " + person})
	}
	h.office(200, h.one, "POST", "/v1/award-programmes/"+p+"/experts", m{"experts": experts})
	h.stage(p, "OPEN")
	return p
}

func (h *honoured) stage(p, want string) {
	h.t.Helper()
	h.waits("the programme is "+want, func() bool { return h.must(200, "", "GET", "/v1/award-programmes/"+p, nil)["state"] == want })
}

// stands waits for a nominee's own view of a state.
func (h *honoured) stands(token, id, want string) (out m) {
	h.t.Helper()
	h.waits("the nomination is "+want, func() bool {
		out = h.must(200, token, "GET", "/v1/me/nominations/"+id, nil)
		return out["state"] == want
	})
	return out
}

// number is somebody's made-up ID number.
func (h *honoured) number(county models.Region, birth models.Day) string {
	h.t.Helper()
	n, err := models.SyntheticIDNumber(county, birth)
	if err != nil {
		h.t.Fatal(err)
	}
	return n.Reveal()
}

// files agrees, hands in, and has the materials checked.
func (h *honoured) files(token, id, region string, named bool) {
	h.t.Helper()
	h.must(200, token, "POST", "/v1/me/nominations/"+id+"/consent", m{"vetting": true, "named": named, "recorded": true})
	h.must(200, token, "POST", "/v1/me/nominations/"+id+"/file", m{"deed": "二十年如一日照顾邻里，答应的事件件办到。", "since": "2010-03-01", "region": region})
	h.office(200, h.one, "POST", "/v1/nominations/"+id+"/materials", m{"verdict": "APPROVE"})
}

// drawn are the experts of a case who have not scored.
func (h *honoured) drawn(id string) (all []string) {
	h.t.Helper()
	for person, token := range h.experts {
		for _, x := range h.must(200, token, "GET", "/v1/me/award-scores?programme="+h.programme, nil)["items"].([]any) {
			if x.(m)["id"] == id && x.(m)["done"] != true {
				all = append(all, person)
			}
		}
	}
	slices.Sort(all)
	return all
}

// scores has every expert of a case score it.
func (h *honoured) scores(id string, promises int) {
	h.t.Helper()
	h.waits("experts are drawn", func() bool { return len(h.drawn(id)) == 5 })
	for _, person := range h.drawn(id) {
		h.must(200, h.experts[person], "POST", "/v1/me/award-scores/"+id, m{"marks": m{"promises": 100 * promises, "deeds": 2800, "influence": 1800, "steadiness": 1900}})
	}
}

// voting brings the programme to its vote.
func (h *honoured) voting() {
	h.t.Helper()
	h.advance("P31D")
	h.stage(h.programme, "REVIEWING")
	from := models.Day(h.must(200, "", "GET", "/v1/award-programmes/"+h.programme, nil)["voteFrom"].(string))
	h.advance(fmt.Sprintf("P%dD", from.Since(h.today())))
	h.stage(h.programme, "VOTING")
	h.fresh()
}

// An award year: a call, a nomination by others, consent, vetting, opinions, sealed scores, a vote, the notice, the award, what it
// brings, and how all of it ends.
func TestAwardYear(t *testing.T) {
	t.Parallel()
	h := openAwards(t, nil)
	mei, neighbour, other := h.signIn(resident), h.signIn("19900000003"), h.signIn(aFarmer)
	say := m{"programme": h.programme, "category": "star", "idNumber": h.number("430181", "1986-04-12"), "called": "周晓兰", "reason": "邻居有难处她都帮"}
	n := h.must(201, neighbour, "POST", "/v1/nominations", say)
	id := n["id"].(string)
	if n["state"] != "NOMINATED" {
		t.Fatalf("%v", n)
	}
	say["reason"] = "借了钱一定按时还"
	if again := h.must(201, other, "POST", "/v1/nominations", say); again["id"] != id || again["joined"] != true {
		t.Errorf("a nominee is nominated once: %v", again)
	}
	child := m{"programme": h.programme, "category": "star", "idNumber": h.number("430181", "2014-06-01"), "called": "黄子轩", "reason": "拾金不昧"}
	if out := h.must(422, neighbour, "POST", "/v1/nominations", child); out["reason"] != "award.minor" {
		t.Errorf("%v", out)
	}
	h.must(404, neighbour, "GET", "/v1/me/nominations/"+id, nil)

	// Nothing is read before she agrees; then everything is, and she sees what.
	h.must(409, mei, "POST", "/v1/me/nominations/"+id+"/file", m{"deed": "二十年如一日照顾邻里。", "since": "2010-03-01", "region": "430181"})
	h.files(mei, id, "430181", true)
	mine := h.stands(mei, id, "OPINIONS")
	vetting := mine["vetting"].(m)
	if vetting["outcome"] != "pass" || len(mine["reasons"].([]any)) != 2 {
		t.Errorf("%v", mine)
	}
	decision := vetting["decision"].(string)
	if out := h.must(200, mei, "GET", "/v1/decisions/"+decision+"/replay", nil); out["equal"] != true {
		t.Errorf("%v", out)
	}
	seen := fmt.Sprint(h.must(200, mei, "GET", "/v1/me/accesses", nil))
	if !strings.Contains(seen, "award.vetting") || !strings.Contains(seen, "award.case") {
		t.Errorf("the looks are hers to see: %s", seen)
	}

	// The farmer nominates himself; the fine he has is shown to him, and stops nothing.
	own := h.must(201, other, "POST", "/v1/nominations", m{"programme": h.programme, "category": "star", "reason": "诚信经营十年", "agreed": true, "recorded": true})["id"].(string)
	h.files(other, own, "430181108", false)
	his := h.stands(other, own, "OPINIONS")["vetting"].(m)
	if hits := his["hits"].([]any); len(hits) != 1 || hits[0].(m)["item"] != "XZCF" || hits[0].(m)["stops"] != false {
		t.Errorf("%v", his)
	}
	for _, x := range []string{id, own} {
		h.must(200, h.clerk, "POST", "/v1/nominations/"+x+"/opinion", m{"opinion": "SUPPORT", "points": 9500}, "X-Acting-As", bureau)
		h.stands(mei, id, "SCORING")
	}
	h.scores(id, 28)
	h.scores(own, 24)
	if out := h.stands(mei, id, "VOTE"); out["placed"] != nil {
		t.Errorf("points are shown once seats are given: %v", out)
	}

	h.voting()
	mei, neighbour, other = h.signIn(resident), h.signIn("19900000003"), h.signIn(aFarmer)
	if all := h.must(200, "", "GET", "/v1/award-programmes/"+h.programme+"/candidates", nil)["items"].([]any); len(all) != 2 || !strings.Contains(fmt.Sprint(all), "周晓兰") ||
		strings.Contains(fmt.Sprint(all), "罗德胜") {
		t.Errorf("%v", all)
	}
	h.must(201, neighbour, "POST", "/v1/votes", m{"nomination": id})
	if out := h.must(409, neighbour, "POST", "/v1/votes", m{"nomination": own}); out["reason"] != "award.voted" {
		t.Errorf("%v", out)
	}
	if out := h.must(403, mei, "POST", "/v1/votes", m{"nomination": id}); out["reason"] != "award.own_vote" {
		t.Errorf("%v", out)
	}
	h.must(201, mei, "POST", "/v1/votes", m{"nomination": own})
	h.must(201, other, "POST", "/v1/votes", m{"nomination": id})
	h.advance("P8D")
	h.stage(h.programme, "COUNTING")
	h.advance("P5D")
	h.stage(h.programme, "SELECTED")
	h.fresh()
	mei, other = h.signIn(resident), h.signIn(aFarmer)
	if out := h.must(200, "", "GET", "/v1/award-programmes/"+h.programme, nil); len(out["seed"].(string)) != 32 {
		t.Errorf("%v", out)
	}
	h.stands(mei, id, "NOTICE")
	why := h.stands(other, own, "RUNNER_UP")["placed"].(m) // one seat of the county, and she has it
	if why["because"] != "REGION_FULL" && why["because"] != "BELOW" {
		t.Errorf("%v", why)
	}
	h.advance("P9D")
	h.stands(mei, id, "DECIDING")
	h.fresh()
	mei = h.signIn(resident)
	h.waits("the records are read once more", func() bool {
		s, _ := h.call(h.one, "POST", "/v1/nominations/"+id+"/decision", m{"verdict": "APPROVE"}, "X-Acting-As", creditOffice)
		return s == 200
	})
	if out := h.office(403, h.one, "POST", "/v1/nominations/"+id+"/decision", m{"verdict": "APPROVE"}); out["reason"] != "flow.second_person" {
		t.Errorf("%v", out)
	}
	h.office(200, h.two, "POST", "/v1/nominations/"+id+"/decision", m{"verdict": "APPROVE"})
	h.stands(mei, id, "AWARDED")
	h.ends(mei, id)
}

// honour is the award of a programme among one's own.
func (h *honoured) honour(token string) m {
	h.t.Helper()
	for _, x := range h.must(200, token, "GET", "/v1/me/honours", nil)["items"].([]any) {
		if x.(m)["title"] == "Honest neighbour" {
			return x.(m)
		}
	}
	return nil
}

// level says whether benefits see an honour of the city.
func (h *honoured) level(token string) bool {
	h.t.Helper()
	return strings.Contains(fmt.Sprint(h.must(200, token, "GET", "/v1/me/band", nil)["honours"]), "level:3")
}

// ends looks at what an award brings, and at how it ends.
func (h *honoured) ends(mei, id string) {
	t := h.t
	t.Helper()
	h.waits("benefits see the honour", func() bool { return h.level(mei) })
	mine := h.honour(mei)
	a, measure := mine["id"].(string), mine["measures"].([]any)[0].(m)
	if mine["state"] != "VALID" || measure["state"] != "RUNNING" || measure["until"] != mine["until"] {
		t.Errorf("%v", mine)
	}
	if all := fmt.Sprint(h.must(200, "", "GET", "/v1/awards?programme="+h.programme, nil)); !strings.Contains(all, "周晓兰") || strings.Contains(all, "430181198") {
		t.Errorf("%v", all)
	}
	used := h.must(201, h.clerk, "POST", "/v1/award-measures/"+measure["id"].(string)+"/uses", m{"note": "受理 12 号"}, "X-Acting-As", bureau)
	use := used["uses"].([]any)[0].(m)["id"]
	h.must(200, mei, "POST", "/v1/me/honours/"+a+"/measures/"+measure["id"].(string)+"/feedback", m{"use": use, "stars": 5, "words": "快"})

	// She is not recorded any more, and then again; not named any more.
	h.must(200, mei, "PUT", "/v1/me/honours/"+a, m{"named": false, "recorded": false})
	h.waits("the honour leaves the file", func() bool { return !h.level(mei) })
	if all := fmt.Sprint(h.must(200, "", "GET", "/v1/awards?programme="+h.programme, nil)); strings.Contains(all, "周晓兰") {
		t.Errorf("%v", all)
	}
	h.must(200, mei, "PUT", "/v1/me/honours/"+a, m{"named": false, "recorded": true})
	h.waits("and comes back", func() bool { return h.level(mei) })

	// One asks, she answers, another decides.
	h.office(200, h.one, "POST", "/v1/awards/"+a+"/revocation", m{"ground": "FALSE_PAPERS", "text": "事迹材料与事实不符"})
	if out := h.office(403, h.one, "POST", "/v1/awards/"+a+"/revoke", m{"reason": "弄虚作假"}); out["reason"] != "second_person" {
		t.Errorf("%v", out)
	}
	if out := h.office(409, h.two, "POST", "/v1/awards/"+a+"/revoke", m{"reason": "弄虚作假"}); out["reason"] != "award.answer_open" {
		t.Errorf("%v", out)
	}
	if !h.level(mei) || strings.Contains(fmt.Sprint(h.must(200, "", "GET", "/v1/awards?programme="+h.programme, nil)), "ANSWERING") {
		t.Error("what is only asked changes nothing, and is nobody's to know")
	}
	h.must(200, mei, "POST", "/v1/me/honours/"+a+"/answer", m{"text": "材料是邻居写的，时间写错了。"})
	h.office(200, h.two, "POST", "/v1/awards/"+a+"/revoke", m{"reason": "事迹材料弄虚作假"})
	h.waits("benefits lose the honour", func() bool { return !h.level(mei) })
	h.waits("measures end", func() bool { return h.honour(mei)["measures"].([]any)[0].(m)["state"] == "ENDED" })
	h.must(409, h.clerk, "POST", "/v1/award-measures/"+measure["id"].(string)+"/uses", m{"note": "受理 13 号"}, "X-Acting-As", bureau)
	all := fmt.Sprint(h.must(200, "", "GET", "/v1/awards?programme="+h.programme, nil))
	if !strings.Contains(all, "REVOKED") || !strings.Contains(all, "弄虚作假") {
		t.Errorf("the public is told: %v", all)
	}
	notice := h.must(200, mei, "GET", "/v1/me/nominations/"+id, nil)["notice"].(string)
	h.waits("the notice is corrected", func() bool {
		return strings.Contains(fmt.Sprint(h.must(200, "", "GET", "/v1/notices/"+notice, nil)), "更正")
	})
	// Barred.
	h.programme = h.calls(m{"year": 2027})
	if out := h.must(422, mei, "POST", "/v1/nominations", m{"programme": h.programme, "category": "star", "reason": "我想再来一次"}); out["reason"] != "award.barred" {
		t.Errorf("%v", out)
	}
}

// An expert who is tied stands aside and is replaced; whoever nominated a nominee is not drawn for it.
func TestRecusal(t *testing.T) {
	t.Parallel()
	h := openAwards(t, nil)
	mei := h.signIn(resident)
	number := h.number("430181", "1986-04-12")
	id := h.must(201, h.experts["farmer-03"], "POST", "/v1/nominations",
		m{"programme": h.programme, "category": "star", "idNumber": number, "called": "周晓兰", "reason": "多年的好邻居"})["id"].(string)
	h.files(mei, id, "430181", false)
	h.stands(mei, id, "OPINIONS")
	h.must(200, h.clerk, "POST", "/v1/nominations/"+id+"/opinion", m{"opinion": "CONCERN", "ground": "去年有过投诉"}, "X-Acting-As", bureau)
	if out := h.must(200, mei, "POST", "/v1/me/nominations/"+id+"/opinions/"+bureau, m{"text": "投诉已经和解"}); out["opinions"].([]any)[0].(m)["reply"] != "投诉已经和解" {
		t.Errorf("%v", out)
	}
	h.waits("experts are drawn", func() bool { return len(h.drawn(id)) == 5 })
	first := h.drawn(id)
	if slices.Contains(first, "farmer-03") {
		t.Errorf("who nominated her scores her: %v", first)
	}
	h.must(200, h.experts[first[0]], "POST", "/v1/me/award-scores/"+id+"/recuse", m{"tie": "KIN"})
	after := h.drawn(id)
	if len(after) != 5 || slices.Contains(after, first[0]) {
		t.Errorf("%v, then %v", first, after)
	}
	if out := h.must(409, h.experts[first[0]], "POST", "/v1/me/award-scores/"+id, m{"marks": m{"promises": 100, "deeds": 100, "influence": 100, "steadiness": 100}}); out["reason"] != "jury.given" {
		t.Errorf("%v", out)
	}
	for _, person := range after {
		if out := h.office(200, h.one, "GET", "/v1/nominations/"+id, nil); len(out["marks"].([]any)) != 0 {
			t.Errorf("a mark is seen before all are in: %v", out)
		}
		h.must(200, h.experts[person], "POST", "/v1/me/award-scores/"+id, m{"marks": m{"promises": 2000, "deeds": 2000, "influence": 2000, "steadiness": 2000}})
	}
	h.stands(mei, id, "VOTE")
	if out := h.office(200, h.one, "GET", "/v1/nominations/"+id, nil); len(out["marks"].([]any)) != 5 || out["expertsAside"] != 1.0 {
		t.Errorf("%v", out)
	}
	h.office(200, h.one, "GET", "/v1/award-programmes/"+h.programme+"/findings", nil)
	h.must(403, h.clerk, "GET", "/v1/award-programmes/"+h.programme+"/findings", nil, "X-Acting-As", bureau)
}

// Ballots of one device are a signal; one person wants them set aside, a second agrees, and only then they do not count.
func TestBallotFraudSignals(t *testing.T) {
	t.Parallel()
	h := openAwards(t, m{"departments": []string{}})
	mei := h.signIn(resident)
	id := h.must(201, mei, "POST", "/v1/nominations", m{"programme": h.programme, "category": "star", "reason": "我愿意参评", "agreed": true, "named": true})["id"].(string)
	h.files(mei, id, "430181", true)
	h.scores(id, 29)
	h.stands(mei, id, "VOTE")
	h.voting()
	for person, token := range h.experts {
		h.must(201, token, "POST", "/v1/votes", m{"nomination": id, "device": map[bool]string{true: "phone-1", false: "phone-" + person}[person < "farmer-05"]})
	}
	path := "/v1/award-programmes/" + h.programme + "/signals"
	var ballots []any
	for _, x := range h.office(200, h.one, "GET", path, nil)["items"].([]any) {
		if x.(m)["kind"] == "DEVICE" {
			ballots = x.(m)["ballots"].([]any)
		}
	}
	if len(ballots) != 4 {
		t.Fatalf("%v", ballots)
	}
	wants := m{"programme": h.programme, "ballots": ballots, "reason": "同一台手机投了四票"}
	if out := h.office(200, h.one, "POST", "/v1/votes/aside", wants); out["changed"] != 4.0 {
		t.Errorf("%v", out)
	}
	agrees := m{"programme": h.programme, "ballots": ballots, "aside": true}
	if out := h.office(403, h.one, "POST", "/v1/votes/aside/confirm", agrees); out["reason"] != "second_person" {
		t.Errorf("%v", out)
	}
	h.office(200, h.two, "POST", "/v1/votes/aside/confirm", agrees)
	h.advance("P8D")
	h.stage(h.programme, "COUNTING")
	h.advance("P5D")
	h.stage(h.programme, "SELECTED")
	mei = h.signIn(resident)
	if out := h.must(200, mei, "GET", "/v1/me/nominations/"+id, nil)["placed"].(m); out["votes"] != 4.0 {
		t.Errorf("%v", out)
	}
	h.fresh()
	h.waits("where ballots came from is forgotten", func() bool {
		for _, x := range h.office(200, h.one, "GET", path, nil)["items"].([]any) {
			if x.(m)["kind"] == "DEVICE" {
				return false
			}
		}
		return true
	})
}
