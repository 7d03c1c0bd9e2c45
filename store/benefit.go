package store

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/models/record"
	"xinyi/models/rule"
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
			"OffersOnline": OffersOnline("XYB"), "OffersAlive": OffersAlive(), "OffersOf": OffersOf("p"), "OffersIn": OffersIn("4301"),
		},
	}
	Versions = Collection{
		Name:    "offerversions",
		Indexes: []Index{{Paths: []string{"offer", "no"}}, {Paths: []string{"state", "region", "createdAt"}}},
		Queries: map[string]Query{"VersionsOf": VersionsOf("o"), "VersionsIn": VersionsIn("4301", benefit.Simulated)},
	}
	Simulations = Collection{
		Name: "simulations", Indexes: []Index{{Paths: []string{"of", "createdAt"}}},
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
			"ClaimsQueued": ClaimsQueued("4301"),
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
		Name: "profiles", Indexes: []Index{{Paths: []string{"lastUse"}}, {Paths: []string{"kind"}}},
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
func VersionsIn(r models.Region, stage benefit.Stage) Query {
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

// ProfilesSince lists who used something on a day or later. Index: lastUse.
func ProfilesSince(day models.Day) Query { return Where("lastUse", Range, day, nil).Asc("lastUse") }

// ProfilesOf lists everybody of a kind. Index: kind.
func ProfilesOf(kind models.SubjectKind) Query { return Where("kind", Eq, kind) }

// TalliesSince lists the days' counts from a day on. Index: day.
func TalliesSince(day models.Day) Query { return Where("day", Range, day, nil).Asc("day") }

// Benefit is every repo of it, opened together, and what it learns people's facts from.
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

	People   *Repo[identity.Person]
	Records  *Repo[record.Record]
	Subjects Subjects
	Medical  Medical
	Now      func() time.Time
}

// OpenBenefit opens the repos on s, once a process.
func OpenBenefit(s *Store, people *Repo[identity.Person], records *Repo[record.Record], subjects Subjects, care Medical) Benefit {
	return Benefit{
		Scenes: NewRepo[benefit.Scene](s, Scenes), Offers: NewRepo[benefit.Offer](s, Offers), Versions: NewRepo[benefit.Version](s, Versions),
		Simulations: NewRepo[benefit.Simulation](s, Simulations), Shares: NewRepo[benefit.Share](s, Shares), Claims: NewRepo[benefit.Claim](s, Claims),
		Codes: NewRepo[benefit.Code](s, BenefitCodes), Waits: NewRepo[benefit.Wait](s, Waits), Profiles: NewRepo[benefit.Profile](s, Profiles),
		Tallies: NewRepo[benefit.Tally](s, Tallies), People: people, Records: records, Subjects: subjects, Medical: care, Now: s.Now,
	}
}

// BenefitFacts says how the credit file names what benefits look at.
type BenefitFacts struct {
	Honours   string         // catalogue item of honours
	Level     string         // its attribute of the level
	Until     string         // and of the last day
	Levels    map[string]int // what the attribute says, as a level of models.Honour
	Restricts func(ctx context.Context, person string) (string, []rule.Cited, error)
}

// StandardBenefitFacts is how the catalogue the product comes with names honours. restricts reads what withholds preferential
// policies from somebody; nil: nothing does.
//
// Source: docs/sources.md#benefit-band.
func StandardBenefitFacts(restricts func(ctx context.Context, person string) (string, []rule.Cited, error)) BenefitFacts {
	return BenefitFacts{
		Honours: "RYXX", Level: "RY_JB", Until: "RY_YXQ", Restricts: restricts,
		Levels: map[string]int{"5": 1, "4": 2, "3": 3, "2": 4, "1": 5},
	}
}

// Refresh puts the profile of whom an actor acts for together anew, from the account, the credit file and credit medical care,
// and answers it. Errors: NotFound without an account.
func (b Benefit) Refresh(ctx context.Context, a models.Actor, f BenefitFacts, pol benefit.Policy) (*benefit.Profile, error) {
	k, err := b.Known(ctx, a, f)
	if err != nil {
		return nil, err
	}
	id := Holder(a)
	p, err := b.Profiles.Get(ctx, id)
	if errors.Is(err, models.NotFound) {
		p = benefit.NewProfile(id, k, pol, b.Now())
		if err = b.Profiles.Insert(ctx, p); !errors.Is(err, models.Conflict) {
			return p, err
		}
		p, err = b.Profiles.Get(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	probe := *p
	if !probe.Learn(k, pol, b.Now()) { // as it nearly always is
		return p, nil
	}
	return b.Profiles.Update(ctx, id, func(p *benefit.Profile) error {
		if !p.Learn(k, pol, b.Now()) {
			return Unchanged()
		}
		return nil
	})
}

// Holder is whose profile an actor has: the organisation's it acts for, else the person's.
func Holder(a models.Actor) string {
	if a.Is(models.Business) {
		return a.Org
	}
	return a.Person
}

// Known gathers what others know about whom an actor acts for.
func (b Benefit) Known(ctx context.Context, a models.Actor, f BenefitFacts) (benefit.Known, error) {
	k := benefit.Known{Kind: models.PersonSubject, Level: 1}
	if a.Is(models.Business) {
		k.Kind, k.Level = models.Organisation, 0
	} else {
		p, err := b.People.Get(ctx, a.Person)
		if err != nil {
			return k, err
		}
		k.Region, k.Birth = p.Region, p.Birth
		if p.State == identity.Bound {
			k.Level = 2
		}
		if k.Standing, err = b.standing(ctx, a.Person); err != nil {
			return k, err
		}
		if f.Restricts != nil {
			if k.Restricted, k.Looked, err = f.Restricts(ctx, a.Person); err != nil {
				return k, err
			}
		}
	}
	sub, err := b.Subjects.Of(ctx, a)
	if errors.Is(err, models.Conflict) { // no real name, no file
		return k, nil
	}
	if err != nil {
		return k, err
	}
	_, err = b.Records.Each(ctx, RecordsOf(sub.Ref), func(r *record.Record) error {
		if r.Item != f.Honours || !r.Used() || !r.Subject.Is(sub) || len(k.Honours) == rule.MaxList {
			return nil
		}
		level, until := textOf(r.Current.Attributes[f.Level]), textOf(r.Current.Attributes[f.Until])
		k.Honours = append(k.Honours, models.Honour{Level: max(f.Levels[level], 1), On: r.DecidedOn, Until: models.Day(until), Record: r.Versioned()})
		k.Looked = append(k.Looked, rule.Cited{Record: r.ID, Version: r.Current.No})
		return nil
	})
	return k, err
}

// textOf is an attribute as text, "" when it is not there.
func textOf(v any) string {
	if s, is := v.(string); is {
		return s
	}
	return ""
}

// standing is what credit medical care says for somebody.
func (b Benefit) standing(ctx context.Context, person string) (models.Standing, error) {
	page, err := b.Medical.Agreements.Find(ctx, AgreementsOf(person).Page(MaxPage, ""))
	if err != nil {
		return models.Standing{}, err
	}
	var s models.Standing
	for _, a := range page.Items {
		s.Agreement = s.Agreement || a.State == medical.Active && len(a.Blocks) == 0
		s.OnTime += a.OnTime
	}
	return s, nil
}

// Ready makes sure that an offer's places of a span are there, in shares, as many as quota says. What is taken stays taken.
func (b Benefit) Ready(ctx context.Context, offer, span string, quota, share int) error {
	sizes := benefit.Sizes(quota, share)
	var known []*benefit.Share
	if _, err := b.Shares.Each(ctx, SharesOf(benefit.ShareKey(offer, span)), func(s *benefit.Share) error { known = append(known, s); return nil }); err != nil {
		return err
	}
	for no := max(len(sizes), len(known)) - 1; no >= 0; no-- { // the first comes last: where it is, all are
		size := 0
		if no < len(sizes) {
			size = sizes[no]
		}
		id := benefit.ShareID(offer, span, no)
		if !slices.ContainsFunc(known, func(s *benefit.Share) bool { return s.ID == id }) {
			if err := b.Shares.Insert(ctx, benefit.NewShare(offer, span, no, size)); err == nil || !errors.Is(err, models.Conflict) {
				if err != nil {
					return err
				}
				continue
			}
		}
		_, err := b.Shares.Update(ctx, id, func(s *benefit.Share) error {
			if !s.Resize(size) {
				return Unchanged()
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

// place finds a place in a span: in the share that falls to the claim, else in any that has room.
func (b Benefit) place(ctx context.Context, key, claim string, until time.Time) (string, error) {
	for range tries {
		page, err := b.Shares.Find(ctx, SharesFree(key).Page(MaxIn, "").Only("size"))
		if err != nil {
			return "", err
		}
		if len(page.Items) == 0 {
			return "", models.E(models.Conflict, "benefit.full")
		}
		h := fnv.New32a()
		h.Write([]byte(claim))
		first := int(h.Sum32() % uint32(len(page.Items)))
		for i := range page.Items {
			id := page.Items[(first+i)%len(page.Items)].ID
			_, err := b.Shares.Update(ctx, id, func(s *benefit.Share) error { return s.Reserve(claim, until) })
			if err == nil {
				return id, nil
			}
			if !errors.Is(err, models.Conflict) {
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
				return Unchanged()
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
				return Unchanged()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Breaches is how many breaches somebody has open with a provider's scene.
func (b Benefit) Breaches(ctx context.Context, provider, scene, holder string) (int, error) {
	n, err := b.Claims.Count(ctx, ClaimsKept(benefit.KeptKey(provider, scene, holder)))
	return int(n), err
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
		_, err := b.Claims.First(ctx, ClaimIn(benefit.SlotOf(o.ID, holder, period, n)).Only("state"))
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

// Used counts everybody's uses of a day, by scene; those reversed do not count.
func (b Benefit) Used(ctx context.Context, day models.Day) (map[string]benefit.SceneUses, error) {
	uses := map[string]benefit.SceneUses{}
	_, err := b.Claims.Each(ctx, UsesOn(day).Only("state", "scene", "saved"), func(c *benefit.Claim) error {
		if c.State != benefit.Cancelled {
			u := uses[c.Scene]
			uses[c.Scene] = benefit.SceneUses{Uses: u.Uses + 1, Saved: u.Saved + c.Saved}
		}
		return nil
	})
	return uses, err
}
