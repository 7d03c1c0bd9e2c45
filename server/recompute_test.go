package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/village"
	"xinyi/store"
)

// shown is a village whose facts are frozen and whose notice is open: 240 households on the roster, 210 on file, 196 of them credit
// households, 60 with a loan, 50 of those without arrears.
func shown(t *testing.T, a *App) *village.Entry {
	t.Helper()
	ctx, place := t.Context(), models.Region(fanshi)
	s := schemeThere(t, a)
	there, err := a.repos.Farmer.Scores.Count(ctx, store.FarmScoresIn(place))
	if err != nil {
		t.Fatal(err)
	}
	var scores []*farmer.Score
	var titles []*farmer.Evaluation
	for n := range 210 - int(there) {
		score := &farmer.Score{Meta: models.Meta{ID: fmt.Sprintf("made-up-%03d", n)}, Village: place, Facts: map[string]int64{farmer.FactPersons: 3}}
		if n < 60 {
			score.Facts[farmer.FactLoans] = int64(3 * min(1, n/50))
		}
		scores = append(scores, score)
		if n < 185 {
			e := &farmer.Evaluation{Household: score.ID, Village: place, Slot: score.ID, No: score.ID, Since: "2020-01-01"}
			e.ID, e.State = "title-"+score.ID, farmer.Certified
			titles = append(titles, e)
		}
	}
	if err := a.repos.Farmer.Scores.InsertMany(ctx, scores); err != nil {
		t.Fatal(err)
	}
	if err := a.repos.Farmer.Evaluations.InsertMany(ctx, titles); err != nil {
		t.Fatal(err)
	}
	yesterday := models.DayOf(a.now()).Add(-1)
	r := &village.Round{County: "430181", Year: 2030, Level: village.OfVillages, Scheme: s.ID, Hash: s.Hash, CutOff: yesterday, Ends: yesterday.Add(60), Filed: []string{"shown"}, Seed: models.NewSecret("seed")}
	r.ID, r.State, r.WakeAt = village.RoundID("430181", 2030, village.OfVillages), village.Open, models.At(a.now())
	e := &village.Entry{Round: r.ID, Level: village.OfVillages, Year: 2030, Village: place, Slot: r.ID + "/" + fanshi, Scheme: s.ID, Terms: s.Terms, CutOff: yesterday, Roster: 240, Maker: "somebody"}
	e.ID, e.State = "shown", village.Applied
	for code, src := range s.Sources {
		if src.Kind == village.Manual {
			e.First.Writes = append(e.First.Writes, village.Write{Op: code, Indicator: code, Value: 1, Wrote: a.now(), By: "p"})
		}
	}
	if err := a.repos.Village.Entries.Insert(ctx, e); err != nil {
		t.Fatal(err)
	}
	if err := a.repos.Village.Rounds.Insert(ctx, r); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if e, err = a.repos.Village.Entries.Get(ctx, e.ID); err != nil {
			t.Fatal(err)
		}
		if e.State != village.InReview {
			continue
		}
		if e, err = a.repos.Village.Entries.Update(ctx, e.ID, func(e *village.Entry) error { e.State, e.Notice, e.WakeAt = village.Shown, "notice", nil; return nil }); err != nil {
			t.Fatal(err)
		}
		return e
	}
	t.Fatal("nothing was frozen")
	return nil
}

// schemeThere is the shipped scheme of villages, in force.
func schemeThere(t *testing.T, a *App) *village.Scheme {
	t.Helper()
	s, err := a.repos.Village.Schemes.Get(t.Context(), village.SchemeID(village.OfVillages, 1))
	if err == nil {
		return s
	}
	var plan village.Plan
	if err := json.Unmarshal([]byte(read(t, "seed/villagescheme.json")), &plan); err != nil {
		t.Fatal(err)
	}
	city := models.Actor{Person: "one", Role: models.CreditOffice, Region: "4301"}
	if s, err = village.NewScheme(village.OfVillages, 1, plan, city, a.now()); err != nil {
		t.Fatal(err)
	}
	city.Person = "two"
	if err := s.Publish(city, a.now()); err != nil {
		t.Fatal(err)
	}
	if err := a.repos.Village.Schemes.Insert(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// kept writes what an address answers into a file.
func kept(t *testing.T, dir, name, url, token, office string) string {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
		rq.Header.Set("X-Acting-As", office)
	}
	rs, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Body.Close()
	raw, err := io.ReadAll(rs.Body)
	if err != nil || rs.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", url, rs.StatusCode, raw)
	}
	return written(t, dir, name, raw)
}

