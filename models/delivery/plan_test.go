package delivery

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
)

var allChannels = []string{FCM, Vendor, WebPush, SMS}

// household is a reader with a phone, a silent phone, a browser and one signed out.
func household() Reader {
	r := reader()
	quiet, _ := NewDevice("mei", "i2", Address{Channel: Vendor, Token: "t2", Lang: "zh"}, fast, noon.Add(-fast.StaleAfter))
	_ = quiet.Wake(noon)
	web, _ := NewDevice("mei", "i3", browser(), fast, noon)
	out, _ := NewDevice("mei", "i4", Address{Channel: FCM, Token: "t4", Lang: "zh"}, fast, noon)
	_ = out.Disable(mei, OffSignedOut, noon)
	r.Devices = append(r.Devices, quiet, web, out)
	return r
}

func TestPlanWhereTo(t *testing.T) {
	with := func(change func(*Notice)) Notice {
		n := notice()
		change(&n)
		return n
	}
	legal := with(func(n *Notice) { n.Legal = true })
	off := &Preferences{Channels: map[string]bool{FCM: false, SMS: false}, Marketing: true}
	for name, c := range map[string]struct {
		n     Notice
		prefs *Preferences
		phone bool
		on    []string
		want  string
	}{
		"a service push":                 {notice(), nil, true, allChannels, "fcm jpush webpush"},
		"no words for a locked screen":   {with(func(n *Notice) { n.Pushed = false }), nil, true, allChannels, ""},
		"legal without such words":       {with(func(n *Notice) { n.Pushed, n.Legal = false, true }), nil, true, allChannels, "sms"},
		"legal":                          {legal, nil, true, allChannels, "fcm jpush webpush sms"},
		"legal without a phone number":   {legal, nil, false, allChannels, "fcm jpush webpush"},
		"legal without text messages":    {legal, nil, true, []string{FCM}, "fcm"},
		"legal, everything off":          {legal, off, true, allChannels, "fcm jpush webpush sms"},
		"a channel is not configured":    {notice(), nil, true, []string{FCM, SMS}, "fcm"},
		"no channel is configured":       {legal, nil, true, nil, ""},
		"a channel is off":               {notice(), off, true, allChannels, "jpush webpush"},
		"the topic is muted":             {notice(), &Preferences{Topics: map[string]Choice{"medical.bill": {Muted: true}}}, true, allChannels, ""},
		"marketing nobody asked for":     {with(func(n *Notice) { n.Class = Marketing }), nil, true, allChannels, ""},
		"marketing, and a silent device": {with(func(n *Notice) { n.Class = Marketing }), &Preferences{Marketing: true}, true, allChannels, "fcm webpush"},
	} {
		r := household()
		r.Prefs, r.HasPhone = c.prefs, c.phone
		var got []string
		for _, d := range Plan(c.n, r, c.on, fast, noon) {
			got = append(got, d.Channel)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", name, s, c.want)
		}
	}
}

func TestPlanMakesTheSameTwice(t *testing.T) {
	n := notice()
	n.Legal, n.Urgent, n.Campaign = true, true, "c1"
	first, again := Plan(n, household(), allChannels, Standard, noon), Plan(n, household(), allChannels, Standard, noon)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	ids := map[string]bool{}
	for _, d := range append(Plan(Notice{Event: "e2", Kind: n.Kind, Message: "m2", At: noon, Class: Service, Pushed: true}, household(), allChannels, Standard, noon), first...) {
		ids[d.ID] = true
	}
	if len(ids) != 3+4 {
		t.Errorf("%d ids of 7 deliveries", len(ids))
	}
	later := Plan(n, household(), allChannels, Standard, noon.Add(time.Hour))
	for i, d := range first {
		if later[i].ID != d.ID {
			t.Error("an id depends on when it was planned")
		}
	}
	web := &Delivery{
		Meta: models.Meta{ID: first[2].ID, WakeAt: &noon}, Life: models.Life[State]{State: Queued, Moved: models.Moved{By: models.System, At: noon}},
		Channel: WebPush, Destination: "webpush/push.example", To: DeviceID("mei", "i3"), Host: "push.example",
		Person: "mei", Region: "430181", Messages: []string{"m1"}, Event: "e1", Kind: "medical.bill_issued", Subject: "b1", Topic: "medical.bill",
		Class: Service, Legal: true, Urgent: true, Campaign: "c1", Lang: "en", At: noon, DueAt: noon,
	}
	if diff := cmp.Diff(web, first[2]); diff != "" {
		t.Error(diff)
	}
	if sms := first[3]; sms.To != "mei" || sms.Lang != "zh" || sms.Host != "" {
		t.Errorf("%+v", sms)
	}
}

