package flows

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
)

// Journal writes every event into the event log, once.
func Journal(log *store.Repo[journal.Entry]) Subscriber {
	return Subscriber{Name: "journal", Kinds: Every, Do: func(ctx context.Context, e models.Event) error {
		if err := log.Insert(ctx, journal.EntryOf(e)); err != nil && !errors.Is(err, models.Conflict) {
			return err
		}
		return nil
	}}
}
