package inbox

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
)

var (
	noon  = models.Day("2026-04-24").Clock(12, 0)
	until = noon.Add(time.Hour)
	mei   = models.Actor{Person: "mei", Role: models.Resident}
)

func event() models.Event {
	return models.Event{ID: "e1", Kind: "medical.bill_issued", Subject: "b1", Person: "mei", At: noon, Data: map[string]string{"no": "1001"}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// in is a message in a state, always the same.
func in(t testing.TB, s State) *Message {
	m := New(event(), Action, "medical.bill", "medical.bill", "service")
	switch s {
	case Unread:
	case Read:
		must(t, m.MarkRead(mei, noon))
	case Snoozed:
		must(t, m.Snooze(mei, until, noon))
	case Archived:
		must(t, m.Archive(mei, noon))
	}
	if m.State != s {
		t.Fatalf("made a message in %s, not %s", m.State, s)
	}
	return m
}

func TestMachine(t *testing.T) {
	if len(States) != len(moves) {
		t.Error("the list of states lacks one")
	}
	for from, tos := range moves {
		for _, to := range append(tos, from) {
			if _, known := moves[to]; !known || !slices.Contains(States, to) {
				t.Errorf("%s leads to %s, which is in no list", from, to)
			}
		}
	}
}

func TestNew(t *testing.T) {
	want := &Message{
		Meta:   models.Meta{ID: models.Derived("e1", "medical.bill_issued", "mei", Channel)},
		Life:   models.Life[State]{State: Unread, Moved: models.Moved{By: models.System, At: noon}},
		Person: "mei", Kind: "medical.bill_issued", Event: "e1", Severity: Action, Route: Route{Type: "medical.bill", ID: "b1"},
		Params: map[string]string{"no": "1001"}, At: noon, Topic: "medical.bill", Class: "service",
	}
	if diff := cmp.Diff(want, New(event(), Action, "medical.bill", "medical.bill", "service")); diff != "" {
		t.Error(diff)
	}
	other := event()
	other.Person = "li"
	if New(other, Action, "", "", "").ID == want.ID {
		t.Error("two persons share a message")
	}
}

func TestMessageInEveryState(t *testing.T) {
	li := models.Actor{Person: "li", Role: models.Resident}
	longest := noon.Add(longestSnooze)
	for name, a := range map[string]struct {
		do      func(*Message) error
		allowed []State // then State is to
		to      State
		quiet   []State
		code    models.Code // of the others; InvalidTransition when ""
		reason  string
	}{
		"read":                   {do: func(m *Message) error { return m.MarkRead(mei, noon) }, allowed: []State{Unread, Snoozed}, to: Read, quiet: []State{Read, Archived}},
		"archive":                {do: func(m *Message) error { return m.Archive(mei, noon) }, allowed: []State{Unread, Read, Snoozed}, to: Archived, quiet: []State{Archived}},
		"snooze":                 {do: func(m *Message) error { return m.Snooze(mei, noon.Add(time.Minute), noon) }, allowed: []State{Unread, Read, Snoozed}, to: Snoozed, reason: "inbox.archived"},
		"snooze for longest":     {do: func(m *Message) error { return m.Snooze(mei, longest, noon) }, allowed: []State{Unread, Read, Snoozed}, to: Snoozed, reason: "inbox.archived"},
		"snooze for longer":      {do: func(m *Message) error { return m.Snooze(mei, longest.Add(time.Millisecond), noon) }, code: models.Invalid, reason: "inbox.snooze_invalid"},
		"snooze until now":       {do: func(m *Message) error { return m.Snooze(mei, noon, noon) }, code: models.Invalid, reason: "inbox.snooze_invalid"},
		"snooze until yesterday": {do: func(m *Message) error { return m.Snooze(mei, noon.Add(-24*time.Hour), noon) }, code: models.Invalid, reason: "inbox.snooze_invalid"},
		"wake too early":         {do: func(m *Message) error { return m.Wake(until.Add(-time.Millisecond)) }, quiet: States},
		"wake":                   {do: func(m *Message) error { return m.Wake(until) }, allowed: []State{Snoozed}, to: Unread, quiet: []State{Unread, Read, Archived}},
		"another's read":         {do: func(m *Message) error { return m.MarkRead(li, noon) }, code: models.NotFound, reason: "not_found"},
		"another's archive":      {do: func(m *Message) error { return m.Archive(li, noon) }, code: models.NotFound, reason: "not_found"},
		"another's snooze":       {do: func(m *Message) error { return m.Snooze(li, until, noon) }, code: models.NotFound, reason: "not_found"},
		"nobody's read":          {do: func(m *Message) error { return m.MarkRead(models.Actor{}, noon) }, code: models.NotFound, reason: "not_found"},
		"nobody's archive":       {do: func(m *Message) error { return m.Archive(models.Actor{}, noon) }, code: models.NotFound, reason: "not_found"},
		"nobody's snooze":        {do: func(m *Message) error { return m.Snooze(models.Actor{}, until, noon) }, code: models.NotFound, reason: "not_found"},
	} {
		for _, s := range States {
			t.Run(name+"/"+string(s), func(t *testing.T) {
				m, before := in(t, s), in(t, s)
				err := a.do(m)
				if slices.Contains(a.allowed, s) {
					must(t, err)
					if m.State != a.to || (m.Until != nil) != (a.to == Snoozed) || !cmp.Equal(m.Until, m.WakeAt) || cmp.Equal(before, m) {
						t.Fatalf("%+v", m)
					}
					return
				}
				if slices.Contains(a.quiet, s) {
					must(t, err)
				} else {
					refused(t, err, a.code, a.reason, s)
				}
				if diff := cmp.Diff(before, m); diff != "" {
					t.Fatalf("the message changed:\n%s", diff)
				}
			})
		}
	}
}

func refused(t *testing.T, err error, code models.Code, reason string, s State) {
	t.Helper()
	if code == "" {
		code = models.InvalidTransition
	}
	var e *models.Error
	if !errors.As(err, &e) || e.Code != code || e.Reason != reason {
		t.Fatalf("got %v, want %s (%s)", err, reason, code)
	}
	if code == models.InvalidTransition && (e.Where == nil || e.Where.State != string(s) || len(e.Where.Allowed) != len(moves[s])) {
		t.Fatalf("where is %+v", e.Where)
	}
}

func TestSnoozeIsKeptInMilliseconds(t *testing.T) {
	m := in(t, Unread)
	must(t, m.Snooze(mei, until.Add(1500*time.Microsecond), noon))
	if !m.Until.Equal(until.Add(time.Millisecond)) || m.Moved != (models.Moved{By: models.Resident, At: noon}) {
		t.Errorf("%+v", m)
	}
}

// A message that was put off is told once when it is back, at the time it asked for, however late the sweep is.
func TestWakeTellsOnce(t *testing.T) {
	m := in(t, Snoozed)
	m.Version = 4
	for range 3 {
		must(t, m.Wake(until.Add(48*time.Hour)))
	}
	want := []models.Event{{
		ID: EventReturned.Name() + "/" + m.ID + "/5.0", Kind: EventReturned.Name(), Subject: m.ID, Person: "mei", At: until, By: models.Clockwork,
	}}
	if diff := cmp.Diff(want, m.Outbox); diff != "" {
		t.Error(diff)
	}
	if m.State != Unread || m.Moved != (models.Moved{By: models.Clockwork.Role, At: until}) || m.WakeAt != nil || m.Until != nil {
		t.Errorf("%+v", m)
	}
}

// A sweep that listed a message wakes a fresh copy: what its reader, or the closing of the account, did in between counts.
func TestWakeAfterAChange(t *testing.T) {
	again := in(t, Snoozed)
	must(t, again.Snooze(mei, until.Add(time.Hour), noon))
	must(t, again.Wake(until))
	if again.State != Snoozed || !again.WakeAt.Equal(until.Add(time.Hour)) || len(again.Outbox) != 0 {
		t.Errorf("%+v", again)
	}
	left := in(t, Snoozed)
	left.WakeAt = nil
	must(t, left.Wake(until))
	if left.State != Snoozed || left.WakeAt != nil || len(left.Outbox) != 0 {
		t.Errorf("%+v", left)
	}
}

func TestAnyLifeHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, now := New(event(), Info, "", "", ""), noon
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 7200).Draw(t, "seconds")) * time.Second)
			told, was := len(m.Outbox), m.State
			switch rapid.SampledFrom([]string{"read", "snooze", "archive", "wake"}).Draw(t, "act") {
			case "read":
				_ = m.MarkRead(mei, now)
			case "snooze":
				_ = m.Snooze(mei, now.Add(time.Hour), now)
			case "archive":
				_ = m.Archive(mei, now)
			case "wake":
				_ = m.Wake(now)
			}
			returned := was == Snoozed && m.State == Unread
			if (m.State == Snoozed) != (m.Until != nil) || !cmp.Equal(m.Until, m.WakeAt) || (len(m.Outbox) > told) != returned || was == Archived && m.State != Archived {
				t.Fatalf("%s: %+v", was, m)
			}
		}
	})
}
