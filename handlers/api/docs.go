package api

import (
	"embed"

	"github.com/gofiber/fiber/v2"
)

//go:embed docs/*
var docFiles embed.FS

// docKinds are the files of the page and how they are sent.
var docKinds = map[string]string{
	"index.html": "text/html; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "style.css": "text/css; charset=utf-8",
}

// document mounts the OpenAPI document and the page that shows it. Everything is embedded: nothing is fetched from elsewhere.
func (r *Router) document() {
	r.Page("/openapi.json", func(c *fiber.Ctx) error {
		document, err := r.Document()
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderCacheControl, "no-cache")
		c.Set(fiber.HeaderContentType, jsonUTF8)
		return c.Send(document)
	})
	r.Page("/docs", docFile("index.html"))
	r.Page("/docs/app.js", docFile("app.js"))
	r.Page("/docs/style.css", docFile("style.css"))
}

func docFile(name string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		raw, err := docFiles.ReadFile("docs/" + name)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentSecurityPolicy,
			"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		c.Set(fiber.HeaderCacheControl, "no-cache")
		c.Set(fiber.HeaderContentType, docKinds[name])
		return c.Send(raw)
	}
}
