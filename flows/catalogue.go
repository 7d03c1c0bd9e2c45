package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/catalogue"
	"xinyi/models/release"
	"xinyi/store"
	"xinyi/usecase"
)

// Catalogue lets a published version take the place of the ones before it.
type Catalogue struct {
	usecase.Catalogue
	Now func() time.Time
}

// Subscribers are to be given to the relay.
func (f Catalogue) Subscribers() []Subscriber {
	return []Subscriber{{Name: "catalogue", Kinds: Kinds(catalogue.EventPublished), Do: f.published}}
}

// published ends the earlier versions on the day before the new one's first. It may run twice.
func (f Catalogue) published(ctx context.Context, e models.Event) error {
	it, err := f.Items.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if !it.Published() || it.State == release.Retired {
		return nil
	}
	for no := it.Version - 1; no > 0; no-- {
		old, err := f.Items.Update(ctx, catalogue.ID(it.Code, no), func(old *catalogue.Item) error {
			changed, err := old.Yield(it.From, f.Now())
			if err == nil && !changed {
				return store.Unchanged()
			}
			return err
		})
		if err != nil {
			return err
		}
		if old.State == release.Retired && old.To < it.From.Add(-1) {
			return nil // and so are all before it
		}
	}
	return nil
}
