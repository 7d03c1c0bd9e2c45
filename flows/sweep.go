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
	"xinyi/store"
)

// Sweep wakes documents whose time has come, in the order in which it came, and deletes those whose time is over.
type Sweep struct {
	Store   *store.Store
	Log     *slog.Logger
	Metrics *Metrics
	Peers   *store.Peers // nil: no other server shares the store

	busy  busy
	still sync.RWMutex // held by a clock that moves: it wakes by itself, and Run leaves the beat out
	mu    sync.Mutex
	fails map[string]int // collection/id → wakes that failed in a row
}

// The pauses of a document whose wake fails double from the first to the last.
const (
	firstRest = time.Minute
	lastRest  = time.Hour
	rereading = 5  // beats until the next collection is read anew
	maxWakes  = 20 // of one document in one round; more means that it never gets past now
)

// NewSweep makes a sweep.
func NewSweep(s *store.Store, log *slog.Logger, m *Metrics) *Sweep {
	return &Sweep{Store: s, Log: log, Metrics: m, fails: map[string]int{}}
}

// Round wakes everything that is due by now, until nothing is. A document whose wake fails is put off and stops
// nobody; its error is logged and counted, not answered. err is the store's.
func (s *Sweep) Round(ctx context.Context, now time.Time) (int, error) {
	var woken int
	var faults []error
	for _, f := range s.Store.Collections() {
		n, err := s.Collection(ctx, f, now)
		woken += n
		if err != nil {
			faults = append(faults, err)
		}
	}
	return woken, errors.Join(faults...)
}

// Collection is Round for one collection.
func (s *Sweep) Collection(ctx context.Context, f store.AnyRepo, now time.Time) (int, error) {
	var woken atomic.Int64
	wakes := map[string]int{}
	for ctx.Err() == nil {
		ids, err := f.Due(ctx, now, listed)
		if err != nil {
			return int(woken.Load()), err
		}
		if err := s.behind(ctx, f, now); err != nil {
			return int(woken.Load()), err
		}
		if len(ids) == 0 {
			break
		}
		var group errgroup.Group
		group.SetLimit(atOnce)
		for _, id := range ids {
			wakes[id]++
			stuck := wakes[id] > maxWakes
			group.Go(func() error {
				ok, err := s.wake(ctx, f, id, now, stuck)
				if ok {
					woken.Add(1)
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			return int(woken.Load()), err
		}
	}
	return int(woken.Load()), ctx.Err()
}

var errStuck = errors.New("its wakeAt never gets past now")

// wake wakes one document, or puts it off when it fails. err is the store's when not even that can be saved.
func (s *Sweep) wake(ctx context.Context, f store.AnyRepo, id string, now time.Time, stuck bool) (bool, error) {
	name := f.Collection().Name
	err := error(models.E(models.Internal, "internal", errStuck))
	if !stuck {
		err = safely(func() error { return f.Wake(ctx, id, now) })
	}
	if err == nil || errors.Is(err, models.NotFound) {
		s.succeeded(name + "/" + id)
		s.Metrics.woken.WithLabelValues(name).Inc()
		return err == nil, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	rest, first := s.failed(name + "/" + id)
	s.Metrics.asleep.WithLabelValues(name).Inc()
	if first {
		s.Log.ErrorContext(ctx, "a document does not wake", "collection", name, "id", id, "err", err)
	}
	err = f.Touch(ctx, id, func(h *models.Meta) error {
		if h.WakeAt == nil || h.WakeAt.After(now) {
			return store.Unchanged()
		}
		h.WakeAt = models.At(now.Add(rest))
		return nil
	})
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	return false, err
}

// safely runs do; a panic is an error like any other.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = models.E(models.Internal, "internal", fmt.Errorf("panic: %v", p))
		}
	}()
	return do()
}

// failed counts a failure and answers how long the document rests, and whether it is the first in a row.
func (s *Sweep) failed(key string) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.fails[key]
	s.fails[key] = n + 1
	return min(firstRest<<min(n, 10), lastRest), n == 0
}

func (s *Sweep) succeeded(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.fails, key)
}

// behind reads how long the oldest wake of a collection has waited.
func (s *Sweep) behind(ctx context.Context, f store.AnyRepo, now time.Time) error {
	at, err := f.Earliest(ctx, store.WakeAt)
	if err == nil {
		s.Metrics.behind.WithLabelValues(f.Collection().Name).Set(overdueFor(at, now))
	}
	return err
}

// Expire deletes the documents of a collection whose time is over.
func (s *Sweep) Expire(ctx context.Context, f store.AnyRepo, now time.Time) (int, error) {
	deleted := 0
	for {
		ids, err := f.Gone(ctx, now, listed)
		if err == nil && len(ids) == 0 {
			_, err = f.Earliest(ctx, store.GoneAt)
			return deleted, err
		}
		if err != nil {
			return deleted, err
		}
		if err := f.Expire(ctx, now, ids...); err != nil {
			return deleted, err
		}
		deleted += len(ids)
		s.Metrics.deleted.WithLabelValues(f.Collection().Name).Add(float64(len(ids)))
	}
}

// Run sweeps what is due every so often until ctx ends, each collection beside the others. A beat at which nothing is due
// asks no collection; one after the other is read anew, so that what no process saw being saved is found too.
func (s *Sweep) Run(ctx context.Context, every time.Duration) {
	var group sync.WaitGroup
	defer group.Wait()
	beats := 0
	beat(ctx, every, func() { s.beat(ctx, beats, &group); beats++ })
}

// beat is one beat of Run; what it began is in the group.
func (s *Sweep) beat(ctx context.Context, n int, group *sync.WaitGroup) {
	if repos := s.Store.Collections(); n%rereading == rereading-1 {
		repos[n/rereading%len(repos)].Forget()
	}
	if s.Peers != nil {
		if err := s.Peers.Exchange(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "the servers could not tell each other what is due", "err", err)
		}
	}
	for _, f := range s.Store.Due(s.Store.Now(), store.WakeAt, store.GoneAt) {
		if free, ok := s.busy.try(f, ""); ok {
			group.Go(func() { defer free(); s.turn(ctx, f) })
		}
	}
}

// turn sweeps one collection.
func (s *Sweep) turn(ctx context.Context, f store.AnyRepo) {
	if !s.still.TryRLock() {
		return
	}
	defer s.still.RUnlock()
	now := s.Store.Now()
	_, err := s.Collection(ctx, f, now)
	if err == nil {
		_, err = s.Expire(ctx, f, now)
	}
	if err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "a sweep failed", "collection", f.Collection().Name, "err", err)
	}
}
