package flows_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/webhook"
	"xinyi/store"
)

// partners is a store with hospitals, their systems' endpoints, and a person's visits and bill.
type partners struct {
	*testing.T
	flow   flows.Webhook
	relay  *flows.Relay
	lost   *store.Repo[journal.Lost]
	kicked int
}

func newPartners(t *testing.T) *partners {
	t.Helper()
	clock := &hands{t: noon}
	s := store.New(newEngine(t), clock.now, store.TestKeys())
	p := &partners{T: t, lost: store.NewRepo[journal.Lost](s, store.Dead)}
	p.flow = flows.Webhook{
		Medical: store.OpenMedical(s), Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints), Deliveries: store.OpenDelivery(s).Deliveries,
		Clients: store.OpenIdentity(s).Clients, Planned: func() { p.kicked++ }, Now: clock.now,
	}
	p.relay = newRelay(s, p.lost, slog.New(slog.DiscardHandler), flows.NewMetrics(prometheus.NewRegistry()))
	must(t, p.relay.Subscribe(p.flow.Subscribers()...))
	must(t, s.Ensure(t.Context()))
	p.endpoint("h1-all", models.Hospital, "h1")
	p.endpoint("h1-paid", models.Hospital, "h1", "medical.bill_paid")
	p.endpoint("h1-off", models.Hospital, "h1")
	p.endpoint("h2-all", models.Hospital, "h2")
	p.endpoint("h1-bank", models.Bank, "h1") // the same organisation, another role
	p.change("h1-off", func(e *webhook.Endpoint) error { return e.Disable(models.Clockwork, "why", noon) })
	for id, state := range map[string]medical.EncounterState{"v1": medical.Charging, "v2": medical.Opened, "v3": medical.VisitDone, "v4": medical.Cancelled, "v5": medical.Resettling} {
		e := &medical.Encounter{Meta: models.Meta{ID: id}, Hospital: "h1", VisitNo: id, SetlID: id, Agreement: "a1", Person: "ann"}
		if e.State = state; id == "v2" {
			e.Hospital = "h2"
		}
		must(t, p.flow.Medical.Encounters.Insert(t.Context(), e))
	}
	b := &medical.Bill{Meta: models.Meta{ID: "b1"}, BillNo: "NO1", Encounter: "v1", Hospital: "h1", HospitalName: "医院", Person: "ann", Principal: 12305}
	must(t, p.flow.Medical.Bills.Insert(t.Context(), b))
	return p
}

func (p *partners) endpoint(id string, role models.Role, org string, kinds ...string) {
	p.Helper()
	his := models.Actor{Role: role, Org: org, Region: "430181", Client: "client-" + id}
	keys := webhook.Seeds{HMAC: make([]byte, 32), Ed: make([]byte, 32)}
	e, err := webhook.New(id, his, webhook.Wish{URL: "https://his.example.com/" + id, Kinds: kinds}, keys, noon)
	must(p.T, err)
	must(p.T, p.flow.Endpoints.Insert(p.Context(), e))
}

func (p *partners) change(id string, change func(*webhook.Endpoint) error) {
	p.Helper()
	_, err := p.flow.Endpoints.Update(p.Context(), id, change)
	must(p.T, err)
}

// tell tells an event as the relay does, twice.
func (p *partners) tell(kind, subject string) {
	p.Helper()
	e := models.Event{ID: kind + "/" + subject + "/1.0", Kind: kind, Subject: subject, Person: "ann", At: noon, Data: map[string]string{"amount": "123.05", "hospital": "医院", "cause": "OVERDUE"}}
	for _, s := range p.flow.Subscribers() {
		for range 2 {
			if s.Kinds(kind) {
				must(p.T, s.Do(p.Context(), e))
			}
		}
	}
}

// queued lists what waits for an endpoint.
func (p *partners) queued(endpoint string) (all []*delivery.Delivery) {
	p.Helper()
	page, err := p.flow.Deliveries.Find(p.Context(), store.DeliveriesTo(endpoint, noon, noon.AddDate(0, 0, 1)))
	must(p.T, err)
	return page.Items
}

func TestPartnersHearOfTheirOwn(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		subject string
		want    map[string]string // endpoint → data
	}{
		"medical.bill_paid": {"b1", map[string]string{
			"h1-all": `{"bill":"b1","billNo":"NO1","encounterId":"v1"}`, "h1-paid": `{"bill":"b1","billNo":"NO1","encounterId":"v1"}`}},
		"medical.bill_issued":    {"b1", map[string]string{"h1-all": `{"bill":"b1","billNo":"NO1","encounterId":"v1"}`}},
		"medical.refund_due":     {"b1", map[string]string{"h1-all": `{"bill":"b1","billNo":"NO1","encounterId":"v1"}`}},
		"medical.refund_done":    {"b1", map[string]string{"h1-all": `{"bill":"b1","billNo":"NO1","encounterId":"v1"}`}},
		"medical.visit_excepted": {"v2", map[string]string{"h2-all": `{"encounterId":"v2"}`}},
		"medical.agreement_suspended": {"a1", map[string]string{
			"h1-all": `{"encounterIds":["v1","v5"]}`, "h2-all": `{"encounterIds":["v2"]}`}},
		"medical.agreement_reinstated": {"a1", map[string]string{
			"h1-all": `{"encounterIds":["v1","v5"]}`, "h2-all": `{"encounterIds":["v2"]}`}},
		"medical.payment_started": {"b1", nil},
		"identity.signed_in":      {"s1", nil},
	}
	for kind, tc := range tests {
		t.Run(kind, func(t *testing.T) {
			p := newPartners(t)
			p.tell(kind, tc.subject)
			got := map[string]string{}
			for _, id := range []string{"h1-all", "h1-paid", "h1-off", "h2-all", "h1-bank"} {
				for _, d := range p.queued(id) {
					var body struct {
						Type, Timestamp string
						Data            json.RawMessage
					}
					must(t, json.Unmarshal([]byte(d.Body), &body))
					if body.Type != kind || body.Timestamp != "2026-03-01T04:00:00Z" || d.State != delivery.Queued || d.Destination != "webhook/"+id || d.Person != "" || got[id] != "" {
						t.Errorf("%s: %+v", id, d)
					}
					got[id] = string(body.Data)
					for _, private := range []string{"ann", "123.05", "12305", "医院", "OVERDUE", "a1"} {
						if strings.Contains(d.Body, private) {
							t.Errorf("%s is told %q", id, private)
						}
					}
				}
			}
			if len(tc.want) == 0 {
				tc.want = map[string]string{}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if p.kicked != len(tc.want) {
				t.Errorf("%d were new, %d were planned", len(tc.want), p.kicked)
			}
		})
	}
}

