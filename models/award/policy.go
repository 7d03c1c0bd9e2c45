package award

import (
	"xinyi/models/notice"
)

// Terms are the days and numbers of a programme. They are copied into what runs by them.
//
// Source: docs/sources.md#award-terms.
type Terms struct {
	OpenDays    int          `bson:"openDays" json:"openDays"`       // natural days in which nominations are taken
	CheckDays   int          `bson:"checkDays" json:"checkDays"`     // working days of the check of materials
	AnswerHits  int          `bson:"answerHits" json:"answerHits"`   // working days in which a nominee answers what the records say
	OpinionDays int          `bson:"opinionDays" json:"opinionDays"` // working days of the departments
	ScoreDays   int          `bson:"scoreDays" json:"scoreDays"`     // working days of the experts
	VoteDays    int          `bson:"voteDays" json:"voteDays"`       // natural days of the public vote
	Notice      notice.Terms `bson:"notice" json:"notice"`
	Months      int          `bson:"months" json:"months"`         // an award is good so long
	WarnDays    int          `bson:"warnDays" json:"warnDays"`     // natural days before its end: the warning, and from then on a renewal may be asked for
	AnswerDays  int          `bson:"answerDays" json:"answerDays"` // working days in which a holder answers a revocation
	BarMonths   int          `bson:"barMonths" json:"barMonths"`   // after a revocation nobody is nominated again so long
	Experts     int          `bson:"experts" json:"experts"`       // who score a case, at least
	Trim        int          `bson:"trim" json:"trim"`             // from so many scores on, the highest and the lowest are left out
}

// StandardTerms are the terms the product comes with.
//
// Source: docs/sources.md#award-terms.
var StandardTerms = Terms{
	OpenDays: 30, CheckDays: 10, AnswerHits: 5, OpinionDays: 10, ScoreDays: 10, VoteDays: 7,
	Notice: notice.Terms{Days: 5, Working: true, Answer: 7},
	Months: 24, WarnDays: 60, AnswerDays: 10, BarMonths: 36, Experts: 5, Trim: 5,
}
