package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"xinyi/models"
)

const (
	collector1, collector2 = "19900000042", "19900000043"
	town1, town2           = "19900000041", "19900000044"
	fanshi                 = "430181108203"
	ruralBank              = "bank-liuyang-nongshang"
	asVillage, asTown      = "office-fanshi", "office-gugang"
)

// village is a city seen from a village: its people and their offices.
type hamlet struct {
	*city
	farmer, one, two, reviewer, second string // tokens: the farmer, two collectors, two of the township
}

func openVillage(t *testing.T) *hamlet {
	v := &hamlet{city: openCity(t)}
	v.fresh()
	return v
}

// fresh signs everybody in anew.
func (v *hamlet) fresh() {
	v.farmer, v.one, v.two, v.reviewer, v.second = v.signIn(aFarmer), v.signIn(collector1), v.signIn(collector2), v.signIn(town1), v.signIn(town2)
}

// asks is must, in an office.
func (v *hamlet) asks(status int, token, method, path string, body any) m {
	v.t.Helper()
	office := asVillage
	if token == v.reviewer || token == v.second {
		office = asTown
	}
	return v.must(status, token, method, path, body, "X-Acting-As", office)
}

// texts are what is to be signed, by id.
func (v *hamlet) texts() map[string]m {
	all := map[string]m{}
	for _, x := range v.must(200, "", "GET", "/v1/farmers/forms?place="+fanshi, nil)["texts"].([]any) {
		all[x.(m)["id"].(string)] = x.(m)
	}
	return all
}

// edit is a cell as a phone wrote it.
func edit(at string, value any, wrote string) m { return m{"at": at, "value": value, "wrote": wrote} }

// gathered is what the collector notes of the farmer's household.
func (v *hamlet) gathered(wrote string) []m {
	all := []m{}
	for at, value := range map[string]any{
		"head/name": "罗德胜", "head/idNumber": farmersNumber(v), "head/kind": "grower", "head/since": "1990-01-01", "head/resident": true, "head/fixedHome": true, "head/labour": true,
		"head/certificate": true, "members/m1/name": "周菊香", "members/m1/relation": "spouse", "members/m1/labour": true, "land/contracted": 860, "production/p1/kind": "crop",
		"production/p1/scale": "large", "production/p1/years": 12, "production/p1/insured": true, "conduct/duesPaid": true, "conduct/publicDuty": true, "conduct/volunteerHours": 80,
		"honours/h1/title": "civilised", "honours/h2/title": "model", "honours/h3/title": "volunteer",
	} {
		all = append(all, edit(at, value, wrote))
	}
	return all
}

// farmersNumber is the demo farmer's made-up ID number.
func farmersNumber(v *hamlet) string {
	v.t.Helper()
	n, err := models.SyntheticIDNumber("430181", "1963-09-30")
	if err != nil {
		v.t.Fatal(err)
	}
	return n.Reveal()
}

// signature is a picture of a signature: its id in the file.
func (v *hamlet) signature(file string) string {
	v.t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 20)), nil); err != nil {
		v.t.Fatal(err)
	}
	rq, _ := http.NewRequestWithContext(v.t.Context(), "POST", v.url+"/v1/farmers/files/"+file+"/photos?about=signature", &b)
	rq.Header.Set("Authorization", "Bearer "+v.one)
	rq.Header.Set("X-Acting-As", asVillage)
	rq.Header.Set("Content-Type", "image/jpeg")
	resp, err := http.DefaultClient.Do(rq)
	if err != nil || resp.StatusCode != 200 {
		v.t.Fatalf("%v %v", resp, err)
	}
	resp.Body.Close()
	photos := v.asks(200, v.one, "GET", "/v1/farmers/files/"+file, nil)["photos"].([]any)
	return photos[len(photos)-1].(m)["id"].(string)
}

// files collects the farmer's household, has him agree, and has a second person verify it: the file's id.
func (v *hamlet) files() string {
	v.t.Helper()
	wrote := v.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)
	op := m{"op": "op-1", "household": "phone-1-h-1", "village": fanshi, "no": "0201", "edits": v.gathered(wrote)}
	out := v.asks(200, v.one, "POST", "/v1/farmers/sync", m{"operations": []m{op}})["results"].([]any)[0].(m)
	if out["taken"] != true || out["created"] != true || len(out["verdicts"].([]any)) != 0 {
		v.t.Fatalf("%v", out)
	}
	again := v.asks(200, v.one, "POST", "/v1/farmers/sync", m{"operations": []m{op}})["results"].([]any)[0].(m)
	if again["householdId"] != out["householdId"] || again["revision"] != out["revision"] || again["created"] == true {
		v.t.Errorf("the same operation twice: %v, then %v", out, again)
	}
	file := out["householdId"].(string)
	text := v.texts()["farm_file"]
	v.asks(200, v.one, "POST", "/v1/farmers/files/"+file+"/agreements", m{"text": "farm_file", "version": text["version"], "hash": text["hash"], "proof": v.signature(file)})
	if got := v.asks(200, v.one, "POST", "/v1/farmers/files/"+file+"/submit", nil); got["state"] != "SUBMITTED" {
		v.t.Fatalf("%v", got)
	}
	if out := v.asks(403, v.one, "POST", "/v1/farmers/files/"+file+"/verify", nil); out["reason"] != "second_person" {
		v.t.Errorf("%v", out)
	}
	v.asks(200, v.two, "POST", "/v1/farmers/files/"+file+"/verify", nil)
	return file
}

