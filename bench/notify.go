package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/models/webhook"
	"xinyi/notifications"
	"xinyi/notifications/local"
	"xinyi/store"
	"xinyi/store/sqlite"
)

// told is the event that is measured with, and what its text asks for.
var told = medical.BillIssued

var words = medical.IssuedData{Amount: 1200, Due: "2026-12-31", Hospital: "长沙县第一人民医院", BillNo: "B1"}

// A teller is a document that does nothing but tell.
type teller struct {
	models.Meta `bson:",inline"`
}

// A post office is the way from an event to phones, in this process, with a push service beside it.
type postOffice struct {
	engine  *sqlite.Engine
	store   *store.Store
	tellers *store.Repo[teller]
	inbox   notifications.Inbox
	relay   *flows.Relay
	courier *flows.Courier
	fcm     *local.FCM
	kept    func(e models.Event, at time.Time)
	closing []func()
}

func openPost(ctx context.Context, dir string) (o *postOffice, err error) {
	o = &postOffice{kept: func(models.Event, time.Time) {}}
	if o.engine, err = sqlite.Open(ctx, filepath.Join(dir, "post.db")); err != nil {
		return nil, err
	}
	keys, err := store.CreateKeys(filepath.Join(dir, "post-keys.json"))
	if err != nil {
		return nil, err
	}
	now := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	s := store.New(o.engine, now, keys)
	o.store = s
	channel, err := o.push(ctx)
	if err != nil {
		return nil, err
	}
	texts, err := notifications.Load()
	if err != nil {
		return nil, err
	}
	policy := delivery.Standard
	policy.Quiet, policy.Spread = nil, 0
	quiet := slog.New(slog.DiscardHandler)
	metrics := flows.NewCourierMetrics(prometheus.NewRegistry())
	messages, people, carried := store.NewRepo[inbox.Message](s, store.Inbox), store.NewRepo[identity.Person](s, store.People),
		store.OpenDelivery(s)
	o.courier = flows.NewCourier(&flows.Courier{
		Delivery: carried, Messages: messages, People: people, Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints),
		Texts: texts, Policy: policy, Now: now, Log: quiet, Metrics: metrics,
	}, channel)
	o.inbox = notifications.Inbox{
		Messages: messages, Delivery: carried, People: people, Texts: texts, On: o.courier.On(), Policy: policy, Now: now,
		Planned: o.courier.Kick, Kept: func(e models.Event, at time.Time) { o.kept(e, at) },
	}
	o.tellers = store.NewRepo[teller](s, store.Collection{Name: "tellers"})
	o.relay = flows.NewRelay(s, store.NewRepo[journal.Lost](s, store.Dead), quiet, flows.NewMetrics(prometheus.NewRegistry()))
	if err := o.relay.Subscribe(flows.Journal(store.NewRepo[journal.Entry](s, store.Events)),
		flows.Subscriber{Name: "inbox", Kinds: o.inbox.Wants, Do: o.inbox.Deliver}); err != nil {
		return nil, err
	}
	return o, s.Ensure(ctx)
}

