package identity

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/openapitest"
	sandboxhttp "xinyi/handlers/sandbox"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/identity"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// An entrance is the door with identity behind it.
type entrance struct {
	*apitest.API
	h    Handler
	logs *bytes.Buffer
}

func entered(t *testing.T, change func(*entrance, *Handler, *api.Config)) *entrance {
	t.Helper()
	engine := sqlitetest.Open(t)
	e := &entrance{API: &apitest.API{T: t, Time: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}, logs: &bytes.Buffer{}}
	s := store.New(engine, e.Now, store.TestKeys())
	tokens, err := LoadTokens(filepath.Join(t.TempDir(), "tokens.json"), "https://xinyi.test", e.Now)
	if err != nil {
		t.Fatal(err)
	}
	codes := &sandboxhttp.Codes{}
	h := Handler{Identity: store.OpenIdentity(s), Ties: func() []Tie { return nil }, Tokens: tokens, Policy: identity.Standard, SMS: codes, RealName: SandboxRealName{}, Log: &api.AccessLog{Entries: store.NewRepo[access.Entry](s, store.Accesses)}}
	h.Callers = NewCallers(tokens, h.Identity, e.Now)
	cfg := api.Config{Now: e.Now, Auth: h.Callers, Store: s, Log: slog.New(slog.NewTextHandler(e.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Sandbox: true}
	if change != nil {
		change(e, &h, &cfg)
	}
	e.h, e.R = h, api.NewRouter(cfg)
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.R.Handle(h, sandboxhttp.Handler{Codes: codes, Demos: h.Demos}, bills{})
	if err := e.R.Finish(); err != nil {
		t.Fatal(err)
	}
	if e.Check, err = openapitest.New(e.R.Document()); err != nil {
		t.Fatal(err)
	}
	return e
}

// bills is a capability with an action that is handed on.
type bills struct{}

func (bills) Mount(r *api.Router) {
	pay := func(_ context.Context, rq api.Request, _ struct{}) (api.NamedCode, error) {
		return api.NamedCode{Code: rq.Actor.Person}, nil
	}
	api.Post(r, "/bills", pay, api.Does("Pay"), api.ByAgent(api.May("medical.bills.pay", models.Resident)))
}

func (e *entrance) must(want int, line, body string, headers ...string) apitest.Reply {
	e.Helper()
	r := e.Ask(line, body, headers...)
	if r.Status != want {
		e.Fatalf("%s: %d, want %d: %s", line, r.Status, want, r.Body)
	}
	return r
}

func (e *entrance) refuse(want int, reason, line, body string, headers ...string) {
	e.Helper()
	if p := e.must(want, line, body, headers...).Problem(e.T); p.Reason != reason {
		e.Fatalf("%s: %s, want %s", line, p.Reason, reason)
	}
}

// code asks for a code and reads it where the sandbox shows it.
func (e *entrance) code(phone string) string {
	e.Helper()
	e.must(202, "POST /v1/auth/codes", `{"phone":"`+phone+`"}`)
	return apitest.Read[sandboxhttp.CodeView](e.T, e.must(200, "GET /v1/sandbox/codes/"+phone, "")).Code
}

func signInBody(phone, code string) string {
	return `{"phone":"` + phone + `","code":"` + code + `","device":"test"}`
}

func (e *entrance) in(phone string) signedIn {
	e.Helper()
	code := e.code(phone)
	return apitest.Read[signedIn](e.T, e.must(200, "POST /v1/auth/sessions", signInBody(phone, code)))
}

func (e *entrance) bindAs(s signedIn, name, number string) apitest.Reply {
	return e.Ask("POST /v1/me/identity", `{"name":"`+name+`","idNumber":"`+number+`"}`, "as "+s.AccessToken)
}

const ann, bob = "13800000001", "13800000002"

func TestSignIn(t *testing.T) {
	e := entered(t, nil)
	s := e.in(ann)
	if s.TokenType != "Bearer" || s.ExpiresIn != 900 || s.Person.Phone != "138****0001" || s.Person.Standing != identity.Known {
		t.Errorf("signed in: %+v", s)
	}
	me := e.must(200, "GET /v1/me", "", "as "+s.AccessToken)
	if strings.Contains(me.Body, ann) || !strings.Contains(me.Body, s.Person.ID) {
		t.Errorf("me: %s", me.Body)
	}
	e.Forward(time.Minute)
	if again := e.in(ann); again.Person.ID != s.Person.ID {
		t.Error("the same phone is another person")
	}
	for _, bad := range []string{"", "x.y.z", s.AccessToken + "x", s.AccessToken[:len(s.AccessToken)-4] + "AAAA", s.RefreshToken} {
		if r := e.Ask("GET /v1/me", "", "as "+bad); r.Status != 401 {
			t.Errorf("token %q: %d", bad, r.Status)
		}
	}
	e.Forward(15 * time.Minute)
	e.refuse(401, "identity.token_expired", "GET /v1/me", "", "as "+s.AccessToken)
}

func TestWrongCodes(t *testing.T) {
	e := entered(t, nil)
	e.refuse(401, "identity.code_wrong", "POST /v1/auth/sessions", signInBody(bob, "000000"))
	code := e.code(ann)
	wrong := "111111"
	if code == wrong {
		wrong = "222222"
	}
	for range 5 {
		e.refuse(401, "identity.code_wrong", "POST /v1/auth/sessions", signInBody(ann, wrong))
	}
	e.refuse(401, "identity.code_wrong", "POST /v1/auth/sessions", signInBody(ann, code))
	e.refuse(429, "identity.code_too_often", "POST /v1/auth/codes", `{"phone":"`+ann+`"}`)

	e.Forward(time.Minute)
	code = e.code(ann)
	e.Forward(5 * time.Minute)
	e.refuse(401, "identity.code_wrong", "POST /v1/auth/sessions", signInBody(ann, code))
	code = e.code(ann)
	e.must(200, "POST /v1/auth/sessions", signInBody(ann, code))
	e.refuse(401, "identity.code_wrong", "POST /v1/auth/sessions", signInBody(ann, code))
	if log := e.logs.String(); strings.Contains(log, code) || strings.Contains(log, ann) {
		t.Errorf("logged: %s", log)
	}
	doc, err := e.h.Codes.Get(t.Context(), e.h.Keys.CodeID(models.NewSecret(ann), e.h.askerOf(models.NewSecret(ann), "", api.Request{Address: "0.0.0.0"}).id))
	if err != nil || strings.Contains(doc.Hash, code) || strings.Contains(doc.ID, ann) {
		t.Errorf("the code is kept readable: %+v %v", doc, err)
	}
	e.must(400, "POST /v1/auth/codes", `{"phone":"12345"}`)
}

func TestNoChannelNoSandbox(t *testing.T) {
	e := entered(t, func(_ *entrance, h *Handler, c *api.Config) { h.SMS, h.RealName, c.Sandbox = nil, nil, false })
	e.refuse(503, "identity.no_sms_channel", "POST /v1/auth/codes", `{"phone":"`+ann+`"}`)
	e.refuse(503, "identity.no_oidc", "POST /v1/auth/oidc", `{"idToken":"x"}`)
	e.must(404, "GET /v1/sandbox/codes/"+ann, "")
	e.must(404, "GET /v1/sandbox/accounts", "")
}

func TestRefresh(t *testing.T) {
	e := entered(t, nil)
	refresh := func(token string) apitest.Reply {
		return e.Ask("POST /v1/auth/sessions/refresh", `{"refreshToken":"`+token+`"}`)
	}
	first := e.in(ann)
	second := apitest.Read[signedIn](t, refresh(first.RefreshToken))
	if lost := apitest.Read[signedIn](t, refresh(first.RefreshToken)); lost.RefreshToken != second.RefreshToken || second.RefreshToken == first.RefreshToken {
		t.Error("an answer lost on the way cannot be had again")
	}
	parts := strings.Split(second.RefreshToken, ".")
	for _, guess := range []string{"x", parts[0] + ".guess.guess", "nobody.a.b"} {
		if r := refresh(guess); r.Status != 401 {
			t.Errorf("%s: %d", guess, r.Status)
		}
	}
	e.must(200, "GET /v1/me", "", "as "+second.AccessToken)
	e.Forward(time.Minute)
	if r := refresh(first.RefreshToken); r.Status != 401 {
		t.Errorf("reuse: %d", r.Status)
	}
	if r := refresh(second.RefreshToken); r.Status != 401 {
		t.Errorf("after reuse the family lives: %d", r.Status)
	}
	e.refuse(401, "identity.session_over", "GET /v1/me", "", "as "+second.AccessToken)
	s, err := e.h.Sessions.Get(t.Context(), parts[0])
	if err != nil || s.Moved.Reason != identity.EndedByReuse || !strings.HasSuffix(s.Outbox[len(s.Outbox)-1].Kind, "reuse_detected") {
		t.Errorf("%v %+v", err, s.Moved)
	}
}

func TestSessions(t *testing.T) {
	e := entered(t, nil)
	phone := e.in(ann)
	e.Forward(time.Minute)
	pad := e.in(ann)
	other := e.in(bob)
	list := apitest.Read[api.List[sessionView]](t, e.must(200, "GET /v1/me/sessions", "", "as "+phone.AccessToken))
	if len(list.Items) != 2 || list.Items[0].Current || !list.Items[1].Current {
		t.Fatalf("sessions: %+v", list.Items)
	}
	e.must(404, "DELETE /v1/me/sessions/"+list.Items[0].ID, "", "as "+other.AccessToken)
	e.must(200, "GET /v1/me", "", "as "+pad.AccessToken)
	e.must(204, "DELETE /v1/me/sessions/"+list.Items[0].ID, "", "as "+phone.AccessToken)
	e.refuse(401, "identity.session_over", "GET /v1/me", "", "as "+pad.AccessToken)
	e.Forward(time.Minute)
	pad = e.in(ann)
	e.must(204, "DELETE /v1/me/sessions", "", "as "+pad.AccessToken)
	e.refuse(401, "identity.session_over", "GET /v1/me", "", "as "+phone.AccessToken)
	e.must(200, "GET /v1/me", "", "as "+pad.AccessToken)
	e.must(200, "GET /v1/me", "", "as "+other.AccessToken)

	// Another replica ends it: this one sees it within 30 seconds.
	sid := strings.Split(pad.RefreshToken, ".")[0]
	if _, err := e.h.Sessions.Update(t.Context(), sid, func(s *identity.Session) error {
		return s.End(models.Actor{Person: s.Person}, identity.EndedByOther, e.Now())
	}); err != nil {
		t.Fatal(err)
	}
	e.must(200, "GET /v1/me", "", "as "+pad.AccessToken)
	e.Forward(30 * time.Second)
	e.refuse(401, "identity.session_over", "GET /v1/me", "", "as "+pad.AccessToken)
}

func TestBindIdentity(t *testing.T) {
	e := entered(t, nil)
	a, b := e.in(ann), e.in(bob)
	const number = "430181199001010003"
	r := e.bindAs(a, "王小明", number)
	if me := apitest.Read[meView](t, r); r.Status != 200 || me.Standing != identity.Bound || me.Name != "王小明" || !me.Adult || strings.Contains(r.Body, number) {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	if r := e.bindAs(a, "王小明", number); r.Status != 200 {
		t.Errorf("the same again: %d", r.Status)
	}
	if r := e.bindAs(a, "王小明", "430182197512310005"); r.Status != 409 || r.Problem(t).State != "BOUND" {
		t.Errorf("another number: %d %s", r.Status, r.Body)
	}
	r = e.bindAs(b, "李四", number)
	if p := r.Problem(t); r.Status != 409 || p.Reason != "identity.number_in_use" || strings.Contains(r.Body, a.Person.ID) || strings.Contains(r.Body, "王") || strings.Contains(r.Body, "0001") {
		t.Errorf("somebody else's number: %d %s", r.Status, r.Body)
	}
	if r := e.bindAs(b, SandboxMismatch, "430182197512310005"); r.Status != 422 || r.Problem(t).Reason != "identity.name_mismatch" {
		t.Errorf("mismatch: %d %s", r.Status, r.Body)
	}
	if r := e.bindAs(b, "李四", "430181199001010004"); r.Status != 400 {
		t.Errorf("wrong check character: %d", r.Status)
	}
	for range 3 {
		e.bindAs(b, SandboxMismatch, "430182197512310005")
	}
	if r := e.bindAs(b, "李四", "43011220100601000X"); r.Status != 429 || r.Header.Get("Retry-After") != "43200" {
		t.Errorf("sixth try: %d %s", r.Status, r.Header.Get("Retry-After"))
	}
	e.Forward(24 * time.Hour)
	b = e.in(bob)
	if r := e.bindAs(b, "李四", "43011220100601000X"); r.Status != 200 || !apitest.Read[meView](t, r).Minor {
		t.Errorf("a minor: %d %s", r.Status, r.Body)
	}
}

func TestClientCredentials(t *testing.T) {
	e := entered(t, nil)
	c, err := activeClient("his-1", identity.ClientOf{Kind: models.Hospital, Name: "医院", Org: "h1", Region: "430181"}, e.Now())
	if err != nil {
		t.Fatal(err)
	}
	older, newer := strings.Repeat("a", 24), strings.Repeat("b", 24)
	for _, s := range []string{older, newer} {
		if err := c.Rotate(models.Clockwork, s, time.Hour, e.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.h.Clients.Insert(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	ask := func(secret string) apitest.Reply {
		return e.Ask("POST /v1/auth/token", `{"clientId":"his-1","clientSecret":"`+secret+`"}`)
	}
	for _, s := range []string{older, newer} {
		if r := ask(s); r.Status != 200 || apitest.Read[tokenView](t, r).ExpiresIn != 900 || strings.Contains(string(r.Body), "expires_in") {
			t.Errorf("%d %s", r.Status, r.Body)
		}
	}
	e.refuse(401, "identity.client_refused", "POST /v1/auth/token", `{"clientId":"his-1","clientSecret":"wrong"}`)
	e.refuse(401, "identity.client_refused", "POST /v1/auth/token", `{"clientId":"nobody","clientSecret":"wrong"}`)
	e.must(400, "POST /v1/auth/token", `{}`)
	e.Forward(time.Hour)
	if r := ask(older); r.Status != 401 {
		t.Errorf("the old secret after the change-over: %d", r.Status)
	}
	token := apitest.Read[tokenView](t, ask(newer)).AccessToken
	e.must(403, "GET /v1/me", "", "as "+token)

	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("his-1:"+newer))
	form := "Content-Type: application/x-www-form-urlencoded"
	for name, tc := range map[string]struct {
		body   string
		head   []string
		status int
		want   string
	}{
		"basic":        {"grant_type=client_credentials", []string{form, basic}, 200, `"access_token"`},
		"in the body":  {"grant_type=client_credentials&client_id=his-1&client_secret=" + newer, []string{form}, 200, `"token_type":"Bearer"`},
		"wrong secret": {"grant_type=client_credentials&client_id=his-1&client_secret=x", []string{form}, 401, `"invalid_client"`},
		"no secret":    {"grant_type=client_credentials", []string{form}, 400, `"invalid_request"`},
		"other grant":  {"grant_type=password", []string{form}, 400, `"unsupported_grant_type"`},
	} {
		// These answers are RFC 6749's own, so the checker of our document is left out.
		req := httptest.NewRequest("POST", "/v1/auth/token", strings.NewReader(tc.body))
		for _, h := range tc.head {
			k, v, _ := strings.Cut(h, ": ")
			req.Header.Set(k, v)
		}
		res, err := e.R.App().Test(req, -1)
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != tc.status || !strings.Contains(string(raw), tc.want) || res.Header.Get("Cache-Control") != "no-store" ||
			strings.Contains(string(raw), "expiresIn") {
			t.Errorf("%s: %d %s", name, res.StatusCode, raw)
		}
	}

	e.must(200, "GET /.well-known/jwks.json", "")
	if _, err := e.h.Clients.Update(t.Context(), "his-1", func(c *identity.Client) error { return c.Stop(models.Clockwork, "leak", e.Now()) }); err != nil {
		t.Fatal(err)
	}
	e.h.Callers.Forget("his-1")
	e.must(401, "GET /v1/me", "", "as "+token)
}

func TestMandates(t *testing.T) {
	e := entered(t, nil)
	agent, clerk := e.in(ann), e.in(bob)
	propose := func(name, number, kind string) apitest.Reply {
		return e.Ask("POST /v1/me/mandates", `{"principal":{"name":"`+name+`","idNumber":"`+number+`"},"kind":"`+kind+`","scope":["medical"],"evidence":"户口簿"}`, "as "+agent.AccessToken)
	}
	if r := propose("小宝", "43011220100601000X", "GUARDIAN"); r.Status != 409 || r.Problem(t).Reason != "identity.not_bound" {
		t.Fatalf("before binding: %d %s", r.Status, r.Body)
	}
	e.bindAs(agent, "王小明", "430181199001010003")
	e.bindAs(clerk, "李四", "430182197512310005")
	r := propose("小宝", "43018119600515000X", "AGENT")
	if r.Status != 201 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	m := apitest.Read[mandateView](t, r)
	if r := propose("小宝", "43018119600515000X", "AGENT"); r.Status != 409 || r.Problem(t).Reason != "identity.mandate_open" {
		t.Errorf("twice: %d %s", r.Status, r.Body)
	}
	if r := propose("小宝", "43011220100601000X", "AGENT"); r.Status != 409 || r.Problem(t).Reason != "identity.principal_minor" {
		t.Errorf("agent of a child: %d %s", r.Status, r.Body)
	}
	ward := "X-Acting-For: " + m.Principal.ID
	e.refuse(403, "auth.not_your_ward", "GET /v1/me", "", "as "+agent.AccessToken, ward)
	e.must(403, "POST /v1/mandates/"+m.ID+"/approve", "", "as "+agent.AccessToken)

	office := func(region models.Region) {
		if _, err := e.h.People.Update(t.Context(), clerk.Person.ID, func(p *identity.Person) error {
			p.Memberships = nil
			return p.Appoint(models.Clockwork, identity.Membership{ID: "m", Role: models.TownStaff, Org: "t1", Region: region, From: e.Now()}, e.Now())
		}); err != nil {
			t.Fatal(err)
		}
		e.h.Callers.Forget(clerk.Person.ID)
	}
	office("430182")
	e.must(404, "POST /v1/mandates/"+m.ID+"/approve", "", "as "+clerk.AccessToken)
	if list := apitest.Read[api.List[mandateView]](t, e.must(200, "GET /v1/mandates", "", "as "+clerk.AccessToken)); len(list.Items) != 0 {
		t.Errorf("another county's mandates: %+v", list.Items)
	}
	office("430181")
	if list := apitest.Read[api.List[mandateView]](t, e.must(200, "GET /v1/mandates", "", "as "+clerk.AccessToken)); len(list.Items) != 1 || list.Items[0].Principal.Name != "小*" {
		t.Errorf("mandates of the region: %+v", list.Items)
	}
	e.must(403, "GET /v1/me", "", "as "+clerk.AccessToken, "X-Acting-As: town_staff")
	e.must(403, "GET /v1/mandates", "", "as "+clerk.AccessToken, "X-Acting-As: resident")
	e.must(403, "GET /v1/mandates", "", "as "+clerk.AccessToken, "X-Acting-As: t2")
	e.must(200, "GET /v1/mandates", "", "as "+clerk.AccessToken, "X-Acting-As: t1")
	e.must(200, "POST /v1/mandates/"+m.ID+"/approve", "", "as "+clerk.AccessToken)
	e.refuse(403, "auth.not_your_ward", "POST /v1/bills", "", "as "+agent.AccessToken, ward)
	e.refuse(403, "second_person", "POST /v1/mandates/"+m.ID+"/confirm", "", "as "+clerk.AccessToken)
	other := e.in("13800000003")
	e.bindAs(other, "王五", "430181198505050004")
	clerk = other
	office("430181")
	e.must(200, "POST /v1/mandates/"+m.ID+"/confirm", "", "as "+other.AccessToken)
	e.refuse(403, "identity.own_only", "GET /v1/me", "", "as "+agent.AccessToken, ward)
	e.must(200, "POST /v1/bills", "", "as "+agent.AccessToken, ward)
	caller, err := e.h.Callers.Authenticate(t.Context(), agent.AccessToken)
	want := models.Actor{Person: m.Principal.ID, Agent: agent.Person.ID, Role: models.Resident, Region: "430181"}
	if err != nil || caller.Wards[m.Principal.ID].Actor != want {
		t.Errorf("%v %+v", err, caller)
	}
	e.must(200, "POST /v1/me/mandates/"+m.ID+"/end", "", "as "+agent.AccessToken)
	e.refuse(403, "auth.not_your_ward", "GET /v1/me", "", "as "+agent.AccessToken, ward)
	if list := apitest.Read[api.List[mandateView]](t, e.must(200, "GET /v1/me/mandates", "", "as "+agent.AccessToken)); len(list.Items) != 1 || list.Items[0].State != identity.MandateOver {
		t.Errorf("my mandates: %+v", list.Items)
	}
}

func TestSandboxAccounts(t *testing.T) {
	e := entered(t, nil)
	if r := e.must(200, "GET /v1/sandbox/accounts", ""); r.Body != `{"people":[],"clients":[]}` {
		t.Errorf("an empty sandbox: %s", r.Body)
	}
	d := &identity.Demo{
		People:  []identity.DemoPerson{{Name: "王小明", Phone: models.NewSecret(ann), Role: models.Resident, Region: "430181"}},
		Clients: []identity.DemoClient{{Kind: models.Hospital, Name: "医院", Region: "430181", ClientID: "his-1", Secret: models.NewSecret("s")}},
	}
	d.ID = identity.DemoID
	if err := e.h.Demos.Insert(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	want := `{"people":[{"name":"王小明","phone":"13800000001","role":"resident","region":"430181"}],"clients":[{"kind":"hospital","name":"医院","region":"430181","clientId":"his-1","clientSecret":"s"}]}`
	if r := e.must(200, "GET /v1/sandbox/accounts", ""); r.Body != want {
		t.Errorf("%s", r.Body)
	}
}

// issuer is a sign-in of somebody else: discovery, keys and RS256 tokens.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		b64 := base64.RawURLEncoding.EncodeToString
		var v any = map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL, "token_endpoint": i.URL, "id_token_signing_alg_values_supported": []string{"RS256"}}
		if r.URL.Path == "/keys" {
			v = map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}}
		}
		_ = json.NewEncoder(w).Encode(v)
	}))
	t.Cleanup(i.Close)
	return i
}

