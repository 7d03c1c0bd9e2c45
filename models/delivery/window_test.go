package delivery

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinyi/models"
)

// 2026-04-20 is a Monday.
const monday = models.Day("2026-04-20")

func at(d models.Day, clock string, ms ...int) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", string(d)+" "+clock, models.Shanghai)
	if err != nil {
		panic(err)
	}
	for _, m := range ms {
		t = t.Add(time.Duration(m) * time.Millisecond)
	}
	return t.UTC()
}

func TestAllowed(t *testing.T) {
	night := []Window{{everyDay, "21:00", "08:00"}}
	sunday := []Window{{[]int{7}, "22:00", "06:30"}}
	for name, c := range map[string]struct {
		windows []Window
		t, free time.Time
	}{
		"just before the night":    {night, at(monday, "21:00", -1), at(monday, "21:00", -1)},
		"the night begins":         {night, at(monday, "21:00"), at(monday+"", "08:00").AddDate(0, 0, 1)},
		"midnight":                 {night, at(monday, "00:00"), at(monday, "08:00")},
		"just before morning":      {night, at(monday, "08:00", -1), at(monday, "08:00")},
		"morning":                  {night, at(monday, "08:00"), at(monday, "08:00")},
		"the night of month's end": {night, at("2026-02-28", "23:59", 59999), at("2026-03-01", "08:00")},
		"the night of year's end":  {night, at("2026-12-31", "21:30"), at("2027-01-01", "08:00")},
		"the night of a leap day":  {night, at("2028-02-29", "22:00"), at("2028-03-01", "08:00")},
		"sunday evening":           {sunday, at(monday.Add(-1), "22:00"), at(monday, "06:30")},
		"sunday into monday":       {sunday, at(monday, "06:29", 59999), at(monday, "06:30")},
		"monday evening is free":   {sunday, at(monday, "22:00"), at(monday, "22:00")},
		"sunday morning is free":   {sunday, at(monday.Add(-1), "06:00"), at(monday.Add(-1), "06:00")},
		"a whole day":              {[]Window{{[]int{1}, "00:00", "00:00"}}, at(monday, "00:00"), at(monday.Add(1), "00:00")},
		"a whole day from noon":    {[]Window{{[]int{1}, "12:00", "12:00"}}, at(monday, "12:00"), at(monday.Add(1), "12:00")},
		"before the whole day":     {[]Window{{[]int{1}, "12:00", "12:00"}}, at(monday, "12:00", -1), at(monday, "12:00", -1)},
		"within a day":             {[]Window{{[]int{1}, "12:00", "14:00"}}, at(monday, "13:00"), at(monday, "14:00")},
		"one after another":        {[]Window{{[]int{1}, "14:00", "15:00"}, {[]int{1}, "12:00", "14:00"}}, at(monday, "12:00"), at(monday, "15:00")},
		"overlapping":              {[]Window{{[]int{1}, "12:00", "14:00"}, {[]int{1}, "13:00", "18:00"}}, at(monday, "12:30"), at(monday, "18:00")},
		"one within another":       {[]Window{{[]int{1}, "13:00", "14:00"}, {[]int{1}, "12:00", "18:00"}}, at(monday, "13:30"), at(monday, "18:00")},
		"over midnight and on":     {[]Window{{[]int{1}, "21:00", "02:00"}, {[]int{2}, "02:00", "05:00"}}, at(monday, "22:00"), at(monday.Add(1), "05:00")},
		"a week of whole days":     {[]Window{{everyDay, "00:00", "00:00"}}, at(monday, "13:00"), at(monday, "13:00")},
		"none":                     {nil, at(monday, "03:00"), at(monday, "03:00")},
		"no clock":                 {[]Window{{everyDay, "21", "08:00"}}, at(monday, "03:00"), at(monday, "03:00")},
	} {
		p := &Preferences{Quiet: c.windows, Chosen: true}
		if free := p.Allowed(c.t, Standard); !free.Equal(c.free) {
			t.Errorf("%s: %s, want %s", name, free.In(models.Shanghai), c.free.In(models.Shanghai))
		}
	}
}

