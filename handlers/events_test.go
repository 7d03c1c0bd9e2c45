package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/journal"
)

// dead keeps the event n as given up by the subscriber "desk".
func (h *hall) dead(n int) *journal.Lost {
	h.Helper()
	e := models.Event{
		ID: fmt.Sprintf("medical.bill_paid/b%d/1.0", n), Kind: "medical.bill_paid", Subject: fmt.Sprint("b", n), Person: "ann",
		At: h.Now(), Data: map[string]string{"amount": "123.05"},
	}
	l := journal.NewLost(e, "desk", errors.New("no line"), 12, h.Now().Add(time.Duration(n)*time.Minute))
	if err := h.lost.Insert(h.Context(), l); err != nil {
		h.Fatal(err)
	}
	return l
}

// desks opens a hall with a relay and its subscriber "desk", which answers what fault says.
func desks(t *testing.T, fault func() error) (*hall, *int) {
	t.Helper()
	had := 0
	h := halls(t, false, nil, withEvents)
	relay := flows.NewRelay(h.store, h.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	if err := relay.Subscribe(flows.Subscriber{Name: "desk", Kinds: flows.Prefixed("medical."), Do: func(context.Context, models.Event) error {
		had++
		return fault()
	}}); err != nil {
		t.Fatal(err)
	}
	return h, &had
}

func TestDeadEventsAreTheOperatorsAlone(t *testing.T) {
	h := halls(t, false, nil, withEvents)
	id := h.dead(1).ID
	for _, line := range []string{"GET /v1/events/dead", "POST /v1/events/dead/" + id + "/replay", "POST /v1/events/dead/" + id + "/drop"} {
		body := ""
		if strings.HasSuffix(line, "drop") {
			body = `{"reason":"x"}`
		}
		for as, want := range map[string]int{"": 401, "as ann": 403, "as ann+auditor": 403, "as ann+credit_office": 403, "as client:hospital": 403, "as ann+operator": 200} {
			if want == 200 && body == "" && strings.HasPrefix(line, "POST") {
				continue // replay without a relay does not end; TestReplay
			}
			headers := []string{as}
			if as == "" {
				headers = nil
			}
			if res := h.ask(line, body, headers...); res.status != want {
				t.Errorf("%s %s: %d, want %d", line, as, res.status, want)
			}
		}
	}
}

func TestDeadEventsList(t *testing.T) {
	h := halls(t, false, nil, withEvents)
	for n := range 3 {
		h.dead(n)
	}
	first := h.ask("GET /v1/events/dead?limit=2", "", "as ann+operator")
	for _, must := range []string{`"subject":"b2"`, `"subject":"b1"`, `"subscriber":"desk"`, `"code":"internal"`, `"error":"no line"`, `"tries":12`, `"state":"DEAD"`} {
		if !strings.Contains(first.body, must) {
			t.Errorf("%s is missing: %s", must, first.body)
		}
	}
	for _, never := range []string{`"subject":"b0"`, "123.05", `"ann"`, `"nextCursor":""`} {
		if strings.Contains(first.body, never) {
			t.Errorf("%s is there: %s", never, first.body)
		}
	}
	if res := h.ask("GET /v1/events/dead?state=DROPPED", "", "as ann+operator"); res.status != 200 || res.body != `{"items":[],"nextCursor":""}` {
		t.Errorf("dropped: %d %s", res.status, res.body)
	}
	if res := h.ask("GET /v1/events/dead?state=LOST", "", "as ann+operator"); res.status != 400 || res.problem(t).Errors[0].Pointer != "#query/state" {
		t.Errorf("unknown state: %d %s", res.status, res.body)
	}
}

func TestReplay(t *testing.T) {
	down := true
	h, had := desks(t, func() error {
		if down {
			return models.E(models.Unavailable, "unavailable", errors.New("still no line"))
		}
		return nil
	})
	line := "POST /v1/events/dead/" + h.dead(1).ID + "/replay"
	if res := h.ask(line, "", "as ann+operator"); res.status != 200 || !strings.Contains(res.body, `"state":"DEAD"`) ||
		!strings.Contains(res.body, `"tries":13`) || !strings.Contains(res.body, "still no line") {
		t.Errorf("in vain: %d %s", res.status, res.body)
	}
	down = false
	if res := h.ask(line, "", "as ann+operator"); res.status != 200 || !strings.Contains(res.body, `"state":"REPLAYED"`) {
		t.Errorf("replay: %d %s", res.status, res.body)
	}
	if *had != 2 {
		t.Errorf("the subscriber was told %d times, want 2", *had)
	}
	res := h.ask(line, "", "as ann+operator")
	if p := res.problem(t); res.status != 409 || p.Code != models.InvalidTransition || p.State != "REPLAYED" || p.Reason != "events.dead_decided" {
		t.Errorf("replayed twice: %d %s", res.status, res.body)
	}
	if res := h.ask("POST /v1/events/dead/none/replay", "", "as ann+operator"); res.status != 404 {
		t.Errorf("unknown: %d", res.status)
	}
}

func TestDrop(t *testing.T) {
	h, had := desks(t, func() error { return nil })
	line := "POST /v1/events/dead/" + h.dead(1).ID + "/drop"
	if res := h.ask(line, `{}`, "as ann+operator"); res.status != 400 || res.problem(t).Errors[0].Pointer != "/reason" {
		t.Errorf("without a reason: %d %s", res.status, res.body)
	}
	if res := h.ask(line, `{"reason":"the desk is closed"}`, "as ann+operator"); res.status != 200 || !strings.Contains(res.body, `"state":"DROPPED"`) {
		t.Errorf("drop: %d %s", res.status, res.body)
	}
	res := h.ask(line, `{"reason":"again"}`, "as ann+operator")
	if p := res.problem(t); res.status != 409 || p.Last == nil || p.Last.Reason != "the desk is closed" || p.Last.By != models.Operator {
		t.Errorf("dropped twice: %d %s", res.status, res.body)
	}
	if res := h.ask(strings.TrimSuffix(line, "drop")+"replay", "", "as ann+operator"); res.status != 409 {
		t.Errorf("replayed after the drop: %d", res.status)
	}
	if *had != 0 {
		t.Errorf("a dropped event was told")
	}
}

// withEvents opens the dead letters in a hall.
func withEvents(h *hall) []Mounter { return []Mounter{Events{Lost: h.lost}} }
