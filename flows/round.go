package flows

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"xinyi/models"
	"xinyi/models/journal"
)

// A result is how one event of an outbox came out.
type result struct {
	event  models.Event
	had    []string  // subscribers that have had it, before or now
	failed []failure // subscribers that tried and could not
	behind bool      // a subscriber has not come to it: an earlier event failed, or time ran out
}

type failure struct {
	subscriber string
	err        error
}

func (res *result) delivered() bool { return len(res.failed) == 0 && !res.behind }

// again is when the event is next due: after a failure's pause, or together with the event before it.
func (res *result) again(p Patience, now time.Time, before *time.Time) *time.Time {
	if len(res.failed) == 0 {
		if res.event.AgainAt != nil && res.event.AgainAt.After(now) {
			return res.event.AgainAt
		}
		return before
	}
	var pause time.Duration
	for _, f := range res.failed {
		pause = max(pause, p.After(res.event.Tries+1, f.err))
	}
	return models.At(now.Add(max(pause, time.Millisecond)))
}

// What a subscriber did with an event.
type step struct {
	tried, behind bool
	err           error
}

// round tells events to the subscribers side by side. Each goes through them in order and stops at its first failure,
// so one that fails keeps its own order and holds up nobody else.
func (r *Relay) round(ctx context.Context, events []models.Event, now time.Time) []result {
	steps := make([][]step, len(r.subscribers))
	var group sync.WaitGroup
	for i, s := range r.subscribers {
		if !slices.ContainsFunc(events, func(e models.Event) bool { return s.Kinds(e.Kind) && !e.Reached(s.Name) }) {
			continue
		}
		steps[i] = make([]step, len(events))
		group.Go(func() { r.feed(ctx, s, events, steps[i], now) })
	}
	group.Wait()

	results := make([]result, len(events))
	for n, e := range events {
		res := result{event: e, had: slices.Clone(e.Done)}
		for i, s := range r.subscribers {
			switch {
			case steps[i] == nil:
			case steps[i][n].err != nil:
				res.failed = append(res.failed, failure{s.Name, steps[i][n].err})
			case steps[i][n].behind:
				res.behind = true
			case steps[i][n].tried:
				res.had = append(res.had, s.Name)
			}
		}
		results[n] = res
	}
	return results
}

// feed takes one subscriber through the events.
func (r *Relay) feed(ctx context.Context, s Subscriber, events []models.Event, steps []step, now time.Time) {
	stopped := false
	for n, e := range events {
		if !s.Kinds(e.Kind) || e.Reached(s.Name) {
			continue
		}
		if stopped || ctx.Err() != nil || e.AgainAt != nil && e.AgainAt.After(now) {
			steps[n].behind, stopped = true, true
			continue
		}
		err := do(ctx, s, e)
		r.Metrics.tried(s.Name, e, err, r.Store.Now())
		steps[n] = step{tried: true, err: err}
		stopped = err != nil
	}
}

// do tells one event; a panic is an error like any other.
func do(ctx context.Context, s Subscriber, e models.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = models.E(models.Internal, "internal", fmt.Errorf("%s panicked at %s: %v\n%s", s.Name, e.ID, p, debug.Stack()))
		}
	}()
	e.Done, e.AgainAt = nil, nil
	return s.Do(ctx, e)
}

// bury turns failures that are final into dead events. One that cannot be kept is tried again instead.
func (r *Relay) bury(ctx context.Context, results []result, now time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	for i := range results {
		res := &results[i]
		tries := res.event.Tries + 1
		res.failed = slices.DeleteFunc(res.failed, func(f failure) bool {
			if tries < r.Patience.Tries(f.err) {
				r.Log.WarnContext(ctx, "a subscriber failed", "subscriber", f.subscriber, "event", res.event.ID, "tries", tries, "err", f.err)
				return false
			}
			err := r.Lost.Insert(ctx, journal.NewLost(res.event, f.subscriber, f.err, tries, *models.At(now)))
			if err != nil && !errors.Is(err, models.Conflict) {
				r.Log.ErrorContext(ctx, "a dead event could not be kept", "subscriber", f.subscriber, "event", res.event.ID, "err", err)
				return false
			}
			r.Log.ErrorContext(ctx, "an event is dead", "subscriber", f.subscriber, "event", res.event.ID, "tries", tries, "err", f.err)
			r.Metrics.died.WithLabelValues(f.subscriber).Inc()
			res.had = append(res.had, f.subscriber)
			return true
		})
	}
}
