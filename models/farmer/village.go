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

// Star says what a village has earned. Errors: Forbidden "farmer.other_region"; Invalid.
func (v *Village) Star(stars int, since, until models.Day, paper string, by models.Actor, now time.Time) error {
	switch {
	case !by.Is(models.CreditOffice) || !by.Region.Contains(models.Region(v.ID)):
		return models.E(models.Forbidden, "farmer.other_region")
	case len(v.ID) != 12:
		return models.Bad("#path/village", "farmer_village", "farmer.no_village")
	case stars < 0 || stars > 3 || until < since || paper == "":
		return models.Bad("/stars", "range", "farmer.value")
	}
	v.Stars, v.Since, v.Until, v.Paper, v.By = stars, since, until, paper, by.Principal()
	return nil
}

// On is how many stars the village has on a day.
func (v *Village) On(day models.Day) int {
	if day < v.Since || day > v.Until {
		return 0
	}
	return v.Stars
}
