package flows_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/identity"
	"xinyi/models/record"
	"xinyi/models/release"
	"xinyi/models/score"
	"xinyi/usecase"
)

var second = models.Actor{Person: "second", Role: models.TownStaff, Region: "430181108"}

// The birthdays of a head, a spouse and a grown child, and of somebody else.
const (
	elder, spouse, child, stranger = models.Day("1963-09-30"), models.Day("1966-01-01"), models.Day("1990-05-05"), models.Day("1971-07-07")
)

// person opens an account in a real name.
func (h *hamlet) person(t *testing.T, id string, birth models.Day) models.Actor {
	t.Helper()
	p := identity.NewPerson(id, models.NewSecret("199"+id), "zh", noon)
	n, err := models.ParseIDNumber(number(t, birth))
	must(t, err)
	must(t, p.Bind("某人", n, identity.Evidence{Method: "test", At: noon}, noon))
	must(t, h.Subjects.People.Insert(t.Context(), p))
	h.settles(t, time.Second)
	return models.Actor{Person: id, Role: models.Resident}
}

// writes gathers cells of a household: address, value, and so on.
func (h *hamlet) writes(t *testing.T, no string, by models.Actor, cells ...any) usecase.Collected {
	t.Helper()
	h.n++
	g := usecase.Gathered{Op: fmt.Sprint("op-", h.n), Village: hamletCode, No: no}
	for i := 0; i < len(cells); i += 2 {
		g.Edits = append(g.Edits, farmer.Edit{At: cells[i].(string), Value: cells[i+1], Wrote: h.clock.now()})
	}
	c, err := h.Collect(t.Context(), g, h.Policy, by)
	must(t, err)
	h.settles(t, time.Second)
	return c
}

// verifies has a file agreed to, with all that is restricted, and verified.
func (h *hamlet) verifies(t *testing.T, id string, head models.Actor) {
	t.Helper()
	forms, err := h.FormsAt(t.Context(), hamletCode)
	must(t, err)
	_, err = h.Files.Update(t.Context(), id, func(f *farmer.File) error {
		for _, text := range []string{farmer.TextFile, farmer.TextAdverse, farmer.TextWritten} {
			if err := f.Agree(farmer.Agreement{Text: text, Hash: "h", How: farmer.InApp}, head, noon); err != nil {
				return err
			}
		}
		f.Cells["income/cropsFen"] = farmer.Cell{Hidden: models.NewSecret("5000"), Origin: farmer.Collector}
		return errors.Join(f.Submit(forms, h.clerk, noon), f.Verify(second, noon))
	})
	must(t, err)
	h.settles(t, time.Second)
}

// family is a verified household of three with accounts and a score: its file, its head and the spouse.
func (h *hamlet) family(t *testing.T) (file string, head, wife models.Actor) {
	t.Helper()
	h.active(t)
	head, wife = h.person(t, "luo", elder), h.person(t, "zhou", spouse)
	c := h.writes(t, "101", h.clerk, "head/name", "罗德胜", "head/idNumber", number(t, elder), "members/m1/name", "周菊香", "members/m1/idNumber", number(t, spouse),
		"members/m2/name", "罗思远", "members/m2/idNumber", number(t, child), "land/contracted", int64(500))
	h.verifies(t, c.File.ID, head)
	return c.File.ID, head, wife
}

// active puts a model in force that looks at land and incomes.
func (h *hamlet) active(t *testing.T) {
	t.Helper()
	w := models.Words{ZH: "项", EN: "Item"}
	item := func(code, of string, restricted bool) score.Indicator {
		return score.Indicator{Code: code, Name: w, Source: w, Of: of, Max: 5000, Unknown: 2500, Restricted: restricted, Bands: []score.Band{{Least: bound(1000), Points: 5000}, {Least: bound(0)}}}
	}
	office := models.Actor{Person: "o1", Role: models.CreditOffice, Region: "4301"}
	m, err := farmer.NewModel(1, score.Set{
		Dimensions: []score.Dimension{{Code: "d", Name: w, Indicators: []score.Indicator{item("land", "land/contracted", false), item("net", farmer.FactNet, true)}}},
		Grades:     []score.Grade{{Name: "A", Least: 5000, Good: true}, {Name: "B", Least: 0}},
	}, office, noon)
	must(t, err)
	forms, err := h.FormsAt(t.Context(), hamletCode)
	must(t, err)
	must(t, m.Validate(forms, office, noon))
	m.State = release.InForce
	must(t, h.Models.Insert(t.Context(), m))
}