// A household from the collector's phone to a certificate and a bank, under the sandbox clock.
func TestFarmJourney(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	file := v.files()
	v.waits("it is scored", func() bool { s, _ := v.call(v.farmer, "GET", "/v1/me/farm-file/score", nil); return s == 200 })
	before := v.must(200, v.farmer, "GET", "/v1/me/farm-file/score", nil)
	if !strings.Contains(fmt.Sprint(before["dimensions"]), "WITHHELD") {
		t.Errorf("what was not agreed to is neutral and says so: %v", before)
	}

	// He reads every field, says that one is wrong, and sees it put right by somebody else.
	mine := v.must(200, v.farmer, "GET", "/v1/me/farm-file", nil)
	if !strings.Contains(fmt.Sprint(mine["sections"]), "COLLECTOR") || !strings.Contains(fmt.Sprint(mine["sections"]), "罗德胜") {
		t.Errorf("%v", mine)
	}
	change := v.must(201, v.farmer, "POST", "/v1/me/farm-file/changes", m{"kind": "CORRECT", "reason": "少登记了三亩", "wants": []m{{"at": "land/contracted", "to": 1160}}})["id"].(string)
	v.must(409, v.farmer, "POST", "/v1/me/farm-file/changes", m{"kind": "CORRECT", "reason": "再说一次", "wants": []m{{"at": "land/contracted", "to": 1160}}})
	preview := v.asks(200, v.one, "GET", "/v1/farmers/changes/"+change, nil)["differences"].([]any)
	if len(preview) != 1 || preview[0].(m)["before"] != 860.0 || preview[0].(m)["after"] != 1160.0 {
		t.Errorf("%v", preview)
	}
	v.asks(200, v.one, "POST", "/v1/farmers/changes/"+change+"/approve", m{"answer": "已核对承包证"})
	v.waits("it is put right", func() bool {
		got := v.must(200, v.farmer, "GET", "/v1/me/farm-file", nil)
		return got["state"] == "VERIFIED" && strings.Contains(fmt.Sprint(got["sections"]), "1160")
	})

	// What is restricted is kept only after two more texts.
	income := m{"op": "mine-1", "edits": []m{edit("income/plantingFen", 9000000, "2026-01-01T00:00:00Z")}}
	if out := v.must(200, v.farmer, "POST", "/v1/me/farm-file/sync", income); out["verdicts"].([]any)[0].(m)["code"] != "farmer_no_consent" {
		t.Errorf("%v", out)
	}
	for _, id := range []string{"adverse", "written"} {
		text := v.texts()[id]
		v.must(200, v.farmer, "POST", "/v1/me/farm-file/agreements", m{"text": id, "version": text["version"], "hash": text["hash"]})
	}
	income["op"] = "mine-2"
	if out := v.must(200, v.farmer, "POST", "/v1/me/farm-file/sync", income); out["applied"] != 1.0 || out["state"] != "DRAFT" {
		t.Errorf("%v", out)
	}
	v.asks(200, v.one, "POST", "/v1/farmers/files/"+file+"/submit", nil)
	v.asks(200, v.two, "POST", "/v1/farmers/files/"+file+"/verify", nil)

	no := v.certified(file)
	shown := v.must(200, "", "GET", "/v1/farmers/certificates/"+no, nil)
	if shown["genuine"] != true || shown["inForce"] != true || strings.Contains(fmt.Sprint(shown), "罗德胜") {
		t.Errorf("%v", shown)
	}
	if other := v.must(200, "", "GET", "/v1/farmers/certificates/XYH0", nil); other["genuine"] != false {
		t.Errorf("%v", other)
	}
	v.shares(file)

	// Every access is his to see.
	looks := fmt.Sprint(v.must(200, v.farmer, "GET", "/v1/me/accesses?limit=200", nil)["items"])
	for _, want := range []string{"farmer.file", "farmer.evaluation", "share.loan", "范市村村委会"} {
		if !strings.Contains(looks, want) {
			t.Errorf("he does not see %s", want)
		}
	}
}

