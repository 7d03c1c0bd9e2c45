package record

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

var (
	noon  = models.Day("2026-06-01").Clock(12, 0)
	clerk = models.Actor{Person: "clerk", Role: models.DataOfficer, Org: "unit"}
)

// draft is a penalty of an organisation.
func draft(decided models.Day, severity models.Severity) Draft {
	return Draft{
		Item: "XZCF", ItemVersion: 1, Nature: models.Negative, Openness: models.Public,
		Subject: models.Subject{Kind: models.Organisation, Ref: "91430100MAXX000152"}, Region: "4301", Unit: "unit", Key: "1",
		DecidedOn: decided, Severity: severity, KeepMonths: 60, Attributes: map[string]any{"NR": "一"},
	}
}

// person is the same about a natural person.
func person(decided models.Day) Draft {
	d := draft(decided, models.General)
	d.Openness, d.Subject = models.ByQuery, models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}
	return d
}

func made(t testing.TB, d Draft, at time.Time) *Record {
	t.Helper()
	r, err := New(d, Standard, clerk, at)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// in is a record in a state; it may be repaired since 2026-05-10.
func in(t testing.TB, s State) *Record {
	t.Helper()
	at := models.Day("2026-02-11").Clock(9, 0)
	r := made(t, draft("2026-02-10", models.General), at)
	r.Publication.Asked = true
	var err error
	switch s {
	case Active:
	case Objected:
		err = r.Object("case", clerk, at)
	case Corrected:
		err = r.Correct(Change{Why: "w"}, clerk, at)
	case Repaired:
		err = r.Repair("case", clerk, noon)
	case Ended:
		err = r.Wake(r.Publication.Ends.Start())
	case Withdrawn:
		err = r.Withdraw(clerk, "w", at)
	}
	if err != nil || r.State != s {
		t.Fatalf("%s: %v", s, err)
	}
	r.Outbox = nil
	return r
}

// Every act in every state: what is refused changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	acts := map[string]struct {
		do      func(*Record) error
		allowed []State
	}{
		"object":  {func(r *Record) error { return r.Object("c", clerk, noon) }, []State{Active, Corrected}},
		"uphold":  {func(r *Record) error { return r.Uphold("case", clerk, "w", noon) }, []State{Objected}},
		"correct": {func(r *Record) error { return r.Correct(Change{Why: "w"}, clerk, noon) }, []State{Active, Objected, Corrected, Repaired}},
		"revise":  {func(r *Record) error { return r.Revise(Change{Why: "w"}, clerk, noon) }, []State{Active, Objected, Corrected}},
		"repair":  {func(r *Record) error { return r.Repair("c", clerk, noon) }, []State{Active, Corrected}},
		"restore": {func(r *Record) error { return r.Restore("case", clerk, "w", noon) }, []State{Repaired}},
		"withdraw": {func(r *Record) error { return r.Withdraw(clerk, "w", noon) },
			[]State{Active, Objected, Corrected, Repaired, Ended}},
	}
	for _, s := range States {
		for name, act := range acts {
			t.Run(name+"/"+string(s), func(t *testing.T) {
				r, before := in(t, s), in(t, s)
				err := act.do(r)
				if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
					t.Fatalf("%v", err)
				}
				if err != nil && (!errors.Is(err, models.InvalidTransition) || !reflect.DeepEqual(before, r)) {
					t.Errorf("a refused act: %v\n%+v\n%+v", err, before, r)
				}
				if err == nil && (len(r.Outbox) != 1 || r.Outbox[0].Data["record"] != r.ID) {
					t.Errorf("it tells %v", r.Outbox)
				}
			})
		}
	}
}