func TestPlanWhen(t *testing.T) {
	night, morning := at(monday, "22:00"), at(monday.Add(1), "08:00")
	for name, c := range map[string]struct {
		change   func(*Notice)
		now      time.Time
		due      time.Time // zero: nothing is planned
		state    State
		open     string
		notAfter time.Duration // after At; 0: never too late
	}{
		"at once":                     {func(*Notice) {}, noon, noon, Queued, "", 0},
		"told late":                   {func(*Notice) {}, noon.Add(time.Hour), noon.Add(time.Hour), Queued, "", 0},
		"waits for others":            {func(n *Notice) { n.Digest, n.Wait = "k", time.Hour }, noon, noon.Add(time.Hour), Deferred, "/k", 0},
		"waited enough":               {func(n *Notice) { n.Digest, n.Wait = "k", time.Hour }, noon.Add(2 * time.Hour), noon.Add(2 * time.Hour), Queued, "", 0},
		"a digest that does not wait": {func(n *Notice) { n.Digest = "k" }, noon, noon, Queued, "", 0},
		"a digest over the night":     {func(n *Notice) { n.Digest, n.At = "k", night }, night, morning, Deferred, "/k", 0},
		"one over the night":          {func(n *Notice) { n.At = night }, night, morning, Deferred, "", 0},
		"urgent in the night":         {func(n *Notice) { n.At, n.Urgent = night, true }, night, night, Queued, "", 0},
		"urgent, waits in the night":  {func(n *Notice) { n.At, n.Urgent, n.Digest, n.Wait = night, true, "k", time.Minute }, night, night.Add(time.Minute), Deferred, "/k/urgent", 0},
		"a legal digest":              {func(n *Notice) { n.Legal, n.Digest, n.Wait = true, "k", time.Hour }, noon, noon.Add(time.Hour), Deferred, "/k/legal", 0},
		"waits into the night":        {func(n *Notice) { n.At, n.Digest, n.Wait = at(monday, "20:30"), "k", time.Hour }, at(monday, "20:30"), morning, Deferred, "/k", 0},
		"good for a day":              {func(n *Notice) { n.TTL = day }, noon, noon, Queued, "", day},
		"good until the last moment":  {func(n *Notice) { n.TTL = time.Hour }, noon.Add(time.Hour), noon.Add(time.Hour), Queued, "", time.Hour},
		"too late":                    {func(n *Notice) { n.TTL = time.Hour }, noon.Add(time.Hour + time.Millisecond), time.Time{}, "", "", 0},
		"too late in the morning":     {func(n *Notice) { n.At, n.TTL = night, 9*time.Hour }, night, time.Time{}, "", "", 0},
		"just good in the morning":    {func(n *Notice) { n.At, n.TTL = night, 10*time.Hour }, night, morning, Deferred, "", 10 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			n := notice()
			c.change(&n)
			all := Plan(n, reader(), []string{FCM}, fast, c.now)
			if c.due.IsZero() {
				if len(all) != 0 {
					t.Fatalf("planned %+v", all[0])
				}
				return
			}
			d := all[0]
			if d.State != c.state || !d.DueAt.Equal(c.due) || !d.WakeAt.Equal(c.due) || d.Destination != FCM || strings.TrimPrefix(d.Open, d.To) != c.open {
				t.Errorf("%s at %s, open %q", d.State, d.DueAt, d.Open)
			}
			if (d.NotAfter == nil) != (c.notAfter == 0) || d.NotAfter != nil && !d.NotAfter.Equal(n.At.Add(c.notAfter)) {
				t.Errorf("not after %s", d.NotAfter)
			}
		})
	}
}

func TestPlanMarketingKeepsToItsOwn(t *testing.T) {
	n := notice()
	n.Class, n.Digest, n.Wait = Marketing, "k", time.Hour
	r := reader()
	r.Prefs = &Preferences{Marketing: true}
	d := Plan(n, r, []string{FCM}, fast, noon)[0]
	if d.Open != d.To+"/k/marketing" {
		t.Errorf("open %q", d.Open)
	}
}

