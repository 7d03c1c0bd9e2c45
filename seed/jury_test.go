package seed

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/jury"
	"xinyi/models/practice"
	"xinyi/models/score"
	"xinyi/models/village"
)

// A juried case is one of a capability that has its cases scored by a jury.
type juried struct {
	panel  func() *jury.Panel
	told   func() []models.Event
	marks  map[string]score.Points // a sheet it takes
	tied   []string                // who may never sit
	give   func(s jury.Sheet, by models.Actor) error
	recuse func(by models.Actor) error
	again  func() error
	given  func() []jury.Mark // what statistics and views read
}

// awardCase has ten experts, of whom one works where the nominee does and one nominated it.
func awardCase(t *testing.T) juried {
	t.Helper()
	p := &award.Programme{Seed: models.NewSecret("seed"), Region: "4301"}
	p.State, p.Criteria, p.Terms = award.Reviewing, award.PersonCriteria, award.StandardTerms
	for i := range 20 {
		p.Experts = append(p.Experts, award.Expert{Person: fmt.Sprint("p", i), Unit: fmt.Sprint("unit", i)})
	}
	n := &award.Nomination{Unit: "unit0", Place: "4301", Nominators: []award.Nominator{{By: models.Actor{Person: "p1"}}}}
	n.ID, n.State, n.Jury.Round = "n", award.InScoring, 1
	n.Draw(p, noon)
	marks := map[string]score.Points{}
	for _, c := range p.Criteria {
		marks[c.Code] = 777
	}
	return juried{
		panel: func() *jury.Panel { return &n.Jury }, told: func() []models.Event { return n.Outbox }, marks: marks, tied: []string{"p0", "p1"},
		give:   func(s jury.Sheet, by models.Actor) error { return n.Score(s, p, by, noon) },
		recuse: func(by models.Actor) error { return n.Recuse(jury.Kin, "", p, by, noon) },
		again: func() error {
			if err := n.Rescore("两位专家偏高", p, models.Actor{Person: "o", Role: models.CreditOffice, Region: "4301"}, noon); err != nil {
				return err
			}
			n.Draw(p, noon)
			return nil
		},
		given: n.Given,
	}
}

