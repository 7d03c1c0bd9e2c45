package store

import (
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/release"
)

// The collections of benefits.
var (
	Scenes = Collection{
		Name: "scenes",
	}
	Offers = Collection{
		Name: "offers",
		Indexes: []Index{
			{Paths: []string{"state", "scene", "createdAt"}},
			{Paths: []string{"provider", "createdAt"}},
			{Paths: []string{"region", "createdAt"}},
		},
		Queries: map[string]Query{
			"OffersOnline": OffersOnline("XYB"), "OffersAlive": OffersAlive(), "OffersOf": OffersOf("p"), "OffersIn": OffersIn(somewhere),
		},
	}
	Versions = Collection{
		Name:    "offerversions",
		Indexes: []Index{{Paths: []string{"offer", "no"}}, {Paths: []string{"state", "region", "createdAt"}}},
		Queries: map[string]Query{"VersionsOf": VersionsOf("o"), "VersionsIn": VersionsIn(somewhere, release.Tried)},
	}
	Simulations = Collection{
		Name: "simulations", Job: "benefit.simulation", Indexes: []Index{{Paths: []string{"of", "createdAt"}}},
		Queries: map[string]Query{"SimulationsOf": SimulationsOf("o@1")},
	}
	Shares = Collection{
		Name:    "shares",
		Indexes: []Index{{Paths: []string{"key", "full", "no"}}},
		Queries: map[string]Query{"SharesFree": SharesFree("o/total"), "SharesOf": SharesOf("o/total")},
	}
	Claims = Collection{
		Name: "claims",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"used"}, Unique: true},
			{Paths: []string{"holder", "createdAt"}},
			{Paths: []string{"offer", "state", "createdAt"}},
			{Paths: []string{"provider", "day", "usedAt"}},
			{Paths: []string{"day", "scene"}},
			{Paths: []string{"kept"}},
			{Paths: []string{"queue", "createdAt"}},
		},
		Queries: map[string]Query{
			"ClaimIn": ClaimIn("s"), "ClaimUsed": ClaimUsed("p/1"), "ClaimsOf": ClaimsOf("mei"), "ClaimsLive": ClaimsLive("o"),
			"ClaimsOfDay": ClaimsOfDay("p", "2026-04-24"), "UsesOn": UsesOn("2026-04-24"), "ClaimsKept": ClaimsKept("mei/p/XYB"), "ClaimsKeptBy": ClaimsKeptBy("mei"),
			"ClaimsQueued": ClaimsQueued(somewhere),
		},
	}
	BenefitCodes = Collection{Name: "benefitcodes"}
	Waits        = Collection{
		Name: "waits",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"offer", "state", "at"}},
			{Paths: []string{"holder", "createdAt"}},
		},
		Queries: map[string]Query{"WaitIn": WaitIn("o", "mei"), "WaitsFor": WaitsFor("o"), "WaitsOf": WaitsOf("mei")},
	}
	Profiles = Collection{
		Name: "profiles", Indexes: []Index{{Paths: []string{"lastUse", "region"}}, {Paths: []string{"kind"}}},
		Queries: map[string]Query{"ProfilesSince": ProfilesSince("2026-01-01"), "ProfilesOf": ProfilesOf(models.PersonSubject)},
	}
	Tallies = Collection{
		Name: "tallies", Indexes: []Index{{Paths: []string{"day"}}},
		Queries: map[string]Query{"TalliesSince": TalliesSince("2026-01-01")},
	}
)

// OffersOnline lists the offers of a scene that may be claimed, the newest first. Index: state, scene, createdAt.
func OffersOnline(scene string) Query {
	return Where("state", Eq, benefit.Online).And("scene", Eq, scene).Desc("createdAt")
}

// OffersAlive lists every offer that may be claimed. Index: state, scene, createdAt.
func OffersAlive() Query { return Where("state", Eq, benefit.Online).Asc("scene", "createdAt") }

// OffersOf lists a provider's offers, the newest first. Index: provider, createdAt.
func OffersOf(provider string) Query { return Where("provider", Eq, provider).Desc("createdAt") }

// OffersIn lists the offers an office answers for, by place, the newest first in each. Index: region, createdAt.
func OffersIn(r models.Region) Query { return Where("region", Prefix, r).Desc("region", "createdAt") }

// VersionsOf lists an offer's versions, the newest first. Index: offer, no.
func VersionsOf(offer string) Query { return Where("offer", Eq, offer).Desc("no") }

// VersionsIn lists a region's versions in one stage. Index: state, region, createdAt.
func VersionsIn(r models.Region, stage release.State) Query {
	return Where("state", Eq, stage).And("region", Prefix, r).Asc("region", "createdAt")
}

