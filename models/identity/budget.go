package identity

import (
	"time"

	"xinyi/models"
)

// A Budget bounds how many text messages go out: to one phone, or to all phones together. It is the moment at which it is full again,
// so that what was taken long ago costs nothing to forget. Its id says what it bounds.
type Budget struct {
	models.Meta `bson:",inline"`

	Full time.Time `bson:"full"`
	Told time.Time `bson:"told"` // when the alarm was last raised
}

// reserved is the part of a budget, one in so many, that is kept for devices that were signed in before: a flood of strangers' requests
// shuts out strangers alone.
const reserved = 5

// Take takes one of n that there are per period: of the whole, or of all but the reserve. It says whether the alarm is to be
// raised: the budget is as good as used up, and nobody was told within the period.
//
// Errors: Limited with the time to wait.
func (b *Budget) Take(n int, per time.Duration, whole bool, now time.Time) (alarm bool, err error) {
	if n <= 0 {
		return false, nil
	}
	full, most := b.Full, per
	if full.Before(now) || full.Sub(now) > per { // the latter only when the clock was set back
		full = now
	}
	if !whole {
		most -= per / reserved
	}
	next := full.Add(per / time.Duration(n))
	if over := next.Sub(now) - most; over > 0 {
		e := models.E(models.Limited, "identity.codes_exhausted")
		e.RetryAfter = max(over, time.Second)
		if alarm = !now.Before(b.Told.Add(per)); alarm {
			b.Told = now
		}
		return alarm, e
	}
	b.Full, b.GoneAt = next, models.At(now.Add(2*per))
	return false, nil
}
