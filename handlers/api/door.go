package api

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
)

// door is what every request passes: its id, headers against misuse by browsers, CORS, compression; and no panic leaves it.
func (r *Router) door(c *fiber.Ctx) (err error) {
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
	if r.preflight(c) {
		return nil
	}
	if err := c.Next(); err != nil {
		err = r.failed(c, err)
		r.metrics.other.saw(c.Response().StatusCode(), timer.ObserveDuration())
		return err
	}
	squeeze(c)
	return nil
}

// preflight lets the pages of the configured origins call, and answers a browser that asks first.
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
	h.Set(fiber.HeaderAccessControlExposeHeaders, "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotent-Replayed")
	if c.Method() != http.MethodOptions || c.Get(fiber.HeaderAccessControlRequestMethod) == "" {
		return false
	}
	h.Set(fiber.HeaderAccessControlAllowMethods, "GET, POST, PUT, PATCH, DELETE")
	h.Set(fiber.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, Accept-Language, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id, X-Acting-As, X-Acting-For")
	h.Set(fiber.HeaderAccessControlMaxAge, "600")
	c.Status(http.StatusNoContent)
	return true
}
