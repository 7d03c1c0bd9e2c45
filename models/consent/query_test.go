package consent

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

// A scene is a query that everything can be wrong with.
type scene struct {
	q Query
	p *Partner
	c *Consent
	t time.Time
}

var edKey = ed25519.NewKeyFromSeed(make([]byte, 32))

// faults are what makes each check fail, in the order of the checks.
var faults = []struct {
	name  string
	wrong func(*scene)
	want  Refusal
}{
	{"a short nonce", func(s *scene) { s.q.Nonce = "short" }, Malformed},
	{"nobody registered it", func(s *scene) { s.p = nil }, UnknownPartner},
	{"not signed", func(s *scene) { s.q.Signature = "" }, BadSignature},
	{"another bank's consent", func(s *scene) { s.c.Terms.Recipient = "bank2" }, WrongAudience},
	{"another subject", func(s *scene) { s.q.Subject.Refs = []string{"ref-bob"} }, WrongSubject},
	{"another purpose", func(s *scene) { s.q.Purpose = "share.benefit" }, WrongPurpose},
	{"another scope", func(s *scene) { s.q.Scopes = []string{"records.licence"} }, WideScope},
	{"over", func(s *scene) { s.t = *s.c.Until }, Over},
	{"withdrawn", func(s *scene) { s.c.State = Withdrawn }, Revoked},
	{"used before", func(s *scene) { s.c.Used = []Read{{Nonce: s.q.digest()}} }, Replayed},
}

func sceneOf(t *testing.T) *scene {
	t.Helper()
	p := registered(t)
	p.Sign = Ed25519
	p.Key = models.NewSecret(base64.StdEncoding.EncodeToString(edKey.Public().(ed25519.PublicKey)))
	q := query("nonce-0123456789")
	q.Text = Canonical(q.Consent, q.Purpose, q.Scopes, "430181199001010003", q.Nonce)
	q.Signature = base64.StdEncoding.EncodeToString(ed25519.Sign(edKey, []byte(q.Text)))
	return &scene{q: q, p: p, c: in(t, Given), t: noon}
}

// Each check has its code, and of several that fail the first is answered.
func TestTheTenChecksInTheirOrder(t *testing.T) {
	if s := sceneOf(t); Check(s.q, s.p, s.c, Standard, s.t) != "" {
		t.Fatal("a good query is refused")
	}
	for i, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			s := sceneOf(t)
			f.wrong(s)
			before := *s.c
			if got := Check(s.q, s.p, s.c, Standard, s.t); got != f.want {
				t.Errorf("%q, want %q", got, f.want)
			}
			if err := s.c.Take(s.q, s.p, Standard, s.t); RefusalOf(err) != f.want || !errors.Is(err, models.Forbidden) || cmp.Diff(before, *s.c) != "" {
				t.Errorf("Take: %v, or it changed something", err)
			}
			for _, later := range faults[i+1:] {
				s := sceneOf(t)
				later.wrong(s)
				f.wrong(s)
				if got := Check(s.q, s.p, s.c, Standard, s.t); got != f.want {
					t.Errorf("with %s: %q, want %q", later.name, got, f.want)
				}
			}
		})
	}
}

