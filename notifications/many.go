package notifications

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/inbox"
)

// readers bounds how many people are looked up side by side.
const readers = 8

// one is a person's part of a batch.
type one struct {
	event   models.Event
	message *inbox.Message
	reader  *delivery.Reader // nil: the account is closed
	spec    Spec
}

// DeliverMany is Deliver for up to 200 events of different people in two writes, for a campaign. It answers how many
// messages are new. Twice is once: what is there already is left as it is.
// Errors: as Deliver; then some may be kept, and the same call again keeps the rest.
func (n Inbox) DeliverMany(ctx context.Context, events []models.Event, campaign string) (kept int, err error) {
	batch := make([]one, len(events))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, e := range events {
		group.Go(func() (err error) {
			batch[i].event = e
			if batch[i].message, batch[i].spec, err = n.message(e); err == nil {
				batch[i].reader, err = n.reader(inner, e.Person)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var present []one
	for _, o := range batch {
		if o.reader != nil {
			present = append(present, o)
		}
	}
	kept, repeated, err := n.keepMany(ctx, present)
	if err != nil {
		return kept, err
	}
	return kept, n.carryMany(ctx, present, repeated, campaign)
}

// keepMany keeps the messages in one write, or one by one when some are there already.
func (n Inbox) keepMany(ctx context.Context, batch []one) (kept int, repeated bool, err error) {
	messages := make([]*inbox.Message, len(batch))
	for i, o := range batch {
		messages[i] = o.message
	}
	err = n.Messages.InsertMany(ctx, messages)
	if err == nil {
		n.keptMany(batch)
		return len(batch), false, nil
	}
	if !errors.Is(err, models.Conflict) {
		return 0, false, err
	}
	for i, m := range messages {
		switch err := n.Messages.Insert(ctx, m); {
		case err == nil:
			kept++
			n.keptMany(batch[i : i+1])
		case !errors.Is(err, models.Conflict):
			return kept, true, err
		}
	}
	return kept, true, nil
}

func (n Inbox) keptMany(batch []one) {
	if n.Kept == nil {
		return
	}
	now := n.Now()
	for _, o := range batch {
		n.Kept(o.event, now)
	}
}

// carryMany keeps the deliveries of a batch. Those that may join another go one by one.
func (n Inbox) carryMany(ctx context.Context, batch []one, repeated bool, campaign string) error {
	var together, alone []*delivery.Delivery
	now := n.Now()
	for _, o := range batch {
		for _, d := range delivery.Plan(notice(o.event, o.message, o.spec, campaign), *o.reader, n.On, n.Policy, now) {
			if repeated {
				alone = append(alone, d)
				continue
			}
			if d.Open != "" {
				joined, err := n.join(ctx, d, d.Open)
				if err != nil {
					return err
				}
				if joined {
					continue
				}
			}
			together = append(together, d)
		}
	}
	err := n.Delivery.Deliveries.InsertMany(ctx, together)
	if errors.Is(err, models.Conflict) {
		alone, err = append(alone, together...), nil
	}
	if err != nil {
		return err
	}
	for _, d := range alone {
		if err := n.queue(ctx, d, true); err != nil {
			return err
		}
	}
	if n.Planned != nil && len(together)+len(alone) > 0 {
		n.Planned()
	}
	return nil
}
