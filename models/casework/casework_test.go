package casework

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

var (
	noon   = models.Day("2026-05-11").Clock(12, 0) // a Monday
	office = models.Actor{Person: "clerk", Role: models.CreditOffice, Org: "desk", Region: "4301"}
	unit   = models.Actor{Person: "officer", Role: models.DataOfficer, Org: "unit"}
	ann    = models.Actor{Person: "ann", Role: models.Resident}
	bob    = models.Actor{Person: "bob", Role: models.CreditOffice, Org: "elsewhere"}
)

func filing(kind Kind) Filing {
	f := Filing{Subject: models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}, Desk: "desk", Region: "4301", Words: "这不对"}
	switch kind {
	case Objection, Repair:
		f.About = About{Kind: "record", ID: "r", Version: 1, Item: "XZCF", Unit: "unit"}
	case Challenge:
		f.About = About{Kind: "access", ID: "e"}
	case Review:
		f.About = About{Kind: "decision", ID: "d"}
	case Erasure:
		f.About = About{Kind: "account", ID: "ann"}
	}
	return f
}

var repairs = RepairFile{Eligible: "2026-05-10", Ends: "2027-02-10", Commitment: Promise.Hash()}

// tb is a test, a property's too.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// filed is a case of a kind that was just asked for.
func filed(t tb, kind Kind) *Case {
	t.Helper()
	var c *Case
	var err error
	switch kind {
	case Objection:
		f := filing(kind)
		f.Changes = []Change{{Field: "A", Old: models.NewSecret("1"), New: models.NewSecret("2")}, {Field: "B", Old: models.NewSecret("x"), New: models.NewSecret("y")}}
		c, err = Object("c", f, Standard, ann, noon)
	case Repair:
		c, err = AskRepair("c", filing(kind), repairs, Standard, ann, noon)
	case Challenge:
		c, err = Contest("c", filing(kind), Standard, ann, noon)
	case Review:
		c, err = AskReview("c", filing(kind), Standard, ann, noon)
	case Erasure:
		c, err = Erase("c", filing(kind), Standard, ann, noon)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// in is a case of a kind in a state it can be in, nil for a state it never has.
func in(t tb, kind Kind, s State) *Case {
	t.Helper()
	c := filed(t, kind)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s in %s: %v", kind, s, err)
		}
	}
	accept := func() { must(c.Accept(office, noon)) }
	grant := func() {
		switch kind {
		case Objection:
			must(c.Uphold(office, Correction{Values: map[string]string{"A": "2"}, Reason: "right"}, noon))
		case Repair:
			accept()
			must(c.Answer(unit, true, "done", noon))
			must(c.GrantRepair(office, "right", noon))
		case Challenge, Review, Erasure:
			must(c.Grant(office, "right", noon))
		}
	}
	if _, has := kind.machine()[s]; !has {
		return nil
	}
	switch s {
	case Draft:
		var err error
		c, err = Prepare("c", filing(Repair), RepairFile{Eligible: "2026-05-10", Ends: "2027-02-10"}, Standard, noon)
		must(err)
	case Submitted:
	case NeedMore:
		must(c.Ask(office, "which paper", noon))
	case Accepted:
		accept()
		must(c.Answer(unit, true, "done", noon))
	case NotAccepted:
		must(c.TurnAway(office, "why", noon))
	case Checking:
		if kind == Repair {
			accept()
		} else {
			must(c.Check(office, noon))
		}
	case Approved:
		grant()
	case Synced:
		grant()
		must(c.Sync(noon))
	case Rejected:
		if kind == Repair {
			accept()
			must(c.Answer(unit, false, "not done", noon))
		}
		must(c.Reject(office, "why", noon))
	case Withdrawn:
		must(c.Withdraw(ann, noon))
	case Revoked:
		grant()
		must(c.Revoke(office, "false papers", noon))
	case Closed:
		grant()
		if kind == Repair {
			must(c.Sync(noon))
		}
		must(c.Close("", noon))
	}
	if c.State != s {
		t.Fatalf("%s is %s, want %s", kind, c.State, s)
	}
	c.Outbox = nil
	return c
}

