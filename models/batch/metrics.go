package batch

import "xinyi/models"

// Metrics are a unit's three hundred per cent (三个100%) of a month, in basis points, rounded down; nil where there is no data,
// which is never 100 %.
//
// Source: docs/sources.md#batch-metrics.
type Metrics struct {
	Batches      int
	Received     int
	Accepted     int
	Produced     *int       // by the unit's own count; nil: not said
	Compliance   *models.Bp // accepted ÷ received, rows put right later among the accepted
	Timeliness   *models.Bp // received within seven working days of the decision ÷ received
	Completeness *models.Bp // required cells that are filled ÷ all of them
	Coverage     *models.Bp // received ÷ produced, at most 10000
}

// Sum are the metrics of batches. Dry runs, failed and withdrawn ones do not count.
func Sum(batches []*Batch) Metrics {
	var m Metrics
	var c Counts
	for _, b := range batches {
		if b.DryRun || b.State != Done {
			continue
		}
		m.Batches++
		c.Add(b.Counts)
		if b.Produced != nil && (m.Produced == nil || *b.Produced > *m.Produced) {
			n := *b.Produced // said with each batch, for the whole month: the largest is the latest
			m.Produced = &n
		}
	}
	m.Received, m.Accepted = c.Rows, c.Accepted+c.Fixed
	m.Compliance = share(int64(m.Accepted), int64(m.Received))
	m.Timeliness = share(int64(c.OnTime), int64(c.Rows))
	m.Completeness = share(c.Filled, c.Required)
	if m.Produced != nil {
		m.Coverage = share(min(int64(m.Received), int64(*m.Produced)), int64(*m.Produced))
	}
	return m
}

// share is part of whole in basis points, rounded down; nil of nothing.
func share(part, whole int64) *models.Bp {
	if whole <= 0 {
		return nil
	}
	bp := models.Bp(part * 10000 / whole)
	return &bp
}

// OnTimeDays are the working days a unit has from the decision to the delivery.
const OnTimeDays = 7

// OnTime says whether what was decided on a day is delivered in time on another.
func OnTime(decided, delivered models.Day) bool { return delivered <= decided.AddWorking(OnTimeDays) }
