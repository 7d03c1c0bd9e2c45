package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"xinyi/models/identity"
)

// hole is a parameter of a path.
var hole = regexp.MustCompile(`\{[a-zA-Z]+\}`)

// A glance is what a path answered, to somebody who may have signed in.
func glance(t *testing.T, base, token, method, path string) (status int, body string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, base+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

// inCity is a demo city with an operators' listener.
func inCity(t *testing.T) (c *city, a *App, operators string) {
	t.Helper()
	cfg := settingsOf(t, cityDir(t))
	cfg.Ops = "127.0.0.1:0"
	a = program(t, cfg)
	return cityAt(t, a.URL()), a, urlOf(a.inside)
}

// Metrics, profiles and dead letters are answered to operators, on their own listener, and to nobody else.
func TestOperatorsListener(t *testing.T) {
	t.Parallel()
	c, a, operators := inCity(t)
	operator := c.signIn(phoneOf(t, a, "operator"))
	for path, want := range map[string]string{"/livez": "ok", "/readyz": `"store":"ok"`, "/metrics": "\nxinyi_http_requests_total", "/debug/pprof/heap?debug=1": "heap profile"} {
		if status, body := glance(t, operators, "", "GET", path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("operators ask %s: %d %.200s", path, status, body)
		}
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/v1/events/dead"} {
		if status, body := glance(t, a.URL(), operator, "GET", path); status != 404 {
			t.Errorf("the public ask %s: %d %.200s", path, status, body)
		}
	}
	for line, want := range map[string]int{
		"GET /v1/events/dead": 200, "POST /v1/events/dead/none/replay": 404, "GET /v1/me": 404, "GET /openapi.json": 404,
	} {
		method, path, _ := strings.Cut(line, " ")
		if status, body := glance(t, operators, operator, method, path); status != want {
			t.Errorf("an operator asks %s: %d %s", line, status, body)
		}
	}
	if status, _ := glance(t, operators, "", "GET", "/v1/events/dead"); status != 401 {
		t.Errorf("nobody asks for dead letters: %d", status)
	}
	if status, _ := glance(t, operators, c.signIn(resident), "GET", "/v1/events/dead"); status != 403 {
		t.Errorf("a resident asks for dead letters: %d", status)
	}
}

// demoPeople are the made-up people everybody knows.
func demoPeople(t *testing.T, a *App) []identity.DemoPerson {
	t.Helper()
	d, err := a.repos.Identity.Demos.Get(t.Context(), identity.DemoID)
	if err != nil {
		t.Fatal(err)
	}
	return d.People
}

// phoneOf is the phone of the demo's first person with a role.
func phoneOf(t *testing.T, a *App, role string) string {
	t.Helper()
	for _, p := range demoPeople(t, a) {
		if string(p.Role) == role {
			return p.Phone.Reveal()
		}
	}
	t.Fatalf("the demo has no %s", role)
	return ""
}

// A busy city's metrics are small, and of nobody: every route answered well, refused and failed at once, flows told and documents woken.
func TestMetricsOfABusyCity(t *testing.T) {
	t.Parallel()
	c, a, operators := inCity(t)
	me, his := c.signIn(resident), c.client(ward)
	c.sign(me, "scheme-430181")
	c.settle(his, c.visit(me, his, "V-1", "200.00"), "S-1", 1, "200.00", "50.00", "0.00", "150.00")
	c.advance("P40D")
	tokens := []string{me, his, c.signIn(phoneOf(t, a, "credit_office")), c.signIn(phoneOf(t, a, "auditor"))}
	routes := 0
	eachOperation(c.document(), func(name string, _ m, _ any) {
		routes++
		method, path, _ := strings.Cut(name, " ")
		path = hole.ReplaceAllString(path, "x")
		for _, token := range tokens {
			if method == http.MethodGet && !strings.HasSuffix(path, "/stream") {
				glance(t, a.URL(), token, method, path)
			}
		}
		glance(t, a.URL(), "", method, path)
	})
	status, body := glance(t, operators, "", "GET", "/metrics")
	series, length := 0, 0
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "xinyi_http_requests_total{") {
			series++
			length += len(line)
		}
	}
	if status != 200 || series < routes {
		t.Fatalf("%d: %d series of %d routes", status, series, routes)
	}
	// What has been answered in one way may be answered in others yet: well, not changed, refused, failed.
	longest := len(body) + (4*routes-series)*length/series
	t.Logf("%d routes, %d bytes, %d of them HTTP; at most %d", routes, len(body), series, longest)
	if longest > 300_000 {
		t.Errorf("%d bytes, and %d once every route has been answered in every way", len(body), longest)
	}
	for _, p := range demoPeople(t, a) {
		for what, s := range map[string]string{"phone": p.Phone.Reveal(), "name": p.Name} {
			if s != "" && strings.Contains(body, s) {
				t.Errorf("the %s of somebody is there: %s", what, s)
			}
		}
	}
}

