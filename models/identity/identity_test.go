package identity

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

var (
	noon   = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) // 12:00 in Shanghai
	seen   = Evidence{Method: "sandbox"}
	office = models.Actor{Person: "office", Role: models.CreditOffice, Org: "o", Region: "4301"}
	second = models.Actor{Person: "office-2", Role: models.CreditOffice, Org: "o", Region: "4301"}
)

func number(t *testing.T, county models.Region, birth models.Day) models.IDNumber {
	t.Helper()
	n, err := models.SyntheticIDNumber(county, birth)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func bound(t *testing.T, id string, birth models.Day) *Person {
	t.Helper()
	p := NewPerson(id, models.NewSecret("13800000000"), "zh", noon)
	if err := p.Bind("王小明", number(t, "430181", birth), seen, noon); err != nil {
		t.Fatal(err)
	}
	p.Outbox = nil
	return p
}

func kinds(m *models.Meta) string {
	var ks []string
	for _, e := range m.Outbox {
		ks = append(ks, strings.TrimPrefix(e.Kind, "identity."))
	}
	return strings.Join(ks, " ")
}

func TestParsePhone(t *testing.T) {
	for s, want := range map[string]string{"13812345678": "13812345678", "+8613812345678": "13812345678", "19912345678": "19912345678"} {
		if p, err := ParsePhone(s); err != nil || p.Reveal() != want {
			t.Errorf("%s: %q %v", s, p.Reveal(), err)
		}
	}
	for _, s := range []string{"", "1381234567", "138123456789", "12812345678", "1381234567a", "+8513812345678", " 13812345678", "8613812345678"} {
		if _, err := ParsePhone(s); !errors.Is(err, models.Invalid) {
			t.Errorf("%q: %v, want Invalid", s, err)
		}
	}
}

func TestBind(t *testing.T) {
	own := number(t, "430181", "1990-01-01")
	for name, tc := range map[string]struct {
		before *Person
		name   string
		number models.IDNumber
		ev     Evidence
		want   error
		told   string
	}{
		"first":              {NewPerson("p", models.Secret{}, "zh", noon), " 李四 ", own, seen, nil, "bound"},
		"the same again":     {bound(t, "p", "1990-01-01"), "王小明", own, seen, nil, ""},
		"another number":     {bound(t, "p", "1990-01-01"), "王小明", number(t, "430181", "1991-01-01"), seen, models.InvalidTransition, ""},
		"another name":       {bound(t, "p", "1990-01-01"), "王大明", own, seen, models.InvalidTransition, ""},
		"no name":            {NewPerson("p", models.Secret{}, "zh", noon), " ", own, seen, models.Invalid, ""},
		"no number":          {NewPerson("p", models.Secret{}, "zh", noon), "李四", models.IDNumber{}, seen, models.Invalid, ""},
		"born tomorrow":      {NewPerson("p", models.Secret{}, "zh", noon), "李四", number(t, "430181", "2026-03-03"), seen, models.Invalid, ""},
		"nobody verified it": {NewPerson("p", models.Secret{}, "zh", noon), "李四", own, Evidence{}, models.Invalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := tc.before
			state, id := p.State, p.IDNumber
			err := p.Bind(tc.name, tc.number, tc.ev, noon)
			if tc.want == nil && err != nil || tc.want != nil && !errors.Is(err, tc.want) || kinds(&p.Meta) != tc.told {
				t.Fatalf("Bind = %v, told %q; want %v, %q", err, kinds(&p.Meta), tc.want, tc.told)
			}
			if tc.want != nil && (p.State != state || p.IDNumber != id) {
				t.Error("a refused Bind changed the person")
			}
		})
	}
	p := NewPerson("p", models.Secret{}, "zh", noon)
	for i := range 6 {
		err := p.TryBinding(5, noon)
		if (err != nil) != (i == 5) {
			t.Fatalf("try %d: %v", i+1, err)
		}
		if e := (*models.Error)(nil); errors.As(err, &e) && e.RetryAfter != 12*time.Hour {
			t.Errorf("retry after %v, want until midnight", e.RetryAfter)
		}
	}
	if err := p.TryBinding(5, noon.Add(12*time.Hour)); err != nil {
		t.Errorf("next day: %v", err)
	}
	if minor := bound(t, "m", "2008-03-03"); !minor.Minor("2026-03-02") || minor.Minor("2026-03-03") || minor.Adult("2026-03-02") {
		t.Error("a minor is not flagged, or past the birthday")
	}
}

