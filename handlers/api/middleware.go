package api

import (
	"cmp"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
)

// middleware is what every request passes: its id, headers against misuse by browsers, CORS, compression; and no panic leaves it.
func (r *Router) middleware(c *fiber.Ctx) (err error) {
	timer := prometheus.NewTimer(nil)
	r.metrics.inFlight.Inc()
	defer r.metrics.inFlight.Dec()
	defer func() {
		if p := recover(); p != nil {
			err = r.failed(c, models.E(models.Internal, "internal", fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	h := &c.Response().Header
	h.Set(headerRequestID, requestID(c))
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	h.Set(fiber.HeaderXFrameOptions, "DENY")
	h.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	h.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	if err := framed(c); err != nil {
		return r.failed(c, err)
	}
	if r.preflight(c) {
		return nil
	}
	if err := c.Next(); err != nil {
		err = r.failed(c, cmp.Or(r.stray(c), err))
		r.metrics.other.saw(c.Response().StatusCode(), timer.ObserveDuration())
		return err
	}
	squeeze(c)
	return nil
}

// stray counts, for where it comes from, a call of what is no route of ours: what nobody foresees is bounded as well.
func (r *Router) stray(c *fiber.Ctx) error {
	rq := Request{Now: *models.At(r.Cfg.Now()), Address: r.address(c)}
	return r.count(c, nil, r.fromAddress(&rq), &rq)
}

// Page serves what is no route, and counts its calls for where they come from.
func (r *Router) Page(path string, page fiber.Handler) {
	r.app.Get(path, func(c *fiber.Ctx) error {
		if err := r.stray(c); err != nil {
			return err
		}
		return page(c)
	})
}

// preflight lets the pages of the configured origins call, and answers a browser that asks first. It grants what is asked for: an origin
// is let in or not, and nothing here rests on a cookie, so a list of headers kept beside the routes would guard nothing and go stale.
func (r *Router) preflight(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" || len(r.Cfg.Origins) == 0 {
		return false
	}
	h := &c.Response().Header
	h.Add(fiber.HeaderVary, fiber.HeaderOrigin)
	if !slices.Contains(r.Cfg.Origins, "*") && !slices.Contains(r.Cfg.Origins, origin) {
		return false
	}
	h.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	h.Set(fiber.HeaderAccessControlExposeHeaders, "*")
	method := c.Get(fiber.HeaderAccessControlRequestMethod)
	if c.Method() != http.MethodOptions || method == "" {
		return false
	}
	h.Add(fiber.HeaderVary, fiber.HeaderAccessControlRequestMethod)
	h.Add(fiber.HeaderVary, fiber.HeaderAccessControlRequestHeaders)
	h.Set(fiber.HeaderAccessControlAllowMethods, strings.ToUpper(printed(method, 16)))
	h.Set(fiber.HeaderAccessControlAllowHeaders, printed(c.Get(fiber.HeaderAccessControlRequestHeaders), 1024))
	h.Set(fiber.HeaderAccessControlMaxAge, "600")
	c.Status(http.StatusNoContent)
	return true
}

// printed is s when it may stand in a header, else nothing.
func printed(s string, most int) string {
	if !printable(s, most) {
		return ""
	}
	return strings.Clone(s)
}
