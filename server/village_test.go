package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xinyi/models"
)

const (
	credit1, credit2, credit3 = "19900000031", "19900000032", "19900000035"
	asCredit                  = "office-credit-liuyang"
	gugangVillage             = "430181108240"
)

// county is a city seen from the office that gives villages their plaques.
type county struct {
	*hamlet
	a, b, c string // three of the county's office
}

func openCounty(t *testing.T) *county {
	v := &county{hamlet: openVillage(t)}
	v.again()
	return v
}

// again signs everybody in anew.
func (v *county) again() {
	v.fresh()
	v.a, v.b, v.c = v.signIn(credit1), v.signIn(credit2), v.signIn(credit3)
}

// in asks in the office the token is of.
func (v *county) in(status int, token, method, path string, body any) m {
	v.t.Helper()
	office := asCredit
	if token == v.reviewer || token == v.second {
		office = asTown
	}
	return v.must(status, token, method, path, body, "X-Acting-As", office)
}

// today is the city's day.
func (v *county) today() models.Day {
	v.t.Helper()
	return models.Day(v.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)[:10])
}

// proof adds evidence about something.
func (v *county) proof(entry, about string) string {
	v.t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 30)), nil); err != nil {
		v.t.Fatal(err)
	}
	path := fmt.Sprintf("/v1/village-entries/%s/evidence?about=%s&place=%s&latMicro=28284000&lonMicro=113700000&takenAt=%sT00:00:00Z", entry, about, gugangVillage, v.today().Add(-1))
	rq, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, &b)
	if err != nil {
		v.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+v.reviewer)
	rq.Header.Set("X-Acting-As", asTown)
	rq.Header.Set("Content-Type", "application/octet-stream")
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out m
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		v.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		v.t.Fatalf("evidence: %d %v", resp.StatusCode, out)
	}
	return out["id"].(string)
}

// writes is the sheet as a phone wrote it.
func (v *county) writes(entry string, value int) []any {
	var ws []any
	for _, code := range []string{"committee", "rules", "notices", "education"} {
		n := map[string]int{"committee": 2, "rules": 2, "notices": 4, "education": value}[code]
		ws = append(ws, m{"op": "p1-" + code + "-" + strconv.Itoa(value), "indicator": code, "value": n, "evidence": []string{v.proof(entry, code)}, "writtenAt": string(v.today().Add(-1)) + "T01:00:00Z"})
	}
	return ws
}

func (v *county) entryOf(id string) m {
	v.t.Helper()
	return v.in(200, v.a, "GET", "/v1/village-entries/"+id, nil)
}

func (v *county) reaches(id, state string) m {
	v.t.Helper()
	var e m
	v.waits("the entry to be at "+state, func() bool {
		e = v.entryOf(id)
		return e["state"] == state
	})
	return e
}

// stars are what loans look at.
func (v *county) stars(place string) int {
	v.t.Helper()
	n, _ := v.must(200, "", "GET", "/v1/farmers/villages/"+place, nil)["stars"].(float64)
	return int(n)
}

// scheme puts a version in force whose plaques are good for four months, by two people of the city's office: a year in less time.
func (v *county) scheme() {
	v.t.Helper()
	raw, err := os.ReadFile("../seed/villagescheme.json")
	if err != nil {
		v.t.Fatal(err)
	}
	plan := strings.Replace(string(raw), `"plaqueMonths": 12`, `"plaqueMonths": 4`, 1)
	one, two := v.signIn("19900000033"), v.signIn("19900000034")
	in := func(status int, token, path string, body any) m {
		return v.must(status, token, "POST", "/v1/village-schemes"+path, body, "X-Acting-As", "office-credit-changsha")
	}
	in(400, one, "", m{"level": "VILLAGE", "plan": strings.Replace(plan, `"blindBp": 500`, `"blindBp": 100`, 1)})
	s := in(201, one, "", m{"level": "VILLAGE", "plan": plan})
	in(403, one, "/"+s["id"].(string)+"/publish", nil)
	in(200, two, "/"+s["id"].(string)+"/publish", nil)
	v.waits("the version before to be retired", func() bool { return v.must(200, "", "GET", "/v1/village-schemes/village@1", nil)["state"] == "RETIRED" })
}

