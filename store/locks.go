package store

import (
	"context"
	"sync"
)

// locks serialises the callers of one id. A lock nobody holds or waits for takes no memory.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	slot    chan struct{} // holds one token while the lock is taken
	waiters int
}

// lock waits its turn, or for ctx to end.
func (l *locks) lock(ctx context.Context, id string) (unlock func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[id]
	if k == nil {
		k = &lock{slot: make(chan struct{}, 1)}
		l.held[id] = k
	}
	k.waiters++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.waiters--; k.waiters == 0 {
			delete(l.held, id)
		}
	}
	select {
	case k.slot <- struct{}{}:
		return func() { <-k.slot; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
