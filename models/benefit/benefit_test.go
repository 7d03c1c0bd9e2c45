package benefit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/release"
	"xinyi/models/rule"
)

var (
	noon = models.Day("2026-04-24").Clock(12, 0)
	desk = models.Actor{Role: models.Provider, Org: "shop", Client: "shop"}
	mei  = models.Actor{Role: models.Resident, Person: "mei"}
	boss = models.Actor{Role: models.CreditOffice, Person: "boss", Org: "office"}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, what string, err error, code models.Code, reason string) {
	t.Helper()
	var e *models.Error
	if !errors.As(err, &e) || e.Code != code || reason != "" && e.Reason != reason {
		t.Errorf("%s: %v, want %s %s", what, err, code, reason)
	}
}

func both(s string) models.Words { return models.Words{ZH: s, EN: s} }

func scene() *Scene {
	return &Scene{Meta: models.Meta{ID: "XYB"}, Field: "culture", Subjects: []models.SubjectKind{models.PersonSubject}, Providers: []models.Role{models.Provider},
		Forms: []Form{DepositFree, Coupon}}
}

func plain() Terms {
	return Terms{Name: both("书"), Details: both("借书"), Consent: both("同意"), Form: DepositFree, Quota: Quota{Total: 10, PerPerson: 1, Period: Month}, Cap: 1000,
		Regions: []models.Region{"4301"}, From: "2026-04-01", Until: "2026-12-31", Good: 10, Bring: 30}
}

// A band only rewards: whatever is known of somebody, there is none below C, which whoever is unknown has too; no good thing
// ever lowers it, and nothing but a list that itself withholds preferential policies brings it back to everybody's.
func TestBandOnlyRewards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := Known{Kind: models.PersonSubject, Level: rapid.IntRange(0, 2).Draw(t, "level"), Standing: models.Standing{
			Agreement: rapid.Bool().Draw(t, "agreement"), OnTime: rapid.IntRange(-3, 40).Draw(t, "onTime")}}
		for i := range rapid.IntRange(0, 5).Draw(t, "honours") {
			k.Honours = append(k.Honours, models.Honour{Level: rapid.IntRange(-1, 7).Draw(t, "h"), Record: fmt.Sprint(i),
				On: models.DayOf(noon).Add(-rapid.IntRange(-10, 2000).Draw(t, "on"))})
		}
		p := NewProfile("mei", k, Standard, noon)
		if p.Band < C || p.Band > AA {
			t.Fatalf("band %d", p.Band)
		}
		if nobody := NewProfile("x", Known{Kind: models.PersonSubject}, Standard, noon); nobody.Band != C {
			t.Fatalf("whoever is unknown has %v", nobody.Band)
		}
		more := k
		more.Honours = append(slices.Clone(k.Honours), models.Honour{Level: 3, On: models.DayOf(noon), Record: "one more"})
		more.Standing.OnTime++
		if better := NewProfile("mei", more, Standard, noon); better.Band < p.Band {
			t.Fatalf("good things lower it from %v to %v", p.Band, better.Band)
		}
		fewer := k
		fewer.Honours = nil
		if less := NewProfile("mei", fewer, Standard, noon); less.Band > p.Band {
			t.Fatalf("without honours it is %v, with them %v", less.Band, p.Band)
		}
		listed := k
		listed.Restricted = "r@1"
		if l := NewProfile("mei", listed, Standard, noon); l.Band != C {
			t.Fatalf("on a list: %v", l.Band)
		}
		if p.Choose(true, Standard, noon); p.Band != C {
			t.Fatalf("who wants none has %v", p.Band)
		}
	})
}

