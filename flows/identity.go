package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/store"
)

// messagesKept is how long the messages of who left are kept: somebody may have closed the account by mistake and ask
// what was in it.
const messagesKept = 30 * 24 * time.Hour

// Identity is what follows elsewhere when a person closes the account: all that signs in, acts or is told for that person
// ends. Each step may have been done before.
type Identity struct {
	store.Identity
	Delivery store.Delivery
	Messages *store.Repo[inbox.Message]
	Policy   delivery.Policy
	Now      func() time.Time
}

// Subscribers are to be given to the relay.
func (f Identity) Subscribers() []Subscriber {
	return []Subscriber{{Name: "identity.left", Do: f.left, Kinds: Kinds(identity.EventLeft)}}
}

// left does first what keeps others out, then what only tidies up.
func (f Identity) left(ctx context.Context, e models.Event) error {
	for _, step := range []func(context.Context, string) error{f.sessions, f.mandates, f.links, f.devices, f.deliveries, f.messages} {
		if err := step(ctx, e.Person); err != nil {
			return err
		}
	}
	return f.Delivery.Preferences.Delete(ctx, e.Person)
}

func (f Identity) sessions(ctx context.Context, person string) error {
	return changeAll(ctx, f.Sessions, store.SessionsOf(person), func(s *identity.Session) error {
		if !s.Leave(f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

func (f Identity) mandates(ctx context.Context, person string) error {
	open := []identity.MandateState{identity.Proposed, identity.Witnessed, identity.InForce}
	for _, q := range []store.Query{
		store.MandatesOfAgent(person, open...), store.MandatesOfPrincipal(person, open...),
	} {
		err := changeAll(ctx, f.Mandates, q, func(m *identity.Mandate) error {
			if !m.Leave(person, f.Now()) {
				return store.Unchanged()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// links are deleted, so that the same outside sign-in later makes a new person.
func (f Identity) links(ctx context.Context, person string) error {
	return deleteAll(ctx, f.Links, store.LinksOf(person))
}

// devices are disabled before they are deleted: whoever has read one to send to it is refused when it saves.
func (f Identity) devices(ctx context.Context, person string) error {
	err := changeAll(ctx, f.Delivery.Devices, store.DevicesOf(person), func(d *delivery.Device) error {
		return d.Disable(models.Clockwork, delivery.OffSignedOut, f.Now())
	})
	if err != nil {
		return err
	}
	return deleteAll(ctx, f.Delivery.Devices, store.DevicesOf(person))
}

// deliveries are skipped. One that a replica has just now is left to it: whatever comes of its try, the next finds nobody.
func (f Identity) deliveries(ctx context.Context, person string) error {
	return changeAll(ctx, f.Delivery.Deliveries, store.DeliveriesOf(person), func(d *delivery.Delivery) error {
		if d.Over() {
			return store.Unchanged()
		}
		err := d.Skip(delivery.WhyPerson, f.Policy, f.Now())
		if models.CodeOf(err) == models.Conflict {
			return store.Unchanged()
		}
		return err
	})
}

func (f Identity) messages(ctx context.Context, person string) error {
	gone := models.At(f.Now().Add(messagesKept))
	return changeAll(ctx, f.Messages, store.InboxSince(person, time.Time{}), func(m *inbox.Message) error {
		if m.WakeAt == nil && m.GoneAt != nil && !m.GoneAt.After(*gone) {
			return store.Unchanged()
		}
		m.GoneAt, m.WakeAt = models.Earliest(m.GoneAt, gone), nil // one that was put off does not come back
		return nil
	})
}

// changeAll changes every document of q, a page at a time. One that is not there any more is passed over.
func changeAll[T any, P document[T]](ctx context.Context, repo *store.Repo[T], q store.Query, change func(*T) error) error {
	_, err := repo.Each(ctx, q, func(v *T) error {
		_, err := repo.Update(ctx, P(v).Head().ID, change)
		if models.CodeOf(err) == models.NotFound {
			return nil
		}
		return err
	})
	return err
}

// deleteAll deletes every document of q.
func deleteAll[T any, P document[T]](ctx context.Context, repo *store.Repo[T], q store.Query) error {
	_, err := repo.Each(ctx, q, func(v *T) error { return repo.Delete(ctx, P(v).Head().ID) })
	return err
}

// document is a pointer to what a repo of T keeps.
type document[T any] interface {
	*T
	models.Document
}
