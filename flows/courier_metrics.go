package flows

import (
	"context"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/store"
)

// CourierMetrics count what is carried out of the house.
type CourierMetrics struct {
	outcomes *prometheus.CounterVec
	failures *prometheus.CounterVec
	attempt  *prometheus.HistogramVec
	lag      *prometheus.HistogramVec
	waiting  *prometheus.GaugeVec
	oldest   *prometheus.GaugeVec
	resting  *prometheus.GaugeVec
	disabled *prometheus.CounterVec
	doubted  *prometheus.CounterVec
	repeats  prometheus.Counter
}

// NewCourierMetrics registers them.
func NewCourierMetrics(r prometheus.Registerer) *CourierMetrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: name, Help: help, Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120, 600},
		}, labels)
	}
	m := &CourierMetrics{
		outcomes: counter("xinyi_deliveries_total", "Deliveries by how they came out: sent, retry, dead, skipped, deferred, back.", "channel", "outcome"),
		failures: counter("xinyi_delivery_failures_total", "Tries that failed, by class: down, limited, gone, rejected, unsure.", "channel", "class"),
		attempt:  histogram("xinyi_delivery_attempt_seconds", "How long a channel took for one try.", "channel"),
		lag:      histogram("xinyi_delivery_lag_seconds", "From the event to the channel's yes, for what was not put off; channel inbox: to the inbox.", "channel"),
		waiting:  gauge("xinyi_deliveries_waiting", "Deliveries that are not over.", "channel"),
		oldest:   gauge("xinyi_delivery_oldest_seconds", "How long the oldest due delivery has been due.", "channel"),
		resting:  gauge("xinyi_destination_resting", "1 while a destination rests because its channel failed.", "destination"),
		disabled: counter("xinyi_devices_disabled_total", "Devices the courier gave up.", "reason"),
		doubted:  counter("xinyi_delivery_doubted_total", "Addresses that were said to be dead and not believed to be.", "channel"),
		repeats:  prometheus.NewCounter(prometheus.CounterOpts{Name: "xinyi_delivery_repeats_total", Help: "Deliveries that were there already when an event was told again."}),
	}
	r.MustRegister(m.outcomes, m.failures, m.attempt, m.lag, m.waiting, m.oldest, m.resting, m.disabled, m.doubted, m.repeats)
	return m
}

// Inbox notes a message that came to its inbox so many seconds after its event.
func (m *CourierMetrics) Inbox(seconds float64) { m.lag.WithLabelValues("inbox").Observe(seconds) }

// Repeats notes deliveries that were there already.
func (m *CourierMetrics) Repeats(n int) { m.repeats.Add(float64(n)) }

// timer starts to measure a try; the function it answers ends that.
func (m *CourierMetrics) timer(channel string) func() {
	t := prometheus.NewTimer(m.attempt.WithLabelValues(channel))
	return func() { t.ObserveDuration() }
}

// gauge looks what waits, destination by destination.
func (c *Courier) gauge(ctx context.Context) {
	destinations, err := c.find(ctx)
	if err != nil {
		return
	}
	waiting, oldest := map[string]float64{}, map[string]float64{}
	for name := range c.channels {
		waiting[name], oldest[name] = 0, 0
	}
	for _, l := range destinations {
		channel, _, _ := strings.Cut(l.name, "/")
		n, err := c.Deliveries.Count(ctx, store.DestinationNext(l.name))
		if err != nil {
			return
		}
		waiting[channel] += float64(n)
		if d, err := c.Deliveries.First(ctx, store.DestinationNext(l.name)); err == nil && d.WakeAt != nil {
			oldest[channel] = max(oldest[channel], c.Now().Sub(*d.WakeAt).Seconds())
		}
	}
	for channel := range waiting {
		c.Metrics.waiting.WithLabelValues(channel).Set(waiting[channel])
		c.Metrics.oldest.WithLabelValues(channel).Set(max(0, oldest[channel]))
	}
}