func TestBands(t *testing.T) {
	today := models.DayOf(noon)
	honour := func(level int, on, until models.Day) models.Honour {
		return models.Honour{Level: level, On: on, Until: until, Record: string(on)}
	}
	for name, tc := range map[string]struct {
		honours []models.Honour
		onTime  int
		want    Band
		wakes   models.Day // the day after the first honour's last, "" none
	}{
		"nothing":                  {nil, 5, C, ""},
		"six bills on time":        {nil, 6, B, ""},
		"any number of bills":      {nil, 600, B, ""},
		"a town's":                 {[]models.Honour{honour(1, today, "")}, 0, B, today.AddMonths(36).Add(1)},
		"a city's":                 {[]models.Honour{honour(3, today, "2027-01-01")}, 0, A, "2027-01-02"},
		"the nation's":             {[]models.Honour{honour(5, today, "")}, 0, AA, today.AddMonths(36).Add(1)},
		"its last day":             {[]models.Honour{honour(3, "2020-01-01", today)}, 0, A, today.Add(1)},
		"over":                     {[]models.Honour{honour(3, "2020-01-01", today.Add(-1))}, 0, C, ""},
		"a county's and the bills": {[]models.Honour{honour(2, today, "")}, 12, A, today.AddMonths(36).Add(1)},
	} {
		p := NewProfile("mei", Known{Kind: models.PersonSubject, Honours: tc.honours, Standing: models.Standing{OnTime: tc.onTime}}, Standard, noon)
		got := models.Day("")
		if p.WakeAt != nil {
			got = models.DayOf(*p.WakeAt)
		}
		if p.Band != tc.want || got != tc.wakes {
			t.Errorf("%s: %v, wakes %q", name, p.Band, got)
		}
	}
	firm := NewProfile("91", Known{Kind: models.Organisation, Honours: []models.Honour{honour(5, today, "")}}, Standard, noon)
	if facts := firm.Facts(today, 0, Standard); firm.Band != C || facts[FactBand] != nil || facts[FactHonour] != 5 {
		t.Errorf("%v", facts)
	}
	p := NewProfile("mei", Known{Kind: models.PersonSubject, Honours: []models.Honour{honour(3, today, "2027-01-01")}}, Standard, noon)
	if err := p.Wake(p.WakeAt.Add(-time.Second)); err != nil || len(p.Outbox) != 0 {
		t.Error("woke too early")
	}
	if err := p.Wake(*p.WakeAt); err != nil || p.WakeAt != nil || p.Outbox[0].Kind != EventProfileDue.Name() {
		t.Errorf("%+v", p.Outbox)
	}
	if p.Learn(Known{Kind: models.PersonSubject}, Standard, noon.AddDate(1, 0, 0)); p.Band != C || p.Outbox[1].Kind != EventBand.Name() || p.Outbox[1].Person != "mei" {
		t.Errorf("%+v", p.Outbox)
	}
	if p.Learn(Known{Kind: models.PersonSubject}, Standard, noon.AddDate(1, 0, 0)) {
		t.Error("the same is news")
	}
}

// Every kind of need makes a rule, comes out as it should at its border, and its remedy makes it pass.
func TestNeeds(t *testing.T) {
	base := func() map[string]any {
		return map[string]any{"today": models.Day("2026-04-24"), "birth": models.Day("1990-04-25"), "level": 1, "region": "430181108", "band": 1, "honour": 2,
			"honours": 1, "medical": false, "onTime": 3, "restricted": "", "breaches": 0}
	}
	for name, tc := range map[string]struct {
		need  Need
		facts map[string]any
		want  string
	}{
		"band below":       {Need{Kind: MinBand, Text: "A"}, nil, models.Fail},
		"band":             {Need{Kind: MinBand, Text: "A"}, map[string]any{"band": 2}, models.Pass},
		"a day too young":  {Need{Kind: MinAge, Number: 36}, nil, models.Fail},
		"old enough":       {Need{Kind: MinAge, Number: 36}, map[string]any{"birth": models.Day("1990-04-24")}, models.Pass},
		"not too old":      {Need{Kind: MaxAge, Number: 35}, nil, models.Pass},
		"a day too old":    {Need{Kind: MaxAge, Number: 35}, map[string]any{"birth": models.Day("1990-04-24")}, models.Fail},
		"elsewhere":        {Need{Kind: Living, Regions: []models.Region{"430182", "430112"}}, nil, models.Fail},
		"here":             {Need{Kind: Living, Regions: []models.Region{"430182", "430181"}}, nil, models.Pass},
		"home unknown":     {Need{Kind: Living, Regions: []models.Region{"430181"}}, map[string]any{"region": nil}, models.Unknown},
		"no real name":     {Need{Kind: RealName}, nil, models.Fail},
		"honour below":     {Need{Kind: Honoured, Number: 3}, nil, models.Fail},
		"honour":           {Need{Kind: Honoured, Number: 2}, nil, models.Pass},
		"no agreement":     {Need{Kind: MedicalPay}, nil, models.Fail},
		"bills on time":    {Need{Kind: Punctual, Number: 3}, nil, models.Pass},
		"too few on time":  {Need{Kind: Punctual, Number: 4}, nil, models.Fail},
		"its own words":    {Need{Kind: Custom, Text: "honours >= 2 || medical", Label: both("x"), Remedy: both("y"), Basis: "b", ChangeableBy: models.BySubject}, nil, models.Fail},
		"birthday unknown": {Need{Kind: MinAge, Number: 18}, map[string]any{"birth": nil}, models.Unknown},
	} {
		r, err := RuleOf("o", 1, models.PersonSubject, []Need{tc.need})
		must(t, err)
		p, err := rule.Compile(r)
		must(t, err)
		facts := base()
		for k, v := range tc.facts {
			facts[k] = v
		}
		res, err := p.Eval(facts)
		must(t, err)
		if last := res.Clauses[len(res.Clauses)-1]; last.Outcome != tc.want {
			t.Errorf("%s: %+v", name, last)
		}
		why, err := p.Explain(facts)
		must(t, err)
		if n := len(r.Clauses[len(r.Clauses)-1].Fix); (n > 0 || tc.need.Kind == MinAge && tc.want == models.Fail) && tc.want != models.Pass && len(why.Paths) == 0 {
			t.Errorf("%s: there is a remedy and no path", name)
		}
	}
}