func TestAppointAndDismiss(t *testing.T) {
	clerk := Membership{ID: "m1", Role: models.TownStaff, Org: "t1", Region: "430181108", From: noon}
	for name, tc := range map[string]struct {
		by   models.Actor
		edit func(*Person, *Membership)
		want error
	}{
		"an office":            {office, nil, nil},
		"oneself":              {models.Actor{Person: "p", Role: models.CreditOffice, Region: "4301"}, nil, models.Forbidden},
		"an agent":             {models.Actor{Person: "x", Agent: "y", Role: models.CreditOffice}, nil, models.Forbidden},
		"no office":            {office, func(_ *Person, m *Membership) { m.Role = models.Resident }, models.Invalid},
		"without organisation": {office, func(_ *Person, m *Membership) { m.Org = "" }, models.Invalid},
		"a minor":              {office, func(p *Person, _ *Membership) { p.Birth = "2010-01-01" }, models.Conflict},
		"twice": {office, func(p *Person, _ *Membership) {
			p.Memberships = []Membership{{ID: "m0", Role: clerk.Role, Org: clerk.Org, From: noon}}
		}, models.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			p, m := bound(t, "p", "1990-01-01"), clerk
			if tc.edit != nil {
				tc.edit(p, &m)
			}
			n := len(p.Memberships)
			err := p.Appoint(tc.by, m, noon)
			if tc.want == nil && err != nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Fatalf("Appoint = %v, want %v", err, tc.want)
			}
			if tc.want != nil && len(p.Memberships) != n {
				t.Error("a refused Appoint changed the person")
			}
		})
	}
	p := bound(t, "p", "1990-01-01")
	if err := p.Appoint(office, clerk, noon); err != nil {
		t.Fatal(err)
	}
	want := []models.Actor{p.Self(), {Person: "p", Role: models.TownStaff, Org: "t1", Region: "430181108"}}
	if got := p.Actors(noon); !slices.Equal(got, want) {
		t.Errorf("Actors = %v", got)
	}
	for _, step := range []struct {
		name   string
		edit   func(*Membership)
		actors int
		told   string
	}{
		{"the same", func(*Membership) {}, 2, ""},
		{"suspended", func(m *Membership) { m.Suspended = true }, 1, EventSuspended.Name()},
		{"held again", func(m *Membership) { m.Suspended = false }, 2, EventAppointed.Name()},
		{"ended", func(m *Membership) { m.To = models.At(noon) }, 1, EventDismissed.Name()},
		{"ended twice", func(*Membership) {}, 1, ""},
		{"undone", func(m *Membership) { m.To = nil }, 2, EventAppointed.Name()},
	} {
		p.Outbox = nil
		step.edit(&clerk)
		err := p.Appoint(office, clerk, noon)
		told := ""
		for _, e := range p.Outbox {
			told += e.Kind
		}
		if err != nil || len(p.Actors(noon)) != step.actors || told != step.told || len(p.Memberships) != 1 {
			t.Errorf("%s: %v, acts as %v, told %q", step.name, err, p.Actors(noon), told)
		}
	}
}

