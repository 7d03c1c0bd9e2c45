package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/sandbox"
	"xinyi/models/webhook"
	"xinyi/notifications"
	"xinyi/store"
)

// post is a channel that a test tells how to answer.
type post struct {
	name   string
	most   int
	answer func(p notifications.Parcel) error
	broken error // what a probe finds

	mu      sync.Mutex
	parcels []notifications.Parcel
	flying  int
	peak    int
	tries   int
	probes  int
}

func (p *post) Name() string { return p.name }

func (p *post) Bounds() notifications.Bounds {
	return notifications.Bounds{InFlight: max(1, p.most), Timeout: time.Second}
}

func (p *post) Send(_ context.Context, parcel notifications.Parcel) (notifications.Receipt, error) {
	p.mu.Lock()
	p.flying++
	p.tries++
	p.peak = max(p.peak, p.flying)
	answer := p.answer
	p.mu.Unlock()
	var err error
	if answer != nil {
		err = answer(parcel)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.flying--
	if err == nil {
		p.parcels = append(p.parcels, parcel)
	}
	return notifications.Receipt{ID: "r-" + parcel.ID}, err
}

func (p *post) Probe(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probes++
	return p.broken
}

// mute is a post without a probe.
type mute struct{ inner *post }

func (m mute) Name() string                 { return m.inner.Name() }
func (m mute) Bounds() notifications.Bounds { return m.inner.Bounds() }
func (m mute) Send(ctx context.Context, p notifications.Parcel) (notifications.Receipt, error) {
	return m.inner.Send(ctx, p)
}

func (p *post) got() []notifications.Parcel {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.parcels)
}

func failure(class notifications.Class, after time.Duration) error {
	return &notifications.Failure{Class: class, Code: string(class), After: after, Err: errors.New("as told")}
}

// office is a store with a courier, and an inbox that plans for it.
type office struct {
	t       *testing.T
	clock   *hands
	store   *store.Store
	repo    store.Delivery
	inbox   notifications.Inbox
	courier *flows.Courier
}

// newOffice opens one more replica on engine. Its policy has no quiet hours and no spread, unless a test asks.
func newOffice(t *testing.T, engine store.Engine, clock *hands, channels ...notifications.Channel) *office {
	t.Helper()
	s := store.New(engine, clock.now, store.TestKeys())
	texts, err := notifications.Load()
	must(t, err)
	o := &office{t: t, clock: clock, store: s, repo: store.OpenDelivery(s)}
	policy := delivery.Standard
	policy.Quiet, policy.Spread = nil, 0
	people := store.NewRepo[identity.Person](s, store.People)
	messages := store.NewRepo[inbox.Message](s, store.Inbox)
	o.courier = flows.NewCourier(&flows.Courier{
		Delivery: o.repo, Messages: messages, People: people, Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints),
		Texts: texts, Policy: policy, Now: clock.now, Log: slog.New(slog.DiscardHandler),
		Metrics: flows.NewCourierMetrics(prometheus.NewRegistry()),
	}, channels...)
	o.inbox = notifications.Inbox{Messages: messages, Delivery: o.repo, People: people, Texts: texts, On: o.courier.On(), Policy: policy, Now: clock.now}
	must(t, s.Ensure(t.Context()))
	return o
}

// person keeps somebody with devices on fcm.
func (o *office) person(id string, devices ...string) {
	o.t.Helper()
	must(o.t, o.inbox.People.Insert(o.t.Context(), identity.NewPerson(id, models.NewSecret("1990000"+id), "zh", o.clock.now())))
	for _, name := range devices {
		d, err := delivery.NewDevice(id, name, delivery.Address{Channel: delivery.FCM, Token: "token-" + id + "-" + name, Lang: "zh"}, o.inbox.Policy, o.clock.now())
		must(o.t, err)
		must(o.t, o.repo.Devices.Insert(o.t.Context(), d))
	}
}

