package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/webhook"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// systems takes "his:<client>" for a hospital's system; each client is a hospital of its own.
type systems struct{ apitest.Names }

func (s systems) Authenticate(ctx context.Context, token string) (api.Caller, error) {
	if client, ok := strings.CutPrefix(token, "his:"); ok {
		return api.Caller{Actors: []models.Actor{{Role: models.Hospital, Client: client, Org: "org-" + client, Region: "430181"}}}, nil
	}
	return s.Names.Authenticate(ctx, token)
}

// A switchboard is a door with webhooks behind it.
type switchboard struct {
	*apitest.API
	h      Handler
	kicks  int
	pinged []string
}

// Ping answers 302, like a system that moved.
func (b *switchboard) Ping(_ context.Context, e *webhook.Endpoint, id string, body []byte) webhook.Answer {
	b.pinged = append(b.pinged, e.ID+" "+id+" "+string(body))
	return webhook.Answer{Status: 302, Took: 12 * time.Millisecond, Problem: "http 302"}
}

func switchboards(t *testing.T) *switchboard {
	t.Helper()
	engine := sqlitetest.Open(t)
	b := &switchboard{API: &apitest.API{T: t, Time: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}}
	s := store.New(engine, b.Now, store.TestKeys())
	b.h = Handler{
		Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints), Deliveries: store.OpenDelivery(s).Deliveries, Pinger: b, Kick: func() { b.kicks++ },
		Check: func(url string) error {
			if strings.Contains(url, "10.0.0.1") {
				return models.Bad("/url", "webhook_url", "webhook.url_invalid")
			}
			return nil
		},
	}
	b.R = api.NewRouter(api.Config{Now: b.Now, Auth: systems{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	b.R.Handle(b.h)
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.R.Finish(); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.Check, err = openapitest.New(b.R.Document()); err != nil {
		t.Fatal(err)
	}
	return b
}

// wants asks, and fails unless the answer has this status and these strings.
func (b *switchboard) wants(status int, as, line, body string, want ...string) apitest.Reply {
	b.Helper()
	res := b.Ask(line, body, strings.Split(as, ", ")...)
	if res.Status != status {
		b.Fatalf("%s %s %s: %d, want %d: %s", as, line, body, res.Status, status, res.Body)
	}
	for _, w := range want {
		if !strings.Contains(res.Body, w) {
			b.Errorf("%s %s lacks %s: %s", as, line, w, res.Body)
		}
	}
	return res
}

func (b *switchboard) into(res apitest.Reply, v any) {
	b.Helper()
	if err := json.Unmarshal([]byte(res.Body), v); err != nil {
		b.Fatal(err)
	}
}

// endpoint registers an address for a client.
func (b *switchboard) endpoint(client, path string) string {
	b.Helper()
	var e endpointView
	b.into(b.wants(201, "as his:"+client+", key "+path, "POST /v1/webhooks", `{"url":"https://his.example.com/`+path+`"}`), &e)
	return e.ID
}

// sent keeps the n-th delivery to an endpoint, n minutes after noon, in a state.
func (b *switchboard) sent(endpoint string, n int, s delivery.State) string {
	b.Helper()
	at := b.Now().Add(time.Duration(n) * time.Minute)
	d := delivery.ForPartner(models.Event{ID: fmt.Sprint("e", n), Kind: "medical.bill_paid", Subject: "bill", At: at}, endpoint, "430181", "{}", at)
	var err error
	switch p := delivery.Standard; s {
	case delivery.Sent:
		if err = d.Start(time.Minute, at); err == nil {
			err = d.Took(1, "http 200", p, at)
		}
	case delivery.Dead:
		if err = d.Start(time.Minute, at); err == nil {
			err = d.Kill(1, delivery.WhyRejected, "http 500", p, at)
		}
	case delivery.Skipped:
		err = d.Skip(delivery.WhyDisabled, p, at)
	}
	if err == nil {
		err = b.h.Deliveries.Insert(b.Context(), d)
	}
	if err != nil {
		b.Fatal(err)
	}
	return d.ID
}

func TestWhoSeesWebhooks(t *testing.T) {
	b := switchboards(t)
	id := b.endpoint("c1", "a")
	at := "/v1/webhooks/" + id
	own := map[string]int{"as his:c1": 200, "as his:c2": 404, "as ann": 403, "as ann+auditor": 403, "as ann+hospital_finance": 403}
	lines := map[string]struct {
		body     string
		operator int
	}{
		"GET " + at: {"", 200}, "GET " + at + "/keys": {"", 403}, "GET " + at + "/deliveries": {"", 200},
		"PUT " + at: {`{"url":"https://his.example.com/b"}`, 403}, "POST " + at + "/ping": {"", 403},
		"POST " + at + "/redeliver": {`{"from":"2026-03-01T00:00:00Z","to":"2026-03-02T00:00:00Z"}`, 403},
	}
	for line, tc := range lines {
		for as, status := range own {
			b.wants(status, as, line, tc.body)
		}
		b.wants(tc.operator, "as op+operator", line, tc.body)
		if res := b.Ask(line, tc.body); res.Status != 401 {
			t.Errorf("%s: %d for nobody", line, res.Status)
		}
	}
	b.wants(404, "as his:c2, key r", "POST "+at+"/rotate", `{"overlapHours":1}`)
	b.wants(404, "as his:c2", "POST "+at+"/disable", `{"reason":"x"}`)
	b.wants(404, "as his:c2", "POST "+at+"/enable", "")
	if res := b.wants(200, "as his:c2", "GET /v1/webhooks", ""); strings.Contains(res.Body, id) {
		t.Errorf("another system sees it: %s", res.Body)
	}
	res := b.wants(200, "as op+operator", "GET /v1/webhooks", "", id, `"url":"https://his.example.com"`)
	if strings.Contains(res.Body, "com/b") {
		t.Errorf("the operator sees the path: %s", res.Body)
	}
}

func TestRegisterAnEndpoint(t *testing.T) {
	b := switchboards(t)
	for body, want := range map[string]string{
		`{}`:                          `"pointer":"/url"`,
		`{"url":""}`:                  `"pointer":"/url"`,
		`{"url":"https://10.0.0.1/"}`: `"pointer":"/url"`,
		`{"url":"https://a.example.com","kinds":["medical.bill_paid","medical.payment_started"]}`: `"pointer":"/kinds/1"`,
		`{"url":"https://a.example.com","kinds":["webhook.ping"]}`:                                `"pointer":"/kinds/0"`,
		`{"url":"https://a.example.com","secret":"x"}`:                                            `"pointer":"/secret"`,
	} {
		b.wants(400, fmt.Sprintf("as his:c1, key k%d", len(body)), "POST /v1/webhooks", body, want)
	}
	b.wants(400, "as client:bank, key k", "POST /v1/webhooks", `{"url":"https://a.example.com","kinds":["medical.bill_paid"]}`, `"pointer":"/kinds/0"`)
	b.wants(200, "as his:c1", "GET /v1/webhooks/kinds", "", "webhook.ping", "medical.bill_paid", "medical.agreement_suspended")
	if res := b.wants(200, "as client:bank", "GET /v1/webhooks/kinds", ""); res.Body != `{"kinds":["webhook.ping","recall.recalled","recall.chased"]}` {
		t.Errorf("a bank may hear of %s", res.Body)
	}
	for i := range webhook.Most {
		b.endpoint("c1", fmt.Sprint("p", i))
	}
	b.wants(409, "as his:c1, key more", "POST /v1/webhooks", `{"url":"https://a.example.com"}`, "webhook.too_many")
	b.endpoint("c2", "q")
	var l api.List[endpointView]
	b.into(b.wants(200, "as his:c1", "GET /v1/webhooks", ""), &l)
	if len(l.Items) != webhook.Most {
		t.Errorf("%d endpoints", len(l.Items))
	}
}

// No answer but that of keys shows a key, and none that is kept for its Idempotency-Key does.
func TestKeysAreShownAtOnePlace(t *testing.T) {
	b := switchboards(t)
	id := b.endpoint("c1", "a")
	at := "/v1/webhooks/" + id
	keys := func() (v keysView) {
		b.into(b.wants(200, "as his:c1", "GET "+at+"/keys", ""), &v)
		return v
	}
	old := keys()
	if len(old.HMAC) != 1 || !strings.HasPrefix(old.HMAC[0], "whsec_") || !strings.HasPrefix(old.Ed25519[0], "whpk_") {
		t.Fatalf("%+v", old)
	}
	first := b.wants(200, "as his:c1, key r1", "POST "+at+"/rotate", `{"overlapHours":24}`)
	again := b.wants(200, "as his:c1, key r1", "POST "+at+"/rotate", `{"overlapHours":24}`)
	fresh := keys()
	if first.Body != again.Body || len(fresh.HMAC) != 2 || len(fresh.Ed25519) != 2 || fresh.HMAC[1] != old.HMAC[0] || fresh.HMAC[0] == old.HMAC[0] {
		t.Errorf("%+v, then %+v", old, fresh)
	}
	b.Forward(24 * time.Hour)
	if late := keys(); len(late.HMAC) != 1 || late.HMAC[0] != fresh.HMAC[0] {
		t.Errorf("after the overlap: %+v", late)
	}
	b.wants(400, "as his:c1, key r2", "POST "+at+"/rotate", `{"overlapHours":169}`, "/overlapHours")
	for _, res := range []apitest.Reply{first, b.wants(200, "as his:c1", "GET "+at, ""), b.wants(200, "as his:c1", "GET /v1/webhooks", "")} {
		for _, never := range []string{"whsec_", "whsk_", "whpk_"} {
			if strings.Contains(res.Body, never) {
				t.Errorf("a key is shown: %s", res.Body)
			}
		}
	}
	if strings.Contains(b.Ask("GET "+at+"/keys", "", "as his:c1").Body, "whsk_") {
		t.Error("the private key is shown")
	}
}

func TestChangeAnEndpoint(t *testing.T) {
	b := switchboards(t)
	at := "/v1/webhooks/" + b.endpoint("c1", "a")
	if res := b.wants(200, "as his:c1", "GET "+at, "", `"kinds":[]`, `"state":"ACTIVE"`); res.Header.Get("ETag") != `"1"` {
		t.Errorf("ETag %q", res.Header.Get("ETag"))
	}
	b.wants(200, `as his:c1, If-Match: "1"`, "PUT "+at, `{"url":"https://his.example.com/b","kinds":["medical.bill_paid"]}`, `"kinds":["medical.bill_paid"]`, "/b")
	b.wants(412, `as his:c1, If-Match: "1"`, "PUT "+at, `{"url":"https://his.example.com/c"}`)
	b.wants(400, "as his:c1", "PUT "+at, `{"url":"https://10.0.0.1/"}`, "/url")
	b.wants(200, "as his:c1", "POST "+at+"/disable", `{"reason":"maintenance"}`, `"why":"maintenance"`, `"state":"DISABLED"`)
	b.wants(409, "as his:c1", "POST "+at+"/disable", `{"reason":"again"}`, "webhook.disabled_already")
	b.wants(200, "as his:c1", "POST "+at+"/enable", "", `"why":""`, `"state":"ACTIVE"`)
	b.wants(409, "as his:c1", "POST "+at+"/enable", "", "webhook.active_already")
	b.wants(200, "as op+operator", "POST "+at+"/disable", `{"reason":"noisy"}`, `"why":"noisy"`)
	b.wants(200, "as op+operator", "GET /v1/webhooks?state=DISABLED", "", `"why":"noisy"`)
	b.wants(403, "as his:c1", "POST "+at+"/enable", "", "webhook.stopped_by_operator")
	b.wants(200, "as op+operator", "POST "+at+"/enable", "")
}

func TestPingAnEndpoint(t *testing.T) {
	b := switchboards(t)
	id := b.endpoint("c1", "a")
	res := b.wants(200, "as his:c1", "POST /v1/webhooks/"+id+"/ping", "")
	if res.Body != `{"ok":false,"status":302,"milliseconds":12,"problem":"http 302"}` {
		t.Error(res.Body)
	}
	if len(b.pinged) != 1 || !strings.HasPrefix(b.pinged[0], id+" ") || !strings.Contains(b.pinged[0], `"type":"webhook.ping"`) {
		t.Error(b.pinged)
	}
	for range 9 {
		b.wants(200, "as his:c1", "POST /v1/webhooks/"+id+"/ping", "")
	}
	b.wants(429, "as his:c1", "POST /v1/webhooks/"+id+"/ping", "")
}

func TestDeliveriesOfAnEndpoint(t *testing.T) {
	b := switchboards(t)
	id, other := b.endpoint("c1", "a"), b.endpoint("c1", "b")
	for n := range 6 {
		b.sent(id, n, []delivery.State{delivery.Sent, delivery.Dead}[n%2])
	}
	b.sent(other, 9, delivery.Dead)
	b.Forward(time.Hour)
	count := func(query string) (n, pages int) {
		for cursor := ""; pages == 0 || cursor != ""; pages++ {
			var l api.List[hookDelivery]
			b.into(b.wants(200, "as his:c1", "GET /v1/webhooks/"+id+"/deliveries?limit=2&cursor="+cursor+query, ""), &l)
			n, cursor = n+len(l.Items), l.NextCursor
		}
		return n, pages
	}
	for query, want := range map[string]int{"": 6, "&state=DEAD": 3, "&state=SENT": 3, "&state=QUEUED": 0, "&since=2026-03-02T04:02:00Z": 4, "&since=2026-03-02T04:02:00Z&state=DEAD": 2} {
		if n, pages := count(query); n != want || pages > 4 {
			t.Errorf("%q: %d on %d pages, want %d", query, n, pages, want)
		}
	}
	b.wants(400, "as his:c1", "GET /v1/webhooks/"+id+"/deliveries?state=LOST", "", "#query/state")
}

func TestRedeliver(t *testing.T) {
	b := switchboards(t)
	id, other := b.endpoint("c1", "a"), b.endpoint("c1", "b")
	line := "POST /v1/webhooks/" + id + "/redeliver"
	took, dead, skipped, waits := b.sent(id, 0, delivery.Sent), b.sent(id, 1, delivery.Dead), b.sent(id, 2, delivery.Skipped), b.sent(id, 3, delivery.Queued)
	foreign := b.sent(other, 4, delivery.Dead)
	state := func(id string) delivery.State {
		d, err := b.h.Deliveries.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return d.State
	}
	for _, body := range []string{
		`{}`, `{"from":"2026-03-02T00:00:00Z"}`, `{"from":"2026-03-02T00:00:00Z","to":"2026-03-02T00:00:00Z"}`,
		`{"from":"2026-03-02T00:00:00Z","to":"2026-04-01T00:00:00.001Z"}`, `{"ids":["x"],"from":"2026-03-02T00:00:00Z","to":"2026-03-03T00:00:00Z"}`,
		`{"ids":[` + strings.Repeat(`"x",`, 200) + `"x"]}`,
	} {
		b.wants(400, "as his:c1", line, body)
	}
	b.wants(404, "as his:c1", line, `{"ids":["`+dead+`","`+foreign+`"]}`)
	b.wants(404, "as his:c1", line, `{"ids":["`+dead+`","nothing"]}`)
	if state(dead) != delivery.Dead || state(foreign) != delivery.Dead || b.kicks != 0 {
		t.Fatal("a refused call sent something again")
	}
	b.wants(200, "as his:c1", line, `{"from":"2026-03-02T00:00:00Z","to":"2026-03-03T00:00:00Z"}`, `{"count":2,"more":false}`)
	if state(took) != delivery.Sent || state(dead) != delivery.Queued || state(skipped) != delivery.Queued || state(waits) != delivery.Queued || state(foreign) != delivery.Dead || b.kicks != 1 {
		t.Errorf("%s %s %s %s %s, %d kicks", state(took), state(dead), state(skipped), state(waits), state(foreign), b.kicks)
	}
	b.wants(200, "as his:c1", line, `{"ids":["`+took+`","`+waits+`"]}`, `{"count":1,"more":false}`)
	if state(took) != delivery.Queued {
		t.Error("what was sent is not sent again by its id")
	}
	b.wants(200, "as his:c1", line, `{"ids":["`+waits+`"]}`, `{"count":0,"more":false}`)
	if b.kicks != 2 {
		t.Errorf("%d kicks", b.kicks)
	}
	b.wants(200, "as his:c1", "POST /v1/webhooks/"+id+"/disable", `{"reason":"x"}`)
	b.wants(409, "as his:c1", line, `{"ids":["`+waits+`"]}`, "webhook.not_active")
}

// One call sends a bounded number again and says that there is more; calling on ends.
func TestRedeliverGoesOn(t *testing.T) {
	b := switchboards(t)
	id := b.endpoint("c1", "a")
	var all []*delivery.Delivery
	for n := range mostRedeliver + 5 {
		at := b.Now().Add(time.Duration(n) * time.Second)
		d := delivery.ForPartner(models.Event{ID: fmt.Sprint("e", n), Kind: "medical.bill_paid", Subject: "bill", At: at}, id, "430181", "{}", at)
		if err := d.Skip(delivery.WhyDisabled, delivery.Standard, at); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	if err := b.h.Deliveries.InsertMany(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	body := `{"from":"2026-03-02T00:00:00Z","to":"2026-03-03T00:00:00Z"}`
	for _, want := range []string{`{"count":1000,"more":true}`, `{"count":5,"more":false}`, `{"count":0,"more":false}`} {
		b.wants(200, "as his:c1", "POST /v1/webhooks/"+id+"/redeliver", body, want)
	}
}
