package benefit

import "time"

// Policy are the numbers a city sets.
//
// Source: docs/sources.md#benefit-band, docs/sources.md#benefit-claims, docs/sources.md#benefit-gate.
type Policy struct {
	Hold       time.Duration // a place is held while somebody makes up her mind
	Turn       time.Duration // and for whoever waited and is served, since she has to hear of it first
	Slack      time.Duration // how much later the place itself is looked at
	Code       time.Duration // a code is good
	Reversal   time.Duration // a use may be reversed, then it is settled
	FreshSim   time.Duration // a simulation may be this old when a version is approved
	NoticeDays int           // between the publication of a later version and its start
	SharePlace int           // places in one share of a quota
	Suppress   int           // a count of people below this is not shown

	BandPoints   [3]int // points for B, A and AA
	HonourPoints [5]int // by level: town, county, city, province, nation
	HonourMonths int    // an honour without an end of its own counts this long
	PunctualEach int    // so many bills paid on time are a point
	PunctualMost int    // and at most so many points
	UseDays      int    // a scene counts as alive with a use in so many days
	ScenesWanted int    // of the plan: more than this many
}

// Standard is the policy the product comes with.
var Standard = Policy{
	Hold: 15 * time.Minute, Turn: 24 * time.Hour, Slack: 2 * time.Minute, Code: 5 * time.Minute, Reversal: 7 * 24 * time.Hour,
	FreshSim: 7 * 24 * time.Hour, NoticeDays: 7, SharePlace: 500, Suppress: 5,
	BandPoints: [3]int{1, 3, 6}, HonourPoints: [5]int{1, 2, 3, 5, 6}, HonourMonths: 36, PunctualEach: 6, PunctualMost: 2,
	UseDays: 90, ScenesWanted: 15,
}