func TestNeedFaults(t *testing.T) {
	for want, n := range map[string]Need{
		"/needs/0/text benefit_band": {Kind: MinBand, Text: "C"}, "/needs/0/number benefit_years": {Kind: MinAge}, "/needs/0/regions benefit_regions": {Kind: Living},
		"/needs/0/regions/0 required": {Kind: Living, Regions: []models.Region{""}}, "/needs/0/number benefit_honour": {Kind: Honoured, Number: 6},
		"/needs/0/number benefit_count": {Kind: Punctual}, "/needs/0/kind oneof": {Kind: "INCOME"}, "/needs/0/text required": {Kind: Custom},
		"/needs/0/label/en required":  {Kind: Custom, Text: "true", Label: models.Words{ZH: "x"}, Remedy: both("y")},
		"/needs/0/remedy/zh max":      {Kind: Custom, Text: "true", Label: both("x"), Remedy: models.Words{ZH: strings.Repeat("长", 201), EN: "y"}},
		"/needs/0/basis required":     {Kind: Custom, Text: "true", Label: both("x"), Remedy: both("y")},
		"/needs/0/changeableBy oneof": {Kind: Custom, Text: "true", Label: both("x"), Remedy: both("y"), Basis: "b", ChangeableBy: "god"},
	} {
		_, err := RuleOf("o", 1, models.PersonSubject, []Need{n})
		if fields := models.FieldsOf(err); len(fields) != 1 || fields[0].Pointer+" "+fields[0].Code != want {
			t.Errorf("%s: %+v", want, fields)
		}
	}
	// two of a kind have two names; a rule may ask nothing but what is declared
	r, err := RuleOf("o", 1, models.PersonSubject, []Need{{Kind: RealName}, {Kind: RealName}})
	must(t, err)
	if a, b := r.Clauses[3].ID, r.Clauses[4].ID; a == b {
		t.Errorf("%s twice", a)
	}
	v := &Version{Offer: "o", No: 1, Subject: models.PersonSubject, Terms: plain()}
	v.State = release.Draft
	for _, forbidden := range []string{"income > 3", "illness == ''", "score >= 650", "size(breaches) > 0"} {
		v.Terms.Needs = []Need{{Kind: Custom, Text: forbidden, Label: both("x"), Remedy: both("y"), Basis: "b", ChangeableBy: models.BySubject}}
		wants(t, forbidden, v.Validate(scene(), desk, noon), models.Invalid, "rule.invalid")
	}
	if v.State != release.Draft || v.Rule != nil {
		t.Errorf("%+v", v)
	}
}

func TestTermsFaults(t *testing.T) {
	public := scene()
	public.Public = true
	good := plain()
	good.Otherwise = both("照常")
	must(t, good.check(public))
	for want, change := range map[string]func(*Terms){
		"/name/en required":              func(t *Terms) { t.Name.EN = "" },
		"/details/zh required":           func(t *Terms) { t.Details.ZH = "" },
		"/consent/zh required":           func(t *Terms) { t.Consent.ZH = "" },
		"/otherwise benefit_otherwise":   func(t *Terms) { t.Otherwise = models.Words{} },
		"/form benefit_form":             func(t *Terms) { t.Form, t.Bring = Gift, 0 },
		"/quota/total benefit_count":     func(t *Terms) { t.Quota.Total = MaxPlaces + 1 },
		"/quota/daily benefit_count":     func(t *Terms) { t.Quota.Daily = -1 },
		"/quota/perPerson benefit_count": func(t *Terms) { t.Quota.PerPerson = 0 },
		"/quota/period oneof":            func(t *Terms) { t.Quota.Period = "WEEK" },
		"/cap fen":                       func(t *Terms) { t.Cap = -1 },
		"/regions benefit_regions":       func(t *Terms) { t.Regions = nil },
		"/until benefit_span":            func(t *Terms) { t.Until = "2026-03-31" },
		"/good benefit_days":             func(t *Terms) { t.Good = 400 },
		"/bring benefit_bring":           func(t *Terms) { t.Form = Coupon },
	} {
		x := good
		change(&x)
		if fields := models.FieldsOf(x.check(public)); len(fields) != 1 || fields[0].Pointer+" "+fields[0].Code != want {
			t.Errorf("%s: %+v", want, fields)
		}
	}
}