// The worked dates of the rules of repair.
//
// Source: docs/sources.md#record-publication.
func TestPublicationDates(t *testing.T) {
	for _, tc := range []struct {
		decided        models.Day
		severity       models.Severity
		regime         string
		shown          bool
		eligible, ends models.Day
	}{
		{"2026-05-10", models.General, "R2", true, "2026-08-10", "2027-05-10"},
		{"2026-11-30", models.General, "R2", true, "2027-02-28", "2027-11-30"},
		{"2027-11-30", models.General, "R2", true, "2028-02-29", "2028-11-30"},
		{"2026-03-31", models.General, "R1", true, "2026-06-30", "2029-03-31"},
		{"2026-04-01", models.General, "R2", true, "2026-07-01", "2027-04-01"},
		{"2026-03-31", models.Minor, "R1", false, "2026-03-31", ""},
		{"2026-04-01", models.Minor, "R2", false, "2026-04-01", "2026-07-01"},
		{"2026-03-31", models.Serious, "R1", true, "2027-03-31", "2029-03-31"},
		{"2026-04-01", models.Serious, "R2", true, "2027-04-01", "2029-04-01"},
		{"2024-02-29", models.Serious, "R1", true, "2025-02-28", "2027-02-28"},
		{"2026-05-31", models.Minor, "R2", false, "2026-05-31", "2026-08-31"},
	} {
		p := Standard.Publish(models.Negative, tc.severity, tc.decided)
		want := Publication{Regime: tc.regime, Severity: tc.severity, Shown: tc.shown, Eligible: tc.eligible, Ends: tc.ends}
		if p != want {
			t.Errorf("%s %s: %+v, want %+v", tc.decided, tc.severity, p, want)
		}
	}
	latest := Standard
	latest.Governs = ByLatest
	if p := latest.Publish(models.Negative, models.General, "2025-01-10"); p.Regime != "R2" || p.Ends != "2026-01-10" {
		t.Errorf("the newest regime for all: %+v", p)
	}
	for _, nature := range []models.Nature{models.Positive, models.Basic, models.Other} {
		if p := Standard.Publish(nature, models.General, "2026-05-10"); p != (Publication{Shown: true}) {
			t.Errorf("%s: %+v", nature, p)
		}
	}
}

// It wakes at the first moment of the day in this city, and not a millisecond before.
func TestWakesOnTheDay(t *testing.T) {
	d := person("2026-05-10")
	r := made(t, d, models.Day("2026-05-12").Clock(10, 0))
	eligible := time.Date(2026, 8, 9, 16, 0, 0, 0, time.UTC) // midnight in Changsha
	if r.WakeAt == nil || !r.WakeAt.Equal(eligible) {
		t.Fatalf("wakes at %v", r.WakeAt)
	}
	r.Outbox = nil
	if err := r.Wake(eligible.Add(-time.Millisecond)); err != nil || len(r.Outbox) != 0 || r.Publication.Asked {
		t.Errorf("a moment early: %v %v", err, r.Outbox)
	}
	for range 2 { // once is enough
		if err := r.Wake(eligible); err != nil || len(r.Outbox) != 1 || r.Outbox[0].Kind != EventEligible.Name() || r.Outbox[0].Person != "ann" {
			t.Fatalf("%v %v", err, r.Outbox)
		}
	}
	ends := time.Date(2027, 5, 9, 16, 0, 0, 0, time.UTC)
	if r.WakeAt == nil || !r.WakeAt.Equal(ends) {
		t.Fatalf("wakes at %v", r.WakeAt)
	}
	if err := r.Wake(ends.Add(-time.Millisecond)); err != nil || r.State != Active {
		t.Errorf("%v %s", err, r.State)
	}
	if err := r.Wake(ends); err != nil || r.State != Ended || r.WakeAt != nil || r.Outbox[1].Kind != EventEnded.Name() {
		t.Errorf("%v %s %v", err, r.State, r.WakeAt)
	}
}

// Whoever slept through the whole time is not told that repair may be asked for when there is nothing left of it.
func TestOversleptIsNotAsked(t *testing.T) {
	r := made(t, person("2026-05-10"), models.Day("2026-05-12").Clock(10, 0))
	r.Outbox = nil
	if err := r.Wake(models.Day("2028-01-01").Start()); err != nil || r.State != Ended || len(r.Outbox) != 1 || r.Outbox[0].Kind != EventEnded.Name() {
		t.Errorf("%v %s %v", err, r.State, r.Outbox)
	}
}