// SimulationsOf lists a version's simulations, the newest first. Index: of, createdAt.
func SimulationsOf(version string) Query { return Where("of", Eq, version).Desc("createdAt") }

// SharesFree lists the shares of a span that have room. Index: key, full, no.
func SharesFree(key string) Query { return Where("key", Eq, key).And("full", Eq, false).Asc("no") }

// SharesOf lists the shares of a span, those with room first. Index: key, full, no.
func SharesOf(key string) Query { return Where("key", Eq, key).Asc("full", "no") }

// ClaimIn is the claim in a slot. Index: slot.
func ClaimIn(slot string) Query { return Where("slot", Eq, slot) }

// ClaimUsed is the claim of a provider's use. Index: used.
func ClaimUsed(used string) Query { return Where("used", Eq, used) }

// ClaimsOf lists somebody's claims, the newest first. Index: holder, createdAt.
func ClaimsOf(holder string) Query { return Where("holder", Eq, holder).Desc("createdAt") }

// ClaimsLive lists an offer's claims that are not used yet. Index: offer, state, createdAt.
func ClaimsLive(offer string) Query {
	return Where("offer", Eq, offer).And("state", In, benefit.Held, benefit.Claimed).Asc("createdAt")
}

// ClaimsOfDay lists a provider's uses of a day in order. Index: provider, day, usedAt.
func ClaimsOfDay(provider string, day models.Day) Query {
	return Where("provider", Eq, provider).And("day", Eq, day).Asc("usedAt")
}

// UsesOn lists everybody's uses of a day, by scene. Index: day, scene.
func UsesOn(day models.Day) Query { return Where("day", Eq, day).Asc("scene") }

// ClaimsKept lists the open breaches under a key. Index: kept.
func ClaimsKept(key string) Query { return Where("kept", Eq, key) }

// ClaimsKeptBy lists somebody's open breaches. Index: kept.
func ClaimsKeptBy(holder string) Query { return Where("kept", Prefix, holder+"/").Asc("kept") }

// ClaimsQueued lists the breaches a region's office has to decide on, the oldest first. Index: queue, createdAt.
func ClaimsQueued(r models.Region) Query { return Where("queue", Prefix, r).Asc("queue", "createdAt") }

// WaitIn is somebody's place in an offer's line. Index: slot.
func WaitIn(offer, holder string) Query { return Where("slot", Eq, offer+"/"+holder) }

// WaitsFor lists who waits for an offer, in order. Index: offer, state, at.
func WaitsFor(offer string) Query {
	return Where("offer", Eq, offer).And("state", Eq, benefit.Waiting).Asc("at")
}

// WaitsOf lists the lines somebody stood in, the newest first. Index: holder, createdAt.
func WaitsOf(holder string) Query { return Where("holder", Eq, holder).Desc("createdAt") }

// ProfilesSince lists who used something on a day or later. Index: lastUse, region.
func ProfilesSince(day models.Day) Query { return Where("lastUse", Range, day, nil).Asc("lastUse") }

// ProfilesOf lists everybody of a kind. Index: kind.
func ProfilesOf(kind models.SubjectKind) Query { return Where("kind", Eq, kind) }

// TalliesSince lists the days' counts from a day on. Index: day.
func TalliesSince(day models.Day) Query { return Where("day", Range, day, nil).Asc("day") }

// Benefit is every repo of it, opened together.
type Benefit struct {
	Scenes      *Repo[benefit.Scene]
	Offers      *Repo[benefit.Offer]
	Versions    *Repo[benefit.Version]
	Simulations *Repo[benefit.Simulation]
	Shares      *Repo[benefit.Share]
	Claims      *Repo[benefit.Claim]
	Codes       *Repo[benefit.Code]
	Waits       *Repo[benefit.Wait]
	Profiles    *Repo[benefit.Profile]
	Tallies     *Repo[benefit.Tally]
}

// OpenBenefit opens the repos on s, once a process.
func OpenBenefit(s *Store) Benefit {
	return Benefit{
		Scenes: NewRepo[benefit.Scene](s, Scenes), Offers: NewRepo[benefit.Offer](s, Offers), Versions: NewRepo[benefit.Version](s, Versions),
		Simulations: NewRepo[benefit.Simulation](s, Simulations), Shares: NewRepo[benefit.Share](s, Shares), Claims: NewRepo[benefit.Claim](s, Claims),
		Codes: NewRepo[benefit.Code](s, BenefitCodes), Waits: NewRepo[benefit.Wait](s, Waits), Profiles: NewRepo[benefit.Profile](s, Profiles),
		Tallies: NewRepo[benefit.Tally](s, Tallies),
	}
}
