package flow_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/flow"
)

const village = models.Region("430181108240")

var (
	now = models.Day("2026-04-24").Clock(9, 0) // a Friday; 1 to 5 May are holidays, 9 May is worked
	two = flow.Flow{ID: "f", No: 3, Steps: []flow.Step{
		{Code: "town", Words: models.Words{ZH: "初评", EN: "town"}, Roles: []models.Role{models.TownStaff}, Level: 9, Rule: flow.Any, Days: 5, Escalate: 6},
		{Code: "county", Words: models.Words{ZH: "复核", EN: "county"}, Roles: []models.Role{models.CreditOffice}, Level: 6, Rule: flow.Quorum, N: 2},
	}}
)

func town(who string) models.Actor {
	return models.Actor{Person: who, Role: models.TownStaff, Region: "430181108"}
}

func county(who string) models.Actor {
	return models.Actor{Person: who, Role: models.CreditOffice, Region: "430181"}
}

type word struct {
	by   models.Actor
	says flow.Verdict
	want flow.Outcome
	err  error
}

func TestCourse(t *testing.T) {
	yes, no, back, aside := flow.Approve, flow.Reject, flow.Revise, flow.Recuse
	other := models.Actor{Person: "x", Role: models.TownStaff, Region: "430181109"}
	city := models.Actor{Person: "x", Role: models.CreditOffice, Region: "4301"}
	for name, words := range map[string][]word{
		"through": {{town("t"), yes, flow.Passed, nil}, {county("a"), yes, flow.Waiting, nil}, {county("b"), yes, flow.Through, nil},
			{county("c"), yes, "", models.Conflict}},
		"refused at once":           {{town("t"), no, flow.Rejected, nil}, {town("u"), yes, "", models.Conflict}},
		"refused by a quorum":       {{town("t"), yes, flow.Passed, nil}, {county("a"), no, flow.Waiting, nil}, {county("b"), no, flow.Rejected, nil}},
		"who files does not check":  {{town("maker"), yes, "", models.Forbidden}},
		"another town's":            {{other, yes, "", models.Forbidden}},
		"not the city's step":       {{town("t"), yes, flow.Passed, nil}, {city, yes, "", models.Forbidden}},
		"not with another role":     {{county("a"), yes, "", models.Forbidden}},
		"nobody votes twice":        {{town("t"), yes, flow.Passed, nil}, {county("a"), yes, flow.Waiting, nil}, {county("a"), yes, "", models.Conflict}},
		"nobody in two steps":       {{town("a"), yes, flow.Passed, nil}, {county("a"), yes, "", models.Forbidden}},
		"who stood aside may later": {{town("a"), aside, flow.Waiting, nil}, {town("t"), yes, flow.Passed, nil}, {county("a"), yes, flow.Waiting, nil}},
		"sent back":                 {{town("t"), back, flow.Returned, nil}, {town("u"), yes, "", models.Conflict}},
		"nonsense":                  {{town("t"), "MAYBE", "", models.Invalid}},
	} {
		t.Run(name, func(t *testing.T) {
			c := flow.New(two, "maker", now)
			for i, w := range words {
				votes := len(c.Votes)
				got, err := c.Cast(w.says, "weil", village, w.by, now)
				if got != w.want || !errors.Is(err, w.err) {
					t.Fatalf("word %d: %q %v, want %q %v", i, got, err, w.want, w.err)
				}
				if w.err != nil && len(c.Votes) != votes {
					t.Error("a refused vote was kept")
				}
			}
		})
	}
	c := flow.New(two, "maker", now)
	if _, err := c.Cast(flow.Reject, "", village, town("t"), now); !errors.Is(err, models.Invalid) || len(c.Votes) != 0 {
		t.Errorf("a refusal without a reason: %v", err)
	}
}

func TestFiledAnew(t *testing.T) {
	c := flow.New(two, "maker", now)
	if err := c.File("maker", now); !errors.Is(err, models.Conflict) {
		t.Errorf("filed anew without being sent back: %v", err)
	}
	cast(t, &c, flow.Revise, town("t"), flow.Returned)
	if c.WakeAt() != nil {
		t.Error("what was sent back is nobody's to decide, and not late")
	}
	if err := c.File("second", now); err != nil {
		t.Fatal(err)
	}
	cast(t, &c, flow.Approve, town("t"), flow.Passed) // the same office looks again
	for _, who := range []string{"maker", "second"} {
		if err := c.May(village, county(who)); !errors.Is(err, models.Forbidden) {
			t.Errorf("%s filed it and may check: %v", who, err)
		}
	}
	if len(c.Votes) != 2 || c.Votes[0].Round != 1 || c.Votes[1].Round != 2 {
		t.Errorf("votes are only ever added: %+v", c.Votes)
	}
}

func cast(t *testing.T, c *flow.Course, v flow.Verdict, by models.Actor, want flow.Outcome) {
	t.Helper()
	if got, err := c.Cast(v, "n", village, by, now); err != nil || got != want {
		t.Fatalf("%s by %s: %q %v, want %q", v, by.Person, got, err, want)
	}
}