// certified leads a verified household to its certificate: the number.
func (v *hamlet) certified(file string) string {
	v.t.Helper()
	eval := v.must(201, v.farmer, "POST", "/v1/me/farm-file/evaluations", nil)["id"].(string)
	at := "/v1/farmers/evaluations/" + eval
	v.asks(400, v.one, "POST", at+"/peers", m{"households": []string{"farm-03"}})
	v.asks(200, v.one, "POST", at+"/peers", m{"households": []string{"farm-03", "farm-04", "farm-05", "farm-06", "farm-07", "farm-08"}})
	v.must(404, v.farmer, "GET", "/v1/me/farm-reviews/"+eval, nil)
	for i := 3; i <= 8; i++ {
		neighbour := v.signIn(fmt.Sprintf("199000002%02d", i))
		if i == 8 {
			v.must(200, neighbour, "POST", "/v1/me/farm-reviews/"+eval, m{"recused": true})
			continue
		}
		v.must(200, neighbour, "POST", "/v1/me/farm-reviews/"+eval, m{"answers": m{"promises": 2, "repute": 2, "diligence": 2, "community": i % 2}})
	}
	v.advance("P8D")
	v.fresh()
	v.waits("the village can look", func() bool {
		e := v.must(200, v.farmer, "GET", "/v1/me/farm-file/evaluations/"+eval, nil)
		return e["step"] == "SCORED" && e["score"] != nil
	})
	e := v.asks(200, v.one, "GET", at, nil)
	if e["peersCounted"] != 5.0 || e["score"].(m)["creditHousehold"] != true {
		v.t.Fatalf("%v", e)
	}
	v.asks(200, v.one, "POST", at+"/propose", nil)
	n := v.asks(201, v.one, "POST", "/v1/farmers/notices", m{"village": fanshi, "evaluations": []string{eval}})
	line := v.must(200, "", "GET", "/v1/notices/"+n["id"].(string), nil)["lines"].([]any)[0].(m)
	if strings.Contains(line["label"].(string), "德胜") || line["text"] != e["score"].(m)["grade"] {
		v.t.Errorf("%v", line)
	}
	objector := v.signIn(resident)
	o := v.must(201, objector, "POST", "/v1/notices/"+n["id"].(string)+"/objections", m{"ref": eval, "text": "听说他家去年没交水费"})
	v.must(403, v.farmer, "POST", "/v1/notices/"+n["id"].(string)+"/objections", m{"ref": eval, "text": "这是我自己的"})
	v.advance("P9D")
	v.fresh()
	if e := v.must(200, v.farmer, "GET", "/v1/me/farm-file/evaluations/"+eval, nil); e["step"] != "NOTICE" {
		v.t.Fatalf("an objection holds it up: %v", e)
	}
	v.asks(200, v.reviewer, "POST", "/v1/notices/"+n["id"].(string)+"/objections/"+o["id"].(string)+"/answer", m{"upheld": false, "answer": "已查，按时缴清"})
	v.waits("it passed", func() bool {
		return v.must(200, v.farmer, "GET", "/v1/me/farm-file/evaluations/"+eval, nil)["step"] == "REVIEW"
	})
	got := v.asks(200, v.reviewer, "POST", at+"/certify", nil)
	if got["step"] != "CERTIFIED" || got["creditHousehold"] != true {
		v.t.Fatalf("%v", got)
	}
	return got["certificateNo"].(string)
}

