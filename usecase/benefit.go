package usecase

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/store"
)

// Benefit keeps places for people, and learns their facts from the other capabilities.
type Benefit struct {
	store.Benefit
	People   *store.Repo[identity.Person]
	Records  *store.Repo[record.Record]
	Subjects Subjects
	Medical  store.Medical
	Now      func() time.Time
}

// OpenBenefit opens the repos on s, once a process.
func OpenBenefit(
	s *store.Store, people *store.Repo[identity.Person], records *store.Repo[record.Record], subjects Subjects, care store.Medical,
) Benefit {
	return Benefit{store.OpenBenefit(s), people, records, subjects, care, s.Now}
}

// Breaches is how many breaches somebody has open with a provider's scene.
func (b Benefit) Breaches(ctx context.Context, provider, scene, holder string) (int, error) {
	n, err := b.Claims.Count(ctx, store.ClaimsKept(benefit.KeptKey(provider, scene, holder)))
	return int(n), err
}

// Used counts everybody's uses of a day, by the place of the offer and its scene; those reversed do not count.
func (b Benefit) Used(ctx context.Context, day models.Day) (map[string]benefit.SceneUses, error) {
	uses, places := map[string]benefit.SceneUses{}, map[string]models.Region{}
	_, err := b.Claims.Each(ctx, store.UsesOn(day).Only("state", "offer", "scene", "saved"), func(c *benefit.Claim) error {
		if c.State == benefit.Cancelled {
			return nil
		}
		if _, known := places[c.Offer]; !known {
			o, err := b.Offers.Get(ctx, c.Offer)
			if err != nil {
				return err
			}
			places[c.Offer] = o.Region
		}
		key := benefit.UsesKey(places[c.Offer], c.Scene)
		uses[key] = uses[key].Add(benefit.SceneUses{Uses: 1, Saved: c.Saved})
		return nil
	})
	return uses, err
}