// Every act on every kind in every state: what is refused changes nothing.
func TestEveryActOnEveryKindInEveryState(t *testing.T) {
	answering := []Kind{Challenge, Review, Erasure}
	later := noon.Add(time.Hour)
	acts := []struct {
		name    string
		do      func(*Case) error
		kinds   []Kind // others have no such act
		allowed []State
		silent  bool
	}{
		{"check", func(c *Case) error { return c.Check(office, later) }, []Kind{Objection}, []State{Submitted}, false},
		{"answer", func(c *Case) error { return c.Answer(unit, true, "w", later) }, []Kind{Objection, Repair}, []State{Checking}, false},
		{"uphold", func(c *Case) error { return c.Uphold(office, Correction{Withdraw: true, Reason: "w"}, later) }, []Kind{Objection}, []State{Submitted, Checking}, false},
		{"grant", func(c *Case) error { return c.Grant(office, "w", later) }, answering, []State{Submitted}, false},
		{"grant repair", func(c *Case) error { return c.GrantRepair(office, "w", later) }, []Kind{Repair}, []State{Accepted}, false},
		{"accept", func(c *Case) error { return c.Accept(office, later) }, []Kind{Repair}, []State{Submitted}, false},
		{"turn away", func(c *Case) error { return c.TurnAway(office, "w", later) }, []Kind{Repair}, []State{Submitted}, false},
		{"extend", func(c *Case) error { return c.Extend(office, "w", later) }, []Kind{Repair}, []State{Accepted, Checking}, false},
		{"sync", func(c *Case) error { return c.Sync(later) }, []Kind{Repair}, []State{Approved}, false},
		{"revoke", func(c *Case) error { return c.Revoke(office, "w", later) }, []Kind{Repair}, []State{Approved, Synced, Closed}, false},
		{"confirm", func(c *Case) error { return c.Confirm(Promise.Hash(), "", ann, later) }, []Kind{Repair}, []State{Draft}, false},
		{"attach", func(c *Case) error { return c.Attach(Material{Kind: "proof", Name: "a", Blob: "b"}) }, Kinds, []State{Draft, Submitted, NeedMore}, true},
		{"supply", func(c *Case) error { return c.Supply("here", nil, ann, later) }, append(answering, Repair), []State{NeedMore}, false},
	}
	for _, kind := range Kinds {
		for _, s := range States {
			if in(t, kind, s) == nil {
				continue
			}
			for _, act := range acts {
				c, before := in(t, kind, s), in(t, kind, s)
				err := act.do(c)
				allowed := slices.Contains(act.kinds, kind) && slices.Contains(act.allowed, s)
				if allowed != (err == nil) {
					t.Errorf("%s on %s in %s: %v", act.name, kind, s, err)
					continue
				}
				if err != nil && !reflect.DeepEqual(before, c) {
					t.Errorf("%s on %s in %s is refused and changes it", act.name, kind, s)
				}
				if err == nil && !act.silent && (len(c.Outbox) == 0 || len(c.Steps) == 0) {
					t.Errorf("%s on %s in %s tells nobody", act.name, kind, s)
				}
			}
		}
	}
}

// What all kinds share: asking for more, refusing, giving up, closing.
func TestSharedActs(t *testing.T) {
	for _, kind := range Kinds {
		for _, s := range States {
			for name, do := range map[string]func(*Case) error{
				"ask":      func(c *Case) error { return c.Ask(office, "w", noon) },
				"reject":   func(c *Case) error { return c.Reject(office, "w", noon) },
				"withdraw": func(c *Case) error { return c.Withdraw(ann, noon) },
				"close":    func(c *Case) error { return c.Close("", noon) },
			} {
				c := in(t, kind, s)
				if c == nil {
					continue
				}
				to := map[string]State{"ask": NeedMore, "reject": Rejected, "withdraw": Withdrawn, "close": Closed}[name]
				before := in(t, kind, s)
				err := do(c)
				if allowed := slices.Contains(kind.machine()[s], to); allowed != (err == nil) || err != nil && !reflect.DeepEqual(before, c) {
					t.Errorf("%s on %s in %s: %v", name, kind, s, err)
				}
				if err == nil && c.Slot != "" != c.Open() {
					t.Errorf("%s on %s in %s: slot %q, open %v", name, kind, s, c.Slot, c.Open())
				}
			}
		}
	}
}

