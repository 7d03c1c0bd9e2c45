package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"

	"xinyi/models"
	"xinyi/models/division"
	"xinyi/store"
	"xinyi/store/sqlite"
)

// While the store cannot be written, what would write answers 503 with the reason and when to come again, what reads goes on, and readiness
// says so; all of it ends by itself.
func TestReadOnlyWhileNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	dir := cityDir(t)
	a := program(t, settingsOf(t, dir))
	c := cityAt(t, a.URL())
	token := c.signIn(resident)
	engine := a.watch.Engine.(*sqlite.Engine)
	faults := map[string]struct{ begin, end func() error }{
		store.Full: {
			func() error { return errors.Join(engine.Bound(t.Context(), 1), crammed(t, a)) },
			func() error { return engine.Bound(t.Context(), 0) },
		},
		store.Gone: {
			func() error { return os.Rename(dir, dir+"-away") },
			func() error { return os.Rename(dir+"-away", dir) },
		},
	}
	for reason, f := range faults {
		if err := f.begin(); err != nil {
			t.Fatal(err)
		}
		// A file that is full still takes what fits into a page that has room, and is well again until the next write needs another.
		c.waits("what writes is refused: "+reason, func() bool {
			if status, got := c.call("", "GET", "/readyz", nil); status != http.StatusServiceUnavailable || got["reason"] != reason {
				return false
			}
			return c.refuses(token, "/v1/me/medical/code", reason) && c.refuses(token, "/v1/me/reports", reason) && c.refuses("", "/v1/auth/codes", reason)
		})
		c.must(200, token, "GET", "/v1/me", nil)
		c.must(200, token, "GET", "/v1/me/inbox", nil)
		if err := f.end(); err != nil {
			t.Fatal(err)
		}
		c.waits("readiness after "+reason, func() bool {
			status, _ := c.call("", "GET", "/readyz", nil)
			return status == http.StatusOK
		})
		c.must(201, token, "POST", "/v1/me/medical/code", nil)
	}
	if a.watch.Writable(t.Context()) != nil {
		t.Error("it cannot be written after all")
	}
}

// refuses says whether a request that would write is answered 503 with the reason in words.
func (c *city) refuses(token, path, reason string) bool {
	status, got := c.call(token, "POST", path, m{})
	return status == http.StatusServiceUnavailable && got["reason"] == reason && got["code"] == "unavailable" && got["detail"] != got["title"]
}

// crammed uses up the room that is left in the file.
func crammed(t *testing.T, a *App) error {
	t.Helper()
	for i := range 100_000 {
		err := a.repos.Zones.Insert(t.Context(), &division.Zone{Meta: models.Meta{ID: fmt.Sprint("cram-", i)}})
		if errors.Is(err, models.Unavailable) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return errors.New("there is always room")
}
