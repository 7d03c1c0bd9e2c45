package report

import (
	"slices"

	"xinyi/models"
)

// A Section is a part of a report: the records of some categories of the catalogue.
type Section struct {
	ID string
	models.Words
	Categories []string // of models/catalogue; none: not connected
	Fixed      bool     // in every report of the kind
}

// sections are the parts of each kind, in their order.
//
// Source: docs/sources.md#report-content.
var sections = map[Kind][]Section{
	Special: {
		{"penalties", models.Words{ZH: "行政处罚（含简易程序）", EN: "Administrative penalties, simple procedure included"}, []string{"PENALTY"}, true},
		{"compulsion", models.Words{ZH: "行政强制", EN: "Administrative compulsion"}, []string{"COMPULSION"}, true},
		{"lists", models.Words{ZH: "严重失信主体名单", EN: "Lists of serious breach of trust"}, []string{"SERIOUS_LIST"}, true},
		{"crimes", models.Words{ZH: "刑事裁判（犯罪记录）", EN: "Criminal judgments"}, nil, true},
		{"abnormal", models.Words{ZH: "经营（活动）异常名录", EN: "Lists of abnormal operations"}, []string{"ABNORMAL"}, false},
	},
	Credit: {
		{"registration", models.Words{ZH: "登记注册基本信息", EN: "Registration"}, []string{"REGISTRATION", "PROFESSION"}, true},
		{"licences", models.Words{ZH: "行政许可与确认", EN: "Licences and confirmations"}, []string{"LICENCE", "CONFIRMATION"}, false},
		{"penalties", models.Words{ZH: "行政处罚", EN: "Administrative penalties"}, []string{"PENALTY"}, true},
		{"compulsion", models.Words{ZH: "行政强制", EN: "Administrative compulsion"}, []string{"COMPULSION"}, true},
		{"rewards", models.Words{ZH: "行政奖励", EN: "Administrative rewards"}, []string{"REWARD"}, false},
		{"inspections", models.Words{ZH: "行政监督检查", EN: "Inspections"}, []string{"INSPECTION"}, false},
		{"honours", models.Words{ZH: "诚实守信荣誉", EN: "Honours for honesty"}, []string{"HONOUR"}, false},
		{"lists", models.Words{ZH: "严重失信主体名单", EN: "Lists of serious breach of trust"}, []string{"SERIOUS_LIST"}, true},
		{"abnormal", models.Words{ZH: "经营（活动）异常名录", EN: "Lists of abnormal operations"}, []string{"ABNORMAL"}, true},
		{"commitments", models.Words{ZH: "信用承诺", EN: "Commitments"}, []string{"COMMITMENT"}, false},
		{"evaluations", models.Words{ZH: "信用评价", EN: "Evaluations"}, []string{"EVALUATION"}, false},
		{"judgments", models.Words{ZH: "司法裁判及执行", EN: "Judgments and their execution"}, []string{"JUDICIAL"}, true},
		{"other", models.Words{ZH: "其他信用信息", EN: "Other credit information"}, []string{"RULING", "CONTRACT", "RESEARCH", "UTILITY", "INTELLECTUAL", "COMPENSATION"}, false},
	},
}

// Sections are the parts of a kind, nil for no kind.
func Sections(k Kind) []Section { return slices.Clone(sections[k]) }

// Connected says whether anybody delivers what a section shows. What is not connected is said to be so, never guessed.
func (s Section) Connected() bool { return len(s.Categories) > 0 }
