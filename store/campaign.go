package store

import (
	"xinyi/models"
	"xinyi/models/campaign"
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

// Campaign is every repo of it, opened together.
type Campaign struct {
	Campaigns *Repo[campaign.Campaign]
	Tags      *Repo[campaign.Tag]
}

// OpenCampaign opens the repos on s, once a process.
func OpenCampaign(s *Store) Campaign {
	return Campaign{Campaigns: NewRepo[campaign.Campaign](s, Campaigns), Tags: NewRepo[campaign.Tag](s, Tags)}
}
