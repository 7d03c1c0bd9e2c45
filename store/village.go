package store

import (
	"xinyi/models"
	"xinyi/models/release"
	"xinyi/models/village"
)

// The collections of credit villages and towns.
var (
	VillageSchemes = Collection{
		Name: "villageschemes", Indexes: []Index{{Paths: []string{"level", "no"}}, {Paths: []string{"state", "level", "no"}}},
		Queries: map[string]Query{"SchemesOf": VillageSchemesOf(village.OfVillages), "SchemesAt": VillageSchemesAt(release.InForce, village.OfVillages)},
	}
	VillageRounds = Collection{
		Name: "villagerounds", Job: "village.round", Indexes: []Index{{Paths: []string{"county", "year"}}},
		Queries: map[string]Query{"RoundsIn": VillageRoundsIn(somewhere)},
	}
	VillageEntries = Collection{
		Name: "villageentries",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"no"}, Unique: true},
			{Paths: []string{"round", "state", "village"}},
			{Paths: []string{"state", "village"}},
			{Paths: []string{"village", "createdAt"}},
		},
		Queries: map[string]Query{
			"EntriesOf": VillageEntriesOf("r", village.Applied), "EntriesAt": VillageEntriesAt("430181", village.InReview), "EntriesTitled": VillageEntriesTitled("430181"),
			"EntriesIn": VillageEntriesIn("430181108203"), "EntriesOfRound": VillageEntriesOfRound("r"), "EntrySlot": VillageEntrySlot("r", "430181108203"),
		},
	}
	VillageSnapshots = Collection{
		Name: "villagefrozens", Indexes: []Index{{Paths: []string{"round", "village"}}},
		Queries: map[string]Query{"FrozensOf": VillageSnapshotsOf("r"), "FrozenIn": VillageSnapshotIn("r", "430181108203")},
	}
	VillageFigures = Collection{
		Name: "villagefigures", Indexes: []Index{{Paths: []string{"village", "day"}}},
		Queries: map[string]Query{"FiguresOf": FiguresOf("430181108203", "2026-12-31")},
	}
	VillageAnswers = Collection{
		Name: "villageanswers", Indexes: []Index{{Paths: []string{"entry", "satisfied"}}},
		Queries: map[string]Query{"AnswersOf": VillageAnswersOf("e"), "AnswersSatisfied": VillageAnswersSatisfied("e")},
	}
)

// VillageSchemesOf lists the versions of a level, the newest first. Index: level, no.
func VillageSchemesOf(l village.Level) Query { return Where("level", Eq, l).Desc("no") }

// VillageSchemesAt lists the versions of a level in a state, the newest first. Index: state, level, no.
func VillageSchemesAt(s release.State, l village.Level) Query {
	return Where("state", Eq, s).And("level", Eq, l).Desc("no")
}

// VillageRoundsIn lists the rounds of a region, by county, the newest first in each. Index: county, year.
func VillageRoundsIn(r models.Region) Query { return Where("county", Prefix, r).Desc("county", "year") }

// VillageEntriesOf lists a round's entries in a state, by village. Index: round, state, village.
func VillageEntriesOf(round string, s village.State) Query {
	return Where("round", Eq, round).And("state", Eq, s).Asc("village")
}

// VillageEntriesOfRound lists a round's entries. Index: round, state, village.
func VillageEntriesOfRound(round string) Query {
	return Where("round", Eq, round).Asc("state", "village")
}

// VillageEntriesAt lists a region's entries in a state, by village. Index: state, village.
func VillageEntriesAt(r models.Region, s village.State) Query {
	return Where("state", Eq, s).And("village", Prefix, r).Asc("village")
}

// VillageEntriesTitled lists a region's entries whose plaque is up, by village. Index: state, village.
func VillageEntriesTitled(r models.Region) Query {
	return Where("state", In, village.Certified, village.Annual, village.Grace).And("village", Prefix, r).Asc("village")
}

// VillageEntriesIn lists a place's entries, the newest first. Index: village, createdAt.
func VillageEntriesIn(place models.Region) Query {
	return Where("village", Eq, place).Desc("createdAt")
}

// VillageEntrySlot is the entry of a place in a round. Index: slot.
func VillageEntrySlot(round string, place models.Region) Query {
	return Where("slot", Eq, round+"/"+string(place))
}

// VillageSnapshotsOf lists what was frozen in a round, by village. Index: round, village.
func VillageSnapshotsOf(round string) Query { return Where("round", Eq, round).Asc("village") }

// VillageSnapshotIn is what was frozen of a place in a round. Index: round, village.
func VillageSnapshotIn(round string, place models.Region) Query {
	return Where("round", Eq, round).And("village", Eq, place)
}

// FiguresOf lists what banks told of a village up to a day, the newest first. Index: village, day.
func FiguresOf(place models.Region, asOf models.Day) Query {
	return Where("village", Eq, place).And("day", Range, nil, asOf.Add(1)).Desc("day")
}

// VillageAnswersOf are the answers of a survey. Index: entry, satisfied.
func VillageAnswersOf(entry string) Query { return Where("entry", Eq, entry) }

// VillageAnswersSatisfied are those that are satisfied. Index: entry, satisfied.
func VillageAnswersSatisfied(entry string) Query {
	return VillageAnswersOf(entry).And("satisfied", Eq, true)
}

// Village is every repo of it, opened together.
type Village struct {
	Schemes   *Repo[village.Scheme]
	Rounds    *Repo[village.Round]
	Entries   *Repo[village.Entry]
	Snapshots *Repo[village.Snapshot]
	Figures   *Repo[village.Figure]
	Answers   *Repo[village.Answer]
}

// OpenVillage opens the repos on s, once a process.
func OpenVillage(s *Store) Village {
	return Village{
		Schemes: NewRepo[village.Scheme](s, VillageSchemes), Rounds: NewRepo[village.Round](s, VillageRounds), Entries: NewRepo[village.Entry](s, VillageEntries),
		Snapshots: NewRepo[village.Snapshot](s, VillageSnapshots), Figures: NewRepo[village.Figure](s, VillageFigures), Answers: NewRepo[village.Answer](s, VillageAnswers),
	}
}
