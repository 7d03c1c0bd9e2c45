package store

import (
	"xinyi/models"
	"xinyi/models/notice"
)

// Notices keeps public notices.
var Notices = Collection{
	Name:    "notices",
	Indexes: []Index{{Paths: []string{"state", "region", "createdAt"}}, {Paths: []string{"region", "createdAt"}}},
	Queries: map[string]Query{"NoticesOpen": NoticesOpen("430181"), "NoticesIn": NoticesIn("430181")},
}

// NoticesOpen lists a region's open notices, by place. Index: state, region, createdAt.
func NoticesOpen(r models.Region) Query {
	return Where("state", Eq, notice.Open).And("region", Prefix, r).Asc("region", "createdAt")
}

// NoticesIn lists a region's notices, by place, the newest first in each. Index: region, createdAt.
func NoticesIn(r models.Region) Query { return Where("region", Prefix, r).Desc("region", "createdAt") }