// Under objection nothing is asked; the day is made up for when the mark is off.
func TestObjectionHoldsTheWordOfRepair(t *testing.T) {
	r := made(t, person("2026-05-10"), models.Day("2026-05-12").Clock(10, 0))
	at := models.Day("2026-08-20").Start()
	if err := r.Object("c", clerk, models.Day("2026-08-01").Start()); err != nil {
		t.Fatal(err)
	}
	r.Outbox = nil
	if err := r.Wake(at); err != nil || len(r.Outbox) != 0 {
		t.Errorf("%v %v", err, r.Outbox)
	}
	if err := r.Uphold("c", clerk, "w", at); err != nil || r.WakeAt == nil || r.WakeAt.After(at) {
		t.Errorf("%v %v", err, r.WakeAt)
	}
	if err := r.Wake(at); err != nil || !r.Publication.Asked {
		t.Errorf("%v %+v", err, r.Publication)
	}
}

func TestTooEarlyIsToldFromWhen(t *testing.T) {
	r := made(t, draft("2026-05-10", models.General), noon)
	err := r.Repair("c", clerk, models.Day("2026-08-09").End())
	var e *models.Error
	if !errors.As(err, &e) || e.Code != models.Denied || len(e.Clauses) != 1 || e.Clauses[0].From == nil || *e.Clauses[0].From != "2026-08-10" || r.State != Active {
		t.Fatalf("%v", err)
	}
	if err := r.Repair("c", clerk, models.Day("2026-08-10").Start()); err != nil || r.State != Repaired {
		t.Errorf("%v", err)
	}
}

// A repair that is undone after the time of publication has passed ends the record instead.
func TestRestoredTooLateEnds(t *testing.T) {
	r := in(t, Repaired)
	if err := r.Restore("case", clerk, "false", r.Publication.Ends.Start()); err != nil || r.State != Ended {
		t.Errorf("%v %s", err, r.State)
	}
	r = in(t, Repaired)
	if err := r.Restore("another", clerk, "false", noon); !errors.Is(err, models.Conflict) || r.State != Repaired {
		t.Errorf("%v %s", err, r.State)
	}
}

