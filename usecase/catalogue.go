package usecase

import (
	"context"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/store"
)

// Catalogue answers which version of an item governs, and keeps organisations' codes and the tickets about them.
type Catalogue struct {
	store.Catalogue
	now   func() time.Time
	known *versions
}

// OpenCatalogue opens the repos on s, once a process.
func OpenCatalogue(s *store.Store) Catalogue {
	return Catalogue{store.OpenCatalogue(s), s.Now, &versions{of: map[string]remembered{}}}
}

// versions remembers for a few seconds which versions an item has: a batch asks for the same one again and again.
type versions struct {
	mu sync.Mutex
	of map[string]remembered
}

type remembered struct {
	at    time.Time
	items []*catalogue.Item
}

// How long a list of versions holds, and of how many items it is kept.
const (
	versionsHold = 2 * time.Second
	versionsKept = 500
)

// Versions are the versions of an item, the newest first; none of a code nobody knows. They are to look at, never to save.
func (c Catalogue) Versions(ctx context.Context, code string) ([]*catalogue.Item, error) {
	now := c.now()
	c.known.mu.Lock()
	was, ok := c.known.of[code]
	c.known.mu.Unlock()
	if age := now.Sub(was.at); ok && age >= 0 && age < versionsHold {
		return was.items, nil
	}
	page, err := c.Items.Find(ctx, store.ItemVersions(code).Page(store.MaxPage, ""))
	if err != nil {
		return nil, err
	}
	c.known.mu.Lock()
	defer c.known.mu.Unlock()
	if len(c.known.of) >= versionsKept {
		c.known.of = map[string]remembered{}
	}
	c.known.of[code] = remembered{now, page.Items}
	return page.Items, nil
}

// InForce is the version of an item that governs what comes in on a day; of two the newer one. It is to look at, never to save,
// and up to two seconds old. Errors: NotFound "catalogue.unknown" for a code nobody knows, Conflict "catalogue.not_in_force".
func (c Catalogue) InForce(ctx context.Context, code string, on models.Day) (*catalogue.Item, error) {
	items, err := c.Versions(ctx, code)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, models.E(models.NotFound, "catalogue.unknown")
	}
	for _, it := range items {
		if it.InForce(on) {
			return it, nil
		}
	}
	return nil, models.E(models.Conflict, "catalogue.not_in_force")
}
