package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/job"
)

var (
	noon  = models.Day("2026-05-11").Clock(12, 0)
	clerk = models.Actor{Person: "clerk", Role: models.DataOfficer, Org: "unit", Region: "4301"}
)

func draft() Draft { return Draft{Item: "XZCF", No: "1", Format: CSV, Mode: Update} }

func sum(data string) string {
	h := sha256.Sum256([]byte(data))
	return hex.EncodeToString(h[:])
}

func begun(t *testing.T, d Draft) *Batch {
	t.Helper()
	b, err := New("b", d, clerk, noon)
	if err == nil {
		_, err = b.Part(1, []byte("abc"), []string{"p1"}, []int{3})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// in is a batch in a state.
func in(t *testing.T, s State) *Batch {
	t.Helper()
	d := draft()
	d.DryRun = s == Checked
	b := begun(t, d)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	step := func(st Step) { _, err := b.Step(st, noon); must(err) }
	if s != Receiving {
		must(b.Submit(sum("abc"), 1, clerk, noon))
	}
	switch s {
	case Receiving, Running:
	case Done, Checked:
		step(Step{Last: true, Counts: Counts{Rows: 2, Accepted: 1, Rejected: 1}})
	case Failed:
		step(Step{Why: "batch.no_rows"})
	case Withdrawing, Withdrawn:
		step(Step{Last: true})
		must(b.Withdraw(clerk, "wrong", noon))
		if s == Withdrawn {
			_, err := b.Take(b.Job.Part, 1, "", true, noon)
			must(err)
		}
	}
	if s == Cancelled {
		b.DryRun = true
		must(b.Abort(clerk, "wrong", noon))
	}
	if b.State != s {
		t.Fatalf("%s, want %s", b.State, s)
	}
	b.Outbox = nil
	return b
}

// Every act in every state: what is refused, or comes twice, changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	part := func(b *Batch) int { return b.Job.Part }
	for name, act := range map[string]struct {
		do      func(*Batch) (bool, error)
		allowed []State
		quiet   bool // elsewhere nothing happens, without an error
	}{
		"part":            {func(b *Batch) (bool, error) { return b.Part(2, []byte("d"), []string{"p2"}, []int{1}) }, []State{Receiving}, false},
		"submit":          {func(b *Batch) (bool, error) { return true, b.Submit(sum("abc"), 1, clerk, noon) }, []State{Receiving}, false},
		"withdraw":        {func(b *Batch) (bool, error) { return true, b.Withdraw(clerk, "w", noon) }, []State{Done}, false},
		"fix":             {func(b *Batch) (bool, error) { return true, b.Fix(1) }, []State{Done}, false},
		"step":            {func(b *Batch) (bool, error) { return b.Step(Step{Part: part(b)}, noon) }, []State{Running}, true},
		"take":            {func(b *Batch) (bool, error) { return b.Take(part(b), 1, "c", false, noon) }, []State{Withdrawing}, true},
		"a step that was": {func(b *Batch) (bool, error) { return b.Step(Step{Part: part(b) - 1, Counts: Counts{Rows: 9}}, noon) }, nil, true},
	} {
		for _, s := range States {
			b, before := in(t, s), in(t, s)
			changed, err := act.do(b)
			allowed := slices.Contains(act.allowed, s)
			if allowed != (err == nil && changed) || act.quiet && err != nil {
				t.Errorf("%s in %s: %v %v", name, s, changed, err)
			}
			if !allowed && !reflect.DeepEqual(before, b) {
				t.Errorf("%s in %s changes it", name, s)
			}
			if err != nil && !errors.Is(err, models.InvalidTransition) {
				t.Errorf("%s in %s: %v", name, s, err)
			}
		}
	}
}

func TestNewRefused(t *testing.T) {
	minus := -1
	for name, change := range map[string]func(*Draft){
		"no item": func(d *Draft) { d.Item = "" }, "no number": func(d *Draft) { d.No = "" }, "format": func(d *Draft) { d.Format = "pdf" },
		"mode": func(d *Draft) { d.Mode = "guess" }, "produced": func(d *Draft) { d.Produced = &minus }, "month": func(d *Draft) { d.Month = "2026-13" },
	} {
		d := draft()
		change(&d)
		if _, err := New("b", d, clerk, noon); models.CodeOf(err) != models.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New("b", draft(), models.Actor{Person: "x", Role: models.DataOfficer}, noon); models.CodeOf(err) != models.Invalid {
		t.Error("of no unit")
	}
}

// Parts come in order, the last may come twice, and the whole file is what the unit hashed.
func TestParts(t *testing.T) {
	b := begun(t, draft())
	if fresh, err := b.Part(1, []byte("abc"), nil, nil); fresh || err != nil {
		t.Errorf("once more: %v %v", fresh, err)
	}
	if _, err := b.Part(3, []byte("x"), nil, nil); !errors.Is(err, models.Conflict) {
		t.Errorf("a gap: %v", err)
	}
	if _, err := b.Part(2, []byte("def"), []string{"p2"}, []int{3}); err != nil {
		t.Fatal(err)
	}
	if err := b.Submit(sum("abcdeF"), 1, clerk, noon); models.CodeOf(err) != models.Invalid || b.State != Receiving {
		t.Errorf("another hash: %v", err)
	}
	if err := b.Submit(sum("abcdef"), 3, clerk, noon); err != nil || b.File.Size != 6 || b.Edition != 3 || b.GoneAt != nil {
		t.Errorf("%v %+v", err, b.File)
	}
	empty, err := New("b", draft(), clerk, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := empty.Submit(sum(""), 1, clerk, noon); models.CodeOf(err) != models.Invalid {
		t.Errorf("an empty file: %v", err)
	}
	big := begun(t, func() Draft { d := draft(); d.Format = XLSX; return d }())
	if _, err := big.Part(2, make([]byte, MaxWorkbook), nil, nil); models.CodeOf(err) != models.TooLarge || big.File.Parts != 1 {
		t.Errorf("too large: %v", err)
	}
	big.File.Size = MaxBytes
	if _, err := big.Part(2, []byte("x"), nil, nil); models.CodeOf(err) != models.TooLarge {
		t.Errorf("too large: %v", err)
	}
}

// A part nobody spoke of is asked for again, once a minute, and not while it is being told.
func TestAsksAgain(t *testing.T) {
	b := begun(t, draft())
	if err := b.Submit(sum("abc"), 1, clerk, noon); err != nil {
		t.Fatal(err)
	}
	told := len(b.Outbox)
	if err := b.Wake(noon.Add(job.Answered)); err != nil || len(b.Outbox) != told {
		t.Errorf("while it is being told: %v %d", err, len(b.Outbox))
	}
	b.Outbox = nil
	if err := b.Wake(noon.Add(2*job.Answered - 1)); err != nil || len(b.Outbox) != 0 {
		t.Errorf("early: %v", b.Outbox)
	}
	if err := b.Wake(noon.Add(2 * job.Answered)); err != nil || len(b.Outbox) != 1 || b.Outbox[0].Kind != EventPartDue.Name() {
		t.Errorf("%v %v", err, b.Outbox)
	}
}

func TestWithdrawnNumberIsFree(t *testing.T) {
	b := in(t, Withdrawn)
	if b.Slot == Slot("unit", "XZCF", "1") || b.Taken != 1 {
		t.Errorf("%s %d", b.Slot, b.Taken)
	}
	d := draft()
	d.DryRun = true
	if dry := begun(t, d); dry.Slot == Slot("unit", "XZCF", "1") {
		t.Error("a dry run takes the number")
	}
}

// Every part counts once, whatever comes twice or late.
func TestPartsCountOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b, want, parts := in(t, Running), Counts{}, rapid.IntRange(1, 10).Draw(rt, "parts")
		for i := range parts {
			n := rapid.IntRange(0, 2000).Draw(rt, "rows")
			bad := rapid.IntRange(0, n).Draw(rt, "bad")
			s := Step{Part: i, Last: i == parts-1, Counts: Counts{Rows: n, Accepted: n - bad, Rejected: bad, Faults: map[string]int{"required": bad}}}
			for range rapid.IntRange(1, 3).Draw(rt, "times") {
				if _, err := b.Step(s, noon); err != nil {
					rt.Fatal(err)
				}
			}
			want.Add(s.Counts)
			if i > 0 {
				if changed, err := b.Step(Step{Part: i - 1, Counts: Counts{Rows: 7}}, noon); changed || err != nil {
					rt.Fatalf("an old part: %v %v", changed, err)
				}
			}
		}
		c := b.Counts
		if !reflect.DeepEqual(c, want) || c.Accepted+c.Rejected != c.Rows || b.State != Done {
			rt.Fatalf("%+v, want %+v, %s", c, want, b.State)
		}
	})
}

