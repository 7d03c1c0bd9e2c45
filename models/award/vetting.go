package award

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/rule"
)

// The facts a vetting may ask. There are no others: nothing about illness, income, family or conduct.
const (
	FactBirth     = "birth"     // of a person
	FactSince     = "since"     // lives or works here since, or operates since, as the materials showed
	FactCodeValid = "codeValid" // of a unit: its code is one, and its registration stands
	FactSerious   = "serious"   // records: lists of serious breach of trust in force
	FactPenalties = "penalties" // records: general and serious penalties of the last two years, not repaired
	FactBreaches  = "breaches"  // records: promises and contracts that were broken
	FactAbnormal  = "abnormal"  // records: lists of abnormal operation
)

// FromRecords are the facts that come from the credit file.
var FromRecords = []string{FactCodeValid, FactSerious, FactPenalties, FactBreaches, FactAbnormal}

var facts = []rule.Fact{
	{Name: rule.Today, Type: rule.Day}, {Name: FactBirth, Type: rule.Day}, {Name: FactSince, Type: rule.Day}, {Name: FactCodeValid, Type: rule.Bool},
	{Name: FactSerious, Type: rule.List}, {Name: FactPenalties, Type: rule.List}, {Name: FactBreaches, Type: rule.List}, {Name: FactAbnormal, Type: rule.List},
}

// A Condition is a clause of the vetting, in words.
type Condition struct {
	ID           string       `bson:"id" json:"id" validate:"required,max=60"`
	Expr         string       `bson:"expr" json:"expr" validate:"required,max=500"`
	Source       string       `bson:"source,omitempty" json:"source,omitempty" validate:"max=500"`
	From         string       `bson:"from,omitempty" json:"from,omitempty" validate:"max=500"`
	Basis        string       `bson:"basis" json:"basis" validate:"required,max=200"`
	ChangeableBy string       `bson:"changeableBy" json:"changeableBy" validate:"required,oneof=subject department time nobody"`
	Label        models.Words `bson:"label" json:"label" personal:"false"`
	Remedy       models.Words `bson:"remedy" json:"remedy" personal:"false"`
}

const vettingBasis = "docs/sources.md#award-vetting"

// none is a condition that a list of records is empty; the first of them is what was looked at.
func none(id, fact string, label, remedy models.Words) Condition {
	return Condition{
		ID: id, Expr: "size(" + fact + ") == 0", Source: "size(" + fact + ") == 0 ? '' : " + fact + "[0]", Basis: vettingBasis,
		ChangeableBy: models.ByDepartment, Label: label, Remedy: remedy,
	}
}

// PersonVetting and UnitVetting are what the product comes with.
//
// Source: docs/sources.md#award-vetting.
var (
	PersonVetting = []Condition{
		{ID: "award.adult", Expr: "addMonths(birth, 216) <= today", From: "addMonths(birth, 216)", Basis: "docs/sources.md#award-eligible",
			ChangeableBy: models.ByTime,
			Label:        models.Words{ZH: "年满18周岁", EN: "Of full age"}, Remedy: models.Words{ZH: "年满18周岁后可以参评", EN: "From the age of 18"}},
		{ID: "award.here", Expr: "addMonths(since, 12) <= today", From: "addMonths(since, 12)", Basis: vettingBasis, ChangeableBy: models.ByTime,
			Label: models.Words{ZH: "在本地居住或工作满一年", EN: "Lives or works here for a year"}, Remedy: models.Words{ZH: "满一年后可以参评", EN: "After a year here"}},
		none("award.no_serious", FactSerious, models.Words{ZH: "没有有效的严重失信名单", EN: "On no list of serious breach of trust in force"}, models.Words{ZH: "移出名单后可以参评", EN: "Once you are off the list"}),
		none("award.no_breach", FactBreaches, models.Words{ZH: "没有未履行的承诺", EN: "No promise left unkept"}, models.Words{ZH: "履行承诺并更正记录后可以参评", EN: "Keep the promise and have the record put right"}),
	}
	UnitVetting = []Condition{
		{ID: "award.operating", Expr: "addMonths(since, 36) <= today", From: "addMonths(since, 36)", Basis: vettingBasis,
			ChangeableBy: models.ByTime,
			Label:        models.Words{ZH: "经营满三年", EN: "Operates for three years"}, Remedy: models.Words{ZH: "满三年后可以参评", EN: "After three years"}},
		{ID: "award.code", Expr: "codeValid", Basis: vettingBasis, ChangeableBy: models.BySubject,
			Label: models.Words{ZH: "统一社会信用代码有效，登记存续", EN: "The code is valid and the registration stands"}, Remedy: models.Words{ZH: "请到登记机关核对", EN: "Ask the registrar"}},
		none("award.no_serious", FactSerious, models.Words{ZH: "没有有效的严重失信名单", EN: "On no list of serious breach of trust in force"}, models.Words{ZH: "移出名单后可以参评", EN: "Once it is off the list"}),
		none("award.no_penalty", FactPenalties, models.Words{ZH: "两年内没有未修复的一般或严重失信处罚", EN: "No general or serious penalty of two years left unrepaired"}, models.Words{ZH: "完成信用修复后可以参评", EN: "Have it repaired"}),
		none("award.not_abnormal", FactAbnormal, models.Words{ZH: "没有列入经营异常名录", EN: "On no list of abnormal operation"}, models.Words{ZH: "移出名录后可以参评", EN: "Once it is off the list"}),
		none("award.no_breach", FactBreaches, models.Words{ZH: "没有违背的承诺和合同", EN: "No promise and no contract broken"}, models.Words{ZH: "履行并更正记录后可以参评", EN: "Perform it and have the record put right"}),
	}
)

