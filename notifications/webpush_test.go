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
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Rejected {
		t.Errorf("a subscription without keys: %v", err)
	}
}

func TestWebPushWithoutKeys(t *testing.T) {
	for name, cfg := range map[string]notifications.WebPushConfig{
		"no keys":    {Subject: "mailto:a@b.example", Now: time.Now},
		"no subject": {Private: "a", Public: "b", Now: time.Now},
		"no clock":   {Private: "a", Public: "b", Subject: "mailto:a@b.example"},
	} {
		if _, err := notifications.NewWebPush(cfg); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
