package journal

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/models"
)

// desks opens a hall with a relay and its subscriber "desk", which answers what fault says.
func desks(t *testing.T, fault func() error) (*apitest.World, *int) {
	t.Helper()
	had := 0
	h := apitest.NewWorld(t, false, nil, withEvents)
	relay := flows.NewRelay(h.Store, h.Lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	if err := relay.Subscribe(flows.Subscriber{Name: "desk", Kinds: flows.Prefixed("medical."), Do: func(context.Context, models.Event) error {
		had++
		return fault()
	}}); err != nil {
		t.Fatal(err)
	}
	return h, &had
}

func TestDeadEventsAreTheOperatorsAlone(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withEvents)
	id := h.Dead(1).ID
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
			if res := h.Operate(line, body, headers...); res.Status != want {
				t.Errorf("%s %s: %d, want %d", line, as, res.Status, want)
			}
		}
	}
}

func TestDeadEventsList(t *testing.T) {
	h := apitest.NewWorld(t, false, nil, withEvents)
	for n := range 3 {
		h.Dead(n)
	}
	first := h.Operate("GET /v1/events/dead?limit=2", "", "as ann+operator")
	for _, must := range []string{`"subject":"b2"`, `"subject":"b1"`, `"subscriber":"desk"`, `"code":"internal"`, `"error":"no line"`, `"tries":12`, `"state":"DEAD"`} {
		if !strings.Contains(first.Body, must) {
			t.Errorf("%s is missing: %s", must, first.Body)
		}
	}
	for _, never := range []string{`"subject":"b0"`, "123.05", `"ann"`, `"nextCursor":""`} {
		if strings.Contains(first.Body, never) {
			t.Errorf("%s is there: %s", never, first.Body)
		}
	}
	if res := h.Operate("GET /v1/events/dead?state=DROPPED", "", "as ann+operator"); res.Status != 200 || res.Body != `{"items":[],"nextCursor":""}` {
		t.Errorf("dropped: %d %s", res.Status, res.Body)
	}
	if res := h.Operate("GET /v1/events/dead?state=LOST", "", "as ann+operator"); res.Status != 400 || res.Problem(t).Errors[0].Pointer != "#query/state" {
		t.Errorf("unknown state: %d %s", res.Status, res.Body)
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
	line := "POST /v1/events/dead/" + h.Dead(1).ID + "/replay"
	if res := h.Operate(line, "", "as ann+operator"); res.Status != 200 || !strings.Contains(res.Body, `"state":"DEAD"`) ||
		!strings.Contains(res.Body, `"tries":13`) || !strings.Contains(res.Body, "still no line") {
		t.Errorf("in vain: %d %s", res.Status, res.Body)
	}
	down = false
	if res := h.Operate(line, "", "as ann+operator"); res.Status != 200 || !strings.Contains(res.Body, `"state":"REPLAYED"`) {
		t.Errorf("replay: %d %s", res.Status, res.Body)
	}
	if *had != 2 {
		t.Errorf("the subscriber was told %d times, want 2", *had)
	}
	res := h.Operate(line, "", "as ann+operator")
	if p := res.Problem(t); res.Status != 409 || p.Code != models.InvalidTransition || p.State != "REPLAYED" || p.Reason != "events.dead_decided" {
		t.Errorf("replayed twice: %d %s", res.Status, res.Body)
	}
	if res := h.Operate("POST /v1/events/dead/none/replay", "", "as ann+operator"); res.Status != 404 {
		t.Errorf("unknown: %d", res.Status)
	}
}

func TestDrop(t *testing.T) {
	h, had := desks(t, func() error { return nil })
	line := "POST /v1/events/dead/" + h.Dead(1).ID + "/drop"
	if res := h.Operate(line, `{}`, "as ann+operator"); res.Status != 400 || res.Problem(t).Errors[0].Pointer != "/reason" {
		t.Errorf("without a reason: %d %s", res.Status, res.Body)
	}
	if res := h.Operate(line, `{"reason":"the desk is closed"}`, "as ann+operator"); res.Status != 200 || !strings.Contains(res.Body, `"state":"DROPPED"`) {
		t.Errorf("drop: %d %s", res.Status, res.Body)
	}
	res := h.Operate(line, `{"reason":"again"}`, "as ann+operator")
	if p := res.Problem(t); res.Status != 409 || p.Last == nil || p.Last.Reason != "the desk is closed" || p.Last.By != models.Operator {
		t.Errorf("dropped twice: %d %s", res.Status, res.Body)
	}
	if res := h.Operate(strings.TrimSuffix(line, "drop")+"replay", "", "as ann+operator"); res.Status != 409 {
		t.Errorf("replayed after the drop: %d", res.Status)
	}
	if *had != 0 {
		t.Errorf("a dropped event was told")
	}
}

// withEvents opens the dead letters in a hall.
func withEvents(h *apitest.World) []api.Mounter { return []api.Mounter{Handler{Lost: h.Lost}} }