// tell makes a bill's event for a person.
func (o *office) tell(kind, person, subject string) models.Event {
	o.t.Helper()
	e := models.Event{
		ID: kind + "/" + subject + "/1.0", Kind: kind, Subject: subject, Person: person, At: o.clock.now(),
		Data: map[string]string{"amount": "12.00", "due": "2026-03-31", "hospital": "h", "billNo": "b", "outstanding": "1.00", "days": "3"},
	}
	must(o.t, o.inbox.Deliver(o.t.Context(), e))
	return e
}

const issued = "medical.bill_issued"

func (o *office) round() int {
	o.t.Helper()
	n, err := o.courier.Round(o.t.Context())
	must(o.t, err)
	return n
}

// states counts a person's deliveries by state.
func (o *office) states(person string) map[delivery.State]int {
	o.t.Helper()
	got := map[delivery.State]int{}
	_, err := o.repo.Deliveries.Each(o.t.Context(), store.DeliveriesOf(person), func(d *delivery.Delivery) error {
		got[d.State]++
		return nil
	})
	must(o.t, err)
	return got
}

func (o *office) want(person string, state delivery.State, n int) {
	o.t.Helper()
	if got := o.states(person); got[state] != n {
		o.t.Errorf("%s has %v, want %d %s", person, got, n, state)
	}
}

func TestCourierSendsOnceToEachDevice(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 8}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.person("0001", "phone", "tablet")
	e := o.tell(issued, "0001", "bill-1")
	must(t, o.inbox.Deliver(t.Context(), e))
	o.round()
	must(t, o.inbox.Deliver(t.Context(), e))
	o.round()
	if got := fcm.got(); len(got) != 2 || got[0].Device.Install == got[1].Device.Install {
		t.Fatalf("sent %d parcels: %v", len(got), got)
	}
	o.want("0001", delivery.Sent, 2)
	p := fcm.got()[0]
	said := p.Title + p.Body + fmt.Sprint(p.Data)
	for _, secret := range []string{"12.00", "h的", "0001", "2026-03-31"} {
		if strings.Contains(said, secret) {
			t.Errorf("the push says %q: %s", secret, said)
		}
	}
	if p.Body == "" || p.Collapse == "" || p.TTL <= 0 || p.Data["type"] != "medical.bill" || p.Data["id"] != "bill-1" {
		t.Errorf("a parcel lacks something: %+v", p)
	}
}

func TestCourierOutage(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 16}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	fcm.answer = func(notifications.Parcel) error { return failure(notifications.Down, 0) }
	fcm.broken = failure(notifications.Down, 0)
	o.person("0001", "phone")
	var want []string
	for i := range 120 {
		subject := fmt.Sprintf("bill-%03d", i)
		want = append(want, subject)
		o.tell(issued, "0001", subject)
		o.round()
		o.clock.move(30 * time.Second)
	}
	outage := fcm.tries
	if len(fcm.got()) != 0 || outage > 3 || fcm.probes > 60 {
		t.Fatalf("an hour without the channel took %d tries and %d probes, %d came through", outage, fcm.probes, len(fcm.got()))
	}
	fcm.answer, fcm.broken = nil, nil
	for range 10 {
		at, err := o.courier.Next(t.Context())
		must(t, err)
		if at == nil {
			break
		}
		if wait := at.Sub(o.clock.now()); wait > 0 {
			o.clock.move(wait)
		}
		o.round()
	}
	var got []string
	for _, p := range fcm.got() {
		got = append(got, p.Data["id"])
	}
	if !slices.Equal(got, want) {
		t.Errorf("after the outage came %v", got)
	}
	o.want("0001", delivery.Sent, 120)
}

