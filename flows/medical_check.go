package flows

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/store"
)

// Ledger does the work of the nightly check: it reads a part when one is due, and raises the alarm.
type Ledger struct {
	store.Medical
	Log *slog.Logger
	Now func() time.Time

	faults, checked prometheus.Gauge
	bills           int // documents in a part
	agreements      int // fewer: each asks for its bills

	underway *int // counts what differs while an event of it is still to be delivered, instead of a fault; nil: it is a fault
}

// NewLedger registers the alarm's gauges. It panics when they are registered already.
func NewLedger(m store.Medical, log *slog.Logger, now func() time.Time, reg prometheus.Registerer) *Ledger {
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "xinyi", Name: name, Help: help})
		reg.MustRegister(g)
		return g
	}
	return &Ledger{
		Medical: m, Log: log, Now: now, bills: 1000, agreements: 500,
		faults:  gauge("ledger_faults", "Faults the last check of the ledger that this replica knows of has found; anything above 0 is an alarm."),
		checked: gauge("ledger_checked_at", "When that check ended, Unix seconds; 0 before the first."),
	}
}

// Subscribers are to be given to the relay.
func (l *Ledger) Subscribers() []Subscriber {
	return []Subscriber{
		Worker[medical.Check, *medical.Check]{Repo: l.Checks, Now: l.Now, Do: l.do}.Subscriber("medical.check"),
		{Name: "medical.check_alarm", Do: l.ended, Kinds: Kinds(medical.CheckDone, medical.CheckFailed)},
	}
}

// Ready makes the check if there is none, and shows what the last one found.
func (l *Ledger) Ready(ctx context.Context) error {
	c, err := l.Checks.Get(ctx, medical.CheckID)
	if errors.Is(err, models.NotFound) {
		return store.Existing(l.Checks.Insert(ctx, medical.NewCheck(l.Now())))
	}
	if err == nil {
		l.show(c)
	}
	return err
}

func (l *Ledger) show(c *medical.Check) {
	if len(c.Recent) > 0 {
		l.faults.Set(float64(c.Recent[0].Faults))
		l.checked.Set(float64(c.Recent[0].Ended.Unix()))
	}
}

// do reads the part that is due. When ctx ends on the way, what was read until then counts and the rest is the next part.
func (l *Ledger) do(ctx context.Context, c *medical.Check) (func(*medical.Check) (bool, error), error) {
	p, err := l.part(ctx, c)
	return func(c *medical.Check) (bool, error) { return c.Step(p, l.Now()) }, err
}

// ended raises the alarm, or ends it.
func (l *Ledger) ended(ctx context.Context, e models.Event) error {
	c, err := l.Checks.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	l.show(c)
	d, err := models.DataOf[medical.CheckData](e)
	if err != nil {
		return err
	}
	if medical.CheckFailed.Is(e) {
		l.Log.ErrorContext(ctx, "the ledger does not agree", "day", d.Day, "faults", d.Faults, "first", first(c.Found))
		return nil
	}
	l.Log.InfoContext(ctx, "the ledger agrees", "day", d.Day, "bills", d.Bills, "agreements", d.Agreements)
	return nil
}

// first are the first few faults in words.
func first(faults []medical.Fault) []string {
	words := make([]string, min(len(faults), 5))
	for i := range words {
		words[i] = faults[i].String()
	}
	return words
}

// Whole checks the whole store at once and changes nothing. It answers the run, its first faults, how much differs only while events are
// still to be delivered (no server may run, which would deliver them), and ends with ctx.
func (l *Ledger) Whole(ctx context.Context) (s medical.Summary, faults []medical.Fault, underway int, err error) {
	still := *l
	still.underway = &underway
	c := medical.NewCheck(l.Now())
	err = c.Start(l.Now())
	for err == nil && c.State == medical.CheckRunning {
		var part medical.Part
		if part, err = still.part(ctx, c); err == nil {
			_, err = c.Step(part, l.Now())
		}
	}
	if err != nil {
		return medical.Summary{}, nil, 0, err
	}
	return c.Recent[0], c.Found, underway, nil
}
