package seed

import (
	"reflect"
	"slices"
	"testing"

	"xinyi/models/webhook"
)

// Every state is there, each address is one a partner could register, and the demo sends nothing to anybody.
func TestDemoEndpoints(t *testing.T) {
	p, err := NewPopulation(noon)
	if err != nil {
		t.Fatal(err)
	}
	all, err := endpoints(p.Clients, p.Opened)
	if err != nil {
		t.Fatal(err)
	}
	var states []webhook.State
	for _, e := range all {
		states = append(states, e.State)
		for _, kind := range webhook.Kinds() {
			if e.Wants(kind) {
				t.Errorf("%s wants %s, and would be sent it", e.ID, kind)
			}
		}
		if hmac, ed := e.Signing(noon); len(hmac) != 1 || len(ed) != 1 || len(e.Outbox) != 0 {
			t.Errorf("%s: %d and %d keys, %d events", e.ID, len(hmac), len(ed), len(e.Outbox))
		}
	}
	for _, s := range webhook.States {
		if !slices.Contains(states, s) {
			t.Errorf("no endpoint is %s", s)
		}
	}
	again, err := endpoints(p.Clients, p.Opened)
	if err != nil || !reflect.DeepEqual(all, again) {
		t.Errorf("another time, other endpoints: %v", err)
	}
}

func TestTheCityKeepsItsEndpoints(t *testing.T) {
	s := open(t)
	for range 2 {
		if err := City(t.Context(), s, noon); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range hooks {
		if e, err := s.Endpoints.Get(t.Context(), "webhook-"+h.client); err != nil || e.URL != h.url {
			t.Errorf("%s: %v", h.client, err)
		}
	}
}