func TestCourierComesBackGently(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 16}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	fcm.answer = func(notifications.Parcel) error { return failure(notifications.Down, time.Minute) }
	fcm.broken = failure(notifications.Down, time.Minute)
	for i := range 60 {
		id := fmt.Sprintf("%04d", i)
		o.person(id, "phone")
		o.tell(issued, id, "bill-"+id)
	}
	o.round()
	o.clock.move(59 * time.Second)
	tries := fcm.tries
	if o.round(); fcm.tries != tries {
		t.Error("something was sent before the channel's Retry-After")
	}
	var peaks []int
	fcm.mu.Lock()
	fcm.answer, fcm.broken, fcm.peak = func(notifications.Parcel) error {
		fcm.mu.Lock()
		peaks = append(peaks, fcm.flying)
		fcm.mu.Unlock()
		return nil
	}, nil, 0
	fcm.mu.Unlock()
	o.clock.move(2 * time.Second)
	for len(fcm.got()) < 60 {
		if o.round() == 0 {
			t.Fatalf("%d of 60 came through", len(fcm.got()))
		}
	}
	for i, flying := range peaks {
		if flying > i+1 {
			t.Errorf("parcel %d flew with %d others", i, flying-1)
		}
	}
}

func TestCourierPoisonBlocksNobody(t *testing.T) {
	t.Parallel()
	for _, class := range []notifications.Class{notifications.Down, notifications.Unsure, notifications.Rejected, notifications.Limited} {
		t.Run(string(class), func(t *testing.T) {
			fcm := &post{name: delivery.FCM, most: 4}
			o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
			fcm.answer = func(p notifications.Parcel) error {
				if p.Data["id"] == "poison" {
					return failure(class, time.Second)
				}
				return nil
			}
			o.person("0000", "phone")
			o.tell(issued, "0000", "poison")
			for i := range 20 {
				id := fmt.Sprintf("1%03d", i)
				o.person(id, "phone")
				o.tell(issued, id, "bill-"+id)
			}
			for range 30 {
				o.round()
				o.clock.move(2 * time.Second)
			}
			if got := len(fcm.got()); got != 20 {
				t.Errorf("%d of 20 came through past the poison within a minute", got)
			}
			for range 200 {
				o.clock.move(10 * time.Minute)
				o.round()
			}
			got := o.states("0000")
			if got[delivery.Dead]+got[delivery.Skipped] != 1 {
				t.Errorf("the poison is %v", got)
			}
			if fcm.tries > 20+12 {
				t.Errorf("the poison was tried %d times", fcm.tries-20)
			}
		})
	}
}

