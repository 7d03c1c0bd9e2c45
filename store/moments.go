package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/models"
)

// A Moment is a path of the head that says when a document is next due.
type Moment string

// The moments of a document.
const (
	PublishAt Moment = "tellAt" // its events are due
	WakeAt    Moment = "wakeAt" // it is to wake
	GoneAt    Moment = "goneAt" // it is to be deleted
)

var moments = []Moment{PublishAt, WakeAt, GoneAt}

// A horizon is what this process knows of the next moments of one collection. Each is a lower bound: every save lowers it
// after the write, and only a reading of the collection raises it. So nothing due is missed, and an early bound costs one reading.
type horizon struct {
	mu    sync.Mutex
	known map[Moment]*bound
	news  map[Moment]time.Time // noted since the other servers were last told
}

type bound struct {
	reading sync.Mutex // one reading at a time
	sure    bool       // false: nobody has read it yet, or it was forgotten
	at      *time.Time
	noted   *time.Time // the earliest saved since the last reading began
	forgot  bool       // since the last reading began
}

func newHorizon() *horizon {
	h := &horizon{known: make(map[Moment]*bound), news: make(map[Moment]time.Time)}
	for _, m := range moments {
		h.known[m] = &bound{}
	}
	return h
}

// note lowers what is known.
func (h *horizon) note(m Moment, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.known[m]
	b.at, b.noted = models.Earliest(b.at, &at), models.Earliest(b.noted, &at)
}

// save notes the moments of documents that were written, or may have been, and keeps them for the other servers.
func (h *horizon) save(docs ...bson.Raw) {
	for _, doc := range docs {
		for _, m := range moments {
			at, ok := doc.Lookup(string(m)).TimeOK()
			if !ok {
				continue
			}
			h.note(m, at.UTC())
			h.mu.Lock()
			if before, is := h.news[m]; !is || at.Before(before) {
				h.news[m] = at.UTC()
			}
			h.mu.Unlock()
		}
	}
}

// take answers what was saved since the last call.
func (h *horizon) take() map[Moment]time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	changed := h.news
	h.news = make(map[Moment]time.Time)
	return changed
}

func (h *horizon) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.known {
		b.sure, b.forgot = false, true
	}
}

// Known is the earliest moment of the collection as far as this process knows, nil for none. The true one is never earlier, but
// for what another server saved in this second. It reads nothing. sure is false when the collection must be read.
func (r *documents) Known(m Moment) (at *time.Time, sure bool) {
	r.horizon.mu.Lock()
	defer r.horizon.mu.Unlock()
	b := r.horizon.known[m]
	return b.at, b.sure
}

// Earliest reads the earliest moment of the collection, nil for none, and knows it from then on.
func (r *documents) Earliest(ctx context.Context, m Moment) (*time.Time, error) {
	h := r.horizon
	b := h.known[m]
	b.reading.Lock()
	defer b.reading.Unlock()
	h.mu.Lock()
	b.noted, b.forgot = nil, false
	h.mu.Unlock()
	_, raws, _, err := r.raws(ctx, Where(string(m), Range, nil, nil).Asc(string(m)), 1)
	if err != nil {
		return nil, err
	}
	var read *time.Time
	if len(raws) > 0 {
		read = models.At(raws[0].Lookup(string(m)).Time())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	b.at, b.sure = models.Earliest(read, b.noted), !b.forgot
	return b.at, nil
}

// Forget has the next moments of the collection read anew.
func (r *documents) Forget() { r.horizon.forget() }

// Sleeps says whether documents of the collection wake.
func (r *documents) Sleeps() bool { return r.sleeps }

// Due are the collections to be asked at now: those of which a moment may have come. It reads nothing.
func (s *Store) Due(now time.Time, of ...Moment) []AnyRepo {
	return slices.DeleteFunc(s.Collections(), func(f AnyRepo) bool {
		return !slices.ContainsFunc(of, func(m Moment) bool {
			at, sure := f.Known(m)
			return (m != WakeAt || f.Sleeps()) && (!sure || at != nil && !at.After(now))
		})
	})
}

// Earliest is the earliest moment of all collections, nil for none. It reads only those that may have it.
func (s *Store) Earliest(ctx context.Context, m Moment) (*time.Time, error) {
	for {
		var at *time.Time
		var first AnyRepo
		for _, f := range s.Collections() {
			if m == WakeAt && !f.Sleeps() {
				continue
			}
			known, sure := f.Known(m)
			if !sure {
				first = f
				break
			}
			if known != nil && (at == nil || known.Before(*at)) {
				first, at = f, known
			}
		}
		if first == nil {
			return nil, nil
		}
		_, sure := first.Known(m)
		read, err := first.Earliest(ctx, m)
		if err != nil || sure && read != nil && at != nil && !read.After(*at) {
			return read, err
		}
	}
}

// Forget has the next moments of all collections read anew.
func (s *Store) Forget() {
	for _, f := range s.Collections() {
		f.Forget()
	}
}

// horizon is that of a collection, one for all its repos.
func (s *Store) horizon(name string) *horizon {
	if s.horizons == nil {
		s.horizons = map[string]*horizon{}
	}
	if s.horizons[name] == nil {
		s.horizons[name] = newHorizon()
	}
	return s.horizons[name]
}
