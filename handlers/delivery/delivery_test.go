package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	"xinyi/handlers/apitest"
	"xinyi/handlers/openapitest"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/delivery"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

// regional is names, and "carl+auditor@430181" holds the office in that region.
type regional struct{}

func (regional) Authenticate(ctx context.Context, token string) (api.Caller, error) {
	token, region, _ := strings.Cut(token, "@")
	c, err := apitest.Names{}.Authenticate(ctx, token)
	for i := range c.Actors {
		c.Actors[i].Region = models.Region(region)
	}
	return c, err
}

// A post is a door with deliveries behind it.
type post struct {
	*apitest.API
	h      Handler
	kicks  int
	refuse error // of the tester
	tested []string
}

// Test implements Tester.
func (p *post) Test(_ context.Context, d *delivery.Device) error {
	p.tested = append(p.tested, d.Install)
	return p.refuse
}

func posts(t *testing.T, change func(*Handler)) *post {
	t.Helper()
	engine := sqlitetest.Open(t)
	p := &post{API: &apitest.API{T: t, Time: time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}} // noon in Shanghai
	s := store.New(engine, p.Now, store.TestKeys())
	p.h = Handler{
		Log:      &api.AccessLog{Entries: store.NewRepo[access.Entry](s, store.Accesses)},
		Delivery: store.OpenDelivery(s), Policy: delivery.Standard, Channels: []string{delivery.FCM, delivery.WebPush, delivery.SMS},
		Topics:     func() []string { return []string{"identity.session", "medical.bill"} },
		TopicName:  func(topic, lang string) string { return topic + " in " + lang },
		TopicLegal: func(topic string) bool { return topic == "medical.bill" },
		Tester:     p, Kick: func() { p.kicks++ },
	}
	if change != nil {
		change(&p.h)
	}
	p.R = api.NewRouter(api.Config{Now: p.Now, Auth: regional{}, Store: s, Log: slog.New(slog.DiscardHandler)})
	p.R.Handle(p.h)
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.R.Finish(); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.Check, err = openapitest.New(p.R.Document()); err != nil {
		t.Fatal(err)
	}
	return p
}

// wants asks, and fails unless the answer has this status and these strings.
func (p *post) wants(status int, line, body, as string, want ...string) apitest.Reply {
	p.Helper()
	res := p.Ask(line, body, strings.Split(as, ", ")...)
	if res.Status != status {
		p.Fatalf("%s %s: %d, want %d: %s", line, as, res.Status, status, res.Body)
	}
	for _, w := range want {
		if !strings.Contains(res.Body, w) {
			p.Errorf("%s %s lacks %s: %s", line, as, w, res.Body)
		}
	}
	return res
}

// sends keeps the n-th delivery of a person to the device, n minutes after noon, and moves it on.
func (p *post) sends(person string, n int, region models.Region, moves ...func(*delivery.Delivery) error) *delivery.Delivery {
	p.Helper()
	dev, err := delivery.NewDevice(person, "phone-01", delivery.Address{Channel: delivery.FCM, Token: "secret-token", Lang: "zh"}, p.h.Policy, p.Now())
	if err != nil {
		p.Fatal(err)
	}
	e := delivery.Notice{
		Event: fmt.Sprint("e", n), Kind: "medical.bill_issued", Subject: fmt.Sprint("bill-", n), Message: "m", At: p.Now().Add(time.Duration(n) * time.Minute),
		Topic: "medical.bill", Class: delivery.Service, Pushed: true,
	}
	planned := delivery.Plan(e, delivery.Reader{Person: person, Region: region, Devices: []*delivery.Device{dev}}, []string{delivery.FCM}, p.h.Policy, e.At)
	if len(planned) != 1 {
		p.Fatalf("%d deliveries planned", len(planned))
	}
	for _, move := range moves {
		if err := move(planned[0]); err != nil {
			p.Fatal(err)
		}
	}
	if err := p.h.Deliveries.Insert(p.Context(), planned[0]); err != nil {
		p.Fatal(err)
	}
	return planned[0]
}

func (p *post) start(d *delivery.Delivery) error { return d.Start(time.Minute, d.At) }

func (p *post) took(d *delivery.Delivery) error {
	return d.Took(d.Tries, "receipt-1", p.h.Policy, d.At)
}

func (p *post) dies(why string) func(*delivery.Delivery) error {
	return func(d *delivery.Delivery) error { return d.Kill(d.Tries, why, "UNREGISTERED", p.h.Policy, d.At) }
}

