package usecase

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/division"
	"xinyi/models/farmer"
	"xinyi/models/notice"
	"xinyi/models/village"
	"xinyi/store"
)

// Village gathers the facts of villages and towns.
type Village struct {
	store.Village
	Notices   *store.Repo[notice.Notice]
	Blobs     *store.Repo[blob.Blob]
	Divisions *store.Repo[division.Division]
	Farm      Farmer
}

// OpenVillage opens the repos on s, once a process.
func OpenVillage(s *store.Store, blobs *store.Repo[blob.Blob], divisions *store.Repo[division.Division], farm Farmer) Village {
	return Village{store.OpenVillage(s), farm.Notices, blobs, divisions, farm}
}

// LoansOf are the sums banks told of a village as of a day: of each bank the newest figure that still counts.
func (v Village) LoansOf(ctx context.Context, place models.Region, asOf models.Day, pol village.Policy) (l village.Loans, err error) {
	var all []*village.Figure
	oldest := asOf.Add(-pol.FigureDays)
	_, err = v.Figures.Each(ctx, store.FiguresOf(place, asOf), func(f *village.Figure) error {
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
	if s.Answers, err = v.Answers.Count(ctx, store.VillageAnswersOf(entry)); err != nil {
		return s, err
	}
	s.Satisfied, err = v.Answers.Count(ctx, store.VillageAnswersSatisfied(entry))
	return s, err
}

// FilesIn is how many households of a place are on file.
func (v Village) FilesIn(ctx context.Context, place models.Region) (n int64, err error) {
	for _, s := range []farmer.State{farmer.Draft, farmer.Submitted, farmer.Verified} {
		some, err := v.Farm.Files.Count(ctx, store.FarmFilesAt(place, s))
		if err != nil {
			return 0, err
		}
		n += some
	}
	return n, nil
}

// TownFacts are the facts of a town on a day: of its villages (given), those with a plaque, and the sums of what was frozen of them in
// the round of villages.
func (v Village) TownFacts(ctx context.Context, villages []models.Region, round string, on models.Day,
	pol village.Policy) (map[string]int64, error) {
	facts := map[string]int64{village.FactVillages: int64(len(villages)), village.FactCreditVillages: 0}
	var sums village.Loans
	for _, place := range villages {
		n, err := v.Entries.Count(ctx, store.VillageEntriesTitled(place))
		if err != nil {
			return nil, err
		}
		facts[village.FactCreditVillages] += min(n, 1)
		l, err := v.LoansOf(ctx, place, on, pol)
		if err != nil {
			return nil, err
		}
		sums.Balance, sums.Bad, sums.NewBad, sums.Banks = sums.Balance+l.Balance, sums.Bad+l.Bad, sums.NewBad+l.NewBad, sums.Banks+l.Banks
		f, err := v.Snapshots.Get(ctx, village.SnapshotID(round, place))
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

// Villages are the villages of a town that may apply.
func (v Village) Villages(ctx context.Context, town models.Region, pol village.Policy) ([]models.Region, error) {
	var places []models.Region
	_, err := v.Divisions.Each(ctx, store.DivisionsIn(town), func(d *division.Division) error {
		if place := models.Region(d.ID); pol.Rural(place, village.OfVillages) {
			places = append(places, place)
		}
		return nil
	})
	return places, err
}

// Today are the facts of an entry's place now, counted as on a cut-off day. Of a town they are its villages'.
func (v Village) Today(ctx context.Context, e *village.Entry, pol village.Policy, now time.Time) (map[string]int64, error) {
	today := models.DayOf(now)
	if e.Level == village.OfTowns {
		places, err := v.Villages(ctx, e.Village, pol)
		if err != nil {
			return nil, err
		}
		return v.TownFacts(ctx, places, village.RoundID(e.Village.County(), e.Year, village.OfVillages), today, pol)
	}
	rows, err := v.RowsOf(ctx, e.Village, today, village.Salter{})
	if err != nil {
		return nil, err
	}
	loans, err := v.LoansOf(ctx, e.Village, today, pol)
	if err != nil {
		return nil, err
	}
	frozen, err := village.Freeze(e, rows, loans, now)
	if err != nil {
		return nil, err
	}
	return frozen.Facts, nil
}
