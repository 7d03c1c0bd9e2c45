package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/consent"
	"xinyi/models/identity"
	"xinyi/store"
	"xinyi/usecase"
)

// Consent is what follows for consents from what happens to people: a request meets the account its subject opens, and whoever
// closes the account has withdrawn everything.
type Consent struct {
	store.Consent
	Subjects usecase.Subjects
	Now      func() time.Time
}

// Subscribers are to be given to the relay.
func (f Consent) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "consent.bound", Kinds: Kinds(identity.EventBound), Do: f.bound},
		{Name: "consent.left", Kinds: Kinds(identity.EventLeft), Do: f.left},
	}
}

// bound tells a person who has just given a real name of the requests that wait.
func (f Consent) bound(ctx context.Context, e models.Event) error {
	p, err := f.Subjects.People.Get(ctx, e.Person)
	if err != nil {
		return err
	}
	sub, err := f.Subjects.OfPerson(p)
	if errors.Is(err, models.Conflict) { // left in between
		return nil
	}
	if err != nil {
		return err
	}
	return changeAll(ctx, f.Consents, store.ConsentsOf([]string{sub.Ref}, consent.Requested), func(c *consent.Consent) error {
		if !c.Meet(sub, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// left ends what is open. Who has left keeps no number, so the consents are found by the account.
func (f Consent) left(ctx context.Context, e models.Event) error {
	return changeAll(ctx, f.Consents, store.ConsentsOfPerson(e.Person, consent.Requested, consent.Given), func(c *consent.Consent) error {
		changed, err := c.Leave(f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
}
