package notifications_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/notifications"
	"xinyi/notifications/local"
)

var fcmNoon = time.Date(2027, 3, 1, 4, 0, 0, 0, time.UTC)

// fcmLocal is a Firebase of the test's own and a channel to it. door may stand before it.
func fcmLocal(t testing.TB, cfg notifications.FCMConfig, door func(http.Handler) http.Handler) (*notifications.FCM, *local.FCM) {
	t.Helper()
	vendor := &local.FCM{Now: func() time.Time { return fcmNoon }}
	var h http.Handler = vendor
	if door != nil {
		h = door(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return fcmAt(t, s.URL, vendor.ServiceAccountJSON(s.URL, "xinyi-test"), cfg), vendor
}

func fcmAt(t testing.TB, base string, key []byte, cfg notifications.FCMConfig) *notifications.FCM {
	t.Helper()
	cfg.Credentials, cfg.Endpoint, cfg.Now = key, base, func() time.Time { return fcmNoon }
	f, err := notifications.NewFCM(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func fcmParcel(token string) notifications.Parcel {
	return notifications.Parcel{ID: "d1", Kind: "medical.bill_issued", Title: "信易", Body: "有新消息", Class: delivery.Service,
		Data: map[string]string{"type": "medical.bill_issued", "id": "other", "route": "medical.bill"}, Collapse: "bill:b1",
		TTL: 90 * time.Minute, Lang: "zh", At: fcmNoon, Device: &delivery.Device{Token: models.NewSecret(token)}}
}

// TestFCMClasses sends through the SDK whatever Firebase may answer: each is one request, at once, and classed.
func TestFCMClasses(t *testing.T) {
	f, vendor := fcmLocal(t, notifications.FCMConfig{Timeout: 3 * time.Second}, nil)
	tests := []struct {
		token string
		class notifications.Class // "" is taken
		code  string
		after time.Duration
	}{
		{"ok#1", "", "", 0},
		{"unreg#1", notifications.Gone, "UNREGISTERED", 0},
		{"mismatch#1", notifications.Gone, "SENDER_ID_MISMATCH", 0},
		{"badtoken#1", notifications.Gone, "INVALID_ARGUMENT", 0},
		{"whatever", notifications.Gone, "INVALID_ARGUMENT", 0},
		{"badpayload#1", notifications.Rejected, "INVALID_ARGUMENT", 0},
		{"quota:70#1", notifications.Limited, "QUOTA_EXCEEDED", 70 * time.Second},
		{"quota#1", notifications.Limited, "QUOTA_EXCEEDED", time.Minute},
		{"quota:Mon, 01 Mar 2027 04:05:00 GMT#1", notifications.Limited, "QUOTA_EXCEEDED", 5 * time.Minute},
		{"quota:999999999#1", notifications.Limited, "QUOTA_EXCEEDED", time.Hour},
		{"unavail:70#1", notifications.Down, "UNAVAILABLE", 70 * time.Second},
		{"unavail:300#1", notifications.Down, "UNAVAILABLE", 5 * time.Minute},
		{"unavail#1", notifications.Down, "UNAVAILABLE", 0},
		{"internal#1", notifications.Down, "INTERNAL", 0},
		{"html502#1", notifications.Down, "http 502", 0},
		{"notfound#1", notifications.Down, "NOT_FOUND", 0},
		{"forbidden#1", notifications.Down, "PERMISSION_DENIED", 0},
		{"third#1", notifications.Down, "THIRD_PARTY_AUTH_ERROR", 0},
		{"drop#1", notifications.Down, "cut", 0},
		{"hang:1m#1", notifications.Unsure, "timeout", 0},
		{"truncated#1", notifications.Unsure, "unreadable", 0},
	}
	for _, tc := range tests {
		t.Run(tc.token, func(t *testing.T) {
			before, start := vendor.Requests(), time.Now()
			receipt, err := f.Send(t.Context(), fcmParcel(tc.token))
			fcmWant(t, err, tc.class, tc.code, tc.after)
			if n, took := vendor.Requests()-before, time.Since(start); n != 1 || took > 40*time.Second {
				t.Errorf("%d requests in %v", n, took)
			}
			if taken := strings.HasPrefix(receipt.ID, "projects/xinyi-test/messages/"); taken != (tc.class == "") {
				t.Errorf("receipt %q", receipt.ID)
			}
		})
	}
	if n := vendor.Grants(); n != 1 {
		t.Errorf("%d bearers for it all", n)
	}
}

func fcmWant(t *testing.T, err error, class notifications.Class, code string, after time.Duration) {
	t.Helper()
	fail := notifications.FailureOf(err)
	switch {
	case class == "" && fail != nil:
		t.Errorf("refused: %v", fail)
	case class == "":
	case fail == nil:
		t.Errorf("taken, want %s (%s)", class, code)
	case fail.Class != class || fail.Code != code || fail.After != after:
		t.Errorf("%v after %v, want %s (%s) after %v", fail, fail.After, class, code, after)
	}
}

// TestFCMForeignAnswers puts a door before Firebase that answers what Firebase never would.
func TestFCMForeignAnswers(t *testing.T) {
	page := func(status int, head, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if head != "" {
				w.Header().Set("Retry-After", head)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	cut := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"na`))
		}
	}
	tests := map[string]struct {
		door  http.HandlerFunc
		class notifications.Class
		code  string
		after time.Duration
	}{
		"a page for 400":           {page(400, "", "<html>"), notifications.Down, "http 400", 0},
		"a page for 404":           {page(404, "", "<html>"), notifications.Down, "http 404", 0},
		"a page for 503":           {page(503, "9", "<html>"), notifications.Down, "http 503", 9 * time.Second},
		"a page for 200":           {page(200, "", "<html>"), notifications.Unsure, "unreadable", 0},
		"no name":                  {page(200, "", "{}"), notifications.Unsure, "unreadable", 0},
		"a proxy wants a password": {page(407, "", ""), notifications.Down, "http 407", 0},
		"too large":                {page(413, "", ""), notifications.Rejected, "http 413", 0},
		"a gateway gave up":        {page(504, "", ""), notifications.Unsure, "http 504", 0},
		"sent elsewhere":           {page(307, "", ""), notifications.Down, "http 307", 0},
		"sent elsewhere by GET":    {page(302, "", `{"name":"x"}`), notifications.Down, "http 302", 0},
		"half an answer":           {cut(200), notifications.Unsure, "cut", 0},
		"half a refusal":           {cut(400), notifications.Unsure, "cut", 0},
		"half an error":            {cut(500), notifications.Down, "http 500", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			f, _ := fcmLocal(t, notifications.FCMConfig{}, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/token" {
						h.ServeHTTP(w, r)
						return
					}
					asked.Add(1)
					tc.door(w, r)
				})
			})
			_, err := f.Send(t.Context(), fcmParcel("ok#1"))
			fcmWant(t, err, tc.class, tc.code, tc.after)
			if n := asked.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestFCMUnreachable has nobody to talk to: nothing has left, so the parcel keeps its place.
func TestFCMUnreachable(t *testing.T) {
	vendor := &local.FCM{Now: func() time.Time { return fcmNoon }}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base, stop := vendor.Serve(l)
	t.Cleanup(stop)
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deaf.Close() })
	key := vendor.ServiceAccountJSON(base, "p")
	tests := map[string]struct {
		base  string
		key   []byte
		class notifications.Class
		code  string
	}{
		"Firebase refuses":           {"http://127.0.0.1:1", key, notifications.Down, "unreachable"},
		"no such name":               {"https://fcm.invalid", key, notifications.Down, "dns"},
		"no greeting":                {"https://" + deaf.Addr().String(), key, notifications.Down, "unreachable"},
		"the token endpoint refuses": {base, vendor.ServiceAccountJSON("http://127.0.0.1:1", "p"), notifications.Down, "token unreachable"},
		"the token endpoint hangs":   {base, vendor.ServiceAccountJSON("http://"+deaf.Addr().String(), "p"), notifications.Down, "token unreachable"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			f := fcmAt(t, tc.base, tc.key, notifications.FCMConfig{Timeout: 3 * time.Second})
			start := time.Now()
			_, err := f.Send(t.Context(), fcmParcel("ok#1"))
			fcmWant(t, err, tc.class, tc.code, 0)
			if took := time.Since(start); took > 40*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
	if n := vendor.Requests(); n != 0 {
		t.Errorf("%d messages came", n)
	}
}

// TestFCMCredentials refuses our own credentials in every way: no device is blamed.
func TestFCMCredentials(t *testing.T) {
	f, vendor := fcmLocal(t, notifications.FCMConfig{}, nil)
	send := func(f *notifications.FCM) error {
		_, err := f.Send(t.Context(), fcmParcel("ok#1"))
		return err
	}
	fcmWant(t, send(f), "", "", 0)

	vendor.Revoke()
	fcmWant(t, send(f), notifications.Down, "UNAUTHENTICATED", 0)
	fcmWant(t, send(f), "", "", 0)
	if n := vendor.Grants(); n != 2 {
		t.Errorf("%d bearers, want a second after the first was revoked", n)
	}

	other := &local.FCM{Now: func() time.Time { return fcmNoon }}
	s := httptest.NewServer(vendor)
	t.Cleanup(s.Close)
	fcmWant(t, send(fcmAt(t, s.URL, other.ServiceAccountJSON(s.URL, "xinyi-test"), notifications.FCMConfig{})),
		notifications.Down, "token http 400", 0)
	foreign := notifications.FCMConfig{Project: "somebody-else"}
	fcmWant(t, send(fcmAt(t, s.URL, vendor.ServiceAccountJSON(s.URL, "xinyi-test"), foreign)), notifications.Down, "PERMISSION_DENIED", 0)
	if n := vendor.Sent(); n != 2 {
		t.Errorf("%d were taken", n)
	}
}

// TestFCMWire reads what a parcel looks like to Firebase.
func TestFCMWire(t *testing.T) {
	var body atomic.Pointer[[]byte]
	f, vendor := fcmLocal(t, notifications.FCMConfig{}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/token" {
				var b bytes.Buffer
				_, _ = b.ReadFrom(r.Body)
				raw := b.Bytes()
				body.Store(&raw)
				r.Body = http.NoBody
				r = r.Clone(r.Context())
				r.Body = &fcmBody{Reader: bytes.NewReader(raw)}
			}
			h.ServeHTTP(w, r)
		})
	})
	p := fcmParcel("ok#1")
	if _, err := f.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if p.Data["id"] != "other" {
		t.Error("sending changed the parcel")
	}
	const want = `{"message":{"data":{"id":"d1","route":"medical.bill","type":"medical.bill_issued"},` +
		`"notification":{"title":"信易","body":"有新消息"},` +
		`"android":{"collapse_key":"bill:b1","priority":"high","notification":{"tag":"bill:b1"},"ttl":"5400s"},` +
		`"apns":{"headers":{"apns-collapse-id":"bill:b1","apns-expiration":"1803879000","apns-priority":"10"}},"token":"ok#1"}}`
	fcmSame(t, *body.Load(), want)

	p = fcmParcel("ok#2")
	p.Class, p.Collapse, p.ID, p.TTL, p.Data = delivery.Marketing, "", strings.Repeat("x", 70), 1000*time.Hour, nil
	if _, err := f.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	got := vendor.Seen()[1]
	if got.Collapse != "" || len(got.Tag) != 64 || got.APNS["apns-collapse-id"] != got.Tag || got.TTL != 672*time.Hour ||
		got.Priority != "normal" || got.APNS["apns-priority"] != "5" || got.Data["id"] != p.ID || !got.At.Equal(fcmNoon) {
		t.Errorf("a quiet parcel without a key: %+v", got)
	}
	p.Urgent = true
	if _, err := f.Send(t.Context(), p); err != nil || vendor.Seen()[2].Priority != "high" {
		t.Errorf("an urgent one: %v, %+v", err, vendor.Seen()[2])
	}
}

