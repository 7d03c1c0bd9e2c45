package seed

import (
	"reflect"
	"slices"
	"testing"

	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/models/webhook"
	"xinyi/store"
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
		if e.State == webhook.Active && (e.Role == models.Hospital || slices.Contains([]string{readingBank, readingProvider, marketUnit}, e.Org)) {
			t.Errorf("%s is of %s, which the demo has things to tell", e.ID, e.Org)
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

// Whom the demo's recalls concern has no endpoint that is on.
func TestNobodyIsSentARecallOfTheDemo(t *testing.T) {
	s := openCredit(t)
	on := map[string]bool{}
	if _, err := s.Endpoints.Each(t.Context(), store.All(), func(e *webhook.Endpoint) error { on[e.Org] = e.State == webhook.Active; return nil }); err != nil {
		t.Fatal(err)
	}
	uses := 0
	if _, err := s.Recall.Uses.Each(t.Context(), store.All(), func(u *recall.Use) error {
		if uses++; on[u.Recipient] {
			t.Errorf("%s would be sent to %s", u.ID, u.Recipient)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if uses == 0 || len(on) != len(hooks) {
		t.Errorf("%d uses, %d endpoints", uses, len(on))
	}
}
