package award

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/score"
)

var (
	noon   = models.Day("2026-03-02").Clock(12, 0)
	maker  = models.Actor{Person: "maker", Role: models.CreditOffice, Org: "office", Region: "4301"}
	second = models.Actor{Person: "second", Role: models.CreditOffice, Org: "office", Region: "4301"}
	county = models.Actor{Person: "county", Role: models.CreditOffice, Org: "liuyang", Region: "430181"}
	mei    = models.Actor{Person: "mei", Role: models.Resident}
	bureau = models.Actor{Person: "clerk", Role: models.DataOfficer, Org: "bureau", Region: "4301"}
	sub    = models.Subject{Kind: models.PersonSubject, Ref: "ref-mei", Person: "mei"}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func call() Call {
	return Call{
		Kind: Person, Year: 2026, Title: models.Words{ZH: "诚信之星", EN: "Star"}, Level: 3, Unit: "长沙市信用办", Opens: models.DayOf(noon),
		Categories: []Category{{Code: "star", Title: models.Words{ZH: "诚信之星", EN: "Star"}, Seats: 2}}, Criteria: PersonCriteria, Weights: StandardWeights,
		Terms: StandardTerms, Vetting: PersonVetting, Departments: []string{"bureau"}, Measures: []Plan{{Code: "fast", Kind: FastLane, Owner: "bureau"}},
	}
}

// running is an open programme with ten experts.
func running(t *testing.T) *Programme {
	t.Helper()
	p, err := NewProgramme("p", call(), maker, noon)
	must(t, err)
	must(t, p.Publish("seed", second, noon))
	var all []Expert
	for i := range 10 {
		all = append(all, Expert{fmt.Sprintf("e%d", i), fmt.Sprintf("u%d", i)})
	}
	must(t, p.Register(all, maker))
	must(t, p.Wake(noon))
	if p.State != Open {
		t.Fatal(p.State)
	}
	return p
}

func who() Nominee {
	return Nominee{Subject: sub, Name: models.NewSecret("周晓兰"), Birth: "1986-04-12", Region: "430181"}
}

// at is a nomination in a state.
func at(t *testing.T, p *Programme, s State) *Nomination {
	t.Helper()
	how := ByPublic
	n, err := New(p, Draft{Category: "star", Nominee: who(), How: how, Reason: "好人"}, models.Actor{Person: "fan", Role: models.Resident}, noon)
	must(t, err)
	if s == Nominated {
		return n
	}
	must(t, n.Agree(true, true, mei, noon))
	if s == Drafting {
		return n
	}
	must(t, n.File(Filing{Deed: models.NewSecret("事迹"), Since: "2010-01-01", Region: "430181", Unit: "u9"}, p, mei, noon))
	if s == InMaterials {
		return n
	}
	must(t, n.Check(flow.Approve, "", p.Terms, maker, noon))
	if s == InVetting {
		return n
	}
	n.Asked(p.Departments)
	if s == Excluded {
		_, err := n.Vet(Vetting{Decision: "d", Outcome: models.Fail}, p.Terms, noon)
		must(t, err)
		must(t, n.Wake(n.WakeAt.Add(time.Hour)))
		return n
	}
	_, err = n.Vet(Vetting{Decision: "d", Outcome: models.Pass}, p.Terms, noon)
	must(t, err)
	if s == InOpinions {
		return n
	}
	must(t, n.Opine(Opinion{Say: Support, Record: "", Ground: "", Points: nil}, bureau, noon))
	n.Draw(p, noon)
	if s == InScoring {
		return n
	}
	for _, x := range slices.Clone(n.Jury.Seats) {
		must(t, n.Score(sheet(map[string]int{"promises": 27, "deeds": 27, "influence": 18, "steadiness": 18}), p, models.Actor{Person: x.Person, Role: models.Resident}, noon))
	}
	if s == InVote {
		return n
	}
	switch s {
	case RunnerUp:
		n.Seat(Placed{Because: SeatsFull, Next: 1}, noon)
		return n
	case NotSelected:
		n.Seat(Placed{Because: BelowLine}, noon)
		return n
	}
	n.Seat(Placed{Because: HasSeat}, noon)
	if s == Shortlisted {
		return n
	}
	n.Show("notice", models.DayOf(noon).Add(7), noon)
	if s == OnNotice {
		return n
	}
	switch s {
	case Struck:
		n.Strike("notice", noon)
		return n
	case Withdrawn:
		must(t, n.Withdraw("", mei, noon))
		return n
	}
	n.Pass("notice", p, noon)
	_, err = n.Vet(Vetting{Decision: "d", Outcome: models.Pass}, p.Terms, noon)
	must(t, err)
	if s == InDecision {
		return n
	}
	must(t, n.Judge(flow.Approve, "", maker, noon))
	must(t, n.Judge(flow.Approve, "", second, noon))
	if s == Approved {
		return n
	}
	n.Granted("a", noon)
	return n
}

// Every state against every act: what is allowed, where it leads, and that a refused act changes nothing.
func TestEveryStateAndAct(t *testing.T) {
	acts := []struct {
		name string
		do   func(*Nomination, *Programme) error
		to   map[State]State
	}{
		{"agree", func(n *Nomination, _ *Programme) error { return n.Agree(true, true, mei, noon) }, map[State]State{Nominated: Drafting, Drafting: Drafting}},
		{"join", func(n *Nomination, _ *Programme) error {
			_, err := n.Join(ByPublic, "也说好", models.Actor{Person: "other", Role: models.Resident}, noon)
			return err
		}, map[State]State{Nominated: Nominated, Drafting: Drafting, InMaterials: InMaterials}},
		{"file", func(n *Nomination, p *Programme) error {
			return n.File(Filing{Deed: models.NewSecret("事迹"), Since: "2010-01-01", Region: "430181"}, p, mei, noon)
		}, map[State]State{Drafting: InMaterials}},
		{"check", func(n *Nomination, p *Programme) error { return n.Check(flow.Approve, "", p.Terms, second, noon) }, map[State]State{InMaterials: InVetting}},
		{"vet", func(n *Nomination, p *Programme) error {
			changed, err := n.Vet(Vetting{Decision: "d2", Outcome: models.Pass}, p.Terms, noon)
			return or(changed, err)
		}, map[State]State{InVetting: InScoring, InDecision: InDecision}}, // no department was named: on to the experts
		{"opine", func(n *Nomination, _ *Programme) error {
			return n.Opine(Opinion{Say: NoComment, Record: "", Ground: "", Points: nil}, bureau, noon)
		}, map[State]State{InOpinions: InScoring}},
		{"score", func(n *Nomination, p *Programme) error {
			by := "e0"
			if len(n.Jury.Seats) > 0 {
				by = n.Jury.Seats[0].Person
			}
			return n.Score(sheet(map[string]int{"promises": 1, "deeds": 1, "influence": 1, "steadiness": 1}), p, models.Actor{Person: by, Role: models.Resident}, noon)
		}, map[State]State{InScoring: InScoring}},
		{"rescore", func(n *Nomination, p *Programme) error {
			p.State = Counting
			return n.Rescore("两位专家偏高", p, maker, noon)
		}, map[State]State{InVote: InScoring}},
		{"seat", func(n *Nomination, _ *Programme) error { return or(n.Seat(Placed{Because: HasSeat}, noon), nil) },
			map[State]State{InVote: Shortlisted, RunnerUp: Shortlisted}},
		{"show", func(n *Nomination, _ *Programme) error { return or(n.Show("x", "2026-04-01", noon), nil) }, map[State]State{Shortlisted: OnNotice}},
		{"pass", func(n *Nomination, p *Programme) error { return or(n.Pass("notice", p, noon), nil) }, map[State]State{OnNotice: InDecision}},
		{"strike", func(n *Nomination, _ *Programme) error { return or(n.Strike("notice", noon), nil) }, map[State]State{OnNotice: Struck}},
		{"back", func(n *Nomination, _ *Programme) error { return or(n.Back("notice", noon), nil) }, map[State]State{OnNotice: Shortlisted}},
		{"judge", func(n *Nomination, _ *Programme) error { return n.Judge(flow.Approve, "", second, noon) }, map[State]State{InDecision: InDecision}},
		{"refuse", func(n *Nomination, _ *Programme) error { return n.Judge(flow.Reject, "理由", second, noon) }, map[State]State{InDecision: NotSelected}},
		{"grant", func(n *Nomination, _ *Programme) error { return or(n.Granted("a", noon), nil) }, map[State]State{Approved: Awarded}},
		{"lapse", func(n *Nomination, _ *Programme) error { return or(n.Lapse(false, noon), nil) }, map[State]State{Nominated: NotSelected, Drafting: NotSelected}},
		{"withdraw", func(n *Nomination, _ *Programme) error { return n.Withdraw("", mei, noon) }, map[State]State{
			Nominated: Withdrawn, Drafting: Withdrawn, InMaterials: Withdrawn, InVetting: Withdrawn, InOpinions: Withdrawn, InScoring: Withdrawn, InVote: Withdrawn,
			Shortlisted: Withdrawn, OnNotice: Withdrawn, InDecision: Withdrawn, RunnerUp: Withdrawn,
		}},
	}
	for _, s := range States {
		for _, act := range acts {
			t.Run(string(s)+"/"+act.name, func(t *testing.T) {
				p := running(t)
				n := at(t, p, s)
				if n.State != s {
					t.Fatalf("it is %s", n.State)
				}
				if act.name == "vet" && s == InVetting {
					n.Opinions = nil
				}
				told := len(n.Outbox)
				err := act.do(n, p)
				want, allowed := act.to[s]
				switch {
				case allowed && (err != nil || n.State != want):
					t.Errorf("%v, and it is %s, not %s", err, n.State, want)
				case !allowed && (err == nil || n.State != s || len(n.Outbox) != told):
					t.Errorf("%v, and it is %s with %d events", err, n.State, len(n.Outbox)-told)
				}
			})
		}
	}
}

var errNoNews = errors.New("no news")

func or(changed bool, err error) error {
	if err == nil && !changed {
		return errNoNews
	}
	return err
}

func TestProgrammeIsChecked(t *testing.T) {
	for name, tc := range map[string]struct {
		break_ func(*Call)
		field  string
	}{
		"public above a fifth":   {func(c *Call) { c.Weights = Weights{5000, 2000, 3000} }, "/weights/public"},
		"weights":                {func(c *Call) { c.Weights = Weights{5000, 2000, 2000} }, "/weights"},
		"criteria below hundred": {func(c *Call) { c.Criteria = PersonCriteria[:3] }, "/criteria"},
		"quota of elsewhere":     {func(c *Call) { c.Categories[0].Regions = map[string]int{"4302": 1} }, "/categories/0/regions/4302"},
		"unknown industry":       {func(c *Call) { c.Categories[0].Industry = map[string]int{"gambling": 1} }, "/categories/0/industries/gambling"},
		"rule that is none":      {func(c *Call) { c.Vetting = []Condition{{ID: "x", Expr: "illness == ''", ChangeableBy: "nobody"}} }, "/vetting"},
		"begins yesterday":       {func(c *Call) { c.Opens = "2026-03-01" }, "/opens"},
	} {
		t.Run(name, func(t *testing.T) {
			c := call()
			tc.break_(&c)
			_, err := NewProgramme("p", c, maker, noon)
			var e *models.Error
			if !errors.As(err, &e) || !slices.ContainsFunc(e.Fields, func(f models.Field) bool { return f.Pointer == tc.field }) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := NewProgramme("p", call(), models.Actor{Person: "x", Role: models.Resident}, noon); !errors.Is(err, models.Forbidden) {
		t.Error(err)
	}
	p, err := NewProgramme("p", call(), maker, noon)
	must(t, err)
	if err := p.Publish("seed", maker, noon); !errors.Is(err, models.Forbidden) {
		t.Error(err)
	}
	must(t, p.Publish("seed", second, noon))
	if err := p.Edit(call(), maker, noon); !errors.Is(err, models.Conflict) {
		t.Error(err)
	}
}

// A programme runs by itself, waits for what is on the way, and never skips a stage after an outage.
func TestProgrammeWakes(t *testing.T) {
	p := running(t)
	must(t, p.Wake(p.Closes.Add(1).Start()))
	if p.State != Reviewing {
		t.Fatal(p.State)
	}
	must(t, p.Wake(p.VoteFrom.Start()))
	if open, err := p.OpenVote(3, p.WakeAt.Add(-time.Hour)); open || err != nil || !p.Waits {
		t.Errorf("%v %v", open, err)
	}
	now := *p.WakeAt
	must(t, p.Wake(now))
	if open, err := p.OpenVote(0, now); !open || err != nil || p.State != Voting {
		t.Errorf("%v %v %s", open, err, p.State)
	}
	must(t, p.Wake(p.VoteUntil.Add(1).Start()))
	if p.State != Counting || p.CountUntil != p.VoteUntil.AddWorking(2) {
		t.Fatal(p.State, p.CountUntil)
	}
	must(t, p.Wake(p.CountUntil.Add(400).Start()))
	if p.State != Counting || p.WakeAt == nil {
		t.Errorf("seats are given by the flow, not by the clock: %s", p.State)
	}
	if !p.Seat(map[string]int{"n": 1}, now) || p.Seat(nil, now) || !p.Finish(now) || p.State != Done || p.WakeAt != nil {
		t.Errorf("%s", p.State)
	}
}

func TestWhoMayBeNominated(t *testing.T) {
	p := running(t)
	for name, tc := range map[string]struct {
		change func(*Nominee)
		reason string
	}{
		"fit":                     {func(*Nominee) {}, ""},
		"not of age":              {func(n *Nominee) { n.Birth = "2008-03-03" }, "award.minor"},
		"of age today":            {func(n *Nominee) { n.Birth = "2008-03-02" }, ""},
		"nobody knows the age":    {func(n *Nominee) { n.Birth = "" }, "award.minor"},
		"barred":                  {func(n *Nominee) { n.Barred = "2026-03-02" }, "award.barred"},
		"no longer barred":        {func(n *Nominee) { n.Barred = "2026-03-01" }, ""},
		"won last year":           {func(n *Nominee) { n.WonOn = "2025-05-01" }, "award.won_before"},
		"won long ago":            {func(n *Nominee) { n.WonOn = "2024-03-02" }, ""},
		"a firm among the people": {func(n *Nominee) { n.Subject.Kind = models.Organisation }, "award.kind"},
	} {
		t.Run(name, func(t *testing.T) {
			n := who()
			tc.change(&n)
			_, err := New(p, Draft{Category: "star", Nominee: n, How: ByPublic, Reason: "好人"}, mei, noon)
			var e *models.Error
			if errors.As(err, &e) && e.Reason != tc.reason || (err == nil) != (tc.reason == "") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestNobodyAgainstTheirWill(t *testing.T) {
	p := running(t)
	n := at(t, p, Nominated)
	for _, by := range []models.Actor{maker, {Person: "fan", Role: models.Resident}, {}} {
		if err := n.Agree(true, true, by, noon); !errors.Is(err, models.NotFound) {
			t.Errorf("%v", err)
		}
	}
	must(t, n.Withdraw("", mei, noon))
	if _, err := n.Join(ByPublic, "再提", maker, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("who refused is nominated again: %v", err)
	}
	if n.Label() == "周晓兰" {
		t.Error("shown by name without a word")
	}
}

// A hit that stops is answered: wrong and repaired wait for longer, nothing and true do not.
func TestHits(t *testing.T) {
	p := running(t)
	n := at(t, p, InVetting)
	hits := []Hit{{ID: "r1", No: 1, Item: "YZSX", Stops: true}, {ID: "r2", No: 1, Item: "XZCF"}}
	changed, err := n.Vet(Vetting{Decision: "d1", Outcome: models.Fail, Hits: hits}, p.Terms, noon)
	must(t, err)
	first := n.Until
	if !changed || n.State != InVetting || first != models.DayOf(noon).AddWorking(5) {
		t.Fatalf("%v %s %s", changed, n.State, first)
	}
	if err := n.AnswerHit(HitWord{Hit: "r1", Answer: HitWrong, Case: "", Note: ""}, p.Terms, mei, noon); !errors.Is(err, models.Invalid) {
		t.Error(err)
	}
	if err := n.AnswerHit(HitWord{Hit: "r1", Answer: HitTrue, Case: "", Note: ""}, p.Terms, maker, noon); !errors.Is(err, models.NotFound) {
		t.Error(err)
	}
	must(t, n.AnswerHit(HitWord{Hit: "r1", Answer: HitWrong, Case: "case-1", Note: ""}, p.Terms, mei, noon))
	if !n.Held || n.Until != first.AddWorking(20) {
		t.Errorf("%v %s", n.Held, n.Until)
	}
	n.Asked(p.Departments)
	if changed, err := n.Vet(Vetting{Decision: "d2", Outcome: models.Pass}, p.Terms, noon); !changed || err != nil || n.State != InOpinions {
		t.Errorf("%v %v %s", changed, err, n.State)
	}
	n = at(t, p, InVetting)
	_, err = n.Vet(Vetting{Decision: "d1", Outcome: models.Fail, Hits: hits}, p.Terms, noon)
	must(t, err)
	must(t, n.Wake(n.Until.Start()))
	if n.State != InVetting {
		t.Error("the last day counts")
	}
	must(t, n.Wake(n.Until.Add(1).Start()))
	if n.State != Excluded || n.Why != "award.records" {
		t.Errorf("%s %s", n.State, n.Why)
	}
}

// Whoever is tied is not drawn, whoever stands aside is replaced, and nothing is seen before all are in.
func TestScoring(t *testing.T) {
	p := running(t)
	n := at(t, p, InOpinions)
	must(t, n.Wake(n.Until.Add(1).Start())) // silence is no objection
	n.Nominators = append(n.Nominators, Nominator{By: models.Actor{Person: "e0"}})
	n.Draw(p, noon)
	var drawn []string
	for _, s := range n.Jury.Seats {
		drawn = append(drawn, s.Person)
	}
	if len(drawn) != 5 || slices.Contains(drawn, "e9") || slices.Contains(drawn, "e0") {
		t.Fatalf("drawn %v", drawn) // e9 works where she does, e0 nominated her
	}
	again := at(t, p, InOpinions)
	must(t, again.Wake(again.Until.Add(1).Start()))
	again.Nominators = n.Nominators
	again.Draw(p, noon)
	for i, s := range again.Jury.Seats {
		if s.Person != drawn[i] {
			t.Errorf("another draw by the same seed: %v", again.Jury.Seats)
		}
	}
	as := func(person string) models.Actor { return models.Actor{Person: person, Role: models.Resident} }
	must(t, n.Recuse(jury.Kin, "", p, as(drawn[0]), noon))
	if len(n.Jury.Seats) != 6 || slices.Contains(drawn, n.Jury.Seats[5].Person) {
		t.Fatalf("%+v", n.Jury.Seats)
	}
	marks := sheet(map[string]int{"promises": 30, "deeds": 30, "influence": 20, "steadiness": 20})
	if err := n.Score(marks, p, as(drawn[0]), noon); !errors.Is(err, models.Conflict) {
		t.Errorf("who stood aside scores: %v", err)
	}
	if err := n.Score(marks, p, as("e9"), noon); !errors.Is(err, models.NotFound) {
		t.Errorf("who was not drawn scores: %v", err)
	}
	for i, person := range append(drawn[1:], n.Jury.Seats[5].Person) {
		for _, s := range n.Jury.Seats {
			if s.Sheet() != nil {
				t.Fatal("seen before all are in")
			}
		}
		must(t, n.Score(sheet(map[string]int{"promises": 10 * min(i, 3), "deeds": 20, "influence": 10, "steadiness": 10}), p, as(person), noon))
	}
	if n.State != InVote || n.Marks.Counted != 5 || n.Marks.Expert != 6000 { // 40 50 60 70 70: of the middle three 60
		t.Fatalf("%s %+v", n.State, n.Marks)
	}
	if len(n.Given()) != 5 {
		t.Errorf("%v", n.Given())
	}
	p.State = Counting
	must(t, n.Rescore("两位专家偏高", p, maker, noon))
	n.Draw(p, noon)
	for _, s := range n.Jury.Seats {
		if s.Round == 2 && slices.Contains(drawn, s.Person) {
			t.Errorf("%s scores the same case twice", s.Person)
		}
	}
	if !n.Short {
		t.Error("three are left of ten: the office has to add experts")
	}
}

func TestTotal(t *testing.T) {
	points := func(p score.Points) *score.Points { return &p }
	n := &Nomination{Marks: &Marks{Expert: 9000}}
	for name, tc := range map[string]struct {
		dept        *score.Points
		votes, most int
		want        score.Points
	}{
		"all parts":          {points(8000), 5, 10, 8000}, // 54 + 16 + 10
		"nobody voted":       {points(8000), 0, 0, 8750},  // (54 + 16) of 80
		"no vote for her":    {points(8000), 0, 10, 7000},
		"departments silent": {nil, 10, 10, 9250}, // (54 + 20) of 80
		"experts alone":      {nil, 0, 0, 9000},
		"a third is rounded": {points(8000), 1, 3, 7667}, // 33.33 of 100: 6.666
	} {
		n.Opinions = []Opinion{{Points: tc.dept}}
		if got := n.Total(StandardWeights, tc.votes, tc.most); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestVoteAndSignals(t *testing.T) {
	p := running(t)
	n := at(t, p, InVote)
	voter := models.Subject{Kind: models.PersonSubject, Ref: "v"}
	if _, err := Vote(p, n, Voter{Subject: voter, Device: "", Address: ""}, mei, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("before the vote: %v", err)
	}
	p.State = Voting
	if _, err := Vote(p, n, Voter{Subject: sub, Device: "", Address: ""}, mei, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("for herself: %v", err)
	}
	var all []*Ballot
	for i := range 25 {
		b, err := Vote(p, n, Voter{Subject: models.Subject{Ref: fmt.Sprint("v", i)}, Device: []string{"", "phone"}[i%2], Address: "line"}, mei, noon.Add(time.Duration(i%2)*time.Minute))
		must(t, err)
		all = append(all, b)
	}
	same, _ := Vote(p, n, Voter{Subject: models.Subject{Ref: "v1"}, Device: "", Address: ""}, mei, noon.Add(time.Hour))
	if same.ID != all[1].ID {
		t.Error("one person, two ballots")
	}
	found := map[SignalKind]int{}
	for _, s := range (Signals{PerMinute: 12, PerDevice: 3, PerAddress: 26}).Find(all) {
		found[s.Kind] += len(s.Ballots)
	}
	if found[Burst] != 25 || found[Device] != 12 || found[Address] != 0 {
		t.Errorf("%v", found)
	}
	b := all[0]
	must(t, b.AskAside("同一分钟", maker, noon))
	if !b.Counts() {
		t.Error("one person alone sets nothing aside")
	}
	if err := b.Confirm(true, maker, noon); !errors.Is(err, models.Forbidden) {
		t.Error(err)
	}
	must(t, b.Confirm(true, second, noon))
	if b.Counts() || b.Erase() && b.Device != "" {
		t.Error("it counts, or remembers")
	}
}

// Seats respect every quota, are never left empty for somebody who may have one, and more points never cost anybody a seat.
func TestSelect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Category{Seats: rapid.IntRange(1, 8).Draw(t, "seats"), Regions: map[string]int{"430181": rapid.IntRange(0, 3).Draw(t, "liuyang"), "430182": 1},
			Industry: map[string]int{"food": rapid.IntRange(0, 2).Draw(t, "food")}}
		terms := Terms{Threshold: 8000, RunnersUp: 3}
		var all []Candidate
		for i := range rapid.IntRange(1, 15).Draw(t, "n") {
			all = append(all, Candidate{
				ID: fmt.Sprint("n", i), Region: rapid.SampledFrom([]string{"430181108", "430182", "430104"}).Draw(t, "r"),
				Industry: rapid.SampledFrom([]string{"", "food", "quality"}).Draw(t, "i"), Points: score.Points(rapid.IntRange(7900, 8200).Draw(t, "p")),
				Expert: score.Points(rapid.IntRange(0, 3).Draw(t, "e")), At: noon,
			})
		}
		placed := Select(c, terms, all)
		regions, industries, seated, next := map[string]int{}, map[string]int{}, 0, 0
		for _, x := range all {
			p := placed[x.ID]
			if p.Next > 0 {
				next++
			}
			if p.Because != HasSeat {
				continue
			}
			if x.Points < 8000 {
				t.Fatalf("%s has a seat below the line", x.ID)
			}
			seated++
			regions[quotaOf(c.Regions, x.Region)]++
			industries[x.Industry]++
		}
		if seated > c.Seats || regions["430181"] > c.Regions["430181"] || regions["430182"] > 1 || industries["food"] > c.Industry["food"] || next > 3 {
			t.Fatalf("over a quota: %v %v %d", regions, industries, seated)
		}
		for i, x := range all {
			p := placed[x.ID]
			q := quotaOf(c.Regions, x.Region)
			most, bound := c.Industry[x.Industry]
			if p.Because != HasSeat && x.Points >= 8000 && seated < c.Seats && (q == "" || regions[q] < c.Regions[q]) && (!bound || industries[x.Industry] < most) {
				t.Fatalf("a seat is empty and %s has none: %+v", x.ID, p)
			}
			more := slices.Clone(all)
			more[i].Points += score.Points(rapid.IntRange(1, 300).Draw(t, "more"))
			if after := Select(c, terms, more)[x.ID]; p.Because == HasSeat && after.Because != HasSeat || after.Rank > p.Rank {
				t.Fatalf("more points cost %s its place: %+v, %+v", x.ID, p, after)
			}
			kept := slices.Clone(all)
			for j := range kept { // cut off and done again it comes to the same
				kept[j].Seated = j%2 == 0 && placed[kept[j].ID].Because == HasSeat
			}
			if again := Select(c, terms, kept); (again[x.ID].Because == HasSeat) != (p.Because == HasSeat) {
				t.Fatalf("%s: %+v, again %+v", x.ID, p, again[x.ID])
			}
		}
	})
}

func TestTies(t *testing.T) {
	early, late := noon, noon.Add(time.Hour)
	all := []Candidate{{ID: "c", Points: 9000, Expert: 80, At: late}, {ID: "b", Points: 9000, Expert: 80, At: early}, {ID: "a", Points: 9000, Expert: 90, At: late}}
	placed := Select(Category{Seats: 1}, Terms{RunnersUp: 5}, all)
	if placed["a"].Rank != 1 || placed["b"].Rank != 2 || placed["c"].Rank != 3 || placed["b"].Next != 1 || placed["c"].Need != 9000 {
		t.Errorf("%+v", placed)
	}
}

// given is an award in a state.
func given(t *testing.T, s HonourState) *Award {
	t.Helper()
	a, err := Grant(Given{Nomination: "n", Programme: "p", Year: 2026, Category: "star", Level: 3, Region: "4301", Org: "office", Holder: sub,
		Name: models.NewSecret("周晓兰"), Named: true, Recorded: true, Terms: StandardTerms}, second, noon)
	must(t, err)
	switch s {
	case Answering, Revoked:
		must(t, a.AskRevoke(FalsePapers, "材料不实", "", maker, noon))
	case Expired:
		must(t, a.Wake(a.Until.Add(1).Start()))
	}
	if s == Revoked {
		must(t, a.Reply("不是这样", mei, noon))
		must(t, a.Revoke("弄虚作假", second, noon))
	}
	if a.State != s {
		t.Fatal(a.State)
	}
	return a
}

func TestEveryAwardStateAndAct(t *testing.T) {
	late := models.Day("2028-02-01").Clock(12, 0)
	acts := []struct {
		name string
		do   func(*Award) error
		to   map[HonourState]HonourState
	}{
		{"ask", func(a *Award) error { return a.AskRevoke(Criminal, "判决", "", maker, noon) }, map[HonourState]HonourState{Valid: Answering}},
		{"reply", func(a *Award) error { return a.Reply("说明", mei, noon) }, map[HonourState]HonourState{Answering: Answering}},
		{"revoke", func(a *Award) error { return a.Revoke("属实", second, models.Day("2026-03-20").Clock(12, 0)) }, map[HonourState]HonourState{Answering: Revoked}},
		{"keep", func(a *Award) error { return a.Drop("不属实", second, models.Day("2026-03-20").Clock(12, 0)) }, map[HonourState]HonourState{Answering: Valid}},
		{"renew", func(a *Award) error { return a.AskRenewal("r", mei, late) }, map[HonourState]HonourState{Valid: Valid}},
		{"recommend", func(a *Award) error { return a.Recommend(maker, noon) }, map[HonourState]HonourState{Valid: Valid}},
		{"wake", func(a *Award) error {
			was := a.State
			err := a.Wake(a.Until.Add(1).Start())
			return or(a.State != was, err)
		},
			map[HonourState]HonourState{Valid: Expired, Answering: Expired}},
	}
	for _, s := range HonourStates {
		for _, act := range acts {
			a := given(t, s)
			err := act.do(a)
			want, allowed := act.to[s]
			if allowed != (err == nil) || allowed && a.State != want || !allowed && a.State != s {
				t.Errorf("%s/%s: %v, %s", s, act.name, err, a.State)
			}
		}
	}
}

func TestRevocation(t *testing.T) {
	a := given(t, Valid)
	if err := a.AskRevoke(FalsePapers, "x", "", county, noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a narrower office: %v", err)
	}
	must(t, a.AskRevoke(FalsePapers, "材料不实", "", maker, noon))
	if a.Ask.Until != models.DayOf(noon).AddWorking(10) || !a.InForce("2026-03-02") {
		t.Errorf("%+v", a.Ask)
	}
	for _, tc := range []struct {
		by   models.Actor
		at   time.Time
		want error
	}{{maker, noon, models.Forbidden}, {second, noon, models.Conflict}, {second, a.Ask.Until.Clock(23, 0), models.Conflict}} {
		if err := a.Revoke("属实", tc.by, tc.at); !errors.Is(err, tc.want) {
			t.Errorf("%v, want %v", err, tc.want)
		}
	}
	if err := a.Reply("晚了", mei, a.Ask.Until.Add(1).Start()); !errors.Is(err, models.Conflict) {
		t.Error(err)
	}
	must(t, a.Revoke("属实", second, a.Ask.Until.Add(1).Start()))
	if a.Barred != a.EndedOn.AddMonths(36) || a.InForce(a.EndedOn) {
		t.Errorf("%s %s", a.EndedOn, a.Barred)
	}
}

func TestRenewalAndMeasures(t *testing.T) {
	a := given(t, Valid)
	all := a.Begin([]Plan{{Code: "long", Owner: "bureau", Months: 60}, {Code: "whole", Owner: "bureau"}, {Code: "short", Owner: "bureau", Months: 3}}, noon)
	if all[0].Until != a.Until || all[1].Until != a.Until || all[2].Until != "2026-06-01" {
		t.Errorf("%s %s %s", all[0].Until, all[1].Until, all[2].Until)
	}
	if err := a.AskRenewal("r", mei, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("two years early: %v", err)
	}
	near := a.Until.Add(-10).Clock(9, 0)
	must(t, a.Wake(near))
	if !a.Warned || a.State != Valid {
		t.Error("no warning")
	}
	must(t, a.AskRenewal("r", mei, near))
	if a.Renew("other", "d", true, near) || !a.Renew("r", "d", true, near) || a.Until != "2030-03-01" {
		t.Errorf("%s", a.Until)
	}
	if !all[1].Follow(a, near) || all[1].Until != a.Until || all[0].Follow(a, near) {
		t.Errorf("%s", all[1].Until)
	}
	if err := all[1].Use("u", "", models.Actor{Org: "else", Role: models.DataOfficer}, near); !errors.Is(err, models.NotFound) {
		t.Error(err)
	}
	must(t, all[1].Use("u", "12", bureau, near))
	must(t, all[1].Use("u", "12", bureau, near))
	if all[1].Count != 1 {
		t.Error("the same use twice is once")
	}
	must(t, a.AskRevoke(Criminal, "判决", "", maker, near))
	if all[1].Follow(a, near) {
		t.Error("what is only asked ends nothing")
	}
	must(t, a.Reply("是", mei, near))
	must(t, a.Revoke("判决生效", second, near))
	if !all[1].Follow(a, near) || all[1].State != Ended {
		t.Error("it outlives its award")
	}
	if err := all[1].Use("v", "", bureau, near); !errors.Is(err, models.Conflict) {
		t.Error(err)
	}
}

func TestShown(t *testing.T) {
	a := given(t, Valid)
	if a.Label != "周晓兰" {
		t.Error(a.Label)
	}
	if changed, err := a.Choose(false, true, mei, noon); !changed || err != nil || a.Label == "周晓兰" {
		t.Errorf("%v %v %s", changed, err, a.Label)
	}
	if _, err := a.Choose(true, true, maker, noon); !errors.Is(err, models.NotFound) {
		t.Errorf("somebody else names her: %v", err)
	}
	for _, e := range a.Outbox {
		for _, v := range e.Data {
			if v == "周晓兰" {
				t.Errorf("%s says a name", e.Kind)
			}
		}
	}
}

// sheet is what an expert gives, in whole points.
func sheet(points map[string]int) jury.Sheet {
	marks := map[string]score.Points{}
	for code, n := range points {
		marks[code] = score.Points(n) * 100
	}
	return jury.Sheet{Marks: marks}
}
