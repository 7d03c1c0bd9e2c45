package campaign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"xinyi/models"
	"xinyi/models/job"
)

var (
	noon    = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	maker   = models.Actor{Person: "m", Role: models.TownStaff, Region: "430181"}
	checker = models.Actor{Person: "c", Role: models.CreditOffice, Region: "4301"}
)

func words() Content {
	return Content{
		Title: models.Words{ZH: "标题", EN: "Title"}, Body: models.Words{ZH: "内容", EN: "Body"}, Class: Service, Severity: Info, Audience: Audience{Region: "430181108"},
	}
}

func fresh(t *testing.T) *Campaign {
	t.Helper()
	c, err := New("c1", maker, words(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// in is a campaign in a state.
func in(t *testing.T, s State) *Campaign {
	t.Helper()
	c := fresh(t)
	switch s {
	case Draft:
	case Cancelled:
		do(t, c.Cancel(maker, noon))
	case Approved:
		do(t, c.Approve(checker, noon))
	case Running, Done, Stopped:
		do(t, c.Approve(checker, noon))
		do(t, c.Wake(noon))
		if s == Done {
			_, err := c.Step(Part{Part: 0, Last: true, Counts: Counts{Audience: 1, Seen: 1, Sent: 1}}, noon)
			do(t, err)
		}
		if s == Stopped {
			do(t, c.Stop(checker, "wrong day", noon))
		}
	}
	if c.State != s {
		t.Fatalf("it is %s, want %s", c.State, s)
	}
	return c
}

// Every act in every state: what is refused changes nothing.
func TestEveryActInEveryState(t *testing.T) {
	acts := []struct {
		name    string
		do      func(*Campaign) error
		allowed []State
	}{
		{"edit", func(c *Campaign) error { return c.Edit(maker, words(), noon) }, []State{Draft}},
		{"approve", func(c *Campaign) error { return c.Approve(checker, noon) }, []State{Draft}},
		{"cancel", func(c *Campaign) error { return c.Cancel(checker, noon) }, []State{Draft}},
		{"stop", func(c *Campaign) error { return c.Stop(checker, "why", noon) }, []State{Approved, Running}},
	}
	for _, s := range States {
		for _, act := range acts {
			t.Run(fmt.Sprintf("%s/%s", act.name, s), func(t *testing.T) {
				c, before := in(t, s), in(t, s)
				err := act.do(c)
				if allowed := slices.Contains(act.allowed, s); allowed != (err == nil) {
					t.Fatalf("%v", err)
				}
				if err != nil && (!errors.Is(err, models.InvalidTransition) || cmp.Diff(before, c) != "") {
					t.Errorf("a refused act: %v\n%s", err, cmp.Diff(before, c))
				}
			})
		}
	}
}

func TestWhoMay(t *testing.T) {
	stranger := models.Actor{Person: "s", Role: models.TownStaff, Region: "430182"}
	resident := models.Actor{Person: "r", Role: models.Resident, Region: "430181"}
	if _, err := New("c", stranger, words(), noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a campaign into another region: %v", err)
	}
	if _, err := New("c", resident, words(), noon); !errors.Is(err, models.Forbidden) {
		t.Errorf("a resident's campaign: %v", err)
	}
	for name, act := range map[string]func(*Campaign) error{
		"own work":      func(c *Campaign) error { return c.Approve(maker, noon) },
		"from outside":  func(c *Campaign) error { return c.Approve(stranger, noon) },
		"another's":     func(c *Campaign) error { return c.Edit(checker, words(), noon) },
		"stopped by no": func(c *Campaign) error { return c.Stop(stranger, "why", noon) },
	} {
		t.Run(name, func(t *testing.T) {
			c := fresh(t)
			if err := act(c); !errors.Is(err, models.Forbidden) || cmp.Diff(fresh(t), c) != "" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	past := noon.Add(-time.Second)
	_, err := New("c", maker, Content{
		Title: models.Words{ZH: strings.Repeat("长", 51), EN: ""}, Class: Marketing, Severity: Action,
		Audience: Audience{Region: "43018", Role: "king", Tag: "?"}, ScheduledAt: &past,
	}, noon)
	e := (*models.Error)(nil)
	if !errors.As(err, &e) || e.Code != models.Invalid {
		t.Fatal(err)
	}
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Pointer)
	}
	for _, want := range strings.Fields("/title/zh /title/en /body/zh /body/en /severity /audience/region /audience/role /audience/tag /scheduledAt") {
		if !slices.Contains(got, want) {
			t.Errorf("%s is not named: %v", want, got)
		}
	}
}

// Parts count once each, in their order, whoever answers twice or late.
func TestParts(t *testing.T) {
	c := in(t, Running)
	part := func(n int, last bool) Part {
		return Part{Part: n, Cursor: fmt.Sprint("after ", n), Last: last, Counts: Counts{Audience: 9, Seen: 3, Sent: 2, Capped: 1}}
	}
	for _, step := range []struct {
		part  Part
		took  bool
		state State
	}{
		{part(1, false), false, Running}, {part(0, false), true, Running}, {part(0, false), false, Running},
		{part(1, false), true, Running}, {part(2, true), true, Done}, {part(2, true), false, Done}, {part(3, true), false, Done},
	} {
		took, err := c.Step(step.part, noon)
		if err != nil || took != step.took || c.State != step.state {
			t.Fatalf("part %d: %v, %v, %s", step.part.Part, took, err, c.State)
		}
	}
	if want := (Counts{Audience: 9, Seen: 9, Sent: 6, Capped: 3}); c.Counts != want || c.WakeAt != nil || c.Cursor != "" {
		t.Errorf("in the end %+v, cursor %q, wakes %v", c.Counts, c.Cursor, c.WakeAt)
	}
	asked := 0
	for _, e := range c.Outbox {
		if e.Kind == EventPartDue.Name() {
			asked++
		}
	}
	if asked != 3 {
		t.Errorf("%d parts were asked for, want 3", asked)
	}
}

// A campaign that is stopped while a part is under way counts it, and no other begins.
func TestStopCountsItsLastPart(t *testing.T) {
	c := in(t, Stopped)
	if !job.Awaits(c, 0) || c.WakeAt == nil {
		t.Fatal("the part under way is forgotten")
	}
	took, err := c.Step(Part{Part: 0, Cursor: "x", Counts: Counts{Audience: 9, Seen: 3, Sent: 3}}, noon)
	if err != nil || !took || job.Awaits(c, 1) || c.WakeAt != nil || c.Counts.Sent != 3 {
		t.Errorf("%v %v %+v", took, err, c)
	}
	early := in(t, Approved)
	do(t, early.Stop(checker, "why", noon))
	do(t, early.Wake(noon.Add(time.Hour)))
	if job.Awaits(early, 0) || early.State != Stopped {
		t.Error("one that was stopped before it began has a part")
	}
}

func TestWakeAsksAgainWhenNobodyAnswered(t *testing.T) {
	c := in(t, Running)
	c.Outbox = nil // told, and then whoever did the part was lost
	do(t, c.Wake(noon.Add(job.Answered-time.Millisecond)))
	if len(c.Outbox) != 0 {
		t.Fatal("it asked too early")
	}
	do(t, c.Wake(noon.Add(job.Answered)))
	if len(c.Outbox) != 1 || c.Outbox[0].Data["part"] != "0" {
		t.Errorf("it asked %v", c.Outbox)
	}
}

func TestScheduleLeavesTheCrowdedMinutes(t *testing.T) {
	for minute := range 60 {
		at := noon.Add(time.Duration(minute) * time.Minute)
		got := OffPeak(at, "c1")
		into := got.Sub(got.Truncate(quarter))
		if got.Before(at) || got.Sub(at) > 8*time.Minute || into < crowded || into > quarter-crowded || !got.Equal(OffPeak(at, "c1")) {
			t.Errorf("%s starts at %s", at, got)
		}
	}
}

func TestToldIsAlwaysTheSame(t *testing.T) {
	c := in(t, Running)
	a, b := c.Message("p", noon), c.Message("p", noon.Add(time.Hour))
	if a.ID != b.ID || a.Person != "p" || a.Kind != EventNoticed.Name() || a.Data["titleZh"] != "标题" || a.Data["bodyEn"] != "Body" {
		t.Errorf("%+v, %+v", a, b)
	}
	c.Severity = Action
	if c.Kind() != EventAsked {
		t.Error(c.Kind())
	}
	c.Class = Marketing
	if c.Kind() != EventOffered {
		t.Error(c.Kind())
	}
}

func TestETA(t *testing.T) {
	c := in(t, Running)
	if c.ETA(noon.Add(time.Minute)) != nil {
		t.Error("known before anybody was told")
	}
	c.Counts = Counts{Audience: 100, Seen: 25}
	if at := c.ETA(noon.Add(time.Minute)); at == nil || !at.Equal(noon.Add(4*time.Minute)) {
		t.Errorf("%v", at)
	}
}
