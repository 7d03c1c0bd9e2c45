package store

import (
	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/notice"
	"xinyi/models/release"
)

// The collections of farmers' files.
var (
	FarmFiles = Collection{
		Name: "farmfiles",
		Indexes: []Index{
			{Paths: []string{"seat"}, Unique: true},
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"village", "no"}},
			{Paths: []string{"person"}},
			{Paths: []string{"state", "village", "updatedAt"}},
		},
		Queries: map[string]Query{
			"FarmFileOf": FarmFileOf("h"), "FarmFileIn": FarmFileIn("430181108203", "1"), "FarmFilesIn": FarmFilesIn("430181"),
			"FarmFilesAt": FarmFilesAt("430181", farmer.Submitted), "FarmFilesOfPerson": FarmFilesOfPerson("p"),
		},
	}
	FarmSeats = Collection{
		Name: "farmseats", Indexes: []Index{{Paths: []string{"household"}}}, Queries: map[string]Query{"SeatsOf": SeatsOf("h")},
	}
	FarmForms = Collection{
		Name: "farmforms", Indexes: []Index{{Paths: []string{"state", "section"}}, {Paths: []string{"section", "region", "no"}}},
		Queries: map[string]Query{"FarmFormsInUse": FarmFormsInUse(), "FarmFormsOf": FarmFormsOf("land", somewhere)},
	}
	FarmLayouts = Collection{
		Name: "farmlayouts", Indexes: []Index{{Paths: []string{"region"}}}, Queries: map[string]Query{"FarmLayoutsIn": FarmLayoutsIn("430181")},
	}
	FarmImports = Collection{
		Name: "farmimports", Job: "farmer.import", Indexes: []Index{{Paths: []string{"region", "createdAt"}}}, Queries: map[string]Query{"FarmImportsIn": FarmImportsIn("430181")},
	}
	FarmChanges = Collection{
		Name: "farmchanges",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"household", "createdAt"}},
			{Paths: []string{"state", "village", "createdAt"}},
		},
		Queries: map[string]Query{"FarmChangesOf": FarmChangesOf("h"), "FarmChangesAt": FarmChangesAt("430181", farmer.ChangePending)},
	}
	FarmScores = Collection{
		Name: "farmscores", Indexes: []Index{{Paths: []string{"village", "grade"}}},
		Queries: map[string]Query{"FarmScoresIn": FarmScoresIn("430181108203")},
	}
	FarmModels = Collection{
		Name: "farmmodels", Indexes: []Index{{Paths: []string{"no"}}, {Paths: []string{"state", "no"}}, {Paths: []string{"city", "no"}}},
		Queries: map[string]Query{"FarmModelsAll": FarmModelsAll(), "FarmModelsIn": FarmModelsIn(somewhere), "FarmModelsIn province": FarmModelsIn(somewhere[:models.Province]),
			"FarmModelsAt": FarmModelsAt(release.InForce)},
	}
	FarmRuns = Collection{
		Name: "farmruns", Job: "farmer.run", Indexes: []Index{{Paths: []string{"of", "kind", "createdAt"}}},
		Queries: map[string]Query{"FarmRunsOf": FarmRunsOf("household@1", farmer.Simulate)},
	}
	FarmEvaluations = Collection{
		Name: "farmevaluations",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"no"}, Unique: true},
			{Paths: []string{"household", "createdAt"}},
			{Paths: []string{"state", "village", "createdAt"}},
		},
		Queries: map[string]Query{
			"EvaluationOf": EvaluationOf("h"), "EvaluationsOf": EvaluationsOf("h"), "EvaluationsAt": EvaluationsAt("430181", farmer.Review),
			"EvaluationNamed": EvaluationNamed("n"),
		},
	}
	FarmVillages = Collection{Name: "farmvillages"}
	FarmShares   = Collection{
		Name:    "farmshares",
		Indexes: []Index{{Paths: []string{"household", "createdAt"}}, {Paths: []string{"bank", "state", "createdAt"}}, {Paths: []string{"state", "village"}}},
		Queries: map[string]Query{
			"FarmSharesOf": FarmSharesOf("h"), "FarmSharesAt": FarmSharesAt("b", farmer.DeleteDue), "FarmSharesIn": FarmSharesIn(somewhere, farmer.Undeleted),
		},
	}
)

// FarmFileOf is the file of a head, by the hash of the number. Index: seat.
func FarmFileOf(ref string) Query { return Where("seat", Eq, ref) }

// FarmFileIn is the file with a number in a village. Index: slot.
func FarmFileIn(village models.Region, no string) Query {
	return Where("slot", Eq, string(village)+"/"+no)
}

// FarmFilesOfPerson is the file of a head, by the account. Index: person.
func FarmFilesOfPerson(person string) Query { return Where("person", Eq, person) }

// FarmFilesIn lists a region's files, by village and number. Index: village, no.
func FarmFilesIn(r models.Region) Query { return Where("village", Prefix, r).Asc("village", "no") }

// FarmFilesAt lists a region's files in a state, by village, what was changed first first. Index: state, village, updatedAt.
func FarmFilesAt(r models.Region, s farmer.State) Query {
	return Where("state", Eq, s).And("village", Prefix, r).Asc("village", "updatedAt")
}

// SeatsOf lists who is of a household. Index: household.
func SeatsOf(household string) Query { return Where("household", Eq, household) }

