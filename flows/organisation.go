package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/store"
	"xinyi/usecase"
)

// Organisation is what follows from the register: offices follow their appointments, and nobody acts for an organisation that is over.
type Organisation struct {
	usecase.Organisation
	Forget func(id string) // makes the next request of a person or a system be read afresh
	Now    func() time.Time
}

// Subscribers are to be given to the relay.
func (f Organisation) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "organisation.seat", Do: f.seat, Kinds: Kinds(
			organisation.EventConfirmed, organisation.EventDismissed, organisation.EventContested, organisation.EventContestDecided)},
		{Name: "organisation.over", Do: f.over, Kinds: Kinds(organisation.EventEnded)},
	}
}

// seat brings the person's office to what the appointment says, when whoever changed it could not. A person who cannot hold it any more
// is passed over.
func (f Organisation) seat(ctx context.Context, e models.Event) error {
	a, err := f.Appointments.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	err = f.Seat(ctx, a, e.By, f.Now())
	if models.CodeOf(err) == models.Conflict {
		return nil
	}
	f.Forget(a.Person)
	return err
}

// over ends the offices of an organisation, and stops its systems.
func (f Organisation) over(ctx context.Context, e models.Event) error {
	o, err := f.Organisations.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	q := store.AppointmentsTo(o.ID, organisation.Asked, organisation.Serving, organisation.Suspended)
	err = changeAll(ctx, f.Appointments, q, func(a *organisation.Appointment) error {
		if !a.Close(f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	kind := organisation.Holdings[o.Kind].System
	if err != nil || kind == "" {
		return err
	}
	_, err = f.Clients.Each(ctx, store.ClientsOf(kind), func(c *identity.Client) error {
		if c.Org != o.ID || c.State != identity.Active {
			return nil
		}
		_, err := f.Clients.Update(ctx, c.ID, func(c *identity.Client) error {
			return c.Stop(models.Clockwork, organisation.EventEnded.Name(), f.Now())
		})
		f.Forget(c.ID)
		if models.CodeOf(err) == models.InvalidTransition {
			return nil
		}
		return err
	})
	return err
}
