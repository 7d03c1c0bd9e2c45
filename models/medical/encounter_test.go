package medical

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

func line(id string, rev int, amount models.Fen) Line {
	return Line{ID: id, Revision: rev, Category: "DRUG", Amount: amount, At: noon}
}

func back(id string, rev int, amount models.Fen, of string) Line {
	l := line(id, rev, amount)
	l.Reverses = of
	return l
}

func TestCharge(t *testing.T) {
	type step struct {
		line Line
		want LineState
	}
	other := line("a", 1, 100)
	other.Category = "BED"
	for name, tc := range map[string]struct {
		room   models.Fen
		steps  []step
		total  models.Fen
		desk   models.Fen
		reason string // of an exception
	}{
		"exactly the room":                    {300, []step{{line("a", 1, 100), Accepted}, {line("b", 1, 200), Accepted}}, 300, 0, ""},
		"a fen beyond the room":               {299, []step{{line("a", 1, 100), Accepted}, {line("b", 1, 200), PayNow}}, 100, 200, ""},
		"a smaller one fits after one beyond": {150, []step{{line("a", 1, 200), PayNow}, {line("b", 1, 150), Accepted}}, 150, 200, ""},
		"no room":                             {0, []step{{line("a", 1, 1), PayNow}}, 0, 1, ""},
		"the same again":                      {100, []step{{line("a", 1, 100), Accepted}, {line("a", 1, 100), Duplicate}}, 100, 0, ""},
		"another amount under its key":        {500, []step{{line("a", 1, 100), Accepted}, {line("a", 1, 101), Conflicts}}, 100, 0, ""},
		"another category under its key":      {500, []step{{line("a", 1, 100), Accepted}, {other, Conflicts}}, 100, 0, ""},
		"a newer revision":                    {250, []step{{line("a", 1, 100), Accepted}, {line("a", 2, 250), Accepted}}, 250, 0, ""},
		"a newer revision beyond the room":    {249, []step{{line("a", 1, 100), Accepted}, {line("a", 2, 250), PayNow}}, 0, 250, ""},
		"an older revision comes last":        {250, []step{{line("a", 2, 100), Accepted}, {line("a", 1, 250), Accepted}}, 100, 0, ""},
		"a reversal":                          {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}}, 60, 0, ""},
		"reversals up to the original":        {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}, {back("q", 1, -60, "a"), Accepted}}, 0, 0, ""},
		"a fen beyond the original":           {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}, {back("q", 1, -61, "a"), Conflicts}}, 60, 0, ""},
		"a reversal of a desk line":           {99, []step{{line("a", 1, 100), PayNow}, {back("r", 1, -40, "a"), PayNow}}, 0, 60, ""},
		"a reversal of a reversal":            {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}, {back("q", 1, -10, "r"), Conflicts}}, 60, 0, ""},
		"a reversal first":                    {100, []step{{back("r", 1, -40, "a"), Accepted}, {line("a", 1, 100), Accepted}}, 60, 0, ""},
		"a reversal first, too large":         {100, []step{{back("r", 1, -140, "a"), Accepted}, {line("a", 1, 100), Accepted}}, 100, 0, "reversal_too_large"},
		"a reversal first, of a desk line":    {99, []step{{back("r", 1, -40, "a"), Accepted}, {line("a", 1, 100), PayNow}}, 0, 60, ""},
		"a revision below its reversals":      {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}, {line("a", 2, 39), Conflicts}}, 60, 0, ""},
		"a larger reversal by revision":       {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}, {back("r", 2, -100, "a"), Accepted}}, 0, 0, ""},
		"a smaller reversal without room":     {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -100, "a"), Accepted}, {line("b", 1, 100), Accepted}, {back("r", 2, -10, "a"), Conflicts}}, 100, 0, ""},
		"below zero without an original":      {100, []step{{line("a", 1, -5), Conflicts}}, 0, 0, ""},
		"a reversal above zero":               {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, 50, "a"), Conflicts}}, 100, 0, ""},
		"a reversal that follows to the desk": {100, []step{{line("a", 1, 100), Accepted}, {back("r", 1, -40, "a"), Accepted}, {line("a", 2, 200), PayNow}}, 0, 160, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := visit(Outpatient)
			for i, s := range tc.steps {
				got, err := e.Charge([]Line{s.line}, tc.room, his, noon)
				must(t, err)
				if got[0].Result != s.want {
					t.Fatalf("step %d is %s, want %s", i, got[0].Result, s.want)
				}
			}
			if e.Total() != tc.total || e.PayNowTotal() != tc.desk || e.Exception != tc.reason || (e.Queued != "") != (tc.reason != "") {
				t.Errorf("total %d, at the desk %d, exception %q; want %d, %d, %q", e.Total(), e.PayNowTotal(), e.Exception, tc.total, tc.desk, tc.reason)
			}
		})
	}
}