// FarmFormsInUse lists the published forms. Index: state, section.
func FarmFormsInUse() Query { return Where("state", Eq, release.InForce).Asc("section") }

// FarmFormsOf lists the versions of a section's form in a region, the newest first. Index: section, region, no.
func FarmFormsOf(section string, r models.Region) Query {
	return Where("section", Eq, section).And("region", Eq, r).Desc("no")
}

// FarmLayoutsIn lists the layouts of a region and below. Index: region.
func FarmLayoutsIn(r models.Region) Query { return Where("region", Prefix, r).Asc("region") }

// FarmImportsIn lists a region's imports, by place, the newest first in each. Index: region, createdAt.
func FarmImportsIn(r models.Region) Query {
	return Where("region", Prefix, r).Desc("region", "createdAt")
}

// FarmChangesOf lists what was asked of a household's file, the newest first. Index: household, createdAt.
func FarmChangesOf(household string) Query {
	return Where("household", Eq, household).Desc("createdAt")
}

// FarmChangesAt lists a region's changes in a state, by village, the oldest first. Index: state, village, createdAt.
func FarmChangesAt(r models.Region, s farmer.ChangeState) Query {
	return Where("state", Eq, s).And("village", Prefix, r).Asc("village", "createdAt")
}

// FarmScoresIn lists a place's scores, by village and grade. Index: village, grade.
func FarmScoresIn(r models.Region) Query { return Where("village", Prefix, r).Asc("village", "grade") }

// FarmModelsAll lists the models, the newest first. Index: no.
func FarmModelsAll() Query { return Query{}.Desc("no") }

// FarmModelsIn lists the models that hold somewhere in a region, or in the city it lies in, the newest first. Index: city, no.
func FarmModelsIn(r models.Region) Query {
	q, sort := Query{}.citywide(r)
	return q.Desc(append(sort, "no")...)
}

// FarmModelsAt lists the models in a stage, the newest first. Index: state, no.
func FarmModelsAt(s release.State) Query { return Where("state", Eq, s).Desc("no") }

// FarmRunsOf lists a model's runs of a kind, the newest first. Index: of, kind, createdAt.
func FarmRunsOf(model string, kind farmer.RunKind) Query {
	return Where("of", Eq, model).And("kind", Eq, kind).Desc("createdAt")
}

// EvaluationOf is a household's evaluation that goes on. Index: slot.
func EvaluationOf(household string) Query { return Where("slot", Eq, household) }

// EvaluationsOf lists a household's evaluations, the newest first. Index: household, createdAt.
func EvaluationsOf(household string) Query {
	return Where("household", Eq, household).Desc("createdAt")
}

// EvaluationsAt lists a region's evaluations at a step, by village, the oldest first. Index: state, village, createdAt.
func EvaluationsAt(r models.Region, s farmer.EvaluationState) Query {
	return Where("state", Eq, s).And("village", Prefix, r).Asc("village", "createdAt")
}

// EvaluationNamed is the evaluation of a certificate. Index: no.
func EvaluationNamed(no string) Query { return Where("no", Eq, no) }

// FarmSharesOf lists who has a household's file, the newest first. Index: household, createdAt.
func FarmSharesOf(household string) Query {
	return Where("household", Eq, household).Desc("createdAt")
}

// FarmSharesAt lists a bank's shares in a state, the newest first. Index: bank, state, createdAt.
func FarmSharesAt(bank string, s farmer.ShareState) Query {
	return Where("bank", Eq, bank).And("state", Eq, s).Desc("createdAt")
}

// FarmSharesIn lists a region's shares in a state, by village. Index: state, village.
func FarmSharesIn(r models.Region, s farmer.ShareState) Query {
	return Where("state", Eq, s).And("village", Prefix, r).Asc("village")
}

// Farmer is every repo of it, opened together.
type Farmer struct {
	Files       *Repo[farmer.File]
	Seats       *Repo[farmer.Seat]
	Forms       *Repo[farmer.Form]
	Layouts     *Repo[farmer.Layout]
	Imports     *Repo[farmer.Import]
	Changes     *Repo[farmer.Change]
	Scores      *Repo[farmer.Score]
	Models      *Repo[farmer.Model]
	Runs        *Repo[farmer.Run]
	Evaluations *Repo[farmer.Evaluation]
	Shares      *Repo[farmer.Share]
	Villages    *Repo[farmer.Village]
	Notices     *Repo[notice.Notice]
}

// OpenFarmer opens the repos on s, once a process.
func OpenFarmer(s *Store) Farmer {
	return Farmer{
		Files: NewRepo[farmer.File](s, FarmFiles), Seats: NewRepo[farmer.Seat](s, FarmSeats), Forms: NewRepo[farmer.Form](s, FarmForms),
		Layouts: NewRepo[farmer.Layout](s, FarmLayouts), Imports: NewRepo[farmer.Import](s, FarmImports), Changes: NewRepo[farmer.Change](s, FarmChanges),
		Scores: NewRepo[farmer.Score](s, FarmScores), Models: NewRepo[farmer.Model](s, FarmModels), Runs: NewRepo[farmer.Run](s, FarmRuns),
		Evaluations: NewRepo[farmer.Evaluation](s, FarmEvaluations), Shares: NewRepo[farmer.Share](s, FarmShares),
		Villages: NewRepo[farmer.Village](s, FarmVillages), Notices: NewRepo[notice.Notice](s, Notices),
	}
}
