package models

import (
	"time"

	_ "embed" // the working-day table
	"strings"
)

// Shanghai is the time of every legal day. China has kept UTC+8 without summer time since 1992,
// so a fixed zone is exact and needs no zone database on the machine.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// A Day is a calendar day in Shanghai, "2006-01-02". Days compare as strings.
type Day string

// DayOf is the Shanghai day of t.
func DayOf(t time.Time) Day { return Day(t.In(Shanghai).Format(time.DateOnly)) }

// ParseDay reads "2006-01-02". Errors: Invalid "day.not_a_day".
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", E(Invalid, "day.not_a_day", err)
	}
	return Day(s), nil
}

// Start is the first moment of d in UTC. The zero Day starts at the zero time.
func (d Day) Start() time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), Shanghai)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// End is the last millisecond of d, 23:59:59.999 in Shanghai, in UTC.
func (d Day) End() time.Time { return d.Add(1).Start().Add(-time.Millisecond) }

// Clock is the moment on d at hour:minute in Shanghai, in UTC.
func (d Day) Clock(hour, minute int) time.Time {
	return d.Start().Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// Add is n natural days later; n may be negative.
func (d Day) Add(n int) Day { return DayOf(d.Start().AddDate(0, 0, n)) }

// AddMonths is n calendar months later, clamped to the month's last day: 2026-11-30 + 3 is 2027-02-28.
func (d Day) AddMonths(n int) Day {
	t := d.Start().In(Shanghai)
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, Shanghai)
	last := first.AddDate(0, 1, -1).Day()
	return DayOf(first.AddDate(0, 0, min(t.Day(), last)-1))
}

// Since is the number of natural days from other to d, negative when d is earlier.
func (d Day) Since(other Day) int { return int(d.Start().Sub(other.Start()) / (24 * time.Hour)) }

//go:embed workdays.csv
var workdaysCSV string

// workdays holds the published exceptions: true for a weekend day that is worked (调休), false for a holiday.
var workdays = func() map[Day]bool {
	table := map[Day]bool{}
	for line := range strings.Lines(workdaysCSV) {
		day, kind, ok := strings.Cut(strings.TrimSpace(line), ",")
		if ok && day != "day" && !strings.HasPrefix(day, "#") {
			table[Day(day)] = kind == "work"
		}
	}
	return table
}()

// Working says whether d is a working day: Monday to Friday but for the published holidays and make-up days.
//
// Source: docs/sources.md#workdays.
func (d Day) Working() bool {
	if works, named := workdays[d]; named {
		return works
	}
	weekday := d.Start().In(Shanghai).Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// AddWorking is the n-th working day after d, d itself not counted; n ≥ 0, and 0 is d.
func (d Day) AddWorking(n int) Day {
	for n > 0 {
		d = d.Add(1)
		if d.Working() {
			n--
		}
	}
	return d
}
