package api

import (
	"bytes"

	"github.com/gofiber/fiber/v2"

	"xinyi/models"
)

// framed refuses a request whose end another program on the way may see elsewhere, or whose headers it may read otherwise: a length beside
// a coding, folded lines, names that are no names (RFC 9112 §5 and §6.3). What else is ambiguous the server underneath refuses itself.
// Errors: Invalid; the line is closed.
func framed(c *fiber.Ctx) error {
	length, coding := false, false
	for rest := c.Request().Header.RawHeaders(); len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		rest = after
		name, _, named := bytes.Cut(line, []byte{':'})
		if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
			continue
		}
		if !named || !isToken(name) {
			return misframed(c)
		}
		length = length || bytes.EqualFold(name, []byte(fiber.HeaderContentLength))
		coding = coding || bytes.EqualFold(name, []byte(fiber.HeaderTransferEncoding))
	}
	if length && coding {
		return misframed(c)
	}
	return nil
}

func misframed(c *fiber.Ctx) error {
	c.Context().SetConnectionClose()
	return models.E(models.Invalid, "http.400")
}

// isToken says whether s is a name as RFC 9110 §5.6.2 writes one.
func isToken(s []byte) bool {
	for _, b := range s {
		if (b < 'a' || b > 'z') && (b < 'A' || b > 'Z') && (b < '0' || b > '9') && bytes.IndexByte([]byte("!#$%&'*+-.^_`|~"), b) < 0 {
			return false
		}
	}
	return len(s) > 0
}
