package notifications_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"xinyi/models"
	"xinyi/models/webhook"
	"xinyi/notifications"
	"xinyi/notifications/local"
)

// hooked is a partner's system and the way there.
type hooked struct {
	*testing.T
	receiver *local.Receiver
	server   *httptest.Server
	channel  *notifications.Webhooks
	endpoint *webhook.Endpoint
	now      time.Time
}

func seedsOf(fill string) webhook.Seeds {
	return webhook.Seeds{HMAC: []byte(strings.Repeat(fill, 32)), Ed: []byte(strings.Repeat(fill, 32))}
}

func hooks(t *testing.T) *hooked {
	t.Helper()
	h := &hooked{T: t, now: time.Now().UTC().Truncate(time.Millisecond)}
	clock := func() time.Time { return h.now }
	h.receiver = &local.Receiver{Now: clock}
	h.server = httptest.NewServer(h.receiver)
	t.Cleanup(h.server.Close)
	h.channel = notifications.NewWebhooks(notifications.WebhookConfig{Guard: notifications.Guard{AllowPrivate: true}, Timeout: 2 * time.Second, Now: clock})
	his := models.Actor{Role: models.Hospital, Org: "h1", Client: "c1"}
	var err error
	if h.endpoint, err = webhook.New("e1", his, webhook.Wish{URL: h.server.URL}, seedsOf("a"), h.now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hooked) parcel(path string) notifications.Parcel {
	e := *h.endpoint
	e.URL = h.server.URL + path
	return notifications.Parcel{ID: "d-1", Kind: "medical.bill_paid", At: h.now, Endpoint: &e, Raw: []byte(`{"type":"medical.bill_paid"}`)}
}

func (h *hooked) keys() []string {
	hmac, _ := h.endpoint.Signing(h.now)
	return []string{hmac[0].Reveal(), h.endpoint.Public(h.now)[0]}
}

func TestWebhookAnswers(t *testing.T) {
	tests := map[string]struct {
		class notifications.Class // "" is success
		after time.Duration
		code  string
	}{
		"/200":       {"", 0, ""},
		"/204":       {"", 0, ""},
		"/299":       {"", 0, ""},
		"/endless":   {"", 0, ""},
		"/302":       {notifications.Unsure, 0, "http 302"},
		"/304":       {notifications.Unsure, 0, "http 304"},
		"/400":       {notifications.Unsure, 0, "http 400"},
		"/404":       {notifications.Unsure, 0, "http 404"},
		"/410":       {notifications.Gone, 0, "http 410"},
		"/410:9":     {notifications.Gone, 0, "http 410"},
		"/429":       {notifications.Limited, 0, "http 429"},
		"/429:7":     {notifications.Limited, 7 * time.Second, "http 429"},
		"/500":       {notifications.Unsure, 0, "http 500"},
		"/500:9":     {notifications.Unsure, 0, "http 500"},
		"/503":       {notifications.Unsure, 0, "http 503"},
		"/503:60":    {notifications.Down, time.Minute, "http 503"},
		"/slow:10ms": {"", 0, ""},
		"/drop":      {notifications.Unsure, 0, "no answer"},
	}
	h := hooks(t)
	h.receiver.Trust(h.keys()...)
	for path, tc := range tests {
		before := h.receiver.Asked()
		receipt, err := h.channel.Send(t.Context(), h.parcel(path))
		f := notifications.FailureOf(err)
		if tc.class == "" {
			if err != nil || receipt.ID == "" {
				t.Errorf("%s: %v", path, err)
			}
		} else if f == nil || f.Class != tc.class || f.After != tc.after || f.Code != tc.code {
			t.Errorf("%s: %+v, want %+v", path, f, tc)
		}
		if n := h.receiver.Asked() - before; n != 1 {
			t.Errorf("%s was asked %d times: one try each, and no redirect", path, n)
		}
	}
	if h.receiver.Refused() != 0 {
		t.Errorf("%d were not signed well", h.receiver.Refused())
	}
	for _, took := range h.receiver.Took() {
		if took.Signed != 2 || took.ID != "d-1" || took.Headers.Get("Content-Type") != "application/json" {
			t.Errorf("%+v", took)
		}
	}
}

func TestWebhookTimesOut(t *testing.T) {
	h := hooks(t)
	channel := notifications.NewWebhooks(notifications.WebhookConfig{Guard: notifications.Guard{AllowPrivate: true}, Timeout: time.Second, Now: time.Now})
	_, err := channel.Send(t.Context(), h.parcel("/slow:30s"))
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Unsure || f.Code != "timeout" {
		t.Errorf("slow: %v", err)
	}
	p := h.parcel("/200")
	h.server.Close()
	_, err = h.channel.Send(t.Context(), p)
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Unsure || f.Code != "no answer" {
		t.Errorf("nobody there: %v", err)
	}
}

// Whoever has the library that the standard offers can check what we sign.
func TestTheStandardsLibraryVerifies(t *testing.T) {
	h := hooks(t)
	if _, err := h.channel.Send(t.Context(), h.parcel("/200")); err != nil {
		t.Fatal(err)
	}
	took := h.receiver.Took()[0]
	theirs, err := standardwebhooks.NewWebhook(h.keys()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Verify([]byte(took.Body), took.Headers); err != nil {
		t.Error(err)
	}
	if err := theirs.Verify([]byte(took.Body+" "), took.Headers); !errors.Is(err, standardwebhooks.ErrNoMatchingSignature) {
		t.Errorf("another body: %v", err)
	}
	other, err := standardwebhooks.NewWebhookRaw([]byte(strings.Repeat("b", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Verify([]byte(took.Body), took.Headers); !errors.Is(err, standardwebhooks.ErrNoMatchingSignature) {
		t.Errorf("another key: %v", err)
	}
}

// While a partner changes over, whoever has either key can verify; the id stays, the time moves.
func TestWebhookKeysInRotation(t *testing.T) {
	h := hooks(t)
	old := h.keys()
	his := models.Actor{Role: models.Hospital, Org: "h1", Client: "c1"}
	if err := h.endpoint.Rotate(his, seedsOf("b"), time.Hour, h.now); err != nil {
		t.Fatal(err)
	}
	fresh := h.keys()
	send := func() error {
		_, err := h.channel.Send(t.Context(), h.parcel("/200"))
		return err
	}
	for _, keys := range [][]string{old, fresh, old[:1], old[1:], fresh[:1], fresh[1:]} {
		h.receiver.Trust(keys...)
		if err := send(); err != nil {
			t.Errorf("%v: %v", keys, err)
		}
	}
	h.now = h.now.Add(time.Hour)
	if err := send(); err != nil {
		t.Errorf("the new key, after the overlap: %v", err)
	}
	h.receiver.Trust(old...)
	if f := notifications.FailureOf(send()); f == nil || f.Code != "http 401" {
		t.Errorf("the old key still signs: %v", f)
	}
	took := h.receiver.Took()
	if first, last := took[0], took[len(took)-1]; first.ID != last.ID || last.At.Sub(first.At) != time.Hour || first.Body != last.Body {
		t.Errorf("%+v %+v", first, last)
	}
	if n := len(strings.Fields(took[0].Headers.Get("webhook-signature"))); n != 4 {
		t.Errorf("%d signatures", n)
	}
}

func TestWebhookRefusesWhatItCannotSend(t *testing.T) {
	h := hooks(t)
	none := h.parcel("/200")
	none.Endpoint = nil
	large := h.parcel("/200")
	large.Raw = make([]byte, 20<<10+1)
	early := h.parcel("/200")
	early.At = h.now.Add(-2 * time.Hour) // before the first key
	for name, p := range map[string]notifications.Parcel{"no endpoint": none, "too large": large, "no key": early} {
		if _, err := h.channel.Send(t.Context(), p); notifications.FailureOf(err) == nil || notifications.FailureOf(err).Class != notifications.Rejected || notifications.FailureOf(err).Code != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := h.parcel("/200")
	p.Raw = make([]byte, 20<<10)
	if _, err := h.channel.Send(t.Context(), p); err != nil {
		t.Errorf("20 KiB: %v", err)
	}
	guarded := notifications.NewWebhooks(notifications.WebhookConfig{Now: time.Now})
	before := h.receiver.Asked()
	if f := notifications.FailureOf(func() error { _, err := guarded.Send(t.Context(), h.parcel("/200")); return err }()); f == nil || f.Code != "address refused" || h.receiver.Asked() != before {
		t.Errorf("outside a sandbox: %v", f)
	}
}

func TestPing(t *testing.T) {
	h := hooks(t)
	h.receiver.Trust(h.keys()...)
	for path, want := range map[string]webhook.Answer{"/200": {Status: 200}, "/500": {Status: 500, Problem: "http 500"}, "/302": {Status: 302, Problem: "http 302"}, "/drop": {Problem: "no answer"}} {
		got := h.channel.Ping(t.Context(), h.parcel(path).Endpoint, "ping-1", []byte(`{"type":"webhook.ping"}`))
		if got != want {
			t.Errorf("%s: %+v, want %+v", path, got, want)
		}
	}
	if took := h.receiver.Took(); len(took) != 4 || took[0].ID != "ping-1" {
		t.Errorf("%+v", took)
	}
}

// A certificate nobody vouches for is not trusted, and what fails says nothing of the address.
func TestWebhookTrustsNoStranger(t *testing.T) {
	h := hooks(t)
	tls := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached") }))
	defer tls.Close()
	p := h.parcel("")
	p.Endpoint.URL = tls.URL + "/hook?token=s3cret"
	_, err := h.channel.Send(t.Context(), p)
	if f := notifications.FailureOf(err); f == nil || f.Code != "certificate" || strings.Contains(f.Error(), "s3cret") {
		t.Errorf("%v", err)
	}
}
