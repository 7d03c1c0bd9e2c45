package benefit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xinyi/models"
	"xinyi/models/rule"
)

// The facts a rule about benefits may ask. There are no others: nothing about illness, income, family or conduct.
const (
	FactBirth      = "birth"
	FactLevel      = "level"
	FactRegion     = "region"
	FactBand       = "band" // 0 C, 1 B, 2 A, 3 AA
	FactHonour     = "honour"
	FactHonours    = "honours"
	FactMedical    = "medical"
	FactOnTime     = "onTime"
	FactRestricted = "restricted"
	FactBreaches   = "breaches" // open ones, with this provider's scene
)

// FromRecords are the facts that come from the credit file.
var FromRecords = []string{FactBand, FactHonour, FactHonours, FactRestricted}

// facts declares them.
var facts = []rule.Fact{
	{Name: rule.Today, Type: rule.Day}, {Name: FactBirth, Type: rule.Day}, {Name: FactLevel, Type: rule.Int}, {Name: FactRegion, Type: rule.String},
	{Name: FactBand, Type: rule.Int}, {Name: FactHonour, Type: rule.Int}, {Name: FactHonours, Type: rule.Int}, {Name: FactMedical, Type: rule.Bool},
	{Name: FactOnTime, Type: rule.Int}, {Name: FactRestricted, Type: rule.String}, {Name: FactBreaches, Type: rule.Int},
}

// Facts are what a rule may ask of a profile on a day. breaches is how many are open with the provider's scene. What is not known
// is left out: then a clause that asks it is unknown, and nobody is refused for it.
func (p *Profile) Facts(today models.Day, breaches int, pol Policy) map[string]any {
	level, count := p.honours(today, pol.HonourMonths)
	all := map[string]any{
		rule.Today: today, FactHonour: level, FactHonours: count, FactRestricted: p.Restricted, FactBreaches: breaches, FactBand: int(p.Band),
	}
	if p.Kind == models.Organisation {
		delete(all, FactBand)
		return all
	}
	all[FactLevel], all[FactMedical], all[FactOnTime] = p.Level, p.Standing.Agreement, p.Standing.OnTime
	if p.Birth != "" {
		all[FactBirth] = p.Birth
	}
	if p.Region != "" {
		all[FactRegion] = string(p.Region)
	}
	return all
}

// A NeedKind is what an offer asks of whoever wants it.
type NeedKind string

// The kinds of needs: a provider picks from these, and no programmer is needed. A Custom one is an expression of its own.
const (
	MinBand    NeedKind = "BAND"      // Text: the band at least
	MinAge     NeedKind = "MIN_AGE"   // Number: years
	MaxAge     NeedKind = "MAX_AGE"   // Number: years, the last one included
	Living     NeedKind = "REGION"    // Regions: in one of these
	RealName   NeedKind = "REAL_NAME" //
	Honoured   NeedKind = "HONOUR"    // Number: level at least, 1 town to 5 nation
	MedicalPay NeedKind = "MEDICAL"   // an agreement of credit medical care in force
	Punctual   NeedKind = "ON_TIME"   // Number: bills paid on time at least
	Custom     NeedKind = "CUSTOM"    // Text: an expression over the facts; Label, Remedy and Basis say it in words
)

// Enum are all of them.
func (NeedKind) Enum() []any {
	return models.Enum(MinBand, MinAge, MaxAge, Living, RealName, Honoured, MedicalPay, Punctual, Custom)
}

// Needs lists the kinds.
var Needs = []NeedKind{MinBand, MinAge, MaxAge, Living, RealName, Honoured, MedicalPay, Punctual, Custom}

