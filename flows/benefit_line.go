package flows

import (
	"context"
	"errors"
	"slices"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
)

// take makes a claim's place its own.
func (f Benefit) take(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Subject)
	if err != nil || !c.Taken() {
		return err
	}
	return f.Take(ctx, c.Shares, c.ID)
}

// vacate gives the places of a claim back that is over.
func (f Benefit) vacate(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Subject)
	if err != nil || c.Live() || c.Taken() {
		return err
	}
	return f.Vacate(ctx, c.Shares, c.ID)
}

// doubt looks whether the claim of a held place is there. One that is not has never been, and nobody will make it any more.
func (f Benefit) doubt(ctx context.Context, e models.Event) error {
	d, err := benefit.EventDoubtful.Read(e)
	if err != nil {
		return err
	}
	c, err := f.Claims.Get(ctx, d.Claim)
	switch {
	case errors.Is(err, models.NotFound), err == nil && (!slices.Contains(c.Shares, e.Subject) || !c.Live() && !c.Taken()):
		return f.Vacate(ctx, []string{e.Subject}, d.Claim)
	case err != nil:
		return err
	case c.Taken():
		return f.Take(ctx, []string{e.Subject}, c.ID)
	}
	return nil // it is held still: the claim's own time ends it
}

// waited names the claim of somebody who waited.
func waited(w *benefit.Wait) string { return models.Derived("waited", w.ID) }

// mostPassed bounds what one event does: the rest is done when it is told again.
const mostPassed = 1000

var errLongLine = errors.New("the line goes on when this is told again")

// vacated gives a place that was given back to who waits first, and to all when nobody does.
func (f Benefit) vacated(ctx context.Context, e models.Event) error {
	d, err := benefit.EventVacated.Read(e)
	if err != nil {
		return err
	}
	for range mostPassed {
		s, err := f.Shares.Get(ctx, e.Subject)
		if err != nil {
			return err
		}
		w, o, err := f.next(ctx, d.Offer)
		if err != nil {
			return err
		}
		switch {
		case w != nil && s.Has(waited(w)): // passed before, and cut off since
			if err := f.serve(ctx, o, w, s.ID); err != nil {
				return err
			}
		case !s.Kept(d.Claim):
			return nil
		case w == nil:
			_, err := f.Shares.Update(ctx, s.ID, func(s *benefit.Share) error {
				if !s.Open(d.Claim) {
					return store.Unchanged()
				}
				return nil
			})
			if err != nil {
				return err
			}
			return f.fill(ctx, d.Offer) // somebody may have joined meanwhile
		default:
			if err := f.pass(ctx, s.ID, d.Claim, w); err != nil {
				return err
			}
		}
	}
	return models.E(models.Unavailable, "unavailable", errLongLine)
}

// pass gives a vacant place to somebody who waits; who has a claim already, from another share, is only told.
func (f Benefit) pass(ctx context.Context, share, old string, w *benefit.Wait) error {
	c, err := f.Claims.Get(ctx, waited(w))
	if err == nil {
		return f.served(ctx, w, c)
	}
	if !errors.Is(err, models.NotFound) {
		return err
	}
	_, err = f.Shares.Update(ctx, share, func(s *benefit.Share) error {
		if !s.Pass(old, waited(w), f.Now().Add(f.Policy.Turn+f.Policy.Slack)) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// next is who waits first for an offer that may be claimed, nil for nobody.
func (f Benefit) next(ctx context.Context, offer string) (*benefit.Wait, *benefit.Offer, error) {
	o, err := f.Offers.Get(ctx, offer)
	if err != nil || o.Open(models.DayOf(f.Now())) != nil {
		return nil, o, err
	}
	w, err := f.Waits.First(ctx, store.WaitsFor(offer))
	if errors.Is(err, models.NotFound) {
		return nil, o, nil
	}
	return w, o, err
}

// serve makes the claim of somebody whose place is in a share.
func (f Benefit) serve(ctx context.Context, o *benefit.Offer, w *benefit.Wait, share string) error {
	c, err := f.grant(ctx, o, w, share)
	if errors.Is(err, models.Conflict) { // she has claimed meanwhile; her place is free again
		return f.leave(ctx, w)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(c.Shares, share) { // served from another share at the same moment
		if err := f.Vacate(ctx, []string{share}, c.ID); err != nil {
			return err
		}
	}
	return f.served(ctx, w, c)
}

func (f Benefit) grant(ctx context.Context, o *benefit.Offer, w *benefit.Wait, shares ...string) (*benefit.Claim, error) {
	by := models.Actor{Person: w.Person, Role: models.System}
	return f.Grant(ctx, o, benefit.Grant{ID: waited(w), Holder: w.Holder, Person: w.Person, Shares: shares, Until: f.Now().Add(f.Policy.Turn),
		By: by}, f.Policy)
}

func (f Benefit) served(ctx context.Context, w *benefit.Wait, c *benefit.Claim) error {
	_, err := f.Waits.Update(ctx, w.ID, func(w *benefit.Wait) error {
		until := f.Now()
		if c.Until != nil {
			until = *c.Until
		}
		if !w.Serve(c.ID, until, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

func (f Benefit) leave(ctx context.Context, w *benefit.Wait) error {
	_, err := f.Waits.Update(ctx, w.ID, func(w *benefit.Wait) error {
		if w.State != benefit.Waiting {
			return store.Unchanged()
		}
		return w.Leave("claimed", models.Clockwork, f.Now())
	})
	return err
}

// joined serves who waits, now that one more does.
func (f Benefit) joined(ctx context.Context, e models.Event) error {
	d, err := benefit.EventWaiting.Read(e)
	if err != nil {
		return err
	}
	return f.fill(ctx, d.Offer)
}

// fill serves who waits for an offer as long as it has places.
func (f Benefit) fill(ctx context.Context, offer string) error {
	for {
		w, o, err := f.next(ctx, offer)
		if err != nil || w == nil {
			return err
		}
		c, err := f.grant(ctx, o, w)
		switch {
		case err == nil:
			err = f.served(ctx, w, c)
		case errors.Is(err, models.Conflict):
			has, fault := f.Has(ctx, o, w.Holder)
			if fault != nil || !has {
				return fault // it is full
			}
			err = f.leave(ctx, w)
		}
		if err != nil {
			return err
		}
	}
}
