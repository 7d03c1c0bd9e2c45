package notifications_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/notifications"
	"xinyi/notifications/local"
)

var smsNoon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// The access key of the tests.
const (
	smsKey    = "LTAI5tTestKey"
	smsSecret = "s3cr3t/of+the=city"
)

// A texting is the real client against the local vendor.
type texting struct {
	*local.SMS
	client *notifications.SMS
	now    time.Time // of both
	skew   time.Duration
	base   string
}

func texted(t *testing.T, change ...func(*notifications.SMSConfig)) *texting {
	t.Helper()
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	e := &texting{now: smsNoon}
	e.SMS = &local.SMS{KeyID: smsKey, Secret: smsSecret, Now: func() time.Time { return e.now }}
	server := httptest.NewServer(e.SMS)
	t.Cleanup(server.Close)
	cfg := notifications.SMSConfig{URL: server.URL, KeyID: smsKey, Secret: smsSecret, SignName: "信易 望城", CodeTemplate: "SMS_1001",
		NoticeTemplate: "SMS_1002", Timeout: 10 * time.Second, Now: func() time.Time { return e.now.Add(e.skew) }}
	for _, c := range change {
		c(&cfg)
	}
	client, err := notifications.NewSMS(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	e.client, e.base = client, cfg.URL
	return e
}

func notice(phone string) notifications.Parcel {
	return notifications.Parcel{ID: "d-1", Kind: "medical.bill_due", Title: "有一条通知", Body: "请打开应用查看", Phone: models.NewSecret(phone),
		Data: map[string]string{"type": "medical.bill", "id": "b-1"}, TTL: time.Hour, Lang: "zh", Class: delivery.Service, At: smsNoon}
}

// mute fails the test when an error says what it must not.
func mute(t *testing.T, err error, secrets ...string) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, text := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
			for _, s := range secrets {
				if strings.Contains(text, s) {
					t.Errorf("the error says %q: %s", s, text)
				}
			}
		}
	}
}

func TestSMSSendsANoticeWithoutData(t *testing.T) {
	e := texted(t)
	receipt, err := e.client.Send(t.Context(), notice("13800000001"))
	if err != nil || receipt.ID == "" {
		t.Fatalf("Send = %+v, %v", receipt, err)
	}
	got, ok := e.Last("13800000001")
	if !ok || got.Template != "SMS_1002" || got.Sign != "信易 望城" || len(got.Params) != 0 || got.OutID != "d-1" {
		t.Errorf("got %+v %v", got, ok)
	}
	if e.client.Name() != delivery.SMS || e.client.Bounds().InFlight != 8 || e.client.Bounds().Timeout != 10*time.Second {
		t.Errorf("name %q, bounds %+v", e.client.Name(), e.client.Bounds())
	}
}

// The classes of every answer the vendor may give.
func TestSMSClassesFailures(t *testing.T) {
	tests := map[string]struct {
		phone string
		class notifications.Class
		code  string
		after time.Duration
	}{
		"a parameter":         {"13800000400", notifications.Rejected, "isv.INVALID_PARAMETERS", 0},
		"the template":        {"13800000401", notifications.Rejected, "isv.SMS_TEMPLATE_ILLEGAL", 0},
		"the sender's name":   {"13800000403", notifications.Rejected, "isv.SMS_SIGNATURE_ILLEGAL", 0},
		"no money left":       {"13800000402", notifications.Down, "isv.AMOUNT_NOT_ENOUGH", 0},
		"the account is shut": {"13800000427", notifications.Down, "isv.OUT_OF_SERVICE", 0},
		"the day's bound":     {"13800000431", notifications.Down, "isv.DAY_LIMIT_CONTROL", time.Hour},
		"no such number":      {"13800000404", notifications.Gone, "isv.MOBILE_NUMBER_ILLEGAL", 0},
		"too many to one":     {"13800000429", notifications.Limited, "isv.BUSINESS_LIMIT_CONTROL", time.Hour},
		"too many calls":      {"13800000420", notifications.Limited, "Throttling.User", time.Second},
		"a fault inside":      {"13800000500", notifications.Unsure, "isp.SYSTEM_ERROR", 0},
		"a fault of the gate": {"13800000503", notifications.Down, "ServiceUnavailable", 0},
		"cut off":             {"13800000444", notifications.Unsure, "cut_off", 0},
		"half an answer":      {"13800000445", notifications.Unsure, "http 200", 0},
		"a flood for answer":  {"13800000446", notifications.Unsure, "too_long", 0},
		"a redirect":          {"13800000302", notifications.Down, "http 302", 0},
	}
	e := texted(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := e.client.Send(t.Context(), notice(tc.phone))
			f := notifications.FailureOf(err)
			if f == nil || f.Class != tc.class || f.Code != tc.code || f.After != tc.after {
				t.Errorf("Send = %+v, want %s %s after %s", f, tc.class, tc.code, tc.after)
			}
			mute(t, err, tc.phone, smsSecret, smsKey)
		})
	}
	if e.Sent() != 0 {
		t.Errorf("%d texts were taken", e.Sent())
	}
}

