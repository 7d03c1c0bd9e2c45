package award

import (
	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/notice"
)

// Terms are the days and numbers of a programme. They are copied into what runs by them.
//
// Source: docs/sources.md#award-terms.
type Terms struct {
	OpenDays    int  `bson:"openDays" json:"openDays" validate:"gte=1,lte=120"`       // natural days in which nominations are taken
	CheckDays   int  `bson:"checkDays" json:"checkDays" validate:"gte=1,lte=60"`      // working days of the check of materials
	HitDays     int  `bson:"hitDays" json:"hitDays" validate:"gte=1,lte=60"`          // working days in which a nominee answers what the records say
	HoldDays    int  `bson:"holdDays" json:"holdDays" validate:"gte=0,lte=120"`       // working days more for an answer that waits for an objection or a repair
	OpinionDays int  `bson:"opinionDays" json:"opinionDays" validate:"gte=1,lte=60"`  // working days of the departments
	ScoreDays   int  `bson:"scoreDays" json:"scoreDays" validate:"gte=1,lte=60"`      // working days of the experts
	VoteDays    int  `bson:"voteDays" json:"voteDays" validate:"gte=1,lte=60"`        // natural days of the public vote
	CountDays   int  `bson:"countDays" json:"countDays" validate:"gte=0,lte=30"`      // working days in which the office looks at ballots and marks before seats are given
	NoticeDays  int  `bson:"noticeDays" json:"noticeDays" validate:"gte=1,lte=30"`    // working days of the public notice
	AnswerDays  int  `bson:"answerDays" json:"answerDays" validate:"gte=1,lte=60"`    // working days in which a holder answers a revocation
	ObjectDays  int  `bson:"objectDays" json:"objectDays" validate:"gte=1,lte=30"`    // working days in which an objection is answered
	Months      int  `bson:"months" json:"months" validate:"gte=1,lte=120"`           // an award is good so long
	WarnDays    int  `bson:"warnDays" json:"warnDays" validate:"gte=1,lte=365"`       // natural days before its end: the warning, and from then on a renewal may be asked for
	BarMonths   int  `bson:"barMonths" json:"barMonths" validate:"gte=0,lte=120"`     // after a revocation nobody is nominated again so long
	Experts     int  `bson:"experts" json:"experts" validate:"gte=3,lte=15"`          // who score a case, at least
	Trim        int  `bson:"trim" json:"trim" validate:"gte=3,lte=15"`                // from so many scores on, the highest and the lowest are left out
	RunnersUp   int  `bson:"runnersUp" json:"runnersUp" validate:"gte=0,lte=200"`     // of a category
	Threshold   int  `bson:"threshold" json:"threshold" validate:"gte=0,lte=10000"`   // hundredths of a point from which somebody may be chosen
	AgainMonths int  `bson:"againMonths" json:"againMonths" validate:"gte=0,lte=120"` // a past winner may enter again so long after; with PastWinners at once
	PastWinners bool `bson:"pastWinners" json:"pastWinners"`                          // past winners may enter
}

// Notice are the terms of the public notice.
func (t Terms) Notice() notice.Terms {
	return notice.Terms{Days: t.NoticeDays, Working: true, Answer: t.ObjectDays}
}

// StandardTerms are the terms the product comes with.
//
// Source: docs/sources.md#award-terms.
var StandardTerms = Terms{
	OpenDays: 30, CheckDays: 10, HitDays: 5, HoldDays: 20, OpinionDays: 10, ScoreDays: 10, VoteDays: 7, CountDays: 2, NoticeDays: 5, ObjectDays: 7,
	Months: 24, WarnDays: 60, AnswerDays: 10, BarMonths: 36, Experts: 5, Trim: 5, RunnersUp: 10, Threshold: 8000, AgainMonths: 24,
}

// Weights are what the parts of a score count, in basis points; together they are 10000.
type Weights struct {
	Expert     int `bson:"expert" json:"expert" validate:"gte=0,lte=10000"`
	Department int `bson:"department" json:"department" validate:"gte=0,lte=10000"`
	Public     int `bson:"public" json:"public" validate:"gte=0,lte=10000"`
}

// MaxPublic is the most the public vote may count, in basis points.
//
// Source: docs/sources.md#award-score.
const MaxPublic = 2000

// StandardWeights are 60, 20 and 20.
//
// Source: docs/sources.md#award-score.
var StandardWeights = Weights{Expert: 6000, Department: 2000, Public: 2000}

// A Criterion is something experts give points for. The points of all criteria are 100 together.
type Criterion struct {
	Code   string       `bson:"code" json:"code" validate:"required,max=40"`
	Name   models.Words `bson:"name" json:"name" personal:"false"`
	Points int          `bson:"points" json:"points" validate:"gte=1,lte=100"` // whole points
}

// PersonCriteria and UnitCriteria are what experts look at.
//
// Source: docs/sources.md#award-score.
var (
	PersonCriteria = []Criterion{
		{"promises", models.Words{ZH: "履约", EN: "Keeps promises"}, 30}, {"deeds", models.Words{ZH: "事迹", EN: "Deeds"}, 30},
		{"influence", models.Words{ZH: "社会影响", EN: "Influence"}, 20}, {"steadiness", models.Words{ZH: "持续性", EN: "Steadiness"}, 20},
	}
	UnitCriteria = []Criterion{
		{"law", models.Words{ZH: "守法记录", EN: "Keeps the law"}, 30}, {"contracts", models.Words{ZH: "合同履约", EN: "Keeps contracts"}, 25},
		{"quality", models.Words{ZH: "产品/服务质量", EN: "Quality"}, 20}, {"people", models.Words{ZH: "员工与纳税", EN: "Staff and taxes"}, 15},
		{"welfare", models.Words{ZH: "公益与制度", EN: "Welfare and rules"}, 10},
	}
)

// Industries are the fields in which awards are chosen, besides the places.
//
// Source: docs/sources.md#award-industries.
var Industries = []string{"safety", "transport", "quality", "environment", "culture", "commerce", "food"}

// The flows the product comes with: who checks the materials, and who decides in the end. Nobody is heard in two steps.
//
// Source: docs/sources.md#award-terms.
var (
	materials = flow.Flow{ID: "award.materials", No: 1, Steps: []flow.Step{
		{Code: "materials", Words: models.Words{ZH: "材料审核", EN: "Check of materials"}, Roles: []models.Role{models.CreditOffice}, Rule: flow.Any},
	}}
	deciding = flow.Flow{ID: "award.decision", No: 1, Steps: []flow.Step{
		{Code: "review", Words: models.Words{ZH: "复核", EN: "Review"}, Roles: []models.Role{models.CreditOffice}, Rule: flow.Any, Days: 5},
		{Code: "approve", Words: models.Words{ZH: "审定", EN: "Approval"}, Roles: []models.Role{models.CreditOffice}, Rule: flow.Any, Days: 5},
	}}
)

// Policy are the numbers a city sets besides a programme's terms.
//
// Source: docs/sources.md#award-vote, docs/sources.md#award-experts.
type Policy struct {
	Signals Signals
	Marks   jury.Thresholds // what is unusual about experts' marks
}

// Signals are from how many ballots on something is unusual.
type Signals struct {
	PerMinute  int // for one nominee in one minute
	PerDevice  int // of one device, in all
	PerAddress int // of one address, in all: a village may share one
}

// Standard is the policy the product comes with.
var Standard = Policy{Signals: Signals{PerMinute: 20, PerDevice: 3, PerAddress: 50}, Marks: jury.Standard}
