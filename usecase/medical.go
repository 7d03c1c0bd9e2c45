package usecase

import (
	"context"

	"xinyi/models/delivery"
	"xinyi/models/inbox"
	"xinyi/models/medical"
	"xinyi/store"
)

// reminders are the messages that count as warnings before a bill may be called defaulted.
var reminders = map[string]bool{
	medical.BillDueSoon.Name(): true, medical.BillDueToday.Name(): true, medical.BillOverdue.Name(): true,
	medical.BillReminded.Name(): true, medical.BillSuspends.Name(): true, medical.BillNoticed.Name(): true,
}

// Warnings knows what people were told of their bills.
type Warnings struct {
	Messages   *store.Repo[inbox.Message]
	Deliveries *store.Repo[delivery.Delivery]
}

// Served counts what reached a person about a bill: reminders in the inbox, which is one channel, and each channel that
// took a reminder, or the notice before a default, to a phone of theirs.
func (w Warnings) Served(ctx context.Context, b *medical.Bill) (medical.Served, error) {
	var s medical.Served
	_, err := w.Messages.Each(ctx, store.InboxOf(b.Person, inbox.States...), func(m *inbox.Message) error {
		if m.Route.ID == b.ID && reminders[m.Kind] {
			s.Reminders++
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	channels := map[string]bool{}
	if s.Reminders > 0 {
		channels["inbox"] = true
	}
	_, err = w.Deliveries.Each(ctx, store.DeliveriesAbout(b.ID), func(d *delivery.Delivery) error {
		if d.Person == b.Person && d.SentAt != nil && (reminders[d.Kind] || d.Legal) {
			channels[d.Channel] = true
		}
		return nil
	})
	s.Channels = len(channels)
	return s, err
}