func TestSMSRefusedCredentialsAreDown(t *testing.T) {
	tests := map[string]struct {
		change func(*notifications.SMSConfig)
		skew   time.Duration
		code   string
	}{
		"another secret": {func(c *notifications.SMSConfig) { c.Secret = "x" }, 0, "SignatureDoesNotMatch"},
		"another key":    {func(c *notifications.SMSConfig) { c.KeyID = "x" }, 0, "InvalidAccessKeyId.NotFound"},
		"a slow clock":   {func(*notifications.SMSConfig) {}, -16 * time.Minute, "InvalidTimeStamp.Expired"},
		"a fast clock":   {func(*notifications.SMSConfig) {}, 16 * time.Minute, "InvalidTimeStamp.Expired"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e := texted(t, tc.change)
			e.skew = tc.skew
			for _, phone := range []string{"13800000001", "13800000404"} {
				_, err := e.client.Send(t.Context(), notice(phone))
				if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Down || f.Code != tc.code {
					t.Errorf("Send = %+v, want down %s", f, tc.code)
				}
				mute(t, err, phone, smsSecret)
			}
			if err := e.client.Probe(t.Context()); notifications.FailureOf(err) == nil {
				t.Error("Probe finds nothing wrong")
			}
		})
	}
	e := texted(t)
	e.skew = 14 * time.Minute
	if _, err := e.client.Send(t.Context(), notice("13800000001")); err != nil {
		t.Errorf("within the window: %v", err)
	}
}

func TestSMSRefusesANonceTwice(t *testing.T) {
	e := texted(t, func(c *notifications.SMSConfig) { c.Nonce = func() string { return "the same" } })
	if _, err := e.client.Send(t.Context(), notice("13800000001")); err != nil {
		t.Fatal(err)
	}
	_, err := e.client.Send(t.Context(), notice("13800000002"))
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Unsure || f.Code != "SignatureNonceUsed" {
		t.Errorf("the same nonce: %+v", f)
	}
	if e.Sent() != 1 {
		t.Errorf("%d texts, want 1", e.Sent())
	}
}

// What has to be escaped is signed as it is sent: the vendor's side computes the signature by itself.
func TestSMSSignsWhatItSends(t *testing.T) {
	for _, sign := range []string{"信易 望城", "a+b c*d~e/f=g&h%20i", "é\u00a0😀", "\"'<>"} {
		e := texted(t, func(c *notifications.SMSConfig) { c.SignName = sign })
		if err := e.client.SendCode(t.Context(), models.NewSecret("13800000001"), "*~ +验", "zh", time.Minute); err != nil {
			t.Fatalf("%q: %v", sign, err)
		}
		if got, _ := e.Last("13800000001"); got.Sign != sign || got.Params["code"] != "*~ +验" || got.Template != "SMS_1001" {
			t.Errorf("%q arrives as %+v", sign, got)
		}
	}
}

func TestSMSEndsAtItsTimeout(t *testing.T) {
	e := texted(t, func(c *notifications.SMSConfig) { c.Timeout = time.Second })
	start := time.Now()
	_, err := e.client.Send(t.Context(), notice("13800000408"))
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Unsure || f.Code != "timeout" {
		t.Errorf("Send = %+v, want unsure timeout", f)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = e.client.Send(ctx, notice("13800000001"))
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Unsure || f.Code != "cancelled" {
		t.Errorf("Send = %+v, want unsure cancelled", f)
	}
	mute(t, err, "13800000001")
}

func TestSMSUnreachableIsDown(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + closed.Addr().String()
	_ = closed.Close()
	e := texted(t, func(c *notifications.SMSConfig) { c.URL = base })
	_, err = e.client.Send(t.Context(), notice("13800000001"))
	if f := notifications.FailureOf(err); f == nil || f.Class != notifications.Down || f.Code != "unreachable" {
		t.Errorf("Send = %+v, want down unreachable", f)
	}
	mute(t, err, "13800000001", smsSecret)
}

func TestSMSProbes(t *testing.T) {
	e := texted(t)
	if err := e.client.Probe(t.Context()); err != nil || e.Sent() != 0 {
		t.Errorf("Probe = %v, %d sent", err, e.Sent())
	}
	e.Down(true)
	if f := notifications.FailureOf(e.client.Probe(t.Context())); f == nil || f.Class != notifications.Down {
		t.Errorf("Probe = %+v while the vendor is down", f)
	}
	e.Down(false)
	e.Fail(http.StatusBadGateway)
	if f := notifications.FailureOf(e.client.Probe(t.Context())); f == nil || f.Class != notifications.Down {
		t.Errorf("Probe = %+v while the vendor answers 502", f)
	}
}

// A probe finds a text the vendor has not approved: a list says what it answers to which name.
func TestSMSProbeFindsWhatIsNotApproved(t *testing.T) {
	for _, bad := range []string{"SMS_1002", "SMS_1001", "信易 望城"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q, status := r.URL.Query(), 1
			if q.Get("SignName")+q.Get("TemplateCode") == bad {
				status = 2
			}
			_, _ = fmt.Fprintf(w, `{"Code":"OK","SignStatus":%d,"TemplateStatus":%d}`, status, status)
		}))
		e := texted(t, func(c *notifications.SMSConfig) { c.URL = server.URL })
		if f := notifications.FailureOf(e.client.Probe(t.Context())); f == nil || f.Code != "not_approved" || !strings.Contains(f.Error(), bad) {
			t.Errorf("%s: Probe = %v", bad, f)
		}
		e.client.Close()
		server.Close()
	}
}

