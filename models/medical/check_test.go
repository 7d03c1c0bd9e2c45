package medical

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
)

func TestCheckMachineIsClosed(t *testing.T) { closedMachine(t, checkMoves) }

// kinds are the events of c, which is told of them.
func (c *Check) kinds() (kinds []string) {
	for _, e := range c.Outbox {
		kinds = append(kinds, e.Kind)
	}
	c.Outbox = nil
	return kinds
}

func TestCheckSleepsUntilThree(t *testing.T) {
	for at, want := range map[string]string{
		"2026-04-24T12:00:00": "2026-04-25T03:00:00", "2026-04-24T02:59:59": "2026-04-24T03:00:00",
		"2026-04-24T03:00:00": "2026-04-25T03:00:00", "2026-12-31T23:59:59": "2027-01-01T03:00:00",
	} {
		now, err := time.ParseInLocation("2006-01-02T15:04:05", at, models.Shanghai)
		must(t, err)
		if got := NewCheck(now).WakeAt.In(models.Shanghai).Format("2006-01-02T15:04:05"); got != want {
			t.Errorf("at %s it sleeps until %s, want %s", at, got, want)
		}
	}
}

func takes(t *testing.T, c *Check, p Part, now time.Time) {
	t.Helper()
	p.Part = c.Part
	if took, err := c.Step(p, now); err != nil || !took {
		t.Fatalf("Step = %v, %v", took, err)
	}
}

func TestCheckNight(t *testing.T) {
	c := NewCheck(noon)
	must(t, c.Wake(noon))
	if len(c.kinds()) != 0 || c.State != CheckIdle {
		t.Fatalf("woke before its time: %+v", c)
	}
	three := models.Day("2026-04-27").Clock(3, 0) // two nights were slept through
	must(t, c.Wake(three))
	if got := c.kinds(); !cmp.Equal(got, []string{CheckDue.Name()}) || c.State != CheckRunning {
		t.Fatalf("start: %v, %s", got, c.State)
	}
	takes(t, c, Part{Seen: 1000, Cursor: "x"}, three)
	if c.Run.Cursor != "x" || !c.WakeAt.Equal(three.Add(checkPace)) || len(c.Outbox) != 0 {
		t.Fatalf("after the first part: %+v", c.Run)
	}
	must(t, c.Wake(*c.WakeAt))
	must(t, c.Wake(c.WakeAt.Add(time.Hour))) // nobody answered; it is still being told
	if got := c.kinds(); !cmp.Equal(got, []string{CheckDue.Name()}) {
		t.Fatalf("asked %v", got)
	}
	must(t, c.Wake(*c.WakeAt))
	if got := c.kinds(); !cmp.Equal(got, []string{CheckDue.Name()}) {
		t.Fatalf("told and without an answer it asks again, got %v", got)
	}
	doubt := Fault{Bill: "b1", Agreement: "a1", What: WrongDraw, Got: 1}
	takes(t, c, Part{Seen: 7, Last: true}, three.Add(time.Minute))
	takes(t, c, Part{Seen: 3, Last: true, Doubts: []Fault{doubt}}, three.Add(2*time.Minute))
	if c.Run.Stage != StageAgain || c.Run.Count != 0 || !c.WakeAt.Equal(three.Add(2*time.Minute+checkCalm)) {
		t.Fatalf("in doubt: %+v", c.Run)
	}
	takes(t, c, Part{Last: true, Faults: []Fault{doubt}}, three.Add(8*time.Minute))
	want := []Summary{{Day: "2026-04-27", Ended: three.Add(8 * time.Minute), Took: 8 * time.Minute, Bills: 1007, Agreements: 3, Faults: 1}}
	if diff := cmp.Diff(want, c.Recent); diff != "" || !cmp.Equal(c.Found, []Fault{doubt}) {
		t.Errorf("summary: %s, found %v", diff, c.Found)
	}
	if e := c.Outbox[0]; e.Data["faults"] != "1" || e.Person != "" || !cmp.Equal(c.kinds(), []string{CheckFailed.Name()}) {
		t.Errorf("told %+v", e)
	}
	if c.State != CheckIdle || !c.WakeAt.Equal(models.Day("2026-04-28").Clock(3, 0)) {
		t.Errorf("%s, wakes at %v", c.State, c.WakeAt)
	}
}

func TestCheckTakesAPartOnce(t *testing.T) {
	c := NewCheck(noon)
	must(t, c.Start(noon))
	c.Outbox = nil
	for name, p := range map[string]Part{"a part before": {Part: -1}, "a part to come": {Part: 1, Last: true}} {
		before := copied(t, c)
		if took, err := c.Step(p, noon); took || err != nil {
			t.Errorf("%s: %v, %v", name, took, err)
		}
		unchanged(t, before, c)
	}
	before := copied(t, c)
	want(t, c.Start(noon), models.InvalidTransition, "medical.check_running")
	unchanged(t, before, c)
	takes(t, c, Part{Last: true}, noon)
	takes(t, c, Part{Last: true}, noon)
	if got := c.kinds(); !cmp.Equal(got, []string{CheckDone.Name()}) {
		t.Errorf("an empty store: %v", got)
	}
	if took, err := c.Step(Part{Part: 2}, noon); took || err != nil {
		t.Errorf("idle: %v, %v", took, err)
	}
}

