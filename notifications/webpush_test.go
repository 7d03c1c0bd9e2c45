package notifications_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/notifications"
	"xinyi/notifications/local"
)

func TestWebPush(t *testing.T) {
	service := &local.WebPush{Now: time.Now}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	private, public, err := notifications.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	channel, err := notifications.NewWebPush(notifications.WebPushConfig{
		Private: private, Public: public, Subject: "mailto:ops@xinyi.example", Guard: notifications.Guard{AllowPrivate: true}, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(channel.Close)
	send := func(path string) error {
		p256dh, auth, err := service.Subscribe(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = channel.Send(t.Context(), notifications.Parcel{
			ID: "d1", Title: "信易", Body: "您有一条新消息", Data: map[string]string{"type": "medical.bill"}, Collapse: strings.Repeat("c", 40), TTL: time.Hour, At: time.Now(),
			Device: &delivery.Device{Token: models.NewSecret(server.URL + path), P256dh: models.NewSecret(p256dh), Auth: models.NewSecret(auth)},
		})
		return err
	}
	if err := send("/push/ok-1"); err != nil {
		t.Fatal(err)
	}
	got := service.Got()
	if len(got) != 1 || got[0].Topic != strings.Repeat("c", 32) || got[0].TTL != "3600" || got[0].Urgency != "normal" ||
		!strings.Contains(got[0].Text, `"body":"您有一条新消息"`) || !strings.Contains(got[0].Text, `"id":"d1"`) || service.Refused() != 0 {
		t.Fatalf("the browser got %+v, %d were refused", got, service.Refused())
	}
	tests := map[string]struct {
		class notifications.Class
		after time.Duration
	}{
		"gone-1": {notifications.Gone, 0}, "notfound-1": {notifications.Gone, 0}, "limit-1": {notifications.Limited, 7 * time.Second},
		"reject-1": {notifications.Rejected, 0}, "large-1": {notifications.Rejected, 0}, "forbidden-1": {notifications.Down, 0},
		"down-1": {notifications.Down, 0}, "drop-1": {notifications.Unsure, 0},
	}
	for path, tc := range tests {
		t.Run(path, func(t *testing.T) {
			err := send("/push/secret/" + path)
			f := (*notifications.Failure)(nil)
			if !errors.As(err, &f) || f.Class != tc.class || f.After != tc.after {
				t.Fatalf("Send = %v, want %s after %v", err, tc.class, tc.after)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
	bad := &delivery.Device{Token: models.NewSecret(server.URL + "/push/ok-2"), P256dh: models.NewSecret("no key"), Auth: models.NewSecret("x")}
	_, err = channel.Send(t.Context(), notifications.Parcel{ID: "d2", TTL: time.Hour, At: time.Now(), Device: bad})
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Gone {
		t.Errorf("a subscription without keys: %v", err)
	}
}

// What is too large is refused before anybody is asked, and a service that does not answer is given up in time.
func TestWebPushBounds(t *testing.T) {
	service := &local.WebPush{Now: time.Now}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	private, public, err := notifications.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	cfg := notifications.WebPushConfig{
		Private: private, Public: public, Subject: "https://xinyi.example/ops", Guard: notifications.Guard{AllowPrivate: true}, Now: time.Now, Timeout: 2 * time.Second,
	}
	send := func(cfg notifications.WebPushConfig, path string, change func(*notifications.Parcel)) *notifications.Failure {
		t.Helper()
		channel, err := notifications.NewWebPush(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(channel.Close)
		p256dh, auth, err := service.Subscribe(path)
		if err != nil {
			t.Fatal(err)
		}
		p := notifications.Parcel{
			ID: "d1", Title: "t", Body: "b", TTL: time.Hour, At: time.Now(),
			Device: &delivery.Device{Token: models.NewSecret(server.URL + path), P256dh: models.NewSecret(p256dh), Auth: models.NewSecret(auth)},
		}
		change(&p)
		_, err = channel.Send(t.Context(), p)
		return notifications.FailureOf(err)
	}
	same := func(*notifications.Parcel) {}
	if f := send(cfg, "/push/hang-1", same); f == nil || f.Class != notifications.Unsure || f.Code != "timeout" {
		t.Errorf("no answer: %v", f)
	}
	if f := send(cfg, "/push/ok-3", func(p *notifications.Parcel) { p.Body = strings.Repeat("x", 4096) }); f == nil || f.Class != notifications.Rejected || f.Code != "too large" {
		t.Errorf("too large: %v", f)
	}
	outside := cfg
	outside.Guard = notifications.Guard{}
	if f := send(outside, "/push/ok-4", same); f == nil || f.Class != notifications.Rejected || f.Code != "address refused" {
		t.Errorf("a private address outside a sandbox: %v", f)
	}
	if len(service.Got()) != 0 {
		t.Errorf("the browser got %+v", service.Got())
	}
	for path, p := range map[string]notifications.Parcel{"high": {Urgent: true}, "low": {Class: delivery.Marketing}, "normal": {Class: delivery.Service}} {
		f := send(cfg, "/push/ok-"+path, func(to *notifications.Parcel) { to.Urgent, to.Class = p.Urgent, p.Class })
		got := service.Got()
		if f != nil || got[len(got)-1].Urgency != path {
			t.Errorf("%s: %v, %+v", path, f, got)
		}
	}
}

func TestWebPushNeedsAPairOfKeys(t *testing.T) {
	private, public, err := notifications.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := notifications.NewVAPID()
	if err != nil {
		t.Fatal(err)
	}
	good := notifications.WebPushConfig{Private: private, Public: public, Subject: "mailto:a@b.example", Now: time.Now}
	if _, err := notifications.NewWebPush(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*notifications.WebPushConfig){
		"no private key":      func(c *notifications.WebPushConfig) { c.Private = "" },
		"no public key":       func(c *notifications.WebPushConfig) { c.Public = "" },
		"no pair":             func(c *notifications.WebPushConfig) { c.Public = other },
		"the wrong way":       func(c *notifications.WebPushConfig) { c.Private, c.Public = public, private },
		"no base64":           func(c *notifications.WebPushConfig) { c.Private = "!" },
		"no subject":          func(c *notifications.WebPushConfig) { c.Subject = "" },
		"a subject over http": func(c *notifications.WebPushConfig) { c.Subject = "http://b.example" },
		"no clock":            func(c *notifications.WebPushConfig) { c.Now = nil },
	} {
		cfg := good
		change(&cfg)
		if _, err := notifications.NewWebPush(cfg); err == nil || strings.Contains(err.Error(), private) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
