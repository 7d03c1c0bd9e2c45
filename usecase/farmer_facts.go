package usecase

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/record"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/store"
)

// FarmFacts says how the credit file names what households are scored on, and where their loans are.
type FarmFacts struct {
	Vetoes   []FarmVeto
	Promises []FarmPromise
	Loans    func(ctx context.Context, household string, on models.Day) (FarmLoans, error) // nil: none are known
}

// A FarmVeto is a kind of record on which a veto rests.
type FarmVeto struct {
	Code, Item, Attribute string
	Says                  []string // values of the attribute; none: any
}

// A FarmPromise is a kind of record that says whether somebody kept a word.
type FarmPromise struct{ Item, Attribute, Kept, Broken string }

// FarmLoans are what banks have told, with consent, of a household's loans on the platform.
type FarmLoans struct {
	Any     bool
	Late    int64  // as farmer.FactLoans
	Overdue string // a loan that is unpaid for more than 90 days, "<id>@<revision>"
}

// StandardFarmFacts is how the catalogue the product comes with names them.
//
// Source: docs/sources.md#farmer-score.
func StandardFarmFacts(loans func(context.Context, string, models.Day) (FarmLoans, error)) FarmFacts {
	return FarmFacts{
		Vetoes: []FarmVeto{
			{farmer.VetoEnforced, "YZSX", "YZ_MD", []string{"1"}},
			{farmer.VetoJudgment, "SFCP", "CP_LX", []string{"1", "2"}},
		},
		Promises: []FarmPromise{{"XYCN", "CN_LXZT", "1", "2"}},
		Loans:    loans,
	}
}

// Told gathers what is known of a household: the file as it was verified last, the records of its head, its loans and its
// neighbours' word. Nothing about anybody else of the household counts. Errors: NotFound for a file that was never verified.
func (f Farmer) Told(ctx context.Context, file *farmer.File, facts FarmFacts, pol farmer.Policy) (farmer.Known, error) {
	today := models.DayOf(f.Now())
	t := farmer.Known{Village: file.Village, Open: file.Open()}
	var err error
	if t.Facts, err = f.verified(ctx, file, pol.Mean(file.Village), today); err != nil {
		return t, err
	}
	if err := f.records(ctx, file, facts, &t); err != nil {
		return t, err
	}
	if facts.Loans != nil {
		l, err := facts.Loans(ctx, file.ID, today)
		if err != nil {
			return t, err
		}
		if l.Any {
			t.Facts[farmer.FactLoans] = l.Late
		}
		if l.Overdue != "" {
			t.Grounds = append(t.Grounds, score.Ground{Code: farmer.VetoOverdue, Record: l.Overdue})
		}
	}
	if err := f.judged(ctx, file.ID, pol, today, &t); err != nil {
		return t, err
	}
	if len(t.Grounds) > 0 {
		t.Facts[farmer.FactGoodYears] = 0
	}
	slices.SortFunc(t.Grounds, func(a, b score.Ground) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Record, b.Record))
	})
	return t, nil
}

// verified are the facts of the file as it was verified last: what is written since counts once a second person has looked.
func (f Farmer) verified(ctx context.Context, file *farmer.File, mean int64, today models.Day) (map[string]int64, error) {
	if file.State == farmer.Verified {
		return file.Facts(mean, today), nil
	}
	s, err := f.Scores.Get(ctx, file.ID)
	if err != nil {
		return nil, err
	}
	forms, err := f.FormsAt(ctx, file.Village)
	if err != nil {
		return nil, err
	}
	return s.Verified(file, forms, mean, today), nil
}

// judged reads the household's evaluations: the neighbours' last word, and a falsehood that was proven.
func (f Farmer) judged(ctx context.Context, household string, pol farmer.Policy, today models.Day, t *farmer.Known) error {
	last := true
	_, err := f.Evaluations.Each(ctx, store.EvaluationsOf(household), func(e *farmer.Evaluation) error {
		if last && e.Mean != nil {
			t.Facts[farmer.FactPeers], last = *e.Mean, false
		}
		if g := e.False(pol, today); g != nil {
			t.Grounds = append(t.Grounds, *g)
		}
		return nil
	})
	return err
}

// records reads the credit file of the head.
func (f Farmer) records(ctx context.Context, file *farmer.File, facts FarmFacts, t *farmer.Known) error {
	if file.Seat == "" || f.Records == nil {
		return nil
	}
	kept, broken := false, false
	_, err := f.Records.Each(ctx, store.RecordsOf(file.Seat), func(r *record.Record) error {
		if !r.Used() || r.Subject.Kind != models.PersonSubject {
			return nil
		}
		for _, v := range facts.Vetoes {
			if r.Item == v.Item && (len(v.Says) == 0 || slices.Contains(v.Says, textOf(r.Current.Attributes[v.Attribute]))) {
				t.Grounds = append(t.Grounds, score.Ground{Code: v.Code, Record: r.Versioned()})
			}
		}
		for _, p := range facts.Promises {
			says := textOf(r.Current.Attributes[p.Attribute])
			kept = kept || r.Item == p.Item && says == p.Kept
			broken = broken || r.Item == p.Item && says == p.Broken
		}
		return nil
	})
	switch {
	case broken:
		t.Facts[farmer.FactPromises] = 0
	case kept:
		t.Facts[farmer.FactPromises] = 1
	}
	return err
}

// Scorer is the model in force made ready, nil for none.
func (f Farmer) Scorer(ctx context.Context) (*score.Scorer, error) {
	m, err := f.Models.First(ctx, store.FarmModelsAt(release.InForce))
	if errors.Is(err, models.NotFound) {
		return nil, nil //nolint:nilnil // there is none before the first is in force
	}
	if err != nil {
		return nil, err
	}
	return m.Scorer()
}

// Rate scores a household by what is known now, and keeps it. Errors: NotFound for a file that was never verified.
func (f Farmer) Rate(ctx context.Context, file *farmer.File, facts FarmFacts, pol farmer.Policy) (*farmer.Score, error) {
	t, err := f.Told(ctx, file, facts, pol)
	if err != nil {
		return nil, err
	}
	sc, err := f.Scorer(ctx)
	if err != nil {
		return nil, err
	}
	model := ""
	if sc != nil {
		model = sc.Set().Name()
	}
	s, err := f.Scores.Get(ctx, file.ID)
	if errors.Is(err, models.NotFound) {
		s = &farmer.Score{Meta: models.Meta{ID: file.ID}}
		if err := s.Learn(t, sc, file.Person, f.Now()); err != nil {
			return nil, err
		}
		if err = f.Scores.Insert(ctx, s); !errors.Is(err, models.Conflict) {
			return s, err
		}
		s, err = f.Scores.Get(ctx, file.ID)
	}
	if err != nil || s.Same(t, model) {
		return s, err
	}
	return f.Scores.Update(ctx, file.ID, func(s *farmer.Score) error { return s.Learn(t, sc, file.Person, f.Now()) })
}
