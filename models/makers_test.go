package models_test

import (
	"errors"
	"testing"

	"xinyi/models"
)

func TestMakers(t *testing.T) {
	a, b := models.Actor{Person: "a", Role: models.CreditOffice}, models.Actor{Person: "b", Role: models.CreditOffice}
	his := models.Actor{Client: "his", Role: models.Hospital}
	for name, c := range map[string]struct {
		touched []models.Actor
		by      models.Actor
		refused bool
	}{
		"nobody touched it":               {nil, a, false},
		"another did":                     {[]models.Actor{a}, b, false},
		"its maker":                       {[]models.Actor{a}, a, true},
		"its first maker":                 {[]models.Actor{a, b}, a, true},
		"its last maker":                  {[]models.Actor{a, b, a}, b, true},
		"its maker in another office":     {[]models.Actor{a}, models.Actor{Person: "a", Role: models.TownStaff}, true},
		"its maker as somebody's agent":   {[]models.Actor{a}, models.Actor{Person: "b", Agent: "a"}, true},
		"who made it as somebody's agent": {[]models.Actor{{Person: "b", Agent: "a"}}, a, true},
		"for whom it was made":            {[]models.Actor{{Person: "b", Agent: "a"}}, b, true},
		"a person, after a system":        {[]models.Actor{his}, a, false},
		"a system is no person":           {[]models.Actor{a}, his, true},
		"the clock is no person":          {nil, models.Clockwork, true},
		"the clock makes nothing":         {[]models.Actor{models.Clockwork}, a, false},
	} {
		t.Run(name, func(t *testing.T) {
			var m models.Makers
			for _, x := range c.touched {
				m.Touch(x)
			}
			if err := m.Second(c.by); c.refused != errors.Is(err, models.Forbidden) || !c.refused && err != nil {
				t.Errorf("%v answers %v", m, err)
			}
		})
	}
}

func TestMakersGrow(t *testing.T) {
	var m models.Makers
	for _, p := range []string{"a", "b", "a"} {
		m.Touch(models.Actor{Person: p})
	}
	if len(m) != 2 || m.Last().Person != "a" || (models.Makers{}).Last().Person != "" {
		t.Fatalf("%v", m)
	}
}
