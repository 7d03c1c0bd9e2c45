package practice

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/score"
)

var (
	noon   = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	writer = models.Actor{Person: "w", Role: models.TownStaff, Org: "town", Region: "430181108"}
	county = models.Actor{Person: "k", Role: models.CreditOffice, Org: "county", Region: "430181"}
	city   = models.Actor{Person: "c", Role: models.CreditOffice, Org: "city", Region: "4301"}
	other  = models.Actor{Person: "o", Role: models.DataOfficer, Org: "bureau", Region: "4301"}
	town   = Unit{"古港镇人民政府", writer}
)

func content() Content {
	return Content{
		Class: Governance, Title: "信用积分进村规", Summary: "把村规民约变成看得见的信用积分。", Problem: "村里的公共事务没有人愿意参加。",
		Done: "每季度公开积分，积分可以换服务。", Effect: "参加公共事务的农户多了一倍多。", Copy: "积分办法一页纸，照着就能办。",
		Figures: []Figure{{"参加公共事务的农户", 120, 310, "户"}},
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pool() (all []Expert) {
	for i := range 12 {
		all = append(all, Expert{Person: fmt.Sprint("p", i), Unit: fmt.Sprint("unit", i)})
	}
	all[0].Unit, all[1].Person = "town", "k"
	return all
}

func call() Call {
	return Call{Year: 2026, Closes: "2026-03-10", Seats: []Seats{{Governance, 1}, {Culture, 2}}, Pool: pool()}
}

func round(t *testing.T) *Round {
	t.Helper()
	r, err := call().Round("r1", "secret", Standard, city, noon)
	do(t, err)
	return r
}

// scoring is a round whose experts are drawn.
func scoring(t *testing.T) *Round {
	t.Helper()
	r := round(t)
	do(t, r.Wake(r.Closes.Add(1).Start()))
	if r.State != Scoring {
		t.Fatal(r.State)
	}
	return r
}

// in is a case in a state; an accepted one has a seat in a round.
func in(t *testing.T, s State) *Case {
	t.Helper()
	c, err := New("c1", content(), town, noon)
	do(t, err)
	if s == Draft {
		return c
	}
	do(t, c.File(Standard, writer, noon))
	switch s {
	case Review:
		return c
	case Revision:
		do(t, c.Review(flow.Revise, "请补充数据", county, noon))
		return c
	case Rejected:
		do(t, c.Review(flow.Reject, "不属于信用场景", county, noon))
		return c
	case Withdrawn:
		do(t, c.Withdraw("合并到另一个案例", writer, noon))
		return c
	}
	do(t, c.Review(flow.Approve, "", county, noon))
	do(t, c.Review(flow.Approve, "", city, noon))
	r := scoring(t)
	if !c.Seat(r, noon) {
		t.Fatal("no seat")
	}
	if s == Accepted {
		return c
	}
	r.Results = []Result{{Case: "c1", Chosen: true, Points: 9000, N: 5}}
	if changed, err := c.Ranked(r, noon); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if s == Published {
		if changed, err := c.Settle(r, Published, "", noon); !changed || err != nil {
			t.Fatal(changed, err)
		}
	}
	if c.State != s {
		t.Fatalf("%s, want %s", c.State, s)
	}
	return c
}

func full() jury.Sheet {
	s := jury.Sheet{Marks: map[string]score.Points{}}
	for _, k := range Standard.Criteria {
		s.Marks[k.Code] = k.Max
	}
	return s
}

// Every act in every state: what is refused changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	r := scoring(t)
	first := func(c *Case) models.Actor {
		if c.Entry != nil {
			return models.Actor{Person: c.Entry.Jury.Seats[0].Person, Role: models.Resident}
		}
		return models.Actor{Person: "p5", Role: models.Resident}
	}
	flag := func(changed bool, err error) error {
		if err == nil && !changed {
			return models.Refused(models.Life[State]{}, nil, "nothing")
		}
		return err
	}
	acts := []struct {
		name    string
		do      func(*Case) error
		allowed []State
	}{
		{"edit", func(c *Case) error { return c.Edit(content(), writer) }, []State{Draft, Revision}},
		{"attach", func(c *Case) error { return c.Attach(File{ID: "f"}, writer) }, []State{Draft, Revision}},
		{"file", func(c *Case) error { return c.File(Standard, writer, noon) }, []State{Draft, Revision}},
		{"look", func(c *Case) error { return c.Review(flow.Approve, "", county, noon) }, []State{Review}},
		{"withdraw", func(c *Case) error { return c.Withdraw("不再适用", writer, noon) }, []State{Draft, Review, Revision, Accepted, Proposed, Published}},
		{"adopt", func(c *Case) error { return c.Adopt(Unit{"市监局", other}, "在全市推行", noon) }, []State{Published}},
		{"score", func(c *Case) error { return c.Score(full(), r, first(c), noon) }, []State{Accepted}},
		{"recuse", func(c *Case) error { return c.Recuse(jury.Other, "同村", first(c), noon) }, []State{Accepted}},
		{"redraw", func(c *Case) error { return c.Redraw("分数可疑", r, city, noon) }, []State{Accepted}},
		{"rank", func(c *Case) error { return flag(c.Ranked(r, noon)) }, []State{Accepted}},
		{"settle", func(c *Case) error { return flag(c.Settle(r, Published, "", noon)) }, []State{Proposed}},
		{"strike", func(c *Case) error { return flag(c.Settle(r, Rejected, "异议属实", noon)) }, []State{Proposed}},
		{"release", func(c *Case) error { return flag(c.Release(r), nil) }, []State{Accepted}},
	}
	for _, s := range States {
		for _, act := range acts {
			t.Run(fmt.Sprintf("%s/%s", act.name, s), func(t *testing.T) {
				c, before := in(t, s), in(t, s)
				if act.name == "redraw" && s == Accepted { // five of ten sit, five are left
					if left := c.Entry.Jury.Left(c.Entry.Order); len(left) < 5 {
						t.Fatal(len(left))
					}
				}
				err := act.do(c)
				if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
					t.Fatalf("%v", err)
				}
				if err != nil && (!errors.Is(err, models.InvalidTransition) || cmp.Diff(before, c, cmp.AllowUnexported(models.Secret{})) != "") {
					t.Errorf("a refused act: %v\n%s", err, cmp.Diff(before, c, cmp.AllowUnexported(models.Secret{})))
				}
			})
		}
	}
}

