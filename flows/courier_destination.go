package flows

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"xinyi/models/delivery"
	"xinyi/notifications"
	"xinyi/store"
)

// Bounds of a destination.
const (
	firstPause = time.Second     // of a destination whose channel failed as a whole; doubles
	longPause  = 5 * time.Minute // up to this
	patience   = 5               // failures in a row of a channel nobody can probe, before its destination pauses
	window     = 200             // sends that are remembered to tell dead addresses from wrong credentials
	waiting    = 400             // deliveries taken up at a time
)

// A destination is deliveries that share a channel and its fate: one aggregator, one host of browsers' pushes, one partner's
// endpoint. Deliveries to one device go one after the other, the rest side by side. When the channel fails as a whole, the
// destination rests, everybody keeps their place, and it starts again with one at a time, so that no storm greets who comes back.
type destination struct {
	c       *Courier
	name    string
	channel notifications.Channel // nil: not configured any more
	limiter *rate.Limiter         // nil: no bound
	flying  sync.WaitGroup
	taking  atomic.Bool // a loop takes from it
	again   atomic.Bool // something came meanwhile

	mu      sync.Mutex
	room    *sync.Cond
	taken   map[string]bool                 // ids in hand
	queues  map[string][]*delivery.Delivery // behind the one in hand for the same device
	width   int                             // how many may fly
	most    int
	inHand  int
	rest    time.Time // nothing is taken before
	fails   int       // rests since it last worked
	row     int       // failures in a row of a channel nobody can ask
	outcome []bool    // of the last sends: true for an address that was said to be dead
}

func newDestination(c *Courier, name string, ch notifications.Channel) *destination {
	l := &destination{c: c, name: name, channel: ch, taken: map[string]bool{}, queues: map[string][]*delivery.Delivery{}, width: 8, most: 8}
	l.room = sync.NewCond(&l.mu)
	if ch != nil {
		b := ch.Bounds()
		l.most = max(1, b.InFlight)
		l.width = l.most
		if b.PerSecond > 0 {
			l.limiter = rate.NewLimiter(rate.Limit(b.PerSecond), max(1, int(b.PerSecond/10)))
		}
	}
	return l
}

func (l *destination) resting() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rest
}

// pass takes what is due once and answers how many it took. They may still fly when it comes back.
func (l *destination) pass(ctx context.Context, now func() time.Time) (took int, err error) {
	if !l.awake(ctx, now()) {
		return 0, nil
	}
	q := store.DeliveriesDue(l.name, now()).Page(store.MaxPage, "")
	for ctx.Err() == nil {
		page, err := l.c.Deliveries.Find(ctx, q)
		if err != nil {
			return took, err
		}
		for _, d := range page.Items {
			if l.resting().After(now()) {
				return took, nil
			}
			if l.add(ctx, d) {
				took++
			}
		}
		if q.After = page.Next; page.Next == "" {
			return took, nil
		}
	}
	return took, nil
}

// awake says whether the destination may take. After a rest a channel that can be asked is asked first.
func (l *destination) awake(ctx context.Context, now time.Time) bool {
	l.mu.Lock()
	rests, fails := l.rest.After(now), l.fails
	l.mu.Unlock()
	if rests {
		return false
	}
	prober, ok := l.channel.(notifications.Prober)
	if !ok || fails == 0 {
		return true
	}
	if err := prober.Probe(ctx); err != nil {
		l.pause(notifications.FailureOf(err).After, now)
		return false
	}
	l.mu.Lock()
	l.fails, l.rest = 0, time.Time{}
	l.mu.Unlock()
	l.c.Metrics.resting.WithLabelValues(l.name).Set(0)
	return true
}

