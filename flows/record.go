package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Record ties records to the accounts of the people they are about, notes that these were told, and gives whoever acts for an
// organisation the office to do so.
type Record struct {
	Records *store.Repo[record.Record]
	store.Identity
	Subjects usecase.Subjects
	Forget   func(person string) // makes the person's next request be read afresh
	Now      func() time.Time
}

// Subscribers are to be given to the relay, after the inbox: what is told is in the inbox first.
func (f Record) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "record.told", Do: f.kept, Kinds: Kinds(record.EventKept)},
		{Name: "record.bind", Do: f.bind, Kinds: Kinds(identity.EventBound)},
		{Name: "record.offices", Do: f.office, Kinds: Kinds(identity.EventRepresents, identity.EventRepresentsEnded)},
		{Name: "record.invited", Do: f.invited, Kinds: Kinds(identity.EventInviting)},
		{Name: "record.left", Do: f.left, Kinds: Kinds(identity.EventLeft)},
	}
}

// kept notes that the person of a record has its message in the inbox.
func (f Record) kept(ctx context.Context, e models.Event) error {
	if e.Person == "" || models.AddressedOrg(e.Person) != "" {
		return nil
	}
	_, err := f.Records.Update(ctx, e.Subject, func(r *record.Record) error {
		if !r.Hear(record.ByMessage, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}

// bind ties the records of a person who has proved the name to the account.
func (f Record) bind(ctx context.Context, e models.Event) error {
	p, err := f.People.Get(ctx, e.Person)
	if err != nil {
		return gone(err)
	}
	sub, err := f.Subjects.OfPerson(p)
	if err != nil {
		return nil //nolint:nilerr // the person has left meanwhile, and with the number what ties the records to the account
	}
	return f.tie(ctx, sub.Ref, p.ID)
}

// tie names the account on every record of a subject; "" takes it off.
func (f Record) tie(ctx context.Context, ref, person string) error {
	_, err := f.Records.Each(ctx, store.RecordsOf(ref).Only("subject"), func(r *record.Record) error {
		if r.Subject.Person == person {
			return nil
		}
		_, err := f.Records.Update(ctx, r.ID, func(r *record.Record) error {
			if !r.Bind(person, f.Now()) {
				return store.Unchanged()
			}
			return nil
		})
		return gone(err)
	})
	return err
}

// office lets a person's offices follow a representation.
func (f Record) office(ctx context.Context, e models.Event) error {
	r, err := f.Agents.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	_, err = f.People.Update(ctx, r.Person, func(p *identity.Person) error {
		if !p.Acts(r, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if f.Forget != nil {
		f.Forget(r.Person)
	}
	if err != nil || r.State == identity.Representing || r.Basis != identity.LegalRepresentative {
		return gone(err)
	}
	_, err = f.Agents.Each(ctx, store.AgentsOf(r.Org), func(a *identity.Representative) error {
		if a.Appointer != r.Person {
			return nil
		}
		_, err := f.Agents.Update(ctx, a.ID, func(a *identity.Representative) error {
			return a.End(models.Clockwork, "appointer", f.Now())
		})
		if errors.Is(err, models.InvalidTransition) {
			return nil
		}
		return err
	})
	return err
}

// invited tells whoever has the invited phone; nobody may have it.
func (f Record) invited(ctx context.Context, e models.Event) error {
	r, err := f.Agents.Get(ctx, e.Subject)
	if err != nil || r.Phone.Empty() {
		return gone(err)
	}
	p, err := f.People.First(ctx, f.Keys.PersonByPhone(r.Phone))
	if err != nil {
		return gone(err)
	}
	_, err = f.Agents.Update(ctx, r.ID, func(r *identity.Representative) error {
		if !r.Reach(p, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}

// left ends what somebody who closed the account did for organisations; records stay until their own time is over.
func (f Record) left(ctx context.Context, e models.Event) error {
	_, err := f.Agents.Each(ctx, store.RepresentedBy(e.Person), func(r *identity.Representative) error {
		_, err := f.Agents.Update(ctx, r.ID, func(r *identity.Representative) error {
			return r.End(models.Clockwork, identity.EndedByLeaving, f.Now())
		})
		if errors.Is(err, models.InvalidTransition) {
			return nil
		}
		return err
	})
	return err
}