func phone(token string) string {
	return `{"channel":"fcm","token":"` + token + `","platform":"android","app":"1.2.3"}`
}

func TestDevices(t *testing.T) {
	p := posts(t, nil)
	p.wants(200, "PUT /v1/me/devices/phone-01", phone("secret-token"), "as ann, Accept-Language: en-GB",
		`"id":"phone-01"`, `"channel":"fcm"`, `"platform":"android"`, `"lang":"en"`, `"state":"ACTIVE"`)
	p.Forward(time.Minute)
	browser := `{"channel":"webpush","token":"https://Push.example:8443/secret-path","p256dh":"secret-key","auth":"secret-auth","lang":"zh"}`
	p.wants(200, "PUT /v1/me/devices/browser-1", browser, "as ann", `"lang":"zh"`)
	list := p.wants(200, "GET /v1/me/devices", "", "as ann")
	if v := apitest.Read[api.List[deviceView]](t, list); len(v.Items) != 2 || v.Items[0].ID != "browser-1" {
		t.Errorf("devices: %s", list.Body)
	}
	if strings.Contains(list.Body, "secret") || strings.Contains(list.Body, "oken") {
		t.Errorf("an address is shown: %s", list.Body)
	}
	kept, err := p.h.Devices.Get(t.Context(), delivery.DeviceID("ann", "browser-1"))
	if err != nil || kept.Host != "push.example:8443" || kept.Auth.Reveal() != "secret-auth" {
		t.Errorf("kept: %+v %v", kept, err)
	}
	for line, as := range map[string]string{"GET /v1/me/devices": "as bob", "GET /v1/me/devices?limit=1": "as carl"} {
		p.wants(200, line, "", as, `"items":[]`)
	}
	p.wants(404, "DELETE /v1/me/devices/phone-01", "", "as bob")
	p.wants(404, "POST /v1/me/devices/phone-01/test", "", "as bob")
	p.wants(204, "DELETE /v1/me/devices/phone-01", "", "as ann")
	p.wants(204, "DELETE /v1/me/devices/phone-01", "", "as ann")
	p.wants(200, "GET /v1/me/devices", "", "as ann, Accept-Language: en", `"state":"DISABLED","reason":"signed_out","why":"You signed out on this device"`)
	p.wants(200, "PUT /v1/me/devices/phone-01", phone("secret-token"), "as ann", `"state":"ACTIVE","reason":"","why":""`)
	p.wants(403, "GET /v1/me/devices", "", "as ann, X-Acting-For: child")
	p.wants(403, "PUT /v1/me/devices/phone-01", phone("t"), "as ann, X-Acting-For: child")
	p.wants(403, "GET /v1/me/devices", "", "as client:hospital")
}

func TestDeviceRefusals(t *testing.T) {
	p := posts(t, nil)
	for body, want := range map[string]string{
		`{}`: "/channel /token",
		`{"channel":"fcm","token":"t","platform":"symbian","lang":"fr"}`:           "/platform /lang",
		`{"channel":"pigeon","token":"t"}`:                                         "/channel",
		`{"channel":"jpush","token":"t"}`:                                          "/channel", // is not configured
		`{"channel":"webpush","token":"http://push.example/x"}`:                    "/p256dh /auth /token",
		`{"channel":"webpush","token":"https://u:p@h/x","p256dh":"k","auth":"a"}`:  "/token",
		`{"channel":"fcm","token":"` + strings.Repeat("t", 2049) + `"}`:            "/token",
		`{"channel":"fcm","token":"t","host":"push.example"}`:                      "/host",
		`{"channel":"webpush","token":"https:///nowhere","p256dh":"k","auth":"a"}`: "/token",
	} {
		var got []string
		for _, f := range p.wants(400, "PUT /v1/me/devices/phone-01", body, "as ann").Problem(t).Errors {
			got = append(got, f.Pointer)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: faults at %v, want %s", body, got, want)
		}
	}
	for _, id := range []string{"short", strings.Repeat("x", 65), "phone%2001", "phone%2F001"} {
		if res := p.wants(400, "PUT /v1/me/devices/"+id, phone("t"), "as ann"); res.Problem(t).Errors[0].Pointer != "#path/id" {
			t.Errorf("%s: %s", id, res.Body)
		}
	}
	p.wants(200, "GET /v1/me/devices", "", "as ann", `"items":[]`)
}