func TestNamed(t *testing.T) {
	step := func(r flow.Rule, n int) flow.Flow {
		return flow.Flow{ID: "f", No: 1, Steps: []flow.Step{{Code: "s", Words: models.Words{ZH: "s", EN: "s"}, Roles: []models.Role{models.CreditOffice}, Rule: r, N: n}}}
	}
	all := flow.New(step(flow.All, 0), "maker", now)
	if err := all.Name([]string{"a", "maker"}); !errors.Is(err, models.Invalid) {
		t.Errorf("the maker is named: %v", err)
	}
	if err := all.Name([]string{"a", "b", "c", "b"}); err != nil || len(all.Named) != 3 {
		t.Fatal(all.Named, err)
	}
	if err := all.May(village, county("d")); !errors.Is(err, models.Forbidden) {
		t.Errorf("not named: %v", err)
	}
	cast(t, &all, flow.Approve, county("a"), flow.Waiting)
	if err := all.Name([]string{"d"}); !errors.Is(err, models.Conflict) {
		t.Errorf("named anew after the first word: %v", err)
	}
	cast(t, &all, flow.Recuse, county("b"), flow.Waiting)
	cast(t, &all, flow.Approve, county("c"), flow.Through)

	q := flow.New(step(flow.Quorum, 2), "maker", now)
	if err := q.Name([]string{"a"}); !errors.Is(err, models.Invalid) {
		t.Errorf("fewer than must agree: %v", err)
	}
	if err := q.Name([]string{"a", "b", "c"}); err != nil {
		t.Fatal(err)
	}
	cast(t, &q, flow.Recuse, county("a"), flow.Waiting)
	if q.Stuck() {
		t.Error("two are left of two")
	}
	cast(t, &q, flow.Recuse, county("b"), flow.Waiting)
	if !q.Stuck() {
		t.Error("one is left of two")
	}
	if err := q.Replace([]string{"d"}); err != nil || q.Stuck() {
		t.Fatal(err)
	}
	cast(t, &q, flow.Approve, county("d"), flow.Waiting)
	cast(t, &q, flow.Reject, county("c"), flow.Rejected) // two can no longer agree

	aside := flow.New(step(flow.All, 0), "maker", now)
	if err := aside.Name([]string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	cast(t, &aside, flow.Recuse, county("a"), flow.Waiting)
	cast(t, &aside, flow.Recuse, county("b"), flow.Waiting) // nobody has agreed, so nothing passes
	if !aside.Stuck() {
		t.Error("nobody is left")
	}
}

func TestLate(t *testing.T) {
	c := flow.New(two, "maker", now)
	if c.Due != "2026-05-06" || !c.WakeAt().Equal(models.Day("2026-05-07").Start()) {
		t.Errorf("due %s, wakes %v: five working days over the holidays", c.Due, c.WakeAt())
	}
	if c.Wake(models.Day("2026-05-06").End()) {
		t.Error("late on its last day")
	}
	if later := models.Day("2026-05-09").Start(); !c.Wake(later) || !c.Late || c.Wake(later) || c.WakeAt() != nil {
		t.Error("late once, the day after")
	}
	cast(t, &c, flow.Approve, town("t"), flow.Passed)
	if c.Late || c.Due != "" {
		t.Error("the next step has no day of its own")
	}
}

// Whatever is said, by whomever: a course ends at most once, each step is passed by people who did not file the case and did not
// vote before, and no vote is ever lost.
func TestAnyCourse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := flow.New(two, "p0", now)
		var passed int
		for range rapid.IntRange(1, 30).Draw(t, "words") {
			who := rapid.SampledFrom([]string{"p0", "p1", "p2", "p3", "p4"}).Draw(t, "who")
			by := town(who)
			if rapid.Bool().Draw(t, "county") {
				by = county(who)
			}
			before, ended := len(c.Votes), c.Ended
			out, err := c.Cast(rapid.SampledFrom([]flow.Verdict{flow.Approve, flow.Reject, flow.Revise, flow.Recuse}).Draw(t, "v"), "n", village, by, now)
			switch {
			case err == nil && ended:
				t.Fatal("a vote after the end")
			case err == nil && len(c.Votes) != before+1, err != nil && len(c.Votes) != before:
				t.Fatal("a vote was lost or made")
			case err == nil && c.Votes[before].By.Person == "p0":
				t.Fatal("the maker voted")
			}
			if out == flow.Passed || out == flow.Through {
				passed++
			}
			if c.Back && rapid.Bool().Draw(t, "file") {
				if err := c.File("p0", now); err != nil {
					t.Fatal(err)
				}
			}
		}
		steps := map[string]map[string]bool{}
		for _, v := range c.Votes {
			if v.Verdict == flow.Recuse {
				continue
			}
			if steps[v.By.Person] == nil {
				steps[v.By.Person] = map[string]bool{}
			}
			steps[v.By.Person][v.Step] = true
		}
		for who, in := range steps {
			if len(in) > 1 {
				t.Fatalf("%s decided in %v", who, in)
			}
		}
		if passed > len(c.Steps) {
			t.Fatalf("%d steps passed of %d", passed, len(c.Steps))
		}
	})
}

func TestCheck(t *testing.T) {
	if err := two.Check(""); err != nil {
		t.Fatal(err)
	}
	bad := flow.Flow{Steps: []flow.Step{{Code: "a", Rule: flow.Quorum}, {Code: "a", Words: models.Words{ZH: "x", EN: "x"}, Roles: []models.Role{models.TownStaff}, Rule: "SOME", Days: -1}}}
	var e *models.Error
	if err := bad.Check("/flow"); !errors.As(err, &e) || len(e.Fields) != 7 || e.Fields[0].Pointer != "/flow/steps/0/zh" {
		t.Errorf("%+v", e)
	}
}
