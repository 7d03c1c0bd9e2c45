package flows

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
)

// Metrics are what an operator watches of the relay and the sweep.
type Metrics struct {
	dispatched *prometheus.CounterVec   // subscriber
	failed     *prometheus.CounterVec   // subscriber, code
	died       *prometheus.CounterVec   // subscriber
	dead       *prometheus.GaugeVec     // subscriber
	lag        *prometheus.HistogramVec // subscriber; seconds from the event to its telling
	late       *prometheus.GaugeVec     // collection; seconds the oldest untold outbox is overdue
	woken      *prometheus.CounterVec   // collection
	asleep     *prometheus.CounterVec   // collection; wakes that failed
	behind     *prometheus.GaugeVec     // collection; seconds the oldest wake is overdue
	deleted    *prometheus.CounterVec   // collection
}

// NewMetrics registers the metrics. It panics when they are registered already.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "xinyi", Name: name, Help: help}, labels)
		reg.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "xinyi", Name: name, Help: help}, labels)
		reg.MustRegister(v)
		return v
	}
	lag := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "xinyi", Name: "event_lag_seconds", Help: "From an event to its telling.",
		Buckets: []float64{.005, .1, .5, 2, 10, 60, 3600, 86400},
	}, []string{"subscriber"})
	reg.MustRegister(lag)
	return &Metrics{
		dispatched: counter("events_told_total", "Events a subscriber has had.", "subscriber"),
		failed:     counter("events_failed_total", "Tries of a subscriber that failed.", "subscriber", "code"),
		died:       counter("events_died_total", "Events a subscriber gave up.", "subscriber"),
		dead:       gauge("events_dead", "Dead events that wait for a decision.", "subscriber"),
		lag:        lag,
		late:       gauge("events_overdue_seconds", "How long the oldest due outbox has waited.", "collection"),
		woken:      counter("wakes_total", "Documents woken.", "collection"),
		asleep:     counter("wakes_failed_total", "Wakes that failed.", "collection"),
		behind:     gauge("wakes_overdue_seconds", "How long the oldest due wake has waited.", "collection"),
		deleted:    counter("documents_expired_total", "Documents deleted at the end of their time.", "collection"),
	}
}

func (m *Metrics) tried(subscriber string, e models.Event, err error, now time.Time) {
	if err != nil {
		m.failed.WithLabelValues(subscriber, string(models.CodeOf(err))).Inc()
		return
	}
	m.dispatched.WithLabelValues(subscriber).Inc()
	m.lag.WithLabelValues(subscriber).Observe(max(0, now.Sub(e.At).Seconds()))
}