func TestCourierTwoReplicas(t *testing.T) {
	t.Parallel()
	engine, clock := newEngine(t), &hands{t: noon}
	fcm := &post{name: delivery.FCM, most: 8}
	a, b := newOffice(t, engine, clock, fcm), newOffice(t, engine, clock, fcm)
	for i := range 150 {
		id := fmt.Sprintf("%04d", i)
		a.person(id, "phone")
		a.tell(issued, id, "bill-"+id)
	}
	var group sync.WaitGroup
	for _, o := range []*office{a, b} {
		group.Go(func() {
			if _, err := o.courier.Round(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[string]int{}
	for _, p := range fcm.got() {
		seen[p.ID]++
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(seen) != 150 {
		t.Errorf("%d of 150 were sent", len(seen))
	}
}

func TestCourierCrashBetweenSendAndSave(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.person("0001", "phone")
	o.tell(issued, "0001", "bill-1")
	d, err := o.repo.Deliveries.First(t.Context(), store.DeliveriesOf("0001"))
	must(t, err)
	_, err = o.repo.Deliveries.Update(t.Context(), d.ID, func(d *delivery.Delivery) error { return d.Start(33*time.Second, o.clock.now()) })
	must(t, err) // and here the other replica was killed
	if o.round(); len(fcm.got()) != 0 {
		t.Fatal("it was sent while somebody else had it")
	}
	o.clock.move(33 * time.Second)
	o.round()
	if got := fcm.got(); len(got) != 1 || got[0].ID != d.ID {
		t.Fatalf("after the lease came %v", got)
	}
	o.want("0001", delivery.Sent, 1)
}

func TestCourierDeadAddresses(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 1}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	fcm.answer = func(p notifications.Parcel) error {
		if p.Device.Install == "dead" {
			return failure(notifications.Gone, 0)
		}
		return nil
	}
	for i := range 500 {
		id := fmt.Sprintf("%04d", i)
		o.person(id, map[bool]string{true: "dead", false: "phone"}[i == 250])
		o.tell(issued, id, "bill-"+id)
	}
	o.round()
	if got := len(fcm.got()); got != 499 {
		t.Errorf("%d of 499 came through", got)
	}
	d, err := o.repo.Devices.Get(t.Context(), delivery.DeviceID("0250", "dead"))
	must(t, err)
	if d.State != delivery.Disabled || d.Moved.Reason != delivery.OffToken {
		t.Errorf("the dead device is %s (%s)", d.State, d.Moved.Reason)
	}
	o.want("0250", delivery.Dead, 1)
}

func TestCourierWrongCredentialsDisableNobody(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 4, answer: func(notifications.Parcel) error { return failure(notifications.Gone, 0) }}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	for i := range 100 {
		id := fmt.Sprintf("%04d", i)
		o.person(id, "phone")
		o.tell(issued, id, "bill-"+id)
	}
	o.round()
	for i := range 100 {
		id := fmt.Sprintf("%04d", i)
		d, err := o.repo.Devices.Get(t.Context(), delivery.DeviceID(id, "phone"))
		must(t, err)
		if d.State != delivery.Active {
			t.Fatalf("device %s is %s", id, d.State)
		}
		o.want(id, delivery.FailedRetry, 1)
	}
	fcm.mu.Lock()
	fcm.answer = nil
	fcm.mu.Unlock()
	o.clock.move(2 * time.Hour)
	if o.round(); len(fcm.got()) != 100 {
		t.Errorf("after the credentials were put right %d of 100 came through", len(fcm.got()))
	}
}

func TestCourierLooksOnceMore(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		do    func(o *office)
		state delivery.State
		why   string
	}{
		"read": {func(o *office) {
			m, err := o.inbox.Messages.First(o.t.Context(), store.InboxOf("0001", inbox.Unread))
			must(o.t, err)
			_, err = o.inbox.Messages.Update(o.t.Context(), m.ID, func(m *inbox.Message) error {
				return m.MarkRead(models.Actor{Person: "0001"}, noon)
			})
			must(o.t, err)
		}, delivery.Skipped, delivery.WhyRead},
		"muted": {func(o *office) {
			p := &delivery.Preferences{Topics: map[string]delivery.Choice{"medical.bill": {Muted: true}}}
			p.ID = "0001"
			must(o.t, o.repo.Preferences.Insert(o.t.Context(), p))
		}, delivery.Skipped, delivery.WhyMuted},
		"quiet": {func(o *office) {
			p := &delivery.Preferences{Chosen: true, Quiet: []delivery.Window{{Days: []int{7}, From: "12:00", To: "14:00"}}}
			p.ID = "0001"
			must(o.t, o.repo.Preferences.Insert(o.t.Context(), p))
		}, delivery.Deferred, ""},
		"signed out": {func(o *office) {
			_, err := o.repo.Devices.Update(o.t.Context(), delivery.DeviceID("0001", "phone"), func(d *delivery.Device) error {
				return d.Disable(models.Clockwork, delivery.OffSignedOut, noon)
			})
			must(o.t, err)
		}, delivery.Skipped, delivery.WhyDevice},
		"device deleted": {func(o *office) {
			must(o.t, o.repo.Devices.Delete(o.t.Context(), delivery.DeviceID("0001", "phone")))
		}, delivery.Skipped, delivery.WhyDevice},
		"too late": {func(o *office) { o.clock.move(100 * 24 * time.Hour) }, delivery.Skipped, delivery.WhyExpired},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fcm := &post{name: delivery.FCM}
			o := newOffice(t, newEngine(t), &hands{t: noon}, fcm) // noon in Shanghai on a Sunday
			o.person("0001", "phone")
			o.tell(issued, "0001", "bill-1")
			tc.do(o)
			o.round()
			d, err := o.repo.Deliveries.First(t.Context(), store.DeliveriesOf("0001"))
			must(t, err)
			if d.State != tc.state || tc.why != "" && d.Moved.Reason != tc.why || len(fcm.got()) != 0 {
				t.Errorf("it is %s (%s), %d were sent", d.State, d.Moved.Reason, len(fcm.got()))
			}
			if tc.state == delivery.Deferred {
				o.clock.move(2 * time.Hour)
				o.round()
				o.want("0001", delivery.Sent, 1)
			}
		})
	}
}

