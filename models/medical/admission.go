package medical

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/rule"
)

// AdmissionRule is the id of the rule by which an agreement is given or refused.
const AdmissionRule string = "medical.admission"

// Restricted is the fact of the admission rule that comes from the credit file: the entry that withholds the agreement.
const Restricted = "restricted"

// standingClauses are the last clauses of the rule, about conduct and lists: what only time or an office can change. The ones
// before a person can put right herself.
const standingClauses = 3

// Decided is what an agreement was decided upon, kept as it was: enough to decide it again.
type Decided struct {
	Rule    string          `bson:"rule"`
	Version int             `bson:"version"`
	Hash    string          `bson:"hash"` // of the rule
	Engine  string          `bson:"engine"`
	Facts   string          `bson:"facts"` // in the rule's canonical form
	Outcome string          `bson:"outcome"`
	Clauses []models.Clause `bson:"clauses"`
	Looked  []rule.Cited    `bson:"looked,omitempty"` // the records that were looked at
	At      time.Time       `bson:"at"`
}

// Admission is the rule for an agreement whose texts are given, one clause for each of them.
//
// Source: docs/sources.md#medical-agreement, docs/sources.md#red-line-3.
func Admission(texts []Consent) rule.Rule {
	const basis, list = "docs/sources.md#medical-agreement", "docs/sources.md#red-line-3"
	clauses := []rule.Clause{
		{ID: "medical.clause_identity", Expr: "level >= minLevel", Observed: "string(level)", Required: "string(minLevel)", Basis: basis, ChangeableBy: models.BySubject},
		{ID: "medical.clause_adult", Expr: "addMonths(birth, 216) <= today", Required: "'18'", From: "addMonths(birth, 216)", Basis: basis, ChangeableBy: models.ByTime},
	}
	for _, t := range texts {
		clauses = append(clauses, rule.Clause{
			ID: "medical.clause_consent_" + t.ID, Expr: strconv.Quote(t.ID) + " in consents", Required: strconv.Quote(t.Version),
			Basis: basis, ChangeableBy: models.BySubject,
		})
	}
	return rule.Rule{
		ID: AdmissionRule, Version: 1,
		Facts: []rule.Fact{
			{Name: "level", Type: rule.Int}, {Name: "minLevel", Type: rule.Int}, {Name: "birth", Type: rule.Day}, {Name: "today", Type: rule.Day},
			{Name: "consents", Type: rule.List}, {Name: "openDefaults", Type: rule.List}, {Name: "coolingUntil", Type: rule.Day},
			{Name: Restricted, Type: rule.String},
		},
		Clauses: append(clauses,
			rule.Clause{ID: "medical.clause_no_open_default", Expr: "size(openDefaults) == 0", Basis: basis, ChangeableBy: models.BySubject,
				Observed: "size(openDefaults) == 0 ? '' : string(size(openDefaults))", Source: "size(openDefaults) == 0 ? '' : openDefaults[0]"},
			rule.Clause{ID: "medical.clause_cooling_over", Expr: "coolingUntil < today", From: "addDays(coolingUntil, 1)", Basis: basis, ChangeableBy: models.ByTime},
			rule.Clause{ID: "medical.clause_not_restricted", Expr: "restricted == ''", Source: "restricted", Basis: list, ChangeableBy: models.ByDepartment},
		),
	}
}

// admissions are the compiled rules: one for each set of texts there is.
var admissions rule.Cache

// facts are what the rule asks of an applicant.
func (s *Scheme) facts(who Applicant, signed []Consent, today models.Day) map[string]any {
	ids := make([]string, len(signed))
	for i, c := range signed {
		ids[i] = c.ID
	}
	facts := map[string]any{
		"level": who.Level, "minLevel": s.MinLevel, "today": today, "consents": ids,
		"openDefaults": who.OpenDefaults[:min(len(who.OpenDefaults), rule.MaxList)], "coolingUntil": who.CoolingUntil, Restricted: who.Restricted,
	}
	if who.Birth != "" {
		facts["birth"] = who.Birth
	}
	return facts
}

// admits decides on an applicant.
func (s *Scheme) admits(who Applicant, signed []Consent, now time.Time) (*Decided, error) {
	texts := make([]Consent, len(s.Consents))
	for i, t := range s.Consents {
		texts[i] = Consent{ID: t.ID, Version: t.Version}
	}
	program, err := admissions.Program(Admission(texts))
	if err != nil {
		return nil, err
	}
	facts := s.facts(who, signed, models.DayOf(now))
	result, err := program.Eval(facts)
	if err != nil {
		return nil, err
	}
	raw, err := rule.Canonical(facts)
	if err != nil {
		return nil, err
	}
	return &Decided{
		Rule: AdmissionRule, Version: program.Rule().Version, Hash: program.Hash(), Engine: rule.Engine, Facts: string(raw),
		Outcome: result.Outcome, Clauses: result.Clauses, Looked: slices.Clone(who.Looked), At: now,
	}, nil
}

// own are the clauses the applicant can change herself or by growing up; standing are the others.
func (d *Decided) own() []models.Clause      { return d.Clauses[:len(d.Clauses)-standingClauses] }
func (d *Decided) standing() []models.Clause { return d.Clauses[len(d.Clauses)-standingClauses:] }

// Rule is the rule the agreement was decided by. Errors: Internal when the program knows that version no more.
func (a *Agreement) Rule() (rule.Rule, error) {
	r := Admission(a.Consents)
	if a.Decided == nil || r.Hash() != a.Decided.Hash {
		return r, models.E(models.Internal, "medical.rule_unknown")
	}
	return r, nil
}

// inOrder puts signed consents in the order of the scheme's texts, which is that of the rule's clauses.
func (s *Scheme) inOrder(signed []Consent) {
	at := func(c Consent) int {
		return slices.IndexFunc(s.Consents, func(t ConsentText) bool { return t.ID == c.ID })
	}
	slices.SortFunc(signed, func(a, b Consent) int { return at(a) - at(b) })
}

// Withholds says whether a record's measures, in its list's words, name one of those that withhold preferential policies, which
// an agreement is.
//
// Source: docs/sources.md#red-line-3.
func Withholds(measures string, named []string) bool {
	return slices.ContainsFunc(named, func(m string) bool { return m != "" && strings.Contains(measures, m) })
}
