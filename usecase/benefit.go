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

// Used counts everybody's uses of a day, by scene; those reversed do not count.
func (b Benefit) Used(ctx context.Context, day models.Day) (map[string]benefit.SceneUses, error) {
	uses := map[string]benefit.SceneUses{}
	_, err := b.Claims.Each(ctx, store.UsesOn(day).Only("state", "scene", "saved"), func(c *benefit.Claim) error {
		if c.State != benefit.Cancelled {
			u := uses[c.Scene]
			uses[c.Scene] = benefit.SceneUses{Uses: u.Uses + 1, Saved: u.Saved + c.Saved}
		}
		return nil
	})
	return uses, err
}