// version is one that has come as far as a stage.
func version(t *testing.T, to release.State) (*Version, *Simulation) {
	t.Helper()
	o, err := NewOffer("o", scene(), "shop", "店", "4301", models.PersonSubject, desk, noon)
	must(t, err)
	v := NewVersion(o, 1, plain(), desk, noon)
	var s *Simulation
	for _, stage := range release.States {
		switch stage {
		case release.Draft:
		case release.Checked:
			must(t, v.Validate(scene(), desk, noon))
		case release.Tried:
			s = counted(t, v)
			must(t, release.Try(v, s.Trial(), noon))
		case release.Approved:
			must(t, v.Approve(Standard, boss, noon))
		case release.Announced:
			must(t, v.Publish("2026-05-10", "", Standard, desk, noon))
		case release.InForce:
			must(t, v.Wake(*v.WakeAt))
		case release.Retired:
			v.Retire(noon)
		}
		if stage == to {
			break
		}
	}
	if v.State != to {
		t.Fatalf("%s, not %s", v.State, to)
	}
	return v, s
}

func counted(t *testing.T, v *Version) *Simulation {
	t.Helper()
	s, err := NewSimulation("s-"+v.ID, v, nil, 1, desk, noon)
	must(t, err)
	took, err := s.Step(Part{Seen: 1, Last: true}, noon)
	if must(t, err); !took {
		t.Fatal("not taken")
	}
	return s
}

// Every stage against every act: what is refused changes nothing.
func TestEveryStage(t *testing.T) {
	acts := map[string]struct {
		do func(*Version, *Simulation) error
		in []release.State
	}{
		"edit":     {func(v *Version, _ *Simulation) error { return v.Edit(plain(), desk) }, []release.State{release.Draft}},
		"validate": {func(v *Version, _ *Simulation) error { return v.Validate(scene(), desk, noon) }, []release.State{release.Draft}},
		"try":      {func(v *Version, s *Simulation) error { return release.Try(v, s.Trial(), noon) }, []release.State{release.Checked, release.Tried, release.Approved}},
		"approve":  {func(v *Version, _ *Simulation) error { return v.Approve(Standard, boss, noon) }, []release.State{release.Tried}},
		"publish":  {func(v *Version, _ *Simulation) error { return v.Publish("2026-05-10", "", Standard, desk, noon) }, []release.State{release.Approved}},
		"drop":     {func(v *Version, _ *Simulation) error { return release.Drop(v, desk, noon) }, []release.State{release.Draft, release.Checked, release.Tried, release.Approved, release.Announced}},
	}
	for _, stage := range release.States {
		for name, act := range acts {
			v, s := version(t, stage)
			if s == nil {
				s = &Simulation{Hash: v.Hash, DoneAt: &noon}
				s.State = Counted
			}
			before := *v
			err := act.do(v, s)
			if allowed := slices.Contains(act.in, stage); (err == nil) != allowed {
				t.Errorf("%s of %s: %v", name, stage, err)
			} else if !allowed && !cmp.Equal(before, *v) {
				t.Errorf("%s of %s was refused and changed it", name, stage)
			}
		}
	}
}

