package models

import (
	"errors"
	"math"
	"testing"
)

type colour string

type lent struct{ Part int }

type sampleData struct {
	lent
	Name   colour
	Amount Fen
	Due    Day
	Count  int64
	Paid   bool
	Why    string `event:",omitempty"`
	Days   int    `event:"daysMore,omitempty"`
}

var (
	sampleEvents Events
	sampled      = Declare[sampleData](&sampleEvents, "test.sampled")
	other        = Declare[lent](&sampleEvents, "test.other").Silent("for a reason")
	plain        = sampleEvents.Plain("test.plain")
)

func TestDataIsKeptAsTextsAndRead(t *testing.T) {
	full := sampleData{lent{3}, "red", -1205, "2026-05-01", 1 << 40, true, "because", 7}
	for name, tc := range map[string]struct {
		data sampleData
		want map[string]string
	}{
		"full": {full, map[string]string{
			"part": "3", "name": "red", "amount": "-12.05", "due": "2026-05-01", "count": "1099511627776", "paid": "true", "why": "because", "daysMore": "7",
		}},
		"empty": {sampleData{}, map[string]string{"part": "0", "name": "", "amount": "0.00", "due": "", "count": "0", "paid": "false"}},
	} {
		m := Meta{ID: "d1"}
		m.Publish(sampled.Of(tc.data), "p1", Clockwork, Day("2026-05-01").Start())
		e := m.Outbox[0]
		if len(e.Data) != len(tc.want) {
			t.Errorf("%s: %v", name, e.Data)
		}
		for key, want := range tc.want {
			if got, ok := e.Data[key]; !ok || got != want {
				t.Errorf("%s: %s is %q, want %q", name, key, got, want)
			}
		}
		if got, err := sampled.Read(e); err != nil || got != tc.data {
			t.Errorf("%s: read %+v %v", name, got, err)
		}
		if got, err := DataOf[lent](e); err != nil || got != tc.data.lent {
			t.Errorf("%s: a part of it is %+v %v", name, got, err)
		}
	}
}

func TestWrongDataIsRefused(t *testing.T) {
	whole := func() map[string]string {
		return map[string]string{"part": "3", "name": "red", "amount": "1.00", "due": "2026-05-01", "count": "1", "paid": "true"}
	}
	for name, change := range map[string]func(e *Event){
		"another kind":     func(e *Event) { e.Kind = other.Name() },
		"no amount":        func(e *Event) { e.Data["amount"] = "1e9" },
		"no number":        func(e *Event) { e.Data["part"] = "" },
		"a number missing": func(e *Event) { delete(e.Data, "count") },
		"no truth":         func(e *Event) { e.Data["paid"] = "maybe" },
	} {
		e := Event{ID: "e", Kind: sampled.Name(), Data: whole()}
		if _, err := sampled.Read(e); err != nil {
			t.Fatal(err)
		}
		change(&e)
		if _, err := sampled.Read(e); !errors.Is(err, Internal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := Event{ID: "e", Kind: sampled.Name(), Data: whole()}
	delete(e.Data, "name") // a text that an older event lacks
	if d, err := sampled.Read(e); err != nil || d.Name != "" || d.Amount != 100 {
		t.Errorf("%+v %v", d, err)
	}
}

func TestDeclaredSaysAll(t *testing.T) {
	all := sampleEvents.All()
	if len(all) != 3 || all[0].Name() != "test.sampled" || all[0].Silence() != "" || all[1].Silence() != "for a reason" || len(all[2].Fields()) != 0 {
		t.Errorf("%+v", all)
	}
	optional := map[string]bool{}
	for _, f := range sampled.Fields() {
		optional[f.Key] = f.Optional
	}
	if len(optional) != 8 || !optional["why"] || !optional["daysMore"] || optional["due"] {
		t.Errorf("%v", optional)
	}
	m := Meta{ID: "d1"}
	m.Publish(plain, "", Clockwork, Day("2026-05-01").Start())
	if e := m.Outbox[0]; e.Kind != "test.plain" || e.Data != nil || !plain.Is(e) {
		t.Errorf("%+v", e)
	}
}

// What an event may not carry is found when the program starts.
func TestDeclareRefuses(t *testing.T) {
	var s Events
	for name, declare := range map[string]func(){
		"a secret":       func() { Declare[struct{ Number Secret }](&s, "test.bad") },
		"a list":         func() { Declare[struct{ All []string }](&s, "test.bad") },
		"a hidden field": func() { Declare[struct{ name string }](&s, "test.bad") },
		"one of two parts": func() {
			Declare[struct {
				lent
				Part string
			}](&s, "test.bad")
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is let through", name)
				}
			}()
			declare()
		}()
	}
}

func BenchmarkPublish(b *testing.B) {
	data, at := sampleData{lent{3}, "red", 1205, "2026-05-01", 1, true, "because", 7}, Day("2026-05-01").Start()
	for b.Loop() {
		m := Meta{ID: "d1"}
		m.Publish(sampled.Of(data), "p1", Clockwork, at)
	}
}

func BenchmarkRead(b *testing.B) {
	m := Meta{ID: "d1"}
	m.Publish(sampled.Of(sampleData{Amount: 1205}), "p1", Clockwork, Day("2026-05-01").Start())
	for b.Loop() {
		if _, err := sampled.Read(m.Outbox[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// TestMoneyOfEventsIsReadBack: what documents add up to may be more than a request may name.
func TestMoneyOfEventsIsReadBack(t *testing.T) {
	type data struct{ Sum Fen }
	var events Events
	kind := Declare[data](&events, "test.summed")
	for _, sum := range []Fen{0, -5, 1_000_000_000_000_000, math.MaxInt64, math.MinInt64} {
		m := Meta{ID: "d"}
		m.Publish(kind.Of(data{sum}), "", Clockwork, Day("2026-03-02").Start())
		if got, err := kind.Read(m.Outbox[0]); err != nil || got.Sum != sum {
			t.Errorf("%d came back as %d: %v", sum, got.Sum, err)
		}
	}
}
