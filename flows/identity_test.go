package flows_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/store"
)

// household is a store with two persons and all that hangs on them.
type household struct {
	flow  flows.Identity
	relay *flows.Relay
	clock *hands
}

func newHousehold(t *testing.T) *household {
	t.Helper()
	clock := &hands{t: noon}
	s := store.New(newEngine(t), clock.now, store.TestKeys())
	h := &household{clock: clock, flow: flows.Identity{
		Identity: store.OpenIdentity(s), Delivery: store.OpenDelivery(s), Messages: store.NewRepo[inbox.Message](s, store.Inbox),
		Policy: delivery.Standard, Now: clock.now,
	}}
	h.relay = newRelay(s, store.NewRepo[journal.Lost](s, store.Dead), slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	must(t, h.relay.Subscribe(h.flow.Subscribers()...))
	must(t, s.Ensure(t.Context()))
	h.person(t, "ann", "13800000001", "1990-01-01")
	h.person(t, "bob", "13800000002", "1950-01-01")
	h.mandate(t, "m1", "ann", "bob")
	h.mandate(t, "m2", "bob", "ann")
	return h
}

// person keeps somebody who is signed in on two devices, is told on one, and has 250 messages and deliveries.
func (h *household) person(t *testing.T, id, phone string, birth models.Day) {
	t.Helper()
	n, err := models.SyntheticIDNumber("430181", birth)
	must(t, err)
	p := identity.NewPerson(id, models.NewSecret(phone), "zh", noon)
	must(t, p.Bind("王小明", n, identity.Evidence{Method: "sandbox"}, noon))
	must(t, h.flow.People.Insert(t.Context(), p))
	for _, s := range []string{"s1", "s2"} {
		must(t, h.flow.Sessions.Insert(t.Context(), identity.NewSession(p, identity.SignIn{ID: id + s, Device: "", Method: "code", Family: "f", Token: "t"}, identity.Standard, noon)))
	}
	must(t, h.flow.Links.Insert(t.Context(), &identity.Link{Meta: models.Meta{ID: "link-" + id}, Issuer: "i", Person: id}))
	dev, err := delivery.NewDevice(id, "phone-01", delivery.Address{Channel: delivery.FCM, Token: "token-" + id, Lang: "zh"}, delivery.Standard, noon)
	must(t, err)
	must(t, h.flow.Delivery.Devices.Insert(t.Context(), dev))
	must(t, h.flow.Delivery.Preferences.Insert(t.Context(), &delivery.Preferences{Meta: models.Meta{ID: id}, Marketing: true}))
	for i := range 250 {
		at := noon.Add(time.Duration(i) * time.Millisecond)
		e := models.Event{ID: models.Derived(id, at.String()), Kind: "medical.bill_paid", Person: id, At: at}
		m := inbox.New(e, inbox.Info, "medical.bill", "medical.bill", "service")
		if i == 0 {
			must(t, m.Snooze(models.Actor{Person: id}, noon.Add(time.Hour), noon))
		}
		must(t, h.flow.Messages.Insert(t.Context(), m))
		notice := delivery.Notice{Event: e.ID, Kind: e.Kind, Message: m.ID, At: at, Topic: "medical.bill", Class: delivery.Service, Pushed: true}
		planned := delivery.Plan(notice, delivery.Reader{Person: id, Devices: []*delivery.Device{dev}}, []string{delivery.FCM}, delivery.Standard, noon)
		if len(planned) != 1 {
			t.Fatalf("%d deliveries planned", len(planned))
		}
		if i == 1 {
			must(t, planned[0].Skip(delivery.WhyRead, delivery.Standard, noon))
		}
		must(t, h.flow.Delivery.Deliveries.Insert(t.Context(), planned[0]))
	}
}

func (h *household) mandate(t *testing.T, id, agent, principal string) {
	t.Helper()
	a, err := h.flow.People.Get(t.Context(), agent)
	must(t, err)
	p, err := h.flow.People.Get(t.Context(), principal)
	must(t, err)
	m, err := a.Propose(id, p, identity.Proposal{Kind: identity.Agent, Scope: []string{"medical"}, Offered: []string{"medical.bills.pay"}, Evidence: "e"}, identity.Standard, noon)
	must(t, err)
	must(t, h.flow.Mandates.Insert(t.Context(), m))
}

// counts is how many of a person's things there still are, and how many are over, by their names.
func (h *household) counts(t *testing.T, person string) map[string]int {
	t.Helper()
	n := map[string]int{}
	each := func(name string, count func() (int64, error)) {
		c, err := count()
		must(t, err)
		n[name] = int(c)
	}
	ctx := t.Context()
	each("sessions", func() (int64, error) { return h.flow.Sessions.Count(ctx, store.SessionsOf(person)) })
	each("links", func() (int64, error) { return h.flow.Links.Count(ctx, store.LinksOf(person)) })
	each("devices", func() (int64, error) { return h.flow.Delivery.Devices.Count(ctx, store.DevicesOf(person)) })
	for _, q := range []store.Query{store.MandatesOfAgent(person, identity.Proposed), store.MandatesOfPrincipal(person, identity.Proposed)} {
		c, err := h.flow.Mandates.Count(ctx, q)
		must(t, err)
		n["mandates"] += int(c)
	}
	if _, err := h.flow.Delivery.Preferences.Get(ctx, person); err == nil {
		n["preferences"] = 1
	}
	_, err := h.flow.Delivery.Deliveries.Each(ctx, store.DeliveriesOf(person), func(d *delivery.Delivery) error {
		switch {
		case !d.Over():
			n["going"]++
		case d.Moved.Reason == delivery.WhyPerson:
			n["skipped"]++
		}
		return nil
	})
	must(t, err)
	_, err = h.flow.Messages.Each(ctx, store.InboxSince(person, time.Time{}), func(m *inbox.Message) error {
		if m.GoneAt != nil && m.GoneAt.Equal(noon.Add(30*24*time.Hour)) && m.WakeAt == nil {
			n["going away"]++
		}
		return nil
	})
	must(t, err)
	return n
}

// Whoever leaves is signed out and told nothing any more; nobody else loses anything but the mandates between them.
func TestLeavingEndsEverything(t *testing.T) {
	t.Parallel()
	h := newHousehold(t)
	p, err := h.flow.People.Update(t.Context(), "ann", func(p *identity.Person) error { return p.Leave(p.Self(), noon) })
	must(t, err)
	event := p.Outbox[0]
	must(t, h.relay.Drain(t.Context()))
	wanted := func(when string) {
		t.Helper()
		for person, want := range map[string]map[string]int{
			"ann": {"skipped": 249, "going away": 250},
			"bob": {"sessions": 2, "links": 1, "devices": 1, "preferences": 1, "going": 249},
		} {
			got := h.counts(t, person)
			for _, what := range []string{"sessions", "links", "devices", "mandates", "preferences", "going", "skipped", "going away"} {
				if got[what] != want[what] {
					t.Errorf("%s: %s has %d %s, want %d", when, person, got[what], what, want[what])
				}
			}
		}
	}
	wanted("once")
	h.clock.move(time.Hour)
	must(t, h.flow.Subscribers()[0].Do(t.Context(), event))
	wanted("twice")
	s, err := h.flow.Sessions.Get(t.Context(), "anns1")
	must(t, err)
	if s.Moved.Reason != identity.EndedByLeaving || s.GoneAt == nil {
		t.Errorf("session: %+v", s)
	}
}
