package usecase

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/identity"
	"xinyi/store"
)

// Campaign finds the people an audience means.
type Campaign struct {
	store.Campaign
	People *store.Repo[identity.Person]
}

// OpenCampaign opens the repos on s, once a process.
func OpenCampaign(s *store.Store, people *store.Repo[identity.Person]) Campaign {
	return Campaign{store.OpenCampaign(s), people}
}

// Reach counts an audience along the index that serves it best: by its rarest tag, or by where people live. With two tags
// it is how many carry the first, so the audience is at most that.
func (c Campaign) Reach(ctx context.Context, a campaign.Audience) (int64, error) {
	if tags := a.Tags(); len(tags) > 0 {
		return c.Tags.Count(ctx, store.Tagged(tags[0], a.Region))
	}
	return c.People.Count(ctx, store.PeopleIn(a.Region))
}

// A Candidate is one person of an audience's scan.
type Candidate struct {
	Person string
	Meant  bool // false: left, moved away, or without all of the tags
}

// Candidates reads one page of an audience after a cursor and says where the next begins, "" for nowhere. It follows one index and
// looks at each carrier of a tag, who are few.
func (c Campaign) Candidates(ctx context.Context, a campaign.Audience, after string, now time.Time) ([]Candidate, string, error) {
	if tags := a.Tags(); len(tags) > 0 {
		return c.tagged(ctx, a, tags, after, now)
	}
	page, err := c.People.Find(ctx, store.PeopleIn(a.Region).Page(store.MaxPage, after).Only("state"))
	if err != nil {
		return nil, "", err
	}
	found := make([]Candidate, len(page.Items))
	for i, p := range page.Items {
		found[i] = Candidate{p.ID, p.State != identity.Left}
	}
	return found, page.Next, nil
}

func (c Campaign) tagged(ctx context.Context, a campaign.Audience, tags []string, after string, now time.Time) ([]Candidate, string,
	error) {
	page, err := c.Tags.Find(ctx, store.Tagged(tags[0], a.Region).Page(store.MaxPage, after))
	if err != nil {
		return nil, "", err
	}
	found := make([]Candidate, len(page.Items))
	for i, t := range page.Items {
		found[i].Person = t.Person
		if found[i].Meant, err = c.meant(ctx, a, tags[1:], t.Person, now); err != nil {
			return nil, "", err
		}
	}
	return found, page.Next, nil
}

// meant says whether a person whose tag was found is in the audience at now: a tag may lag behind what it repeats.
func (c Campaign) meant(ctx context.Context, a campaign.Audience, more []string, person string, now time.Time) (bool, error) {
	p, err := c.People.Get(ctx, person)
	switch {
	case errors.Is(err, models.NotFound):
		return false, nil
	case err != nil:
		return false, err
	case p.State == identity.Left || !a.Region.Contains(p.Region) || a.Role != "" && !holds(p, a.Role, now):
		return false, nil
	}
	for _, tag := range more {
		if _, err := c.Tags.Get(ctx, campaign.TagID(person, tag)); errors.Is(err, models.NotFound) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}

func holds(p *identity.Person, role models.Role, now time.Time) bool {
	return slices.ContainsFunc(p.Memberships, func(m identity.Membership) bool { return m.Role == role && m.Holds(now) })
}