func TestCourierLegalNoticeUnread(t *testing.T) {
	t.Parallel()
	sms := &post{name: delivery.SMS}
	o := newOffice(t, newEngine(t), &hands{t: noon}, sms)
	var legal string
	for _, kind := range o.inbox.Texts.Kinds() {
		if s, _ := o.inbox.Texts.Spec(kind); s.Severity == inbox.Legal {
			legal = kind
		}
	}
	if legal == "" {
		t.Fatal("no kind is legal")
	}
	e := models.Event{ID: "legal/1", Kind: legal, Subject: "s", Person: "0001", At: noon, Data: everything()}
	o.person("0001")
	must(t, o.inbox.Deliver(t.Context(), e))
	o.clock.move(24*time.Hour - time.Second)
	if o.round(); len(sms.got()) != 0 {
		t.Fatal("a text message came before its time")
	}
	o.clock.move(time.Second)
	o.round()
	if got := sms.got(); len(got) != 1 || got[0].Phone.Reveal() != "19900000001" {
		t.Errorf("sent %v", got)
	}
}

// everything has a value for any key a text may name.
func everything() map[string]string {
	data := map[string]string{}
	for _, key := range strings.Fields("amount outstanding principal deferred payNow old new limit billNo payNo refundNo visit hospital verdict cause type kind role org orgName method why what") {
		data[key] = "1"
	}
	for _, key := range strings.Fields("due until ends repaired noticeEnds decided") {
		data[key] = "2026-03-31"
	}
	data["days"] = "3"
	return data
}

func TestCourierChannelNobodyCanAsk(t *testing.T) {
	t.Parallel()
	web := &post{name: delivery.FCM, most: 8, answer: func(notifications.Parcel) error { return failure(notifications.Unsure, 0) }}
	o := newOffice(t, newEngine(t), &hands{t: noon}, mute{web})
	for i := range 200 {
		id := fmt.Sprintf("%04d", i)
		o.person(id, "phone")
		o.tell(issued, id, "bill-"+id)
	}
	for range 60 {
		o.round()
		o.clock.move(time.Second)
	}
	if web.tries > 60 {
		t.Errorf("a channel that fails was tried %d times in a minute", web.tries)
	}
	web.mu.Lock()
	web.answer = nil
	web.mu.Unlock()
	for range 20 {
		o.clock.move(time.Hour / 2)
		o.round()
	}
	if got := len(web.got()); got != 200 {
		t.Errorf("%d of 200 came through in the end", got)
	}
}

func TestCourierDigest(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.person("0001", "phone")
	o.inbox.Policy.Quiet = []delivery.Window{{Days: []int{7}, From: "12:00", To: "14:00"}}
	var kind string
	for _, k := range o.inbox.Texts.Kinds() {
		if s, _ := o.inbox.Texts.Spec(k); s.Digest == "subject" && s.Pushed {
			kind = k
		}
	}
	if kind == "" {
		t.Fatal("no kind is told together with others: the test is blind")
	}
	for i := range 3 {
		e := models.Event{ID: fmt.Sprintf("%s/s/%d.0", kind, i), Kind: kind, Subject: "s", Person: "0001", At: noon, Data: everything()}
		must(t, o.inbox.Deliver(t.Context(), e))
		must(t, o.inbox.Deliver(t.Context(), e))
	}
	o.clock.move(12 * time.Hour)
	o.round()
	if got := fcm.got(); len(got) != 1 || !strings.Contains(got[0].Body, "3") {
		t.Errorf("three events were pushed as %v", got)
	}
	must(t, o.inbox.Deliver(t.Context(), models.Event{ID: kind + "/s/2.0", Kind: kind, Subject: "s", Person: "0001", At: noon, Data: everything()}))
	if o.round(); len(fcm.got()) != 1 {
		t.Error("an event that was told again was pushed again")
	}
}