func TestSession(t *testing.T) {
	start := func() *Session {
		s := NewSession(bound(t, "p", "1990-01-01"), SignIn{ID: "s", Device: "phone", Method: "code", Family: "F", Token: "1"}, Standard, noon)
		s.Outbox = nil
		return s
	}
	later := noon.Add(time.Hour)
	for name, tc := range map[string]struct {
		family, token, next string
		at                  time.Time
		ended               bool
		good                bool
		state               SessionState
		told                string
	}{
		"newest":                     {"F", "2", "3", later, false, true, Live, ""},
		"the one before, in grace":   {"F", "1", "2", noon.Add(29 * time.Second), false, true, Live, ""},
		"the one before, other next": {"F", "1", "9", noon.Add(29 * time.Second), false, false, Live, ""},
		"the one before, too late":   {"F", "1", "2", noon.Add(30 * time.Second), false, false, Ended, "session_ended session_reuse_detected"},
		"one long gone":              {"F", "0", "2", noon.Add(time.Second), false, false, Ended, "session_ended session_reuse_detected"},
		"a guess":                    {"G", "1", "2", later, false, false, Live, ""},
		"idle too long":              {"F", "2", "3", noon.Add(Standard.Idle), false, false, Live, ""},
		"ended":                      {"F", "2", "3", later, true, false, Ended, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := start()
			if !s.Refresh("F", "1", "2", Standard, noon) {
				t.Fatal("first refresh refused")
			}
			if tc.ended {
				if err := s.End(models.Actor{Person: "p"}, EndedBySelf, noon); err != nil {
					t.Fatal(err)
				}
				s.Outbox = nil
			}
			if good := s.Refresh(tc.family, tc.token, tc.next, Standard, tc.at); good != tc.good || s.State != tc.state || kinds(&s.Meta) != tc.told {
				t.Errorf("good %v, %s, told %q", good, s.State, kinds(&s.Meta))
			}
		})
	}
	s := start()
	for at := noon; at.Before(s.EndsAt); at = at.Add(30 * 24 * time.Hour) {
		if !s.Refresh("F", s.Token, s.Token+"x", Standard, at) {
			t.Fatalf("refused at %s", at)
		}
	}
	if s.LiveAt(s.EndsAt) || !s.WakeAt.Equal(s.EndsAt) {
		t.Error("a session that is used never ends")
	}
	if err := s.Wake(s.EndsAt.Add(time.Hour)); err != nil || s.State != Ended || s.WakeAt != nil || s.GoneAt == nil {
		t.Errorf("Wake: %v, %s", err, s.State)
	}
	if err := start().End(models.Actor{Person: "q"}, EndedBySelf, noon); !errors.Is(err, models.NotFound) {
		t.Errorf("End of somebody else's = %v", err)
	}
}

func TestCode(t *testing.T) {
	c := NewCode("c", "h", Standard, noon)
	if c.Answer("h", Standard, noon.Add(Standard.CodeLife)) || c.State != Waiting {
		t.Error("an expired code is good")
	}
	for i := range 5 {
		if c.Answer("x", Standard, noon) {
			t.Fatal("a wrong code is good")
		}
		if want := i == 4; (c.State == Burnt) != want {
			t.Fatalf("after %d wrong answers: %s", i+1, c.State)
		}
	}
	if c.Answer("h", Standard, noon) {
		t.Error("a burnt code is good")
	}
	at := noon
	for i := range 4 {
		if err := c.Send("h", Standard, at.Add(59*time.Second)); !errors.Is(err, models.Limited) {
			t.Fatalf("after 59 s: %v", err)
		}
		at = at.Add(time.Minute)
		if err := c.Send("h", Standard, at); err != nil {
			t.Fatalf("code %d: %v", i+2, err)
		}
	}
	var e *models.Error
	if err := c.Send("h", Standard, at.Add(time.Minute)); !errors.As(err, &e) || e.RetryAfter != 55*time.Minute {
		t.Errorf("sixth in the hour: %v", err)
	}
	if err := c.Send("h", Standard, noon.Add(time.Hour)); err != nil {
		t.Errorf("an hour after the first: %v", err)
	}
	if now := noon.Add(time.Hour); !c.Answer("h", Standard, now) || c.Answer("h", Standard, now) {
		t.Error("a right code is refused, or good twice")
	}
}