// evaluated starts the evaluation of a household, and lets the neighbours' days pass.
func (h *hamlet) evaluated(t *testing.T, file string, by models.Actor) *farmer.Evaluation {
	t.Helper()
	f, err := h.Files.Get(t.Context(), file)
	must(t, err)
	e, err := f.Evaluate("eval", f.Label(), h.Policy, by, h.clock.now())
	must(t, err)
	must(t, h.Evaluations.Insert(t.Context(), e))
	h.settles(t, 9*24*time.Hour)
	e, err = h.Evaluations.Get(t.Context(), "eval")
	must(t, err)
	if e.State != farmer.Scored || e.Result == nil || e.Facts[farmer.FactNet] != 5000 {
		t.Fatalf("%s %v", e.State, e.Facts)
	}
	return e
}

// changes has a change asked for and approved: what became of it.
func (h *hamlet) changes(t *testing.T, file string, c farmer.Change) *farmer.Change {
	t.Helper()
	asked := h.asked(t, file, c)
	_, err := h.Changes.Update(t.Context(), asked.ID, func(c *farmer.Change) error { return c.Approve("", second, h.clock.now()) })
	must(t, err)
	h.settles(t, time.Second)
	asked, err = h.Changes.Get(t.Context(), asked.ID)
	must(t, err)
	if asked.DoneAt == nil {
		t.Fatalf("not done: %+v", asked)
	}
	return asked
}

func (h *hamlet) asked(t *testing.T, file string, c farmer.Change) *farmer.Change {
	t.Helper()
	f, err := h.Files.Get(t.Context(), file)
	must(t, err)
	h.n++
	c.Reason = "变更"
	asked, err := farmer.Ask(fmt.Sprint("change-", h.n), f, c, h.clerk, h.clock.now())
	must(t, err)
	must(t, h.Changes.Insert(t.Context(), asked))
	return asked
}

// subject is somebody by the number.
func (h *hamlet) subject(t *testing.T, birth models.Day) models.Subject {
	t.Helper()
	n, err := models.ParseIDNumber(number(t, birth))
	must(t, err)
	return h.Subjects.Ref(n)
}

// seat is the household somebody is of, "" none.
func (h *hamlet) seat(t *testing.T, birth models.Day) string {
	t.Helper()
	s, err := h.Seats.Get(t.Context(), h.subject(t, birth).Ref)
	if errors.Is(err, models.NotFound) {
		return ""
	}
	must(t, err)
	return s.Household
}

// A new head agrees anew: what was restricted is nowhere any more, and the evaluation is about the new head.
func TestANewHead(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	file, head, wife := h.family(t)
	h.evaluated(t, file, head)
	waits := h.asked(t, file, farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("income/cropsFen", int64(9)), farmer.NewWant("land/contracted", int64(9))}})
	if c := h.changes(t, file, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}}); c.Failed != "" {
		t.Fatal(c.Failed)
	}
	f, err := h.Files.Get(t.Context(), file)
	must(t, err)
	if !f.Mine(wife.Person) || f.Open() || f.Cells["income/cropsFen"].Value() != nil || h.seat(t, elder) != file || h.seat(t, spouse) != file {
		t.Errorf("%s %v", f.Person, f.Cells)
	}
	e, err := h.Evaluations.Get(t.Context(), "eval")
	must(t, err)
	if _, known := e.Facts[farmer.FactNet]; known || e.Person != wife.Person || e.Label != "周**" || e.Result.Items[1].Value != nil || e.Result.Items[0].Value == nil {
		t.Errorf("%s %s %v %+v", e.Person, e.Label, e.Facts, e.Result.Items)
	}
	s, err := h.Scores.Get(t.Context(), file)
	must(t, err)
	if _, known := s.Facts[farmer.FactNet]; known || s.Open || s.Facts["land/contracted"] != 500 {
		t.Errorf("%v", s.Facts)
	}
	if waits, err = h.Changes.Get(t.Context(), waits.ID); err != nil || len(waits.Wants) != 1 || waits.Wants[0].At != "land/contracted" {
		t.Errorf("%v %v", waits.Wants, err)
	}
}

