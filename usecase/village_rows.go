package usecase

import (
	"context"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/village"
	"xinyi/store"
)

// titled are the steps in which a household may be a credit household.
var titled = []farmer.EvaluationState{farmer.Certified, farmer.Annual, farmer.Grace}

// RowsOf are the rows of a village's households with a verified file, as they are on a day: what it was scored on says of its loans,
// its evaluation of its title. Both are read in the order of an index, a few parts of each document; never a query a household.
func (v Village) RowsOf(ctx context.Context, place models.Region, on models.Day, salts village.Salter) ([]village.Row, error) {
	credit := map[string]bool{}
	for _, step := range titled {
		_, err := v.Farm.Evaluations.Each(ctx, store.EvaluationsAt(place, step).Only("household", "state", "since"),
			func(e *farmer.Evaluation) error {
				if e.Title(on) {
					credit[e.Household] = true
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	var rows []village.Row
	scores := store.FarmScoresIn(place).Only("facts."+farmer.FactLoans, "grounds")
	_, err := v.Farm.Scores.Each(ctx, scores, func(s *farmer.Score) error {
		late, borrower := s.Facts[farmer.FactLoans]
		clean := borrower && late < village.ArrearsFrom
		for _, g := range s.Grounds {
			if g.Code == farmer.VetoOverdue {
				borrower, clean = true, false
			}
		}
		rows = append(rows, village.Row{Household: s.ID, Filed: true, Credit: credit[s.ID], Borrower: borrower, Clean: clean,
			Salt: salts.Salt(s.ID)})
		return nil
	})
	return rows, err
}

// SnapshotIn is what was frozen of a place in a round, without its rows. Errors: NotFound.
func (v Village) SnapshotIn(ctx context.Context, round string, place models.Region) (*village.Snapshot, error) {
	return v.Snapshots.First(ctx, store.VillageSnapshotIn(round, place).Only("round", "village", "cutOff", "facts", "size", "root", "told"))
}