func TestChargeWithoutAgreementIsPaidNow(t *testing.T) {
	e := Open(Arrival{ID: "v1", Hospital: "h1", VisitNo: "no1", Type: Emergency, Person: "", Agreement: nil, Reason: "NO_AGREEMENT", Region: "430181"}, his, noon)
	got, err := e.Charge([]Line{line("a", 1, 100)}, 100000, his, noon)
	must(t, err)
	if got[0].Result != PayNow || e.PayNowTotal() != 100 || e.Wants(amounts(0, 0, 100)) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestChargeTooMany(t *testing.T) {
	e := visit(Inpatient)
	e.Lines = make([]Line, MaxLines)
	for i := range e.Lines {
		e.Lines[i] = Line{ID: "x", Revision: i, State: Replaced}
	}
	before := copied(t, e)
	_, err := e.Charge([]Line{line("a", 1, 100)}, 100, his, noon)
	want(t, err, models.Conflict, "medical.visit_too_long")
	unchanged(t, before, e)
}

func TestParkedReversalWaitsADay(t *testing.T) {
	e := visit(Outpatient)
	got, err := e.Charge([]Line{back("r", 1, -40, "a")}, 100, his, noon)
	must(t, err)
	if !got[0].Parked || e.WakeAt == nil || !e.WakeAt.Equal(after(day)) {
		t.Fatalf("%+v, wakes %v", got, e.WakeAt)
	}
	e.Outbox = nil
	must(t, e.Wake(after(day-time.Millisecond)))
	if e.Exception != "" {
		t.Fatal("an exception before its time")
	}
	must(t, e.Wake(after(day)))
	must(t, e.Wake(after(day)))
	if e.Exception != "reversal_without_original" || e.Queued != "h1" || e.WakeAt != nil || len(e.Outbox) != 1 {
		t.Fatalf("%q %q %v %v", e.Exception, e.Queued, e.WakeAt, kinds(&e.Meta))
	}
}

func TestParkedReversalEndsWithTheVisit(t *testing.T) {
	for name, end := range map[string]func(e *Encounter) error{
		"cancelled": func(e *Encounter) error { return e.Cancel(his, noon) },
		"settled": func(e *Encounter) error {
			_, err := e.Settle(InsurerWord{SetlID: "s", Revision: 1, Amounts: amounts(0, 0, 100), MulaidInside: false}, 100, his, noon)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := visit(Outpatient)
			_, err := e.Charge([]Line{back("r", 1, -40, "a")}, 100, his, noon)
			must(t, err)
			must(t, end(e))
			must(t, e.Wake(after(2*day)))
			if e.Exception != "" || e.WakeAt != nil {
				t.Errorf("an ended visit has the exception %q and wakes %v", e.Exception, e.WakeAt)
			}
		})
	}
}

// lines draws charges with revisions and reversals: each original is at least what is reversed of it.
func lines(t *rapid.T) []Line {
	var out []Line
	for i := range rapid.IntRange(1, 6).Draw(t, "charges") {
		id := string(rune('a' + i))
		amount := models.Fen(rapid.IntRange(1, 1000).Draw(t, "amount"))
		for rev := range rapid.IntRange(1, 3).Draw(t, "revisions") {
			out = append(out, line(id, rev+1, amount+models.Fen(rapid.IntRange(0, 500).Draw(t, "more"))))
		}
		left := amount
		for j := range rapid.IntRange(0, 2).Draw(t, "reversals") {
			less := models.Fen(rapid.IntRange(0, int(left)).Draw(t, "less"))
			left -= less
			if less > 0 {
				out = append(out, back(id+string(rune('0'+j)), 1, -less, id))
				if rapid.Bool().Draw(t, "revised") {
					out = append(out, back(id+string(rune('0'+j)), 2, -models.Fen(rapid.IntRange(1, int(less)).Draw(t, "revised less")), id))
				}
			}
		}
	}
	return out
}

func TestChargesCountTheSameInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := lines(t)
		straight, shuffled := visit(Outpatient), visit(Outpatient)
		if _, err := straight.Charge(set, 1<<40, his, noon); err != nil {
			t.Fatal(err)
		}
		for _, l := range rapid.Permutation(set).Draw(t, "order") {
			if _, err := shuffled.Charge([]Line{l}, 1<<40, his, noon); err != nil {
				t.Fatal(err)
			}
		}
		if straight.Total() != shuffled.Total() || straight.Exception != shuffled.Exception || shuffled.PayNowTotal() != 0 {
			t.Fatalf("in order %d %q, shuffled %d %q", straight.Total(), straight.Exception, shuffled.Total(), shuffled.Exception)
		}
	})
}

func TestFitIsTheHoldThatChargeNeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Permutation(lines(t)).Draw(t, "order")
		cut := rapid.IntRange(0, len(first)).Draw(t, "cut")
		room := models.Fen(rapid.IntRange(0, 4000).Draw(t, "room"))
		roomy, tight := visit(Outpatient), visit(Outpatient)
		for _, batch := range [][]Line{first[:cut], first[cut:]} {
			hold := tight.Fit(batch, room, noon)
			if hold > room {
				t.Fatalf("Fit answers %d beyond the room %d", hold, room)
			}
			a, err := roomy.Charge(batch, room, his, noon)
			b, err2 := tight.Charge(batch, hold, his, noon)
			if err != nil || err2 != nil {
				t.Fatal(err, err2)
			}
			for i := range a {
				if a[i] != b[i] {
					t.Fatalf("line %d with room %d is %+v, with the hold %d it is %+v", i, room, a[i], hold, b[i])
				}
			}
			if tight.Total() > hold {
				t.Fatalf("total %d is beyond the hold %d", tight.Total(), hold)
			}
		}
	})
}
