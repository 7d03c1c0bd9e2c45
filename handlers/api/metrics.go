package api

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// metrics counts what passes the router.
type metrics struct {
	count    *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	streams  prometheus.Gauge
	other    routeMetrics
}

// routeMetrics are a route's own counters, by the first digit of the status; the time to answer is its group's. A series begins with the
// first answer it counts: hundreds of routes that nobody calls say nothing.
type routeMetrics struct {
	of                   *metrics
	method, route, group string
	count                [6]atomic.Pointer[prometheus.Counter]
	latency              atomic.Pointer[prometheus.Observer]
}

func newMetrics(reg *prometheus.Registry) *metrics {
	m := &metrics{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinyi_http_requests_total", Help: "Requests answered, by route and status class."}, []string{"method", "route", "class"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "xinyi_http_request_seconds", Help: "Time to answer, by group of routes.",
			Buckets: []float64{.005, .01, .025, .1, .25, 1, 8}}, []string{"group"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "xinyi_http_in_flight", Help: "Requests being answered."}),
		streams:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "xinyi_streams", Help: "Streams of live updates that are open."}),
	}
	reg.MustRegister(m.count, m.latency, m.inFlight, m.streams)
	// A registry that other parts have filled may know the runtime already.
	_ = reg.Register(collectors.NewGoCollector())                                       //nolint:errcheck // only "already registered"
	_ = reg.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) //nolint:errcheck // only "already registered"
	m.other.is(m, "", "none", "none")
	return m
}

// is says what s counts.
func (s *routeMetrics) is(of *metrics, method, route, group string) {
	s.of, s.method, s.route, s.group = of, method, route, group
}

// classes are the names of the status classes.
var classes = [6]string{"", "1xx", "2xx", "3xx", "4xx", "5xx"}

// saw counts one answer that took d.
func (s *routeMetrics) saw(status int, d time.Duration) {
	class := min(max(status/100, 1), 5)
	count, latency := s.count[class].Load(), s.latency.Load()
	if count == nil {
		c := s.of.count.WithLabelValues(s.method, s.route, classes[class])
		count = &c
		s.count[class].Store(count)
	}
	if latency == nil {
		l := s.of.latency.WithLabelValues(s.group)
		latency = &l
		s.latency.Store(latency)
	}
	(*count).Inc()
	(*latency).Observe(d.Seconds())
}