// An address that turns up elsewhere, on another device or with another person, is told on there alone.
func TestAddressMoves(t *testing.T) {
	p := posts(t, nil)
	for _, owner := range []string{"ann phone-01", "ann phone-02", "bob phone-03", "ann phone-01"} {
		who, id, _ := strings.Cut(owner, " ")
		p.Forward(time.Minute)
		p.wants(200, "PUT /v1/me/devices/"+id, phone("secret-token"), "as "+who, `"ACTIVE"`)
		d, err := p.h.Devices.First(t.Context(), p.h.Keys.DeviceByToken(models.NewSecret("secret-token")))
		if err != nil || d.Person != who || d.Install != id {
			t.Fatalf("%s: the address is with %+v %v", owner, d, err)
		}
	}
	p.wants(200, "GET /v1/me/devices", "", "as bob", `"state":"DISABLED","reason":"moved"`)
	if v := apitest.Read[api.List[deviceView]](t, p.wants(200, "GET /v1/me/devices", "", "as ann")); v.Items[0].State != delivery.Active || v.Items[1].Reason != delivery.OffMoved {
		t.Errorf("ann's: %+v", v.Items)
	}
}

// Many apps that come with one address at once are all answered, and one of them has it.
func TestAddressRace(t *testing.T) {
	p := posts(t, nil)
	done := make(chan apitest.Reply, 8)
	for i := range cap(done) {
		go func() { done <- p.Ask("PUT /v1/me/devices/phone-01", phone("secret-token"), fmt.Sprint("as p", i%4)) }()
	}
	good := 0
	for range cap(done) {
		if res := <-done; res.Status == 200 {
			good++
		} else if res.Status != 409 {
			t.Errorf("%d %s", res.Status, res.Body)
		}
	}
	if good == 0 {
		t.Error("nobody was registered")
	}
	reachable := 0
	for i := range 4 {
		for _, d := range apitest.Read[api.List[deviceView]](t, p.wants(200, "GET /v1/me/devices", "", fmt.Sprint("as p", i))).Items {
			if d.State == delivery.Active {
				reachable++
			}
		}
	}
	if reachable != 1 {
		t.Errorf("%d devices have the address", reachable)
	}
}