func TestGate(t *testing.T) {
	v, _ := version(t, release.Checked)
	wants(t, "approve untried", v.Approve(Standard, boss, noon), models.Conflict, "release.untried")
	wants(t, "publish untried", v.Publish("2026-05-10", "", Standard, desk, noon), models.Conflict, "release.untried")
	v, _ = version(t, release.Tried)
	late := noon.Add(Standard.FreshSim + time.Millisecond)
	wants(t, "approve late", v.Approve(Standard, boss, late), models.Conflict, "release.untried")
	v.Makers.Touch(boss)
	wants(t, "approve one's own", v.Approve(Standard, boss, noon), models.Forbidden, "second_person")
	wants(t, "a system approves", v.Approve(Standard, models.Actor{Role: models.CreditOffice, Client: "c"}, noon), models.Forbidden, "second_person")
	v, _ = version(t, release.Approved)
	wants(t, "publish late", v.Publish("2026-06-10", "", Standard, desk, late), models.Conflict, "release.untried")
	wants(t, "begins yesterday", v.Publish("2026-04-23", "", Standard, desk, noon), models.Invalid, "release.too_soon")
	wants(t, "tried against nothing, while one is in force", v.Publish("2026-05-01", "o@0", Standard, desk, noon), models.Conflict, "release.untried")
	v.Against = "o@0"
	wants(t, "tried against another", v.Publish("2026-05-01", "o@7", Standard, desk, noon), models.Conflict, "release.untried")
	wants(t, "a later one begins too soon", v.Publish("2026-04-30", "o@0", Standard, desk, noon), models.Invalid, "release.too_soon")
	must(t, v.Publish("2026-05-01", "o@0", Standard, desk, noon))
	if must(t, v.Wake(models.Day("2026-05-01").Start().Add(-time.Millisecond))); v.State != release.Announced {
		t.Error("it began a moment early")
	}
	if must(t, v.Wake(models.Day("2026-05-03").Start())); v.State != release.InForce {
		t.Error("it did not begin")
	}
	other, s := version(t, release.Tried)
	other.Terms.Quota.Total++
	other.State, other.Rule = release.Draft, nil
	must(t, other.Validate(scene(), desk, noon))
	wants(t, "a simulation of something else", release.Try(other, s.Trial(), noon), models.Conflict, "release.other_trial")
}

func TestOfferLife(t *testing.T) {
	v, _ := version(t, release.InForce)
	o, err := NewOffer("o", scene(), "shop", "店", "4301", models.PersonSubject, desk, noon)
	must(t, err)
	wants(t, "before it starts", o.Open("2026-04-24"), models.Conflict, "benefit.offer_closed")
	if !o.Start(v, noon) || o.Start(v, noon) || o.State != Online || o.Active != 1 {
		t.Fatalf("%+v", o)
	}
	must(t, o.Open("2026-12-31"))
	wants(t, "after", o.Open("2027-01-01"), models.Conflict, "benefit.offer_closed")
	wants(t, "early", o.Open("2026-03-31"), models.Conflict, "benefit.offer_early")
	must(t, o.Pause("盘点", desk, noon))
	wants(t, "paused", o.Open("2026-04-24"), models.Conflict, "benefit.offer_paused")
	wants(t, "pause twice", o.Pause("x", desk, noon), models.InvalidTransition, "")
	must(t, o.Resume(desk, noon))
	wants(t, "resume twice", o.Resume(desk, noon), models.InvalidTransition, "")
	must(t, o.Wake(*o.WakeAt))
	if o.State != Offline || o.WakeAt != nil {
		t.Errorf("%s", o.State)
	}
	wants(t, "close twice", o.Close("x", desk, noon), models.InvalidTransition, "")
	if _, err := o.Draft(); models.CodeOf(err) != models.Conflict {
		t.Error(err)
	}
	if _, err := NewOffer("o", scene(), "shop", "店", "4301", models.Organisation, desk, noon); models.CodeOf(err) != models.Invalid {
		t.Error(err)
	}
	if !o.Terms.Near("430181108") || !o.Terms.Near("43") || o.Terms.Near("36") || o.Terms.Near("") {
		t.Error("near")
	}
}

// claim is one that has come as far as a state.
func claim(t *testing.T, to ClaimState) *Claim {
	t.Helper()
	o := &Offer{Scene: "XYB", Provider: "shop", Subject: models.PersonSubject, Active: 1, Terms: plain()}
	o.ID = "o"
	c := NewClaim(o, Grant{ID: "c", Holder: "mei", Person: "mei", Slot: "s", Shares: []string{"x"}, Until: noon.Add(15 * time.Minute), By: mei}, Standard, noon)
	steps := map[ClaimState][]func() error{
		Claimed:   {func() error { return c.Claim("h", mei, noon) }},
		Expired:   {func() error { return c.Wake(*c.WakeAt) }},
		Cancelled: {func() error { return c.Cancel(mei, noon) }},
		Used:      {func() error { return c.Redeem(Use{No: "1", Amount: 5000, Saved: 1000}, desk, noon) }},
		Breached:  {func() error { return c.Breaks("没还", desk, c.Due.Add(1).Start()) }},
		Returned:  {func() error { return c.Return(desk, noon) }},
		Settled:   {func() error { return c.Wake(*c.WakeAt) }},
	}
	ways := map[ClaimState][]ClaimState{Held: nil, Claimed: {Claimed}, Expired: {Expired}, Cancelled: {Cancelled}, Used: {Claimed, Used},
		Breached: {Claimed, Used, Breached}, Returned: {Claimed, Used, Returned}, Settled: {Claimed, Used, Returned, Settled}}
	for _, s := range ways[to] {
		for _, step := range steps[s] {
			must(t, step())
		}
	}
	if c.State != to {
		t.Fatalf("%s, not %s", c.State, to)
	}
	return c
}

