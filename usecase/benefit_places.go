package usecase

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
)

// Ready makes sure that an offer's places of a span are there, in shares, as many as quota says. What is taken stays taken.
func (b Benefit) Ready(ctx context.Context, offer, span string, quota, share int) error {
	sizes := benefit.Sizes(quota, share)
	var known []*benefit.Share
	if _, err := b.Shares.Each(ctx, store.SharesOf(benefit.ShareKey(offer, span)),
		func(s *benefit.Share) error { known = append(known, s); return nil }); err != nil {
		return err
	}
	for no := max(len(sizes), len(known)) - 1; no >= 0; no-- { // the first comes last: where it is, all are
		size := 0
		if no < len(sizes) {
			size = sizes[no]
		}
		id := benefit.ShareID(offer, span, no)
		if !slices.ContainsFunc(known, func(s *benefit.Share) bool { return s.ID == id }) {
			err := b.Shares.Insert(ctx, benefit.NewShare(offer, span, no, size))
			if err == nil {
				continue
			}
			if !errors.Is(err, models.Conflict) { // another replica made it
				return err
			}
		}
		_, err := b.Shares.Update(ctx, id, func(s *benefit.Share) error {
			if !s.Resize(size) {
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

// Reserve keeps a place for a claim in each quota an offer has, and answers the shares they are in. Errors: Conflict
// "benefit.full_today", "benefit.full": then nothing is kept.
func (b Benefit) Reserve(ctx context.Context, o *benefit.Offer, claim string, until time.Time, pol benefit.Policy) ([]string, error) {
	var shares []string
	q, today := o.Terms.Quota, string(models.DayOf(b.Now()))
	if q.Daily > 0 {
		if _, err := b.Shares.Get(ctx, benefit.ShareID(o.ID, today, 0)); errors.Is(err, models.NotFound) {
			if err := b.Ready(ctx, o.ID, today, q.Daily, pol.SharePlace); err != nil {
				return nil, err
			}
		} else if err != nil {
			return nil, err
		}
		id, err := b.place(ctx, benefit.ShareKey(o.ID, today), claim, until)
		if errors.Is(err, models.Conflict) {
			return nil, models.E(models.Conflict, "benefit.full_today")
		}
		if err != nil {
			return nil, err
		}
		shares = append(shares, id)
	}
	if q.Total > 0 {
		id, err := b.place(ctx, benefit.ShareKey(o.ID, benefit.Whole), claim, until)
		if err != nil {
			return nil, errors.Join(err, b.Vacate(ctx, shares, claim))
		}
		shares = append(shares, id)
	}
	return shares, nil
}

// placeTries bounds how often the shares with room are read anew while others take their places.
const placeTries = 10

// place finds a place in a span: in the share that falls to the claim, else in any that has room.
func (b Benefit) place(ctx context.Context, key, claim string, until time.Time) (string, error) {
	for range placeTries {
		page, err := b.Shares.Find(ctx, store.SharesFree(key).Page(store.MaxIn, "").Only("size"))
		if err != nil {
			return "", err
		}
		if len(page.Items) == 0 {
			return "", models.E(models.Conflict, "benefit.full")
		}
		h := fnv.New32a()
		_, _ = h.Write([]byte(claim)) // never fails
		first := int(h.Sum32()>>1) % len(page.Items)
		for i := range page.Items {
			id := page.Items[(first+i)%len(page.Items)].ID
			_, err := b.Shares.Update(ctx, id, func(s *benefit.Share) error { return s.Reserve(claim, until) })
			if err == nil {
				return id, nil
			}
			if !errors.Is(err, models.Conflict) && !errors.Is(err, models.Stale) { // others take there without end: the next share
				return "", err
			}
		}
	}
	return "", models.E(models.Conflict, "benefit.full")
}

// Vacate gives a claim's places back: those of the total to who waits first, those of a day to all.
func (b Benefit) Vacate(ctx context.Context, shares []string, claim string) error {
	for _, id := range shares {
		_, err := b.Shares.Update(ctx, id, func(s *benefit.Share) error {
			if !s.Vacate(claim, s.Span == benefit.Whole, b.Now()) {
				return store.Unchanged()
			}
			return nil
		})
		if err != nil && !errors.Is(err, models.NotFound) {
			return err
		}
	}
	return nil
}

// Take makes a claim's places its own for good.
func (b Benefit) Take(ctx context.Context, shares []string, claim string) error {
	for _, id := range shares {
		_, err := b.Shares.Update(ctx, id, func(s *benefit.Share) error {
			took, err := s.Take(claim)
			if err == nil && !took {
				return store.Unchanged()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Has says whether somebody has as many claims of an offer in this period as there may be.
func (b Benefit) Has(ctx context.Context, o *benefit.Offer, holder string) (bool, error) {
	_, free, err := b.slot(ctx, o, holder, 0)
	return !free, err
}

// slot finds the first free slot, from the n-th on, of somebody in this period.
func (b Benefit) slot(ctx context.Context, o *benefit.Offer, holder string, n int) (int, bool, error) {
	q := o.Terms.Quota
	period := q.Period.Key(models.DayOf(b.Now()))
	for ; n < q.PerPerson; n++ {
		_, err := b.Claims.First(ctx, store.ClaimIn(benefit.SlotOf(o.ID, holder, period, n)).Only("state"))
		if errors.Is(err, models.NotFound) {
			return n, true, nil
		}
		if err != nil {
			return n, false, err
		}
	}
	return n, false, nil
}

// Grant holds a place for somebody: first the place, then the claim that has it. What stops in between frees itself. Errors:
// Conflict "benefit.claimed_already", "benefit.full", "benefit.full_today".
func (b Benefit) Grant(ctx context.Context, o *benefit.Offer, g benefit.Grant, pol benefit.Policy) (*benefit.Claim, error) {
	n, free, err := b.slot(ctx, o, g.Holder, 0)
	if err != nil {
		return nil, err
	}
	if !free {
		kept, err := b.Claims.Get(ctx, g.ID)
		if errors.Is(err, models.NotFound) {
			err = models.E(models.Conflict, "benefit.claimed_already")
		}
		return kept, err // the same request, once more
	}
	if len(g.Shares) == 0 {
		if g.Shares, err = b.Reserve(ctx, o, g.ID, g.Until.Add(pol.Slack), pol); err != nil {
			return nil, err
		}
	}
	if g.Name, err = b.name(ctx, g); err != nil {
		return nil, err
	}
	period := o.Terms.Quota.Period.Key(models.DayOf(b.Now()))
	for free {
		g.Slot = benefit.SlotOf(o.ID, g.Holder, period, n)
		c := benefit.NewClaim(o, g, pol, b.Now())
		if err = b.Claims.Insert(ctx, c); !errors.Is(err, models.Conflict) {
			return c, err
		}
		if kept, err := b.Claims.Get(ctx, g.ID); !errors.Is(err, models.NotFound) {
			return kept, err // the same request, twice at once
		}
		if n, free, err = b.slot(ctx, o, g.Holder, n); err != nil {
			return nil, err
		}
	}
	return nil, errors.Join(models.E(models.Conflict, "benefit.claimed_already"), b.Vacate(ctx, g.Shares, g.ID))
}

// name is what a claim calls its holder: a person's name, or the organisation's code.
func (b Benefit) name(ctx context.Context, g benefit.Grant) (models.Secret, error) {
	if g.Holder != g.Person {
		return models.NewSecret(g.Holder), nil
	}
	p, err := b.People.Get(ctx, g.Person)
	if err != nil {
		return models.Secret{}, err
	}
	return p.Name, nil
}