// A Need is one thing an offer asks. Needs of one AnyOf are alternatives.
type Need struct {
	Kind    NeedKind        `bson:"kind"`
	Number  int             `bson:"number,omitempty"`
	Text    string          `bson:"text,omitempty"`
	Regions []models.Region `bson:"regions,omitempty"`
	AnyOf   string          `bson:"anyOf,omitempty"`

	Label        models.Words `bson:"label,omitempty"` // of a Custom one, as the three below
	Remedy       models.Words `bson:"remedy,omitempty"`
	Basis        string       `bson:"basis,omitempty"`
	ChangeableBy string       `bson:"changeableBy,omitempty"`
}

// The bounds of an offer's needs.
const (
	maxNeeds   = 12
	maxRegions = 40
	maxYears   = 120
	maxLabel   = 80
	maxRemedy  = 200
)

// clauseID names the i-th need's clause; its words are the texts of that name, up to a "-" when a kind comes more than once.
func (n Need) clauseID(i int) string {
	if n.Kind == Custom {
		return "custom." + strconv.Itoa(i)
	}
	return "benefit.clause_" + strings.ToLower(string(n.Kind))
}

const sourceOfNeeds = "docs/sources.md#benefit-needs"

// clause is a need as a clause. Errors: Invalid, with a field.
func (n Need) clause(i int) (rule.Clause, error) {
	c := rule.Clause{ID: n.clauseID(i), Basis: sourceOfNeeds, ChangeableBy: models.BySubject, AnyOf: n.AnyOf}
	number := strconv.Itoa(n.Number)
	bad := func(field, code string) (rule.Clause, error) {
		return c, &models.Error{Code: models.Invalid, Reason: "benefit.need_invalid", Fields: []models.Field{{Pointer: "/" + field, Code: code}}}
	}
	switch n.Kind {
	case MinBand:
		band, known := BandOf(n.Text)
		if !known || band == C { // C is everybody's: there is nothing to ask
			return bad("text", "benefit_band")
		}
		least := strconv.Itoa(int(band))
		c.Expr, c.Required = "band >= "+least, strconv.Quote(n.Text)
		c.Observed = "band == 3 ? 'AA' : band == 2 ? 'A' : band == 1 ? 'B' : 'C'"
		c.Fix = map[string]string{FactBand: least}
	case MinAge, MaxAge:
		if n.Number < 1 || n.Number > maxYears {
			return bad("number", "benefit_years")
		}
		c.Required, c.ChangeableBy = "'"+number+"'", models.ByTime
		c.Expr, c.From = fmt.Sprintf("addMonths(birth, %d) <= today", 12*n.Number), fmt.Sprintf("addMonths(birth, %d)", 12*n.Number)
		if n.Kind == MaxAge {
			c.Expr, c.From, c.ChangeableBy = fmt.Sprintf("today < addMonths(birth, %d)", 12*(n.Number+1)), "", models.ByNobody
		}
	case Living:
		if len(n.Regions) == 0 || len(n.Regions) > maxRegions {
			return bad("regions", "benefit_regions")
		}
		parts := make([]string, len(n.Regions))
		for j, r := range n.Regions {
			if r == "" {
				return bad("regions/"+strconv.Itoa(j), "required")
			}
			parts[j] = "region.startsWith(" + strconv.Quote(string(r)) + ")"
		}
		c.Expr, c.Observed, c.Required = strings.Join(parts, " || "), "region", strconv.Quote(join(n.Regions))
		c.Fix = map[string]string{FactRegion: strconv.Quote(string(n.Regions[0]))}
	case RealName:
		c.Expr, c.Observed, c.Required, c.Fix = "level >= 2", "string(level)", "'2'", map[string]string{FactLevel: "2"}
	case Honoured:
		if n.Number < 1 || n.Number > 5 {
			return bad("number", "benefit_honour")
		}
		c.Expr, c.Observed, c.Required = "honour >= "+number, "string(honour)", "'"+number+"'"
		c.Fix, c.ChangeableBy = map[string]string{FactHonour: number, FactHonours: "honours + 1"}, models.ByDepartment
	case MedicalPay:
		c.Expr, c.Fix = "medical", map[string]string{FactMedical: "true"}
	case Punctual:
		if n.Number < 1 || n.Number > 1000 {
			return bad("number", "benefit_count")
		}
		c.Expr, c.Observed, c.Required, c.Fix = "onTime >= "+number, "string(onTime)", "'"+number+"'", map[string]string{FactOnTime: number}
	case Custom:
		return n.custom(c, bad)
	default:
		return bad("kind", "oneof")
	}
	return c, nil
}