func TestCourierMarketingHasItsBound(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.person("0001", "phone")
	for i := range 3 {
		d := delivery.Plan(delivery.Notice{
			Event: fmt.Sprint(i), Kind: issued, Message: "m", At: noon, Class: delivery.Marketing, Pushed: true, TTL: 72 * time.Hour,
		}, delivery.Reader{Person: "0001", Prefs: &delivery.Preferences{Marketing: true}, Devices: o.devices("0001")}, o.courier.On(), o.inbox.Policy, noon)[0]
		must(t, o.repo.Deliveries.Insert(t.Context(), d))
	}
	p := &delivery.Preferences{Marketing: true}
	p.ID = "0001"
	must(t, o.repo.Preferences.Insert(t.Context(), p))
	m := &inbox.Message{Person: "0001"}
	m.ID, m.State = "m", inbox.Unread
	must(t, o.inbox.Messages.Insert(t.Context(), m))
	if o.round(); len(fcm.got()) != 2 {
		t.Fatalf("%d marketing pushes on one day", len(fcm.got()))
	}
	o.want("0001", delivery.Deferred, 1)
	o.clock.move(12*time.Hour - time.Millisecond)
	if o.round(); len(fcm.got()) != 2 {
		t.Error("the third came on the same day")
	}
	o.clock.move(time.Millisecond)
	if o.round(); len(fcm.got()) != 3 {
		t.Error("the third did not come the next day")
	}
}

func (o *office) devices(person string) []*delivery.Device {
	o.t.Helper()
	page, err := o.repo.Devices.Find(o.t.Context(), store.DevicesOf(person))
	must(o.t, err)
	return page.Items
}

// The sandbox's clock carries deliveries too: an hour's outage is lived through in order.
func TestClockCarries(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 4}
	world := &hands{t: noon}
	c := newCity(t, newEngine(t), world)
	o := newOffice(t, newEngine(t), world, fcm)
	o.inbox.Now, o.courier.Now = c.clock.Now, c.clock.Now
	c.clock.Carry(o.courier)
	fcm.answer = func(notifications.Parcel) error { return fcm.broken }
	fcm.broken = failure(notifications.Down, 0)
	o.person("0001", "phone")
	for i := range 20 {
		o.tell(issued, "0001", fmt.Sprintf("bill-%02d", i))
		world.move(time.Millisecond)
	}
	span, err := sandbox.ParseSpan("PT1H")
	must(t, err)
	_, _, err = c.clock.Advance(t.Context(), span)
	must(t, err)
	if fcm.tries > 3 || fcm.probes < 5 || fcm.probes > 60 {
		t.Errorf("the outage took %d tries and %d probes", fcm.tries, fcm.probes)
	}
	fcm.broken = nil
	_, _, err = c.clock.Advance(t.Context(), span)
	must(t, err)
	got := fcm.got()
	if len(got) != 20 {
		t.Fatalf("%d of 20 came through", len(got))
	}
	for i, p := range got {
		if p.Data["id"] != fmt.Sprintf("bill-%02d", i) {
			t.Errorf("place %d has %s", i, p.Data["id"])
		}
	}
}

func TestCourierRunSendsAtAKick(t *testing.T) {
	t.Parallel()
	fcm := &post{name: delivery.FCM, most: 4}
	o := newOffice(t, newEngine(t), &hands{t: noon}, fcm)
	o.person("0001", "phone")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); o.courier.Run(ctx, time.Hour) }()
	arrived := make(chan struct{})
	fcm.mu.Lock()
	fcm.answer = func(notifications.Parcel) error { close(arrived); return nil }
	fcm.mu.Unlock()
	o.tell(issued, "0001", "bill-1")
	o.courier.Kick()
	select {
	case <-arrived:
	case <-time.After(3 * time.Minute):
		t.Error("nothing came")
	}
	stop()
	<-done
	o.want("0001", delivery.Sent, 1)
}
