package local_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2/jwt"

	"xinyi/notifications/local"
)

var fcmNoon = time.Date(2027, 3, 1, 4, 0, 0, 0, time.UTC)

func fcmServe(t *testing.T, f *local.FCM) string {
	t.Helper()
	f.Now = func() time.Time { return fcmNoon }
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base, stop := f.Serve(l)
	t.Cleanup(stop)
	return base
}

// fcmBearer asks for a bearer with the key file of a project.
func fcmBearer(t *testing.T, file []byte, change func(*jwt.Config)) (string, error) {
	t.Helper()
	var key struct {
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
		URL   string `json:"token_uri"`
	}
	if err := json.Unmarshal(file, &key); err != nil {
		t.Fatal(err)
	}
	c := jwt.Config{Email: key.Email, PrivateKey: []byte(key.Key), TokenURL: key.URL,
		Scopes: []string{"https://www.googleapis.com/auth/firebase.messaging"}}
	if change != nil {
		change(&c)
	}
	got, err := c.TokenSource(t.Context()).Token()
	if err != nil {
		return "", err
	}
	return got.AccessToken, nil
}

// fcmPost sends a message to token; the answer's status, 0 when there was none.
func fcmPost(ctx context.Context, t *testing.T, base, bearer, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/projects/p/messages:send", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+bearer)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func fcmTo(token string) string { return fmt.Sprintf(`{"message":{"token":%q}}`, token) }

// TestFCMGrants takes assertions signed with its own key for this very purpose, and no others.
func TestFCMGrants(t *testing.T) {
	var f, other local.FCM
	base := fcmServe(t, &f)
	file := f.ServiceAccountJSON(base, "p")
	for name, change := range map[string]func(*jwt.Config){
		"another's key":    func(c *jwt.Config) { c.PrivateKey = []byte(fcmKeyOf(t, other.ServiceAccountJSON(base, "p"))) },
		"another audience": func(c *jwt.Config) { c.Audience = "https://example.org/token" },
		"another scope":    func(c *jwt.Config) { c.Scopes = []string{"drive"} },
		"nobody's name":    func(c *jwt.Config) { c.Email = "somebody@example.org" },
	} {
		if bearer, err := fcmBearer(t, file, change); err == nil {
			t.Errorf("%s got %q", name, bearer)
		}
	}
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	for _, assertion := range []string{"", "a", "a.b", "...", part(`{"alg":"none"}`) + "." + part(`{"iss":"push@p"}`) + "."} {
		form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
		res, err := http.PostForm(base+"/token", form)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != http.StatusBadRequest {
			t.Errorf("assertion %q: %d", assertion, res.StatusCode)
		}
	}
	bearer, err := fcmBearer(t, file, nil)
	if err != nil || f.Grants() != 1 {
		t.Fatalf("its own key: %v, %d granted", err, f.Grants())
	}
	if got := fcmPost(t.Context(), t, base, bearer, fcmTo("ok#1")); got != 200 {
		t.Errorf("its own bearer: %d", got)
	}
	if got := fcmPost(t.Context(), t, base, "invented", fcmTo("ok#1")); got != 401 {
		t.Errorf("an invented bearer: %d", got)
	}
	stranger, err := fcmBearer(t, f.ServiceAccountJSON(base, "q"), nil)
	if got := fcmPost(t.Context(), t, base, stranger, fcmTo("ok#1")); err != nil || got != 403 {
		t.Errorf("another project's bearer: %d, %v", got, err)
	}
}

func fcmKeyOf(t *testing.T, file []byte) string {
	t.Helper()
	var key struct {
		Key string `json:"private_key"`
	}
	if err := json.Unmarshal(file, &key); err != nil {
		t.Fatal(err)
	}
	return key.Key
}

// TestFCMSeen remembers the last that were taken, in their order, and none that were not.
func TestFCMSeen(t *testing.T) {
	for keep, want := range map[int]string{0: "ok#0 ok#1 ok#2 ok#3 ok#4", 3: "ok#2 ok#3 ok#4", 5: "ok#0 ok#1 ok#2 ok#3 ok#4", -1: ""} {
		f := local.FCM{Keep: keep}
		base := fcmServe(t, &f)
		bearer, err := fcmBearer(t, f.ServiceAccountJSON(base, "p"), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			fcmPost(t.Context(), t, base, bearer, fcmTo(fmt.Sprint("ok#", i)))
		}
		fcmPost(t.Context(), t, base, bearer, fcmTo("unreg#1"))
		fcmPost(t.Context(), t, base, bearer, `{"validate_only":true,"message":{"token":"ok#9"}}`)
		fcmPost(t.Context(), t, base, bearer, `{"message":`)
		var tokens []string
		for _, p := range f.Seen() {
			tokens = append(tokens, p.Token)
		}
		if got := strings.Join(tokens, " "); got != want || f.Sent() != 5 || f.Requests() != 8 || f.Count("ok#9") != 0 {
			t.Errorf("keep %d: %q, want %q; %d sent of %d", keep, got, want, f.Sent(), f.Requests())
		}
	}
}

// TestFCMSwitches fails, cuts and holds on demand, and works again; who hangs up is not waited for.
func TestFCMSwitches(t *testing.T) {
	var f local.FCM
	base := fcmServe(t, &f)
	bearer, err := fcmBearer(t, f.ServiceAccountJSON(base, "p"), nil)
	if err != nil {
		t.Fatal(err)
	}
	post := func(want int) {
		t.Helper()
		if got := fcmPost(t.Context(), t, base, bearer, fcmTo("ok#1")); got != want {
			t.Errorf("answered %d, want %d", got, want)
		}
	}
	f.Fail(503)
	post(503)
	f.Fail(0)
	post(200)
	f.Down(true)
	post(0)
	f.Down(false)
	post(200)
	f.Delay(time.Hour)
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := fcmPost(short, t, base, bearer, fcmTo("ok#1")); got != 0 {
		t.Errorf("held: %d", got)
	}
	f.Delay(0)
	post(200)
	if f.Sent() != 3 {
		t.Errorf("%d sent", f.Sent())
	}
}