// On each weekday by itself: quiet from 21:00 until 08:00 of the next day, and at no other time.
func TestAllowedOnEachWeekday(t *testing.T) {
	for weekday := 1; weekday <= 7; weekday++ {
		p := &Preferences{Quiet: []Window{{[]int{weekday}, "21:00", "08:00"}}, Chosen: true}
		for i := range 7 {
			d := monday.Add(i)
			began, ends := i+1 == weekday, (i+6)%7+1 == weekday // on this day, on the day before
			for _, c := range []struct {
				t     time.Time
				quiet bool
				free  time.Time
			}{
				{at(d, "00:00"), ends, at(d, "08:00")}, {at(d, "08:00", -1), ends, at(d, "08:00")}, {at(d, "08:00"), false, time.Time{}},
				{at(d, "21:00", -1), false, time.Time{}}, {at(d, "21:00"), began, at(d.Add(1), "08:00")}, {at(d, "23:59", 59999), began, at(d.Add(1), "08:00")},
			} {
				free := c.t
				if c.quiet {
					free = c.free
				}
				if got := p.Allowed(c.t, Standard); !got.Equal(free) {
					t.Errorf("window of day %d, %s %s: %s, want %s", weekday, d, c.t.In(models.Shanghai), got.In(models.Shanghai), free.In(models.Shanghai))
				}
			}
		}
	}
}

func TestAllowedByThePolicy(t *testing.T) {
	night, free := at(monday, "23:00"), at(monday.Add(1), "08:00")
	if got := (&Preferences{}).Allowed(night, Standard); !got.Equal(free) {
		t.Errorf("who chose nothing is told at %s", got)
	}
	if got := (&Preferences{Chosen: true}).Allowed(night, Standard); !got.Equal(night) {
		t.Errorf("who chose no quiet hours is told at %s", got)
	}
	if got := (&Preferences{Quiet: []Window{{everyDay, "22:00", "06:00"}}}).Allowed(night, Standard); !got.Equal(free) {
		t.Errorf("hours that are not chosen hold until %s", got)
	}
}