// shares gives the bank a part of the file for some days, has it read, and withdraws.
func (v *hamlet) shares(file string) {
	v.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		v.t.Fatal(err)
	}
	jwk, err := (&jose.JSONWebKey{Key: key.Public(), KeyID: "bank-1"}).MarshalJSON()
	if err != nil {
		v.t.Fatal(err)
	}
	office := v.signIn(cityCredit)
	v.must(200, office, "PUT", "/v1/consents/partners/"+ruralBank, m{"box": string(jwk), "grants": m{
		"share.loan": []string{"farm.household", "farm.members", "farm.land", "farm.score", "finance.income"}}}, "X-Acting-As", "office-credit-changsha")
	consent := (&filed{city: v.city}).consents(v.farmer, "share.loan", 2, "farm.household", "farm.members", "farm.score")
	bank := v.client(ruralBank)
	ask := func(nonce string, scopes ...string) (int, m) {
		return v.call(bank, "POST", "/v1/farmers/packages", m{"consentId": consent, "purpose": "share.loan", "scopes": scopes,
			"subject": m{"idNumber": farmersNumber(v)}, "nonce": nonce})
	}
	if status, out := ask("nonce-0000000001", "finance.income"); status != 403 || out["reason"] != "query.scope_exceeds_policy" {
		v.t.Errorf("%d %v", status, out)
	}
	status, out := ask("nonce-0000000002", "farm.household", "farm.members", "farm.score")
	if status != 200 {
		v.t.Fatalf("%d %v", status, out)
	}
	box, err := jose.ParseEncrypted(out["package"].(string), []jose.KeyAlgorithm{jose.ECDH_ES_A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		v.t.Fatal(err)
	}
	signed, err := box.Decrypt(key)
	if err != nil {
		v.t.Fatal(err)
	}
	jws, err := jose.ParseSigned(string(signed), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		v.t.Fatal(err)
	}
	inside := string(jws.UnsafePayloadWithoutVerification())
	if !strings.Contains(inside, "罗德胜") || strings.Contains(inside, "周菊香") || strings.Contains(inside, "plantingFen") || !strings.Contains(inside, `"grade"`) {
		v.t.Errorf("the package holds what was agreed to, and others masked: %s", inside)
	}
	share := rowsIn(v.must(200, v.farmer, "GET", "/v1/me/farm-file/shares", nil))[0]
	if share["consentId"] != consent || share["reads"].([]any)[0].(m)["sha256"] != out["sha256"] {
		v.t.Errorf("%v", share)
	}
	v.must(200, v.farmer, "POST", "/v1/me/consents/"+consent+"/withdraw", nil)
	if status, out := ask("nonce-0000000003", "farm.score"); status != 403 || out["reason"] != "query.revoked" {
		v.t.Errorf("the next read: %d %v", status, out)
	}
	v.waits("the deletion is due", func() bool {
		return rowsIn(v.must(200, v.farmer, "GET", "/v1/me/farm-file/shares", nil))[0]["state"] == "DELETE_DUE"
	})
	v.must(200, bank, "POST", "/v1/farmers/packages/"+consent+"/deleted", m{"no": "DEL-1"})
	if got := rowsIn(v.must(200, v.farmer, "GET", "/v1/me/farm-file/shares", nil))[0]; got["state"] != "DELETED" {
		v.t.Errorf("%v", got)
	}
}

// lent asks two banks for a household, compares, takes one, and has the money paid out: application and loan.
func (v *hamlet) lent() (string, string) {
	v.t.Helper()
	text := rowsIn(v.must(200, "", "GET", "/v1/privacy-notices", nil))
	hash := one(m{"items": anys(text)}, is("id", "lending"))["hash"].(string)
	var asked []string
	for i, bank := range []string{ruralBank, "bank-liuyang-cunzhen"} {
		body := (&filed{city: v.city}).agreed(false)
		for k, x := range (m{"recipient": bank, "purpose": "share.loan", "scopes": []string{"farm.score"}, "mode": "PERIODIC", "days": 30, "reads": 3}) {
			body[k] = x
		}
		consent := v.must(201, v.farmer, "POST", "/v1/me/consents", body)["id"].(string)
		a := v.must(201, v.farmer, "POST", "/v1/me/loan-applications", m{"productId": fmt.Sprintf("loan-product-%d", i+1), "needId": "need-of-luo", "amountFen": 3000000, "months": 12,
			"purpose": "买油茶苗", "consentId": consent, "text": hash})
		if a["state"] != "SUBMITTED" && a["state"] != "DELIVERED" {
			v.t.Fatalf("%v", a)
		}
		asked = append(asked, a["id"].(string))
	}
	v.must(409, v.farmer, "POST", "/v1/me/loan-applications", m{"productId": "loan-product-1", "needId": "again", "amountFen": 3000000, "months": 12, "purpose": "x", "consentId": "nobody's", "text": hash})
	rates := []int{555, 600} // two stars take 20 off 575 and 620
	for i, bank := range []string{ruralBank, "bank-liuyang-cunzhen"} {
		token, at := v.client(bank), "/v1/bank/applications/"+asked[i]
		v.waits("the bank has it", func() bool { s, _ := v.call(token, "GET", at, nil); return s == 200 })
		if a := v.must(200, v.farmer, "GET", "/v1/me/loan-applications/"+asked[i], nil); a["state"] != "DELIVERED" || a["answerDue"] == nil {
			v.t.Fatalf("%v", a)
		}
		v.must(200, token, "POST", at+"/take", m{"to": "ACCEPTED_BY_BANK"})
		if out := v.must(400, token, "POST", at+"/offer", m{"method": "EQUAL_INSTALMENT", "amountFen": 3000000, "months": 12, "rateBp": rates[i] + 1, "no": "O-1"}); out["reason"] != "loan.offer_invalid" {
			v.t.Errorf("dearer than in a village of two stars: %v", out)
		}
		v.must(200, token, "POST", at+"/offer", m{"method": "EQUAL_INSTALMENT", "amountFen": 3000000, "months": 12, "rateBp": rates[i], "no": "O-1"})
		v.must(404, v.client(map[string]string{ruralBank: "bank-liuyang-cunzhen", "bank-liuyang-cunzhen": ruralBank}[bank]), "GET", at, nil)
	}
	offers := rowsIn(v.must(200, v.farmer, "GET", "/v1/me/loan-needs/need-of-luo/offers", nil))
	if len(offers) != 2 || offers[0]["id"] != asked[0] {
		v.t.Fatalf("the cheaper first: %v", offers)
	}
	v.must(200, v.farmer, "POST", "/v1/me/loan-applications/"+asked[0]+"/accept", nil)
	v.waits("the other is let go", func() bool {
		return v.must(200, v.farmer, "GET", "/v1/me/loan-applications/"+asked[1], nil)["state"] == "WITHDRAWN"
	})
	today := v.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)
	on := string(dayOf(v.t, today))
	loan := v.must(200, v.client(ruralBank), "POST", "/v1/bank/applications/"+asked[0]+"/disburse", m{"no": "L-1", "on": on})
	return asked[0], loan["id"].(string)
}

