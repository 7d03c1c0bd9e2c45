package api

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
)

// A Probe is one part that must work before this process takes requests.
type Probe struct {
	Name string
	Ask  func(context.Context) error
}

// ready answers 200 when the store and every probe answer within two seconds, else 503; it says which failed, not why.
func (r *Router) ready(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
	defer cancel()
	probes := append([]Probe{{Name: "store", Ask: r.Cfg.Store.Engine.Ping}}, r.Cfg.Ready...)
	status, parts := http.StatusOK, fiber.Map{}
	for _, p := range probes {
		parts[p.Name] = "ok"
		if err := p.Ask(ctx); err != nil {
			status, parts[p.Name] = http.StatusServiceUnavailable, "failed"
			r.Cfg.Log.Warn("not ready", "part", p.Name, "err", err)
		}
	}
	return c.Status(status).JSON(fiber.Map{"ready": status == http.StatusOK, "version": r.Cfg.Version, "parts": parts})
}
