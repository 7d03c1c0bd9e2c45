package delivery

import (
	"fmt"
	"slices"
	"time"

	"xinyi/models"
)

// A Window is quiet hours in Asia/Shanghai: from From on each of Days until To, which is on the next day when it is not
// later than From. The same From and To is a whole day.
type Window struct {
	Days []int  `bson:"days"` // 1 Monday … 7 Sunday: the day on which it begins
	From string `bson:"from"` // "21:00"
	To   string `bson:"to"`   // "08:00"
}

var everyDay = []int{1, 2, 3, 4, 5, 6, 7}

// clock reads "21:00" as minutes of the day.
func clock(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}

// span is a stretch of time, from included, to not.
type span struct{ from, to time.Time }

// on is the window that begins on a day, if one does.
func (w Window) on(d models.Day) (span, bool) {
	start := d.Start().In(models.Shanghai)
	weekday := int(start.Weekday())
	if weekday == 0 {
		weekday = 7
	}
	from, to, ok := w.minutes()
	if !ok || !slices.Contains(w.Days, weekday) {
		return span{}, false
	}
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) } // no daylight saving in China
	return span{at(from), at(to)}, true
}

// minutes are the window's borders, from the start of the day on which it begins; false for what is no window.
func (w Window) minutes() (from, to int, ok bool) {
	from, ok = clock(w.From)
	to, good := clock(w.To)
	if to <= from {
		to += dayLong
	}
	return from, to, ok && good
}

// after is the first moment from t on that no window covers. Windows that cover a whole week are refused before they are
// kept; should they come anyway, t itself.
func after(windows []Window, t time.Time) time.Time {
	free := t
	for range 8 * (len(windows) + 1) {
		end, quiet := covered(windows, free)
		if !quiet {
			return free
		}
		free = end
	}
	return t
}

// covered says until when a window covers t.
func covered(windows []Window, t time.Time) (time.Time, bool) {
	today := models.DayOf(t)
	for _, w := range windows {
		for _, d := range []models.Day{today, today.Add(-1)} {
			if s, ok := w.on(d); ok && !t.Before(s.from) && t.Before(s.to) {
				return s.to, true
			}
		}
	}
	return t, false
}

// checkWindows finds what is wrong with quiet hours; at least four hours of any 24 must be left.
func checkWindows(windows []Window) (fields []models.Field) {
	bad := func(i int, part, code string) {
		fields = append(fields, models.Field{Pointer: fmt.Sprintf("/quietHours/%d%s", i, part), Code: code})
	}
	if len(windows) > maxWindows {
		return []models.Field{{Pointer: "/quietHours", Code: "max"}}
	}
	for i, w := range windows {
		if _, ok := clock(w.From); !ok {
			bad(i, "/from", "clock")
		}
		if _, ok := clock(w.To); !ok {
			bad(i, "/to", "clock")
		}
		if len(w.Days) == 0 || len(w.Days) > 7 || slices.ContainsFunc(w.Days, func(d int) bool { return d < 1 || d > 7 }) {
			bad(i, "/days", "weekdays")
		}
	}
	if len(fields) == 0 && !leavesRoom(windows) {
		fields = append(fields, models.Field{Pointer: "/quietHours", Code: "always_quiet"})
	}
	return fields
}

// Minutes, of a day and of a week; leastOpen is how many of any day long stretch quiet hours must leave.
const (
	dayLong   = 24 * 60
	weekLong  = 7 * dayLong
	leastOpen = 4 * 60
)

// leavesRoom says whether any 24 hours of a week, whenever they begin, have leastOpen minutes outside windows. So nothing
// waits longer than 20 hours.
func leavesRoom(windows []Window) bool {
	quiet := quietMinutes(windows)
	open := 0
	for m := range weekLong + dayLong { // the minutes up to m, around the end of the week
		if !quiet[m%weekLong] {
			open++
		}
		if m < dayLong {
			continue
		}
		if !quiet[m-dayLong] {
			open--
		}
		if open < leastOpen {
			return false
		}
	}
	return true
}

// quietMinutes are the minutes of a week, from Monday on, that windows cover.
func quietMinutes(windows []Window) *[weekLong]bool {
	var quiet [weekLong]bool
	for _, w := range windows {
		from, to, _ := w.minutes()
		for _, d := range w.Days {
			for m := from; m < to; m++ {
				quiet[((d-1)*dayLong+m)%weekLong] = true
			}
		}
	}
	return &quiet
}
