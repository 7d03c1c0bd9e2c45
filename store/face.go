package store

import (
	"context"
	"time"

	"xinyi/models"
)

// dueBy asks for documents whose head path is at or before now, the earliest first.
func dueBy(path string, now time.Time) Query {
	return Where(path, Range, nil, now.Add(time.Millisecond)).Asc(path)
}

// Untold lists documents with events whose claim has run out.
func (r *Repo[T]) Untold(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return r.ids(ctx, dueBy("tellAt", now), limit)
}

// Due lists documents that are to wake.
func (r *Repo[T]) Due(ctx context.Context, now time.Time, limit int) ([]string, error) {
	if r.wake == nil {
		return nil, nil
	}
	return r.ids(ctx, dueBy("wakeAt", now), limit)
}

// Gone lists documents that are to be deleted.
func (r *Repo[T]) Gone(ctx context.Context, now time.Time, limit int) ([]string, error) {
	return r.ids(ctx, dueBy("goneAt", now), limit)
}

func (r *Repo[T]) ids(ctx context.Context, q Query, limit int) ([]string, error) {
	_, raws, _, err := r.raws(ctx, q, limit)
	ids := make([]string, len(raws))
	for i, raw := range raws {
		ids[i] = raw.Lookup("_id").StringValue()
	}
	return ids, err
}

// Next is the earliest wakeAt of the collection, nil for none.
func (r *Repo[T]) Next(ctx context.Context) (*time.Time, error) {
	if r.wake == nil {
		return nil, nil
	}
	_, raws, _, err := r.raws(ctx, Where("wakeAt", Range, nil, nil).Asc("wakeAt"), 1)
	if err != nil || len(raws) == 0 {
		return nil, err
	}
	return models.At(raws[0].Lookup("wakeAt").Time()), nil
}

// Look reads the head of a document.
func (r *Repo[T]) Look(ctx context.Context, id string) (*models.Meta, error) {
	v, err := r.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.head(v), nil
}

// Touch changes the head alone.
func (r *Repo[T]) Touch(ctx context.Context, id string, change func(*models.Meta) error) error {
	_, _, err := r.save(ctx, id, func(v *T, _ time.Time) (bool, error) { return false, change(r.head(v)) })
	return err
}

// Wake lets a document do what is due by now.
func (r *Repo[T]) Wake(ctx context.Context, id string, now time.Time) error {
	_, err := r.Update(ctx, id, func(v *T) error {
		h := r.head(v)
		if r.wake == nil || h.WakeAt == nil || h.WakeAt.After(now) {
			return Unchanged()
		}
		return r.wake(v, now)
	})
	return err
}
