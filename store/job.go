package store

import (
	"context"
	"slices"

	"xinyi/models/job"
)

// Jobs are the jobs of one kind, without their type.
type Jobs struct {
	Kind   string
	Find   func(context.Context, Query) (page []job.Work, next string, err error)
	Update func(ctx context.Context, id string, change func(job.Work) error) (job.Work, error)
}

// JobsIn lists the jobs of a collection that are under way in a state. Index: working.
func JobsIn(state job.State) Query { return Where("working", Eq, state) }

// Jobs are the kinds of jobs that are opened, in the order they were opened.
func (s *Store) Jobs() []Jobs {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.jobs)
}

// jobsOf hides the type of a repo whose documents are job.Work.
func jobsOf[T any](r *Repo[T]) Jobs {
	work := func(v *T) job.Work { return any(v).(job.Work) } //nolint:errcheck,forcetypeassert // NewRepo asked
	return Jobs{
		Kind: r.c.Job,
		Find: func(ctx context.Context, q Query) ([]job.Work, string, error) {
			found, err := r.Find(ctx, q)
			page := make([]job.Work, len(found.Items))
			for i, v := range found.Items {
				page[i] = work(v)
			}
			return page, found.Next, err
		},
		Update: func(ctx context.Context, id string, change func(job.Work) error) (job.Work, error) {
			v, err := r.Update(ctx, id, func(v *T) error { return change(work(v)) })
			if err != nil {
				return nil, err
			}
			return work(v), nil
		},
	}
}