func TestDeviceRotation(t *testing.T) {
	p := posts(t, nil)
	for i := range 6 {
		p.Forward(time.Minute)
		p.wants(200, fmt.Sprint("PUT /v1/me/devices/phone-0", i), phone(fmt.Sprint("token-", i)), "as ann")
	}
	p.wants(200, "PUT /v1/me/devices/phone-01", phone("token-1"), "as bob") // takes it from ann; bob has one
	p.Forward(time.Minute)
	p.wants(200, "PUT /v1/me/devices/phone-00", phone("token-0"), "as ann", `"ACTIVE"`) // the first gave way, and comes back
	var got []string
	for _, d := range apitest.Read[api.List[deviceView]](t, p.wants(200, "GET /v1/me/devices", "", "as ann")).Items {
		got = append(got, d.ID[7:]+" "+d.Reason)
	}
	if want := []string{"0 ", "5 ", "4 ", "3 ", "2 ", "1 moved"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	p.Forward(time.Minute)
	p.wants(200, "PUT /v1/me/devices/phone-06", phone("token-6"), "as ann")
	p.wants(200, "GET /v1/me/devices", "", "as ann", `"id":"phone-02","channel":"fcm","platform":"android","app":"1.2.3","lang":"zh","state":"DISABLED","reason":"too_many"`)
}

type refusal struct{ error }

func (refusal) Word() string { return "UNREGISTERED" }

func TestDeviceTest(t *testing.T) {
	p := posts(t, nil)
	p.wants(200, "PUT /v1/me/devices/phone-01", phone("secret-token"), "as ann")
	line := "POST /v1/me/devices/phone-01/test"
	p.wants(200, line, "", "as ann", `{"ok":true,"code":""}`)
	for code, err := range map[string]error{
		"UNREGISTERED": fmt.Errorf("send: %w", refusal{errors.New("token secret-token")}), "unavailable": models.E(models.Unavailable, "unavailable"), "internal": errors.New("secret-token"),
	} {
		p.refuse = err
		p.wants(200, line, "", "as ann", `{"ok":false,"code":"`+code+`"}`)
	}
	p.wants(200, line, "", "as ann")
	if res := p.wants(429, line, "", "as ann"); res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if len(p.tested) != 5 {
		t.Errorf("tested %v", p.tested)
	}
	p.wants(204, "DELETE /v1/me/devices/phone-01", "", "as ann")
	p.Forward(time.Minute)
	if res := p.wants(409, line, "", "as ann"); res.Problem(t).Reason != "delivery.device_off" {
		t.Error(res.Body)
	}
	none := posts(t, func(h *Handler) { h.Tester = nil })
	none.wants(200, "PUT /v1/me/devices/phone-01", phone("secret-token"), "as ann")
	if res := none.wants(503, line, "", "as ann"); res.Problem(t).Reason != "delivery.no_tester" {
		t.Error(res.Body)
	}
}

func TestPreferences(t *testing.T) {
	p := posts(t, nil)
	const line = "/v1/me/notification-preferences"
	first := p.wants(200, "GET "+line, "", "as ann, Accept-Language: en",
		`"fcm":true`, `"sms":true`, `"webpush":true`, `"topic":"medical.bill","name":"medical.bill in en","muted":false,"legal":true,"channels":{}`,
		`"quietHours":[{"days":[1,2,3,4,5,6,7],"from":"21:00","to":"08:00"}],"quietHoursChosen":false,"marketing":false,"revision":1`)
	if first.Header.Get("ETag") != `"1"` {
		t.Errorf("ETag %s", first.Header.Get("ETag"))
	}
	back := p.wants(200, "PUT "+line, first.Body, `as ann, If-Match: "1", Accept-Language: en`, `"revision":2`)
	was, is := apitest.Read[preferencesView](t, first), apitest.Read[preferencesView](t, back)
	if was.Revision = 2; !reflect.DeepEqual(was, is) || back.Header.Get("ETag") != `"2"` {
		t.Errorf("sent back as it was read: %s", back.Body)
	}
	mine := `{"channels":{"sms":false},"topics":[{"topic":"medical.bill","muted":true,"channels":{"fcm":false}}],"quietHours":[],"quietHoursChosen":true,"marketing":true}`
	p.wants(200, "PUT "+line, mine, `as ann, If-Match: "2"`, `"sms":false`, `"muted":true`, `"channels":{"fcm":false}`, `"quietHours":[],"quietHoursChosen":true,"marketing":true,"revision":3`)
	kept, err := p.h.Preferences.Get(t.Context(), "ann")
	if err != nil || !kept.Chosen || len(kept.Quiet) != 0 || !kept.Topics["medical.bill"].Muted || kept.Wants("medical.bill", delivery.FCM, delivery.Service, false) {
		t.Errorf("kept: %+v %v", kept, err)
	}
	for _, stale := range []string{`"1"`, `"2"`, `"4"`} {
		p.wants(412, "PUT "+line, `{}`, "as ann, If-Match: "+stale)
	}
	p.wants(412, "PUT "+line, `{}`, `as bob, If-Match: "2"`)
	p.wants(200, "PUT "+line, `{"quietHoursChosen":true,"quietHours":[{"days":[6,7],"from":"00:00","to":"10:00"}]}`, `as bob, If-Match: "1"`, `"days":[6,7],"from":"00:00","to":"10:00"`)
	p.wants(200, "PUT "+line, `{}`, "as ann", `"sms":true`, `"from":"21:00"`, `"revision":4`) // the whole is replaced
	p.wants(304, "GET "+line, "", `as ann, If-None-Match: "4"`)
	p.wants(200, "GET "+line, "", "as bob", `"quietHoursChosen":true`, `"revision":2`)
	p.wants(403, "GET "+line, "", "as client:bank")
}

func TestPreferencesFaults(t *testing.T) {
	p := posts(t, nil)
	night := `{"days":[1],"from":"22:00","to":"06:00"}`
	for body, want := range map[string]string{
		`{"channels":{"pigeon":true,"webhook":false},"topics":[{"topic":"medical.bill","channels":{"jpush":true}},{"topic":"of/no~one","channels":{"x":true}},{"topic":"medical.bill"}],
		  "quietHours":[{"days":[],"from":"9:00","to":"25:00"},{"days":[0,8],"from":"","to":"08:00"}],"quietHoursChosen":true}`: "/channels/pigeon unknown_channel, /channels/webhook unknown_channel, " +
			"/quietHours/0/days weekdays, /quietHours/0/from clock, /quietHours/0/to clock, /quietHours/1/days weekdays, /quietHours/1/from clock, " +
			"/topics/1/channels/x unknown_channel, /topics/1/topic unknown_topic, /topics/2/topic unique",
		`{"quietHours":[{"days":[1,2,3,4,5,6,7],"from":"08:00","to":"07:00"}],"quietHoursChosen":true}`: "/quietHours always_quiet",
		`{"quietHours":[` + night + `]}`: "/quietHoursChosen required_with",
		`{"quietHours":[` + strings.Repeat(night+",", 14) + night + `],"quietHoursChosen":true}`: "/quietHours max",
	} {
		var got []string
		for _, f := range p.wants(400, "PUT /v1/me/notification-preferences", body, "as ann").Problem(t).Errors {
			got = append(got, f.Pointer+" "+f.Code)
			if f.Message == "" || strings.Contains(f.Message, "{") {
				t.Errorf("%s %s says %q", f.Pointer, f.Code, f.Message)
			}
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("faults\n%s\nwant\n%s", s, want)
		}
	}
	p.wants(200, "PUT /v1/me/notification-preferences", `{"quietHours":[`+strings.Repeat(night+",", 13)+night+`],"quietHoursChosen":true}`, "as ann", `"revision":2`)
}

func TestMyDeliveries(t *testing.T) {
	p := posts(t, nil)
	p.wants(200, "PUT /v1/me/devices/phone-01", phone("secret-token"), "as ann")
	sent := p.sends("ann", 1, "430181", p.start, p.took)
	p.sends("ann", 2, "430181", func(d *delivery.Delivery) error { return d.Skip(delivery.WhyRead, p.h.Policy, d.At) })
	waits := p.sends("ann", 3, "430181")
	other := p.sends("bob", 4, "430181", p.start, p.took)
	list := p.wants(200, "GET /v1/me/deliveries", "", "as ann, Accept-Language: en",
		`"state":"SKIPPED","reason":"read","why":"You had read the message"`, `"device":{"id":"phone-01","platform":"android","app":"1.2.3"}`, `"sentAt"`)
	if v := apitest.Read[api.List[deliveryView]](t, list); len(v.Items) != 3 || v.Items[0].ID != waits.ID || v.Items[2].Tries != 1 || v.Items[2].State != delivery.Sent || v.Items[2].Topic != "medical.bill" {
		t.Errorf("deliveries: %s", list.Body)
	}
	if strings.Contains(list.Body, "secret") || strings.Contains(list.Body, other.ID) || strings.Contains(list.Body, "receipt") {
		t.Errorf("too much is shown: %s", list.Body)
	}
	p.wants(200, "GET /v1/me/deliveries", "", "as ann", "您已经看过这条消息")
	opened := p.wants(200, "POST /v1/me/deliveries/"+sent.ID+"/opened", "", "as ann", `"state":"OPENED"`, `"openedAt"`)
	p.Forward(time.Minute)
	if again := p.wants(200, "POST /v1/me/deliveries/"+sent.ID+"/opened", "", "as ann"); again.Body != opened.Body {
		t.Errorf("opened again: %s", again.Body)
	}
	p.wants(409, "POST /v1/me/deliveries/"+waits.ID+"/opened", "", "as ann", "delivery.not_sent")
	p.wants(404, "POST /v1/me/deliveries/"+other.ID+"/opened", "", "as ann")
	p.wants(404, "POST /v1/me/deliveries/none/opened", "", "as ann")
	p.wants(401, "GET /v1/me/deliveries", "", "x: y")
}

func TestStaffSeeNoPersons(t *testing.T) {
	p := posts(t, nil)
	dead := p.sends("ann-wang", 1, "430181108240", p.start, p.dies(delivery.WhyToken))
	far := p.sends("bob-li", 1, "430182", p.start, p.took)
	for line, as := range map[string]string{
		"GET /v1/notifications/deliveries":                "as olga+operator",
		"GET /v1/notifications/deliveries?state=DEAD":     "as olga+operator",
		"GET /v1/notifications/deliveries?subject=bill-1": "as carl+county_health@430181",
	} {
		res := p.wants(200, line, "", as, dead.ID, `"state":"DEAD","why":"token_dead"`, `"code":"UNREGISTERED"`, `"kind":"medical.bill_issued"`, `"tries":1`)
		for _, never := range []string{"ann-wang", "bob-li", "secret", "bill-1", dead.To, far.ID, "receipt", "430181"} {
			if strings.Contains(res.Body, never) {
				t.Errorf("%s shows %s: %s", line, never, res.Body)
			}
		}
	}
	p.wants(200, "GET /v1/notifications/deliveries?state=SENT", "", "as olga+operator", far.ID, `"sentAt"`)
	for _, role := range []string{"credit_office", "auditor"} {
		p.wants(200, "GET /v1/notifications/deliveries?subject=bill-1", "", "as carl+"+role+"@4301", dead.ID, far.ID)
		p.wants(200, "GET /v1/notifications/deliveries?subject=bill-1", "", "as carl+"+role+"@430182", far.ID)
		p.wants(200, "GET /v1/notifications/deliveries?subject=bill-1", "", "as carl+"+role+"@4302", `"items":[]`)
	}
	for line, as := range map[string]string{
		"GET /v1/notifications/deliveries?subject=bill-1":          "as olga+operator",
		"GET /v1/notifications/deliveries?state=DEAD":              "as carl+auditor",
		"GET /v1/notifications/deliveries":                         "as carl+county_health",
		"GET /v1/notifications/deliveries?state=SENT":              "as ann-wang",
		"POST /v1/notifications/deliveries/" + dead.ID + "/replay": "as carl+auditor",
	} {
		p.wants(403, line, "", as)
	}
	p.wants(403, "POST /v1/notifications/deliveries/replay", `{}`, "as carl+county_health")
	p.wants(400, "GET /v1/notifications/deliveries?subject=b&state=DEAD", "", "as olga+operator")
	p.wants(400, "GET /v1/notifications/deliveries?state=LOST", "", "as olga+operator")
}

func TestReplayDeliveries(t *testing.T) {
	p := posts(t, nil)
	dead := p.sends("ann", 0, "430181", p.start, p.dies(delivery.WhyExhausted))
	line := "POST /v1/notifications/deliveries/" + dead.ID + "/replay"
	p.wants(200, line, "", "as olga+operator", `"state":"QUEUED","why":""`)
	if d, err := p.h.Deliveries.Get(t.Context(), dead.ID); err != nil || !d.Due(p.Now()) || p.kicks != 1 {
		t.Errorf("replayed: %+v %v, %d kicks", d, err, p.kicks)
	}
	if res := p.wants(409, line, "", "as olga+operator"); res.Problem(t).Reason != "delivery.not_over" || p.kicks != 1 {
		t.Errorf("again: %s, %d kicks", res.Body, p.kicks)
	}
	p.wants(404, "POST /v1/notifications/deliveries/none/replay", "", "as olga+operator")
	for i := range 6 {
		why := []string{delivery.WhyToken, delivery.WhyExhausted}[i%2]
		p.sends("ann", i+1, "430181", p.start, p.dies(why))
	}
	all := "POST /v1/notifications/deliveries/replay"
	p.wants(200, all, `{"channel":"sms"}`, "as olga+operator", `{"count":0,"more":false}`)
	p.wants(200, all, `{"channel":"fcm","why":"tries_exhausted"}`, "as olga+operator", `{"count":3,"more":false}`)
	p.wants(200, all, `{}`, "as olga+operator", `{"count":3,"more":false}`)
	p.wants(200, all, `{}`, "as olga+operator", `{"count":0,"more":false}`)
	if p.kicks != 3 {
		t.Errorf("%d kicks, want one for each call that replayed something", p.kicks)
	}
	p.wants(400, all, `{"channel":"pigeon"}`, "as olga+operator")
}

func TestReplayIsBounded(t *testing.T) {
	p := posts(t, nil)
	one := p.sends("ann", 0, "430181", p.start, p.dies(delivery.WhyExhausted))
	var many []*delivery.Delivery
	for i := range mostReplays + 4 {
		d := *one
		d.ID = fmt.Sprint("d", i)
		many = append(many, &d)
	}
	if err := p.h.Deliveries.InsertMany(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	for _, want := range []replayedView{{mostReplays, true}, {5, false}} {
		var got replayedView
		res := p.wants(200, "POST /v1/notifications/deliveries/replay", `{}`, "as olga+operator")
		if err := json.Unmarshal([]byte(res.Body), &got); err != nil || got != want {
			t.Errorf("%s %v, want %+v", res.Body, err, want)
		}
	}
}