// Numbers that staff write, take out or have corrected say who is of a household, and who leads it.
func TestSeatsFollowNumbers(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	file, head, wife := h.family(t)
	h.evaluated(t, file, head)
	proven := &record.Record{Item: "YZSX", Subject: h.subject(t, spouse), Current: record.Version{Attributes: map[string]any{"YZ_MD": "1"}}}
	proven.ID, proven.State = "r", record.Active
	must(t, h.Records.Insert(t.Context(), proven))
	if c := h.changes(t, file, farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("members/m2/idNumber", number(t, stranger))}}); c.Failed != "" || h.seat(t, child) != "" || h.seat(t, stranger) != file {
		t.Errorf("corrected: %s, %q %q", c.Failed, h.seat(t, child), h.seat(t, stranger))
	}
	h.clock.move(time.Minute)
	h.writes(t, "101", h.clerk, "members/m2/~gone", true)
	if h.seat(t, stranger) != "" || h.seat(t, spouse) != file {
		t.Errorf("%q", h.seat(t, stranger))
	}
	h.writes(t, "101", h.clerk, "members/m1/~gone", true)
	h.writes(t, "101", h.clerk, "head/name", "周菊香", "head/idNumber", number(t, spouse))
	f, err := h.Files.Get(t.Context(), file)
	must(t, err)
	e, err := h.Evaluations.Get(t.Context(), "eval")
	must(t, err)
	if h.seat(t, elder) != "" || f.Person != wife.Person || e.Person != wife.Person || e.Label != "周**" {
		t.Errorf("%q %s %s %s", h.seat(t, elder), f.Person, e.Person, e.Label)
	}
	if s, err := h.Scores.Get(t.Context(), file); err != nil || len(s.Grounds) != 1 {
		t.Errorf("of the household the head's records count: %v %v", s, err)
	}
	_, err = h.Subjects.People.Update(t.Context(), "zhou", func(p *identity.Person) error { return p.Leave(wife, h.clock.now()) })
	must(t, err)
	h.settles(t, time.Second)
	f, err = h.Files.Get(t.Context(), file)
	must(t, err)
	if e, err = h.Evaluations.Get(t.Context(), "eval"); err != nil || f.Person != "" || e.Person != "" {
		t.Errorf("the account is closed: %q %q %v", f.Person, e.Person, err)
	}
	h.person(t, "zhou2", spouse)
	f, err = h.Files.Get(t.Context(), file)
	must(t, err)
	if e, err = h.Evaluations.Get(t.Context(), "eval"); err != nil || f.Person != "zhou2" || e.Person != "zhou2" {
		t.Errorf("another is opened: %q %q %v", f.Person, e.Person, err)
	}
}

// Nobody is of two households, whatever a change wants or an operation says.
func TestNobodyIsTakenAway(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	file, head, _ := h.family(t)
	other := h.writes(t, "102", h.clerk, "head/name", "某人", "head/idNumber", number(t, stranger)).File.ID
	c := h.changes(t, file, farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("members/m1/name", "某人"), farmer.NewWant("members/m1/idNumber", number(t, stranger))}})
	f, err := h.Files.Get(t.Context(), file)
	must(t, err)
	if c.Failed != "farmer.elsewhere" || f.Cells["members/m1/name"].Text() != "周菊香" || h.seat(t, stranger) != other {
		t.Errorf("%s %v", c.Failed, f.Cells)
	}
	free := models.Day("1980-08-08")
	c = h.changes(t, file, farmer.Change{Kind: farmer.Correct, Wants: []farmer.Want{farmer.NewWant("members/m1/idNumber", number(t, free)), farmer.NewWant("land/contracted", "viel")}})
	if c.Failed != "farmer.value" || h.seat(t, free) != "" {
		t.Errorf("%s seats %q", c.Failed, h.seat(t, free))
	}
	if c := h.writes(t, "101", head, "members/m1/idNumber", number(t, free)); c.Verdicts[0].Code != "farmer_number_staff" || h.seat(t, free) != "" {
		t.Errorf("%+v seats %q", c.Verdicts, h.seat(t, free))
	}
	engine := h.engine.(*counting)
	engine.stop = func() error { return errors.New("somebody is seated who may not be") }
	// Of another village: answered as a file that nobody has, and that no village is named for.
	if _, err := h.Collect(t.Context(), usecase.Gathered{Op: "x", Household: file, Edits: []farmer.Edit{{At: "members/m1/idNumber", Value: number(t, free), Wrote: noon}}}, h.Policy,
		models.Actor{Person: "eve", Role: models.VillageStaff, Region: "430181108210"}); !errors.Is(err, models.Invalid) || h.seat(t, free) != "" {
		t.Errorf("%v seats %q", err, h.seat(t, free))
	}
	engine.stop = nil
	late := usecase.Gathered{Op: "late", Household: other, Edits: []farmer.Edit{{At: "head/idNumber", Value: number(t, free), Wrote: noon.Add(-time.Hour)}}}
	got, err := h.Collect(t.Context(), late, h.Policy, second)
	must(t, err)
	if got.Verdicts[0].Outcome != farmer.Kept || h.seat(t, free) != "" || got.File.Seat != h.subject(t, stranger).Ref {
		t.Errorf("%+v seats %q", got.Verdicts, h.seat(t, free))
	}
}

