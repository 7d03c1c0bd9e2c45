package api

import (
	"net"
	"net/http/pprof"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"xinyi/models"
)

// longestProfile is how many seconds a profile may run: what it finds is sent at its end.
const longestProfile = 50

// Inside is a route of the operators' listener alone. The public one answers as for any path that is not there.
var Inside Option = func(rt *route) { rt.inside = true }

// Operators is the server of the operators' listener: metrics, profiles, whether the process lives and is ready, and the routes that are
// Inside. Nobody has to sign in but for the routes, and nothing it shows of itself is about a person.
func (r *Router) Operators() *fiber.App { return r.operators }

// watch mounts what operators and balancers ask. A balancer asks where it sends requests; the rest is the operators' alone.
func (r *Router) watch() {
	for _, app := range []*fiber.App{r.app, r.operators} {
		app.Get("/livez", func(c *fiber.Ctx) error { return c.SendString("ok") })
		app.Get("/readyz", r.ready)
	}
	r.operators.Get("/metrics", adaptor.HTTPHandler(promhttp.HandlerFor(r.Cfg.Metrics, promhttp.HandlerOpts{})))
	profiles := r.operators.Group("/debug/pprof", brief)
	profiles.Get("/cmdline", adaptor.HTTPHandlerFunc(pprof.Cmdline))
	profiles.Get("/profile", adaptor.HTTPHandlerFunc(pprof.Profile))
	profiles.Get("/symbol", adaptor.HTTPHandlerFunc(pprof.Symbol))
	profiles.Get("/trace", adaptor.HTTPHandlerFunc(pprof.Trace))
	profiles.Get("/*", adaptor.HTTPHandlerFunc(pprof.Index))
}

// brief refuses a profile that would hold its connection for longer than an answer may take.
func brief(c *fiber.Ctx) error {
	if c.QueryInt("seconds") > longestProfile {
		return models.Bad("#query/seconds", "max", "request.invalid")
	}
	return c.Next()
}

// near refuses what a page in an operator's browser may have sent: a request under a name that somebody else has made to lead here (DNS
// rebinding), or with an origin.
func (r *Router) near(c *fiber.Ctx) error {
	if c.Get(fiber.HeaderOrigin) != "" || !r.isOurs(string(c.Request().Header.Host())) {
		return models.E(models.Forbidden, "operators.not_here")
	}
	return c.Next()
}

// isOurs says whether a Host header names this machine to itself, or is one of the configured.
func (r *Router) isOurs(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback() || slices.Contains(r.Cfg.Hosts, host)
}
