package identity

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
)

func from(address string) string { return "X-Forwarded-For: " + address }

// behind is an entrance behind a proxy, so that a test may come from anywhere.
func behind(t *testing.T, change func(*Handler)) *entrance {
	return entered(t, func(_ *entrance, h *Handler, c *api.Config) {
		c.Proxies = []string{"0.0.0.0"}
		if change != nil {
			change(h)
		}
	})
}

// signedInFrom asks for a code and answers it, each from an address of its own.
func (e *entrance) signedInFrom(phone, token, asks, answers string) signedIn {
	e.Helper()
	sent := apitest.Read[codeSent](e.T, e.must(202, "POST /v1/auth/codes", fmt.Sprintf(`{"phone":%q,"deviceToken":%q}`, phone, token), from(asks)))
	code := strings.Split(e.must(200, "GET /v1/sandbox/codes/"+phone, "", from(asks)).Body, `"`)[3]
	return apitest.Read[signedIn](e.T, e.must(200, "POST /v1/auth/sessions",
		fmt.Sprintf(`{"phone":%q,"code":%q,"challenge":%q,"deviceToken":%q}`, phone, code, sent.Challenge, token), from(answers)))
}

// TestStrangersLockNobodyOut: strangers who ask for all codes and answer all wrongly shut out neither another address nor, once
// the phone's own budget is gone, the device that was signed in before.
func TestStrangersLockNobodyOut(t *testing.T) {
	e := behind(t, nil)
	mine := e.signedInFrom(ann, "", "203.0.113.1", "203.0.113.1")
	if mine.DeviceToken == "" {
		t.Fatal("no device token")
	}
	e.Forward(2 * time.Hour)
	ask := `{"phone":"` + ann + `"}`
	harass := func(stranger string) (refused int) {
		for range 8 {
			if e.Ask("POST /v1/auth/codes", ask, from(stranger)).Status == 429 {
				refused++
			}
			for range 25 {
				e.Ask("POST /v1/auth/sessions", signInBody(ann, "000000"), from(stranger))
			}
			e.Forward(time.Minute)
		}
		return refused
	}
	if refused := harass("198.51.100.1"); refused != 3 {
		t.Errorf("a stranger is refused %d of 8 codes", refused)
	}
	if other := e.signedInFrom(ann, "", "203.0.113.2", "203.0.113.99"); other.Person.ID != mine.Person.ID || other.DeviceToken == mine.DeviceToken {
		t.Errorf("from another address: %+v", other)
	}
	for i := range 20 {
		e.Ask("POST /v1/auth/codes", ask, from(fmt.Sprintf("198.51.100.%d", i+10)))
	}
	e.refuse(429, "identity.codes_exhausted", "POST /v1/auth/codes", ask, from("203.0.113.3"))
	if again := e.signedInFrom(ann, mine.DeviceToken, "203.0.113.4", "203.0.113.5"); again.Person.ID != mine.Person.ID || again.DeviceToken != mine.DeviceToken {
		t.Errorf("the device that is known: %+v", again)
	}
	forged := strings.Split(mine.DeviceToken, ".")[0] + ".0000"
	for i, token := range []string{forged, "x", ".", e.signedInFrom(bob, "", "203.0.113.6", "203.0.113.6").DeviceToken} {
		e.refuse(429, "identity.codes_exhausted", "POST /v1/auth/codes", fmt.Sprintf(`{"phone":%q,"deviceToken":%q}`, ann, token), from(fmt.Sprintf("203.0.113.1%d", i)))
	}
}

// TestCodesOfTheCity: what all addresses together may have sent is bounded, the last fifth is for known devices, and the operator hears of it once.
func TestCodesOfTheCity(t *testing.T) {
	var alarms []string
	e := behind(t, func(h *Handler) {
		h.Policy.CityDaily = 10
		h.Alarm = func(_ context.Context, budget string) { alarms = append(alarms, budget) }
	})
	known := e.signedInFrom(ann, "", "203.0.113.1", "203.0.113.1").DeviceToken
	sent := 1
	for i := range 20 {
		if e.Ask("POST /v1/auth/codes", fmt.Sprintf(`{"phone":"139000000%02d"}`, i), from(fmt.Sprintf("2001:db8:%d::1", i))).Status == 202 {
			sent++
		}
	}
	if sent != 8 || len(alarms) != 1 || alarms[0] != "city/day" {
		t.Errorf("%d codes, alarms %v", sent, alarms)
	}
	e.Forward(time.Minute)
	e.signedInFrom(ann, known, "203.0.113.1", "203.0.113.1")
	e.Forward(25 * time.Hour)
	e.must(202, "POST /v1/auth/codes", `{"phone":"`+bob+`"}`)
}