func TestMoreRefusals(t *testing.T) {
	long := func(s *scene) { s.c.Until = models.At(s.c.From.AddDate(2, 0, 0)) }
	tests := map[string]struct {
		wrong func(*scene)
		want  Refusal
	}{
		"no consent":                {func(s *scene) { s.c = nil }, WrongAudience},
		"no subject":                {func(s *scene) { s.q.Subject.Refs = nil }, Malformed},
		"no scope":                  {func(s *scene) { s.q.Scopes = nil }, Malformed},
		"unknown scope":             {func(s *scene) { s.q.Scopes = []string{"records.gossip"} }, Malformed},
		"another's credentials":     {func(s *scene) { s.q.By = other }, UnknownPartner},
		"a subject of another kind": {func(s *scene) { s.q.Subject.Kind = models.Organisation }, WrongSubject},
		"purpose no longer granted": {func(s *scene) { s.p.Grants = map[string][]string{} }, WrongPurpose},
		"scope no longer granted":   {func(s *scene) { s.p.Grants = map[string][]string{"share.loan": {"records.licence"}} }, WideScope},
		"lasts too long":            {long, LongValidity},
		"no reads left":             {func(s *scene) { s.c.Left = 0 }, NoReadsLeft},
		"exhausted":                 {func(s *scene) { s.c.State = Exhausted }, NoReadsLeft},
		"slept through its end":     {func(s *scene) { s.c.State = Expired }, Over},
		"asked for, no answer":      {func(s *scene) { s.c = asked(t) }, Revoked},
		"denied":                    {func(s *scene) { s.c = in(t, Denied) }, Revoked},
		"nobody answered":           {func(s *scene) { s.c = in(t, Lapsed) }, Revoked},
		"signed over another":       {func(s *scene) { s.q.Text += "x" }, BadSignature},
		"signature is no base64":    {func(s *scene) { s.q.Signature = "%" }, BadSignature},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := sceneOf(t)
			tc.wrong(s)
			if got := Check(s.q, s.p, s.c, Standard, s.t); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
	for _, r := range Refusals {
		if RefusalOf(r.Error()) != r {
			t.Errorf("%s is lost on the way", r)
		}
	}
}

func TestHMAC(t *testing.T) {
	key := []byte("a secret of at least twenty-four bytes")
	p := &Partner{Sign: HMAC, Key: models.NewSecret(base64.StdEncoding.EncodeToString(key))}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("text"))
	good := hex.EncodeToString(mac.Sum(nil))
	if !p.Signed("text", good) || p.Signed("text2", good) || p.Signed("text", "") || p.Signed("text", good[:60]) {
		t.Error("HMAC")
	}
	if !(&Partner{}).Signed("text", "") {
		t.Error("a partner without a key signs nothing")
	}
}

func TestNewPartner(t *testing.T) {
	grants := map[string][]string{"share.loan": {"records.penalty", "item.*"}}
	pub := models.NewSecret(base64.StdEncoding.EncodeToString(edKey.Public().(ed25519.PublicKey)))
	for name, tc := range map[string]struct {
		kind models.Role
		g    Grant
		by   models.Actor
		want error
	}{
		"a bank":            {models.Bank, Grant{Scopes: grants}, officer, nil},
		"with a key":        {models.Bank, Grant{Scopes: grants, Sign: Ed25519, Key: pub}, officer, nil},
		"a hospital":        {models.Hospital, Grant{Scopes: grants}, officer, models.Invalid},
		"unknown purpose":   {models.Bank, Grant{Scopes: map[string][]string{"x": {"records.penalty"}}}, officer, models.Invalid},
		"unknown scope":     {models.Bank, Grant{Scopes: map[string][]string{"share.loan": {"x"}}}, officer, models.Invalid},
		"a key, no way":     {models.Bank, Grant{Scopes: grants, Key: pub}, officer, models.Invalid},
		"a way, no key":     {models.Bank, Grant{Scopes: grants, Sign: Ed25519}, officer, models.Invalid},
		"a short secret":    {models.Bank, Grant{Scopes: grants, Sign: HMAC, Key: models.NewSecret("c2hvcnQ=")}, officer, models.Invalid},
		"an unknown way":    {models.Bank, Grant{Scopes: grants, Sign: "rot13", Key: pub}, officer, models.Invalid},
		"by the bank":       {models.Bank, Grant{Scopes: grants}, bank, models.Forbidden},
		"by another office": {models.Bank, Grant{Scopes: grants}, models.Actor{Person: "x", Role: models.TownStaff}, models.Forbidden},
	} {
		p, err := NewPartner(System{Client: "bank", Name: "n", Org: "bank", Kind: tc.kind}, tc.g, tc.by, noon)
		if !errors.Is(err, tc.want) || err == nil && !p.Knows(bank) {
			t.Errorf("%s: %v", name, err)
		}
		before := registered(t)
		if err := before.Change(tc.g, tc.by, noon); tc.want != nil && tc.kind == models.Bank && (err == nil || cmp.Diff(registered(t), before, cmp.AllowUnexported(models.Secret{})) != "") {
			t.Errorf("%s: a refused change changed %+v: %v", name, before, err)
		}
	}
}

func TestCovers(t *testing.T) {
	for name, tc := range map[string]struct {
		scopes []string
		want   bool
	}{
		"its category": {[]string{"records.penalty"}, true}, "its item": {[]string{"item.XZCF"}, true}, "another item": {[]string{"item.XZXK"}, false},
		"another category": {[]string{"records.licence"}, false}, "nothing": {nil, false}, "a profile": {[]string{"profile.name"}, false},
	} {
		if Covers(tc.scopes, "XZCF", "PENALTY") != tc.want {
			t.Error(name)
		}
	}
}
