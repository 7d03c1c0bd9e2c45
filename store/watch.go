package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// The reasons for which an engine cannot be written while it may still be read; each is models.Unavailable.
const (
	Full     = "store.full"      // the disk, or what was allowed of it, is full
	Gone     = "store.gone"      // the files are not where they were opened
	ReadOnly = "store.read_only" // they may not be written
	Broken   = "store.io"        // the disk fails
	Corrupt  = "store.corrupt"   // a page is not what was written
)

// Unwritable is the error for one of these reasons.
func Unwritable(reason string, cause error) *models.Error {
	e := models.E(models.Unavailable, reason, cause)
	e.RetryAfter = retryAfter
	return e
}

// How often a Watch writes to find out how the engine is, and when a refused caller may ask again.
const (
	wellFor    = 5 * time.Second  // a good answer holds so long
	illFor     = time.Second      // a bad one
	corruptFor = 30 * time.Second // a bad one that is costly to find out
	retryAfter = 10 * time.Second
)

// A Watch is an engine that knows whether it can be written: it learns from every write, and tries by itself when asked. While it cannot,
// callers are refused before they begin (Writable), reads go on, and the first write that succeeds ends it.
type Watch struct {
	Engine
	now   func() time.Time // the time outside
	fault atomic.Pointer[models.Error]

	mu   sync.Mutex // one try at a time
	made bool       // the place for tries
	last time.Time  // of a try
	said error      // what it came to
}

// NewWatch watches over an engine.
func NewWatch(e Engine, now func() time.Time) *Watch { return &Watch{Engine: e, now: now} }

// saw learns from a write or a read.
func (w *Watch) saw(wrote bool, err error) error {
	known := w.fault.Load()
	var e *models.Error
	switch {
	case err == nil:
		if known != nil && wrote && known.Reason != Corrupt { // pages do not heal by a write elsewhere
			w.fault.CompareAndSwap(known, nil)
		}
	case errors.As(err, &e) && strings.HasPrefix(e.Reason, "store.") && e.Code == models.Unavailable && (wrote || e.Reason == Corrupt):
		w.fault.CompareAndSwap(known, e)
	}
	return err
}

// Insert is that of the engine, as Replace, Delete and Expire are.
func (w *Watch) Insert(ctx context.Context, c Collection, docs ...bson.Raw) error {
	return w.saw(true, w.Engine.Insert(ctx, c, docs...))
}

// Replace is that of the engine.
func (w *Watch) Replace(ctx context.Context, c Collection, id string, read int64, doc bson.Raw) (bool, error) {
	saved, err := w.Engine.Replace(ctx, c, id, read, doc)
	return saved, w.saw(true, err)
}

// Delete is that of the engine.
func (w *Watch) Delete(ctx context.Context, c Collection, ids ...string) error {
	return w.saw(true, w.Engine.Delete(ctx, c, ids...))
}

// Expire is that of the engine.
func (w *Watch) Expire(ctx context.Context, c Collection, now time.Time, ids ...string) error {
	return w.saw(true, w.Engine.Expire(ctx, c, now, ids...))
}

// Get is that of the engine.
func (w *Watch) Get(ctx context.Context, c Collection, id string) (bson.Raw, error) {
	raw, err := w.Engine.Get(ctx, c, id)
	return raw, w.saw(false, err)
}

// Find is that of the engine.
func (w *Watch) Find(ctx context.Context, c Collection, s Scan) ([]bson.Raw, error) {
	raws, err := w.Engine.Find(ctx, c, s)
	return raws, w.saw(false, err)
}

// Writable refuses what would write while nothing can be written. It tries again, but not for every caller.
func (w *Watch) Writable(ctx context.Context) error {
	if w.fault.Load() == nil {
		return nil
	}
	return w.Ping(ctx)
}

// Ping says whether the engine can be read and written: it keeps a document, reads it and removes it, when it has not done so for a while.
func (w *Watch) Ping(ctx context.Context) error {
	fault := w.fault.Load()
	if !w.mu.TryLock() { // somebody is trying: what is known holds until then
		if fault != nil {
			return fault
		}
		return nil
	}
	lasts := wellFor
	switch {
	case fault != nil && fault.Reason == Corrupt && w.said != nil:
		lasts = corruptFor
	case fault != nil || w.said != nil:
		lasts = illFor
	}
	if since := w.now().Sub(w.last); since >= 0 && since < lasts {
		defer w.mu.Unlock()
		if fault != nil {
			return fault
		}
		return w.said
	}
	done := make(chan error, 1)
	go func() {
		defer w.mu.Unlock()
		err := w.try(context.WithoutCancel(ctx))
		w.last, w.said = w.now(), err
		if err == nil {
			w.fault.Store(nil)
		}
		done <- w.saw(true, err)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done(): // a disk that hangs: the next to ask hears what came of it
		return models.E(models.Unavailable, "unavailable", ctx.Err())
	}
}

// pulses holds the document of a try, for as long as the try takes. Servers that share a store may meet in it, which is no fault.
var pulses = Collection{Name: "pulses"}

// pulseSize is more than a page has room for, so that a full disk is noticed before it hits somebody.
const pulseSize = 16 << 10

func (w *Watch) try(ctx context.Context) error {
	const id = "pulse"
	err := w.Engine.Ping(ctx)
	if err == nil && !w.made {
		err = w.Ensure(ctx, pulses)
		w.made = err == nil
	}
	var doc bson.Raw
	if err == nil {
		doc, err = bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "version", Value: int64(1)}, {Key: "pad", Value: make([]byte, pulseSize)}})
	}
	if err == nil {
		err = w.Engine.Delete(ctx, pulses, id) // what a crash has left
	}
	if err == nil {
		if err = w.Engine.Insert(ctx, pulses, doc); errors.Is(err, models.Conflict) {
			err = nil
		}
	}
	if err == nil {
		if _, err = w.Engine.Get(ctx, pulses, id); errors.Is(err, models.NotFound) {
			err = nil
		}
	}
	if err == nil {
		err = w.Engine.Delete(ctx, pulses, id)
	}
	return err
}