// Rule is the programme's vetting as a rule. Its version is the year.
func (p *Programme) Rule() rule.Rule {
	r := rule.Rule{ID: "award.vetting." + p.ID, Version: max(p.Year, 1), Facts: facts}
	for _, c := range p.Vetting {
		r.Clauses = append(r.Clauses, rule.Clause{ID: c.ID, Expr: c.Expr, Source: c.Source, From: c.From, Basis: c.Basis,
			ChangeableBy: c.ChangeableBy})
	}
	return r
}

func (p *Programme) compiles() error {
	_, err := rule.Compile(p.Rule())
	return err
}

// Words are a clause's label and remedy, empty for a clause that is not the programme's.
func (p *Programme) Words(clause string) (label, remedy models.Words) {
	for _, c := range p.Vetting {
		if c.ID == clause {
			return c.Label, c.Remedy
		}
	}
	return label, remedy
}

// Known is what was found about a nominee.
type Known struct {
	Birth     models.Day
	Founded   models.Day // of a unit, as its registration says; "" not known
	CodeValid bool
	Lists     map[string][]string // by fact, "<id>@<version>"
	Hits      []Hit               // every record that speaks against it, whether a clause asks for it or not
	Looked    []rule.Cited        // every record that was read and used
}

// Facts are what the vetting rule is asked about a nominee on a day.
func (n *Nomination) Facts(k Known, today models.Day) map[string]any {
	all := map[string]any{rule.Today: today}
	for _, f := range []string{FactSerious, FactPenalties, FactBreaches, FactAbnormal} {
		list := k.Lists[f]
		if list == nil {
			list = []string{}
		}
		all[f] = list
	}
	if n.Since != "" {
		all[FactSince] = n.Since
	}
	if n.Kind == Unit {
		all[FactCodeValid] = k.CodeValid
		if k.Founded != "" {
			all[FactSince] = k.Founded
		}
	} else if k.Birth != "" {
		all[FactBirth] = k.Birth
	}
	return all
}

// A HitAnswer is what a nominee says of a hit.
type HitAnswer string

// The answers.
const (
	HitWrong    HitAnswer = "WRONG"    // an objection about the record was made
	HitRepaired HitAnswer = "REPAIRED" // a repair was asked for, or made: it waits
	HitTrue     HitAnswer = "TRUE"
)

// Enum are all of them.
func (HitAnswer) Enum() []any { return models.Enum(HitWrong, HitRepaired, HitTrue) }

