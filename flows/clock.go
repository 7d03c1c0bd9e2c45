package flows

import (
	"context"
	"errors"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/sandbox"
	"xinyi/store"
)

// Clock is the time of a sandbox: the world's, moved ahead. Elsewhere the server hands out the world's own.
// A sandbox is one process; another on the same store learns of a moved clock at its next start.
type Clock struct {
	world func() time.Time

	mu     sync.RWMutex
	ahead  time.Duration
	frozen time.Time // while Advance steps; zero otherwise

	moving chan struct{} // holds one token while Advance runs
	clocks *store.Repo[sandbox.Clock]
	store  *store.Store
	relay  *Relay
	sweep  *Sweep

	courier *Courier // nil: nothing is carried out of the house
}

// NewClock makes a clock that runs with the world until Join finds out how far it is ahead.
func NewClock(world func() time.Time) *Clock {
	return &Clock{world: world, moving: make(chan struct{}, 1)}
}

// Now is the time, in UTC and whole milliseconds. It never goes back.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return c.world().Add(c.ahead).UTC().Truncate(time.Millisecond)
}

// Ahead is how far the clock is ahead of the world.
func (c *Clock) Ahead() time.Duration { return c.Now().Sub(c.world()).Round(time.Millisecond) }

// Join loads how far the clock was moved before, and gives it what Advance moves. clocks is of store.Sandbox.
func (c *Clock) Join(ctx context.Context, s *store.Store, clocks *store.Repo[sandbox.Clock], r *Relay, w *Sweep) error {
	kept, err := clocks.Get(ctx, sandbox.ClockID)
	if errors.Is(err, models.NotFound) {
		kept = &sandbox.Clock{Meta: models.Meta{ID: sandbox.ClockID}}
		err = clocks.Insert(ctx, kept)
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.clocks, c.store, c.relay, c.sweep = kept.Ahead(), clocks, s, r, w
	return nil
}

// Carry gives the clock the courier that Advance moves too. It is called once, before the first Advance.
func (c *Clock) Carry(k *Courier) { c.courier = k }

// Advance moves the clock and lives through what the time between brings, moment by moment: at each wake on the way
// the clock stands still, everything due wakes, and its events are told, before it goes on; what was being told when it
// was called is told first, and the loops of relay, sweep and courier stand aside. So forty days at once equal one day forty times. It
// answers the documents woken and the outboxes told.
//
// When ctx ends on the way, the clock stays where it came to. Errors: Conflict while another Advance runs; Invalid.
func (c *Clock) Advance(ctx context.Context, by sandbox.Span) (woken, told int, err error) {
	select {
	case c.moving <- struct{}{}:
		defer func() { <-c.moving }()
	default:
		return 0, 0, models.E(models.Conflict, "sandbox.clock_is_moving")
	}
	c.sweep.still.Lock()
	defer c.sweep.still.Unlock()
	c.relay.still.Lock()
	defer c.relay.still.Unlock()
	if err := c.relay.busy.rest(ctx); err != nil {
		return 0, 0, err
	}
	if c.courier != nil {
		defer c.courier.Hold()()
	}
	from := c.Now()
	to, err := by.From(from)
	if err != nil {
		return 0, 0, err
	}
	if err := c.keep(ctx, to); err != nil { // first: a crash on the way must not bring time back
		return 0, 0, err
	}
	c.set(from)
	c.store.Forget()
	before := c.relay.Dispatched()
	woken, err = c.walk(ctx, to)
	if err == nil {
		c.set(to)
		err = c.relay.drain(ctx)
	}
	if err != nil {
		err = errors.Join(err, c.keep(context.WithoutCancel(ctx), c.Now()))
	}
	c.run()
	return woken, int(c.relay.Dispatched() - before), err
}

// walk goes from one moment to the next up to to: a wake, an outbox that is due, for a retry comes at its moment too, or
// something to be sent. At the same moment what has happened is told before anything wakes, and sent last.
func (c *Clock) walk(ctx context.Context, to time.Time) (woken int, err error) {
	var idle time.Time // a moment at which the courier found nothing to do after all
	for {
		tell, err := c.store.Earliest(ctx, store.PublishAt)
		if err != nil {
			return woken, err
		}
		wake, err := c.store.Earliest(ctx, store.WakeAt)
		if err != nil {
			return woken, err
		}
		if now := c.Now(); wake != nil && wake.Before(now) {
			wake = &now
		}
		send, err := c.sending(ctx)
		if err != nil {
			return woken, err
		}
		if send != nil && !send.After(idle) {
			send = nil
		}
		first := models.Earliest(tell, wake, send)
		if first == nil || first.After(to) {
			return woken, nil
		}
		c.set(*first)
		n, dealt := 0, 1
		switch {
		case tell != nil && !tell.After(*first):
			err = c.relay.drain(ctx)
		case wake != nil && !wake.After(*first):
			n, err = c.wake(ctx)
		default:
			dealt, err = c.courier.Round(ctx)
		}
		if woken += n; err != nil {
			return woken, err
		}
		if dealt == 0 {
			idle = c.Now()
		}
	}
}

func (c *Clock) wake(ctx context.Context) (woken int, err error) {
	for _, f := range c.store.Due(c.Now(), store.WakeAt) {
		n, err := c.sweep.Collection(ctx, f, c.Now())
		woken += n
		if err != nil {
			return woken, err
		}
	}
	return woken, nil
}

// sending is when the courier is next to do something.
func (c *Clock) sending(ctx context.Context) (*time.Time, error) {
	if c.courier == nil {
		return nil, nil
	}
	return c.courier.Next(ctx)
}

// set stops the clock at t, or where it is when that is later.
func (c *Clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.frozen) {
		c.frozen = t
	}
}

// run lets the clock go on from where it stands.
func (c *Clock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.frozen = c.frozen.Sub(c.world()), time.Time{}
}

// keep saves that the clock shows t now.
func (c *Clock) keep(ctx context.Context, t time.Time) error {
	ahead := t.Sub(c.world()).Milliseconds()
	_, err := c.clocks.Update(ctx, sandbox.ClockID, func(k *sandbox.Clock) error {
		k.AheadMs = ahead + 1 // rounded up: a restart comes back a moment later, never earlier
		return nil
	})
	return err
}
