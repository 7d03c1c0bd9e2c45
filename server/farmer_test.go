package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

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
type village struct {
	*city
	farmer, one, two, reviewer, second string // tokens: the farmer, two collectors, two of the township
}

func openVillage(t *testing.T) *village {
	v := &village{city: openCity(t)}
	v.fresh()
	return v
}

// fresh signs everybody in anew.
func (v *village) fresh() {
	v.farmer, v.one, v.two, v.reviewer, v.second = v.signIn(farmer), v.signIn(collector1), v.signIn(collector2), v.signIn(town1), v.signIn(town2)
}

// asks is must, in an office.
func (v *village) asks(status int, token, method, path string, body any) m {
	v.t.Helper()
	office := asVillage
	if token == v.reviewer || token == v.second {
		office = asTown
	}
	return v.must(status, token, method, path, body, "X-Acting-As", office)
}

// texts are what is to be signed, by id.
func (v *village) texts() map[string]m {
	all := map[string]m{}
	for _, x := range v.must(200, "", "GET", "/v1/farmers/forms?place="+fanshi, nil)["texts"].([]any) {
		all[x.(m)["id"].(string)] = x.(m)
	}
	return all
}

// edit is a cell as a phone wrote it.
func edit(at string, value any, wrote string) m { return m{"at": at, "value": value, "wrote": wrote} }

// gathered is what the collector notes of the farmer's household.
func (v *village) gathered(wrote string) []m {
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
func farmersNumber(v *village) string {
	v.t.Helper()
	n, err := models.SyntheticIDNumber("430181", "1963-09-30")
	if err != nil {
		v.t.Fatal(err)
	}
	return n.Reveal()
}

// signature is a picture of a signature: its id in the file.
func (v *village) signature(file string) string {
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
func (v *village) files() string {
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
	if out := v.asks(403, v.one, "POST", "/v1/farmers/files/"+file+"/verify", nil); out["reason"] != "farmer.second_person" {
		v.t.Errorf("%v", out)
	}
	v.asks(200, v.two, "POST", "/v1/farmers/files/"+file+"/verify", nil)
	return file
}

// A household from the collector's phone to a certificate and a bank, under the sandbox clock.
func TestFarmJourney(t *testing.T) {
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

	// Every look is his to see.
	looks := fmt.Sprint(v.must(200, v.farmer, "GET", "/v1/me/accesses?limit=200", nil)["items"])
	for _, want := range []string{"farmer.file", "farmer.evaluation", "share.loan", "范市村村委会"} {
		if !strings.Contains(looks, want) {
			t.Errorf("he does not see %s", want)
		}
	}
}

// certified leads a verified household to its certificate: the number.
func (v *village) certified(file string) string {
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
func (v *village) shares(file string) {
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
