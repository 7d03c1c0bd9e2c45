package store

import (
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
			{Paths: []string{"state", "city", "category", "code"}},
			{Paths: []string{"state", "category", "city", "code"}},
		},
		Queries: map[string]Query{
			"ItemVersions": ItemVersions("XZCF"), "ItemsIn": ItemsIn("PENALTY", release.Announced, release.InForce), "ItemsIn all": ItemsIn("", release.States...),
			"ItemsOf": ItemsOf(somewhere, "PENALTY", release.Draft), "ItemsOf all": ItemsOf(somewhere[:models.Province], "", release.States...),
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

// ItemsOf lists the versions of the catalogue of a region's city in some states, of one category or by category. Index: state, city,
// category, code; state, category, city, code.
func ItemsOf(r models.Region, category string, states ...release.State) Query {
	q, sort := Where("state", In, anys(states)...).citywide(r)
	if category != "" {
		return q.And("category", Eq, category).Asc(append(sort, "code")...)
	}
	return q.Asc(append(sort, "category", "code")...)
}

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
}

// OpenCatalogue opens the repos on s, once a process.
func OpenCatalogue(s *Store) Catalogue {
	return Catalogue{
		Items: NewRepo[catalogue.Item](s, Items), Units: NewRepo[catalogue.Unit](s, Units),
		Orgs: NewRepo[uscc.Org](s, Orgs), Tickets: NewRepo[uscc.Ticket](s, Tickets), Scans: NewRepo[uscc.Scan](s, Scans),
	}
}
