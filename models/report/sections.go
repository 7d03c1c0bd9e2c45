package report

import "slices"

// A Section is a part of a report: the records of some categories of the catalogue.
type Section struct {
	ID         string
	ZH, EN     string
	Categories []string // of models/catalogue; none: not connected
	Fixed      bool     // in every report of the kind
}

// sections are the parts of each kind, in their order.
//
// Source: docs/sources.md#report-content.
var sections = map[Kind][]Section{
	Special: {
		{"penalties", "行政处罚（含简易程序）", "Administrative penalties, simple procedure included", []string{"PENALTY"}, true},
		{"compulsion", "行政强制", "Administrative compulsion", []string{"COMPULSION"}, true},
		{"lists", "严重失信主体名单", "Lists of serious breach of trust", []string{"SERIOUS_LIST"}, true},
		{"crimes", "刑事裁判（犯罪记录）", "Criminal judgments", nil, true},
		{"abnormal", "经营（活动）异常名录", "Lists of abnormal operations", []string{"ABNORMAL"}, false},
	},
	Credit: {
		{"registration", "登记注册基本信息", "Registration", []string{"REGISTRATION", "PROFESSION"}, true},
		{"licences", "行政许可与确认", "Licences and confirmations", []string{"LICENCE", "CONFIRMATION"}, false},
		{"penalties", "行政处罚", "Administrative penalties", []string{"PENALTY"}, true},
		{"compulsion", "行政强制", "Administrative compulsion", []string{"COMPULSION"}, true},
		{"rewards", "行政奖励", "Administrative rewards", []string{"REWARD"}, false},
		{"inspections", "行政监督检查", "Inspections", []string{"INSPECTION"}, false},
		{"honours", "诚实守信荣誉", "Honours for honesty", []string{"HONOUR"}, false},
		{"lists", "严重失信主体名单", "Lists of serious breach of trust", []string{"SERIOUS_LIST"}, true},
		{"abnormal", "经营（活动）异常名录", "Lists of abnormal operations", []string{"ABNORMAL"}, true},
		{"commitments", "信用承诺", "Commitments", []string{"COMMITMENT"}, false},
		{"evaluations", "信用评价", "Evaluations", []string{"EVALUATION"}, false},
		{"judgments", "司法裁判及执行", "Judgments and their execution", []string{"JUDICIAL"}, true},
		{"other", "其他信用信息", "Other credit information", []string{"RULING", "CONTRACT", "RESEARCH", "UTILITY", "INTELLECTUAL", "COMPENSATION"}, false},
	},
}

// Sections are the parts of a kind, nil for no kind.
func Sections(k Kind) []Section { return slices.Clone(sections[k]) }

// Connected says whether anybody delivers what a section shows. What is not connected is said to be so, never guessed.
func (s Section) Connected() bool { return len(s.Categories) > 0 }
