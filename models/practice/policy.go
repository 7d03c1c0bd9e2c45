package practice

import (
	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/notice"
	"xinyi/models/score"
)

// A Criterion is one thing experts give points for.
type Criterion struct {
	Code string       `bson:"code"`
	Name models.Words `bson:"name" personal:"false"`
	Max  score.Points `bson:"max"`
}

// A Policy says how long offices may take, how many experts score a case, and what they look at.
//
// Source: docs/sources.md#practice-round.
type Policy struct {
	County   int // working days of the county's look
	City     int // working days of the city's
	Panel    int // experts drawn for a case
	Valid    int // scores below which a case is not ranked
	Trim     int // from so many on, the highest and the lowest are left out
	Score    int // working days the experts have
	Least    score.Points
	Criteria []Criterion
	Notice   notice.Terms
	Watch    jury.Thresholds
}

// Standard is the policy the product comes with.
var Standard = Policy{
	County: 10, City: 10, Panel: 5, Valid: 5, Trim: 5, Score: 10, Least: 6000,
	Criteria: []Criterion{
		{"new", models.Words{ZH: "创新性", EN: "New"}, 2000},
		{"effect", models.Words{ZH: "实效性", EN: "Works"}, 4000},
		{"copy", models.Words{ZH: "可复制性", EN: "Can be copied"}, 3000},
		{"lawful", models.Words{ZH: "规范性", EN: "Lawful and careful"}, 1000},
	},
	Notice: notice.Terms{Days: 5, Working: true, Answer: 7},
	Watch:  jury.Standard,
}

// Flow is the course of a case from a place: the county's office, then the city's; of the city's own units two people of the city's.
func (p Policy) Flow(place models.Region) flow.Flow {
	office := []models.Role{models.CreditOffice}
	city := flow.Step{Code: "city", Words: models.Words{ZH: "市级审核", EN: "The city's look"}, Roles: office, Level: models.Prefecture, Rule: flow.Any, Days: p.City}
	if place.Level() < models.County {
		first := city
		first.Code, first.Words = "first", models.Words{ZH: "市级初审", EN: "The city's first look"}
		return flow.Flow{ID: "practice-city", No: 1, Steps: []flow.Step{first, city}}
	}
	county := flow.Step{Code: "county", Words: models.Words{ZH: "区县初审", EN: "The county's look"}, Roles: office, Level: models.County, Rule: flow.Any, Days: p.County, Escalate: models.Prefecture}
	return flow.Flow{ID: "practice-county", No: 1, Steps: []flow.Step{county, city}}
}
