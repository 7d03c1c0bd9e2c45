package store

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/medical"
	"xinyi/models/rule"
)

// The collections of decisions.
var (
	Decisions = Collection{
		Name: "decisions",
		Indexes: []Index{
			{Paths: []string{"person", "at"}},
			{Paths: []string{"subject.ref", "at"}},
			{Paths: []string{"about.id", "at"}},
			{Paths: []string{"queue", "at"}},
		},
		Queries: map[string]Query{
			"DecisionsOf": DecisionsOf("p"), "DecisionsOn": DecisionsOn("s"), "DecisionsAbout": DecisionsAbout("a"), "DecisionsQueued": DecisionsQueued("430181"),
		},
	}
	Rules = Collection{Name: "rules"}
)

// DecisionsOf lists the decisions about a person's account, the newest first. Index: person, at.
func DecisionsOf(person string) Query { return Where("person", Eq, person).Desc("at") }

// DecisionsOn lists the decisions about a subject, the newest first. Index: subject.ref, at.
func DecisionsOn(ref string) Query { return Where("subject.ref", Eq, ref).Desc("at") }

// DecisionsAbout lists the decisions about a document, the newest first. Index: about.id, at.
func DecisionsAbout(id string) Query { return Where("about.id", Eq, id).Desc("at") }

// DecisionsQueued lists what a region's offices have to look at, by place, the oldest first in each. Index: queue, at.
func DecisionsQueued(r models.Region) Query { return Where("queue", Prefix, r).Asc("queue", "at") }

// Decision is every repo of it, opened together.
type Decision struct {
	Decisions *Repo[decision.Decision]
	Rules     *Repo[rule.Kept]
	cache     *rule.Cache
}

// OpenDecision opens the repos on s, once a process.
func OpenDecision(s *Store) Decision {
	return Decision{NewRepo[decision.Decision](s, Decisions), NewRepo[rule.Kept](s, Rules), &rule.Cache{}}
}

// Keep keeps a rule by which something was decided, for good. One that is there stays as it is.
func (d Decision) Keep(ctx context.Context, r rule.Rule) error {
	if _, err := d.Rules.Get(ctx, r.Key()); !errors.Is(err, models.NotFound) {
		return err
	}
	if err := d.Rules.Insert(ctx, rule.Keep(r)); !errors.Is(err, models.Conflict) {
		return err
	}
	return nil
}

// Program is the rule a decision was made by, compiled. Errors: Internal "decision.other_rule" when what is stored under its
// name is not that rule any more.
func (d Decision) Program(ctx context.Context, v *decision.Decision) (*rule.Program, error) {
	kept, err := d.Rules.Get(ctx, v.Key())
	if err != nil {
		return nil, err
	}
	p, err := d.cache.Program(kept.Rule)
	if err == nil && p.Hash() != v.RuleHash {
		return nil, models.E(models.Internal, "decision.other_rule")
	}
	return p, err
}

// Admitted is the decision that an event about an agreement tells of: it was given, or refused. The agreement was decided by rule.
func Admitted(a *medical.Agreement, subject models.Subject, e models.Event) decision.Draft {
	outcome := models.Fail
	if e.Kind == medical.AgreementSigned.Name() {
		outcome = models.Pass
	}
	d := a.Decided
	return decision.Draft{
		ID: models.Derived("decision", e.ID), Kind: decision.Admission, Subject: subject, Person: a.Person, Region: a.Region,
		About: decision.About{Kind: "agreement", ID: a.ID}, Rule: d.Rule, Version: d.Version, Hash: d.Hash, Engine: d.Engine,
		Inputs: []byte(d.Facts), Result: rule.Result{Outcome: d.Outcome, Clauses: d.Clauses}, Outcome: outcome, Uses: d.Looked,
		By: e.By, At: e.At,
	}
}
