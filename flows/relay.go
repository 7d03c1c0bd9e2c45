package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
)

// Bounds of the relay.
const (
	atOnce   = 8   // documents told, or woken, side by side
	listed   = 200 // documents listed at a time
	inline   = 5 * time.Second
	polled   = 15 * time.Second
	counting = 5               // beats between two counts of the dead
	settling = 5 * time.Second // the bookkeeping write after the bound ran out
)

// Relay tells saved events to their subscribers.
//
// A save that puts the first events into an outbox holds the claim on it (tellAt one lease ahead) and tells them before
// the request answers, so a client that reads next sees what followed. A save that finds the outbox claimed only
// appends; who holds the claim goes on until the outbox is empty. What a crash or a slow subscriber left is found by
// Poll, which claims it by moving tellAt forward: of two relays one wins. A claim that runs out while somebody still
// tells, because the clock jumped or the process stood still, costs a second telling and nothing else.
type Relay struct {
	Store    *store.Store
	Lost     *store.Repo[journal.Lost] // store.Dead
	Log      *slog.Logger
	Metrics  *Metrics
	Patience Patience
	Inline   time.Duration // how long a request waits for its own events to be told; below the store's lease
	Polled   time.Duration // how long Poll tells one outbox

	subscribers []Subscriber
	busy        busy
	still       sync.RWMutex // held by a clock that moves: it polls by itself, and Run leaves the beat out
	dispatched  atomic.Int64 // outboxes told since the start
}

// NewRelay makes a relay and has s call it after every save with events. Subscribe before the first save.
func NewRelay(s *store.Store, lost *store.Repo[journal.Lost], log *slog.Logger, m *Metrics) *Relay {
	r := &Relay{Store: s, Lost: lost, Log: log, Metrics: m, Patience: DefaultPatience, Inline: inline, Polled: polled}
	r.subscribers = []Subscriber{{Name: "replay", Kinds: Kinds(journal.EventReplayed), Do: r.replay}}
	s.OnSave(r.Dispatch)
	return r
}

// Subscribe adds subscribers. Errors: Internal for a name that is empty or taken.
func (r *Relay) Subscribe(subs ...Subscriber) error {
	for _, s := range subs {
		if _, taken := r.subscriber(s.Name); taken || s.Name == "" || s.Kinds == nil || s.Do == nil {
			return models.E(models.Internal, "internal", fmt.Errorf("subscriber %q is incomplete or its name is taken", s.Name))
		}
		r.subscribers = append(r.subscribers, s)
	}
	return nil
}

func (r *Relay) subscriber(name string) (Subscriber, bool) {
	for _, s := range r.subscribers {
		if s.Name == name {
			return s, true
		}
	}
	return Subscriber{}, false
}

// Dispatch tells the outbox of a document whose last save claimed it. It does not end with ctx, whose client may leave,
// but after Inline, even when a subscriber ignores that its time is over; what is left then is told aside, or left to
// Poll. It never fails a save: the events are safe in the outbox.
func (r *Relay) Dispatch(ctx context.Context, f store.AnyRepo, id string) {
	free, ok := r.busy.try(f, id)
	if !ok {
		return // told here already, after a claim that ran out; the poll finds the rest
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Inline)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		defer free()
		r.own(ctx, f, id)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// own tells an outbox under the claim its save made.
func (r *Relay) own(ctx context.Context, f store.AnyRepo, id string) {
	head, err := f.Peek(ctx, id)
	if err == nil && head.PublishAt != nil {
		err = r.dispatch(ctx, f, id, head.Outbox, *head.PublishAt)
	}
	if err != nil && !errors.Is(err, models.NotFound) {
		r.Log.WarnContext(ctx, "telling was left to the poll", "collection", f.Collection().Name, "id", id, "err", err)
	}
}

// Poll goes once over all collections and tells what is due. It answers how many outboxes it claimed.
func (r *Relay) Poll(ctx context.Context) (int, error) { return r.poll(ctx, r.Store.Collections()) }

func (r *Relay) poll(ctx context.Context, repos []store.AnyRepo) (claimed int, err error) {
	var faults []error
	for _, f := range repos {
		n, err := r.collection(ctx, f)
		claimed += n
		if err == nil {
			err = r.overdue(ctx, f)
		}
		faults = append(faults, err)
	}
	return claimed, errors.Join(faults...)
}

// collection is poll for one collection.
func (r *Relay) collection(ctx context.Context, f store.AnyRepo) (int, error) {
	ids, err := f.Untold(ctx, r.Store.Now(), listed)
	if err != nil {
		return 0, err
	}
	var claimed atomic.Int64
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, id := range ids {
		group.Go(func() error {
			ok, err := r.claim(ctx, f, id)
			if ok {
				claimed.Add(1)
			}
			if err != nil && !errors.Is(err, models.NotFound) {
				return fmt.Errorf("%s %s: %w", f.Collection().Name, id, err)
			}
			return nil
		})
	}
	err = group.Wait()
	return int(claimed.Load()), err
}

// claim takes a due outbox and tells it; false when another relay was first.
func (r *Relay) claim(ctx context.Context, f store.AnyRepo, id string) (bool, error) {
	free, err := r.busy.wait(ctx, f, id)
	if err != nil {
		return false, err
	}
	defer free()
	var until *time.Time
	var events []models.Event
	err = f.Touch(ctx, id, func(h *models.Meta) error {
		now := r.Store.Now()
		until, events = nil, nil
		if h.PublishAt == nil || h.PublishAt.After(now) {
			return store.Unchanged()
		}
		h.PublishAt = models.At(now.Add(r.Store.Lease))
		until, events = h.PublishAt, h.Outbox
		return nil
	})
	if err != nil || until == nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Polled)
	defer cancel()
	return true, r.dispatch(ctx, f, id, events, *until)
}