// A Hit is a record that speaks against a nominee, as it is shown to it.
type Hit struct {
	ID     string     `bson:"id"` // of the record
	No     int        `bson:"no"` // its version
	Item   string     `bson:"item"`
	Unit   string     `bson:"unit"` // that reported it
	On     models.Day `bson:"on"`
	Stops  bool       `bson:"stops"` // a clause fails on it
	Answer HitAnswer  `bson:"answer,omitempty"`
	Case   string     `bson:"case,omitempty"` // of the objection or the repair
	Note   string     `bson:"note,omitempty"`
}

// A Vetting is what the records came to.
type Vetting struct {
	Decision string          `bson:"decision"` // the decision as a document, with the rule, the facts and the records used
	Outcome  string          `bson:"outcome"`
	Clauses  []models.Clause `bson:"clauses"`
	Hits     []Hit           `bson:"hits,omitempty"`
	At       time.Time       `bson:"at"`
}

// Stops says whether somebody fails.
func (v *Vetting) Stops() bool { return v.Outcome != models.Pass }

// keepAnswers takes what was said of the same version of a record over.
func (v *Vetting) keepAnswers(before *Vetting) {
	if before == nil {
		return
	}
	for i := range v.Hits {
		for _, h := range before.Hits {
			if h.ID == v.Hits[i].ID {
				v.Hits[i].Answer, v.Hits[i].Case, v.Hits[i].Note = h.Answer, h.Case, h.Note
			}
		}
	}
}

// Vet takes what the records came to: on to the departments when they stop nobody; else the nominee is shown each hit and may
// answer. In the decision the same happens without a step back. It says whether anything changed. Errors: InvalidTransition.
func (n *Nomination) Vet(v Vetting, t Terms, now time.Time) (bool, error) {
	if n.State != InVetting && n.State != InDecision {
		return false, nil
	}
	if n.Vetting != nil && !n.Stale && n.Vetting.Decision == v.Decision && n.Vetting.Outcome == v.Outcome {
		return false, nil
	}
	v.keepAnswers(n.Vetting)
	first := n.Vetting == nil || n.State == InDecision && !n.Vetting.Stops()
	n.Vetting, n.Stale = &v, false
	switch {
	case v.Stops() && first:
		n.due(models.DayOf(now).AddWorking(t.HitDays))
		n.publish(EventHit, models.Clockwork, now)
	case v.Stops():
	case n.State == InDecision:
		n.Until, n.WakeAt = "", n.Decide.WakeAt()
	default:
		return true, n.ask(t, now)
	}
	return true, nil
}

// A HitWord is what a nominee says of a hit.
type HitWord struct {
	Hit        string
	Answer     HitAnswer
	Case, Note string
}

// AnswerHit is the nominee's word on a hit: wrong, with the objection; repaired, with the case or a note; or true. Errors: NotFound;
// InvalidTransition; Invalid "award.hit_answer", "award.hit_case".
func (n *Nomination) AnswerHit(w HitWord, t Terms, by models.Actor, now time.Time) error {
	if !n.Mine(by) || n.Vetting == nil {
		return models.E(models.NotFound, "not_found")
	}
	i := slices.IndexFunc(n.Vetting.Hits, func(h Hit) bool { return h.ID == w.Hit })
	switch {
	case i < 0:
		return models.E(models.NotFound, "not_found")
	case n.State != InVetting && n.State != InDecision:
		return models.Refused(n.Life, moves[n.State], "award.state")
	case w.Answer != HitWrong && w.Answer != HitRepaired && w.Answer != HitTrue:
		return models.Bad("/answer", "oneof", "award.hit_answer")
	case w.Answer == HitWrong && w.Case == "":
		return models.Bad("/case", "required", "award.hit_case")
	}
	h := &n.Vetting.Hits[i]
	h.Answer, h.Case, h.Note = w.Answer, w.Case, w.Note
	if n.waits() && !n.Held && n.Until != "" { // the objection and the repair have their own days
		n.Held = true
		n.due(n.Until.AddWorking(t.HoldDays))
	}
	return nil
}

// waits says that every hit that stops the nominee is answered by an objection or a repair.
func (n *Nomination) waits() bool {
	if n.Vetting == nil {
		return false
	}
	for _, h := range n.Vetting.Hits {
		if h.Stops && h.Answer != HitWrong && h.Answer != HitRepaired {
			return false
		}
	}
	return true
}
