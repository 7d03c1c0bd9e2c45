package store

import (
	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/rule"
)

// The collections of decisions.
var (
	Decisions = Collection{
		Name: "decisions",
		Indexes: []Index{
			{Paths: []string{"person", "at"}},
			{Paths: []string{"subject.ref", "at"}},
			{Paths: []string{"about.id", "region", "at"}},
			{Paths: []string{"queue", "at"}},
		},
		Queries: map[string]Query{
			"DecisionsOf": DecisionsOf("p"), "DecisionsOn": DecisionsOn("s"), "DecisionsAbout": DecisionsAbout("a"),
			"DecisionsAboutIn": DecisionsAboutIn("a", somewhere), "DecisionsQueued": DecisionsQueued("430181"),
		},
	}
	Rules = Collection{Name: "rules"}
)

// DecisionsOf lists the decisions about a person's account, the newest first. Index: person, at.
func DecisionsOf(person string) Query { return Where("person", Eq, person).Desc("at") }

// DecisionsOn lists the decisions about a subject, the newest first. Index: subject.ref, at.
func DecisionsOn(ref string) Query { return Where("subject.ref", Eq, ref).Desc("at") }

// DecisionsAbout lists the decisions about a document, by place, the newest first in each. Index: about.id, region, at.
func DecisionsAbout(id string) Query { return Where("about.id", Eq, id).Desc("region", "at") }

// DecisionsAboutIn lists those of a region. Index: about.id, region, at.
func DecisionsAboutIn(id string, r models.Region) Query {
	return DecisionsAbout(id).And("region", Prefix, r)
}

// DecisionsQueued lists what a region's offices have to look at, by place, the oldest first in each. Index: queue, at.
func DecisionsQueued(r models.Region) Query { return Where("queue", Prefix, r).Asc("queue", "at") }

// Decision is every repo of it, opened together.
type Decision struct {
	Decisions *Repo[decision.Decision]
	Rules     *Repo[rule.Kept]
}

// OpenDecision opens the repos on s, once a process.
func OpenDecision(s *Store) Decision {
	return Decision{NewRepo[decision.Decision](s, Decisions), NewRepo[rule.Kept](s, Rules)}
}
