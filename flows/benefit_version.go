package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
)

// active puts a version in force on its day, and makes its places.
func (f Benefit) active(ctx context.Context, e models.Event) error {
	v, err := f.Versions.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if err := f.Ready(ctx, v.Offer, benefit.Whole, v.Terms.Quota.Total, f.Policy.SharePlace); err != nil {
		return err
	}
	o, err := f.Offers.Update(ctx, v.Offer, func(o *benefit.Offer) error {
		if !o.Start(v, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return succeed(ctx, f.Versions, store.VersionsOf(v.Offer), func(old *benefit.Version) bool {
		return old.No < o.Active &&
			old.Retire(f.Now())
	})
}

// warn tells those with a claim not yet used who may not have the offer from the day of a later version.
func (f Benefit) warn(ctx context.Context, e models.Event) error {
	v, err := f.Versions.Get(ctx, e.Subject)
	if err != nil || v.No == 1 {
		return err
	}
	p, err := v.Program()
	if err != nil {
		return err
	}
	_, err = f.Claims.Each(ctx, store.ClaimsLive(v.Offer), func(c *benefit.Claim) error {
		if c.Warned {
			return nil
		}
		profile, err := f.Profiles.Get(ctx, c.Holder)
		if err != nil {
			return gone(err)
		}
		outcome, err := p.Outcome(profile.Facts(v.Begins, 0, f.Policy))
		if err != nil || outcome == models.Pass {
			return err
		}
		_, err = f.Claims.Update(ctx, c.ID, func(c *benefit.Claim) error {
			if !c.Warn(v.Begins, f.Now()) {
				return store.Unchanged()
			}
			return nil
		})
		return err
	})
	return err
}

// Bounds of a part of a simulation.
const (
	simPart = 100_000
	simTime = 4 * time.Second
)

// simulate counts the part that is due. One cut off is counted again from where it began.
func (f Benefit) simulate(ctx context.Context, s *benefit.Simulation) (func(*benefit.Simulation) (bool, error), error) {
	p, err := f.part(ctx, s)
	return func(s *benefit.Simulation) (bool, error) { return s.Step(p, f.Now()) }, err
}

// errPartCounted ends a part.
var errPartCounted = errors.New("enough for one part")

// part counts profiles. When ctx or its time ends on the way, what was counted until then is the part.
func (f Benefit) part(ctx context.Context, s *benefit.Simulation) (benefit.Part, error) {
	p := benefit.Part{Part: s.Part, After: s.After, Cells: map[[2]string]*benefit.Counts{}}
	trial, err := f.trial(ctx, s)
	if err != nil {
		return p, err
	}
	size := int64(f.size)
	if size == 0 {
		size = simPart
	}
	short, cancel := context.WithTimeout(ctx, simTime)
	defer cancel()
	q := store.ProfilesOf(s.Subject).Page(store.MaxPage, s.After)
	p.After, err = f.Profiles.Each(ctx, q, func(who *benefit.Profile) error {
		if p.Seen >= size || p.Seen%1000 == 999 && short.Err() != nil {
			return errPartCounted
		}
		before, after, err := trial.Outcomes(who.Facts(s.Today, 0, f.Policy))
		if err != nil {
			return err
		}
		p.Count(who, s.Today, before, after)
		return nil
	})
	switch {
	case err == nil:
		p.Last = true
	case errors.Is(err, errPartCounted), p.Seen > 0 && ctx.Err() != nil:
		err = nil
	}
	return p, err
}

// trial prepares the two rules of a simulation.
func (f Benefit) trial(ctx context.Context, s *benefit.Simulation) (*benefit.Trial, error) {
	v, err := f.Versions.Get(ctx, s.Of)
	if err != nil {
		return nil, err
	}
	after, err := v.Program()
	if err != nil || s.Against == "" {
		return benefit.NewTrial(nil, after), err
	}
	old, err := f.Versions.Get(ctx, s.Against)
	if err != nil {
		return nil, err
	}
	before, err := old.Program()
	return benefit.NewTrial(before, after), err
}

// tried notes on a version that it was tried on everybody.
func (f Benefit) tried(ctx context.Context, e models.Event) error {
	s, err := f.Simulations.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	return tryOn(ctx, f.Versions, s.Trial(), f.Now())
}

// closed lets everybody go who waits for an offer that is over.
func (f Benefit) closed(ctx context.Context, e models.Event) error {
	return changeAll(ctx, f.Waits, store.WaitsFor(e.Subject), func(w *benefit.Wait) error {
		if w.State != benefit.Waiting {
			return store.Unchanged()
		}
		return w.Leave("closed", models.Clockwork, f.Now())
	})
}
