package notifications_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/notifications"
	"xinyi/notifications/local"
)

// The app of the tests.
const (
	jpushApp    = "7d431e42dfa6a6d693ac2d04"
	jpushSecret = "5e987ac6d2e04d95a9d8f0d1"
)

type pushing struct {
	*local.JPush
	client *notifications.JPush
}

func pushed(t *testing.T, change ...func(*notifications.JPushConfig)) pushing {
	t.Helper()
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	vendor := &local.JPush{AppKey: jpushApp, MasterSecret: jpushSecret, Now: func() time.Time { return smsNoon }}
	server := httptest.NewServer(vendor)
	t.Cleanup(server.Close)
	cfg := notifications.JPushConfig{URL: server.URL, AppKey: jpushApp, MasterSecret: jpushSecret, HarmonyCategory: "WORK", Timeout: 10 * time.Second}
	for _, c := range change {
		c(&cfg)
	}
	client, err := notifications.NewJPush(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return pushing{vendor, client}
}

func push(token, platform string) notifications.Parcel {
	return notifications.Parcel{ID: "d-1", Kind: "medical.bill_due", Title: "有一条通知", Body: "请打开应用查看",
		Data: map[string]string{"type": "medical.bill", "id": "b-1"}, Collapse: "medical.bill/b-1", TTL: 90 * time.Minute, Lang: "zh",
		Class: delivery.Service, At: smsNoon, Device: &delivery.Device{Token: models.NewSecret(token), Platform: platform}}
}

func TestJPushSendsToEachPlatform(t *testing.T) {
	tests := map[string]struct {
		platforms []string
		category  string
	}{
		"android": {[]string{"android"}, ""},
		"ios":     {[]string{"ios"}, ""},
		"harmony": {[]string{"hmos"}, "WORK"},
		"":        {[]string{"android", "ios", "hmos"}, "WORK"},
	}
	e := pushed(t)
	for platform, tc := range tests {
		p := push("ok#"+platform, platform)
		receipt, err := e.client.Send(t.Context(), p)
		if err != nil || !strings.HasPrefix(receipt.ID, "18") {
			t.Fatalf("%s: Send = %+v, %v", platform, receipt, err)
		}
		got, ok := e.Last("ok#" + platform)
		if !ok || !slices.Equal(got.Platforms, tc.platforms) || got.Category != tc.category || got.Title != p.Title || got.Alert != p.Body {
			t.Errorf("%s: %+v", platform, got)
		}
		if len(got.Extras) != 3 || got.Extras["delivery"] != "d-1" || got.Extras["type"] != "medical.bill" || got.Extras["id"] != "b-1" {
			t.Errorf("%s: extras %v", platform, got.Extras)
		}
		if len(p.Data) != 2 {
			t.Errorf("%s: Send changed the parcel's data: %v", platform, p.Data)
		}
	}
	if e.client.Name() != delivery.Vendor || e.client.Bounds() != (notifications.Bounds{InFlight: 8, PerSecond: 10, Timeout: 10 * time.Second}) {
		t.Errorf("name %q, bounds %+v", e.client.Name(), e.client.Bounds())
	}
}

// How long, what it replaces and what it is for stand on the wire, within the vendor's bounds.
func TestJPushOptions(t *testing.T) {
	tests := map[string]struct {
		change   func(*notifications.Parcel)
		ttl      time.Duration
		collapse int // bytes
		class    int
		category string
	}{
		"service":       {func(*notifications.Parcel) {}, 90 * time.Minute, len("medical.bill/b-1"), 1, "WORK"},
		"marketing":     {func(p *notifications.Parcel) { p.Class = delivery.Marketing }, 90 * time.Minute, 16, 0, "MARKETING"},
		"a blink":       {func(p *notifications.Parcel) { p.TTL = time.Millisecond }, time.Second, 16, 1, "WORK"},
		"most":          {func(p *notifications.Parcel) { p.TTL = 240 * time.Hour }, 240 * time.Hour, 16, 1, "WORK"},
		"for ever":      {func(p *notifications.Parcel) { p.TTL = 365 * 24 * time.Hour }, 240 * time.Hour, 16, 1, "WORK"},
		"collapse fits": {func(p *notifications.Parcel) { p.Collapse = strings.Repeat("k", 64) }, 90 * time.Minute, 64, 1, "WORK"},
		"collapse long": {func(p *notifications.Parcel) { p.Collapse = strings.Repeat("k", 65) }, 90 * time.Minute, 64, 1, "WORK"},
		"no collapse":   {func(p *notifications.Parcel) { p.Collapse = "" }, 90 * time.Minute, 0, 1, "WORK"},
	}
	e := pushed(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := push("ok#1", "harmony")
			tc.change(&p)
			if _, err := e.client.Send(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			got, _ := e.Last("ok#1")
			if got.TTL != tc.ttl || len(got.Collapse) != tc.collapse || got.Classification != tc.class || got.Category != tc.category || got.SendNo <= 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The same delivery has the same number at every try, and another another.
func TestJPushNumbersDeliveries(t *testing.T) {
	e := pushed(t)
	for _, id := range []string{"d-1", "d-2", "d-1"} {
		p := push("ok#1", "ios")
		p.ID = id
		if _, err := e.client.Send(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	seen := e.Seen()
	if len(seen) != 3 || seen[0].SendNo != seen[2].SendNo || seen[0].SendNo == seen[1].SendNo {
		t.Errorf("%+v", seen)
	}
}

func TestJPushClassesFailures(t *testing.T) {
	tests := map[string]struct {
		class notifications.Class
		code  string
		after time.Duration
	}{
		"gone#token-of-ann":    {notifications.Gone, "1011", 0},
		"reject#token-of-ann":  {notifications.Rejected, "1003", 0},
		"toolong#token-of-ann": {notifications.Rejected, "1005", 0},
		"limit:7#token-of-ann": {notifications.Limited, "2002", 7 * time.Second},
		"limit:x#token-of-ann": {notifications.Limited, "2002", 0},
		"limit#token-of-ann":   {notifications.Limited, "2002", 0},
		"flood#token-of-ann":   {notifications.Limited, "2005", 0},
		"blocked#token-of-ann": {notifications.Down, "2003", 0},
		"down#token-of-ann":    {notifications.Down, "1030", 0},
		"broken#token-of-ann":  {notifications.Down, "1000", 0},
		"drop#token-of-ann":    {notifications.Unsure, "cut_off", 0},
		"half#token-of-ann":    {notifications.Unsure, "unreadable", 0},
		"long#token-of-ann":    {notifications.Unsure, "too_long", 0},
		"token-of-ann":         {notifications.Rejected, "1003", 0},
	}
	e := pushed(t)
	for token, tc := range tests {
		t.Run(token, func(t *testing.T) {
			_, err := e.client.Send(t.Context(), push(token, "android"))
			f := notifications.FailureOf(err)
			if f == nil || f.Class != tc.class || f.Code != tc.code || f.After != tc.after {
				t.Errorf("Send = %+v, want %s %s after %s", f, tc.class, tc.code, tc.after)
			}
			mute(t, err, "token-of-ann", jpushSecret, jpushApp)
		})
	}
}

// Every status the vendor may end a call in, with nothing to read in it.
func TestJPushClassesStatuses(t *testing.T) {
	tests := map[int]notifications.Class{
		302: notifications.Down, 400: notifications.Rejected, 401: notifications.Down, 403: notifications.Down, 404: notifications.Down,
		413: notifications.Rejected, 429: notifications.Limited, 500: notifications.Down, 502: notifications.Down, 503: notifications.Down,
	}
	e := pushed(t)
	for status, want := range tests {
		e.Fail(status)
		f := notifications.FailureOf(e.client.Probe(t.Context()))
		if f == nil || f.Class != want || f.Code != fmt.Sprintf("http %d", status) {
			t.Errorf("%d: %+v, want %s", status, f, want)
		}
	}
	e.Fail(0)
	if err := e.client.Probe(t.Context()); err != nil {
		t.Errorf("Probe = %v", err)
	}
}

// Wrong credentials look like a channel that is down, never like phones that are gone.
func TestJPushRefusedCredentialsAreDown(t *testing.T) {
	for name, change := range map[string]func(*notifications.JPushConfig){
		"another secret": func(c *notifications.JPushConfig) { c.MasterSecret = "x" },
		"another app":    func(c *notifications.JPushConfig) { c.AppKey = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			e := pushed(t, change)
			for _, token := range []string{"ok#1", "gone#1"} {
				_, err := e.client.Send(t.Context(), push(token, "android"))
				if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Down || f.Code != "1004" {
					t.Errorf("%s: %+v", token, f)
				}
				mute(t, err, jpushSecret)
			}
			if f := notifications.FailureOf(e.client.Probe(t.Context())); f == nil || f.Class != notifications.Down {
				t.Errorf("Probe = %+v", f)
			}
			if e.Sent() != 0 {
				t.Errorf("%d pushes were taken", e.Sent())
			}
		})
	}
}

func TestJPushEndsAtItsTimeout(t *testing.T) {
	e := pushed(t, func(c *notifications.JPushConfig) { c.Timeout = 2 * time.Second })
	start := time.Now()
	_, err := e.client.Send(t.Context(), push("hang:30s#token-of-ann", "ios"))
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Unsure || f.Code != "timeout" {
		t.Errorf("Send = %+v, want unsure timeout", f)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	mute(t, err, "token-of-ann")
	if _, err := e.client.Send(t.Context(), push("hang:1ms#1", "ios")); err != nil {
		t.Errorf("a short wait: %v", err)
	}
}

func TestJPushWantsADevice(t *testing.T) {
	e := pushed(t)
	p := push("", "ios")
	for range 2 {
		_, err := e.client.Send(t.Context(), p)
		if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Rejected {
			t.Errorf("Send = %+v", f)
		}
		p.Device = nil
	}
	if e.Requests() != 0 {
		t.Errorf("%d requests", e.Requests())
	}
}

func TestNewJPushNamesEveryFault(t *testing.T) {
	_, err := notifications.NewJPush(notifications.JPushConfig{URL: "ftp://" + jpushApp})
	for _, want := range []string{"want https", "no app key", "no master secret"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewJPush = %v, want %q", err, want)
		}
	}
	j, err := notifications.NewJPush(notifications.JPushConfig{AppKey: "k", MasterSecret: "s"})
	if err != nil || j.Bounds().Timeout != 5*time.Second {
		t.Errorf("NewJPush = %+v, %v", j, err)
	}
}
