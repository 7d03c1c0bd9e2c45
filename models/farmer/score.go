package farmer

import (
	"maps"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// The codes of vetoes, each on a lawful record.
//
// Source: docs/sources.md#farmer-score.
const (
	VetoEnforced = "enforced" // an effective entry in the list of defaulters (失信被执行人)
	VetoOverdue  = "overdue"  // a loan unpaid for more than 90 days
	VetoJudgment = "judgment" // a judgment on a debt is not performed
	VetoFalse    = "false"    // something in the file was proven false within twelve months
)

// A Score is what a household's verified file scores, flat beside the file: its id is the household's. It keeps what it was made
// from, so that anybody can make it again.
type Score struct {
	models.Meta `bson:",inline"`

	Village models.Region    `bson:"village"`
	Facts   map[string]int64 `bson:"facts"`
	Open    bool             `bson:"open"` // restricted data may be looked at
	Grounds []score.Ground   `bson:"grounds,omitempty"`

	Model  string       `bson:"model"` // "id@version", "" while none is in force
	Points score.Points `bson:"points"`
	Grade  string       `bson:"grade"`
	Good   bool         `bson:"good"` // A or better, and no veto
	On     models.Day   `bson:"on"`
}

// Known is what is known of a household.
type Known struct {
	Village models.Region
	Facts   map[string]int64
	Open    bool
	Grounds []score.Ground
}

// Input is what a model looks at.
func (s *Score) Input() score.Input {
	return score.Input{Facts: s.Facts, Open: s.Open, Grounds: s.Grounds}
}

// Verified are the facts of a file that is written in since it was verified, as they were then; what the household withdrew is not
// among them.
func (s *Score) Verified(f *File, forms Forms, mean int64, today models.Day) map[string]int64 {
	facts := map[string]int64{FactMean: mean, FactGoodYears: f.goodYears(today)}
	closed := RestrictedFact(forms)
	for name, n := range s.Facts {
		if _, anew := facts[name]; !anew && !slices.Contains(elsewhere, name) && (f.Open() || !closed(name)) {
			facts[name] = n
		}
	}
	return facts
}

// Same says whether nothing about it would change.
func (s *Score) Same(t Known, model string) bool {
	return s.Village == t.Village && s.Open == t.Open && s.Model == model && maps.Equal(s.Facts, t.Facts) && slices.Equal(s.Grounds, t.Grounds)
}

// Learn takes what is known and scores it. sc nil: no model is in force. person is told when the grade is another.
func (s *Score) Learn(t Known, sc *score.Scorer, person string, now time.Time) error {
	s.Village, s.Facts, s.Open, s.Grounds = t.Village, t.Facts, t.Open, t.Grounds
	return s.Grades(sc, person, now)
}

// Grades scores what is known by a model.
func (s *Score) Grades(sc *score.Scorer, person string, now time.Time) error {
	if sc == nil {
		return nil
	}
	points, grade, good, err := sc.Brief(s.Input())
	if err != nil {
		return err
	}
	was := s.Grade
	s.Model, s.Points, s.Grade, s.Good, s.On = sc.Set().Name(), points, grade, good, models.DayOf(now)
	if was != grade && person != "" {
		s.Publish(EventScored.Of(ScoredData{Grade: grade, Was: was}), person, models.Clockwork, now)
	}
	return nil
}
