package api

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
)

// streams are the open streams of this process.
type streams struct {
	bounds StreamBounds
	gauge  prometheus.Gauge

	mu     sync.Mutex
	open   map[*stream]bool
	of     map[string]int // by principal
	closed bool
}

func newStreams(b StreamBounds, gauge prometheus.Gauge) *streams {
	return &streams{bounds: b.orDefault(), gauge: gauge, open: map[*stream]bool{}, of: map[string]int{}}
}

// enter gives s a place, and how to give it back. Errors: Limited for one too many of who, Unavailable when the process is
// full or stops.
func (l *streams) enter(s *stream, who string) (leave func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, models.E(models.Unavailable, "unavailable")
	case l.of[who] >= l.bounds.Each:
		e := models.E(models.Limited, "stream.too_many")
		e.RetryAfter = l.bounds.Ping // by then a line that broke is noticed
		return nil, e
	case len(l.open) >= l.bounds.All:
		e := models.E(models.Unavailable, "stream.full")
		e.RetryAfter = l.bounds.Ping
		return nil, e
	}
	l.open[s] = true
	l.of[who]++
	l.gauge.Inc()
	return sync.OnceFunc(func() { l.leave(s, who) }), nil
}

func (l *streams) leave(s *stream, who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, s)
	if l.of[who]--; l.of[who] == 0 {
		delete(l.of, who)
	}
	l.gauge.Dec()
}

// close ends every stream. Clients that take nothing are cut off soon after.
func (l *streams) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for s := range l.open {
		s.cancel()
		time.AfterFunc(l.bounds.farewell, s.cut)
	}
}