func anys(rows []m) (all []any) {
	for _, r := range rows {
		all = append(all, r)
	}
	return all
}

func dayOf(t *testing.T, at string) models.Day {
	t.Helper()
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	return models.DayOf(when)
}

// A loan from two offers to its end, under the sandbox clock: reminded, past due, paid, paid early, settled; and what it does to the score.
func TestLoanJourney(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	v.files()
	v.waits("it is scored", func() bool { s, _ := v.call(v.farmer, "GET", "/v1/me/farm-file/score", nil); return s == 200 })
	_, id := v.lent()
	mine := func() m { t.Helper(); return v.must(200, v.farmer, "GET", "/v1/me/loans/"+id, nil) }
	l := mine()
	items := l["instalments"].([]any)
	var principal, interest float64
	for _, x := range items {
		principal, interest = principal+x.(m)["principalFen"].(float64), interest+x.(m)["interestFen"].(float64)
	}
	if len(items) != 12 || principal != 3000000 || l["outstandingFen"] != 3000000.0 {
		t.Fatalf("%v", l)
	}
	v.advance("P10D")
	v.advance("P10D")
	v.advance("P10D") // 30 days: the first is due in one, or is just due
	v.fresh()
	v.waits("he is reminded", func() bool {
		return strings.Contains(fmt.Sprint(v.must(200, v.farmer, "GET", "/v1/me/inbox?limit=200", nil)["items"]), "loan.due_soon")
	})
	v.advance("P8D")
	v.fresh()
	if l := mine(); l["daysPastDue"].(float64) < 6 || l["range"] != 1.0 {
		t.Errorf("%v", l)
	}
	loans := func() string {
		return fmt.Sprint(v.must(200, v.farmer, "GET", "/v1/me/farm-file/score", nil)["dimensions"].([]any)[0].(m)["items"].([]any)[0])
	}
	v.waits("the score hears of it", func() bool { return strings.Contains(loans(), "points:10.00") && strings.Contains(loans(), "COUNTED") })
	bank := v.client(ruralBank)
	first := items[0].(m)
	on := string(dayOf(t, v.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string)))
	pay := m{"no": "P-1", "amountFen": first["principalFen"].(float64) + first["interestFen"].(float64), "on": on}
	for range 2 {
		v.must(200, bank, "POST", "/v1/bank/loans/"+id+"/payments", pay)
	}
	pay["amountFen"] = 1
	v.must(409, bank, "POST", "/v1/bank/loans/"+id+"/payments", pay)
	l = mine()
	if l["daysPastDue"] != 0.0 || len(l["payments"].([]any)) != 1 || len(l["spells"].([]any)) != 2 {
		t.Errorf("%v", l)
	}
	off := l["payOffToday"].(m)
	v.must(200, bank, "POST", "/v1/bank/loans/"+id+"/payments", m{"no": "E-1", "early": true, "on": on, "amountFen": off["principalFen"].(float64) + off["interestFen"].(float64)})
	if l := mine(); l["state"] != "SETTLED" || l["outstandingFen"] != 0.0 || l["payOffToday"] != nil {
		t.Errorf("%v", l)
	}
	office := v.signIn(cityCredit)
	var sums m
	v.waits("the city sees what was lent", func() bool {
		sums = v.must(200, office, "GET", "/v1/loans/metrics?since=2020-01-01", nil, "X-Acting-As", "office-credit-changsha")
		return sums["total"].(m)["loans"].(float64) >= 4
	})
	if sums["targetFen"] != 1e13 || sums["total"].(m)["paidOutFen"].(float64) < 3000000 {
		t.Errorf("%v", sums)
	}
}

