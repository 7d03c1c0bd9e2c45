package usecase

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/store"
)

// BenefitFacts says how the credit file names what benefits look at.
type BenefitFacts struct {
	Honours   string         // catalogue item of honours
	Level     string         // its attribute of the level
	Until     string         // and of the last day
	Levels    map[string]int // what the attribute says, as a level of models.Honour
	Restricts func(ctx context.Context, person string) (string, []rule.Cited, error)
}

// StandardBenefitFacts is how the catalogue the product comes with names honours. restricts reads what withholds preferential
// policies from somebody; nil: nothing does.
//
// Source: docs/sources.md#benefit-band.
func StandardBenefitFacts(restricts func(ctx context.Context, person string) (string, []rule.Cited, error)) BenefitFacts {
	return BenefitFacts{
		Honours: "RYXX", Level: "RY_JB", Until: "RY_YXQ", Restricts: restricts,
		Levels: map[string]int{"5": 1, "4": 2, "3": 3, "2": 4, "1": 5},
	}
}

// Refresh puts the profile of whom an actor acts for together anew, from the account, the credit file and credit medical care,
// and answers it. Errors: NotFound without an account.
func (b Benefit) Refresh(ctx context.Context, a models.Actor, f BenefitFacts, pol benefit.Policy) (*benefit.Profile, error) {
	k, err := b.Known(ctx, a, f)
	if err != nil {
		return nil, err
	}
	id := Holder(a)
	p, err := b.Profiles.Get(ctx, id)
	if errors.Is(err, models.NotFound) {
		p = benefit.NewProfile(id, k, pol, b.Now())
		if err = b.Profiles.Insert(ctx, p); !errors.Is(err, models.Conflict) {
			return p, err
		}
		p, err = b.Profiles.Get(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	probe := *p
	if !probe.Learn(k, pol, b.Now()) { // as it nearly always is
		return p, nil
	}
	return b.Profiles.Update(ctx, id, func(p *benefit.Profile) error {
		if !p.Learn(k, pol, b.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// Known gathers what others know about whom an actor acts for.
func (b Benefit) Known(ctx context.Context, a models.Actor, f BenefitFacts) (benefit.Known, error) {
	k := benefit.Known{Kind: models.PersonSubject, Level: 1}
	if a.Is(models.Business) {
		k.Kind, k.Level = models.Organisation, 0
	} else {
		p, err := b.People.Get(ctx, a.Person)
		if err != nil {
			return k, err
		}
		k.Region, k.Birth = p.Region, p.Birth
		if p.State == identity.Bound {
			k.Level = 2
		}
		if k.Standing, err = b.standing(ctx, a.Person); err != nil {
			return k, err
		}
		if f.Restricts != nil {
			if k.Restricted, k.Looked, err = f.Restricts(ctx, a.Person); err != nil {
				return k, err
			}
		}
	}
	sub, err := b.Subjects.Of(ctx, a)
	if errors.Is(err, models.Conflict) { // no real name, no file
		return k, nil
	}
	if err != nil {
		return k, err
	}
	_, err = b.Records.Each(ctx, store.RecordsOf(sub.Ref), func(r *record.Record) error {
		if r.Item != f.Honours || !r.Used() || !r.Subject.Is(sub) || len(k.Honours) == rule.MaxList {
			return nil
		}
		level, until := textOf(r.Current.Attributes[f.Level]), textOf(r.Current.Attributes[f.Until])
		k.Honours = append(k.Honours, models.Honour{Level: max(f.Levels[level], 1), On: r.DecidedOn, Until: models.Day(until),
			Record: r.Versioned()})
		k.Looked = append(k.Looked, rule.Cited{Record: r.ID, Version: r.Current.No})
		return nil
	})
	return k, err
}

// textOf is an attribute as text, "" when it is not there.
func textOf(v any) string {
	if s, is := v.(string); is {
		return s
	}
	return ""
}

// standing is what credit medical care says for somebody.
func (b Benefit) standing(ctx context.Context, person string) (models.Standing, error) {
	page, err := b.Medical.Agreements.Find(ctx, store.AgreementsOf(person).Page(store.MaxPage, ""))
	if err != nil {
		return models.Standing{}, err
	}
	var s models.Standing
	for _, a := range page.Items {
		s.Agreement = s.Agreement || a.State == medical.Active && len(a.Blocks) == 0
		s.OnTime += a.OnTime
	}
	return s, nil
}
