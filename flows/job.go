package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/job"
	"xinyi/store"
)

// A Worker does the parts of one kind of job. A part that fails is noted on the document, which asks again by its own clock; an error
// nobody foresaw goes to the relay besides, and ends as a dead event.
type Worker[T any, P interface {
	*T
	job.Work
}] struct {
	Repo *store.Repo[T]
	Now  func() time.Time

	// Do does the part that is due. It may do the same part twice, and must come back when ctx ends; what it did until then is the part.
	Do func(ctx context.Context, doc *T) (took func(*T) (bool, error), err error)
}

// Subscriber is to be given to the relay.
func (w Worker[T, P]) Subscriber(name string) Subscriber {
	return Subscriber{Name: name, Kinds: Kinds(P(new(T)).PartDue()), Do: w.part}
}

// part does the part an event asks for.
func (w Worker[T, P]) part(ctx context.Context, e models.Event) error {
	due, err := models.DataOf[job.PartData](e)
	if err != nil {
		return err
	}
	n := due.Part
	doc, err := w.Repo.Get(ctx, e.Subject)
	if err != nil || !job.Awaits(P(doc), n) {
		return gone(err)
	}
	var took func(*T) (bool, error)
	fault := safely(func() (err error) { took, err = w.Do(ctx, doc); return err })
	cut := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	if fault == nil {
		fault = w.save(ctx, e.Subject, took)
	}
	if fault == nil {
		return nil
	}
	err = w.save(ctx, e.Subject, func(doc *T) (bool, error) {
		if !job.Awaits(P(doc), n) {
			return false, nil
		}
		job.Fail(P(doc), fault, w.Now())
		return true, nil
	})
	if err != nil || cut || models.CodeOf(fault) == models.Internal {
		return fault
	}
	return nil
}

func (w Worker[T, P]) save(ctx context.Context, id string, change func(*T) (bool, error)) error {
	_, err := w.Repo.Update(ctx, id, func(doc *T) error {
		took, err := change(doc)
		if err == nil && !took {
			return store.Unchanged()
		}
		return err
	})
	return gone(err)
}
