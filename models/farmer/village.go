package farmer

import (
	"time"

	"xinyi/models"
)

// A Village is what a credit village (信用村) has earned: one to three stars until a day. Its id is the village's code.
type Village struct {
	models.Meta `bson:",inline"`

	Stars int        `bson:"stars"` // 0 none
	Since models.Day `bson:"since"`
	Until models.Day `bson:"until"`
	Paper string     `bson:"paper"` // the decision that says so
	By    string     `bson:"by"`
}

// A Rating is what a village has earned, and the paper that says so.
type Rating struct {
	Stars        int
	Since, Until models.Day
	Paper        string
}

// Star says what a village has earned. Errors: Forbidden "farmer.other_region"; Invalid.
func (v *Village) Star(r Rating, by models.Actor, now time.Time) error {
	switch {
	case !by.Is(models.CreditOffice) || !by.Region.Contains(models.Region(v.ID)):
		return models.E(models.Forbidden, "farmer.other_region")
	case len(v.ID) != 12:
		return models.Bad("#path/village", "farmer_village", "farmer.no_village")
	case r.Stars < 0 || r.Stars > 3 || r.Until < r.Since || r.Paper == "":
		return models.Bad("/stars", "range", "farmer.value")
	}
	v.Stars, v.Since, v.Until, v.Paper, v.By = r.Stars, r.Since, r.Until, r.Paper, by.Principal()
	return nil
}

// On is how many stars the village has on a day.
func (v *Village) On(day models.Day) int {
	if day < v.Since || day > v.Until {
		return 0
	}
	return v.Stars
}