func TestClient(t *testing.T) {
	first, next, third := strings.Repeat("a", 20), strings.Repeat("b", 20), strings.Repeat("c", 20)
	of := ClientOf{Kind: models.Hospital, Name: "医院", Org: "h1", Region: "430181"}
	c, err := NewClient("c1", of, office, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.OrderSecret(office, 0, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("a secret before anybody confirmed: %v", err)
	}
	if err := c.Confirm(office, noon); !errors.Is(err, models.Forbidden) || c.State != Registering {
		t.Errorf("confirmed by who asked: %v", err)
	}
	if err := c.Confirm(second, noon); err != nil {
		t.Fatal(err)
	}
	if _, err := NewClient("c1", ClientOf{Kind: models.TownStaff, Name: "x", Org: "h1"}, office, noon); !errors.Is(err, models.Invalid) {
		t.Errorf("a client of no kind: %v", err)
	}
	if err := c.Rotate(office, "short", time.Hour, noon); !errors.Is(err, models.Invalid) || len(c.Secrets) != 0 {
		t.Errorf("short secret: %v", err)
	}
	for i, s := range []string{first, next, third} {
		if err := c.Rotate(office, s, time.Hour, noon.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	at := noon.Add(10 * time.Minute)
	if c.Opens(first, at) || !c.Opens(next, at) || !c.Opens(third, at) || c.Opens(next, noon.Add(62*time.Minute)) || c.Opens("", at) {
		t.Error("the wrong secrets open")
	}
	if err := c.Resume(office, at); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("Resume of an active client = %v", err)
	}
	if err := c.Stop(office, "leak", at); err != nil || c.Opens(third, at) {
		t.Errorf("Stop = %v, opens %v", err, c.Opens(third, at))
	}
	if err := c.Stop(office, "leak", at); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("second Stop = %v", err)
	}
	if err := c.Resume(office, at); err != nil || !c.Opens(third, at) {
		t.Errorf("Resume = %v", err)
	}
}

// offered are the actions on offer in these tests.
var offered = []string{"medical.bills.mine", "medical.bills.pay", "records.read"}

func TestPropose(t *testing.T) {
	agent, child, elder := bound(t, "a", "1990-01-01"), bound(t, "k", "2010-06-01"), bound(t, "e", "1949-01-01")
	ok := Proposal{Kind: Guardian, Scope: []string{"medical"}, Offered: offered, Evidence: "户口簿"}
	for name, tc := range map[string]struct {
		agent, principal *Person
		edit             func(*Proposal)
		want             error
	}{
		"guardian of a child":   {agent, child, nil, nil},
		"agent of an elder":     {agent, elder, func(p *Proposal) { p.Kind = Agent }, nil},
		"agent of a child":      {agent, child, func(p *Proposal) { p.Kind = Agent }, models.Conflict},
		"a child as agent":      {child, elder, nil, models.Conflict},
		"oneself":               {agent, agent, nil, models.Invalid},
		"unknown kind":          {agent, elder, func(p *Proposal) { p.Kind = "FRIEND" }, models.Invalid},
		"no scope":              {agent, elder, func(p *Proposal) { p.Scope = nil }, models.Invalid},
		"identity":              {agent, elder, func(p *Proposal) { p.Scope = []string{"identity.me.bind"} }, models.Invalid},
		"unknown":               {agent, elder, func(p *Proposal) { p.Scope = []string{"medical", "nonsense.action"} }, models.Invalid},
		"half a word":           {agent, elder, func(p *Proposal) { p.Scope = []string{"med"} }, models.Invalid},
		"nothing":               {agent, elder, func(p *Proposal) { p.Scope = []string{""} }, models.Invalid},
		"no evidence":           {agent, elder, func(p *Proposal) { p.Evidence = " " }, models.Invalid},
		"over already":          {agent, elder, func(p *Proposal) { p.Until = "2026-03-01" }, models.Invalid},
		"a principal not bound": {agent, NewPerson("n", models.Secret{}, "zh", noon), nil, models.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			pr := ok
			if tc.edit != nil {
				tc.edit(&pr)
			}
			m, err := tc.agent.Propose("m", tc.principal, pr, Standard, noon)
			if tc.want == nil && err != nil || tc.want != nil && (!errors.Is(err, tc.want) || m != nil) {
				t.Fatalf("Propose = %v, want %v", err, tc.want)
			}
		})
	}
	m, err := agent.Propose("m", child, ok, Standard, noon)
	if err == nil && !slices.Equal(m.Scope, offered[:2]) {
		t.Errorf("it covers %v", m.Scope)
	}
	if err == nil && !m.WakeAt.Equal(noon.Add(Standard.MandateAsk)) {
		t.Errorf("it waits until %v", m.WakeAt)
	}
	ok.Scope = []string{"medical", "votes.cast"}
	if _, err := agent.Propose("m", child, ok, Standard, noon); len(models.FieldsOf(err)) != 1 || models.FieldsOf(err)[0].Pointer != "/scope/1" {
		t.Errorf("the unknown scope: %v", err)
	}
	if err != nil || !m.Until.Equal(models.Day("2028-06-01").Start()) && !m.Until.Before(noon.Add(Standard.MandateMax).Add(time.Second)) {
		t.Fatalf("until %v, %v", m.Until, err)
	}
}