// A text message comes when the notice stayed unread for long, at a decent hour, and is never too late.
func TestPlanTextMessage(t *testing.T) {
	n := notice()
	n.Legal, n.TTL, n.Digest, n.Wait = true, time.Hour, "k", time.Minute
	for sent, due := range map[time.Time]time.Time{
		noon:                noon.Add(24 * time.Hour),
		at(monday, "22:00"): at(monday.Add(2), "08:00"),
	} {
		n.At = sent
		all := Plan(n, reader(), []string{SMS}, fast, sent)
		if len(all) != 1 || all[0].State != Deferred || !all[0].DueAt.Equal(due) || all[0].NotAfter != nil || all[0].Open != "" || all[0].Destination != SMS || !all[0].Legal {
			t.Errorf("sent at %s: %+v", sent, all)
		}
	}
}

// What waits for one device over the night comes in the order in which it happened, and before what happens then.
func TestPlanKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SliceOfN(rapid.IntRange(0, 2*dayLong), 2, 10).Draw(t, "minutes")
		slices.Sort(minutes)
		var planned []*Delivery
		for _, m := range minutes {
			n := notice()
			n.At = at(monday, "00:00").Add(time.Duration(m) * time.Minute)
			planned = append(planned, Plan(n, reader(), []string{FCM}, Standard, n.At)...)
		}
		if !slices.IsSortedFunc(planned, func(a, b *Delivery) int {
			if by := a.WakeAt.Compare(*b.WakeAt); by != 0 { // as the destination's index has it
				return by
			}
			return a.At.Compare(b.At)
		}) {
			t.Fatal("out of order")
		}
	})
}

func TestJudge(t *testing.T) {
	morning := at(monday.Add(1), "08:00")
	muted := &Preferences{Topics: map[string]Choice{"medical.bill": {Muted: true}}, Chosen: true}
	everything := Facts{Read: true, Left: true, Stopped: true, Off: true, Prefs: muted}
	// Each reason hides those after it.
	reasons := []struct {
		why string
		out func(*Delivery, *Facts)
	}{
		{WhyPerson, func(_ *Delivery, f *Facts) { f.Left = false }},
		{WhyExpired, func(d *Delivery, _ *Facts) { d.NotAfter = nil }},
		{WhyStopped, func(_ *Delivery, f *Facts) { f.Stopped = false }},
		{WhyDevice, func(_ *Delivery, f *Facts) { f.Off = false }},
		{WhyRead, func(_ *Delivery, f *Facts) { f.Read = false }},
		{WhyMuted, func(_ *Delivery, f *Facts) { f.Prefs = nil }},
		{WhyExhausted, func(d *Delivery, _ *Facts) { d.Tries = 7 }},
	}
	d, f := pushed(), everything
	d.NotAfter, d.Tries = models.At(noon.Add(-time.Millisecond)), 8
	for _, r := range reasons {
		if skip, until := d.Judge(f, fast, noon); skip != r.why || !until.IsZero() {
			t.Fatalf("%q until %s, want %q", skip, until, r.why)
		}
		r.out(d, &f)
	}
	for name, c := range map[string]struct {
		change func(*Delivery)
		facts  Facts
		now    time.Time
		skip   string
		until  time.Time
	}{
		"send":                       {func(*Delivery) {}, Facts{}, noon, "", time.Time{}},
		"the last moment":            {func(d *Delivery) { d.NotAfter = &noon }, Facts{}, noon, "", time.Time{}},
		"a moment too late":          {func(d *Delivery) { d.NotAfter = &noon }, Facts{}, noon.Add(time.Millisecond), WhyExpired, time.Time{}},
		"night":                      {func(*Delivery) {}, Facts{}, at(monday, "22:00"), "", morning},
		"urgent in the night":        {func(d *Delivery) { d.Urgent = true }, Facts{}, at(monday, "22:00"), "", time.Time{}},
		"too late in the morning":    {func(d *Delivery) { d.NotAfter = models.At(morning.Add(-time.Millisecond)) }, Facts{}, at(monday, "22:00"), WhyExpired, time.Time{}},
		"just good in the morning":   {func(d *Delivery) { d.NotAfter = &morning }, Facts{}, at(monday, "22:00"), "", morning},
		"legal and muted":            {func(d *Delivery) { d.Legal = true }, Facts{Prefs: muted}, noon, "", time.Time{}},
		"legal and read":             {func(d *Delivery) { d.Legal = true }, Facts{Read: true}, noon, WhyRead, time.Time{}},
		"no phone number":            {func(d *Delivery) { d.Channel = SMS }, Facts{Off: true}, noon, WhyNoAddress, time.Time{}},
		"endpoint off":               {func(d *Delivery) { d.Channel, d.Person = Webhook, "" }, Facts{Off: true}, noon, WhyDisabled, time.Time{}},
		"a partner is never muted":   {func(d *Delivery) { d.Channel, d.Person, d.Urgent = Webhook, "", true }, Facts{Read: true, Prefs: muted}, at(monday, "22:00"), "", time.Time{}},
		"a partner's last try":       {func(d *Delivery) { d.Channel, d.Person, d.Tries = Webhook, "", 10 }, Facts{}, noon, WhyExhausted, time.Time{}},
		"replayed, with all tries":   {func(d *Delivery) { d.Tries, d.Before = 8, 8 }, Facts{}, noon, "", time.Time{}},
		"replayed, tries used again": {func(d *Delivery) { d.Tries, d.Before = 16, 8 }, Facts{}, noon, WhyExhausted, time.Time{}},
	} {
		d := pushed()
		c.change(d)
		if skip, until := d.Judge(c.facts, fast, c.now); skip != c.skip || !until.Equal(c.until) {
			t.Errorf("%s: %q until %s, want %q until %s", name, skip, until, c.skip, c.until)
		}
	}
}