func TestOIDC(t *testing.T) {
	good, strange := newIssuer(t), newIssuer(t)
	e := entered(t, func(e *entrance, h *Handler, _ *api.Config) {
		h.OIDC = NewOIDC(e.Now, Issuer{URL: good.URL, Clients: []string{"xinyi", "xinyi-web"}})
	})
	token := func(i *issuer, edit func(jwt.MapClaims)) string {
		c := jwt.MapClaims{"iss": i.URL, "aud": "xinyi", "sub": "u1", "iat": e.Now().Unix(), "exp": e.Now().Add(time.Hour).Unix(),
			"phone_number": "+8613800000001", "phone_number_verified": true}
		if edit != nil {
			edit(c)
		}
		tok := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
		tok.Header["kid"] = "k"
		s, err := tok.SignedString(i.key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	body := func(tok string) string { return `{"idToken":"` + tok + `"}` }
	byPhone := e.in(ann)
	if s := apitest.Read[signedIn](t, e.must(200, "POST /v1/auth/oidc", body(token(good, nil)))); s.Person.ID != byPhone.Person.ID {
		t.Error("the verified phone is another person")
	}
	noPhone := func(c jwt.MapClaims) { delete(c, "phone_number") }
	if s := apitest.Read[signedIn](t, e.must(200, "POST /v1/auth/oidc", body(token(good, noPhone)))); s.Person.ID != byPhone.Person.ID {
		t.Error("the linked subject is another person")
	}
	for name, tc := range map[string]struct {
		token  string
		reason string
	}{
		"no token":         {"abc", "identity.oidc_refused"},
		"expired":          {token(good, func(c jwt.MapClaims) { c["exp"] = e.Now().Add(-time.Minute).Unix() }), "identity.oidc_refused"},
		"for another":      {token(good, func(c jwt.MapClaims) { c["aud"] = "other" }), "identity.oidc_refused"},
		"unknown issuer":   {token(strange, nil), "identity.oidc_refused"},
		"forged":           {token(&issuer{good.Server, strange.key}, nil), "identity.oidc_refused"},
		"phone unverified": {token(good, func(c jwt.MapClaims) { c["sub"], c["phone_number_verified"] = "u2", false }), "identity.oidc_no_phone"},
		"no phone":         {token(good, func(c jwt.MapClaims) { c["sub"] = "u2"; noPhone(c) }), "identity.oidc_no_phone"},
	} {
		if r := e.Ask("POST /v1/auth/oidc", body(tc.token)); r.Status != 401 || r.Problem(t).Reason != tc.reason {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
}

func TestHTTPRealName(t *testing.T) {
	key := []byte("a shared key of the verifier")
	var answer func(http.ResponseWriter)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("X-Signature") != signRealName(key, r.Header.Get("X-Timestamp"), r.Header.Get("X-Nonce"), body) || r.Header.Get("X-App-Id") != "xinyi" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answer(w)
	}))
	defer srv.Close()
	n, err := models.ParseIDNumber("430181199001010003")
	if err != nil {
		t.Fatal(err)
	}
	says := func(s string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = io.WriteString(w, s) }
	}
	for name, tc := range map[string]struct {
		key    []byte
		answer func(http.ResponseWriter)
		wait   time.Duration
		want   error
	}{
		"match":         {key, says(`{"match":true,"serial":"s1"}`), time.Second, nil},
		"mismatch":      {key, says(`{"match":false,"serial":"s1"}`), time.Second, models.Denied},
		"no verdict":    {key, says(`{}`), time.Second, models.Unavailable},
		"no JSON":       {key, says(`<html>`), time.Second, models.Unavailable},
		"5xx":           {key, func(w http.ResponseWriter) { w.WriteHeader(502) }, time.Second, models.Unavailable},
		"bad signature": {[]byte("other"), says(`{"match":true}`), time.Second, models.Unavailable},
		"too slow":      {key, says(`{"match":true}`), time.Nanosecond, models.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			answer = tc.answer
			v := HTTPRealName{URL: srv.URL, AppID: "xinyi", Key: tc.key, Client: &http.Client{Timeout: tc.wait}, Now: time.Now}
			ev, err := v.Verify(context.Background(), "王小明", n)
			if tc.want == nil && (err != nil || ev.Ref != "s1") || tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("%+v, %v; want %v", ev, err, tc.want)
			}
			if err != nil && (strings.Contains(err.Error(), "王小明") || strings.Contains(err.Error(), "19900101")) {
				t.Errorf("the error tells who: %v", err)
			}
		})
	}
}

