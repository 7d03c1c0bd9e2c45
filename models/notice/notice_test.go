package notice_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/notice"
)

var (
	opened = models.Day("2026-04-24").Clock(9, 0) // a Friday; 1 to 5 May are holidays, 9 May is worked
	maker  = models.Actor{Person: "maker", Role: models.TownStaff, Region: "430181108"}
	judge  = models.Actor{Person: "judge", Role: models.TownStaff, Region: "430181108"}
	zhou   = models.Actor{Person: "zhou", Role: models.Resident}
)

func open(t *testing.T, terms notice.Terms) *notice.Notice {
	t.Helper()
	n, err := notice.New("n", notice.Draft{About: "farmer.household", Title: "公示", Region: "430181108240", Lines: []notice.Line{
		{Ref: "a", Person: "pa", Label: "罗**", Text: "AAA"}, {Ref: "b", Person: "pb", Label: "李**", Text: "A"}, {Ref: "c", Label: "王*", Text: "AA"}}}, terms, maker, opened)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func states(n *notice.Notice) (all []notice.LineState) {
	for _, l := range n.Lines {
		all = append(all, l.State)
	}
	return all
}

func kinds(n *notice.Notice) (all []string) {
	for _, e := range n.Outbox {
		all = append(all, e.Kind+"/"+e.Data["ref"])
	}
	n.Outbox = nil
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestClosesByItself(t *testing.T) {
	for name, tc := range map[string]struct {
		terms notice.Terms
		last  models.Day
	}{
		"seven natural days": {notice.Terms{Days: 7, Answer: 7}, "2026-05-01"},
		"five working days":  {notice.Terms{Days: 5, Working: true, Answer: 7}, "2026-05-06"},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, tc.terms)
			if n.Closes != tc.last {
				t.Fatalf("closes %s, want %s", n.Closes, tc.last)
			}
			must(t, n.Wake(tc.last.End()))
			if n.State != notice.Open {
				t.Error("its last day is a day of it")
			}
			kinds(n)
			must(t, n.Wake(tc.last.Add(1).Start()))
			if n.State != notice.Closed || !slices.Equal(states(n), []notice.LineState{"PASSED", "PASSED", "PASSED"}) || n.WakeAt != nil {
				t.Errorf("%s %v %v", n.State, states(n), n.WakeAt)
			}
			if got := kinds(n); !slices.Equal(got, []string{"notice.closed/"}) {
				t.Error(got)
			}
		})
	}
}

// An objection holds up its own line alone, also past the close, and its clock runs in working days.
func TestOnlyTheOneObjectedToWaits(t *testing.T) {
	n := open(t, notice.Terms{Days: 7, Answer: 7})
	must(t, n.Object("o1", "a", "他家去年欠租没还", zhou, opened.Add(time.Hour)))
	must(t, n.Object("o1", "a", "sent again", zhou, opened.Add(2*time.Hour)))
	must(t, n.Object("o2", "b", "不属实", zhou, opened.Add(time.Hour)))
	if len(n.Objections) != 2 || n.Objections[0].Due != "2026-05-08" {
		t.Fatalf("%d objections, due %s", len(n.Objections), n.Objections[0].Due)
	}
	must(t, n.Answer("o2", false, "已核实", judge, opened.Add(24*time.Hour)))
	if !slices.Equal(states(n), []notice.LineState{"OBJECTED", "SHOWN", "SHOWN"}) {
		t.Fatal(states(n))
	}
	must(t, n.Wake(models.Day("2026-05-02").Start()))
	if n.State != notice.Closed || !slices.Equal(states(n), []notice.LineState{"OBJECTED", "PASSED", "PASSED"}) {
		t.Fatalf("%s %v", n.State, states(n))
	}
	kinds(n)
	must(t, n.Wake(models.Day("2026-05-09").Start()))
	must(t, n.Wake(models.Day("2026-05-10").Start()))
	if got := kinds(n); !slices.Equal(got, []string{"notice.overdue/a"}) || n.WakeAt != nil {
		t.Errorf("%v %v", got, n.WakeAt)
	}
	must(t, n.Answer("o1", false, "查无此事", judge, models.Day("2026-05-10").Clock(10, 0)))
	if got := kinds(n); !slices.Equal(got, []string{"notice.answered/a", "notice.passed/a"}) {
		t.Error(got)
	}
	if n.Line("a").State != notice.Passed {
		t.Error(n.Line("a").State)
	}
}

func TestUpheld(t *testing.T) {
	n := open(t, notice.Terms{Days: 7, Answer: 7})
	must(t, n.Object("o1", "a", "欠租", zhou, opened))
	must(t, n.Object("o2", "a", "欠款", models.Actor{Person: "liu", Role: models.Resident}, opened))
	must(t, n.Answer("o1", true, "属实", judge, opened))
	must(t, n.Answer("o2", false, "另有原因", judge, opened))
	must(t, n.Wake(models.Day("2026-05-02").Start()))
	if n.Line("a").State != notice.Struck {
		t.Error("what was struck stays struck")
	}
	for _, e := range n.Outbox {
		if e.By.Person == "zhou" || e.Kind == notice.EventObjected.Name() && e.Data["by"] != "" {
			t.Errorf("%s says who objected", e.Kind)
		}
	}
}

func TestRefused(t *testing.T) {
	late := models.Day("2026-05-02").Clock(8, 0)
	for name, tc := range map[string]struct {
		do   func(*notice.Notice) error
		want error
	}{
		"no such line":    {func(n *notice.Notice) error { return n.Object("o", "x", "t", zhou, opened) }, models.NotFound},
		"after the close": {func(n *notice.Notice) error { return n.Object("o", "a", "t", zhou, late) }, models.Conflict},
		"about oneself": {func(n *notice.Notice) error {
			return n.Object("o", "a", "t", models.Actor{Person: "pa", Role: models.Resident}, opened)
		}, models.Forbidden},
		"once too often": {func(n *notice.Notice) error {
			return n.Object("o4", "a", "t", models.Actor{Person: "three", Role: models.Resident}, opened)
		}, models.Limited},
		"of one's own": {func(n *notice.Notice) error {
			return n.Answer("o1", true, "x", models.Actor{Person: "three", Role: models.TownStaff}, opened)
		}, models.Forbidden},
		"by whoever opened": {func(n *notice.Notice) error { return n.Answer("o1", true, "x", maker, opened) }, models.Forbidden},
		"nothing asked":     {func(n *notice.Notice) error { return n.Answer("o9", true, "x", judge, opened) }, models.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			n := open(t, notice.Terms{Days: 7, Answer: 7})
			for _, id := range []string{"o1", "o2", "o3"} {
				must(t, n.Object(id, "b", "t", models.Actor{Person: "three", Role: models.Resident}, opened))
			}
			before, told := states(n), len(n.Outbox)
			if err := tc.do(n); !errors.Is(err, tc.want) {
				t.Fatalf("%v, want %v", err, tc.want)
			}
			if !slices.Equal(states(n), before) || len(n.Outbox) != told {
				t.Error("a refused call changed the notice")
			}
		})
	}
	n := open(t, notice.Terms{Days: 7, Answer: 7})
	must(t, n.Object("o1", "a", "t", zhou, opened))
	must(t, n.Withdraw("错了", maker, opened))
	if err := n.Answer("o1", true, "x", judge, opened); !errors.Is(err, models.Conflict) || n.WakeAt != nil {
		t.Errorf("%v %v", err, n.WakeAt)
	}
	if _, err := notice.New("n", notice.Draft{}, notice.Terms{}, maker, opened); !errors.Is(err, models.Invalid) {
		t.Error(err)
	}
}