func TestCheckWindows(t *testing.T) {
	fault := func(pointer, code string) []models.Field {
		return []models.Field{{Pointer: "/quietHours" + pointer, Code: code}}
	}
	tooMany := slices.Repeat([]Window{{[]int{1}, "01:00", "02:00"}}, maxWindows+1)
	for name, c := range map[string]struct {
		windows []Window
		want    []models.Field
	}{
		"none":                 {nil, nil},
		"the policy's":         {Standard.Quiet, nil},
		"four hours are left":  {[]Window{{everyDay, "12:00", "08:00"}}, nil},
		"a minute too few":     {[]Window{{everyDay, "12:00", "08:01"}}, fault("", "always_quiet")},
		"a whole day":          {[]Window{{[]int{3}, "00:00", "00:00"}}, fault("", "always_quiet")},
		"four hours in pieces": {[]Window{{everyDay, "00:00", "10:00"}, {everyDay, "12:00", "22:00"}}, nil},
		"each day has four, and forty in a row have none": {[]Window{{[]int{1}, "04:00", "04:00"}, {[]int{2}, "04:00", "20:00"}}, fault("", "always_quiet")},
		"sunday and monday together":                      {[]Window{{[]int{7}, "12:00", "00:00"}, {[]int{1}, "00:00", "09:00"}}, fault("", "always_quiet")},
		"most":                                            {tooMany[1:], nil},
		"too many":                                        {tooMany, fault("", "max")},
		"no clock":                                        {[]Window{{[]int{1}, "24:00", "08:60"}}, append(fault("/0/from", "clock"), fault("/0/to", "clock")...)},
		"no days":                                         {[]Window{{nil, "21:00", "08:00"}}, fault("/0/days", "weekdays")},
		"day nought":                                      {[]Window{{[]int{0}, "21:00", "08:00"}}, fault("/0/days", "weekdays")},
		"day eight":                                       {[]Window{{[]int{1}, "21:00", "08:00"}, {[]int{8}, "21:00", "08:00"}}, fault("/1/days", "weekdays")},
		"eight days":                                      {[]Window{{append([]int{1}, everyDay...), "21:00", "08:00"}}, fault("/0/days", "weekdays")},
		"all in one":                                      {[]Window{{nil, "", ""}}, append(append(fault("/0/from", "clock"), fault("/0/to", "clock")...), fault("/0/days", "weekdays")...)},
	} {
		if diff := cmp.Diff(c.want, checkWindows(c.windows)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzClock(f *testing.F) {
	for _, s := range []string{"00:00", "23:59", "24:00", "9:05 ", "+1:00", "1:000", "٠٩:00", "08:5a", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := clock(s)
		if !ok {
			return
		}
		if m < 0 || m >= dayLong || fmt.Sprintf("%02d:%02d", m/60, m%60) != s {
			t.Errorf("clock(%q) = %d", s, m)
		}
	})
}

func TestClock(t *testing.T) {
	for s, m := range map[string]int{"00:00": 0, "08:05": 485, "23:59": 1439} {
		if got, ok := clock(s); !ok || got != m {
			t.Errorf("clock(%q) = %d, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "24:00", "08:60", "8:00", "08:00 ", "08.00", "-1:00", "0800", "08:00:00", "ab:cd"} {
		if m, ok := clock(s); ok {
			t.Errorf("clock(%q) = %d", s, m)
		}
	}
}

// drawWindows draws quiet hours that pass the check.
func drawWindows(t *rapid.T) []Window {
	clocks := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, "hour"), rapid.SampledFrom([]int{0, 1, 15, 30, 59}).Draw(t, "minute"))
	})
	one := rapid.Custom(func(t *rapid.T) Window {
		return Window{rapid.SliceOfNDistinct(rapid.IntRange(1, 7), 1, 7, rapid.ID).Draw(t, "days"), clocks.Draw(t, "from"), clocks.Draw(t, "to")}
	})
	all := rapid.SliceOfN(one, 0, 6).Draw(t, "windows")
	for len(checkWindows(all)) > 0 {
		all = all[1:]
	}
	return all
}

func drawTime(t *rapid.T) time.Time {
	minutes := rapid.IntRange(0, 60*dayLong).Draw(t, "minute")
	return at("2026-02-01", "00:00").Add(time.Duration(minutes)*time.Minute + time.Duration(rapid.IntRange(-1, 1).Draw(t, "ms"))*time.Millisecond)
}

// inside says whether a moment lies in a window, told by weekday and clock alone.
func inside(windows []Window, t time.Time) bool {
	t = t.In(models.Shanghai)
	weekday, clock := (int(t.Weekday())+6)%7+1, t.Format("15:04")
	return slices.ContainsFunc(windows, func(w Window) bool {
		today, yesterday := slices.Contains(w.Days, weekday), slices.Contains(w.Days, (weekday+5)%7+1)
		if w.From < w.To {
			return today && w.From <= clock && clock < w.To
		}
		return today && w.From <= clock || yesterday && clock < w.To
	})
}

func TestAllowedHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Preferences{Quiet: drawWindows(t), Chosen: true}
		from := drawTime(t)
		free := p.Allowed(from, Standard)
		switch {
		case free.Before(from) || free.After(from.Add(20*time.Hour)):
			t.Fatalf("%s became %s", from, free)
		case inside(p.Quiet, free):
			t.Fatalf("%s is quiet", free.In(models.Shanghai))
		case !inside(p.Quiet, from) && !free.Equal(from):
			t.Fatalf("%s was free", from.In(models.Shanghai))
		case !p.Allowed(free, Standard).Equal(free):
			t.Fatalf("%s is not free to itself", free)
		}
		for m := from; m.Before(free); m = m.Add(7 * time.Minute) {
			if !inside(p.Quiet, m) {
				t.Fatalf("%s was free before %s", m.In(models.Shanghai), free.In(models.Shanghai))
			}
		}
	})
}

