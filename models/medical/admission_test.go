package medical

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/rule"
)

// plainly says in Go what the admission rule says.
func plainly(who Applicant, s *Scheme, signed []Consent, today models.Day) []models.Clause {
	fails := func(c *models.Clause, when bool) bool {
		c.Outcome = models.Pass
		if when {
			c.Outcome = models.Fail
		}
		return when
	}
	level := models.Clause{ID: "medical.clause_identity", Observed: strconv.Itoa(who.Level), Required: strconv.Itoa(s.MinLevel), ChangeableBy: models.BySubject}
	fails(&level, who.Level < s.MinLevel)
	adult := models.Clause{ID: "medical.clause_adult", Outcome: models.Unknown, Required: "18", ChangeableBy: models.ByTime}
	if who.Birth != "" {
		if from := who.Birth.AddMonths(216); fails(&adult, from > today) {
			adult.From = &from
		}
	}
	clauses := []models.Clause{level, adult}
	for _, t := range s.Consents {
		c := models.Clause{ID: "medical.clause_consent_" + t.ID, Required: t.Version, ChangeableBy: models.BySubject}
		fails(&c, !slices.ContainsFunc(signed, func(d Consent) bool { return d.ID == t.ID }))
		clauses = append(clauses, c)
	}
	open := models.Clause{ID: "medical.clause_no_open_default", ChangeableBy: models.BySubject}
	if fails(&open, len(who.OpenDefaults) > 0) {
		open.Observed, open.Source = strconv.Itoa(len(who.OpenDefaults)), who.OpenDefaults[0]
	}
	cool := models.Clause{ID: "medical.clause_cooling_over", ChangeableBy: models.ByTime}
	if fails(&cool, who.CoolingUntil >= today) {
		from := who.CoolingUntil.Add(1)
		cool.From = &from
	}
	list := models.Clause{ID: "medical.clause_not_restricted", ChangeableBy: models.ByDepartment, Source: who.Restricted}
	fails(&list, who.Restricted != "")
	return append(clauses, open, cool, list)
}

func TestAdmissionSaysWhatGoSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		near := func(name string, base models.Day) models.Day {
			if rapid.IntRange(0, 4).Draw(t, name+" unknown") == 0 {
				return ""
			}
			return base.Add(rapid.IntRange(-2, 2).Draw(t, name))
		}
		s, today := newScheme(), models.DayOf(noon)
		who := Applicant{
			Person: "mei", Level: rapid.IntRange(0, 3).Draw(t, "level"), Birth: near("birth", today.AddMonths(-216)), CoolingUntil: near("cooling", today),
			OpenDefaults: rapid.SliceOfN(rapid.SampledFrom([]string{"b1", "b2"}), 0, 3).Draw(t, "defaults"),
			Restricted:   rapid.SampledFrom([]string{"", "", "r1@2"}).Draw(t, "restricted"),
		}
		signed := slices.DeleteFunc(consents(), func(Consent) bool { return rapid.IntRange(0, 3).Draw(t, "without") == 0 })
		d, err := s.admits(who, signed, noon)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plainly(who, s, signed, today), d.Clauses); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDecidedIsEnoughToDecideAgain(t *testing.T) {
	who := applicant()
	who.Restricted, who.Looked = "r1@2", []rule.Cited{{Record: "r1", Version: 2}}
	sent := consents()
	slices.Reverse(sent)
	a, err := newScheme().Sign("a1", who, sent, mei, noon)
	want(t, err, models.Denied, "medical.not_admitted")
	r, err := a.Rule()
	must(t, err)
	program, err := rule.Compile(r)
	must(t, err)
	facts, err := rule.Facts([]byte(a.Decided.Facts))
	must(t, err)
	again, err := program.Eval(facts)
	must(t, err)
	if diff := cmp.Diff(again.Clauses, a.Decided.Clauses); diff != "" || again.Outcome != models.Fail || a.Decided.Outcome != models.Fail {
		t.Error(diff)
	}
	if len(a.Decided.Looked) != 1 || a.Decided.Engine != rule.Engine || a.Decided.Version != 1 {
		t.Errorf("%+v", a.Decided)
	}
	must(t, a.AskReview(mei, "", noon))
	must(t, a.Decide(clerk, true, newScheme(), noon))
	must(t, a.Close(mei, noon))
	if _, err := a.Rule(); err != nil {
		t.Error("what happens later changes what it was decided by")
	}
	a.Consents[0].Version = "9"
	if _, err := a.Rule(); models.CodeOf(err) != models.Internal {
		t.Error("another text is another rule")
	}
}

func TestWithholds(t *testing.T) {
	named := []string{"限制享受优惠政策", "享受财政资金支持"}
	for measures, want := range map[string]bool{
		"限制享受优惠政策": true, "限制从业；限制享受优惠政策；公开": true, "限制乘坐飞机": false, "": false,
	} {
		if Withholds(measures, named) != want {
			t.Error(measures)
		}
	}
	if Withholds("限制", []string{""}) {
		t.Error("no words name nothing")
	}
}
