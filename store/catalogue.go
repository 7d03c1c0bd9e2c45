package store

import (
	"context"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/release"
	"xinyi/models/uscc"
)

// The collections of the catalogue.
var (
	Items = Collection{
		Name: "items",
		Indexes: []Index{
			{Paths: []string{"code", "edition"}, Unique: true},
			{Paths: []string{"state", "category", "code"}},
		},
		Queries: map[string]Query{
			"ItemVersions": ItemVersions("XZCF"), "ItemsIn": ItemsIn("PENALTY", release.Announced, release.InForce), "ItemsIn all": ItemsIn("", release.States...),
		},
	}
	Units = Collection{
		Name:    "units",
		Indexes: []Index{{Paths: []string{"region"}}, {Paths: []string{"authority", "region"}}},
		Queries: map[string]Query{"UnitsIn": UnitsIn(somewhere), "UnitsGiving": UnitsGiving("MARKET", somewhere)},
	}
)

// ItemVersions lists the versions of an item, the newest first. Index: code, edition.
func ItemVersions(code string) Query { return Where("code", Eq, code).Desc("edition") }

// ItemsIn lists the versions in some states, of one category or by category. Index: state, category, code.
func ItemsIn(category string, states ...release.State) Query {
	q := Where("state", In, anys(states)...)
	if category != "" {
		return q.And("category", Eq, category).Asc("code")
	}
	return q.Asc("category", "code")
}

// UnitsIn lists the units of a region, by place. Index: region.
func UnitsIn(r models.Region) Query { return Where("region", Prefix, r).Asc("region") }

// UnitsGiving lists the units of a region that give out codes of a kind, the widest first. Index: authority, region.
func UnitsGiving(authority string, r models.Region) Query {
	return Where("authority", Eq, authority).And("region", Prefix, r).Asc("region")
}

// Catalogue is every repo of the catalogue and of organisations' codes, opened together.
type Catalogue struct {
	Items   *Repo[catalogue.Item]
	Units   *Repo[catalogue.Unit]
	Orgs    *Repo[uscc.Org]
	Tickets *Repo[uscc.Ticket]
	Scans   *Repo[uscc.Scan]

	now   func() time.Time
	known *versions
}

// OpenCatalogue opens the repos on s, once a process.
func OpenCatalogue(s *Store) Catalogue {
	return Catalogue{
		Items: NewRepo[catalogue.Item](s, Items), Units: NewRepo[catalogue.Unit](s, Units),
		Orgs: NewRepo[uscc.Org](s, Orgs), Tickets: NewRepo[uscc.Ticket](s, Tickets), Scans: NewRepo[uscc.Scan](s, Scans),
		now: s.Now, known: &versions{of: map[string]remembered{}},
	}
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
	page, err := c.Items.Find(ctx, ItemVersions(code).Page(MaxPage, ""))
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