func TestSMSSendsCodes(t *testing.T) {
	const code = "482913"
	tests := map[string]struct {
		phone    string
		down     bool
		want     models.Code
		reason   string
		requests int
	}{
		"sent":            {"13800000001", false, "", "", 1},
		"down, so twice":  {"13800000001", true, models.Unavailable, "identity.sms_failed", 2},
		"no money":        {"13800000402", false, models.Unavailable, "identity.sms_failed", 2},
		"unsure, so once": {"13800000500", false, models.Unavailable, "identity.sms_failed", 1},
		"too many":        {"13800000429", false, models.Limited, "identity.sms_limited", 1},
		"no such number":  {"13800000404", false, models.Unavailable, "identity.sms_failed", 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			e := texted(t)
			e.Down(tc.down)
			err := e.client.SendCode(t.Context(), models.NewSecret(tc.phone), code, "zh", 5*time.Minute)
			if e.Requests() != tc.requests {
				t.Errorf("%d requests, want %d", e.Requests(), tc.requests)
			}
			if tc.want == "" {
				if got, _ := e.Last(tc.phone); err != nil || got.Params["code"] != code || got.Template != "SMS_1001" || got.OutID != "" {
					t.Errorf("SendCode = %v, %+v", err, got)
				}
				return
			}
			var got *models.Error
			if !errors.As(err, &got) || got.Code != tc.want || got.Reason != tc.reason {
				t.Errorf("SendCode = %v, want %s %s", err, tc.want, tc.reason)
			}
			if tc.want == models.Limited && got.RetryAfter != time.Hour {
				t.Errorf("after %s", got.RetryAfter)
			}
			mute(t, err, tc.phone, code, smsSecret)
		})
	}
}

// The second try makes up for one that did not get through.
func TestSMSCodeSurvivesAShortFault(t *testing.T) {
	e := texted(t)
	first := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.Down(first)
		first = false
		e.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	again := texted(t, func(c *notifications.SMSConfig) { c.URL = server.URL })
	if err := again.client.SendCode(t.Context(), models.NewSecret("13800000001"), "111111", "zh", time.Minute); err != nil || e.Sent() != 1 {
		t.Errorf("SendCode = %v, %d sent", err, e.Sent())
	}
}

func TestSMSKeepsConnections(t *testing.T) {
	opened := 0
	vendor := &local.SMS{KeyID: smsKey, Secret: smsSecret, Now: func() time.Time { return smsNoon }}
	server := httptest.NewUnstartedServer(vendor)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened++
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	e := texted(t, func(c *notifications.SMSConfig) { c.URL = server.URL })
	for range 20 {
		if _, err := e.client.Send(t.Context(), notice("13800000001")); err != nil {
			t.Fatal(err)
		}
	}
	e.client.Close()
	server.Close() // waits for its connections, so opened is still
	if opened != 1 {
		t.Errorf("%d connections for 20 texts", opened)
	}
}

func TestNewSMSNamesEveryFault(t *testing.T) {
	_, err := notifications.NewSMS(notifications.SMSConfig{URL: "http://sms.example.com", Secret: smsSecret})
	for _, want := range []string{"want https", "no key id", "no sign name", "no code template", "no notice template", "no clock"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewSMS = %v, want %q", err, want)
		}
	}
	mute(t, err, smsSecret)
	good := notifications.SMSConfig{KeyID: "k", Secret: "s", SignName: "n", CodeTemplate: "a", NoticeTemplate: "b", Now: time.Now}
	if _, err := notifications.NewSMS(good); err != nil {
		t.Errorf("NewSMS = %v", err)
	}
}

func TestPrintSMS(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(io.MultiWriter(&out), nil))
	p := notifications.NewPrintSMS(log)
	if !strings.Contains(out.String(), "level=WARN") {
		t.Errorf("it does not say what it is: %s", out.String())
	}
	var channel notifications.Channel = p
	var prober notifications.Prober = p
	if _, err := channel.Send(t.Context(), notice("13800000001")); err != nil || prober.Probe(t.Context()) != nil || channel.Name() != delivery.SMS {
		t.Errorf("Send = %v", err)
	}
	if strings.Contains(out.String(), "482913") {
		t.Fatalf("a code from nowhere: %s", out.String())
	}
	if err := p.SendCode(t.Context(), models.NewSecret("13800000001"), "482913", "zh", time.Minute); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "code=482913") || !strings.Contains(s, "138****0001") || strings.Contains(s, "13800000001") {
		t.Errorf("logged: %s", s)
	}
}
