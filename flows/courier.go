package flows

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/identity"
	"xinyi/models/inbox"
	"xinyi/models/webhook"
	"xinyi/notifications"
	"xinyi/store"
)

// Courier takes deliveries when they are due: it takes those that are due, destination by destination in their order, looks once more
// whether they are still wanted, claims each by compare-and-swap, has the channel send it, and saves how that came out.
//
// A delivery that a crash left in SENDING is due again when its lease ends; then, and only then, a person may be told twice,
// which the collapse key hides. Any number of replicas may run one.
type Courier struct {
	store.Delivery
	Messages  *store.Repo[inbox.Message]
	People    *store.Repo[identity.Person]
	Endpoints *store.Repo[webhook.Endpoint]
	Texts     *notifications.Texts
	Policy    delivery.Policy
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   *CourierMetrics
	Stopped   func(ctx context.Context, campaign string) (bool, error) // nil: there are no campaigns

	channels     map[string]notifications.Channel
	mu           sync.Mutex
	destinations map[string]*destination
	kick         chan struct{}
	still        sync.RWMutex   // held by a clock that moves
	flying       sync.WaitGroup // deliveries in hand
	sent         atomic.Int64
}

// gauging is how many ticks pass between two counts of what waits.
const gauging = 10

// NewCourier makes c ready with its channels.
func NewCourier(c *Courier, channels ...notifications.Channel) *Courier {
	c.channels, c.destinations, c.kick = map[string]notifications.Channel{}, map[string]*destination{}, make(chan struct{}, 1)
	for _, ch := range channels {
		c.channels[ch.Name()] = ch
	}
	return c
}

// On lists the channels there are, sorted.
func (c *Courier) On() []string {
	var on []string
	for name := range c.channels {
		on = append(on, name)
	}
	slices.Sort(on)
	return on
}

// Kick says that something was planned. It never waits.
func (c *Courier) Kick() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// Sent is how many deliveries this process has sent.
func (c *Courier) Sent() int64 { return c.sent.Load() }

// Run sends what is due at every kick and at least every so often until ctx ends, then waits for what is in hand.
func (c *Courier) Run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	defer c.flying.Wait()
	for ticks := 0; ; {
		c.tick(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if ticks++; ticks%gauging == 0 {
				c.gauge(ctx)
			}
		case <-c.kick:
		}
	}
}

// tick has every destination with something due take it. A destination that is taking already goes on by itself.
func (c *Courier) tick(ctx context.Context) {
	if !c.still.TryRLock() {
		return
	}
	defer c.still.RUnlock()
	if at, sure := c.Deliveries.Any().Known(store.WakeAt); sure && (at == nil || at.After(c.Now())) {
		return
	}
	destinations, err := c.find(ctx)
	if err == nil {
		_, err = c.Deliveries.Any().Earliest(ctx, store.WakeAt)
	}
	if err != nil && ctx.Err() == nil {
		c.Log.ErrorContext(ctx, "the courier cannot see what is due", "err", err)
	}
	for _, l := range destinations {
		if !l.taking.CompareAndSwap(false, true) {
			l.again.Store(true)
			continue
		}
		c.flying.Go(func() { c.take(ctx, l) })
	}
}

// take empties a destination of what is due, until a clock wants to move.
func (c *Courier) take(ctx context.Context, l *destination) {
	defer l.taking.Store(false)
	for {
		l.again.Store(false)
		if !c.still.TryRLock() {
			return
		}
		_, err := l.pass(ctx, c.Now)
		c.still.RUnlock()
		if err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "a destination stopped", "destination", l.name, "err", err)
			return
		}
		if ctx.Err() != nil || !l.again.Load() {
			return
		}
	}
}

// Round sends everything that is due now and comes back when nothing is in hand any more. It answers how many deliveries
// it dealt with. For the sandbox's clock and tests.
func (c *Courier) Round(ctx context.Context) (int, error) {
	dealt := 0
	for {
		destinations, err := c.find(ctx)
		if err != nil {
			return dealt, err
		}
		n := 0
		for _, l := range destinations {
			for ctx.Err() == nil {
				m, err := l.pass(ctx, c.Now)
				l.flying.Wait()
				n += m
				if err != nil {
					return dealt + n, err
				}
				if m == 0 {
					break
				}
			}
		}
		dealt += n
		if n == 0 || ctx.Err() != nil {
			return dealt, ctx.Err()
		}
	}
}

// Next is when the courier is next to do something, nil for never: the earliest due moment of a destination, or the end of its rest.
func (c *Courier) Next(ctx context.Context) (at *time.Time, err error) {
	destinations, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range destinations {
		d, err := c.Deliveries.First(ctx, store.DestinationNext(l.name))
		if errors.Is(err, models.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		due := *d.WakeAt
		if rest := l.resting(); rest.After(due) {
			due = rest
		}
		at = models.Earliest(at, &due)
	}
	return at, nil
}

// find looks which destinations there are, one index step each.
func (c *Courier) find(ctx context.Context) (destinations []*destination, err error) {
	name := ""
	for {
		d, err := c.Deliveries.First(ctx, store.DestinationAfter(name))
		if errors.Is(err, models.NotFound) {
			return destinations, nil
		}
		if err != nil {
			return destinations, err
		}
		name = d.Destination
		destinations = append(destinations, c.destination(d))
	}
}

// destination is the destination of a delivery, made when it is first seen.
func (c *Courier) destination(d *delivery.Delivery) *destination {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.destinations[d.Destination]
	if l == nil {
		l = newDestination(c, d.Destination, c.channels[d.Channel])
		c.destinations[d.Destination] = l
	}
	return l
}

// Hold waits until nothing is in hand and lets nothing be taken until release is called. For a clock that moves.
func (c *Courier) Hold() (release func()) {
	c.still.Lock()
	c.flying.Wait()
	return c.still.Unlock
}