// A bill that is not there yet is tried again: of different documents events come in any order.
func TestAWebhookOfNothingIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := newPartners(t)
	e := models.Event{ID: "x", Kind: "medical.bill_paid", Subject: "nothing", At: noon}
	if err := p.flow.Subscribers()[0].Do(t.Context(), e); !errors.Is(err, models.NotFound) {
		t.Errorf("%v", err)
	}
}

// Who is shut out hears of nothing any more, and of nothing again by itself.
func TestASystemShutOutHearsNothing(t *testing.T) {
	t.Parallel()
	p := newPartners(t)
	c, err := identity.NewClient("client-h1-all", identity.ClientOf{Kind: models.Hospital, Name: "HIS", Org: "h1", Region: "430181"}, models.Clockwork, noon)
	must(t, err)
	must(t, c.Confirm(models.Clockwork, noon))
	must(t, p.flow.Clients.Insert(t.Context(), c))
	state := func(id string) webhook.State {
		e, err := p.flow.Endpoints.Get(t.Context(), id)
		must(t, err)
		return e.State
	}
	act := func(do func(*identity.Client) error) {
		_, err := p.flow.Clients.Update(t.Context(), c.ID, do) // the relay tells before Update is back
		must(t, err)
	}
	act(func(c *identity.Client) error {
		return c.Rotate(models.Clockwork, strings.Repeat("s", 32), 0, noon)
	})
	if state("h1-all") != webhook.Active {
		t.Fatal("a new secret disabled the endpoint")
	}
	act(func(c *identity.Client) error { return c.Stop(models.Clockwork, "why", noon) })
	if state("h1-all") != webhook.Disabled || state("h1-paid") != webhook.Active {
		t.Errorf("stopped: %s, another system's %s", state("h1-all"), state("h1-paid"))
	}
	p.tell("medical.bill_paid", "b1")
	if n := len(p.queued("h1-all")); n != 0 {
		t.Errorf("%d deliveries for who is shut out", n)
	}
	act(func(c *identity.Client) error { return c.Resume(models.Clockwork, noon) })
	if state("h1-all") != webhook.Disabled {
		t.Error("it is on again by itself")
	}
}

// The catalogue's kinds are kinds some model tells: it may not import them.
func TestWebhookKindsExist(t *testing.T) {
	t.Parallel()
	var declared []string
	for _, d := range append(medical.Events(), recall.Events()...) {
		declared = append(declared, d.Name())
	}
	kinds := webhook.Kinds()
	for _, k := range kinds {
		if !slices.Contains(declared, k) {
			t.Errorf("no model publishes %s", k)
		}
	}
	if !slices.Contains(kinds, medical.BillPaid.Name()) || !slices.Contains(kinds, medical.AgreementSuspended.Name()) {
		t.Errorf("%v", kinds)
	}
}

// Whoever was given a record hears, by ids alone, that it is to read it anew; a use of our own is nobody's business.
func TestRecipientsHearOfRecalls(t *testing.T) {
	t.Parallel()
	p := newPartners(t)
	p.endpoint("bank-2", models.Bank, "bank-2")
	for recipient, want := range map[string]int{"bank-2": 1, "": 0} {
		e := models.Event{ID: "recall.recalled/u" + recipient + "/2.0", Kind: "recall.recalled", Subject: "u1", At: noon, Data: map[string]string{
			"record": "r1", "version": "2", "kind": "SHARE", "ref": "receipt", "recipient": recipient, "cause": "record.corrected"}}
		before := len(p.queued("bank-2"))
		for _, s := range p.flow.Subscribers() {
			for range 2 {
				if s.Kinds(e.Kind) {
					must(t, s.Do(t.Context(), e))
				}
			}
		}
		if n := len(p.queued("bank-2")) - before; n != want {
			t.Fatalf("%q: %d deliveries, want %d", recipient, n, want)
		}
	}
	var body struct {
		Type string
		Data map[string]string
	}
	must(t, json.Unmarshal([]byte(p.queued("bank-2")[0].Body), &body))
	want := map[string]string{"use": "u1", "record": "r1", "version": "2", "ref": "receipt", "cause": "record.corrected"}
	if diff := cmp.Diff(want, body.Data); diff != "" || body.Type != "recall.recalled" || len(p.queued("h1-all")) != 0 {
		t.Error(diff, body.Type)
	}
}
