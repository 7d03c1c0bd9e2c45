package store

import (
	"context"

	"xinyi/models"
	"xinyi/models/job"
)

// Jobs are the jobs of one kind, without their type.
type Jobs struct {
	Kind string
	docs *documents
}

// JobsIn lists the jobs of a collection that are under way in a state. Index: working.
func JobsIn(state job.State) Query { return Where("working", Eq, state) }

// Jobs are the kinds of jobs that are opened, in the order they were opened.
func (s *Store) Jobs() (all []Jobs) {
	for _, f := range s.Collections() {
		d, ok := f.(*documents)
		if !ok {
			continue
		}
		if _, works := d.blank().(job.Work); works {
			all = append(all, Jobs{d.c.Job, d})
		}
	}
	return all
}

// Find reads one page, and the cursor of the next, "" on the last.
func (j Jobs) Find(ctx context.Context, q Query) (page []job.Work, next string, err error) {
	docs, next, err := j.docs.find(ctx, q)
	for _, v := range docs {
		page = append(page, v.(job.Work)) //nolint:errcheck,forcetypeassert // Jobs asked
	}
	return page, next, err
}

// Update is that of a Repo.
func (j Jobs) Update(ctx context.Context, id string, change func(job.Work) error) (job.Work, error) {
	//nolint:errcheck,forcetypeassert // as above
	v, err := j.docs.update(ctx, id, nil, func(v models.Document) error { return change(v.(job.Work)) })
	w, _ := v.(job.Work) //nolint:errcheck // nil for none
	return w, err
}
