package store

import (
	"context"

	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/farmer"
	"xinyi/models/notice"
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
	VillageFrozens = Collection{
		Name: "villagefrozens", Indexes: []Index{{Paths: []string{"round", "village"}}},
		Queries: map[string]Query{"FrozensOf": VillageFrozensOf("r"), "FrozenIn": VillageFrozenIn("r", "430181108203")},
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

// VillageFrozensOf lists what was frozen in a round, by village. Index: round, village.
func VillageFrozensOf(round string) Query { return Where("round", Eq, round).Asc("village") }

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

// Village is every repo of it, opened together, and what its facts come from.
type Village struct {
	Schemes *Repo[village.Scheme]
	Rounds  *Repo[village.Round]
	Entries *Repo[village.Entry]
	Frozens *Repo[village.Frozen]
	Figures *Repo[village.Figure]
	Answers *Repo[village.Answer]
	Notices *Repo[notice.Notice]
	Blobs   *Repo[blob.Blob]
	Farm    Farmer
}

// OpenVillage opens the repos on s, once a process.
func OpenVillage(s *Store, blobs *Repo[blob.Blob], farm Farmer) Village {
	return Village{
		Schemes: NewRepo[village.Scheme](s, VillageSchemes), Rounds: NewRepo[village.Round](s, VillageRounds), Entries: NewRepo[village.Entry](s, VillageEntries),
		Frozens: NewRepo[village.Frozen](s, VillageFrozens), Figures: NewRepo[village.Figure](s, VillageFigures), Answers: NewRepo[village.Answer](s, VillageAnswers),
		Notices: farm.Notices, Blobs: blobs, Farm: farm,
	}
}

// LoansOf are the sums banks told of a village as of a day: of each bank the newest figure that still counts.
func (v Village) LoansOf(ctx context.Context, place models.Region, asOf models.Day, pol village.Policy) (l village.Loans, err error) {
	var all []*village.Figure
	oldest := asOf.Add(-pol.FigureDays)
	_, err = v.Figures.Each(ctx, FiguresOf(place, asOf), func(f *village.Figure) error {
		if f.Day >= oldest {
			all = append(all, f)
		}
		return nil
	})
	l.Add(all)
	return l, err
}

// SurveyOf counts the answers of an entry.
func (v Village) SurveyOf(ctx context.Context, entry string) (s village.Survey, err error) {
	if s.Answers, err = v.Answers.Count(ctx, VillageAnswersOf(entry)); err != nil {
		return s, err
	}
	s.Satisfied, err = v.Answers.Count(ctx, VillageAnswersSatisfied(entry))
	return s, err
}

// FilesIn is how many households of a place are on file.
func (v Village) FilesIn(ctx context.Context, place models.Region) (n int64, err error) {
	for _, s := range []farmer.State{farmer.Draft, farmer.Submitted, farmer.Verified} {
		some, err := v.Farm.Files.Count(ctx, FarmFilesAt(place, s))
		if err != nil {
			return 0, err
		}
		n += some
	}
	return n, nil
}

// TownFacts are the facts of a town on a day: of its villages (given), those with a plaque, and the sums of what was frozen of them in
// the round of villages.
func (v Village) TownFacts(ctx context.Context, villages []models.Region, round string, on models.Day, pol village.Policy) (map[string]int64, error) {
	facts := map[string]int64{village.FactVillages: int64(len(villages)), village.FactCreditVillages: 0}
	var sums village.Loans
	for _, place := range villages {
		n, err := v.Entries.Count(ctx, VillageEntriesTitled(place))
		if err != nil {
			return nil, err
		}
		facts[village.FactCreditVillages] += min(n, 1)
		l, err := v.LoansOf(ctx, place, on, pol)
		if err != nil {
			return nil, err
		}
		sums.Balance, sums.Bad, sums.NewBad, sums.Banks = sums.Balance+l.Balance, sums.Bad+l.Bad, sums.NewBad+l.NewBad, sums.Banks+l.Banks
		f, err := v.Frozens.Get(ctx, village.FrozenID(round, place))
		if models.CodeOf(err) == models.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range []string{village.FactHouseholds, village.FactFiled, village.FactCredit, village.FactBorrowers, village.FactClean} {
			if n, told := f.Facts[name]; told {
				facts[name] += n
			}
		}
	}
	sums.Into(facts)
	return facts, nil
}