// add takes a delivery up, waiting for room; false when it is in hand already.
func (l *destination) add(ctx context.Context, d *delivery.Delivery) bool {
	stop := context.AfterFunc(ctx, func() { l.mu.Lock(); l.room.Broadcast(); l.mu.Unlock() })
	defer stop()
	key := d.ID
	if delivery.Pushes(d.Channel) {
		key = d.To
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[d.ID] {
		return false
	}
	if q, busy := l.queues[key]; busy && len(l.taken) < waiting {
		l.taken[d.ID], l.queues[key] = true, append(q, d)
		return true
	}
	for l.inHand >= l.width || len(l.taken) >= waiting {
		if ctx.Err() != nil {
			return false
		}
		l.room.Wait()
	}
	if _, busy := l.queues[key]; busy {
		l.taken[d.ID], l.queues[key] = true, append(l.queues[key], d)
		return true
	}
	l.taken[d.ID], l.queues[key] = true, nil
	l.inHand++
	l.flying.Add(1)
	l.c.flying.Add(1)
	go l.fly(context.WithoutCancel(ctx), ctx, key, d)
	return true
}

// fly deals with d and with what came behind it for the same device. What has begun is finished when work ends.
func (l *destination) fly(ctx, work context.Context, key string, d *delivery.Delivery) {
	defer l.c.flying.Done()
	defer l.flying.Done()
	for d != nil {
		if work.Err() == nil && !l.resting().After(l.c.Now()) {
			if l.limiter == nil || l.limiter.Wait(work) == nil {
				l.c.deal(ctx, l, d)
			}
		}
		d = l.landed(key, d)
	}
}

// landed puts d down and picks up the next for the same device, nil for none.
func (l *destination) landed(key string, d *delivery.Delivery) (next *delivery.Delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.taken, d.ID)
	l.room.Broadcast()
	if q := l.queues[key]; len(q) > 0 {
		next, l.queues[key] = q[0], q[1:]
		return next
	}
	delete(l.queues, key)
	l.inHand--
	return nil
}

// worked notes a send that came through: the destination is well, and widens by one.
func (l *destination) worked() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.c.Metrics.resting.WithLabelValues(l.name).Set(0)
	}
	l.fails, l.row = 0, 0
	l.remember(false)
	if l.width < l.most {
		l.width++
		l.room.Broadcast()
	}
}

// pause lets the destination rest for least, or for twice its last pause when that is longer, and starts narrow afterwards.
// Failures of parcels that were in flight together count once.
func (l *destination) pause(least time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rest.After(now) {
		if at := now.Add(least); at.After(l.rest) {
			l.rest = at
		}
		return
	}
	wait := min(firstPause<<min(l.fails, 12), longPause)
	wait = max(least, wait/2+rand.N(wait/2+1)) //nolint:gosec // spreads, keeps no secret
	l.rest, l.fails, l.width = now.Add(wait), l.fails+1, 1
	l.c.Metrics.resting.WithLabelValues(l.name).Set(1)
}

// failed notes a failure of a channel nobody can ask; many in a row pause the destination, and so does each one after.
func (l *destination) failed(least time.Duration, now time.Time) {
	l.mu.Lock()
	l.row++
	many := l.row >= patience
	l.mu.Unlock()
	if many {
		l.pause(least, now)
	}
}

// down asks whether the channel as a whole is down, after a parcel of it failed so. Who asks meanwhile gets the same answer.
func (l *destination) down(ctx context.Context, now time.Time) bool {
	prober, ok := l.channel.(notifications.Prober)
	if !ok {
		return false
	}
	if l.resting().After(now) {
		return true
	}
	return prober.Probe(ctx) != nil
}

// remember keeps what became of a send. The lock is held.
func (l *destination) remember(gone bool) {
	if l.outcome = append(l.outcome, gone); len(l.outcome) > window {
		l.outcome = l.outcome[len(l.outcome)-window:]
	}
}

// believes notes that an address was said to be dead, and says whether to believe it: other sends came through, and at most
// one in five is said to be dead. Wrong credentials make every address look dead.
//
// Source: docs/sources.md#delivery-policy (our assumption).
func (l *destination) believes() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(true)
	gone := 0
	for _, g := range l.outcome {
		if g {
			gone++
		}
	}
	well := len(l.outcome) - gone
	return well > 0 && (gone*5 <= len(l.outcome) || len(l.outcome) < 20 && gone <= 4)
}
