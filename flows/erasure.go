package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/inbox"
	"xinyi/store"
)

// An Eraser deletes what the law lets go of a person, up to a moment. It may be called again.
type Eraser func(ctx context.Context, person string, before time.Time) error

// EraseMessages lets messages go, and the log of how they were sent. What they told of stays where it was decided.
//
// Source: docs/sources.md#duties-erasure.
func EraseMessages(messages *store.Repo[inbox.Message], sent *store.Repo[delivery.Delivery]) Eraser {
	return func(ctx context.Context, person string, before time.Time) error {
		err := erase(ctx, messages, store.InboxOf(person, inbox.States...), func(m *inbox.Message) (*models.Meta, time.Time) {
			return &m.Meta,
				m.At
		}, before)
		if err != nil {
			return err
		}
		return erase(ctx, sent, store.DeliveriesOf(person), func(d *delivery.Delivery) (*models.Meta, time.Time) { return &d.Meta, d.At }, before)
	}
}

// erase deletes the documents of q that are of before a moment, a page at a time.
func erase[T any](ctx context.Context, r *store.Repo[T], q store.Query, of func(*T) (*models.Meta, time.Time), before time.Time) error {
	var ids []string
	_, err := r.Each(ctx, q, func(v *T) error {
		if head, at := of(v); at.Before(before) {
			ids = append(ids, head.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for len(ids) > 0 {
		n := min(len(ids), store.MaxPage)
		if err := r.Delete(ctx, ids[:n]...); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
