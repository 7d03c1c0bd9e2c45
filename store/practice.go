package store

import (
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/practice"
)

// The collections of cases worth copying.
var (
	PracticeCases = Collection{
		Name: "practicecases",
		Indexes: []Index{
			{Paths: []string{"unit", "createdAt"}},
			{Paths: []string{"round", "createdAt"}},
			{Paths: []string{"state", "region", "createdAt"}},
			{Paths: []string{"state", "class", "region", "createdAt"}},
			{Paths: []string{"state", "year", "region", "createdAt"}},
			{Paths: []string{"state", "class", "year", "region", "createdAt"}},
		},
		Queries: map[string]Query{
			"PracticeOf": PracticeOf("u"), "PracticeOfRound": PracticeOfRound("r"), "PracticeAt": PracticeAt(somewhere, practice.Review),
			"PracticeLibrary": PracticeLibrary(somewhere, "", 0), "PracticeLibraryClass": PracticeLibrary(somewhere, practice.Culture, 0),
			"PracticeLibraryYear": PracticeLibrary(somewhere, "", 2026), "PracticeLibraryBoth": PracticeLibrary(somewhere, practice.Culture, 2026),
		},
	}
	PracticeRounds = Collection{
		Name: "practicerounds", Indexes: []Index{{Paths: []string{"slot"}, Unique: true}, {Paths: []string{"region", "year"}}},
		Queries: map[string]Query{"PracticeRoundsIn": PracticeRoundsIn(somewhere)},
	}
)

// PracticeOf lists a unit's cases, the newest first. Index: unit, createdAt.
func PracticeOf(unit string) Query { return Where("unit", Eq, unit).Desc("createdAt") }

// PracticeOfRound lists the cases of a round, the oldest first. Index: round, createdAt.
func PracticeOfRound(round string) Query { return Where("round", Eq, round).Asc("createdAt") }

// PracticeAt lists a region's cases in a state, by place, the oldest first. Index: state, region, createdAt.
func PracticeAt(r models.Region, s practice.State) Query {
	return Where("state", Eq, s).And("region", Prefix, r).Asc("region", "createdAt")
}

// PracticeLibrary lists what is published of a region, of a class and a year unless "" and 0, by place, the newest first in each.
// Index: state, class, year, region, createdAt, or one of its shorter kin.
func PracticeLibrary(r models.Region, class practice.Class, year int) Query {
	q := Where("state", Eq, practice.Published)
	if class != "" {
		q = q.And("class", Eq, class)
	}
	if year != 0 {
		q = q.And("year", Eq, year)
	}
	return q.And("region", Prefix, r).Desc("region", "createdAt")
}

// PracticeRoundsIn lists a place's rounds, the last year first. Index: region, year.
func PracticeRoundsIn(r models.Region) Query { return Where("region", Eq, r).Desc("year") }

// Practice is every repo of it, opened together.
type Practice struct {
	Cases  *Repo[practice.Case]
	Rounds *Repo[practice.Round]
	Blobs  *Repo[blob.Blob]
}

// OpenPractice opens the repos on s, once a process.
func OpenPractice(s *Store, blobs *Repo[blob.Blob]) Practice {
	return Practice{Cases: NewRepo[practice.Case](s, PracticeCases), Rounds: NewRepo[practice.Round](s, PracticeRounds), Blobs: blobs}
}
