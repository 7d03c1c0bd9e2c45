package report

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/record"
)

var (
	noon = models.Day("2026-05-11").Clock(12, 0)
	ann  = models.Actor{Person: "ann", Role: models.Resident}
)

func issued(t *testing.T) *Report {
	t.Helper()
	q, err := Request{Kind: Credit}.Settle(Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(q, Issue{
		ID: "r", Code: "CODE", Subject: models.Subject{Kind: models.PersonSubject, Ref: "hash", Person: "ann"}, Rows: 2, Content: "{}", Hash: "h", Signature: "s",
	}, Standard, ann, noon)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func in(t *testing.T, s State) *Report {
	t.Helper()
	r := issued(t)
	var err error
	switch s {
	case Valid:
	case Expired:
		err = r.Wake(*r.WakeAt)
	case Superseded:
		r.Supersede("record.corrected", noon)
	case Revoked:
		err = r.Revoke(ann, noon)
	}
	if err != nil || r.State != s {
		t.Fatalf("%s: %v", s, err)
	}
	r.Outbox = nil
	return r
}

func TestEveryActInEveryState(t *testing.T) {
	for _, s := range States {
		r, before := in(t, s), in(t, s)
		if fresh := r.Supersede("record.corrected", noon); fresh != (s == Valid) || !fresh && !reflect.DeepEqual(before, r) {
			t.Errorf("supersede in %s: %v", s, fresh)
		}
		r = in(t, s)
		err := r.Revoke(ann, noon)
		if (err == nil) != (s == Valid) || err != nil && (!errors.Is(err, models.InvalidTransition) || !reflect.DeepEqual(before, r)) {
			t.Errorf("revoke in %s: %v", s, err)
		}
		r = in(t, s)
		if err := r.Wake(noon); err != nil || !reflect.DeepEqual(before, r) {
			t.Errorf("wake before its time in %s: %v", s, err)
		}
	}
}

// It holds thirty days, the day of issue not counted, to the last moment of the last.
//
// Source: docs/sources.md#report-terms.
func TestHoldsThirtyDays(t *testing.T) {
	r := issued(t)
	if r.Until != "2026-06-10" || !r.WakeAt.Equal(models.Day("2026-06-11").Start()) {
		t.Fatalf("until %s, wakes at %v", r.Until, r.WakeAt)
	}
	last := r.Until.End()
	if err := r.Wake(last); err != nil || r.State != Valid || r.Standing(last) != Valid {
		t.Errorf("%v %s", err, r.State)
	}
	first := models.Day("2026-06-11").Start()
	if r.Standing(first) != Expired { // before anybody woke it
		t.Error("it stands for too long")
	}
	if err := r.Wake(first); err != nil || r.State != Expired || r.WakeAt != nil || r.Outbox[len(r.Outbox)-1].Kind != EventExpired.Name() {
		t.Errorf("%v %s", err, r.State)
	}
	if got := in(t, Revoked).Standing(first.AddDate(1, 0, 0)); got != Revoked {
		t.Errorf("%s", got)
	}
}

// A period reaches back five years at most, and never ahead.
func TestPeriods(t *testing.T) {
	for name, tc := range map[string]struct {
		from, to  models.Day
		pointer   string
		wantF, wT models.Day
	}{
		"left open":         {"", "", "", "2021-05-11", "2026-05-11"},
		"as far as may be":  {"2021-05-11", "2026-05-11", "", "2021-05-11", "2026-05-11"},
		"a day too far":     {"2021-05-10", "", "/from", "", ""},
		"tomorrow":          {"", "2026-05-12", "/to", "", ""},
		"the wrong way":     {"2026-05-02", "2026-05-01", "/from", "", ""},
		"one day":           {"2026-05-01", "2026-05-01", "", "2026-05-01", "2026-05-01"},
		"its end left open": {"2026-05-01", "", "", "2026-05-01", "2026-05-11"},
	} {
		q, err := Request{Kind: Special, From: tc.from, To: tc.to}.Settle(Standard, noon)
		var e *models.Error
		switch {
		case tc.pointer == "" && (err != nil || q.From != tc.wantF || q.To != tc.wT):
			t.Errorf("%s: %+v %v", name, q, err)
		case tc.pointer != "" && (!errors.As(err, &e) || e.Code != models.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != tc.pointer):
			t.Errorf("%s: %v", name, err)
		}
	}
	leap, err := Request{Kind: Credit}.Settle(Standard, models.Day("2028-02-29").Clock(1, 0))
	if err != nil || leap.From != "2023-02-28" {
		t.Errorf("%+v %v", leap, err)
	}
}

// What must be in a report is in it, whatever its holder picks.
func TestSections(t *testing.T) {
	for _, kind := range Kinds {
		all, err := Request{Kind: kind}.Settle(Standard, noon)
		if err != nil || len(all.Shows) != len(Sections(kind)) {
			t.Errorf("%s: %v %v", kind, all.Shows, err)
		}
		var optional string
		for _, s := range Sections(kind) {
			if !s.Fixed {
				optional = s.ID
			}
		}
		some, err := Request{Kind: kind, Shows: []string{optional}}.Settle(Standard, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range Sections(kind) {
			if want := s.Fixed || s.ID == optional; slices.Contains(some.Shows, s.ID) != want {
				t.Errorf("%s: section %s, shown %v", kind, s.ID, !want)
			}
		}
		var e *models.Error
		if _, err := (Request{Kind: kind, Shows: []string{optional, "nothing"}}).Settle(Standard, noon); !errors.As(err, &e) || e.Fields[0].Pointer != "/sections/1" {
			t.Errorf("%v", err)
		}
	}
	if _, err := (Request{Kind: "OTHER"}).Settle(Standard, noon); models.CodeOf(err) != models.Invalid {
		t.Errorf("%v", err)
	}
}

func TestNumber(t *testing.T) {
	no := Number("id", noon)
	parts := strings.Split(no, "-")
	if len(parts) != 4 || parts[0] != "CSXY" || parts[1] != "20260511" || len(parts[2]) != 6 || models.Luhn(parts[1]+parts[2]) != parts[3] {
		t.Errorf("%s", no)
	}
	if Number("id", noon) != no || Number("other", noon) == no {
		t.Error("the number is not made of the id")
	}
}

// Which records a report shows, by state: only a special one what was repaired, none what has ended or was withdrawn.
//
// Source: docs/sources.md#report-content.
func TestFits(t *testing.T) {
	for _, s := range record.States {
		for _, shown := range []bool{true, false} {
			r := &record.Record{DecidedOn: "2026-01-10", Nature: models.Negative, Publication: record.Publication{Shown: shown}}
			r.State = s
			counts := s == record.Active || s == record.Objected || s == record.Corrected
			for kind, want := range map[Kind]bool{Credit: counts && shown, Special: counts || s == record.Repaired} {
				q := Request{Kind: kind, From: "2026-01-10", To: "2026-01-10"}
				if got := q.Fits(r); got != want {
					t.Errorf("%s, shown %v, in a %s report: %v", s, shown, kind, got)
				}
				q.From, q.To = "2026-01-11", "2026-02-01"
				if q.Fits(r) {
					t.Error("decided before its period")
				}
				q.From, q.To = "2025-01-11", "2026-01-09"
				if q.Fits(r) {
					t.Error("decided after its period")
				}
			}
		}
	}
}

func TestIncompleteIsOurFault(t *testing.T) {
	_, err := New(Request{Kind: Credit}, Issue{ID: "r"}, Standard, ann, time.Now())
	if models.CodeOf(err) != models.Internal {
		t.Errorf("%v", err)
	}
}
