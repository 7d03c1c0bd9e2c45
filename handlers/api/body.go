package api

import (
	"context"
	"io"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/semaphore"

	"xinyi/models"
)

// The room for bodies.
const (
	smallBody = 16 << 10 // bytes that are read without asking for room
	bodyRoom  = 64 << 20 // bytes of larger bodies that are in memory at one time, however many are sent
)

// bodies are the bodies that are being read and worked on.
type bodies struct{ room *semaphore.Weighted }

func newBodies() *bodies { return &bodies{semaphore.NewWeighted(bodyRoom)} }

// read reads a body of at most so many bytes, once it is known that its route takes one from its caller. free gives its room back.
//
// Errors: TooLarge; Unavailable "request.crowded" when there is no room in time; Invalid for one that is cut off.
func (b *bodies) read(ctx context.Context, c *fiber.Ctx, most int) (body []byte, free func(), err error) {
	size, free := c.Request().Header.ContentLength(), func() {}
	switch {
	case size == 0 || size == -2: // none, or none that is framed
		return nil, free, nil
	case size > most:
		return nil, free, models.E(models.TooLarge, "http.413")
	}
	if size > smallBody || size < 0 {
		weight := int64(size)
		if size < 0 {
			weight = int64(most)
		}
		if err := b.room.Acquire(ctx, weight); err != nil {
			return nil, free, models.E(models.Unavailable, "request.crowded", err)
		}
		free = func() { b.room.Release(weight) }
	}
	if body, err = readBody(c, size, most); err != nil {
		free()
		return nil, func() {}, err
	}
	return body, free, nil
}

func readBody(c *fiber.Ctx, size, most int) ([]byte, error) {
	stream := c.Context().RequestBodyStream()
	if stream == nil { // a handler before has set it
		if body := c.Request().Body(); len(body) <= most {
			return body, nil
		}
		return nil, models.E(models.TooLarge, "http.413")
	}
	if size >= 0 {
		body := make([]byte, size)
		if _, err := io.ReadFull(stream, body); err != nil {
			return nil, models.E(models.Invalid, "request.cut_off", err)
		}
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(stream, int64(most)+1))
	switch {
	case err != nil:
		return nil, models.E(models.Invalid, "request.cut_off", err)
	case len(body) > most:
		return nil, models.E(models.TooLarge, "http.413")
	}
	return body, nil
}

// Form makes the fields of a form readable, for a page that is no route: at most 64 KiB. Errors: TooLarge, Invalid.
func Form(c *fiber.Ctx) error {
	size := c.Request().Header.ContentLength()
	if size > unread {
		return models.E(models.TooLarge, "http.413")
	}
	body, err := readBody(c, size, unread)
	if err == nil {
		c.Request().SetBody(body)
	}
	return err
}
