package store

import (
	"xinyi/models"
	"xinyi/models/award"
)

// The collections of awards.
var (
	Awards = Collection{
		Name: "awards",
		Indexes: []Index{
			{Paths: []string{"no"}, Unique: true},
			{Paths: []string{"programme", "state", "category"}},
			{Paths: []string{"holder.ref", "since"}},
			{Paths: []string{"holder.person", "since"}},
			{Paths: []string{"state", "region", "since"}},
		},
		Queries: map[string]Query{
			"AwardNamed": AwardNamed("4301-2026-0000000001"), "AwardsOf": AwardsOf("p", award.Valid, award.Answering), "AwardsHeldBy": AwardsHeldBy("r"),
			"AwardsOfPerson": AwardsOfPerson("p"), "AwardsAt": AwardsAt(somewhere, award.Answering),
		},
	}
	AwardProgrammes = Collection{
		Name: "awardprogrammes", Indexes: []Index{{Paths: []string{"region", "year"}}},
		Queries: map[string]Query{"AwardProgrammesIn": AwardProgrammesIn(somewhere)},
	}
	AwardNominations = Collection{
		Name: "awardnominations",
		Indexes: []Index{
			{Paths: []string{"programme", "state", "createdAt"}},
			{Paths: []string{"programme", "createdAt"}},
			{Paths: []string{"nominee.ref", "createdAt"}},
			{Paths: []string{"nominee.person", "createdAt"}},
		},
		Queries: map[string]Query{
			"NominationsAt": NominationsAt("p", award.InVote, award.RunnerUp), "NominationsOf": NominationsOf("p"),
			"NominationsAbout": NominationsAbout("r"), "NominationsOfPerson": NominationsOfPerson("p"),
		},
	}
	AwardBallots = Collection{
		Name: "awardballots", Indexes: []Index{{Paths: []string{"programme", "minute"}}, {Paths: []string{"programme", "state", "minute"}}},
		Queries: map[string]Query{"BallotsOf": BallotsOf("p"), "BallotsAt": BallotsAt("p", award.AsideAsked)},
	}
	AwardMeasures = Collection{
		Name: "awardmeasures", Indexes: []Index{{Paths: []string{"award"}}, {Paths: []string{"owner", "state", "since"}}},
		Queries: map[string]Query{"MeasuresOf": MeasuresOf("a"), "MeasuresOwned": MeasuresOwned("u", award.Running)},
	}
)

// AwardNamed is the award of a certificate. Index: no.
func AwardNamed(no string) Query { return Where("no", Eq, no) }

// AwardsOf lists a programme's awards in some states, by category. Index: programme, state, category.
func AwardsOf(programme string, states ...award.HonourState) Query {
	return Where("programme", Eq, programme).And("state", In, anys(states)...).Asc("category")
}

// AwardsHeldBy lists a subject's awards, the newest first. Index: holder.ref, since.
func AwardsHeldBy(ref string) Query { return Where("holder.ref", Eq, ref).Desc("since") }

// AwardsOfPerson lists the awards of an account, the newest first. Index: holder.person, since.
func AwardsOfPerson(person string) Query { return Where("holder.person", Eq, person).Desc("since") }

// AwardsAt lists a region's awards in a state, by place, the oldest first in each. Index: state, region, since.
func AwardsAt(r models.Region, s award.HonourState) Query {
	return Where("state", Eq, s).And("region", Prefix, r).Asc("region", "since")
}

// AwardProgrammesIn lists a region's programmes, by place, the newest first in each. Index: region, year.
func AwardProgrammesIn(r models.Region) Query {
	return Where("region", Prefix, r).Desc("region", "year")
}

// NominationsAt lists a programme's nominations in some states, the oldest first. Index: programme, state, createdAt.
func NominationsAt(programme string, states ...award.State) Query {
	return Where("programme", Eq, programme).And("state", In, anys(states)...).Asc("createdAt")
}

// NominationsOf lists a programme's nominations, the oldest first. Index: programme, createdAt.
func NominationsOf(programme string) Query { return Where("programme", Eq, programme).Asc("createdAt") }

// NominationsAbout lists a subject's nominations, the newest first. Index: nominee.ref, createdAt.
func NominationsAbout(ref string) Query { return Where("nominee.ref", Eq, ref).Desc("createdAt") }

// NominationsOfPerson lists the nominations of an account, the newest first. Index: nominee.person, createdAt.
func NominationsOfPerson(person string) Query {
	return Where("nominee.person", Eq, person).Desc("createdAt")
}

// BallotsOf lists a programme's ballots, the first cast first. Index: programme, minute.
func BallotsOf(programme string) Query { return Where("programme", Eq, programme).Asc("minute") }

// BallotsAt lists a programme's ballots in a state, the first cast first. Index: programme, state, minute.
func BallotsAt(programme string, s award.BallotState) Query {
	return Where("programme", Eq, programme).And("state", Eq, s).Asc("minute")
}

// MeasuresOf lists an award's measures. Index: award.
func MeasuresOf(award string) Query { return Where("award", Eq, award) }

// MeasuresOwned lists the measures a unit answers for, in a state, the oldest first. Index: owner, state, since.
func MeasuresOwned(owner string, s award.MeasureState) Query {
	return Where("owner", Eq, owner).And("state", Eq, s).Asc("since")
}

// Award is every repo of it, opened together.
type Award struct {
	Awards      *Repo[award.Award]
	Programmes  *Repo[award.Programme]
	Nominations *Repo[award.Nomination]
	Ballots     *Repo[award.Ballot]
	Measures    *Repo[award.Measure]
}

// OpenAward opens the repos on s, once a process.
func OpenAward(s *Store) Award {
	return Award{
		Awards: NewRepo[award.Award](s, Awards), Programmes: NewRepo[award.Programme](s, AwardProgrammes),
		Nominations: NewRepo[award.Nomination](s, AwardNominations), Ballots: NewRepo[award.Ballot](s, AwardBallots),
		Measures: NewRepo[award.Measure](s, AwardMeasures),
	}
}