// plaque leads 古港村 from the opening of a round to its plaque.
func (v *county) plaque() (round, entry string) {
	v.t.Helper()
	year, _ := strconv.Atoi(string(v.today())[:4])
	r := v.in(201, v.a, "POST", "/v1/village-rounds", m{"county": "430181", "year": year, "level": "VILLAGE", "days": 5})
	round = r["id"].(string)
	if r["state"] != "OPEN" || r["commitment"] == "" || r["seed"] != nil {
		v.t.Fatalf("the round: %v", r)
	}
	entry = v.in(201, v.reviewer, "POST", "/v1/village-entries", m{"round": round, "village": gugangVillage})["id"].(string)
	v.in(409, v.second, "POST", "/v1/village-entries", m{"round": round, "village": gugangVillage})
	v.in(400, v.second, "POST", "/v1/village-entries", m{"round": round, "village": "430181108001"})
	v.in(400, v.reviewer, "POST", "/v1/village-entries/"+entry+"/apply", m{"households": 13}) // no evidence of the roster
	v.proof(entry, "roster")
	v.in(400, v.reviewer, "POST", "/v1/village-entries/"+entry+"/apply", m{"households": 11}) // fewer than are on file
	verdicts := v.in(200, v.reviewer, "PUT", "/v1/village-entries/"+entry+"/scores", m{"writes": v.writes(entry, 4)})["verdicts"].([]any)
	for _, x := range verdicts {
		if x.(m)["outcome"] != "APPLIED" {
			v.t.Errorf("%v", x)
		}
	}
	v.in(200, v.reviewer, "POST", "/v1/village-entries/"+entry+"/apply", m{"households": 13})
	bank := v.client(ruralBank)
	sums := m{"village": gugangVillage, "day": v.today(), "balanceFen": 100_000_000, "badFen": 500_000, "newBadFen": 100_000}
	v.must(200, bank, "POST", "/v1/bank/village-figures", sums)
	v.must(200, bank, "POST", "/v1/bank/village-figures", sums)
	v.in(409, v.second, "POST", "/v1/village-entries/"+entry+"/votes", m{"verdict": "APPROVE"})
	v.advance("P6D")
	v.again()
	v.reaches(entry, "REVIEW")
	e := v.in(200, v.reviewer, "GET", "/v1/village-entries/"+entry, nil) // whoever wrote the first sheet may see it
	if points := e["score"].(m)["points"]; points != "90.96" {
		v.t.Errorf("%v points: %v", points, e["facts"])
	}
	v.waits("the round to be frozen", func() bool { return v.must(200, "", "GET", "/v1/village-rounds/"+round, nil)["state"] == "REVIEW" })
	v.in(403, v.reviewer, "POST", "/v1/village-entries/"+entry+"/votes", m{"verdict": "APPROVE"}) // filed it
	v.in(200, v.second, "POST", "/v1/village-entries/"+entry+"/votes", m{"verdict": "APPROVE"})
	return round, entry
}