// push is Firebase's own library, talking to a server here that answers like Firebase.
func (o *postOffice) push(ctx context.Context) (notifications.Channel, error) {
	var l net.ListenConfig
	listen, err := l.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o.fcm = &local.FCM{Now: time.Now, Keep: -1}
	base, stop := o.fcm.Serve(listen)
	fcm, err := notifications.NewFCM(ctx, notifications.FCMConfig{
		Credentials: o.fcm.ServiceAccountJSON(base, "bench"), Endpoint: base, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	o.closing = append(o.closing, stop, fcm.Close)
	return fcm, nil
}

func (o *postOffice) close() error {
	for _, end := range slices.Backward(o.closing) {
		end()
	}
	return o.engine.Close()
}

func reader(i int) string { return fmt.Sprintf("reader-%06d", i) }

// settle has n people with a phone each.
func (o *postOffice) settle(ctx context.Context, n int) error {
	for from := 0; from < n; from += 500 {
		var people []*identity.Person
		var phones []*delivery.Device
		for i := from; i < min(n, from+500); i++ {
			people = append(people, identity.NewPerson(reader(i), models.NewSecret(fmt.Sprintf("13%09d", i)), "zh", o.store.Now()))
			d, err := delivery.NewDevice(reader(i), "phone-0001", delivery.Address{Channel: delivery.FCM, Token: fmt.Sprintf("ok#%d", i),
				Lang: "zh"}, o.inbox.Policy, o.store.Now())
			if err != nil {
				return err
			}
			phones = append(phones, d)
		}
		if err := errors.Join(o.inbox.People.InsertMany(ctx, people), o.inbox.Delivery.Devices.InsertMany(ctx, phones)); err != nil {
			return err
		}
	}
	return nil
}

// notify measures the way from an event to the inbox and to phones, and a notice to everybody.
func (p plan) notify(ctx context.Context, dir string) (err error) {
	o, err := openPost(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	if err := o.settle(ctx, p.large); err != nil {
		return err
	}
	fmt.Printf("\ntelling %d people with a phone each\n", p.large)
	if err := o.latency(ctx, p.large, p.each); err != nil {
		return err
	}
	return o.everybody(ctx, p.large)
}

// latency tells 200 events a second while the courier sends.
func (o *postOffice) latency(ctx context.Context, people int, each time.Duration) error {
	const rate = 200
	var mu sync.Mutex
	var waits []time.Duration
	var begun sync.Map
	o.kept = func(e models.Event, _ time.Time) {
		if at, ok := begun.Load(e.Subject); ok {
			mu.Lock()
			waits = append(waits, time.Since(at.(time.Time))) //nolint:errcheck // only times are kept there
			mu.Unlock()
		}
	}
	defer func() { o.kept = func(models.Event, time.Time) {} }()
	running, stop := context.WithCancel(ctx)
	var carrying, telling sync.WaitGroup
	carrying.Go(func() { o.courier.Run(running, time.Second) })
	var failed atomic.Int64
	tick := time.NewTicker(time.Second / rate)
	defer tick.Stop()
	n := int(each.Seconds() * rate)
	for i := range n {
		<-tick.C
		telling.Go(func() {
			t := &teller{}
			t.ID = fmt.Sprintf("latency-%d", i)
			t.Publish(told.Of(words), reader(i%people), models.Clockwork, o.store.Now())
			begun.Store(t.ID, time.Now())
			if o.tellers.Insert(ctx, t) != nil {
				failed.Add(1)
			}
		})
	}
	telling.Wait()
	for end := time.Now().Add(30 * time.Second); o.courier.Sent() < int64(n) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	carrying.Wait()
	slices.Sort(waits)
	if len(waits) != n || failed.Load() > 0 {
		return fmt.Errorf("%d of %d events reached the inbox", len(waits), n)
	}
	fmt.Printf("event to inbox at %d/s     p50 %.1f ms   p99 %.1f ms   most %.1f ms; %d of %d pushes sent\n", rate,
		ms(waits[n/2]), ms(waits[n*99/100]), ms(waits[n-1]), o.courier.Sent(), n)
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// everybody tells all people the same, in batches, and then carries it to their phones.
func (o *postOffice) everybody(ctx context.Context, people int) error {
	rest := heap()
	began, sent := time.Now(), o.courier.Sent()
	peak := rest
	for from := 0; from < people; from += 200 {
		var events []models.Event
		for i := from; i < min(people, from+200); i++ {
			t := &teller{}
			t.Publish(told.Of(words), reader(i), models.Clockwork, o.store.Now())
			e := t.Outbox[0]
			e.ID, e.Subject = fmt.Sprintf("everybody/%d", i), "everybody"
			events = append(events, e)
		}
		if _, err := o.inbox.DeliverMany(ctx, events, "campaign-1"); err != nil {
			return err
		}
		if from%10_000 == 0 {
			peak = max(peak, heap())
		}
	}
	took := time.Since(began).Seconds()
	fmt.Printf("messages to everybody     %8.0f /s, a delivery with each; heap %d MiB at rest, %d at most\n", float64(people)/took, rest>>20,
		peak>>20)
	began, peak = time.Now(), heap()
	watching, seen := make(chan struct{}), make(chan uint64)
	go func() {
		most := uint64(0)
		for {
			select {
			case <-watching:
				seen <- most
				return
			case <-time.After(500 * time.Millisecond):
				most = max(most, heap())
			}
		}
	}()
	_, err := o.courier.Round(ctx)
	close(watching)
	peak = max(peak, <-seen)
	took = time.Since(began).Seconds()
	n := o.courier.Sent() - sent
	fmt.Printf("pushes to everybody       %8.0f /s, %d sent; heap %d MiB at most\n", float64(n)/took, n, peak>>20)
	if n != int64(people) {
		return errors.Join(err, fmt.Errorf("%d of %d pushes were sent", n, people))
	}
	return err
}

// heap is the live heap in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
