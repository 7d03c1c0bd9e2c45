package api

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts what passes the door.
type metrics struct {
	count    *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	streams  prometheus.Gauge
	other    routeMetrics
}

// routeMetrics are a route's own counters, by the first digit of the status.
type routeMetrics struct {
	count   [6]prometheus.Counter
	latency [6]prometheus.Observer
}

func newMetrics(reg *prometheus.Registry) *metrics {
	m := &metrics{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xinyi_http_requests_total", Help: "Requests answered, by route and status class."}, []string{"method", "route", "class"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "xinyi_http_request_seconds", Help: "Time to answer, by route and status class.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 8}}, []string{"method", "route", "class"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "xinyi_http_in_flight", Help: "Requests being answered."}),
		streams:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "xinyi_streams", Help: "Streams of live updates that are open."}),
	}
	reg.MustRegister(m.count, m.latency, m.inFlight, m.streams)
	// A registry that other parts have filled may know the runtime already.
	_ = reg.Register(collectors.NewGoCollector())                                       //nolint:errcheck // only "already registered"
	_ = reg.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})) //nolint:errcheck // only "already registered"
	m.other = m.labels("", "none")
	return m
}

func (m *metrics) route(rt *route) routeMetrics { return m.labels(rt.Method, "/v1"+rt.Path) }

func (m *metrics) labels(method, path string) routeMetrics {
	var s routeMetrics
	for i, class := range []string{"", "1xx", "2xx", "3xx", "4xx", "5xx"} {
		if i > 0 {
			s.count[i] = m.count.WithLabelValues(method, path, class)
			s.latency[i] = m.latency.WithLabelValues(method, path, class)
		}
	}
	return s
}

// saw counts one answer that took d.
func (s *routeMetrics) saw(status int, d time.Duration) {
	class := min(max(status/100, 1), 5)
	s.count[class].Inc()
	s.latency[class].Observe(d.Seconds())
}

// watch mounts what operators and balancers ask.
func (r *Router) watch() {
	r.app.Get("/livez", func(c *fiber.Ctx) error { return c.SendString("ok") })
	r.app.Get("/readyz", r.ready)
	r.app.Get("/metrics", adaptor.HTTPHandler(promhttp.HandlerFor(r.Cfg.Metrics, promhttp.HandlerOpts{})))
}
