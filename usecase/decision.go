package usecase

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/rule"
	"xinyi/store"
)

// Decision keeps what was decided by rule, with the rule and the uses of the records it rests on.
type Decision struct {
	store.Decision
	Recall Recall
	cache  *rule.Cache
}

// OpenDecision opens the repos on s, once a process.
func OpenDecision(s *store.Store, recall Recall) Decision {
	return Decision{store.OpenDecision(s), recall, &rule.Cache{}}
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

// Decided keeps a decision somebody has just made, and its rule; one that is kept already stays as it is.
func (d Decision) Decided(ctx context.Context, r rule.Rule, v *decision.Decision) error {
	if _, err := d.Decisions.Get(ctx, v.ID); err == nil || !errors.Is(err, models.NotFound) {
		return err
	}
	if err := d.Keep(ctx, r); err != nil {
		return err
	}
	return d.Enter(ctx, v)
}

// Enter keeps a decision, the uses of its records before itself, and looks whether one of them changed meanwhile.
func (d Decision) Enter(ctx context.Context, v *decision.Decision) error {
	uses := make([]*recall.Use, len(v.Uses))
	for i, c := range v.Uses {
		uses[i] = recall.NewUse(recall.Decision, v.ID, c.Record, c.Version, v.Subject, "", v.At)
		if err := store.Existing(d.Recall.Uses.Insert(ctx, uses[i])); err != nil {
			return err
		}
	}
	if err := store.Existing(d.Decisions.Insert(ctx, v)); err != nil {
		return err
	}
	for _, u := range uses {
		if err := d.Recall.Check(ctx, u); err != nil {
			return err
		}
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
