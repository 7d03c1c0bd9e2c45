// Package sandbox holds the clock of a sandbox: how far it runs ahead, and the spans by which it is moved.
package sandbox

import (
	"regexp"
	"strconv"
	"time"

	"xinyi/models"
)

// ClockID is the id of the one clock.
const ClockID = "clock"

// A Clock is how far the sandbox is ahead of the world. It is kept so that a restart never goes back in time.
type Clock struct {
	models.Meta `bson:",inline"`

	AheadMs int64 `bson:"aheadMs"` // milliseconds, ≥ 0
}

// Ahead is how far the clock is ahead.
func (c *Clock) Ahead() time.Duration { return time.Duration(c.AheadMs) * time.Millisecond }

// A Span is an ISO 8601 duration by the calendar: P1M is a month, however long.
type Span struct {
	Months, Days int
	Time         time.Duration
}

var span = regexp.MustCompile(`^P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

// ParseSpan reads "P8D", "P1M", "PT2H", "P1Y2M3W4DT5H6M7S": whole numbers, no sign, longer than nothing.
// Errors: Invalid "sandbox.not_a_span".
func ParseSpan(s string) (Span, error) {
	bad := models.Bad("/advance", "duration", "sandbox.not_a_span")
	parts := span.FindStringSubmatch(s)
	if parts == nil {
		return Span{}, bad
	}
	var n [8]int
	for i, p := range parts {
		if i == 0 || p == "" {
			continue
		}
		v, err := strconv.Atoi(p)
		if err != nil {
			return Span{}, bad
		}
		n[i] = v
	}
	out := Span{
		Months: 12*n[1] + n[2], Days: 7*n[3] + n[4],
		Time: time.Duration(n[5])*time.Hour + time.Duration(n[6])*time.Minute + time.Duration(n[7])*time.Second,
	}
	if out == (Span{}) || s[len(s)-1] == 'T' {
		return Span{}, bad
	}
	return out, nil
}

// maxMonths is the longest span a clock is moved by at once.
const maxMonths = 24

// From is t moved by the span: first months, clamped to the month's last day, then days, both by the calendar of
// Shanghai at the same time of day, then the time. Errors: Invalid "sandbox.span_too_long" over two years.
func (s Span) From(t time.Time) (time.Time, error) {
	to := shift(t, s.Months, s.Days).Add(s.Time)
	if to.After(shift(t, maxMonths, 0)) {
		return time.Time{}, models.Bad("/advance", "too_long", "sandbox.span_too_long")
	}
	return to, nil
}

func shift(t time.Time, months, days int) time.Time {
	day := models.DayOf(t)
	return day.AddMonths(months).Add(days).Start().Add(t.Sub(day.Start()))
}