// Only who sits at the desk acts, never on a case of their own or one they filed for somebody.
func TestWhoActs(t *testing.T) {
	own := office
	own.Person = "ann"
	agent := filing(Objection)
	agent.Agent = &Agent{Person: "clerk", Authorisation: "paper 1"}
	byAgent, err := Object("c", agent, Standard, office, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		do   func() error
		want models.Code
	}{
		"another desk":        {func() error { return filed(t, Objection).Reject(bob, "w", noon) }, models.NotFound},
		"the source unit":     {func() error { return filed(t, Objection).Reject(unit, "w", noon) }, models.NotFound},
		"a resident":          {func() error { return filed(t, Objection).Reject(ann, "w", noon) }, models.NotFound},
		"one's own":           {func() error { return filed(t, Objection).Reject(own, "w", noon) }, models.Forbidden},
		"filed for somebody":  {func() error { return byAgent.Reject(office, "w", noon) }, models.Forbidden},
		"without a reason":    {func() error { return filed(t, Objection).Reject(office, " ", noon) }, models.Invalid},
		"an answer by others": {func() error { return in(t, Objection, Checking).Answer(office, true, "w", noon) }, models.NotFound},
		"an answer on one's own": {func() error {
			return in(t, Objection, Checking).Answer(models.Actor{Person: "ann", Role: models.DataOfficer, Org: "unit"}, true, "w", noon)
		}, models.Forbidden},
		"an empty answer": {func() error { return in(t, Objection, Checking).Answer(unit, true, "", noon) }, models.Invalid},
	} {
		if err := tc.do(); models.CodeOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFilingRefused(t *testing.T) {
	for name, change := range map[string]func(*Filing){
		"nothing said":    func(f *Filing) { f.Words = " " },
		"too much said":   func(f *Filing) { f.Words = strings.Repeat("长", maxWords+1) },
		"no desk":         func(f *Filing) { f.Desk = "" },
		"no subject":      func(f *Filing) { f.Subject = models.Subject{} },
		"about nothing":   func(f *Filing) { f.About.ID = "" },
		"about no record": func(f *Filing) { f.About.Kind = "access" },
		"no unit":         func(f *Filing) { f.About.Unit = "" },
		"no paper seen":   func(f *Filing) { f.Agent = &Agent{Person: "x"} },
	} {
		f := filing(Objection)
		change(&f)
		if _, err := Object("c", f, Standard, ann, noon); models.CodeOf(err) != models.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f := filing(Objection); true {
		f.Words = strings.Repeat("长", maxWords)
		if _, err := Object("c", f, Standard, ann, noon); err != nil {
			t.Error(err)
		}
	}
}

// The clocks run in working days, over the holidays as they are made up for.
//
// Source: docs/sources.md#casework-clocks.
func TestClocks(t *testing.T) {
	for _, tc := range []struct {
		from models.Day
		n    int
		due  models.Day
	}{
		{"2026-05-11", 3, "2026-05-14"},  // Monday
		{"2026-05-14", 3, "2026-05-19"},  // over a weekend
		{"2026-04-30", 3, "2026-05-08"},  // over the May holiday
		{"2026-09-30", 7, "2026-10-15"},  // over the National Day, its Saturday a working day
		{"2026-05-16", 1, "2026-05-18"},  // from a Saturday
		{"2026-12-31", 3, "2027-01-06"},  // over the new year
		{"2026-05-11", 10, "2026-05-25"}, // two weeks
	} {
		var c Clock
		c.start(tc.n, tc.from)
		if c.Due != tc.due {
			t.Errorf("%s + %d working days = %s, want %s", tc.from, tc.n, c.Due, tc.due)
		}
	}
	if c := filed(t, Objection); c.Clock.Due != "2026-05-14" || c.WakeAt == nil || !c.WakeAt.Equal(models.Day("2026-05-15").Start()) {
		t.Errorf("%+v %v", c.Clock, c.WakeAt)
	}
	c := in(t, Objection, Checking)
	if c.Clock.Due != "2026-05-20" || c.Queue != "unit" { // seven, the first three among them
		t.Errorf("%+v %s", c.Clock, c.Queue)
	}
}

// What is left when a case waits for its person is left when it goes on; at least a day.
func TestTheClockStands(t *testing.T) {
	for _, tc := range []struct {
		asked, supplied models.Day
		due             models.Day
	}{
		{"2026-05-11", "2026-05-12", "2026-06-02"}, // 15 of 15
		{"2026-05-13", "2026-05-25", "2026-06-11"}, // 13 left
		{"2026-06-01", "2026-06-05", "2026-06-08"}, // none left
	} {
		c := filed(t, Review)
		if err := c.Ask(office, "more", tc.asked.Clock(9, 0)); err != nil {
			t.Fatal(err)
		}
		if err := c.Wake(tc.supplied.Clock(8, 0)); err != nil || c.Clock.Late {
			t.Errorf("late while it stands: %v", err)
		}
		if err := c.Supply("here", nil, ann, tc.supplied.Clock(9, 0)); err != nil {
			t.Fatal(err)
		}
		if c.Clock.Due != tc.due || c.Clock.Stopped != "" {
			t.Errorf("asked %s, supplied %s: due %s, want %s", tc.asked, tc.supplied, c.Clock.Due, tc.due)
		}
	}
}

func TestLateIsToldOnce(t *testing.T) {
	c := filed(t, Objection)
	c.Outbox = nil
	if err := c.Wake(c.Clock.Due.End()); err != nil || len(c.Outbox) != 0 {
		t.Errorf("on the last day: %v %v", err, c.Outbox)
	}
	for range 3 {
		if err := c.Wake(c.Clock.Due.Add(1).Start()); err != nil || len(c.Outbox) != 1 || c.Outbox[0].Kind != EventLate.Name() {
			t.Fatalf("%v %v", err, c.Outbox)
		}
	}
	if c.WakeAt != nil || !c.Open() {
		t.Errorf("%v", c.WakeAt)
	}
}

func TestNobodyAnswers(t *testing.T) {
	c := in(t, Erasure, NeedMore)
	last := models.DayOf(noon).AddWorking(Standard.WaitForPerson)
	if !c.WakeAt.Equal(last.Add(1).Start()) {
		t.Errorf("wakes at %v", c.WakeAt)
	}
	if err := c.Wake(last.End()); err != nil || c.State != NeedMore {
		t.Errorf("%v %s", err, c.State)
	}
	if err := c.Wake(last.Add(1).Start()); err != nil || c.State != Closed || c.Slot != "" || c.WakeAt != nil || c.Outbox[0].Kind != EventLapsed.Name() {
		t.Errorf("%v %s %v", err, c.State, c.Outbox)
	}
}

// What was asked for and not granted keeps its old value; what the office finds besides comes with it.
func TestUphold(t *testing.T) {
	c := filed(t, Objection)
	if err := c.Uphold(office, Correction{Reason: "w"}, noon); models.CodeOf(err) != models.Invalid || c.State != Submitted {
		t.Errorf("%v", err)
	}
	if err := c.Uphold(office, Correction{Values: map[string]string{"A": "3", "C": "z"}, Reason: "w"}, noon); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, ch := range c.Changes {
		got += ch.Field + ch.New.Reveal() + " "
	}
	if got != "A3 Bx Cz " || c.Withdrawal || c.Outcome != "w" || c.Clock.Due != "" {
		t.Errorf("%q %+v", got, c)
	}
}

func TestCheckAtTheUnitItself(t *testing.T) {
	f := filing(Objection)
	f.Desk = "unit"
	c, err := Object("c", f, Standard, ann, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(models.Actor{Person: "x", Role: models.DataOfficer, Org: "unit"}, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("%v", err)
	}
}

// The number of a case shows a slip of one digit, and that two neighbours were swapped.
func TestNumbers(t *testing.T) {
	c := filed(t, Objection)
	parts := strings.Split(c.No, "-")
	if len(parts) != 4 || parts[0] != "YY" || parts[1] != "20260511" || models.Luhn(parts[1]+parts[2]) != parts[3] {
		t.Fatalf("%s", c.No)
	}
	digits := parts[1] + parts[2]
	for i := range digits {
		for d := byte('0'); d <= '9'; d++ {
			if d == digits[i] {
				continue
			}
			slip := digits[:i] + string(d) + digits[i+1:]
			if models.Luhn(slip) == parts[3] {
				t.Errorf("%s passes for %s", slip, digits)
			}
		}
	}
	seen := map[string]bool{}
	for i := range 1000 {
		seen[Number(Repair, fmt.Sprint(i), noon)] = true
	}
	if len(seen) < 999 {
		t.Errorf("%d different numbers of 1000", len(seen))
	}
}

func TestDesks(t *testing.T) {
	d := Desks{"": "last", "4301": "city", "430181": "county"}
	for r, want := range map[models.Region]string{"430181108203": "county", "430181": "county", "430182": "city", "4301": "city", "43": "last", "360302": "last", "": "last"} {
		if got := d.Of(r); got != want {
			t.Errorf("%q: %s, want %s", r, got, want)
		}
	}
	for desk, want := range map[string]string{"county": "city", "city": "last", "last": "last", "unknown": "last"} {
		if got := d.Above(desk); got != want {
			t.Errorf("above %s: %s, want %s", desk, got, want)
		}
	}
}

func TestForSubject(t *testing.T) {
	c := filed(t, Objection)
	if !c.ForSubject(models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}) || c.ForSubject(models.Subject{Kind: models.PersonSubject, Ref: "other", Person: "bob"}) {
		t.Error("whose case is it")
	}
	account := &Case{Subject: models.Subject{Kind: models.PersonSubject, Person: "ann"}}
	if !account.ForSubject(models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}) || account.ForSubject(models.Subject{Kind: models.PersonSubject}) {
		t.Error("a case about an account alone")
	}
}

// Whatever is done in whatever order: what is open holds its slot, what is over has no clock, and no case wakes in the past.
func TestAnyWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(Kinds).Draw(t, "kind")
		c := filed(t, kind)
		at := noon
		for range rapid.IntRange(1, 25).Draw(t, "acts") {
			at = at.Add(time.Duration(rapid.IntRange(0, 30*24).Draw(t, "hours")) * time.Hour)
			steps := len(c.Steps)
			var err error
			switch rapid.IntRange(0, 14).Draw(t, "act") {
			case 0:
				err = c.Check(office, at)
			case 1:
				err = c.Answer(unit, rapid.Bool().Draw(t, "right"), "w", at)
			case 2:
				err = c.Uphold(office, Correction{Withdraw: true, Reason: "w"}, at)
			case 3:
				err = c.Grant(office, "w", at)
			case 4:
				err = c.Accept(office, at)
			case 5:
				err = c.GrantRepair(office, "w", at)
			case 6:
				err = c.Extend(office, "w", at)
			case 7:
				err = c.Sync(at)
			case 8:
				err = c.Close("", at)
			case 9:
				err = c.Ask(office, "w", at)
			case 10:
				err = c.Supply("w", nil, ann, at)
			case 11:
				_, err = c.Over("record.ended", at)
			case 12:
				err = c.Revoke(office, "w", at)
			case 13:
				err = c.Reject(office, "w", at)
			}
			if err != nil && models.CodeOf(err) == models.Internal {
				t.Fatal(err)
			}
			if err != nil && len(c.Steps) != steps {
				t.Fatalf("a refused act is a step: %v", err)
			}
			if err := c.Wake(at); err != nil {
				t.Fatal(err)
			}
			if c.Open() != (c.Slot != "") {
				t.Fatalf("%s %s: slot %q", kind, c.State, c.Slot)
			}
			if !c.Open() && (c.Queue != "" || c.Clock.Due != "" || c.WakeAt != nil) {
				t.Fatalf("%s %s: queue %q, due %q, wakes %v", kind, c.State, c.Queue, c.Clock.Due, c.WakeAt)
			}
			if c.WakeAt != nil && !c.WakeAt.After(at) {
				t.Fatalf("%s %s wakes at %v, it is %v", kind, c.State, c.WakeAt, at)
			}
			if c.Steps[len(c.Steps)-1].State != c.State {
				t.Fatalf("the last step is %s, the case %s", c.Steps[len(c.Steps)-1].State, c.State)
			}
		}
	})
}