// Every state against every act: what is refused changes nothing.
func TestEveryClaimState(t *testing.T) {
	late := models.Day("2026-06-30").Start()
	acts := map[string]struct {
		do func(*Claim) error
		in []ClaimState
	}{
		"claim":   {func(c *Claim) error { return c.Claim("h", mei, noon) }, []ClaimState{Held, Claimed}}, // twice is once
		"cancel":  {func(c *Claim) error { return c.Cancel(mei, noon) }, []ClaimState{Held, Claimed}},
		"use":     {func(c *Claim) error { return c.Redeem(Use{No: "2", Amount: 5000, Saved: 1000}, desk, noon) }, []ClaimState{Claimed}},
		"reverse": {func(c *Claim) error { return c.Reverse("x", desk, noon) }, []ClaimState{Used}},
		"return":  {func(c *Claim) error { return c.Return(desk, noon) }, []ClaimState{Used, Breached}},
		"breach":  {func(c *Claim) error { return c.Breaks("x", desk, late) }, []ClaimState{Used}},
		"object":  {func(c *Claim) error { return c.Object("x", "4301", mei, noon) }, []ClaimState{Breached}},
		"decide":  {func(c *Claim) error { return c.Decide(true, "x", boss, noon) }, nil},
	}
	for _, state := range ClaimStates {
		for name, act := range acts {
			c := claim(t, state)
			before := *c
			err := act.do(c)
			if allowed := slices.Contains(act.in, state); (err == nil) != allowed {
				t.Errorf("%s of %s: %v", name, state, err)
			} else if !allowed && !cmp.Equal(before, *c, cmp.AllowUnexported(models.Secret{})) {
				t.Errorf("%s of %s was refused and changed it", name, state)
			}
		}
	}
}

func TestClaimTimes(t *testing.T) {
	c := claim(t, Held)
	wants(t, "a moment late", c.Claim("h", mei, noon.Add(15*time.Minute)), models.Conflict, "benefit.hold_over")
	must(t, c.Claim("h", mei, noon.Add(15*time.Minute-time.Millisecond)))
	if c.Ends != "2026-05-04" {
		t.Errorf("ends %s", c.Ends)
	}
	must(t, c.Usable(c.Ends.End()))
	wants(t, "a day late", c.Usable(c.Ends.Add(1).Start()), models.Conflict, "benefit.claim_over")
	for saved, want := range map[models.Fen]string{1001: "benefit.over_cap", -1: "benefit.over_cap"} {
		wants(t, fmt.Sprint(saved), c.Redeem(Use{No: "1", Amount: 5000, Saved: saved}, desk, noon), models.Invalid, want)
	}
	use := Use{No: "1", Amount: 5000, Saved: 1000}
	must(t, c.Redeem(use, desk, noon))
	told := len(c.Outbox)
	if must(t, c.Redeem(use, desk, noon)); len(c.Outbox) != told {
		t.Error("the same use was told twice")
	}
	wants(t, "other numbers", c.Redeem(Use{No: "1", Amount: 5000, Saved: 999}, desk, noon), models.InvalidTransition, "")
	wants(t, "on the last day", c.Breaks("x", desk, c.Due.End()), models.Conflict, "benefit.not_due")
	wants(t, "after its days", c.Reverse("x", desk, c.Day.Add(8).Start()), models.Conflict, "benefit.settled_already")
	must(t, c.Wake(c.Due.Clock(9, 0)))
	if c.State != Used || c.WakeAt != nil || c.Outbox[len(c.Outbox)-1].Kind != EventDueBack.Name() {
		t.Errorf("%s %v", c.State, c.Outbox[len(c.Outbox)-1])
	}
	must(t, c.Breaks("x", desk, c.Due.Add(1).Start()))
	if c.Kept != "mei/shop/XYB" {
		t.Errorf("kept %q", c.Kept)
	}
	must(t, c.Object("还了", "4301", mei, noon))
	wants(t, "object twice", c.Object("还了", "4301", mei, noon), models.Conflict, "benefit.objected_already")
	if c.Kept != "" || c.Queue != "4301" {
		t.Error("it counts while it is objected to")
	}
	must(t, c.Decide(false, "没有还", boss, noon))
	if c.Kept == "" || c.Queue != "" {
		t.Error("upheld, it does not count")
	}
	for _, e := range c.Outbox {
		for key, value := range e.Data {
			if value == "还了" || value == "没有还" || value == "x" {
				t.Errorf("the event says %s", key)
			}
		}
	}
}

