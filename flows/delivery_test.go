package flows_test

import (
	"context"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/inbox"
	"xinyi/store"
)

// A message that was put off is told anew when it comes back, and not before.
func TestMessageReturned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	messages := store.NewRepo[inbox.Message](w.store, store.Inbox)
	must(t, w.store.Ensure(t.Context()))
	var again []string
	flow := flows.Delivery{Again: func(_ context.Context, e models.Event) error {
		again = append(again, e.Subject+" "+e.Person)
		return nil
	}}
	must(t, w.relay.Subscribe(flow.Subscribers()...))
	m := inbox.New(models.Event{ID: "e", Kind: "medical.bill_paid", Subject: "b", Person: "ann", At: noon}, inbox.Info, "medical.bill", "medical.bill", "service")
	must(t, m.Snooze(models.Actor{Person: "ann"}, noon.Add(time.Hour), noon))
	must(t, messages.Insert(t.Context(), m))
	must(t, messages.Any().Wake(t.Context(), m.ID, noon.Add(time.Hour-time.Millisecond)))
	equal(t, "too early", again)
	w.clock.move(time.Hour)
	must(t, messages.Any().Wake(t.Context(), m.ID, w.clock.now()))
	must(t, w.relay.Drain(t.Context()))
	equal(t, "returned", again, m.ID+" ann")
}
