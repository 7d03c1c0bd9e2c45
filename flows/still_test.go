package flows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/sandbox"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

func newStill(t *testing.T) store.Engine {
	t.Helper()
	e := sqlitetest.Open(t)
	return e
}

// The clock does not move while something that happened before is still being told.
func TestClockWaitsForWhatIsTold(t *testing.T) {
	t.Parallel()
	c := newCity(t, newStill(t), &hands{t: noon})
	begun, goOn, seen := make(chan struct{}), make(chan struct{}), make(chan time.Time, 1)
	must(t, c.relay.Subscribe(flows.Subscriber{Name: "slow", Kinds: flows.Kinds(asked), Do: func(context.Context, models.Event) error {
		close(begun)
		<-goOn
		seen <- c.clock.Now()
		return nil
	}}))
	s := &sleeper{Meta: models.Meta{ID: "s"}}
	s.Publish(asked, "p1", models.Clockwork, noon)
	kept := make(chan error, 1)
	go func() { kept <- c.sleepers.Insert(context.WithoutCancel(t.Context()), s) }()
	<-begun
	day, err := sandbox.ParseSpan("P1D")
	must(t, err)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := c.clock.Advance(short, day); !errors.Is(err, models.Unavailable) || !c.clock.Now().Equal(noon) {
		t.Errorf("Advance = %v, it is %v", err, c.clock.Now())
	}
	close(goOn)
	must(t, <-kept)
	if at := <-seen; !at.Equal(noon) {
		t.Errorf("told at %v", at)
	}
	_, _, err = c.clock.Advance(t.Context(), day)
	must(t, err)
}