// No data is not a hundred per cent, and a share is rounded down.
//
// Source: docs/sources.md#batch-metrics.
func TestMetrics(t *testing.T) {
	done := func(c Counts, produced *int) *Batch {
		b := &Batch{Counts: c, Produced: produced}
		b.State = Done
		return b
	}
	n := func(i int) *int { return &i }
	bp := func(p *models.Bp) int {
		if p == nil {
			return -1
		}
		return int(*p)
	}
	all := func(m Metrics) [4]int {
		return [4]int{bp(m.Compliance), bp(m.Timeliness), bp(m.Completeness), bp(m.Coverage)}
	}
	dry := done(Counts{Rows: 10, Accepted: 10}, nil)
	dry.DryRun = true
	failed := done(Counts{Rows: 10, Accepted: 10}, nil)
	failed.State = Failed
	gone := done(Counts{Rows: 10, Accepted: 10}, nil)
	gone.State = Withdrawn
	for name, tc := range map[string]struct {
		batches []*Batch
		want    [4]int
	}{
		"nothing":              {nil, [4]int{-1, -1, -1, -1}},
		"what does not count":  {[]*Batch{dry, failed, gone}, [4]int{-1, -1, -1, -1}},
		"nothing delivered":    {[]*Batch{done(Counts{}, n(0))}, [4]int{-1, -1, -1, -1}},
		"nothing of something": {[]*Batch{done(Counts{}, n(5))}, [4]int{-1, -1, -1, 0}},
		"rounded down":         {[]*Batch{done(Counts{Rows: 3, Accepted: 2, OnTime: 1, Filled: 19999, Required: 20000}, n(10000))}, [4]int{6666, 3333, 9999, 3}},
		"put right later":      {[]*Batch{done(Counts{Rows: 3, Accepted: 2, Fixed: 1, OnTime: 3, Filled: 1, Required: 1}, nil)}, [4]int{10000, 10000, 10000, -1}},
		"more than produced":   {[]*Batch{done(Counts{Rows: 6, Accepted: 6}, n(5))}, [4]int{10000, 0, -1, 10000}},
		"said twice":           {[]*Batch{done(Counts{Rows: 2, Accepted: 2}, n(4)), done(Counts{Rows: 2, Accepted: 2}, n(8))}, [4]int{10000, 0, -1, 5000}},
	} {
		if got := all(Sum(tc.batches)); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// Seven working days from the decision, over holidays and Saturdays that are worked.
func TestOnTime(t *testing.T) {
	for _, tc := range []struct {
		decided, last models.Day
	}{
		{"2026-05-11", "2026-05-20"}, {"2026-04-30", "2026-05-13"}, {"2026-09-30", "2026-10-15"}, {"2026-05-09", "2026-05-19"},
	} {
		if !OnTime(tc.decided, tc.last) || OnTime(tc.decided, tc.last.Add(1)) {
			t.Errorf("%s: the last day is not %s but %s", tc.decided, tc.last, tc.decided.AddWorking(OnTimeDays))
		}
	}
}

func TestRow(t *testing.T) {
	r := Refuse("b", 3, "k", []models.Field{{Pointer: "/A", Code: "required"}}, "{}", noon)
	if r.ID != RowID("b", 3) || !r.GoneAt.Equal(Gone(noon)) {
		t.Errorf("%+v", r)
	}
	if err := r.Fix(clerk, noon); err != nil || r.State != Fixed {
		t.Fatal(err)
	}
	if err := r.Fix(clerk, noon); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("twice: %v", err)
	}
}
