package flows

import (
	"context"
	"fmt"

	"xinyi/models"
	"xinyi/models/journal"
	"xinyi/store"
)

// replay tells a dead event once more to the subscriber that gave it up.
func (r *Relay) replay(ctx context.Context, e models.Event) error {
	lost, err := r.Lost.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if lost.State != journal.Replaying {
		return nil // told twice
	}
	cause := error(models.E(models.NotFound, "events.no_such_subscriber", fmt.Errorf("no subscriber %q", lost.Subscriber)))
	if s, ok := r.subscriber(lost.Subscriber); ok {
		cause = do(ctx, s, lost.Event)
		r.Metrics.tried(s.Name, lost.Event, cause, r.Store.Now())
	}
	_, err = r.Lost.Update(ctx, lost.ID, func(l *journal.Lost) error {
		if l.State != journal.Replaying {
			return store.Unchanged()
		}
		return l.Had(cause, r.Store.Now())
	})
	return err
}

// countDead sets the gauge of dead events that wait for a decision.
func (r *Relay) countDead(ctx context.Context) {
	counts, err := r.Lost.CountBy(ctx, "subscriber", store.DeadUndecided())
	if err != nil {
		return // the next beat counts again; the poll reports a store that is down
	}
	r.Metrics.dead.Reset()
	for name, n := range counts {
		r.Metrics.dead.WithLabelValues(name).Set(float64(n))
	}
}
