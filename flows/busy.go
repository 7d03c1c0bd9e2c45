package flows

import (
	"context"
	"maps"
	"slices"
	"sync"

	"xinyi/models"
	"xinyi/store"
)

// busy keeps two tellers of one process off the same outbox. Between processes the claim does that; inside one it
// may run out early when a sandbox moves its clock.
type busy struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the outbox is free again
}

// try takes an outbox if it is free.
func (b *busy) try(f store.AnyRepo, id string) (free func(), ok bool) {
	free, taken := b.take(f.Collection().Name + "/" + id)
	return free, taken == nil
}

// wait takes an outbox when it is free, or ends with ctx. A teller must not wait: it may be the one waited for.
func (b *busy) wait(ctx context.Context, f store.AnyRepo, id string) (func(), error) {
	for {
		free, taken := b.take(f.Collection().Name + "/" + id)
		if taken == nil {
			return free, nil
		}
		select {
		case <-taken:
		case <-ctx.Done():
			return nil, models.E(models.Unavailable, "unavailable", ctx.Err())
		}
	}
}

// rest waits until what is being told at this moment is told. Errors: Unavailable when ctx ends first.
func (b *busy) rest(ctx context.Context) error {
	b.mu.Lock()
	held := slices.Collect(maps.Values(b.held))
	b.mu.Unlock()
	for _, told := range held {
		select {
		case <-told:
		case <-ctx.Done():
			return models.E(models.Unavailable, "unavailable", ctx.Err())
		}
	}
	return nil
}

func (b *busy) take(key string) (free func(), taken chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if taken = b.held[key]; taken != nil {
		return nil, taken
	}
	if b.held == nil {
		b.held = map[string]chan struct{}{}
	}
	done := make(chan struct{})
	b.held[key] = done
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.held, key)
		close(done)
	}, nil
}
