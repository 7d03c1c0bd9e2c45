package seed

import (
	"context"
	"errors"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/credential"
	"xinyi/store"
	"xinyi/usecase"
)

// keepCredentials keeps the credentials of the demo's awards, whatever awards there are: one in force of an award in force, one that was
// ended as its award was. Their codes and secrets are made from the award's id, which only a demo may.
func keepCredentials(ctx context.Context, s Stores, now time.Time) error {
	if s.Award.Awards == nil || s.Credential.Credentials == nil {
		return nil
	}
	l, err := credential.NewList(1, strings.Repeat(models.Derived("demo", "status list"), 2))
	if err != nil {
		return err
	}
	var all []*credential.Credential
	_, err = s.Award.Awards.Each(ctx, store.All(), func(a *award.Award) error {
		c, err := attested(ctx, s, l, a, now)
		if err == nil {
			all = append(all, c)
		}
		return err
	})
	if err == nil {
		err = fresh(ctx, s.Credential.Credentials, all)
	}
	if err == nil && len(all) > 0 {
		err = fresh(ctx, s.Credential.Lists, []*credential.StatusList{l})
	}
	return err
}

// attested is the credential of an award, issued when that was given.
func attested(ctx context.Context, s Stores, l *credential.StatusList, a *award.Award, now time.Time) (*credential.Credential, error) {
	place, err := s.Divisions.Get(ctx, string(a.Region))
	if err != nil && !errors.Is(err, models.NotFound) {
		return nil, err
	}
	in := credential.Issue{
		ID: models.Derived("credential", a.ID, "demo"), Of: a.ID, Kind: credential.Honour, Holder: a.Holder, Name: a.Label,
		Facts: usecase.HonourFacts(a, ""), Code: strings.ToUpper(models.Derived("demo credential code", a.ID)[:26]), Secret: models.Derived("demo salt", a.ID) + models.Derived("demo salt", a.ID, "more"), List: l.ID,
	}
	if place != nil {
		in.Facts.Place = place.DisplayName
	}
	at := a.Since.Clock(9, 0)
	if at.After(now) {
		at = now
	}
	if in.Index, err = l.Reserve(in.ID, credential.Standard, at); err != nil {
		return nil, err
	}
	l.Use(in.ID)
	c, err := credential.New(in, at)
	if err != nil {
		return nil, err
	}
	switch {
	case a.State == award.Revoked:
		c.Revoke(a.Moved.At)
	case a.State == award.Expired || !now.Before(c.Ends()):
		c.Expire(c.Ends())
	}
	if c.State != credential.Valid {
		l.Mark(c.Index)
	}
	c.Outbox = nil
	return c, nil
}
