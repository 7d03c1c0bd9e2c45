package flows

import (
	"errors"
	"math/rand/v2"
	"time"

	"xinyi/models"
)

// Patience is how a failing subscriber is tried again: pauses of First, ×3, ×9 …, each 20 % shorter or longer at random.
type Patience struct {
	Most  int           // tries before the event is dead for the subscriber
	First time.Duration // the pause after the first failure
}

// DefaultPatience tries 12 times over about a day.
var DefaultPatience = Patience{Most: 12, First: time.Second}

// Tries is how often an event is tried in all while it fails with err.
//
// Once: Invalid, Unauthenticated, Forbidden, Denied, TooLarge. The same event will be refused for ever.
// At most five times (under a minute): NotFound, Conflict, InvalidTransition. Events of different documents have no
// order among them, so what this one needs may be about to happen.
// Most times: Stale, Limited, Unavailable, Internal and what nobody coded. They pass, or somebody repairs them.
func (p Patience) Tries(err error) int {
	switch models.CodeOf(err) {
	case models.Invalid, models.Unauthenticated, models.Forbidden, models.Denied, models.TooLarge:
		return 1
	case models.NotFound, models.Conflict, models.InvalidTransition:
		return min(p.Most, 5)
	case models.Stale, models.Limited, models.Unavailable, models.Internal:
	}
	return p.Most
}

// After is the pause after so many tries (≥ 1). A RetryAfter of the error is honoured when it is longer.
func (p Patience) After(tries int, err error) time.Duration {
	pause := p.First
	for range tries - 1 {
		pause *= 3
	}
	pause += time.Duration((rand.Float64() - 0.5) * 0.4 * float64(pause)) //nolint:gosec // spreads, keeps no secret
	if e := (*models.Error)(nil); errors.As(err, &e) {
		pause = max(pause, e.RetryAfter)
	}
	return pause
}