// Two phones write the same household without knowing of each other: nothing is lost, and it is not handed in before somebody has looked.
func TestTwoPhones(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	at := "/v1/farmers/files/farm-01"
	sync := func(token, op, wrote string, value int) m {
		t.Helper()
		return v.asks(200, token, "POST", "/v1/farmers/sync", m{"operations": []m{{"op": op, "household": "farm-01", "edits": []m{edit("land/forest", value, wrote)}}}})["results"].([]any)[0].(m)
	}
	if out := sync(v.one, "a1", "2026-01-02T08:00:00Z", 100); out["applied"] != 1.0 {
		t.Fatalf("%v", out)
	}
	out := sync(v.two, "b1", "2026-01-02T07:00:00Z", 200)
	if x := out["verdicts"].([]any)[0].(m); x["outcome"] != "KEPT" || x["other"] != 100.0 || x["otherWrote"] == nil {
		t.Errorf("%v", out)
	}
	file := v.asks(200, v.one, "GET", at, nil)
	conflict := file["conflicts"].([]any)[0].(m)
	if conflict["lost"] != 200.0 || !strings.Contains(fmt.Sprint(file["lacks"]), "farmer_conflicts") {
		t.Errorf("%v", file)
	}
	if out := v.asks(400, v.one, "POST", at+"/submit", nil); out["reason"] != "farmer.incomplete" {
		t.Errorf("%v", out)
	}
	file = v.asks(200, v.two, "POST", at+"/conflicts/"+conflict["id"].(string), m{"lostStands": true})
	if len(file["conflicts"].([]any)) != 0 || !strings.Contains(fmt.Sprint(file["sections"]), "200") {
		t.Errorf("%v", file)
	}
	bad := v.asks(200, v.one, "POST", "/v1/farmers/sync", m{"operations": []m{
		{"op": "x1", "household": "farm-01", "edits": []m{edit("land/forest", "many", "2026-01-03T08:00:00Z"), edit("head/illness", "x", "2026-01-03T08:00:00Z"), edit("land/water", 5, "2026-01-03T08:00:00Z")}},
		{"op": "x2", "household": "phone-9", "village": "430181108210", "no": "9", "edits": []m{}},
		{"op": "x3", "household": "phone-9", "village": fanshi, "no": "0102", "edits": []m{}},
		{"op": "x4", "household": "phone-10", "village": fanshi, "no": "0210", "edits": []m{edit("members/m1/idNumber", farmersNumber(v), "2026-01-03T08:00:00Z"), edit("head/name", "某人", "2026-01-03T08:00:00Z")}},
	}})["results"].([]any)
	for i, want := range []string{"wrong_type farmer_no_field", "farmer.other_region", "farmer.number_taken", ""} {
		got := fmt.Sprint(bad[i])
		for _, w := range strings.Fields(want) {
			if !strings.Contains(got, w) {
				t.Errorf("%d: %s lacks %s", i, got, w)
			}
		}
	}
	if bad[0].(m)["applied"] != 1.0 || bad[0].(m)["taken"] != true || bad[1].(m)["taken"] != false {
		t.Errorf("what is right is taken: %v", bad[0])
	}
	if again := v.asks(200, v.one, "POST", "/v1/farmers/sync", m{"operations": []m{{"op": "x5", "household": "phone-11", "village": fanshi, "no": "0211",
		"edits": []m{edit("head/idNumber", farmersNumber(v), "2026-01-03T08:00:00Z")}}}}); !strings.Contains(fmt.Sprint(again), "farmer_elsewhere") {
		t.Errorf("somebody is of two households: %v", again)
	}
}

// A department tells what its record says, with its number; a bank only debts, and only with consent; the household sees where it comes from.
func TestToldByOthers(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	v.files()
	unit, bank := v.client("department-changsha-minzheng"), v.client(ruralBank)
	told := func(at string, value any, record string) m {
		e := edit(at, value, "2026-01-02T08:00:00Z")
		if record != "" {
			e["record"] = record
		}
		return m{"op": at + record, "idNumber": farmersNumber(v), "edits": []m{e}}
	}
	if out := v.must(200, unit, "POST", "/v1/farmers/facts", told("honours/d1/title", "brave", "")); !strings.Contains(fmt.Sprint(out), "farmer_record") {
		t.Errorf("%v", out)
	}
	if out := v.must(200, unit, "POST", "/v1/farmers/facts", told("head/kind", "farm", "R-1")); !strings.Contains(fmt.Sprint(out), "farmer_not_told") {
		t.Errorf("%v", out)
	}
	if out := v.must(200, unit, "POST", "/v1/farmers/facts", told("honours/d1/title", "brave", "R-2")); out["applied"] != 1.0 {
		t.Errorf("%v", out)
	}
	v.must(403, bank, "POST", "/v1/farmers/facts", told("debts/ownBankFen", 100, "L-1"))
	mine := fmt.Sprint(v.must(200, v.farmer, "GET", "/v1/me/farm-file", nil)["sections"])
	if !strings.Contains(mine, "DEPARTMENT") || !strings.Contains(mine, "R-2") {
		t.Errorf("%v", mine)
	}
	if looks := fmt.Sprint(v.must(200, v.farmer, "GET", "/v1/me/accesses?limit=200", nil)["items"]); !strings.Contains(looks, "farm.facts") {
		t.Error("he does not see who told")
	}
}