// An address that is taken ends the start when somebody has chosen it; otherwise the city is served without operators' listener.
func TestOperatorsAddressIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := settingsOf(t, cityDir(t))
	cfg.Ops, cfg.opsGiven = l.Addr().String(), false
	if a := program(t, cfg); a.inside != nil {
		t.Error("it listens all the same")
	}
	cfg = settingsOf(t, cityDir(t))
	cfg.Ops, cfg.opsGiven = l.Addr().String(), true
	if a, err := Open(t.Context(), cfg, true); err == nil || !strings.Contains(err.Error(), "OPS_ADDR: listen tcp "+cfg.Ops) || !strings.Contains(err.Error(), "OPS_ADDR=off") {
		t.Errorf("Open = %v %v", a, err)
	}
}

func TestReadConfigOfOperators(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env   []string
		want  string // the address, and the names
		fault string
	}{
		"nothing said":  {nil, "127.0.0.1:9464 false [127.0.0.1]", ""},
		"empty":         {[]string{"OPS_ADDR="}, " false []", ""},
		"off":           {[]string{"OPS_ADDR=off"}, " true []", ""},
		"everywhere":    {[]string{"OPS_ADDR=:9464", "OPS_HOSTS=Xinyi1, xinyi2"}, ":9464 true [xinyi1 xinyi2]", ""},
		"one interface": {[]string{"OPS_ADDR=10.0.0.5:9464"}, "10.0.0.5:9464 true [10.0.0.5]", ""},
		"no port":       {[]string{"OPS_ADDR=127.0.0.1"}, "", "OPS_ADDR"},
	} {
		cfg, err := ReadConfig(tc.env)
		if tc.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tc.fault) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if got := fmt.Sprint(cfg.Ops, " ", cfg.opsGiven, " ", cfg.opsHosts()); err != nil || got != tc.want {
			t.Errorf("%s: %s %v, want %s", name, got, err, tc.want)
		}
	}
}

// Whatever the public address answers is counted: for who asks, or for where it comes from. Only the probes of a balancer are not.
func TestEverythingIsCounted(t *testing.T) {
	t.Parallel()
	a := begin(t) // with the bounds of a real city, far apart from what is asked here
	free := map[string]bool{"/livez": true, "/readyz": true}
	lines := map[string]bool{"GET /nowhere": true, "PATCH /v1/me": true, "GET /metrics": true, "GET /v1/events/dead": true, "TRACE /v1/me": true, "OPTIONS /v1/me": true}
	for _, rt := range a.router.App().GetRoutes(true) {
		lines[rt.Method+" "+strings.NewReplacer("/*", "/x", ":", "").Replace(rt.Path)] = true
	}
	n := 0
	for line := range lines {
		method, path, _ := strings.Cut(line, " ")
		if free[path] {
			continue
		}
		n++
		from := fmt.Sprintf("127.%d.%d.1", 1+n/250, n%250)
		rq, err := http.NewRequestWithContext(t.Context(), method, a.URL()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer wrong")
		res, err := clientFrom(from).Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.Header.Get("RateLimit") == "" {
			t.Errorf("%s: %d, not counted", line, res.StatusCode)
		}
	}
	if n < 500 {
		t.Errorf("only %d were asked", n)
	}
}

// clientFrom asks from an address of this machine.
func clientFrom(address string) *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}}
}