// Who has the same quiet hours is told over the spread after them, never in the next ones, and what was first stays first.
func TestDecentHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefs := &Preferences{Quiet: drawWindows(t), Chosen: true}
		p := Policy{Spread: time.Duration(rapid.IntRange(0, 60).Draw(t, "spread")) * time.Minute}
		to := rapid.StringN(0, 4, -1).Draw(t, "to")
		first, then := drawTime(t), drawTime(t)
		if then.Before(first) {
			first, then = then, first
		}
		a, b := decent(prefs, false, to, first, p), decent(prefs, false, to, then, p)
		switch {
		case a.Before(first) || inside(prefs.Quiet, a):
			t.Fatalf("%s became %s", first.In(models.Shanghai), a.In(models.Shanghai))
		case p.Spread <= 15*time.Minute && b.Before(a):
			t.Fatalf("%s became %s and %s became %s", first, a, then, b)
		case !decent(prefs, false, to, a, p).Equal(a):
			t.Fatalf("%s is decent, and put off to %s", a, decent(prefs, false, to, a, p))
		case !decent(prefs, true, to, first, p).Equal(first):
			t.Fatal("what is urgent waited")
		}
	})
}

func TestDecent(t *testing.T) {
	p := Standard
	spread := map[time.Duration]int{}
	for i := range 1000 {
		to := fmt.Sprint(i)
		due := decent(&Preferences{}, false, to, at(monday, "22:00"), p)
		late := due.Sub(at(monday.Add(1), "08:00"))
		if late < 0 || late >= p.Spread {
			t.Fatalf("%s is told at %s", to, due)
		}
		spread[late/time.Minute]++
		if due != due.Truncate(time.Millisecond) {
			t.Fatalf("%s is finer than a document keeps", due)
		}
		if just := decent(&Preferences{}, false, to, at(monday, "21:00", -1), p); !just.Equal(at(monday, "21:00", -1)) {
			t.Fatalf("what is due just before the night waits until %s", just)
		}
		if later := decent(&Preferences{}, false, to, at(monday.Add(1), "08:01"), p); later.Before(due) && due.After(at(monday.Add(1), "08:01")) {
			t.Fatalf("what happened at 08:01 is told before what waited until %s", due)
		}
	}
	for minute := range 15 {
		if n := spread[time.Duration(minute)]; n < 30 || n > 110 {
			t.Errorf("%d of 1000 are told in minute %d", n, minute)
		}
	}
}

// A gap shorter than the spread: the address is told in the next one, not in quiet hours.
func TestDecentInANarrowGap(t *testing.T) {
	prefs := &Preferences{Chosen: true, Quiet: []Window{{everyDay, "21:00", "08:00"}, {everyDay, "08:01", "12:00"}}}
	for i := range 200 {
		due := decent(prefs, false, fmt.Sprint(i), at(monday, "22:00"), Standard)
		if inside(prefs.Quiet, due) || due.Before(at(monday.Add(1), "08:00")) || due.After(at(monday.Add(1), "12:15")) {
			t.Fatalf("told at %s", due.In(models.Shanghai))
		}
	}
	// A policy that spreads over longer than any gap is the city's mistake: the first moment, then.
	wide := Policy{Spread: 1000 * time.Hour}
	hourly := &Preferences{Chosen: true}
	for h := range 12 {
		hourly.Quiet = append(hourly.Quiet, Window{everyDay, fmt.Sprintf("%02d:00", 2*h), fmt.Sprintf("%02d:00", 2*h+1)})
	}
	for i := range 50 {
		if due := decent(hourly, false, fmt.Sprint(i), at(monday, "00:30"), wide); inside(hourly.Quiet, due) {
			t.Fatalf("told at %s", due.In(models.Shanghai))
		}
	}
}