// TestOIDCNames: who has no name signs in as nobody, a phone is read as issuers write it, and who is linked needs none.
func TestOIDCNames(t *testing.T) {
	good := newIssuer(t)
	var asked atomic.Int32
	keys := good.Config.Handler
	good.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			asked.Add(1)
		}
		keys.ServeHTTP(w, r)
	})
	e := entered(t, func(e *entrance, h *Handler, _ *api.Config) {
		h.OIDC = NewOIDC(e.Now, Issuer{URL: good.URL, Clients: []string{"xinyi"}, PhoneIsVerified: true})
	})
	sign := func(kid string, claims jwt.MapClaims) apitest.Reply {
		c := jwt.MapClaims{"iss": good.URL, "aud": "xinyi", "iat": e.Now().Unix(), "exp": e.Now().Add(time.Hour).Unix()}
		for name, v := range claims {
			c[name] = v
		}
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
		token.Header["kid"] = kid
		s, err := token.SignedString(good.key)
		if err != nil {
			t.Fatal(err)
		}
		return e.Ask("POST /v1/auth/oidc", `{"idToken":"`+s+`"}`)
	}
	for name, claims := range map[string]jwt.MapClaims{
		"no sub": {"phone_number": "+8613800000001"}, "an empty one": {"sub": "", "phone_number": "+8613800000001"}, "a blank one": {"sub": "  ", "phone_number": "+8613800000001"},
	} {
		if r := sign("k", claims); r.Status != 401 || r.Problem(t).Reason != "identity.oidc_refused" {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	var first string
	for i, number := range []string{"+8613800000033", "+86 (138) 0000-0033", "+86-138-0000-0033", "0086 138 0000 0033", "13800000033", "+1 202 555 0100"} {
		r := sign("k", jwt.MapClaims{"sub": fmt.Sprint("u", i%5), "phone_number": number}) // the last one is linked already
		if r.Status != 200 {
			t.Errorf("%s: %d %s", number, r.Status, r.Body)
			continue
		}
		if id := apitest.Read[signedIn](t, r).Person.ID; first == "" {
			first = id
		} else if id != first {
			t.Errorf("%s is another person", number)
		}
	}
	if r := sign("k", jwt.MapClaims{"sub": "abroad", "phone_number": "+1 202 555 0100"}); r.Problem(t).Reason != "identity.oidc_no_phone" {
		t.Errorf("a foreign number: %s", r.Body)
	}
	silent := newIssuer(t)
	var knocks atomic.Int32
	silent.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		knocks.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})
	down := NewOIDC(e.Now, Issuer{URL: silent.URL, Clients: []string{"xinyi"}})
	for range 20 {
		token, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"iss": silent.URL, "aud": "xinyi", "sub": "u"}).SignedString(silent.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := down.check(t.Context(), token); models.CodeOf(err) != models.Unavailable {
			t.Errorf("an issuer that is down: %v", err)
		}
	}
	if n := knocks.Load(); n != 1 {
		t.Errorf("an issuer that is down was asked %d times", n)
	}
	before := asked.Load()
	for i := range 20 {
		if r := sign(fmt.Sprint("unknown", i), jwt.MapClaims{"sub": "u1"}); r.Status != 401 {
			t.Errorf("an unknown key: %d", r.Status)
		}
	}
	e.Forward(31 * time.Second)
	sign("unknown", jwt.MapClaims{"sub": "u1"})
	if n := asked.Load() - before; n > 2 {
		t.Errorf("21 tokens with unknown keys fetched the keys %d times", n)
	}
}