func TestEveryRoundActInEveryState(t *testing.T) {
	at := func(s RoundState) *Round {
		r := round(t)
		if s == Open {
			return r
		}
		if s == Cancelled {
			do(t, r.Cancel("今年不评", city, noon))
			return r
		}
		r = scoring(t)
		if s == Scoring {
			return r
		}
		c := in(t, Accepted)
		for i := range c.Entry.Jury.Seats {
			do(t, c.Score(full(), r, models.Actor{Person: c.Entry.Jury.Seats[i].Person}, noon))
		}
		do(t, r.Rank([]*Case{c}, city, noon))
		if s == Done {
			r.Show("n")
			r.Finish(noon)
		}
		return r
	}
	acts := []struct {
		name    string
		do      func(*Round) error
		allowed []RoundState
	}{
		{"rank", func(r *Round) error { return r.Rank(nil, city, noon) }, []RoundState{Scoring}},
		{"cancel", func(r *Round) error { return r.Cancel("今年不评", city, noon) }, []RoundState{Open, Scoring}},
	}
	for _, s := range RoundStates {
		for _, act := range acts {
			r := at(s)
			if r.State != s {
				t.Fatalf("%s, want %s", r.State, s)
			}
			before := *r
			err := act.do(r)
			if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
				t.Errorf("%s in %s: %v", act.name, s, err)
			}
			if err != nil && (!errors.Is(err, models.InvalidTransition) || r.State != before.State || len(r.Outbox) != len(before.Outbox)) {
				t.Errorf("%s in %s: %v", act.name, s, err)
			}
		}
	}
}

// Sent back, filed anew, and both versions are kept; whoever filed, and whoever voted before, does not vote.
func TestReview(t *testing.T) {
	c := in(t, Review)
	if err := c.Review(flow.Approve, "", models.Actor{Person: "x", Role: models.CreditOffice, Region: "430182"}, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("another county: %v", err)
	}
	if err := c.Review(flow.Approve, "", city, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("the city before the county: %v", err)
	}
	do(t, c.Review(flow.Revise, "请写明数据来源", county, noon))
	more := content()
	more.Title = "信用积分进村规（二稿）"
	do(t, c.Edit(more, writer))
	do(t, c.File(Standard, writer, noon.Add(time.Hour)))
	if len(c.History) != 1 || c.History[0].Title != content().Title || c.Title != more.Title || c.Course.Round != 2 {
		t.Errorf("%+v", c.History)
	}
	do(t, c.Review(flow.Approve, "", county, noon))
	if err := c.Review(flow.Approve, "", models.Actor{Person: "k", Role: models.CreditOffice, Region: "4301"}, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("the same person twice: %v", err)
	}
	do(t, c.Review(flow.Approve, "", city, noon))
	if c.State != Accepted || c.WakeAt != nil {
		t.Errorf("%s", c.State)
	}
	own := in(t, Draft)
	own.Unit, own.Region = "city", "4301" // the city's own: two other people of it
	do(t, own.File(Standard, city, noon))
	if err := own.Review(flow.Approve, "", city, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("own work: %v", err)
	}
	late := in(t, Review)
	do(t, late.Wake(late.WakeAt.Add(time.Second)))
	if !late.Course.Late || late.WakeAt != nil || late.Outbox[len(late.Outbox)-1].Kind != EventLate.Name() {
		t.Errorf("%+v", late.Course)
	}
}

