package models

import (
	"testing"
	"time"
)

var (
	testEvents Events
	billIssued = testEvents.Plain("medical.bill_issued")
	billPaid   = Declare[paidData](&testEvents, "medical.bill_paid")
)

type paidData struct{ Amount Fen }

func TestPublishIsTheSameTwice(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	change := func() *Meta {
		m := &Meta{ID: "b1", Version: 6, Outbox: []Event{{ID: "medical.bill_issued/b1/6.0", Kind: "medical.bill_issued", Subject: "b1"}}}
		m.Publish(billIssued, "p1", Clockwork, now)
		m.Publish(billPaid.Of(paidData{100}), "p1", Clockwork, now)
		m.Publish(billIssued, "p1", Clockwork, now)
		return m
	}
	seen := map[string]bool{}
	for _, e := range change().Outbox {
		if seen[e.ID] {
			t.Errorf("two events called %s", e.ID)
		}
		seen[e.ID] = true
	}
	for _, e := range change().Outbox {
		if !seen[e.ID] {
			t.Errorf("the change told %s the second time only", e.ID)
		}
		if e.Subject != "b1" {
			t.Errorf("%s has the subject %q", e.ID, e.Subject)
		}
	}
	later := &Meta{ID: "b1", Version: 7}
	later.Publish(billIssued, "p1", Clockwork, now)
	if seen[later.Outbox[0].ID] {
		t.Errorf("the next version tells the old id %s", later.Outbox[0].ID)
	}
}

func TestUnheld(t *testing.T) {
	claim, retry := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 1, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		m    Meta
		want bool
	}{
		"nothing to tell":        {Meta{}, false},
		"fresh":                  {Meta{Outbox: []Event{{}}}, true},
		"claimed":                {Meta{Outbox: []Event{{}}, PublishAt: &claim}, false},
		"all rest":               {Meta{Outbox: []Event{{AgainAt: &retry}}, PublishAt: &retry}, false},
		"one rests, one fresh":   {Meta{Outbox: []Event{{AgainAt: &retry}, {}}, PublishAt: &retry}, true},
		"one rests, but claimed": {Meta{Outbox: []Event{{AgainAt: &retry}, {}}, PublishAt: &claim}, false},
	} {
		if got := c.m.Unheld(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTimesOfDocuments(t *testing.T) {
	at := time.Date(2026, 5, 1, 8, 0, 0, 123456789, Shanghai)
	if got := At(at); !got.Equal(time.Date(2026, 5, 1, 0, 0, 0, 123e6, time.UTC)) || got.Location() != time.UTC {
		t.Errorf("At = %s", got)
	}
	early, late := At(at), At(at.Add(time.Hour))
	if Earliest() != nil || Earliest(nil, nil) != nil || Earliest(late, nil, early) != early {
		t.Error("Earliest")
	}
	e := Event{Done: []string{"a"}}
	if !e.Reached("a") || e.Reached("b") {
		t.Error("Reached")
	}
}