type fcmBody struct{ *bytes.Reader }

func (*fcmBody) Close() error { return nil }

func fcmSame(t *testing.T, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := errors.Join(json.Unmarshal(got, &g), json.Unmarshal([]byte(want), &w)); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(g) != fmt.Sprint(w) {
		t.Errorf("on the wire:\n%s\nwant\n%s", got, want)
	}
}

// TestFCMSecrets looks for the device's address in everything a failure says.
func TestFCMSecrets(t *testing.T) {
	const mark = "hidden-9f2c"
	f, _ := fcmLocal(t, notifications.FCMConfig{Timeout: 3 * time.Second}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/token" && r.Header.Get("Authorization") != "" && strings.Contains(r.URL.Path, "messages") {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = fmt.Fprintf(w, `{"error":{"status":"%[1]s","message":"The registration token %[1]s is not known",
					"details":[{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":"INVALID_ARGUMENT"},{"errorCode":"%[1]s"}]}}`, mark)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	_, err := f.Send(t.Context(), fcmParcel(mark))
	fcmWant(t, err, notifications.Gone, "INVALID_ARGUMENT", 0)
	plain, _ := fcmLocal(t, notifications.FCMConfig{Timeout: 3 * time.Second}, nil)
	texts := fmt.Sprintf("%v %+v", err, notifications.FailureOf(err))
	for _, word := range []string{"unreg", "badtoken", "drop", "hang:1m", "quota", "html502", "truncated"} {
		_, err := plain.Send(t.Context(), fcmParcel(word+"#"+mark))
		texts += fmt.Sprintf("%v %+v", err, notifications.FailureOf(err))
	}
	if strings.Contains(texts, mark) {
		t.Error(texts)
	}
}

// TestFCMInFlight lets more come than there is room for.
func TestFCMInFlight(t *testing.T) {
	var now, most atomic.Int32
	f, vendor := fcmLocal(t, notifications.FCMConfig{InFlight: 5}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			defer now.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			h.ServeHTTP(w, r)
		})
	})
	vendor.Delay(5 * time.Millisecond)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := f.Send(t.Context(), fcmParcel(fmt.Sprint("ok#", i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n != 5 || vendor.Sent() != 40 {
		t.Errorf("%d at once, %d taken; want 5 and 40", n, vendor.Sent())
	}
	if b := f.Bounds(); b.InFlight != 5 || b.Timeout != 12*time.Second {
		t.Errorf("bounds %+v", b)
	}
}

// TestFCMBusy has room for one, which is taken.
func TestFCMBusy(t *testing.T) {
	entered := make(chan struct{}, 1)
	f, _ := fcmLocal(t, notifications.FCMConfig{InFlight: 1, Timeout: time.Minute}, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/token" {
				entered <- struct{}{}
			}
			h.ServeHTTP(w, r)
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := f.Send(ctx, fcmParcel("hang:1m#1")); first <- err }()
	<-entered
	given, stop := context.WithCancel(t.Context())
	stop()
	_, err := f.Send(given, fcmParcel("ok#1"))
	fcmWant(t, err, notifications.Unsure, "cancelled", 0)
	cancel()
	fcmWant(t, <-first, notifications.Unsure, "cancelled", 0)
}

// TestFCMOneOfMany lets one device of five hundred die while all are sent to.
func TestFCMOneOfMany(t *testing.T) {
	f, vendor := fcmLocal(t, notifications.FCMConfig{}, nil)
	var gone, other atomic.Int32
	var wg sync.WaitGroup
	for i := range 500 {
		token := fmt.Sprint("ok#", i)
		if i == 250 {
			token = "unreg#250"
		}
		wg.Go(func() {
			_, err := f.Send(t.Context(), fcmParcel(token))
			switch fail := notifications.FailureOf(err); {
			case fail == nil:
			case fail.Class == notifications.Gone && token == "unreg#250":
				gone.Add(1)
			default:
				other.Add(1)
			}
		})
	}
	wg.Wait()
	if gone.Load() != 1 || other.Load() != 0 || vendor.Sent() != 499 || vendor.Count("ok#7") != 1 {
		t.Errorf("%d gone, %d others, %d taken", gone.Load(), other.Load(), vendor.Sent())
	}
}

// TestFCMProbe asks without sending anything.
func TestFCMProbe(t *testing.T) {
	f, vendor := fcmLocal(t, notifications.FCMConfig{Timeout: time.Minute}, nil)
	fcmWant(t, f.Probe(t.Context()), "", "", 0)
	fcmWant(t, f.Test(t.Context(), models.NewSecret("ok#1")), "", "", 0)
	fcmWant(t, f.Test(t.Context(), models.NewSecret("unreg#1")), notifications.Gone, "UNREGISTERED", 0)
	fcmWant(t, f.Test(t.Context(), models.Secret{}), notifications.Rejected, "no_token", 0)
	if vendor.Sent() != 0 || len(vendor.Seen()) != 0 || vendor.Requests() != 3 {
		t.Errorf("%d sent, %d requests", vendor.Sent(), vendor.Requests())
	}
	vendor.Revoke()
	fcmWant(t, f.Probe(t.Context()), notifications.Down, "UNAUTHENTICATED", 0)
	vendor.Fail(503)
	fcmWant(t, f.Probe(t.Context()), notifications.Down, "token http 503", 0)
	vendor.Fail(0)
	fcmWant(t, f.Probe(t.Context()), "", "", 0)
	vendor.Fail(503)
	fcmWant(t, f.Probe(t.Context()), notifications.Down, "UNAVAILABLE", 0)
	vendor.Fail(0)
	vendor.Down(true)
	fcmWant(t, f.Probe(t.Context()), notifications.Down, "cut", 0)
	vendor.Down(false)
	fcmWant(t, f.Probe(t.Context()), "", "", 0)
}

// TestFCMRefusesItsConfig names what is wrong and shows nothing of the key.
func TestFCMRefusesItsConfig(t *testing.T) {
	vendor := &local.FCM{}
	good := string(vendor.ServiceAccountJSON("http://127.0.0.1:1", "p"))
	now := func() time.Time { return fcmNoon }
	tests := map[string]struct {
		cfg  notifications.FCMConfig
		want string
	}{
		"none":            {notifications.FCMConfig{Now: now}, "there are none"},
		"no JSON":         {notifications.FCMConfig{Now: now, Credentials: []byte("hello")}, "no JSON"},
		"another kind":    {notifications.FCMConfig{Now: now, Credentials: []byte(`{"type":"authorized_user"}`)}, "no service account"},
		"nobody":          {notifications.FCMConfig{Now: now, Credentials: []byte(`{"type":"service_account"}`)}, "client_email"},
		"a garbled key":   {notifications.FCMConfig{Now: now, Credentials: []byte(strings.Replace(good, "MII", "M!I", 1))}, "no PEM"},
		"a broken key":    {notifications.FCMConfig{Now: now, Credentials: []byte(strings.Replace(good, "MII", "QQQ", 1))}, "no RSA key"},
		"tokens in clear": {notifications.FCMConfig{Now: now, Credentials: []byte(strings.Replace(good, "127.0.0.1:1", "example.org", 1))}, "token_uri"},
		"sent in clear":   {notifications.FCMConfig{Now: now, Credentials: []byte(good), Endpoint: "http://example.org"}, "endpoint"},
		"no project":      {notifications.FCMConfig{Now: now, Credentials: []byte(strings.Replace(good, `"p"`, `""`, 1))}, "no project"},
		"no clock":        {notifications.FCMConfig{Credentials: []byte(good)}, "no clock"},
		"negative":        {notifications.FCMConfig{Now: now, Credentials: []byte(good), InFlight: -1}, "negative"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := notifications.NewFCM(t.Context(), tc.cfg)
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "PRIVATE") {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

// TestFCMClose hangs up and leaves nothing behind; what comes later is told so.
func TestFCMClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	vendor := &local.FCM{Now: func() time.Time { return fcmNoon }}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base, stop := vendor.Serve(l)
	f := fcmAt(t, base, vendor.ServiceAccountJSON(base, "p"), notifications.FCMConfig{Timeout: 200 * time.Millisecond})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, _ = f.Send(t.Context(), fcmParcel(fmt.Sprint([]string{"ok#", "hang:1m#", "drop#"}[i%3], i)))
		})
	}
	wg.Wait()
	f.Close()
	_, err = f.Send(t.Context(), fcmParcel("ok#1"))
	fcmWant(t, err, notifications.Down, "closed", 0)
	f.Close()
	stop()
	goleak.VerifyNone(t, before)
}

// BenchmarkFCM sends through the SDK to a server in the same process, 64 at a time.
func BenchmarkFCM(b *testing.B) {
	f, vendor := fcmLocal(b, notifications.FCMConfig{}, nil)
	b.SetParallelism(32) // × GOMAXPROCS, 2 on the machine of the notes
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := f.Send(b.Context(), fcmParcel("ok#1")); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(vendor.Sent())/b.Elapsed().Seconds(), "sends/s")
}