// Whatever happens to a share, no more have a place than there are, and nobody has two.
func TestShareNeverOversells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 5).Draw(t, "size")
		s := NewShare("o", Whole, 0, size)
		now := noon
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			claim := fmt.Sprint("c", rapid.IntRange(0, 8).Draw(t, "claim"))
			before := len(s.Places)
			switch rapid.IntRange(0, 6).Draw(t, "act") {
			case 0:
				if err := s.Reserve(claim, now.Add(time.Minute)); err == nil && !s.Has(claim) && !s.Kept(claim) || err != nil && before < s.Size {
					t.Fatalf("reserve: %v with %d of %d", err, before, s.Size)
				}
			case 1:
				if took, err := s.Take(claim); took && err != nil || err == nil && !s.Has(claim) {
					t.Fatalf("take: %v %v", took, err)
				}
			case 2:
				s.Vacate(claim, rapid.Bool().Draw(t, "waiting"), now)
			case 3:
				s.Pass(claim, fmt.Sprint("w", rapid.IntRange(0, 4).Draw(t, "waiter")), now.Add(time.Minute))
			case 4:
				s.Open(claim)
			case 5:
				now = now.Add(2 * time.Minute)
				if err := s.Wake(now); err != nil || s.WakeAt != nil && !s.WakeAt.After(now) || len(s.Places) != before {
					t.Fatalf("wake: %v, %v", err, s.WakeAt)
				}
			case 6:
				s.Resize(rapid.IntRange(len(s.Places), 6).Draw(t, "resize"))
			}
			seen := map[string]bool{}
			for _, p := range s.Places {
				if seen[p.Claim] {
					t.Fatalf("%s has two places", p.Claim)
				}
				seen[p.Claim] = true
			}
			if len(s.Places) > s.Size || s.Full != (len(s.Places) >= s.Size) {
				t.Fatalf("%d of %d, full %v", len(s.Places), s.Size, s.Full)
			}
		}
	})
}

func TestSizes(t *testing.T) {
	for quota, want := range map[int][]int{0: nil, 1: {1}, 500: {500}, 501: {500, 1}, 1250: {500, 500, 250}} {
		if diff := cmp.Diff(want, Sizes(quota, 500)); diff != "" {
			t.Error(diff)
		}
	}
}

// A simulation counts each part once and never shows a count of fewer than five, nor a sum from which it could be worked out.
func TestSimulation(t *testing.T) {
	v, _ := version(t, release.Checked)
	s, err := NewSimulation("s", v, nil, 30, desk, noon)
	must(t, err)
	p := Part{After: "x", Seen: 20, Cells: map[[2]string]*Counts{{"430181", "18-29"}: {Gain: 9, Lose: 4}, {"430182", "75+"}: {Never: 3, Keep: 4}}}
	for range 2 {
		_, err := s.Step(p, noon)
		must(t, err)
	}
	if s.Seen != 20 || s.Part != 1 || s.State != Counting {
		t.Fatalf("%+v", s)
	}
	last := Part{Part: 1, Seen: 10, Last: true, Cells: map[[2]string]*Counts{{"430182", "75+"}: {Keep: 6}}}
	took, err := s.Step(last, noon)
	if must(t, err); !took || s.State != Counted || s.Outbox[len(s.Outbox)-1].Kind != EventSimDone.Name() {
		t.Fatalf("%+v", s)
	}
	got := s.Show(5)
	if got.Hidden != 2 || got.Totals != (Counts{Gain: 9, Keep: 10}) {
		t.Errorf("%+v", got)
	}
	for _, c := range got.Cells {
		for _, n := range []int64{c.Counts.Gain, c.Counts.Lose, c.Counts.Keep, c.Counts.Never, c.Counts.Unknown} {
			if n > 0 && n < 5 {
				t.Errorf("%+v shows %d", c, n)
			}
		}
	}
	draft, _ := version(t, release.Draft)
	if _, err := NewSimulation("s", draft, nil, 1, desk, noon); models.CodeOf(err) != models.Conflict {
		t.Error(err)
	}
	terms := plain()
	if terms.Budget(7) != 10_000 {
		t.Error(terms.Budget(7))
	}
	terms.Quota.Total = 0
	if terms.Budget(7) != 0 {
		t.Error("monthly and unbounded")
	}
	if terms.Quota.Period = Once; terms.Budget(7) != 7000 {
		t.Error(terms.Budget(7))
	}
}

