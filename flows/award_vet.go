package flows

import (
	"context"
	"errors"
	"slices"
	"strings"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/award"
	"xinyi/models/decision"
	"xinyi/models/rule"
	"xinyi/store"
)

func (f Award) vetDue(ctx context.Context, e models.Event) error { return f.vet(ctx, e.Subject) }

// vet reads every list and record of a nominee, keeps what they came to as a decision, and leads the nomination on. Twice on a day over
// the same records is once.
func (f Award) vet(ctx context.Context, id string) error {
	n, p, err := f.whole(ctx, id)
	if err != nil || n.State != award.InVetting && n.State != award.InDecision {
		return gone(err)
	}
	v, err := f.vetted(ctx, n, p, decision.About{Kind: "nomination", ID: n.ID})
	if err != nil {
		return err
	}
	_, err = f.Nominations.Update(ctx, n.ID, func(n *award.Nomination) error {
		n.Asked(p.Departments)
		changed, err := n.Vet(*v, p.Terms, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// vetted is what the records of a nominee come to, with the decision kept. The look is logged before anything is read.
func (f Award) vetted(ctx context.Context, n *award.Nomination, p *award.Programme, about decision.About) (*award.Vetting, error) {
	now, today := f.Now(), models.DayOf(f.Now())
	if err := f.looked(ctx, n, p, about.ID); err != nil {
		return nil, err
	}
	k, err := f.Known(ctx, n.Nominee, f.Facts, today)
	if err != nil {
		return nil, err
	}
	r := p.Rule()
	program, err := rule.Compile(r)
	if err != nil {
		return nil, err
	}
	facts := n.Facts(k, today)
	result, err := program.Eval(facts)
	if err != nil {
		return nil, err
	}
	raw, err := rule.Canonical(facts)
	if err != nil {
		return nil, err
	}
	d, err := decision.New(decision.Draft{
		ID: models.Derived("vetting", about.ID, program.Hash(), rule.Sum(raw)), Kind: decision.Vetting, Subject: n.Nominee, Person: n.Nominee.Person, Region: p.Region,
		About: about, Rule: r.ID, Version: r.Version, Hash: program.Hash(), Engine: rule.Engine, Inputs: raw, Result: result, Uses: k.Looked,
		By: models.Clockwork, At: now,
	})
	if err != nil {
		return nil, err
	}
	if err := f.Decisions.Decided(ctx, r, d); err != nil {
		return nil, err
	}
	err = changeAll(ctx, f.Decisions.Decisions, store.DecisionsAbout(about.ID), func(old *decision.Decision) error {
		if old.At.After(d.At) || !old.Supersede(d.ID, now) {
			return store.Unchanged()
		}
		return nil
	})
	return &award.Vetting{Decision: d.ID, Outcome: d.Outcome, Clauses: result.Clauses, Hits: stopping(k, p, result), At: now}, err
}

// stopping marks the records on which a clause fails.
func stopping(k award.Known, p *award.Programme, result rule.Result) []award.Hit {
	var stops []string
	for i, c := range result.Clauses {
		if c.Outcome != models.Fail {
			continue
		}
		for fact, list := range k.Lists {
			if strings.Contains(p.Vetting[i].Expr, fact) {
				stops = append(stops, list...)
			}
		}
	}
	hits := slices.Clone(k.Hits)
	for i, h := range hits {
		hits[i].Stops = slices.ContainsFunc(stops, func(s string) bool { return strings.HasPrefix(s, h.ID+"@") })
	}
	return hits
}

// looked notes that the records of a nominee are read, on the nominee's consent. Firms have no entry: nothing of a person is read.
func (f Award) looked(ctx context.Context, n *award.Nomination, p *award.Programme, about string) error {
	if n.Kind != award.Person {
		return nil
	}
	by := models.Actor{Role: models.System, Org: p.Org, Region: p.Region}
	id := models.Derived("vetting-look", about, string(n.State), string(models.DayOf(f.Now())))
	e, err := access.New(id, access.Access{Subject: n.Nominee, Fields: []string{"records"}, About: about, Purpose: "award.vetting",
		Case: n.ID}, by, id, f.Now())
	if err != nil {
		return err
	}
	e.Office = p.Unit
	return store.Existing(f.Entries.Insert(ctx, e))
}

// again vets a nominee whose decision came out otherwise once a record was put right.
func (f Award) again(ctx context.Context, e models.Event) error {
	d, err := decision.EventChanged.Read(e)
	if err != nil || d.Kind != decision.Vetting {
		return err
	}
	return f.vet(ctx, d.About)
}

// record vets a nominee anew whose credit file changed while the vetting waits; and shows the office what may be a ground to revoke an
// award: whether it is one, a person decides.
func (f Award) record(ctx context.Context, e models.Event) error {
	r, err := f.Records.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	_, err = f.Nominations.Each(ctx, store.NominationsAbout(r.Subject.Ref), func(n *award.Nomination) error {
		if n.State != award.InVetting && n.State != award.InDecision || n.Vetting == nil {
			return nil
		}
		return f.vet(ctx, n.ID)
	})
	if err != nil || r.Item != f.Facts.Serious || !r.Providable() {
		return err
	}
	return changeAll(ctx, f.Awards, store.AwardsHeldBy(r.Subject.Ref), func(a *award.Award) error {
		if !a.Recheck(r.Versioned(), f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// renew reads the records of a holder anew, by the rule of the programme the award was given in.
func (f Award) renew(ctx context.Context, e models.Event) error {
	a, err := f.Awards.Get(ctx, e.Subject)
	if err != nil || a.Renewal == "" {
		return gone(err)
	}
	n, p, err := f.whole(ctx, a.Nomination)
	if err != nil {
		return err
	}
	v, err := f.vetted(ctx, n, p, decision.About{Kind: "award", ID: a.ID})
	if err != nil {
		return err
	}
	_, err = f.Awards.Update(ctx, a.ID, func(now *award.Award) error {
		if !now.Renew(a.Renewal, v.Decision, v.Outcome == models.Pass, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// corrected are the facts of a vetting as they were, but for those from records, which are as the records stand now; and whether what
// was decided upon runs.
func (f Award) corrected(ctx context.Context, v *decision.Decision, facts map[string]any) (map[string]any, []rule.Cited, bool, error) {
	day, dated := facts[rule.Today].(string)
	if !dated {
		return nil, nil, false, models.E(models.Internal, "internal", errNoDay)
	}
	k, err := f.Known(ctx, v.Subject, f.Facts, models.Day(day))
	if err != nil {
		return nil, nil, false, err
	}
	id, running := v.About.ID, false
	a, err := f.Awards.Get(ctx, id)
	if errors.Is(err, models.NotFound) {
		a, err = f.Awards.Get(ctx, award.IDOf(id))
	}
	switch {
	case err == nil:
		id, running = a.Nomination, a.InForce(models.DayOf(f.Now()))
	case !errors.Is(err, models.NotFound):
		return nil, nil, false, err
	}
	n, err := f.Nominations.Get(ctx, id)
	if err != nil {
		return nil, nil, false, err
	}
	now := n.Facts(k, models.Day(day))
	for _, name := range award.FromRecords {
		if fact, known := now[name]; known {
			facts[name] = fact
		}
	}
	return facts, k.Looked, running, nil
}