func TestNobodyIsNamed(t *testing.T) {
	id, err := models.SyntheticIDNumber("430181", "1963-09-30")
	do(t, err)
	number := id.Reveal()
	spaced := number[:6] + " " + number[6:14] + " " + number[14:]
	wide := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '０' + r - '0'
		}
		return r
	}, "13812345678")
	for s, want := range map[string]string{
		"身份证" + number: "practice_id_number", "（" + spaced + "）": "practice_id_number", strings.ToLower(number) + "。": "practice_id_number",
		"老证430181630930001": "practice_id_number", "电话13812345678联系": "practice_phone", "138-1234-5678": "practice_phone", wide: "practice_phone",
		"+8613812345678": "practice_phone", "2026 138 1234 5678": "practice_phone", "热线0731-88666000": "", "2023年3月到2026年12月共办理1381234件": "",
		"投入 12345678901234567890 分": "", "从 15 天减到 3 天，节省 1200 万元": "", "编号 91430100712194857X": "",
	} {
		if got := personal(s); got != want {
			t.Errorf("%s: %q, want %q", s, got, want)
		}
	}
	bad := content()
	bad.Problem, bad.Figures[0].Name, bad.Title, bad.Class = "请联系 13812345678 了解情况。", number, "短", "OTHER"
	var e *models.Error
	if err := bad.Check(); !errors.As(err, &e) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Pointer+" "+f.Code)
	}
	want := []string{"/class oneof", "/title practice_length", "/problem practice_phone", "/figures/0/name practice_id_number"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Anybody can draw again; nobody of the unit or who had to do with the case sits; the next takes a seat that came free.
func TestExpertsAreDrawn(t *testing.T) {
	c, r := in(t, Accepted), scoring(t)
	if r.Commit != jury.Commit(r.Seed) || !r.Secret.Empty() {
		t.Error("what was revealed is not what was committed to")
	}
	var nos []string
	for _, x := range r.Pool {
		if x.Unit != "town" && x.Person != "k" {
			nos = append(nos, x.No)
		}
	}
	want := jury.Draw(r.Seed+"\nc1", nos, 6)
	for i, s := range c.Entry.Jury.Seats {
		if s.No != want[i] || s.Person == "k" || s.Person == "p0" {
			t.Errorf("seat %d: %+v, want %s", i, s, want[i])
		}
	}
	if len(c.Entry.Jury.Seats) != 5 || c.Seat(r, noon) {
		t.Errorf("%d seats", len(c.Entry.Jury.Seats))
	}
	by := models.Actor{Person: c.Entry.Jury.Seats[2].Person}
	do(t, c.Recuse(jury.Other, "以前是同事", by, noon))
	if len(c.Entry.Jury.Seats) != 6 || c.Entry.Jury.Seats[5].No != want[5] {
		t.Errorf("%+v", c.Entry.Jury.Seats)
	}
	if err := c.Score(full(), r, by, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("stood aside: %v", err)
	}
	few := full()
	delete(few.Marks, "new")
	if err := c.Score(few, r, models.Actor{Person: c.Entry.Jury.Seats[0].Person}, noon); !errors.Is(err, models.Invalid) {
		t.Errorf("a criterion is missing: %v", err)
	}
	over := full()
	over.Marks["new"]++
	if err := c.Score(over, r, models.Actor{Person: c.Entry.Jury.Seats[0].Person}, noon); !errors.Is(err, models.Invalid) {
		t.Errorf("over the most: %v", err)
	}
	do(t, c.Score(full(), r, models.Actor{Person: c.Entry.Jury.Seats[0].Person}, noon))
	if err := c.Score(full(), r, models.Actor{Person: c.Entry.Jury.Seats[0].Person}, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("twice: %v", err)
	}
	if err := c.Redraw("分数可疑", r, city, noon); !errors.Is(err, models.Conflict) { // four are left
		t.Errorf("nobody is left: %v", err)
	}
	if err := r.Rank([]*Case{c}, city, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("marks are missing: %v", err)
	}
	fresh := in(t, Accepted)
	do(t, fresh.Score(full(), r, models.Actor{Person: fresh.Entry.Jury.Seats[0].Person}, noon))
	do(t, fresh.Redraw("分数可疑", r, city, noon))
	if _, given, _ := fresh.Entry.Jury.Counts(); len(fresh.Entry.Jury.Seats) != 10 || given != 0 || fresh.Entry.Jury.Seats[0].Sealed.Empty() {
		t.Errorf("%+v", fresh.Entry)
	}
}

// The trimmed mean decides within a class, a floor and its seats; too few marks are no rank; a tie goes by the lot of the seed.
func TestRank(t *testing.T) {
	r := scoring(t)
	made := func(id string, class Class, marks ...score.Points) *Case {
		c := &Case{Content: Content{Class: class, Title: id}, Entry: &Entry{Round: r.ID}}
		c.ID, c.State = id, Accepted
		for i, m := range marks {
			c.Entry.Jury.Seats = append(c.Entry.Jury.Seats, jury.Seat{Juror: jury.Juror{No: fmt.Sprint(i), Person: fmt.Sprint(i)}})
			do(t, c.Entry.Jury.Give(jury.Sheet{Marks: map[string]score.Points{"all": m}}, map[string]score.Points{"all": m}, models.Actor{Person: fmt.Sprint(i)}, noon))
		}
		return c
	}
	cases := []*Case{
		made("a", Governance, 9000, 9000, 9000, 9000, 10000), // 90.00
		made("b", Governance, 8900, 9100, 9100, 9100, 0),     // 90.33: the 0 is left out
		made("c", Culture, 5999, 5999, 5999, 5999, 5999),     // below the floor
		made("d", Culture, 9000, 9000, 9000, 9000),           // four marks
		made("e", Culture, 6000, 6000, 6000, 6000, 6000),
	}
	do(t, r.Rank(cases, city, noon))
	got := ""
	for _, x := range r.Results {
		got += fmt.Sprintf("%s %s %d %v; ", x.Case, x.Points, x.Rank, x.Chosen)
	}
	if got != "b 90.33 1 true; a 90.00 2 false; e 60.00 1 true; c 59.99 2 false; d 0.00 0 false; " {
		t.Error(got)
	}
	if r.State != OnNotice || r.Agreement != [2]int{19, 20} {
		t.Errorf("%s %v", r.State, r.Agreement)
	}
	if err := r.Cancel("停止评选", city, noon); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("on notice: %v", err)
	}
	tie := scoring(t)
	lots := jury.Draw(tie.Seed, []string{"x", "y"}, 2)
	same := []score.Points{7000, 7000, 7000, 7000, 7000}
	do(t, tie.Rank([]*Case{made("x", Governance, same...), made("y", Governance, same...)}, city, noon))
	if tie.Results[0].Case != lots[0] || !tie.Results[0].Chosen || tie.Results[1].Chosen {
		t.Errorf("%+v", tie.Results)
	}
	none := scoring(t)
	do(t, none.Rank(nil, city, noon))
	if none.State != Done {
		t.Errorf("%s", none.State)
	}
	if _, err := (Call{Pool: pool()[:3], Seats: []Seats{{"X", 0}}}).Round("r", "s", Standard, city, noon); !errors.Is(err, models.Invalid) {
		t.Errorf("%v", err)
	}
	if _, err := call().Round("r", "s", Standard, county, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a county's office: %v", err)
	}
}

func TestAdoption(t *testing.T) {
	c := in(t, Published)
	if err := c.Adopt(town, "我们自己的", noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("own: %v", err)
	}
	do(t, c.Adopt(Unit{"市监局", other}, "在全市推行", noon))
	if err := c.Adopt(Unit{"市监局", other}, "再说一次", noon); !errors.Is(err, models.Conflict) || len(c.Adopted) != 1 {
		t.Errorf("twice: %v", err)
	}
	if err := c.Withdraw("数据不实", city, noon); err != nil {
		t.Errorf("the city takes a published one back: %v", err)
	}
	if err := in(t, Review).Withdraw("数据不实", city, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("before that it does not: %v", err)
	}
}
