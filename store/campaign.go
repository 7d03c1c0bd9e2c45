package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/identity"
)

// The collections of campaigns.
var (
	Campaigns = Collection{
		Name: "campaigns", Job: "campaign",
		Indexes: []Index{{Paths: []string{"state", "audience.region", "createdAt"}}},
		Queries: map[string]Query{"CampaignsIn": CampaignsIn("430181", campaign.Draft, campaign.Running)},
	}
	Tags = Collection{
		Name:    "tags",
		Indexes: []Index{{Paths: []string{"tag", "region"}}},
		Queries: map[string]Query{"Tagged": Tagged(campaign.TagAgreement, "430181")},
	}
)

// CampaignsIn lists the campaigns of a region in any of states, all when none is named, by place, the newest first in each.
// Index: state, audience.region, createdAt.
func CampaignsIn(r models.Region, states ...campaign.State) Query {
	if len(states) == 0 {
		states = campaign.States
	}
	return Where("state", In, anys(states)...).And("audience.region", Prefix, r).Desc("audience.region", "createdAt")
}

// Tagged lists the people of a region with a tag, by place. Index: tag, region.
func Tagged(tag string, r models.Region) Query {
	return Where("tag", Eq, tag).And("region", Prefix, r).Asc("region")
}

// Campaign is every repo of it, opened together, and the people it tells.
type Campaign struct {
	Campaigns *Repo[campaign.Campaign]
	Tags      *Repo[campaign.Tag]
	People    *Repo[identity.Person]
}

// OpenCampaign opens the repos on s, once a process.
func OpenCampaign(s *Store, people *Repo[identity.Person]) Campaign {
	return Campaign{Campaigns: NewRepo[campaign.Campaign](s, Campaigns), Tags: NewRepo[campaign.Tag](s, Tags), People: people}
}

// Reach counts an audience along the index that serves it best: by its rarest tag, or by where people live. With two tags
// it is how many carry the first, so the audience is at most that.
func (c Campaign) Reach(ctx context.Context, a campaign.Audience) (int64, error) {
	if tags := a.Tags(); len(tags) > 0 {
		return c.Tags.Count(ctx, Tagged(tags[0], a.Region))
	}
	return c.People.Count(ctx, PeopleIn(a.Region))
}

// A Soul is one person of an audience's scan.
type Soul struct {
	Person string
	Meant  bool // false: left, moved away, or without all of the tags
}

// Souls reads one page of an audience after a cursor and says where the next begins, "" for nowhere. It follows one index and
// looks at each carrier of a tag, who are few.
func (c Campaign) Souls(ctx context.Context, a campaign.Audience, after string, now time.Time) ([]Soul, string, error) {
	if tags := a.Tags(); len(tags) > 0 {
		return c.tagged(ctx, a, tags, after, now)
	}
	page, err := c.People.Find(ctx, PeopleIn(a.Region).Page(MaxPage, after).Only("state"))
	if err != nil {
		return nil, "", err
	}
	souls := make([]Soul, len(page.Items))
	for i, p := range page.Items {
		souls[i] = Soul{p.ID, p.State != identity.Left}
	}
	return souls, page.Next, nil
}

func (c Campaign) tagged(ctx context.Context, a campaign.Audience, tags []string, after string, now time.Time) ([]Soul, string, error) {
	page, err := c.Tags.Find(ctx, Tagged(tags[0], a.Region).Page(MaxPage, after))
	if err != nil {
		return nil, "", err
	}
	souls := make([]Soul, len(page.Items))
	for i, t := range page.Items {
		souls[i].Person = t.Person
		if souls[i].Meant, err = c.meant(ctx, a, tags[1:], t.Person, now); err != nil {
			return nil, "", err
		}
	}
	return souls, page.Next, nil
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
