package usecase

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/medical"
	"xinyi/models/rule"
	"xinyi/store"
)

// Decision keeps the rules by which was decided, made ready.
type Decision struct {
	store.Decision
	cache *rule.Cache
}

// OpenDecision opens the repos on s, once a process.
func OpenDecision(s *store.Store) Decision {
	return Decision{store.OpenDecision(s), &rule.Cache{}}
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
	if e.Kind == medical.AgreementSigned {
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
