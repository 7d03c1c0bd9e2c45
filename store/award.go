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
			"AwardsOfPerson": AwardsOfPerson("p"), "AwardsAt": AwardsAt("4301", award.Answering),
		},
	}
)

// AwardNamed is the award of a certificate. Index: no.
func AwardNamed(no string) Query { return Where("no", Eq, no) }

// AwardsOf lists a programme's awards in some states, by category. Index: programme, state, category.
func AwardsOf(programme string, states ...award.AwardState) Query {
	return Where("programme", Eq, programme).And("state", In, anys(states)...).Asc("category")
}

// AwardsHeldBy lists a subject's awards, the newest first. Index: holder.ref, since.
func AwardsHeldBy(ref string) Query { return Where("holder.ref", Eq, ref).Desc("since") }

// AwardsOfPerson lists the awards of an account, the newest first. Index: holder.person, since.
func AwardsOfPerson(person string) Query { return Where("holder.person", Eq, person).Desc("since") }

// AwardsAt lists a region's awards in a state, by place, the oldest first in each. Index: state, region, since.
func AwardsAt(r models.Region, s award.AwardState) Query {
	return Where("state", Eq, s).And("region", Prefix, r).Asc("region", "since")
}

// Award is every repo of it, opened together.
type Award struct {
	Awards *Repo[award.Award]
}

// OpenAward opens the repos on s, once a process.
func OpenAward(s *Store) Award {
	return Award{Awards: NewRepo[award.Award](s, Awards)}
}