func TestRotateTokens(t *testing.T) {
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	path := filepath.Join(t.TempDir(), "tokens.json")
	here, err := LoadTokens(path, "iss", clock)
	if err != nil {
		t.Fatal(err)
	}
	there, err := LoadTokens(path, "iss", clock) // another replica
	if err != nil {
		t.Fatal(err)
	}
	old, err := here.Issue("p", "s", "")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if err := here.Rotate(time.Hour); err != nil {
		t.Fatal(err)
	}
	fresh, err := here.Issue("p", "s", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Tokens{here, there} {
		for _, tok := range []string{old, fresh} {
			if c, err := v.verify(tok); err != nil || c.Subject != "p" || c.Session != "s" {
				t.Errorf("%+v %v", c, err)
			}
		}
	}
	if other, err := LoadTokens(path, "another issuer", clock); err != nil {
		t.Error(err)
	} else if _, err := other.verify(fresh); !errors.Is(err, models.Unauthenticated) {
		t.Errorf("another issuer's token: %v", err)
	}
	none := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": "iss", "sub": "p", "sid": "s", "exp": now.Add(time.Hour).Unix()})
	forged, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := here.verify(forged); !errors.Is(err, models.Unauthenticated) {
		t.Errorf("unsigned: %v", err)
	}
}

// A request with a token seen before costs no signature check.
func BenchmarkAuthenticate(b *testing.B) {
	now := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	engine := sqlitetest.Open(b)
	s := store.New(engine, clock, store.TestKeys())
	repos := store.OpenIdentity(s)
	if err := s.Ensure(b.Context()); err != nil {
		b.Fatal(err)
	}
	tokens, err := LoadTokens(filepath.Join(b.TempDir(), "t.json"), "iss", clock)
	if err != nil {
		b.Fatal(err)
	}
	p := identity.NewPerson("p", models.NewSecret(ann), "zh", now)
	session := identity.NewSession(p, identity.SignIn{ID: "s", Device: "", Method: "code", Family: "f", Token: "t"}, identity.Standard, now)
	if err := errors.Join(repos.People.Insert(b.Context(), p), repos.Sessions.Insert(b.Context(), session)); err != nil {
		b.Fatal(err)
	}
	token, err := tokens.Issue("p", "s", "")
	if err != nil {
		b.Fatal(err)
	}
	a := NewCallers(tokens, repos, clock)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Authenticate(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

// activeClient is a partner's system that was let in.
func activeClient(id string, of identity.ClientOf, now time.Time) (*identity.Client, error) {
	c, err := identity.NewClient(id, of, models.Clockwork, now)
	if err == nil {
		err = c.Confirm(models.Clockwork, now)
	}
	return c, err
}