// A household splits and comes together again; nobody is of two, and whoever asks does not decide.
func TestSplitAndMerge(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	ask := func(file string, body m) string {
		t.Helper()
		return v.asks(201, v.one, "POST", "/v1/farmers/files/"+file+"/changes", body)["id"].(string)
	}
	split := ask("farm-06", m{"kind": "SPLIT", "reason": "分家", "members": []string{"m2"}, "no": "0301"})
	preview := v.asks(200, v.two, "GET", "/v1/farmers/changes/"+split, nil)
	if len(preview["differences"].([]any)) < 2 || len(preview["newHousehold"].([]any)) != 1 {
		t.Errorf("%v", preview)
	}
	v.asks(403, v.one, "POST", "/v1/farmers/changes/"+split+"/approve", m{})
	v.asks(200, v.two, "POST", "/v1/farmers/changes/"+split+"/approve", m{})
	var made string
	v.waits("it is split", func() bool {
		c := v.asks(200, v.two, "GET", "/v1/farmers/changes/"+split, nil)
		made, _ = c["madeHouseholdId"].(string)
		return c["doneAt"] != nil
	})
	if off := v.asks(200, v.one, "GET", "/v1/farmers/files/"+made, nil); off["no"] != "0301" || off["state"] != "DRAFT" {
		t.Errorf("%v", off)
	}
	merge := ask("farm-06", m{"kind": "MERGE", "reason": "又合到一起", "household": made})
	v.asks(200, v.two, "POST", "/v1/farmers/changes/"+merge+"/approve", m{})
	v.waits("they are one again", func() bool { return v.asks(200, v.two, "GET", "/v1/farmers/changes/"+merge, nil)["doneAt"] != nil })
	whole := v.asks(200, v.one, "GET", "/v1/farmers/files/farm-06", nil)
	if n := len(one(m{"items": whole["sections"]}, is("section", "members"))["rows"].([]any)); n != 2 {
		t.Errorf("%d members", n)
	}
	if gone := v.asks(200, v.one, "GET", "/v1/farmers/files/"+made, nil); gone["state"] != "LEFT" || len(gone["sections"].([]any)) != 0 {
		t.Errorf("%v", gone)
	}
}

// A model is in force only after it was tried on everybody, approved by a second person, and announced.
func TestModelGate(t *testing.T) {
	t.Parallel()
	v := openVillage(t)
	author, second := v.signIn(cityCredit), v.signIn("19900000034")
	do := func(status int, token, method, path string, body any) m {
		t.Helper()
		return v.must(status, token, method, path, body, "X-Acting-As", "office-credit-changsha")
	}
	set := do(200, author, "GET", "/v1/farmers/models/household@1", nil)["set"].(m)
	set["grades"].([]any)[2].(m)["least"] = 5500 // A from 55
	raw, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	v.must(403, v.signIn("19900000031"), "POST", "/v1/farmers/models", m{"set": string(raw)}, "X-Acting-As", "office-credit-liuyang") // a county's office
	if out := do(400, author, "POST", "/v1/farmers/models", m{"set": `{"x":1}`}); out["reason"] != "score.set_invalid" {
		t.Errorf("%v", out)
	}
	id := do(201, author, "POST", "/v1/farmers/models", m{"set": string(raw)})["id"].(string)
	at := "/v1/farmers/models/" + id
	if out := do(400, author, "POST", at+"/validate", nil); !strings.Contains(fmt.Sprint(out), "score_grades") { // 55 is below B's 60
		t.Errorf("%v", out)
	}
	set["grades"].([]any)[3].(m)["least"] = 5000
	set["grades"].([]any)[2].(m)["least"] = 6500
	raw, _ = json.Marshal(set)
	do(200, author, "PUT", at, m{"set": string(raw)})
	do(200, author, "POST", at+"/validate", nil)
	do(409, author, "PUT", at, m{"set": string(raw)})
	if out := do(409, second, "POST", at+"/approve", nil); out["reason"] != "release.untried" {
		t.Errorf("%v", out)
	}
	do(201, author, "POST", at+"/simulate", nil)
	v.waits("it was tried", func() bool { return do(200, author, "GET", at, nil)["state"] == "TRIED" })
	trial := do(200, author, "GET", at, nil)["trial"].(m)
	if trial["state"] != "DONE" || trial["job"].(m)["done"] != trial["job"].(m)["of"] || trial["wrote"] != 0.0 || strings.Contains(fmt.Sprint(trial["shifts"]), "count:1 ") {
		t.Errorf("%v", trial)
	}
	do(403, author, "POST", at+"/approve", nil)
	do(200, second, "POST", at+"/approve", nil)
	today := dayOf(t, v.must(200, "", "GET", "/v1/sandbox/clock", nil)["now"].(string))
	do(400, author, "POST", at+"/publish", m{"begins": today})
	do(200, author, "POST", at+"/publish", m{"begins": today.Add(7)})
	v.advance("P8D")
	author = v.signIn(cityCredit)
	v.waits("every household is scored by it", func() bool {
		runs := rowsIn(do(200, author, "GET", at+"/runs?kind=RATE", nil))
		return len(runs) == 1 && runs[0]["state"] == "DONE" && runs[0]["wrote"] == runs[0]["job"].(m)["of"]
	})
	if got := do(200, author, "GET", "/v1/farmers/models/household@1", nil)["state"]; got != "RETIRED" {
		t.Error(got)
	}
}

