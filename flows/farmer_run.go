package flows

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/store"
)

// Bounds of a part of a run.
const (
	runPart  = 100_000
	runTime  = 4 * time.Second
	runSaves = 64 // grades written side by side: the store commits them in groups
)

// run does the part that is due. One cut off is done again from where it began: a grade that is there already is not written anew.
func (f Farmer) run(ctx context.Context, r *farmer.Run) (func(*farmer.Run) (bool, error), error) {
	p, err := f.part(ctx, r)
	return func(r *farmer.Run) (bool, error) { return r.Step(p, f.Now()) }, err
}

// part scores households, and writes their grades back when the run does. When ctx or its time ends on the way, what was done until
// then is the part.
func (f Farmer) part(ctx context.Context, r *farmer.Run) (farmer.Part, error) {
	p := farmer.Part{Part: r.Part, After: r.After, Shifts: map[farmer.Shift]*farmer.Shift{}}
	m, err := f.Models.Get(ctx, r.Of)
	if err != nil {
		return p, err
	}
	sc, err := m.Scorer()
	if err != nil {
		return p, err
	}
	size := int64(f.size)
	if size == 0 {
		size = runPart
	}
	short, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	saves, saving := errgroup.WithContext(ctx)
	saves.SetLimit(runSaves)
	p.After, err = f.Scores.Each(ctx, store.All().Page(store.MaxPage, r.After), func(s *farmer.Score) error {
		if p.Seen >= size || p.Seen%1000 == 999 && short.Err() != nil {
			return errPartCounted
		}
		if err := saving.Err(); err != nil { // whoever is counted is passed
			return err
		}
		points, grade, good, err := sc.Brief(s.Input())
		if err != nil {
			return err
		}
		p.Count(s, grade, good)
		if r.Kind == farmer.Simulate {
			return nil
		}
		p.Wrote++ // also what a part that was cut off, or a file that changed meanwhile, has written
		if s.Model != r.Of || s.Points != points || s.Grade != grade || s.Good != good {
			saves.Go(func() error { return f.regrade(saving, s, sc) })
		}
		return nil
	})
	if fault := saves.Wait(); fault != nil {
		return p, fault
	}
	switch {
	case err == nil:
		p.Last = true
	case errors.Is(err, errPartCounted), p.Seen > 0 && ctx.Err() != nil:
		err = nil
	}
	return p, err
}

// regrade writes a household's grade by a model back.
func (f Farmer) regrade(ctx context.Context, s *farmer.Score, sc *score.Scorer) error {
	person := ""
	if _, grade, _, err := sc.Brief(s.Input()); err == nil && grade != s.Grade && s.Grade != "" {
		file, err := f.Files.Get(ctx, s.ID)
		if err != nil {
			return gone(err)
		}
		person = file.Person
	}
	_, err := f.Scores.UpdateFrom(ctx, s, func(s *farmer.Score) error { return s.Grades(sc, person, f.Now()) })
	return gone(err)
}

// tried notes on a model that it was tried on everybody.
func (f Farmer) tried(ctx context.Context, e models.Event) error {
	r, err := f.Runs.Get(ctx, e.Subject)
	if err != nil || r.Kind != farmer.Simulate {
		return err
	}
	return tryOn(ctx, f.Models, r.Trial(), f.Now())
}

// active retires the models before the one that begins today, and has every household scored by it.
func (f Farmer) active(ctx context.Context, e models.Event) error {
	m, err := f.Models.Get(ctx, e.Subject)
	if err != nil || m.State != release.InForce {
		return err
	}
	against := ""
	err = succeed(ctx, f.Models, store.FarmModelsAt(release.InForce), func(old *farmer.Model) bool {
		if old.No >= m.No || !old.Retire(f.Now()) {
			return false
		}
		against = old.ID
		return true
	})
	if err != nil {
		return err
	}
	total, err := f.Scores.Count(ctx, store.All())
	if err != nil {
		return err
	}
	run, err := m.NewRun(models.Derived("run", e.ID), farmer.RunPlan{Kind: farmer.Rate, Against: against, Total: total}, models.Clockwork,
		f.Now())
	if err != nil {
		return err
	}
	return store.Existing(f.Runs.Insert(ctx, run))
}

// warn tells households that hold the title and would not by a model to come, before its first day.
func (f Farmer) warn(ctx context.Context, e models.Event) error {
	m, err := f.Models.Get(ctx, e.Subject)
	if err != nil || m.Against == "" {
		return err
	}
	sc, err := m.Scorer()
	if err != nil {
		return err
	}
	for _, step := range []farmer.EvaluationState{farmer.Certified, farmer.Annual, farmer.Grace} {
		_, err := f.Evaluations.Each(ctx, store.EvaluationsAt("", step), func(v *farmer.Evaluation) error {
			s, err := f.Scores.Get(ctx, v.Household)
			if err != nil {
				return gone(err)
			}
			_, grade, good, err := sc.Brief(s.Input())
			if err != nil || good || !s.Good {
				return err
			}
			_, err = f.Evaluations.Update(ctx, v.ID, func(v *farmer.Evaluation) error {
				if !v.Warn(m.Begins, grade, f.Now()) {
					return store.Unchanged()
				}
				return nil
			})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