// dispatch tells events, all that the outbox holds under the claim until, and goes on with what is appended meanwhile.
func (r *Relay) dispatch(ctx context.Context, f store.AnyRepo, id string, events []models.Event, until time.Time) error {
	for {
		now := r.Store.Now()
		results := r.round(ctx, events, now)
		r.bury(ctx, results, now)
		again, err := r.settle(ctx, f, id, results, until)
		if err != nil {
			return err
		}
		if again == nil {
			r.dispatched.Add(1)
			return ctx.Err()
		}
		events, until = again.Outbox, *again.PublishAt
	}
}

// settle takes what was told out of the outbox in one write. It answers the head when the claim goes on because
// events were appended meanwhile, and nil when this relay is done with the outbox.
func (r *Relay) settle(ctx context.Context, f store.AnyRepo, id string, results []result, until time.Time) (*models.Meta, error) {
	bounded := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	var again *models.Meta
	err := f.Touch(ctx, id, func(h *models.Meta) error {
		again = nil
		now := r.Store.Now()
		held := h.PublishAt != nil && h.PublishAt.Equal(until)
		fresh := r.keep(h, results, now)
		switch {
		case len(h.Outbox) == 0:
			h.PublishAt = nil
		case !held: // the claim ran out and somebody else has it
		case fresh && bounded:
			h.PublishAt = models.At(now)
		case fresh:
			h.PublishAt = models.At(now.Add(r.Store.Lease))
			again = &models.Meta{Outbox: h.Outbox, PublishAt: h.PublishAt}
		default:
			h.PublishAt = nil
			for _, e := range h.Outbox {
				h.PublishAt = models.Earliest(h.PublishAt, e.AgainAt)
			}
		}
		return nil
	})
	return again, err
}

// keep leaves in the outbox what is not told yet, and says whether events are there that were appended meanwhile.
func (r *Relay) keep(h *models.Meta, results []result, now time.Time) (fresh bool) {
	of := make(map[string]*result, len(results))
	for i := range results {
		of[results[i].event.ID] = &results[i]
	}
	var left []models.Event
	before := models.At(now)
	for _, e := range h.Outbox {
		res, tried := of[e.ID]
		switch {
		case !tried:
			fresh = fresh || e.AgainAt == nil
			left = append(left, e)
		case !res.delivered():
			e.Done, e.Tries = res.had, res.event.Tries
			e.AgainAt = res.again(r.Patience, now, before)
			if len(res.failed) > 0 {
				e.Tries++
			}
			before = e.AgainAt
			left = append(left, e)
		}
	}
	h.Outbox = left
	return fresh
}

// Drain polls until nothing is due. For tests and the sandbox.
func (r *Relay) Drain(ctx context.Context) error {
	r.Store.Forget()
	return r.drain(ctx)
}

// drain is Drain of what this process knows.
func (r *Relay) drain(ctx context.Context) error {
	for {
		n, err := r.poll(ctx, r.Store.Due(r.Store.Now(), store.PublishAt))
		if n == 0 || err != nil {
			return err
		}
	}
}

// Run tells what is due every so often until ctx ends. A beat at which nothing is due reads nothing.
func (r *Relay) Run(ctx context.Context, every time.Duration) {
	beats := 0
	beat(ctx, every, func() {
		if !r.still.TryRLock() {
			return
		}
		defer r.still.RUnlock()
		if _, err := r.poll(ctx, r.Store.Due(r.Store.Now(), store.PublishAt)); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "the relay's poll failed", "err", err)
		}
		if beats%counting == 0 {
			r.countDead(ctx)
		}
		beats++
	})
}

// Dispatched is how many outboxes were told since the start, inline and by the poll.
func (r *Relay) Dispatched() int64 { return r.dispatched.Load() }

// overdue reads how long the oldest outbox of a collection has waited.
func (r *Relay) overdue(ctx context.Context, f store.AnyRepo) error {
	at, err := f.Earliest(ctx, store.PublishAt)
	if err == nil {
		r.Metrics.late.WithLabelValues(f.Collection().Name).Set(overdueFor(at, r.Store.Now()))
	}
	return err
}

// overdueFor is for how many seconds at has been over, 0 for nil.
func overdueFor(at *time.Time, now time.Time) float64 {
	if at == nil {
		return 0
	}
	return max(0, now.Sub(*at).Seconds())
}

// beat calls do now and then every so often until ctx ends.
func beat(ctx context.Context, every time.Duration, do func()) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