// A trial remembers how facts came out, and never mistakes one for another.
func TestTrialIsEval(t *testing.T) {
	compiled := func(needs ...Need) *rule.Program {
		r, err := RuleOf("o", 1, models.PersonSubject, needs)
		must(t, err)
		p, err := rule.Compile(r)
		must(t, err)
		return p
	}
	before, after := compiled(Need{Kind: RealName}), compiled(Need{Kind: MinBand, Text: "B", AnyOf: "x"}, Need{Kind: Living, Regions: []models.Region{"430181"}, AnyOf: "x"})
	trial := NewTrial(before, after)
	rapid.Check(t, func(rt *rapid.T) {
		k := Known{Kind: models.PersonSubject, Level: rapid.IntRange(1, 2).Draw(rt, "level"), Birth: rapid.SampledFrom([]models.Day{"", "1990-01-01", "2015-01-01"}).Draw(rt, "birth"),
			Region: rapid.SampledFrom([]models.Region{"", "430181", "430182"}).Draw(rt, "region"), Restricted: rapid.SampledFrom([]string{"", "r@1"}).Draw(rt, "r")}
		if rapid.Bool().Draw(rt, "honoured") {
			k.Honours = []models.Honour{{Level: 3, On: models.DayOf(noon)}}
		}
		facts := NewProfile("x", k, Standard, noon).Facts(models.DayOf(noon), rapid.IntRange(0, 1).Draw(rt, "breaches"), Standard)
		for range 2 {
			was, is, err := trial.Outcomes(facts)
			if err != nil {
				rt.Fatal(err)
			}
			a, err1 := before.Eval(facts)
			b, err2 := after.Eval(facts)
			if err1 != nil || err2 != nil || was != a.Outcome || is != b.Outcome {
				rt.Fatalf("%s %s, by Eval %s %s", was, is, a.Outcome, b.Outcome)
			}
		}
	})
}

func TestWaitAndCodeAndTally(t *testing.T) {
	o := &Offer{Subject: models.PersonSubject}
	o.ID = "o"
	w := NewWait("w", o, "mei", mei, noon)
	if !w.Serve("c", noon.Add(time.Hour), noon) || w.Serve("d", noon, noon) || w.Claim != "c" || w.Slot != "" {
		t.Errorf("%+v", w)
	}
	wants(t, "leave after", w.Leave("", mei, noon), models.InvalidTransition, "")
	c := NewCode("shop", "ABCD2345", "c", Standard, noon)
	must(t, c.Good(noon.Add(5*time.Minute-time.Millisecond)))
	wants(t, "old code", c.Good(noon.Add(5*time.Minute)), models.Conflict, "benefit.code_expired")
	if CodeID("shop", "x") == CodeID("other", "x") {
		t.Error("a code is good anywhere")
	}
	tally := NewTally("2026-04-24", Standard)
	counts := 0
	for tally.WakeAt != nil {
		must(t, tally.Wake(*tally.WakeAt))
		counts++
	}
	if counts != 8 || len(tally.Outbox) != 8 {
		t.Errorf("counted %d times", counts)
	}
	if !tally.Take(map[string]SceneUses{"XYB": {Uses: 1}}) || tally.Take(map[string]SceneUses{"XYB": {Uses: 1}}) {
		t.Error("news")
	}
}

// A vacant place is passed on once, and to nobody who has one.
func TestPassing(t *testing.T) {
	s := NewShare("o", Whole, 0, 2)
	for _, c := range []string{"a", "b"} {
		must(t, s.Reserve(c, noon))
		if took, err := s.Take(c); !took || err != nil {
			t.Fatal(took, err)
		}
		if !s.Vacate(c, true, noon) || s.Vacate(c, true, noon) {
			t.Fatal("vacated twice, or never")
		}
	}
	wants(t, "kept for who waits", s.Reserve("c", noon), models.Conflict, "benefit.full")
	if !s.Pass("a", "w", noon) || s.Pass("b", "w", noon) || s.Pass("a", "v", noon) || s.Pass("w", "v", noon) {
		t.Errorf("%+v", s.Places)
	}
	if !s.Has("w") || !s.Kept("b") || len(s.Outbox) != 2 || !s.Open("b") || s.Open("b") || s.Full {
		t.Errorf("%+v", s)
	}
}
