package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"xinyi/handlers/api"
)

// insider has one route for operators beside an ordinary one.
type insider struct{}

func (insider) Mount(r *api.Router) {
	look := func(context.Context, api.Request, struct{}) (api.None, error) { return api.None{}, nil }
	api.Get(r, "/inside", look, api.Open(), api.Inside, api.Does("Look inside"))
	api.Get(r, "/outside", look, api.Open(), api.Does("Look outside"))
}

// TestOperatorsHaveAListenerOfTheirOwn: what is theirs the public listener answers as any path that is not there, and theirs has
// nothing of the public's.
func TestOperatorsHaveAListenerOfTheirOwn(t *testing.T) {
	d := opened(t, nil)
	d.R.Handle(insider{})
	d.Check = nil
	d.Ask("GET /v1/outside", "")
	for path, want := range map[string]string{
		"/livez": "ok", "/readyz": `"store":"ok"`, "/metrics": `xinyi_http_requests_total{class="2xx",method="GET",route="/v1/outside"} 1`,
		"/debug/pprof/": "goroutine", "/debug/pprof/heap?debug=1": "heap profile", "/debug/pprof/cmdline": "test", "/debug/pprof/trace?seconds=0.01": "go 1",
	} {
		if got := d.Operate("GET "+path, ""); got.Status != 200 || !strings.Contains(got.Body, want) {
			t.Errorf("operators ask %s: %d %.300s", path, got.Status, got.Body)
		}
	}
	nowhere := d.Ask("GET /nowhere", "")
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/pprof/profile?seconds=1", "/v1/inside"} {
		if got := d.Ask("GET "+path, "", "Host: localhost"); got.Status != 404 || got.Problem(t).Reason != nowhere.Problem(t).Reason {
			t.Errorf("the public ask %s: %d %s", path, got.Status, got.Body)
		}
	}
	if got := d.Operate("GET /v1/inside", ""); got.Status != 204 {
		t.Errorf("/v1/inside: %d %s", got.Status, got.Body)
	}
	for _, path := range []string{"/v1/outside", "/v1/notes", "/docs", "/openapi.json"} {
		if got := d.Operate("GET "+path, "", "as ann"); got.Status != 404 {
			t.Errorf("operators ask %s: %d", path, got.Status)
		}
	}
	if got := d.Operate("GET /debug/pprof/profile?seconds=51", ""); got.Status != 400 {
		t.Errorf("a profile of 51 seconds: %d %s", got.Status, got.Body)
	}
}

// TestNoPageAsksForOperators: a name that somebody else lets lead to this machine is refused, and so is whatever a browser sends from a page.
func TestNoPageAsksForOperators(t *testing.T) {
	d := opened(t, func(c *api.Config) { c.Hosts, c.Origins = []string{"xinyi1"}, []string{"*"} })
	for host, want := range map[string]int{
		"localhost": 200, "LOCALHOST:9464": 200, "localhost.:9464": 200, "127.0.0.1": 200, "127.0.0.1:9464": 200, "127.9.9.9:1": 200, "[::1]:9464": 200, "[::1]": 200,
		"[::ffff:127.0.0.1]:1": 200, "xinyi1": 200, "Xinyi1:9464": 200,
		"evil.example": 403, "evil.example:9464": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403, "10.0.0.7:9464": 403, "0.0.0.0:9464": 403,
		"[::]:9464": 403, "xinyi1.evil.example": 403, "xinyi2": 403, "2130706433": 403, "0x7f.1": 403, "localhost@evil.example": 403,
	} {
		for _, path := range []string{"/metrics", "/livez", "/debug/pprof/", "/v1/nothing"} {
			got := d.Operate("GET "+path, "", "Host: "+host)
			if refused := got.Status == 403 && got.Problem(t).Reason == "operators.not_here"; refused != (want == 403) {
				t.Errorf("%s as %s: %d %.200s", path, host, got.Status, got.Body)
			}
		}
	}
	for _, header := range []string{"X-Forwarded-Host: localhost", "Forwarded: host=localhost", "X-Host: localhost"} {
		if got := d.Operate("GET /metrics", "", "Host: evil.example", header); got.Status != 403 {
			t.Errorf("%s: %d", header, got.Status)
		}
	}
	for _, origin := range []string{"https://evil.example", "http://localhost:9464", "null"} {
		for _, method := range []string{"GET", "OPTIONS", "POST"} {
			got := d.Operate(method+" /metrics", "", "Origin: "+origin, "Access-Control-Request-Method: GET")
			if got.Status != 403 || got.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s from %s: %d %v", method, origin, got.Status, got.Header)
			}
		}
	}
}

// TestMetricsOfEveryRouteStaySmall: a thousand routes that have all been answered well and badly.
func TestMetricsOfEveryRouteStaySmall(t *testing.T) {
	d := opened(t, func(c *api.Config) { c.Rates.Off = true })
	d.Check = nil
	d.R.Handle(crowd(1000))
	for n := range 1000 {
		d.Ask(fmt.Sprintf("GET /v1/crowd/that/has/long/names/%d", n), "")
		d.Ask(fmt.Sprintf("GET /v1/crowd/that/has/long/names/%d?fault=1", n), "")
	}
	if got := d.Operate("GET /metrics", ""); got.Status != 200 || len(got.Body) > 300_000 || strings.Count(got.Body, "/v1/crowd/") != 2000 {
		t.Errorf("%d: %d bytes, %d series", got.Status, len(got.Body), strings.Count(got.Body, "/v1/crowd/"))
	}
}

// crowd is so many routes.
type crowd int

func (n crowd) Mount(r *api.Router) {
	type question struct {
		Fault string `query:"fault" validate:"omitempty,max=0"`
	}
	for i := range int(n) {
		api.Get(r, fmt.Sprintf("/crowd/that/has/long/names/%d", i), func(context.Context, api.Request, question) (api.None, error) {
			return api.None{}, nil
		}, api.Open(), api.Does("x"))
	}
}