func TestForPartner(t *testing.T) {
	e := models.Event{ID: "e1", Kind: "medical.bill_paid", Subject: "b1", Person: "mei", At: noon}
	got := ForPartner(e, "w1", "430181", `{"type":"medical.bill_paid"}`, at(monday, "23:00"))
	now := at(monday, "23:00")
	want := &Delivery{
		Meta:    models.Meta{ID: models.Derived("e1", "medical.bill_paid", Webhook, "w1"), WakeAt: &now},
		Life:    models.Life[State]{State: Queued, Moved: models.Moved{By: models.System, At: now}},
		Channel: Webhook, Destination: "webhook/w1", To: "w1", Region: "430181", Event: "e1", Kind: "medical.bill_paid", Subject: "b1",
		Class: Service, Urgent: true, Body: `{"type":"medical.bill_paid"}`, At: noon, DueAt: now,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever is done to a delivery, in whatever order and by whichever replica, these hold.
func TestAnyLifeHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := pushed()
		if rapid.Bool().Draw(t, "partner") {
			d = ForPartner(models.Event{ID: "e1", At: noon}, "w1", "", "{}", noon)
		}
		now := noon
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3600).Draw(t, "seconds")) * time.Second)
			n := d.Tries - rapid.IntRange(0, 1).Draw(t, "behind")
			was, held, tries := d.State, d.held(now), d.Tries
			var err error
			act := rapid.SampledFrom([]string{"start", "start", "start", "took", "failed", "failed", "back", "kill", "skip", "end", "defer", "join", "replay", "tap"}).Draw(t, "act")
			switch act {
			case "start":
				err = d.Start(lease, now)
			case "took":
				err = d.Took(n, "r", Standard, now)
			case "failed":
				err = d.Failed(n, "x", time.Duration(rapid.Int64().Draw(t, "least")), Standard, now)
			case "back":
				err = d.Back(n, "x", now)
			case "kill":
				err = d.Kill(n, WhyRejected, "x", Standard, now)
			case "skip":
				err = d.Skip(WhyRead, Standard, now)
			case "end":
				err = d.Skip(WhyExhausted, Standard, now)
			case "defer":
				err = d.Defer(now.Add(time.Hour), now)
			case "join":
				d.Join("m2")
			case "replay":
				err = d.Replay(staff, now)
			case "tap":
				err = d.Tapped(mei, now)
			}
			over := slices.Contains([]State{Sent, Dead, Skipped, Opened}, d.State)
			switch {
			case over != d.Over(), over != (d.WakeAt == nil), over != (d.Destination == ""), over != (d.GoneAt != nil):
				t.Fatalf("%s after %s: %+v", act, was, d)
			case d.Tries < 0 || d.Before < 0 || d.Before > d.Tries || len(d.Failures) > maxFailures || len(d.Messages) > maxMessages:
				t.Fatalf("%s after %s: %+v", act, was, d)
			case d.Open != "" && d.State != Deferred:
				t.Fatalf("%s collects: %+v", d.State, d)
			case d.Tries < tries && (act != "back" || d.Tries != tries-1):
				t.Fatalf("%s took a try away", act)
			case held && d.State != Sending && slices.Contains([]string{"start", "skip", "end", "defer", "replay", "join", "tap"}, act):
				t.Fatalf("%s took it from the replica that sends it", act)
			case err != nil && (d.State != was || d.Tries != tries):
				t.Fatalf("a refused %s changed it: %v", act, err)
			case err != nil && models.CodeOf(err) == models.Internal:
				t.Fatal(err)
			}
		}
	})
}
