package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"xinyi/models"
)

// A Probe is one part that must work before this process takes requests.
type Probe struct {
	Name string
	Ask  func(context.Context) error
}

// ready answers 200 when the store can be read and written and every probe answers within two seconds, else 503; it says which failed, and
// why only of a store that can still be read.
func (r *Router) ready(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
	defer cancel()
	probes := append([]Probe{{Name: "store", Ask: r.Cfg.Store.Engine.Ping}}, r.Cfg.Ready...)
	status, parts, reason := http.StatusOK, fiber.Map{}, ""
	for _, p := range probes {
		parts[p.Name] = "ok"
		if err := p.Ask(ctx); err != nil {
			status, parts[p.Name] = http.StatusServiceUnavailable, "failed"
			var known *models.Error
			if errors.As(err, &known) && strings.HasPrefix(known.Reason, "store.") {
				reason = known.Reason
			}
			r.Cfg.Log.Warn("not ready", "part", p.Name, "err", err)
		}
	}
	answer := fiber.Map{"ready": status == http.StatusOK, "version": r.Cfg.Version, "parts": parts}
	if reason != "" {
		answer["reason"] = reason
	}
	return c.Status(status).JSON(answer)
}