func TestCheckKeepsWithinBounds(t *testing.T) {
	many := func(n int) (faults []Fault) {
		for i := range n {
			faults = append(faults, Fault{Bill: fmt.Sprint("b", i), What: WrongPaid, Got: 1})
		}
		return faults
	}
	c := NewCheck(noon)
	for range maxRuns + 2 {
		must(t, c.Start(noon))
		takes(t, c, Part{Seen: 1, Faults: many(40)}, noon)
		takes(t, c, Part{Seen: 1, Faults: many(40), Last: true}, noon)
		takes(t, c, Part{Seen: 1, Doubts: many(maxDoubts + 5), Last: true}, noon)
		if len(c.Run.Doubts) != maxDoubts || c.Run.Count != 85 {
			t.Fatalf("%d in doubt, %d faults", len(c.Run.Doubts), c.Run.Count)
		}
		takes(t, c, Part{Last: true}, noon)
		c.Outbox = nil
	}
	if len(c.Recent) != maxRuns || len(c.Found) != maxFaults || c.Recent[0].Faults != 85 || c.Run.No != maxRuns+2 {
		t.Errorf("%d runs kept, %d faults kept of %d, run %d", len(c.Recent), len(c.Found), c.Recent[0].Faults, c.Run.No)
	}
}

func TestAgreementFaults(t *testing.T) {
	bill := func(id, agreement string, typ VisitType, owed models.Fen) *Bill {
		b := issued(t, owed)
		b.ID, b.Agreement, b.Type = id, agreement, typ
		return b
	}
	broken := bill("b1", "a1", Outpatient, 500)
	broken.Paid++
	paid := bill("b1", "a1", Outpatient, 500)
	must(t, paid.PaidAtDesk("r1", 500, his, noon))
	for name, tc := range map[string]struct {
		out, in Pool
		bills   []*Bill
		want    []Fault
	}{
		"nothing":            {},
		"as it should be":    {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 500}}}, bills: []*Bill{bill("b1", "a1", Outpatient, 500)}},
		"a fen too little":   {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 499}}}, bills: []*Bill{bill("b1", "a1", Outpatient, 500)}, want: []Fault{{"b1", "a1", WrongDraw, 499, 500}}},
		"paid and drawn":     {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 1}}}, bills: []*Bill{paid}, want: []Fault{{"b1", "a1", WrongDraw, 1, 0}}},
		"paid":               {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1"}}}, bills: []*Bill{paid}},
		"no such bill":       {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 1}, {Bill: "b2"}}}, want: []Fault{{"b1", "a1", WrongDraw, 1, 0}}},
		"another's bill":     {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 500}}}, bills: []*Bill{bill("b1", "a2", Outpatient, 500)}, want: []Fault{{"b1", "a1", WrongDraw, 500, 0}}},
		"not drawn":          {bills: []*Bill{bill("b1", "a1", Outpatient, 500), bill("b2", "a2", Outpatient, 500)}, want: []Fault{{"b1", "a1", NotDrawn, 0, 500}}},
		"in the wrong pool":  {in: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 500}}}, bills: []*Bill{bill("b1", "a1", Outpatient, 500)}, want: []Fault{{"b1", "a1", WrongDraw, 500, 0}, {"b1", "a1", NotDrawn, 0, 500}}},
		"twice":              {out: Pool{Limit: 1000, Drawn: []Draw{{Bill: "b1", Amount: 500}, {Bill: "b1", Amount: 500}}}, bills: []*Bill{bill("b1", "a1", Outpatient, 500)}, want: []Fault{{"b1", "a1", WrongDraw, 500, 0}}},
		"beyond the limit":   {out: Pool{Limit: 499, Drawn: []Draw{{Bill: "b1", Amount: 500}}}, bills: []*Bill{bill("b1", "a1", Outpatient, 500)}, want: []Fault{{"", "a1", Overused, -1, 0}}},
		"the bill's own":     {out: Pool{Limit: 500, Drawn: []Draw{{Bill: "b1", Amount: 500}}}, bills: []*Bill{broken}},
		"its own, not drawn": {bills: []*Bill{broken}},
	} {
		a := &Agreement{Meta: models.Meta{ID: "a1"}, Outpatient: tc.out, Inpatient: tc.in}
		bills := map[string]*Bill{}
		for _, b := range tc.bills {
			bills[b.ID] = b
		}
		if diff := cmp.Diff(tc.want, a.Faults(bills)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestFaultSaysWhereAndHowMuch(t *testing.T) {
	for want, f := range map[string]Fault{
		"bill b1: PAID is 2 fen, should be 1":               {Bill: "b1", What: WrongPaid, Got: 2, Want: 1},
		"agreement a1 bill b1: DRAWN is 2 fen, should be 1": {Bill: "b1", Agreement: "a1", What: WrongDraw, Got: 2, Want: 1},
		"agreement a1: AVAILABLE is -1 fen, should be 0":    {Agreement: "a1", What: Overused, Got: -1},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
