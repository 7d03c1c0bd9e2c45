package flows

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/credential"
	"xinyi/models/division"
	"xinyi/store"
	"xinyi/usecase"
)

// Credential lets what a third party can check follow what was given: an award has one credential in force that says what the award
// says, and none when it is over; a status list says at once when one does not stand any more.
type Credential struct {
	store.Credential
	Awards    *store.Repo[award.Award]
	Divisions *store.Repo[division.Division]
	Policy    credential.Policy
	Now       func() time.Time
}

// Subscribers are to be given to the relay.
func (f Credential) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "credential.award", Do: f.follow, Kinds: Kinds(award.EventGranted, award.EventRenewed, award.EventDeclined, award.EventRevoked, award.EventExpired)},
		{Name: "credential.status", Do: f.status, Kinds: Kinds(credential.EventReplaced, credential.EventRevoked, credential.EventExpired)},
	}
}

// follow brings the credential of an award in line with it, whatever happened: it looks at the award as it is now.
func (f Credential) follow(ctx context.Context, e models.Event) error {
	a, err := f.Awards.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	was, err := f.Credentials.First(ctx, store.CredentialInForce(a.ID))
	if err != nil && !errors.Is(err, models.NotFound) {
		return err
	}
	name, facts, err := f.says(ctx, a)
	switch {
	case err != nil:
		return err
	case !a.InForce(models.DayOf(f.Now())):
		if was == nil {
			return nil
		}
		over := (*credential.Credential).Expire
		if a.State == award.Revoked {
			over = (*credential.Credential).Revoke
		}
		return f.end(ctx, was, over)
	case was != nil && was.Says(name, facts):
		return nil
	}
	id := models.Derived("credential", a.ID, e.ID)
	if _, err := f.Credentials.Get(ctx, id); !errors.Is(err, models.NotFound) {
		return err // it was issued for this event before, and has been replaced since
	}
	if was != nil {
		if err := f.end(ctx, was, (*credential.Credential).Replace); err != nil {
			return err
		}
	}
	return f.issue(ctx, credential.Issue{ID: id, Of: a.ID, Kind: credential.Honour, Holder: a.Holder, Name: name, Facts: facts,
		Again: was != nil})
}

// says is what the credential of an award is to say.
func (f Credential) says(ctx context.Context, a *award.Award) (string, credential.Facts, error) {
	d, err := f.Divisions.Get(ctx, string(a.Region))
	if err != nil {
		return a.Label, usecase.HonourFacts(a, ""), gone(err)
	}
	return a.Label, usecase.HonourFacts(a, d.DisplayName), nil
}

// issue holds a place in a status list, keeps the credential, and makes the place its own. Twice is once, wherever it was cut off.
func (f Credential) issue(ctx context.Context, in credential.Issue) error {
	var err error
	if in.List, in.Index, err = f.reserve(ctx, in.ID); err != nil {
		return err
	}
	if in.Code, in.Secret, err = drawn(); err != nil {
		return err
	}
	c, err := credential.New(in, f.Now())
	if err != nil {
		return err
	}
	if err := f.Credentials.Insert(ctx, c); err != nil {
		if _, taken := f.Credentials.Get(ctx, in.ID); !errors.Is(err, models.Conflict) || taken != nil {
			return err
		}
	}
	_, err = f.Lists.Update(ctx, in.List, func(l *credential.StatusList) error {
		if !l.Use(in.ID) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// reserve holds a place for a credential in the newest list, and starts the next list when that is full.
func (f Credential) reserve(ctx context.Context, id string) (list string, index int, err error) {
	for {
		last, err := f.Lists.First(ctx, store.StatusListLast())
		if err != nil && !errors.Is(err, models.NotFound) {
			return "", 0, err
		}
		if last == nil || last.State == credential.Full && !last.Holds(id) {
			next := 1
			if last != nil {
				next = last.No + 1
			}
			if err := f.begin(ctx, next); err != nil {
				return "", 0, err
			}
			continue
		}
		_, err = f.Lists.Update(ctx, last.ID, func(l *credential.StatusList) (err error) {
			index, err = l.Reserve(id, f.Policy, f.Now())
			return err
		})
		if errors.Is(err, models.Conflict) { // somebody took the last place just then
			continue
		}
		return last.ID, index, err
	}
}

// begin makes the list with a number, unless another was faster.
func (f Credential) begin(ctx context.Context, no int) error {
	_, secret, err := drawn()
	if err != nil {
		return err
	}
	l, err := credential.NewList(no, secret)
	if err == nil {
		err = f.Lists.Insert(ctx, l)
	}
	if errors.Is(err, models.Conflict) {
		return nil
	}
	return err
}

// drawn are a code of 128 random bits, as people read it, and a secret of 256.
func drawn() (code, secret string, err error) {
	var raw [48]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", "", models.E(models.Internal, "internal", err)
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:16]), hex.EncodeToString(raw[16:]), nil
}

// end ends a credential and says so in its list before anything else follows.
func (f Credential) end(ctx context.Context, c *credential.Credential, over func(*credential.Credential, time.Time) bool) error {
	_, err := f.Credentials.Update(ctx, c.ID, func(c *credential.Credential) error {
		if !over(c, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return f.mark(ctx, c)
}

// status says in its list that a credential does not stand any more: also one that time ended.
func (f Credential) status(ctx context.Context, e models.Event) error {
	c, err := f.Credentials.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	return f.mark(ctx, c)
}

func (f Credential) mark(ctx context.Context, c *credential.Credential) error {
	_, err := f.Lists.Update(ctx, c.List, func(l *credential.StatusList) error {
		if !l.Mark(c.Index) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}