// triedActs are all acts on a mandate of a, for e, by everybody who could try.
func triedActs() map[string]func(*Mandate) error {
	desk := func(person string, region models.Region) models.Actor {
		return models.Actor{Person: person, Role: models.TownStaff, Region: region}
	}
	self := func(person, agent string) models.Actor {
		return models.Actor{Person: person, Agent: agent, Role: models.Resident, Region: "430181"}
	}
	approve := func(by models.Actor, alone bool) func(*Mandate) error {
		return func(m *Mandate) error { return m.Approve(by, alone, noon) }
	}
	confirm := func(by models.Actor, alone bool) func(*Mandate) error {
		return func(m *Mandate) error { return m.Confirm(by, alone, noon) }
	}
	agree := func(by models.Actor) func(*Mandate) error {
		return func(m *Mandate) error { return m.Agree(by, noon) }
	}
	end := func(by models.Actor) func(*Mandate) error {
		return func(m *Mandate) error { return m.End(by, "no evidence", noon) }
	}
	return map[string]func(*Mandate) error{
		"approve at the desk": approve(desk("one", "430181"), false), "approve elsewhere": approve(desk("one", "430182"), false),
		"approve own": approve(desk("a", "430181"), false), "approve as resident": approve(self("x", ""), false),
		"approve over the head of who decides alone": approve(desk("one", "430181"), true),
		"confirm at the desk":                        confirm(desk("two", "430181"), false), "confirm what one approved": confirm(desk("one", "430181"), false),
		"confirm elsewhere": confirm(desk("two", "430182"), false), "confirm own": confirm(desk("e", "430181"), false),
		"confirm over the head of who decides alone": confirm(desk("two", "430181"), true),
		"agree": agree(self("e", "")), "agree as the agent": agree(self("a", "")), "agree for the principal": agree(self("e", "a")),
		"end by agent": end(self("a", "")), "end by principal": end(self("e", "")), "end for the principal": end(self("e", "b")),
		"end by staff": end(desk("one", "430181")), "end by a stranger": end(self("x", "")),
		"wake in time":        func(m *Mandate) error { return m.Wake(noon) },
		"wake unanswered":     func(m *Mandate) error { return m.Wake(noon.Add(Standard.MandateAsk)) },
		"wake after its time": func(m *Mandate) error { return m.Wake(m.Until.Add(time.Hour)) },
	}
}

