package main

import (
	"context"

	"xinyi/models/inbox"
	"xinyi/models/medical"
	"xinyi/store"
)

// reminders are the messages that count as warnings before a bill may be called defaulted.
var reminders = map[string]bool{
	medical.BillDueSoon: true, medical.BillDueToday: true, medical.BillOverdue: true,
	medical.BillReminded: true, medical.BillSuspends: true, medical.BillNoticed: true,
}

// served counts what reached a person about a bill. The inbox is one channel.
func (a *App) served(ctx context.Context, b *medical.Bill) (medical.Served, error) {
	var s medical.Served
	_, err := a.repos.messages.Each(ctx, store.InboxOf(b.Person, inbox.States...), func(m *inbox.Message) error {
		if m.Route.ID == b.ID && reminders[m.Kind] {
			s.Reminders++
			s.Channels = 1
		}
		return nil
	})
	return s, err
}
