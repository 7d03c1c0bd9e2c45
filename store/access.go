package store

import (
	"time"

	"xinyi/models"
	"xinyi/models/access"
)

// Accesses keeps the log of accesses.
var Accesses = Collection{
	Name: "accesses",
	Indexes: []Index{
		{Paths: []string{"subject.ref", "at"}},
		{Paths: []string{"by.org", "by.region", "at"}},
		{Paths: []string{"by.person", "at"}},
		{Paths: []string{"case", "at"}},
		{Paths: []string{"watch", "by.region", "at"}},
	},
	Queries: map[string]Query{
		"AccessesOf": AccessesOf("s", "t"), "AccessesBy": AccessesBy("o", somewhere), "AccessesFor": AccessesFor("c"),
		"AccessesWatched": AccessesWatched(somewhere), "AccessesSince": AccessesSince("p", time.Unix(0, 0)),
	},
}

// AccessesOf lists the looks at a subject's data, the newest first; more than one ref are those of one subject under several
// keys. Index: subject.ref, at.
func AccessesOf(refs ...string) Query { return Where("subject.ref", In, anys(refs)...).Desc("at") }

// AccessesBy lists the looks of an organisation's people in a region, by place, the newest first in each. Index: by.org, by.region, at.
func AccessesBy(org string, r models.Region) Query {
	return Where("by.org", Eq, org).And("by.region", Prefix, r).Desc("by.region", "at")
}

// AccessesFor lists the looks for a case, the newest first. Index: case, at.
func AccessesFor(id string) Query { return Where("case", Eq, id).Desc("at") }

// AccessesWatched lists the unusual looks of a region's offices, by place, the newest first in each. Index: watch, by.region, at.
func AccessesWatched(r models.Region) Query {
	return Where("watch", Eq, access.Watched).And("by.region", Prefix, r).Desc("by.region", "at")
}

// AccessesSince lists what one person in an office looked at from a moment on. Index: by.person, at.
func AccessesSince(person string, from time.Time) Query {
	return Where("by.person", Eq, person).And("at", Range, from, nil).Desc("at")
}