// drawnByHand is the sample as an outsider draws it.
func drawnByHand(seed, root string, size int) []int {
	type ticket struct {
		hash string
		row  int
	}
	var all []ticket
	for i := range size {
		sum := sha256.Sum256([]byte(seed + "\n" + root + "\n" + strconv.Itoa(i)))
		all = append(all, ticket{hex.EncodeToString(sum[:]), i})
	}
	slices.SortFunc(all, func(a, b ticket) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	var rows []int
	for _, x := range all[:min(20, size)] {
		rows = append(rows, x.row)
	}
	slices.Sort(rows)
	return rows
}

// A village applies with evidence, is scored on what was frozen, looked at by two offices, shown, and decided on; loans get cheaper; a
// year later it is below the line, has ninety days to mend, and the plaque comes down.
func TestVillageYear(t *testing.T) {
	t.Parallel()
	v := openCounty(t)
	before := v.stars(gugangVillage)
	v.scheme()
	round, entry := v.plaque()
	path := "/v1/village-entries/" + entry
	// the second sheet of the one entry that could be drawn, and the county's sample
	e := v.entryOf(entry)
	if e["hidden"] != true || e["score"] != nil {
		t.Errorf("the only entry was not drawn, or is not hidden: %v", e["second"])
	}
	v.in(403, v.a, "GET", path+"/scores", nil)
	v.in(403, v.reviewer, "PUT", path+"/scores", m{"second": true, "writes": []any{m{"op": "x", "indicator": "notices", "value": 1, "writtenAt": "2026-01-01T00:00:00Z"}}})
	v.in(409, v.a, "POST", path+"/votes", m{"verdict": "APPROVE"})
	ws := []any{}
	for _, x := range v.entryOf(entry)["evidence"].([]any) {
		if about := x.(m)["about"].(string); about != "roster" {
			n := map[string]int{"committee": 2, "rules": 2, "notices": 4, "education": 2}[about]
			ws = append(ws, m{"op": "s-" + about, "indicator": about, "value": n, "evidence": []any{x.(m)["id"]}, "writtenAt": string(v.today()) + "T00:00:00Z"})
		}
	}
	v.in(200, v.c, "PUT", path+"/scores", m{"second": true, "writes": ws})
	r := v.must(200, "", "GET", "/v1/village-rounds/"+round, nil)
	seed := r["seed"].(string)
	if sum := sha256.Sum256([]byte(seed)); hex.EncodeToString(sum[:]) != r["commitment"] {
		t.Error("the seed is not the one that was committed to")
	}
	var rows []int
	for _, x := range v.in(200, v.a, "GET", path+"/sample", nil)["items"].([]any) {
		rows = append(rows, int(x.(m)["row"].(float64)))
		v.in(200, v.a, "PUT", path+"/sample/"+x.(m)["householdId"].(string), m{"found": "CONFIRMED"})
	}
	if want := drawnByHand(seed, v.entryOf(entry)["root"].(string), 12); !slices.Equal(rows, want) {
		t.Errorf("the sample is %v, by hand %v", rows, want)
	}
	v.in(409, v.a, "POST", path+"/votes", m{"verdict": "APPROVE"}) // the two sheets differ, and nothing is said of it
	v.in(200, v.a, "POST", path+"/votes", m{"verdict": "APPROVE", "note": "宣传次数以第一张表为准"})
	stats := v.in(200, v.a, "GET", "/v1/village-rounds/"+round+"/statistics", nil)
	if stats["secondSheetsWhole"] != 1.0 || stats["indicatorsCompared"] != 4.0 || stats["indicatorsAgree"] != 3.0 || len(stats["scorers"].([]any)) != 2 {
		t.Errorf("statistics: %v", stats)
	}

	notice := v.in(201, v.a, "POST", "/v1/village-notices", m{"round": round})["id"].(string)
	v.reaches(entry, "NOTICE")
	shown := v.must(200, "", "GET", "/v1/village-rounds/"+round+"/ranking", nil)["items"].([]any)
	if len(shown) != 1 || shown[0].(m)["villageName"] != "古港村" || shown[0].(m)["stars"] != 3.0 {
		t.Errorf("ranking: %v", shown)
	}
	objection := v.must(201, v.farmer, "POST", "/v1/notices/"+notice+"/objections", m{"ref": entry, "text": "名册少了两户"})["id"].(string)
	answer := "/v1/notices/" + notice + "/objections/" + objection + "/answer"
	v.must(404, v.second, "POST", answer, m{"upheld": false, "answer": "x"}, "X-Acting-As", asTown)
	v.in(403, v.a, "POST", answer, m{"upheld": false, "answer": "x"}) // who opened it does not answer
	v.in(200, v.b, "POST", answer, m{"upheld": false, "answer": "已核对名册"})
	v.advance("P12D")
	v.again()
	v.reaches(entry, "DECISION")
	v.in(403, v.a, "POST", path+"/votes", m{"verdict": "APPROVE"}) // looked at it before
	v.in(200, v.b, "POST", path+"/votes", m{"verdict": "APPROVE"})
	if got := v.entryOf(entry)["state"]; got != "DECISION" {
		t.Errorf("one of two decided: %v", got)
	}
	e = v.in(200, v.c, "POST", path+"/votes", m{"verdict": "APPROVE"})
	if e["state"] != "CERTIFIED" || e["stars"] != 3.0 || e["plaqueNo"] == "" {
		t.Fatalf("%v", e)
	}
	v.waits("loans to see the stars", func() bool { return v.stars(gugangVillage) == 3 })
	if before != 0 {
		t.Errorf("%d stars before", before)
	}
	v.waits("the outcome on the notice", func() bool {
		lines := v.must(200, "", "GET", "/v1/notices/"+notice, nil)["lines"].([]any)
		return lines[0].(m)["outcome"] == "认定为信用村 ★★★"
	})
	town := v.must(200, "", "GET", "/v1/villages/map?place=430181108", nil)
	if town["creditVillages"].(float64) < 2 || town["placeName"] != "古港镇" {
		t.Errorf("map: %v", town)
	}
	v.mapsTheCity()
	v.comesDown(entry)
}

// passes lets days pass, a month at a time: the whole city lives through them.
func (v *county) passes(days int) {
	v.t.Helper()
	for days > 0 {
		n := min(days, 20)
		v.advance("P" + strconv.Itoa(n) + "D")
		days -= n
	}
}

func (v *county) mapsTheCity() {
	v.t.Helper()
	all := v.must(200, "", "GET", "/v1/villages/map?place=4301", nil)
	if all["villages"].(float64) < 700 || len(all["inside"].([]any)) < 9 {
		v.t.Errorf("the city's map: %v", all)
	}
}

// comesDown is the year after: below the line, ninety days, and the end; an office that is late takes nothing away.
func (v *county) comesDown(entry string) {
	v.t.Helper()
	path := "/v1/village-entries/" + entry
	v.in(409, v.b, "POST", path+"/renew", nil)
	v.passes(95)
	v.again()
	v.reaches(entry, "ANNUAL")
	v.passes(60) // the plaque's year is over and nobody has looked
	v.again()
	if got := v.stars(gugangVillage); got != 3 {
		v.t.Errorf("an office that is late cost the village its stars: %d", got)
	}
	v.must(200, v.client(ruralBank), "POST", "/v1/bank/village-figures", m{"village": gugangVillage, "day": v.today(), "balanceFen": 100_000_000, "badFen": 6_000_000, "newBadFen": 100_000})
	v.in(403, v.reviewer, "POST", path+"/renew", nil)
	e := v.in(200, v.b, "POST", path+"/renew", nil)
	if e["state"] != "GRACE" || v.stars(gugangVillage) != 3 {
		v.t.Fatalf("%v, %d stars", e["state"], v.stars(gugangVillage))
	}
	v.in(409, v.b, "POST", path+"/renew", nil) // the time to mend is not over
	v.passes(91)
	v.again()
	if got := v.stars(gugangVillage); got != 3 {
		v.t.Errorf("the time to mend took the stars by itself: %d", got)
	}
	e = v.in(200, v.b, "POST", path+"/renew", nil)
	if e["state"] != "REVOKED" || e["stars"] != 0.0 {
		v.t.Fatalf("%v", e)
	}
	v.waits("loans to see no stars", func() bool { return v.stars(gugangVillage) == 0 })
}

// A draft that somebody else saved has two makers, and neither publishes it; whoever saw an older one changes nothing.
func TestSchemeOfTwoMakers(t *testing.T) {
	v := openVillage(t)
	author, second := v.signIn(cityCredit), v.signIn("19900000034")
	do := func(status int, token, method, path string, body any, header ...string) m {
		t.Helper()
		return v.must(status, token, method, path, body, append(header, "X-Acting-As", "office-credit-changsha")...)
	}
	plan, err := os.ReadFile("../seed/villagescheme.json")
	if err != nil {
		t.Fatal(err)
	}
	at := "/v1/village-schemes/" + do(201, author, "POST", "/v1/village-schemes", m{"level": "VILLAGE", "plan": string(plan)})["id"].(string)
	do(412, second, "PUT", at, m{"plan": string(plan)}, "If-Match", `"999"`)
	draft := do(200, second, "PUT", at, m{"plan": string(plan)}, "If-Match", `"1"`)
	if draft["state"] != "DRAFT" || len(draft["makers"].([]any)) != 2 || slices.Contains(draft["acts"].([]any), any("approve")) {
		t.Errorf("%v %v %v", draft["state"], draft["makers"], draft["acts"])
	}
	for _, maker := range []string{author, second} {
		if out := do(403, maker, "POST", at+"/publish", nil); out["reason"] != "second_person" {
			t.Errorf("%v", out)
		}
	}
	do(412, author, "POST", at+"/drop", nil, "If-Match", `"1"`)
	if got := do(200, author, "GET", at, nil); got["state"] != "DRAFT" || got["revision"] != draft["revision"] {
		t.Errorf("%v", got)
	}
}
