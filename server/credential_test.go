package main

import (
	"bytes"
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
	"xinyi/models/award"
	"xinyi/models/credential"
	"xinyi/store"
)

// A shelf is a city with awards that were given to a resident and to her firm.
type shelf struct {
	*city
	app        *App
	dir, head  string
	firm       string
	own, firms *award.Award
}

func openShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{dir: t.TempDir()}
	s.city, s.app = openCityApp(t)
	s.head = s.signIn(headOfFirm)
	s.firm = s.must(200, s.head, "GET", "/v1/me/organisations", nil)["items"].([]any)[0].(m)["code"].(string)
	p, err := s.app.repos.Identity.People.Get(t.Context(), s.must(200, s.head, "GET", "/v1/me", nil)["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	sub, err := s.app.repos.Subjects.OfPerson(p)
	if err != nil {
		t.Fatal(err)
	}
	s.own = s.give("own", sub, p.Name)
	s.firms = s.give("firms", models.Subject{Kind: models.Organisation, Ref: s.firm}, models.NewSecret("浏阳诚实花炮有限公司"))
	return s
}

// give gives an award, as its selection does.
func (s *shelf) give(nomination string, to models.Subject, name models.Secret) *award.Award {
	s.t.Helper()
	a, err := award.Grant(award.Given{
		Nomination: nomination, Programme: "shelf", Year: 2026, Category: "c", Title: models.Words{ZH: "诚信之星", EN: "Star of honesty"}, Level: 2, Region: "430181",
		Unit: "浏阳市信用办", Org: "114301810000000001", Holder: to, Name: name, Deed: "二十年如一日守信经营", Named: true,
		Terms: award.Terms{Months: 24, WarnDays: 60, AnswerDays: 10, BarMonths: 36},
	}, models.Actor{Person: "o", Role: models.CreditOffice, Region: "430181"}, s.app.now())
	if err == nil {
		err = s.app.repos.Award.Awards.Insert(s.t.Context(), a)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.waits("the credential", func() bool {
		_, err := s.app.repos.Credential.Credentials.First(s.t.Context(), store.CredentialInForce(a.ID))
		return err == nil
	})
	return a
}

// fetch gets something that is no JSON and keeps it in a file, whose path it answers.
func (s *shelf) fetch(name, token, path string, header ...string) string {
	s.t.Helper()
	rq, err := http.NewRequestWithContext(s.t.Context(), "GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		s.t.Fatalf("GET %s: %d %s %v", path, resp.StatusCode, raw, err)
	}
	return s.keep(name, string(raw))
}

func (s *shelf) keep(name, text string) string {
	s.t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

func (s *shelf) text(file string) string {
	s.t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(raw)
}

// elsewhere is what the script of docs/verify says, in another language than ours.
func (s *shelf) elsewhere(args ...string) (string, int) {
	s.t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		s.t.Skip("node is not installed")
	}
	cmd := exec.CommandContext(s.t.Context(), node, append([]string{"../docs/verify/certificate.mjs"}, args...)...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// here is what xinyi verify says of the same files.
func (s *shelf) here(args ...string) (string, error) {
	s.t.Helper()
	var out bytes.Buffer
	err := verifyCommand(s.t.Context(), s.app.cfg, args, &out)
	return out.String(), err
}

// A certificate is checked by a stranger with another program and no network, and so is every way to cheat.
func TestACertificateIsCheckedWithoutUs(t *testing.T) {
	t.Parallel()
	s := openShelf(t)
	honour := "/v1/me/honours/" + s.own.ID
	token := s.fetch("c.sdjwt", s.head, honour+"/credential?disclose=name,unit")
	issuer, seals := s.fetch("issuer.json", "", "/.well-known/jwt-vc-issuer"), s.fetch("seals.json", "", "/v1/seals")
	seen, err := credential.Check(s.text(token), s.app.seals)
	if err != nil {
		t.Fatal(err)
	}
	list := strings.TrimPrefix(seen.Status.List.URI, s.url)
	status := s.fetch("status.jwt", "", list)
	now := s.app.now().Format(time.RFC3339)

	s.part("genuine", func(t *testing.T) {
		out, code := s.elsewhere(token, issuer, status, "--now", now, "--issuer", s.url)
		if code != 0 || !strings.Contains(out, "GENUINE") || !strings.Contains(out, "name (disclosed): "+s.own.Label) || !strings.Contains(out, "unit (disclosed): 浏阳市信用办") || strings.Contains(out, "守信经营") {
			t.Errorf("%d %s", code, out)
		}
		out, err := s.here(token, status, seals, "@"+now)
		if err != nil || !strings.Contains(out, "VALID") || !strings.Contains(out, s.own.Label) || strings.Contains(out, "守信经营") {
			t.Errorf("%v %s", err, out)
		}
		v := s.must(200, "", "POST", "/v1/credentials/verify", m{"token": s.text(token)})
		if v["genuine"] != true || v["status"] != "VALID" || fmt.Sprint(v["disclosed"]) != fmt.Sprint(map[string]any{"name": s.own.Label, "unit": "浏阳市信用办"}) || v["number"] != s.own.No || v["statusCheckedAt"] == "" {
			t.Errorf("%v", v)
		}
	})
	text := s.text(token)
	jwt, rest, _ := strings.Cut(text, "~")
	parts := strings.Split(jwt, ".")
	other, err := models.NewSeal(bytes.Repeat([]byte{9}, 32), s.app.now())
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.app.repos.Credential.Credentials.First(t.Context(), store.CredentialInForce(s.own.ID))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := c.Token(credential.Issuer{Address: s.url, Seals: models.Seals{other}}, []string{"name"})
	if err != nil {
		t.Fatal(err)
	}
	all := s.fetch("all.sdjwt", s.head, honour+"/credential?disclose=name,deed,unit,region")
	firms := s.fetch("firm.sdjwt", s.head, "/v1/me/honours/"+s.firms.ID+"/credential?disclose=name,uscc", "X-Acting-As", s.firm)
	theirs := strings.SplitN(s.text(firms), "~", 2)[1]
	flip := func(x string) string {
		if x[9] == 'A' {
			return x[:9] + "B" + x[10:]
		}
		return x[:9] + "A" + x[10:]
	}
	for name, tc := range map[string]struct{ text, says, fault string }{
		"a tampered claim":     {parts[0] + "." + flip(parts[1]) + "." + parts[2] + "~" + rest, "altered", "ALTERED"},
		"a tampered signature": {parts[0] + "." + parts[1] + "." + flip(parts[2]) + "~" + rest, "altered", "ALTERED"},
		"a foreign key":        {foreign, "not the issuer's", "FOREIGN_KEY"},
		"a forged disclosure":  {jwt + "~" + flip(rest), "REFUSED", ""},
		"somebody else's":      {jwt + "~" + theirs, "does not belong", "FORGED_CLAIM"},
		"a disclosure twice":   {text + strings.SplitN(rest, "~", 2)[0] + "~", "does not belong", "FORGED_CLAIM"},
		"nothing of ours":      {"abc~", "REFUSED", "MALFORMED"},
	} {
		s.part(name, func(t *testing.T) {
			file := s.keep("forged.sdjwt", tc.text)
			if out, code := s.elsewhere(file, issuer, status, "--now", now); code != 1 || !strings.Contains(out, "REFUSED") || !strings.Contains(out, tc.says) {
				t.Errorf("%d %s", code, out)
			}
			if out, err := s.here(file, status, seals, "@"+now); err == nil {
				t.Errorf("%s", out)
			}
			v := s.must(200, "", "POST", "/v1/credentials/verify", m{"token": tc.text})
			if v["genuine"] != false || v["status"] != "UNKNOWN" || tc.fault != "" && v["fault"] != tc.fault || v["disclosed"] == nil {
				t.Errorf("%v", v)
			}
		})
	}
	s.part("a list that is not of this credential, or too old", func(t *testing.T) {
		later := s.app.now().Add(25 * time.Hour).Format(time.RFC3339)
		for name, args := range map[string][]string{"its time is over": {"--now", later}, "older than one dares": {"--now", s.app.now().Add(2 * time.Hour).Format(time.RFC3339), "--fresh", "1"}} {
			if out, code := s.elsewhere(append([]string{token, issuer, status}, args...)...); code != 1 || !strings.Contains(out, "stale") {
				t.Errorf("%s: %d %s", name, code, out)
			}
		}
		for name, args := range map[string][]string{
			"its time is over": {status, "@" + later}, "older than one dares": {status, "1h", "@" + s.app.now().Add(2*time.Hour).Format(time.RFC3339)}, "none": {"@" + now}, "a credential for one": {all, "@" + now},
		} {
			if out, err := s.here(append([]string{token, seals}, args...)...); err == nil {
				t.Errorf("%s: %s", name, out)
			}
		}
		if out, code := s.elsewhere(token, issuer, all, "--now", now); code != 1 {
			t.Errorf("%d %s", code, out)
		}
		if out, code := s.elsewhere(token, issuer, status, "--now", s.own.Until.Add(1).Start().Format(time.RFC3339)); code != 1 || !strings.Contains(out, "expired") {
			t.Errorf("%d %s", code, out)
		}
	})
	s.part("what its holder sees", func(t *testing.T) {
		mine := s.must(200, s.head, "GET", "/v1/me/credentials", nil)["items"].([]any)
		first := mine[0].(m)
		shown := first["presentations"].([]any)
		if len(mine) < 1 || first["honourId"] != s.own.ID || len(shown) != 2 || fmt.Sprint(shown[1].(m)["shows"]) != "[name unit]" || shown[1].(m)["as"] != "TOKEN" {
			t.Errorf("%v", mine)
		}
		log := s.must(200, s.head, "GET", "/v1/me/credentials/"+first["id"].(string)+"/presentations", nil)["items"].([]any)
		if len(log) != 2 {
			t.Errorf("%v", log)
		}
		stranger := s.signIn(aFarmer)
		for _, path := range []string{honour + "/credential", honour + "/certificate.pdf", "/v1/me/credentials/" + first["id"].(string) + "/presentations"} {
			s.must(404, stranger, "GET", path, nil)
		}
		s.must(400, s.head, "GET", honour+"/credential?disclose=phone", nil)
		s.must(400, s.head, "GET", honour+"/credential?disclose=uscc", nil) // a person has none
	})
	s.part("on paper", func(t *testing.T) {
		pdf := s.fetch("c.pdf", s.head, honour+"/certificate.pdf")
		if out, err := s.here(pdf, seals); err != nil || !strings.Contains(out, "certificate "+s.own.No) {
			t.Errorf("%v %s", err, out)
		}
		v := s.must(200, "", "GET", "/v1/credentials/verify/"+strings.ToLower(c.Code), nil)
		if name := v["disclosed"].(m)["name"].(string); v["status"] != "VALID" || name == s.own.Label || !strings.HasSuffix(name, "*") {
			t.Errorf("%v", v)
		}
		page := s.text(s.fetch("page.html", "", "/v1/credentials/verify/"+c.Code+"/page"))
		if !strings.Contains(page, "荣誉真实有效") || !strings.Contains(page, s.own.No) || strings.Contains(page, s.own.Label) {
			t.Errorf("%s", page)
		}
		s.must(404, "", "GET", "/v1/credentials/verify/NONE", nil)
		if v := s.must(200, "", "POST", "/v1/credentials/verify", m{"code": "NONE"}); v["genuine"] != false || v["fault"] != "UNKNOWN_CODE" {
			t.Errorf("%v", v)
		}
		s.must(400, "", "POST", "/v1/credentials/verify", m{"code": "NONE", "token": "x"})
		s.must(400, "", "POST", "/v1/credentials/verify", m{})
		s.must(404, "", "GET", "/v1/credentials/status/99", nil)
		s.must(200, "", "GET", "/v1/credentials/types/honour", nil)
	})
	s.part("the firm", func(t *testing.T) {
		out, code := s.elsewhere(firms, issuer, status, "--now", now)
		if code != 0 || !strings.Contains(out, "uscc (disclosed): "+s.firm) || !strings.Contains(out, "holder_kind: ORGANISATION") {
			t.Errorf("%d %s", code, out)
		}
		s.fetch("firm.pdf", s.head, "/v1/me/honours/"+s.firms.ID+"/certificate.pdf", "X-Acting-As", s.firm)
		s.must(404, s.head, "GET", "/v1/me/honours/"+s.firms.ID+"/credential", nil) // not as herself
	})
	s.part("not named any more", func(t *testing.T) {
		if _, err := s.app.repos.Award.Awards.Update(t.Context(), s.own.ID, func(a *award.Award) error {
			_, err := a.Choose(false, true, models.Actor{Person: a.Holder.Person, Role: models.Resident}, s.app.now())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		s.waits("another credential", func() bool {
			v := s.must(200, "", "POST", "/v1/credentials/verify", m{"token": text})
			return v["status"] == "REPLACED" && v["genuine"] == true
		})
		fresh := s.fetch("status.jwt", "", list)
		if out, code := s.elsewhere(token, issuer, fresh, "--now", now); code != 1 || !strings.Contains(out, "newer certificate") {
			t.Errorf("%d %s", code, out)
		}
		masked := s.fetch("c2.sdjwt", s.head, honour+"/credential?disclose=name")
		if out, code := s.elsewhere(masked, issuer, fresh, "--now", now); code != 0 || strings.Contains(out, s.own.Label) {
			t.Errorf("%d %s", code, out)
		}
	})
	s.part("revoked", func(t *testing.T) {
		office := models.Actor{Person: "o1", Role: models.CreditOffice, Region: "430181"}
		for _, act := range []func(a *award.Award) error{
			func(a *award.Award) error {
				return a.AskRevoke(award.FalsePapers, "材料不实", "", office, s.app.now())
			},
			func(a *award.Award) error {
				return a.Reply("是我弄错了", models.Actor{Person: a.Holder.Person, Role: models.Resident}, s.app.now())
			},
			func(a *award.Award) error {
				by := office
				by.Person = "o2"
				return a.Revoke("材料不实", by, s.app.now())
			},
		} {
			if _, err := s.app.repos.Award.Awards.Update(t.Context(), s.own.ID, act); err != nil {
				t.Fatal(err)
			}
		}
		masked := filepath.Join(s.dir, "c2.sdjwt")
		s.waits("the revocation", func() bool {
			return s.must(200, "", "POST", "/v1/credentials/verify", m{"token": s.text(masked)})["status"] == "REVOKED"
		})
		if out, code := s.elsewhere(masked, issuer, status, "--now", now); code != 1 && code != 0 { // who keeps the list of before may not know yet
			t.Errorf("%d %s", code, out)
		}
		fresh := s.fetch("status.jwt", "", list)
		if out, code := s.elsewhere(masked, issuer, fresh, "--now", now); code != 1 || !strings.Contains(out, "revoked") {
			t.Errorf("%d %s", code, out)
		}
		if out, err := s.here(masked, fresh, seals, "@"+now); err == nil || !strings.Contains(err.Error(), "REVOKED") {
			t.Errorf("%v %s", err, out)
		}
		s.must(409, s.head, "GET", honour+"/credential", nil)
		s.must(409, s.head, "GET", honour+"/certificate.pdf", nil)
	})
}

// part is a part of a test over the same city.
func (s *shelf) part(name string, part func(*testing.T)) {
	whole := s.t
	whole.Run(name, func(t *testing.T) {
		s.t = t
		defer func() { s.t = whole }()
		part(t)
	})
}