// appeals has an appeal against a refusal go on.
func (h *hamlet) appeals(t *testing.T, e *farmer.Evaluation) {
	t.Helper()
	_, err := h.Evaluations.Update(t.Context(), e.ID, func(e *farmer.Evaluation) error {
		e.State, e.Moved, e.Slot = farmer.Appealed, models.Moved{Reason: string(farmer.Rejected), At: h.clock.now()}, ""
		return nil
	})
	must(t, err)
}

// upheld decides it for the household.
func (h *hamlet) upheld(t *testing.T, e *farmer.Evaluation) {
	t.Helper()
	_, err := h.Evaluations.Update(t.Context(), e.ID, func(e *farmer.Evaluation) error {
		return e.Decide(true, "属实", models.Actor{Person: "shire", Role: models.CreditOffice, Region: "430181"}, h.clock.now())
	})
	must(t, err)
	h.settles(t, time.Second)
}

// What begins anew after an appeal is about whoever leads the household by then.
func TestAppealAfterANewHead(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	file, head, wife := h.family(t)
	e := h.evaluated(t, file, head)
	h.appeals(t, e)
	h.changes(t, file, farmer.Change{Kind: farmer.NewHead, Rows: []string{"m1"}})
	h.upheld(t, e)
	if e, err := h.Evaluations.Get(t.Context(), e.ID); err != nil || e.State != farmer.Scored || e.Person != wife.Person || e.Label != "周**" {
		t.Errorf("%s %s %s %v", e.State, e.Person, e.Label, err)
	}
}

// A household that left is in no evaluation by name, and an appeal that goes on comes to nothing.
func TestLeftIsErased(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	file, head, _ := h.family(t)
	e := h.evaluated(t, file, head)
	h.appeals(t, e)
	_, err := h.Files.Update(t.Context(), file, func(f *farmer.File) error { return f.Leave("", head, h.clock.now()) })
	must(t, err)
	h.settles(t, time.Second)
	e, err = h.Evaluations.Get(t.Context(), e.ID)
	must(t, err)
	if e.State != farmer.Appealed || e.Person != "" || e.Label != "" || e.Facts != nil || e.Result != nil || h.seat(t, elder) != "" || h.seat(t, spouse) != "" {
		t.Errorf("%+v", e)
	}
	h.upheld(t, e)
	if e, err = h.Evaluations.Get(t.Context(), e.ID); err != nil || e.State != farmer.Withdrawn || e.Slot != "" {
		t.Errorf("%s %v", e.State, err)
	}
	if _, err := h.Scores.Get(t.Context(), file); !errors.Is(err, models.NotFound) {
		t.Errorf("a household that left has a score: %v", err)
	}
}

// What nobody has looked at does not count, in a score or in an evaluation; what is withdrawn is gone at once all the same.
func TestOnlyWhatIsVerifiedCounts(t *testing.T) {
	t.Parallel()
	h := hamlets(t)
	file, head, _ := h.family(t)
	h.writes(t, "101", head, "land/contracted", int64(90000))
	must(t, h.Score(t.Context(), file))
	s, err := h.Scores.Get(t.Context(), file)
	must(t, err)
	if s.Facts["land/contracted"] != 500 || s.Facts[farmer.FactNet] != 5000 {
		t.Errorf("%v", s.Facts)
	}
	forms, err := h.FormsAt(t.Context(), hamletCode)
	must(t, err)
	_, err = h.Files.Update(t.Context(), file, func(f *farmer.File) error { return f.Disagree(forms, head, h.clock.now()) })
	must(t, err)
	h.settles(t, time.Second)
	if s, err = h.Scores.Get(t.Context(), file); err != nil || s.Open || s.Facts["land/contracted"] != 500 || s.Facts[farmer.FactNet] != 0 {
		t.Errorf("%v %v", s.Facts, err)
	}
	c := h.writes(t, "103", h.clerk, "head/name", "某人", "head/idNumber", number(t, stranger), "land/contracted", int64(5))
	must(t, h.Score(t.Context(), c.File.ID))
	if _, err := h.Scores.Get(t.Context(), c.File.ID); !errors.Is(err, models.NotFound) {
		t.Errorf("a file that nobody verified has a score: %v", err)
	}
}