// practiceCase is the same of a practice: one expert is of its unit, one wrote it.
func practiceCase(t *testing.T) juried {
	t.Helper()
	office := models.Actor{Person: "o", Role: models.CreditOffice, Org: "city", Region: "4301"}
	call := practice.Call{Year: noon.Year(), Closes: models.DayOf(noon), Seats: []practice.Seats{{Class: practice.Governance, N: 1}}}
	for i := range 20 {
		call.Pool = append(call.Pool, practice.Expert{Person: fmt.Sprint("p", i), Unit: fmt.Sprint("unit", i)})
	}
	r, err := call.Round("r", "seed", practice.Standard, office, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Wake(*r.WakeAt); err != nil {
		t.Fatal(err)
	}
	c := &practice.Case{Content: practice.Content{Class: practice.Governance}, Unit: "unit0", Person: "p1", Region: "430181"}
	c.ID, c.State = "c", practice.Accepted
	if !c.Seat(r, noon) {
		t.Fatal("the case is not seated")
	}
	marks := map[string]score.Points{}
	for _, k := range r.Criteria {
		marks[k.Code] = 777
	}
	return juried{
		panel: func() *jury.Panel { return &c.Entry.Jury }, told: func() []models.Event { return c.Outbox }, marks: marks, tied: []string{"p0", "p1"},
		give:   func(s jury.Sheet, by models.Actor) error { return c.Score(s, r, by, noon) },
		recuse: func(by models.Actor) error { return c.Recuse(jury.Kin, "", by, noon) },
		again:  func() error { return c.Redraw("分数可疑", r, office, noon) },
		given:  func() []jury.Mark { return practice.Marks([]*practice.Case{c}) },
	}
}

// Every capability that draws a jury goes by the same rules: who is tied is not drawn, who stood aside never scores, nobody sees a mark
// before all are in, and a case that is scored again is scored by others.
func TestJuries(t *testing.T) {
	for name, make := range map[string]func(*testing.T) juried{"award": awardCase, "practice": practiceCase} {
		t.Run(name, func(t *testing.T) {
			j := make(t)
			sat := sitting(t, j)
			as := func(person string) models.Actor { return models.Actor{Person: person, Role: models.Resident} }
			whole := jury.Sheet{Marks: j.marks, Note: "7777"}
			if err := j.recuse(as(sat[0])); err != nil {
				t.Fatal(err)
			}
			if err := j.give(whole, as(sat[0])); !errors.Is(err, models.Conflict) {
				t.Errorf("who stood aside scores: %v", err)
			}
			if err := j.give(whole, models.Actor{Person: sat[1], Agent: "somebody"}); !errors.Is(err, models.NotFound) {
				t.Errorf("an agent scores: %v", err)
			}
			now := slices.DeleteFunc(sitting(t, j), func(p string) bool { return p == sat[0] })
			for _, person := range now {
				if len(j.given()) != 0 || len(j.panel().Sheets()) != 0 {
					t.Fatal("a mark is seen before all are in")
				}
				if err := j.give(whole, as(person)); err != nil {
					t.Fatal(err)
				}
			}
			if len(j.given()) != len(now) {
				t.Errorf("%d marks are open, of %d", len(j.given()), len(now))
			}
			if said := fmt.Sprintf("%+v %+v", j.told(), j.panel().Seats); strings.Contains(said, "777") {
				t.Errorf("events or a print of the seats say a mark: %s", said)
			}
			if err := j.again(); err != nil {
				t.Fatal(err)
			}
			sat = append(now, sat[0])
			for _, person := range sitting(t, j) {
				if slices.Contains(sat, person) {
					t.Errorf("%s scores the case twice", person)
				}
			}
		})
	}
}

// sitting are those of this round, of whom none is tied.
func sitting(t *testing.T, j juried) (all []string) {
	t.Helper()
	for _, s := range j.panel().Seats {
		if slices.Contains(j.tied, s.Person) {
			t.Errorf("%s is tied and sits", s.Person)
		}
		if s.Round == j.panel().Round {
			all = append(all, s.Person)
		}
	}
	if len(all) < 5 {
		t.Fatalf("only %v sit", all)
	}
	return all
}

// The second sheet of a village is sealed as well: until it is whole nobody sees of a sheet that is not her own, and nobody writes in both.
func TestSecondSheetIsSealed(t *testing.T) {
	schemes, err := VillageSchemes(noon)
	if err != nil {
		t.Fatal(err)
	}
	s := schemes[slices.IndexFunc(schemes, func(s *village.Scheme) bool { return s.Level == village.OfVillages })]
	e := &village.Entry{Scheme: s.ID, Level: village.OfVillages, Village: "430181108240", Blind: true}
	e.State = village.InReview
	as := func(person string) models.Actor {
		return models.Actor{Person: person, Role: models.TownStaff, Org: "town", Region: "430181108"}
	}
	for code, src := range s.Sources {
		if src.Kind == village.Manual {
			e.Evidence = append(e.Evidence, village.Evidence{ID: "x-" + code, About: code})
			e.First.Writes = append(e.First.Writes, village.Write{Op: code, Indicator: code, Value: 1, Evidence: []string{"x-" + code}, Wrote: noon, By: "first"})
		}
	}
	if _, err := e.Write(village.Sync{Second: true, Writes: nil, Skew: 0}, s, as("first"), noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("who wrote the first sheet writes the second: %v", err)
	}
	for i, w := range e.First.Writes {
		if got := e.Differ(s); got != nil || !e.Sealed(s) || !e.Hidden(s, as("second")) {
			t.Errorf("with %d of %d written: %v", i, len(e.First.Writes), got)
		}
		w.Value = 0
		if _, err := e.Write(village.Sync{Second: true, Writes: []village.Write{w}, Skew: 0}, s, as("second"), noon); err != nil {
			t.Fatal(err)
		}
	}
	if e.Sealed(s) || e.Hidden(s, as("second")) || len(e.Differ(s)) == 0 {
		t.Errorf("both are whole: %v", e.Differ(s))
	}
}
