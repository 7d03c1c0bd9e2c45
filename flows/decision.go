package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/rule"
	"xinyi/store"
	"xinyi/usecase"
)

// Decision keeps what other capabilities decide by rule, and makes a decision again when a record it used changes.
type Decision struct {
	usecase.Decision
	Medical  store.Medical
	Subjects usecase.Subjects
	// nil: no decision of it is made again
	Benefit   *Benefit
	Award     *Award                                                                                       // nil: no vetting is made again
	Restricts func(ctx context.Context, person string) (restricted string, looked []rule.Cited, err error) // as handlers.Medical asks it
	Now       func() time.Time
}

// Subscribers are to be given to the relay.
func (f Decision) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "decision.made", Kinds: Kinds(medical.AgreementSigned, medical.AgreementRejected), Do: f.admission},
		{Name: "decision.again", Kinds: Kinds(recall.EventRecalled), Do: f.again},
	}
}

// admission keeps the decision that an agreement was given or refused: by the rule, or by an office after it.
func (f Decision) admission(ctx context.Context, e models.Event) error {
	a, err := f.Medical.Agreements.Get(ctx, e.Subject)
	if err != nil || a.Decided == nil {
		return err
	}
	r, err := a.Rule()
	if err != nil {
		return err
	}
	if err := f.Keep(ctx, r); err != nil {
		return err
	}
	subject, err := f.subject(ctx, a.Person)
	if err != nil {
		return err
	}
	v, err := decision.New(usecase.Admitted(a, subject, e))
	if err != nil {
		return err
	}
	if err := f.Enter(ctx, v); err != nil {
		return err
	}
	return changeAll(ctx, f.Decisions, store.DecisionsAbout(a.ID), func(old *decision.Decision) error {
		if old.At.After(v.At) || !old.Supersede(v.ID, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// subject is a person as credit knows it; without a real name, only the account.
func (f Decision) subject(ctx context.Context, person string) (models.Subject, error) {
	sub, err := f.Subjects.Of(ctx, models.Actor{Person: person, Role: models.Resident})
	if errors.Is(err, models.Conflict) || errors.Is(err, models.NotFound) {
		return models.Subject{Kind: models.PersonSubject, Person: person}, nil
	}
	return sub, err
}

// again makes a decision anew whose record was called back, and settles the use.
func (f Decision) again(ctx context.Context, e models.Event) error {
	d, err := recall.EventRecalled.Read(e)
	if err != nil || d.Kind != recall.Decision {
		return err
	}
	old, err := f.Decisions.Update(ctx, d.Ref, func(v *decision.Decision) error {
		if v.State != decision.Standing {
			return store.Unchanged()
		}
		_, err := v.Recall(d.Cause, f.Now())
		return err
	})
	switch {
	case errors.Is(err, models.NotFound): // it was never kept, or its person left
	case err != nil:
		return err
	case old.State == decision.Recalled:
		if err := f.remake(ctx, old); err != nil {
			return err
		}
	}
	_, err = f.Recall.Uses.Update(ctx, e.Subject, func(u *recall.Use) error {
		if !u.Settled(f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// remake makes a recalled decision again and lets the new one stand in its place.
func (f Decision) remake(ctx context.Context, old *decision.Decision) error {
	facts, looked, running, err := f.corrected(ctx, old)
	if err != nil {
		return err
	}
	p, err := f.Program(ctx, old)
	if err != nil {
		return err
	}
	next, err := old.Again(p, facts, looked, f.Now())
	if err != nil {
		return err
	}
	if err := f.Enter(ctx, next); err != nil {
		return err
	}
	if next, err = f.Decisions.Get(ctx, next.ID); err != nil { // the one kept first counts
		return err
	}
	_, err = f.Decisions.Update(ctx, old.ID, func(v *decision.Decision) error {
		if v.State != decision.Recalled {
			return store.Unchanged()
		}
		return v.Settle(next, running, f.Now())
	})
	return err
}

// corrected are the facts of a decision as they were, but for those from records, which are as the records stand now; and
// whether what was decided upon runs.
func (f Decision) corrected(ctx context.Context, v *decision.Decision) (facts map[string]any, looked []rule.Cited, running bool,
	err error) {
	if facts, err = rule.Facts([]byte(v.Inputs.Reveal())); err != nil {
		return nil, nil, false, err
	}
	switch {
	case v.Kind == decision.Eligibility && f.Benefit != nil:
		return f.Benefit.corrected(ctx, v, facts)
	case v.Kind == decision.Vetting && f.Award != nil:
		return f.Award.corrected(ctx, v, facts)
	case v.Kind != decision.Admission:
		return nil, nil, false, models.E(models.Internal, "decision.kind_unknown")
	}
	restricted, looked, err := f.Restricts(ctx, v.Person)
	if err != nil {
		return nil, nil, false, err
	}
	facts[medical.Restricted] = restricted
	a, err := f.Medical.Agreements.Get(ctx, v.About.ID)
	if errors.Is(err, models.NotFound) {
		return facts, looked, false, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	return facts, looked, a.Live(), nil
}
