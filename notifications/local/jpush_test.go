package local

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func jpushAsk(j *JPush, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth("app", "secret")
	w := httptest.NewRecorder()
	j.ServeHTTP(w, r)
	return w
}

func TestJPushRefusesWhatTheVendorWould(t *testing.T) {
	const good = `{"platform":["android"],"audience":{"registration_id":["ok#1"]},"notification":{"android":{"alert":"a"}},"options":{"sendno":1,"time_to_live":60}}`
	swap := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	tests := map[string]struct {
		method, path, body string
		status, code       int
	}{
		"nothing wrong":       {"POST", "/v3/push", good, 200, 0},
		"only a check":        {"POST", "/v3/push/validate", good, 200, 0},
		"GET":                 {"GET", "/v3/push", "", 405, 1001},
		"no platform":         {"POST", "/v3/push", swap(`["android"]`, `[]`), 400, 1002},
		"nobody":              {"POST", "/v3/push", swap(`"ok#1"`, ``), 400, 1002},
		"an empty id":         {"POST", "/v3/push", swap(`ok#1`, ``), 400, 1003},
		"a key nobody knows":  {"POST", "/v3/push", swap(`"sendno"`, `"sendNo2"`), 400, 1009},
		"no such phone maker": {"POST", "/v3/push", swap(`{"android":`, `{"winphone":`), 400, 1009},
		"a number for words":  {"POST", "/v3/push", swap(`"alert":"a"`, `"alert":7`), 400, 1003},
		"eleven days":         {"POST", "/v3/push", swap(`60`, `950400`), 400, 1003},
		"too long":            {"POST", "/v3/push", swap(`"a"`, `"`+strings.Repeat("a", 4000)+`"`), 400, 1005},
		"no JSON":             {"POST", "/v3/push", `{`, 400, 1009},
		"no such path":        {"POST", "/v3/pull", good, 404, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			j := &JPush{AppKey: "app", MasterSecret: "secret", Now: time.Now}
			w := jpushAsk(j, tc.method, tc.path, tc.body)
			if w.Code != tc.status || tc.code != 0 && !strings.Contains(w.Body.String(), fmt.Sprintf(`"code":%d`, tc.code)) {
				t.Errorf("%d %s, want %d %d", w.Code, w.Body, tc.status, tc.code)
			}
			taken := 0
			if tc.status == 200 && tc.path == "/v3/push" {
				taken = 1
			}
			if j.Sent() != taken {
				t.Errorf("%d pushes were taken, want %d", j.Sent(), taken)
			}
		})
	}
}

func TestJPushHandsOutIDs(t *testing.T) {
	j := &JPush{AppKey: "app", MasterSecret: "secret", Now: time.Now}
	for query, want := range map[string]int{"": 1, "?count=3": 3, "?count=99": 10} {
		if w := jpushAsk(j, http.MethodGet, "/v3/push/cid"+query, ""); strings.Count(w.Body.String(), "app-") != want {
			t.Errorf("%q: %s", query, w.Body)
		}
	}
}

// However long it runs, it remembers no more than the last of what it took, in order.
func TestJPushRemembersTheLast(t *testing.T) {
	j := &JPush{Now: time.Now}
	const n = jpushKept + 5
	for i := range n {
		j.keep(JPushed{Registration: fmt.Sprint(i)})
	}
	seen := j.Seen()
	if len(seen) != jpushKept || seen[0].Registration != "5" || seen[jpushKept-1].Registration != fmt.Sprint(n-1) || j.Sent() != n {
		t.Errorf("%d seen of %d, from %s", len(seen), j.Sent(), seen[0].Registration)
	}
}