// custom is a clause in the provider's own words.
func (n Need) custom(c rule.Clause, bad func(string, string) (rule.Clause, error)) (rule.Clause, error) {
	words := append(n.Label.Check("/label", maxLabel), n.Remedy.Check("/remedy", maxRemedy)...)
	switch {
	case n.Text == "":
		return bad("text", "required")
	case len(words) > 0:
		return c, &models.Error{Code: models.Invalid, Reason: "benefit.need_invalid", Fields: words}
	case n.Basis == "" || len([]rune(n.Basis)) > 200:
		return bad("basis", "required")
	case !slices.Contains([]string{models.BySubject, models.ByDepartment, models.ByTime, models.ByNobody}, n.ChangeableBy):
		return bad("changeableBy", "oneof")
	}
	c.Expr, c.Basis, c.ChangeableBy = n.Text, n.Basis, n.ChangeableBy
	return c, nil
}

func join(regions []models.Region) string {
	all := make([]string, len(regions))
	for i, r := range regions {
		all[i] = string(r)
	}
	return strings.Join(all, " ")
}

// house are the conditions of every offer: full age of a person, no list that itself withholds preferential policies, and
// nothing of the provider's own scene kept back.
//
// Source: docs/sources.md#benefit-needs, docs/sources.md#red-line-3.
func house(kind models.SubjectKind) []rule.Clause {
	all := []rule.Clause{
		{ID: "benefit.clause_not_restricted", Expr: "restricted == ''", Source: "restricted", Basis: "docs/sources.md#red-line-3",
			ChangeableBy: models.ByDepartment, Fix: map[string]string{FactRestricted: "''"}},
		{ID: "benefit.clause_no_breach", Expr: "breaches == 0", Observed: "breaches == 0 ? '' : string(breaches)", Basis: sourceOfNeeds,
			ChangeableBy: models.BySubject, Fix: map[string]string{FactBreaches: "0"}},
	}
	if kind == models.Organisation {
		return all
	}
	return append([]rule.Clause{{ID: "benefit.clause_adult", Expr: "addMonths(birth, 216) <= today", Required: "'18'",
		From:  "addMonths(birth, 216)",
		Basis: sourceOfNeeds, ChangeableBy: models.ByTime}}, all...)
}

// RuleOf is the rule of an offer's version. Errors: Invalid "benefit.terms_invalid", a field for every fault.
func RuleOf(offer string, version int, kind models.SubjectKind, needs []Need) (rule.Rule, error) {
	r := rule.Rule{ID: "offer." + offer, Version: version, Facts: facts, Clauses: house(kind)}
	var faults []models.Field
	if len(needs) > maxNeeds {
		faults = append(faults, models.Field{Pointer: "/needs", Code: "max", Args: map[string]string{"param": strconv.Itoa(maxNeeds)}})
	}
	seen := map[string]bool{}
	for i, n := range needs {
		at := fmt.Sprintf("/needs/%d", i)
		c, err := n.clause(i)
		for _, f := range models.FieldsOf(err) {
			f.Pointer = at + f.Pointer
			faults = append(faults, f)
		}
		if seen[c.ID] {
			c.ID += "-" + strconv.Itoa(i)
		}
		seen[c.ID] = true
		r.Clauses = append(r.Clauses, c)
	}
	if len(faults) > 0 {
		return r, &models.Error{Code: models.Invalid, Reason: "benefit.terms_invalid", Fields: faults}
	}
	return r, nil
}