// Every state and every act of a mandate. What is not named is refused as not there and changes nothing.
func TestMandateMoves(t *testing.T) {
	type outcome struct {
		err error
		to  MandateState
	}
	moved := outcome{models.InvalidTransition, ""}
	own, over, second := outcome{models.Forbidden, ""}, outcome{models.Conflict, ""}, outcome{models.Forbidden, ""}
	to := func(s MandateState) outcome { return outcome{nil, s} }
	want := map[string]map[MandateState]outcome{
		"approve at the desk": {Proposed: to(Witnessed), Witnessed: moved, InForce: moved, MandateOver: moved},
		"approve own":         {Proposed: own, Witnessed: own, InForce: own, MandateOver: own},
		"approve over the head of who decides alone": {Proposed: over, Witnessed: over, InForce: over, MandateOver: over},
		"confirm at the desk":                        {Proposed: moved, Witnessed: to(InForce), InForce: moved, MandateOver: moved},
		"confirm what one approved":                  {Proposed: moved, Witnessed: second, InForce: moved, MandateOver: moved},
		"confirm own":                                {Proposed: own, Witnessed: own, InForce: own, MandateOver: own},
		"confirm over the head of who decides alone": {Proposed: over, Witnessed: over, InForce: over, MandateOver: over},
		"agree":               {Proposed: to(InForce), Witnessed: to(InForce), InForce: moved, MandateOver: moved},
		"end by agent":        {Proposed: to(MandateOver), Witnessed: to(MandateOver), InForce: to(MandateOver), MandateOver: moved},
		"end by principal":    {Proposed: to(MandateOver), Witnessed: to(MandateOver), InForce: to(MandateOver), MandateOver: moved},
		"end by staff":        {Proposed: to(MandateOver), Witnessed: to(MandateOver), InForce: to(MandateOver), MandateOver: moved},
		"wake in time":        {Proposed: to(Proposed), Witnessed: to(Witnessed), InForce: to(InForce), MandateOver: to(MandateOver)},
		"wake unanswered":     {Proposed: to(MandateOver), Witnessed: to(MandateOver), InForce: to(InForce), MandateOver: to(MandateOver)},
		"wake after its time": {Proposed: to(MandateOver), Witnessed: to(MandateOver), InForce: to(MandateOver), MandateOver: to(MandateOver)},
	}
	for name, act := range triedActs() {
		for state := range mandateMoves {
			m := mandateIn(t, state, Agent)
			err, w := act(m), outcome{models.NotFound, ""}
			if row, ok := want[name]; ok {
				w = row[state]
			}
			if w.to == "" {
				w.to = state
			}
			if w.err == nil && err != nil || w.err != nil && !errors.Is(err, w.err) || m.State != w.to {
				t.Errorf("%s when %s: %v, now %s; want %v, %s", name, state, err, m.State, w.err, w.to)
			}
			if m.State == state != (len(m.Outbox) == 0) || m.State == MandateOver && m.State != state && (m.Open != "" || m.WakeAt != nil) {
				t.Errorf("%s when %s: told %q, open %q", name, state, kinds(&m.Meta), m.Open)
			}
		}
	}
}

// mandateIn is a mandate of a for e that came to a state as mandates do.
func mandateIn(t *testing.T, state MandateState, kind MandateKind) *Mandate {
	t.Helper()
	pr := Proposal{Kind: kind, Scope: []string{"medical"}, Offered: offered, Evidence: "letter"}
	m, err := bound(t, "a", "1990-01-01").Propose("m", bound(t, "e", "1949-01-01"), pr, Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	path := map[MandateState][]string{
		Witnessed: {"approve at the desk"}, InForce: {"approve at the desk", "confirm at the desk"}, MandateOver: {"end by staff"},
	}[state]
	for _, name := range path {
		if err := triedActs()[name](m); err != nil {
			t.Fatal(name, err)
		}
	}
	m.Outbox = nil
	return m
}

// A guardianship of an adult who has an account needs both: the ward's own word, and two persons who saw the paper.
func TestGuardianshipOfAnAdult(t *testing.T) {
	m, acts := mandateIn(t, Proposed, Guardian), triedActs()
	for _, step := range []struct {
		act  string
		want models.Code
		to   MandateState
	}{
		{"approve over the head of who decides alone", models.Conflict, Proposed},
		{"agree", "", Proposed},
		{"confirm at the desk", models.InvalidTransition, Proposed},
		{"approve over the head of who decides alone", "", Witnessed},
		{"confirm what one approved", models.Forbidden, Witnessed},
		{"confirm over the head of who decides alone", "", InForce},
		{"agree", models.InvalidTransition, InForce},
	} {
		if err := acts[step.act](m); models.CodeOf(err) != step.want || m.State != step.to {
			t.Fatalf("%s: %v, now %s", step.act, err, m.State)
		}
	}
	if !m.WakeAt.Equal(m.Until) || !m.Agreed() {
		t.Errorf("%+v", m)
	}
}

func TestCovers(t *testing.T) {
	for action, want := range map[string]bool{"medical.bills.pay": true, "medical": true, "medicals": false, "farmer.file.read": true, "farmer.file": false, "identity.me.bind": false} {
		if Covers([]string{"medical", "farmer.file.read", "identity"}, action) != want {
			t.Errorf("%s: %v", action, !want)
		}
	}
}