// A field's white-list: checked against the records, shown for five working days, published by itself, and one taken off again.
func TestWhiteList(t *testing.T) {
	t.Parallel()
	c := openCity(t)
	head, unit := c.signIn(resident), c.client("department-changsha-minzheng")
	fined := c.must(200, head, "GET", "/v1/me/organisations", nil)["items"].([]any)[0].(m)["code"].(string)
	good, struck := string(models.SyntheticUSCC("91", "430181", 77)), string(models.SyntheticUSCC("91", "430181", 78))
	body := m{"field": "agriculture", "title": m{"zh": "示范合作社", "en": "Model cooperatives"}, "against": []string{"XZCF", "YZSX"}, "penalties": 0, "months": 12,
		"entries": []m{{"code": fined, "called": "受罚企业"}, {"code": good, "called": "甲合作社"}, {"code": struck, "called": "乙合作社"}}}
	at := "/v1/unit/loan-lists/" + c.must(201, unit, "POST", "/v1/unit/loan-lists", body)["id"].(string)
	c.must(409, unit, "POST", at+"/show", nil)
	checked := c.must(200, unit, "POST", at+"/check", nil)
	states := map[string]any{}
	for _, e := range checked["entries"].([]any) {
		states[e.(m)["code"].(string)] = e.(m)["state"]
	}
	if states[fined] != "UNFIT" || states[good] != "FIT" || states[struck] != "FIT" || !strings.Contains(fmt.Sprint(checked["entries"]), "XZCF ") {
		t.Fatalf("%v", checked)
	}
	notice := c.must(201, unit, "POST", at+"/show", nil)
	if again := c.must(201, unit, "POST", at+"/show", nil); again["id"] != notice["id"] || len(notice["lines"].([]any)) != 2 {
		t.Errorf("%v, %v", notice, again)
	}
	n := "/v1/notices/" + notice["id"].(string)
	o := c.must(201, head, "POST", n+"/objections", m{"ref": struck, "text": "还有工资没有发"})
	if empty := rowsIn(c.must(200, "", "GET", "/v1/loan-lists?field=agriculture", nil)); len(empty) != 0 {
		t.Errorf("published before its notice is over: %v", empty)
	}
	office := c.signIn(cityCredit)
	c.must(200, office, "POST", n+"/objections/"+o["id"].(string)+"/answer", m{"upheld": true, "answer": "属实"}, "X-Acting-As", "office-credit-changsha")
	c.advance("P10D")
	c.waits("it is published", func() bool { return len(rowsIn(c.must(200, "", "GET", "/v1/loan-lists?field=agriculture", nil))) == 1 })
	list := rowsIn(c.must(200, "", "GET", "/v1/loan-lists?field=agriculture", nil))[0]
	if entries := list["entries"].([]any); len(entries) != 1 || entries[0].(m)["code"] != good {
		t.Errorf("%v", list)
	}
	c.must(404, c.client("department-changsha-shenpi"), "POST", at+"/remove", m{"code": good, "reason": "x"})
	c.must(200, unit, "POST", at+"/remove", m{"code": good, "reason": "发生违约"})
	if list := rowsIn(c.must(200, "", "GET", "/v1/loan-lists?field=agriculture", nil))[0]; len(list["entries"].([]any)) != 0 {
		t.Errorf("%v", list)
	}
}