// What was wrong is deleted when the law says so: five years from the end of the conduct for a person, at the latest.
//
// Source: docs/sources.md#record-retention.
func TestRetention(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Draft)
		want   models.Day
	}{
		"a person":                      {func(*Draft) {}, "2031-05-10"},
		"from the end of the conduct":   {func(d *Draft) { d.Ended = "2026-01-31" }, "2031-01-31"},
		"an end after the decision":     {func(d *Draft) { d.Ended = "2026-06-30" }, "2031-05-10"},
		"longer than a person's":        {func(d *Draft) { d.KeepMonths = 120 }, "2031-05-10"},
		"without end, a person's":       {func(d *Draft) { d.KeepMonths = 0 }, "2031-05-10"},
		"shorter":                       {func(d *Draft) { d.KeepMonths = 24 }, "2028-05-10"},
		"good, without end":             {func(d *Draft) { d.KeepMonths, d.Nature = 0, models.Positive }, ""},
		"an organisation's, longer":     {func(d *Draft) { d.KeepMonths, d.Subject = 120, models.Subject{Kind: models.Organisation, Ref: "o"} }, "2036-05-10"},
		"an organisation's without end": {func(d *Draft) { d.KeepMonths, d.Subject = 0, models.Subject{Kind: models.Organisation, Ref: "o"} }, ""},
	} {
		d := person("2026-05-10")
		tc.change(&d)
		r := made(t, d, models.Day("2026-07-01").Start())
		if r.KeptUntil != tc.want || (r.GoneAt == nil) != (tc.want == "") || r.GoneAt != nil && !r.GoneAt.Equal(tc.want.Add(1).Start()) {
			t.Errorf("%s: %s, gone %v", name, r.KeptUntil, r.GoneAt)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Draft)
		code   models.Code
		reason string
	}{
		"no item":            {func(d *Draft) { d.Item = "" }, models.Invalid, "record.incomplete"},
		"no version":         {func(d *Draft) { d.ItemVersion = 0 }, models.Invalid, "record.incomplete"},
		"no unit":            {func(d *Draft) { d.Unit = "" }, models.Invalid, "record.incomplete"},
		"no key":             {func(d *Draft) { d.Key = "" }, models.Invalid, "record.incomplete"},
		"no subject":         {func(d *Draft) { d.Subject = models.Subject{} }, models.Invalid, "record.incomplete"},
		"no day":             {func(d *Draft) { d.DecidedOn = "" }, models.Invalid, "record.incomplete"},
		"tomorrow":           {func(d *Draft) { d.DecidedOn = "2026-06-02" }, models.Invalid, "record.decided_later"},
		"a person in public": {func(d *Draft) { d.Openness = models.Public }, models.Forbidden, "record.person_public"},
	} {
		d := person("2026-05-10")
		tc.change(&d)
		_, err := New(d, Standard, clerk, noon)
		var e *models.Error
		if !errors.As(err, &e) || e.Code != tc.code || e.Reason != tc.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What somebody else may be given, and what anybody may see.
func TestProvidableAndPublished(t *testing.T) {
	r := made(t, person("2026-05-10"), noon)
	if r.Providable() || r.Published() {
		t.Error("a person was not told yet")
	}
	if !r.Hear(ByMessage, noon) || r.Hear(Served, noon) || r.Told.How != ByMessage || !r.Providable() || r.Published() {
		t.Errorf("%+v", r.Told)
	}
	served := person("2026-05-10")
	served.Served = true
	if !made(t, served, noon).Providable() {
		t.Error("served with the decision")
	}
	for _, s := range States {
		used := s == Active || s == Objected || s == Corrected
		if r := in(t, s); r.Used() != used || r.Providable() != used || r.Published() != used {
			t.Errorf("%s: used %v, providable %v, published %v", s, r.Used(), r.Providable(), r.Published())
		}
	}
	small := made(t, draft("2026-05-10", models.Minor), noon)
	if small.Published() || !small.Providable() {
		t.Error("what is minor is not shown, but counts")
	}
}

// As known and as valid are two questions.
func TestBitemporal(t *testing.T) {
	r := made(t, draft("2026-02-10", models.General), models.Day("2026-02-11").Clock(9, 0))
	known := func(d models.Day) time.Time { return d.Clock(9, 0) }
	do := func(c Change, at time.Time) {
		t.Helper()
		if err := r.Revise(c, clerk, at); err != nil {
			t.Fatal(err)
		}
	}
	do(Change{Valid: "2026-04-01", Attributes: map[string]any{"NR": "二"}}, known("2026-03-01")) // renewed in advance
	do(Change{Valid: "2026-02-10", Attributes: map[string]any{"NR": "三"}}, known("2026-05-01")) // was something else all along
	for _, tc := range []struct {
		at   time.Time
		want string
	}{{known("2026-02-10"), ""}, {known("2026-02-11"), "一"}, {known("2026-03-01").Add(-1), "一"}, {known("2026-03-01"), "二"}, {noon, "三"}} {
		v, ok := r.AsKnown(tc.at)
		if got, _ := v.Attributes["NR"].(string); ok != (tc.want != "") || got != tc.want {
			t.Errorf("known at %v: %q", tc.at, got)
		}
	}
	for day, want := range map[models.Day]string{"2026-02-09": "", "2026-02-10": "三", "2026-03-31": "三", "2026-04-01": "三"} {
		v, _ := r.AsValid(day)
		if got, _ := v.Attributes["NR"].(string); got != want {
			t.Errorf("valid on %s: %q", day, got)
		}
	}
	if r.Versioned() != r.ID+"@3" || len(r.Earlier) != 2 {
		t.Errorf("%s, %d earlier", r.Versioned(), len(r.Earlier))
	}
}

func TestBind(t *testing.T) {
	d := person("2026-05-10")
	d.Subject.Person = ""
	r := made(t, d, noon)
	if len(r.Outbox) != 0 || r.WakeAt != nil && r.WakeAt.Equal(r.Publication.Eligible.Start()) {
		t.Errorf("nobody is there to be told: %v, wakes at %v", r.Outbox, r.WakeAt)
	}
	if !r.Bind("ann", noon) || r.Bind("ann", noon) || len(r.Outbox) != 1 || r.Outbox[0].Kind != EventKept.Name() || r.Outbox[0].Person != "ann" {
		t.Errorf("%v", r.Outbox)
	}
	if !r.WakeAt.Equal(r.Publication.Eligible.Start()) {
		t.Errorf("wakes at %v", r.WakeAt)
	}
	if o := in(t, Active); o.Bind("ann", noon) {
		t.Error("an organisation has no account")
	}
}

// Worked out anew under another policy, on purpose; what has run out by it ends at once.
func TestReschedule(t *testing.T) {
	latest := Standard
	latest.Governs = ByLatest
	r := made(t, draft("2025-05-10", models.General), models.Day("2025-05-11").Start())
	if changed, err := r.Reschedule(Standard, noon); changed || err != nil {
		t.Errorf("%v %v", changed, err)
	}
	if changed, err := r.Reschedule(latest, noon); !changed || err != nil || r.State != Ended || r.Publication.Regime != "R2" {
		t.Errorf("%v %v %s %+v", changed, err, r.State, r.Publication)
	}
	if changed, err := r.Reschedule(Standard, noon); changed || err != nil {
		t.Errorf("one that does not count: %v %v", changed, err)
	}
}

func TestAMarkForAState(t *testing.T) {
	for _, s := range States {
		want := map[State]string{Objected: "OBJECTED", Corrected: "CORRECTED", Repaired: "REPAIRED"}[s]
		if got := in(t, s).Mark(); got != want {
			t.Errorf("%s: %q", s, got)
		}
	}
}

func TestAnotherCase(t *testing.T) {
	r := in(t, Objected)
	if err := r.Uphold("another", clerk, "w", noon); !errors.Is(err, models.Conflict) {
		t.Errorf("%v", err)
	}
	if err := r.Correct(Change{Case: "another"}, clerk, noon); !errors.Is(err, models.Conflict) {
		t.Errorf("%v", err)
	}
	r = in(t, Corrected)
	if err := r.Object("c", clerk, noon); err != nil {
		t.Fatal(err)
	}
	if err := r.Uphold("c", clerk, "w", noon); err != nil || r.State != Corrected || r.Mark() != "CORRECTED" {
		t.Errorf("it goes back to where it was: %v %s", err, r.State)
	}
}

// Whatever is done in whatever order: versions follow each other, nothing wakes in the past, what does not count is never used.
func TestAnyWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := models.Day("2026-05-12").Clock(10, 0)
		d := person("2026-05-10")
		d.Severity = rapid.SampledFrom([]models.Severity{models.Minor, models.General, models.Serious, ""}).Draw(t, "severity")
		r, err := New(d, Standard, clerk, at)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 20).Draw(t, "acts") {
			at = at.Add(time.Duration(rapid.IntRange(0, 200*24).Draw(t, "hours")) * time.Hour)
			c := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "case")
			var err error
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				err = r.Object(c, clerk, at)
			case 1:
				err = r.Uphold(c, clerk, "w", at)
			case 2:
				err = r.Correct(Change{Case: c, Why: "w"}, clerk, at)
			case 3:
				err = r.Revise(Change{Why: "w"}, clerk, at)
			case 4:
				err = r.Repair(c, clerk, at)
			case 5:
				err = r.Restore(c, clerk, "w", at)
			case 6:
				r.Bind(rapid.SampledFrom([]string{"", "ann"}).Draw(t, "person"), at)
			case 7:
				r.Hear(ByMessage, at)
			case 8:
				if rapid.IntRange(0, 9).Draw(t, "rarely") == 0 {
					err = r.Withdraw(clerk, "w", at)
				}
			}
			if err != nil && models.CodeOf(err) == models.Internal {
				t.Fatal(err)
			}
			if err := r.Wake(at); err != nil {
				t.Fatal(err)
			}
			if r.WakeAt != nil && !r.WakeAt.After(at) {
				t.Fatalf("%s wakes at %v, it is %v", r.State, r.WakeAt, at)
			}
			if r.Current.No != len(r.Earlier)+1 {
				t.Fatalf("version %d after %d", r.Current.No, len(r.Earlier))
			}
			if r.Used() != (r.State == Active || r.State == Objected || r.State == Corrected) || r.Published() {
				t.Fatalf("%s", r.State)
			}
			if (r.State == Objected) != (r.Before != "") {
				t.Fatalf("%s came from %q", r.State, r.Before)
			}
			if r.Publication.Ends != "" && r.Used() && models.DayOf(at) >= r.Publication.Ends {
				t.Fatalf("%s counts after %s", r.State, r.Publication.Ends)
			}
		}
	})
}