func written(t *testing.T, dir, name string, raw []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lies are bundles and proofs that were tampered with, by what was changed.
func lies(t *testing.T, dir, bundle string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for name, change := range map[string][2]string{
		"a fact":   {`"clean":{"least":50,"most":50}`, `"clean":{"least":59,"most":59}`},
		"the name": {`"place":"` + fanshi + `"`, `"place":"430181108204"`},
		"points":   {`"code":"coverage","least":1`, `"code":"coverage","least":2`},
		"a seal":   {`"signature":"`, `"signature":"A`},
		"the hash": {`"schemeHash":"`, `"schemeHash":"0`},
		"k":        {`"k":5`, `"k":2`},
	} {
		forged := bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(forged, raw) {
			t.Fatalf("%s is not in %s", change[0], raw)
		}
		out[name] = written(t, dir, "forged-"+name+".json", forged)
	}
	return out
}

// TestRecompute: what is published of a village is scored again by our own program and by somebody else's, and so is a household's row
// found and are all rows summed up; whatever was tampered with is found out by both.
func TestRecompute(t *testing.T) {
	t.Parallel()
	a := program(t, settingsOf(t, cityDir(t)))
	c, dir := cityAt(t, a.URL()), t.TempDir()
	c.must(404, "", "GET", "/v1/village-entries/shown/bundle", nil)
	e := shown(t, a)
	bundle := kept(t, dir, "bundle.json", a.URL()+"/v1/village-entries/shown/bundle", "", "")
	seals := kept(t, dir, "seals.json", a.URL()+"/v1/seals", "", "")
	head := ""
	_, err := a.repos.Farmer.Scores.Each(t.Context(), store.FarmScoresIn(models.Region(fanshi)), func(s *farmer.Score) error {
		if n, filed := strings.CutPrefix(s.ID, "farm-"); filed && len(n) == 2 && head == "" {
			head = c.signIn("199000002" + n)
		}
		return nil
	})
	if err != nil || head == "" {
		t.Fatalf("nobody of the demo is on file there: %v", err)
	}
	mine := c.must(200, head, "GET", "/v1/me/village-rows", nil)
	items := mine["items"].([]any)
	if len(items) != 1 || items[0].(m)["round"] != e.Round || items[0].(m)["bundle"] != "/v1/village-entries/shown/bundle" {
		t.Fatalf("my rows: %v", mine)
	}
	raw, err := json.Marshal(items[0])
	if err != nil {
		t.Fatal(err)
	}
	row := written(t, dir, "row.json", raw)
	forged := written(t, dir, "forged-row.json", bytes.Replace(raw, []byte(`filed 1`), []byte(`filed 0`), 1))

	auditor := c.signIn("19900000051")
	page := c.must(200, auditor, "GET", "/v1/village-entries/shown/rows?limit=200", nil, "X-Acting-As", "office-audit-changsha")
	rest := c.must(200, auditor, "GET", "/v1/village-entries/shown/rows?limit=200&cursor="+page["nextCursor"].(string), nil, "X-Acting-As", "office-audit-changsha")
	page["items"] = append(page["items"].([]any), rest["items"].([]any)...)
	c.must(403, head, "GET", "/v1/village-entries/shown/rows", nil)
	if raw, err = json.Marshal(page); err != nil {
		t.Fatal(err)
	}
	rows := written(t, dir, "rows.json", raw)
	page["items"] = page["items"].([]any)[1:]
	if raw, err = json.Marshal(page); err != nil {
		t.Fatal(err)
	}
	less := written(t, dir, "less.json", raw)

	ours := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"recompute"}, args...), []string{"DATA_DIR=" + dir}, &out, &out)
		return code, out.String()
	}
	if code, out := ours(bundle, "--seals", seals, "--row", row, "--rows", rows, "--lang", "en"); code != 0 || !strings.Contains(out, "PROVEN") || !strings.Contains(out, "among those") || !strings.Contains(out, "All rows have this root") {
		t.Errorf("recompute = %d: %s", code, out)
	}
	if code, out := ours(bundle, "--seals", seals, "--lang", "zh"); code != 0 || !strings.Contains(out, "等级") {
		t.Errorf("recompute in Chinese = %d: %s", code, out)
	}
	for name, args := range map[string][]string{"another row": {bundle, "--seals", seals, "--row", forged}, "a row less": {bundle, "--seals", seals, "--rows", less}, "no bundle": {seals, "--seals", seals},
		"nothing": nil, "a word too many": {bundle, bundle}, "our own seals": {bundle}} {
		if code, out := ours(args...); code == 0 {
			t.Errorf("%s: recompute = 0: %s", name, out)
		}
	}
	theirs := func(args ...string) (int, string) {
		out, err := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join("..", "docs", "verify", "village.mjs")}, args...)...).CombinedOutput()
		if err == nil {
			return 0, string(out)
		}
		return 1, string(out)
	}
	_, node := exec.LookPath("node")
	forgeries := lies(t, dir, bundle)
	for name, path := range forgeries {
		if code, out := ours(path, "--seals", seals); code == 0 {
			t.Errorf("%s was tampered with and recompute = 0: %s", name, out)
		}
	}
	if node != nil {
		t.Skip("node is not installed: the third-party check was not run")
	}
	if code, out := theirs(bundle, seals, row); code != 0 || !strings.Contains(out, "PROVEN") || !strings.Contains(out, "is under the root") {
		t.Errorf("village.mjs = %d: %s", code, out)
	}
	if code, out := theirs(bundle, seals, forged); code == 0 {
		t.Errorf("another row: village.mjs = 0: %s", out)
	}
	for name, path := range forgeries {
		if code, out := theirs(path, seals); code == 0 || !strings.Contains(out, "WRONG") {
			t.Errorf("%s was tampered with and village.mjs = %d: %s", name, code, out)
		}
	}
}
