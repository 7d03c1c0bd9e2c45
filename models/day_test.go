package models

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDayTurnsInShanghai(t *testing.T) {
	for at, want := range map[string]Day{
		"2026-05-01T15:59:59.999Z": "2026-05-01", "2026-05-01T16:00:00Z": "2026-05-02", "2026-12-31T16:00:00Z": "2027-01-01", "2026-05-01T00:00:00+08:00": "2026-05-01",
	} {
		moment, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(moment); got != want {
			t.Errorf("DayOf(%s) = %s, want %s", at, got, want)
		}
	}
	d := Day("2026-05-01")
	if got := d.Start(); !got.Equal(time.Date(2026, 4, 30, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("Start = %s", got)
	}
	if got := d.End(); !got.Equal(time.Date(2026, 5, 1, 15, 59, 59, 999e6, time.UTC)) {
		t.Errorf("End = %s", got)
	}
	if got := d.Clock(9, 30); !got.Equal(time.Date(2026, 5, 1, 1, 30, 0, 0, time.UTC)) {
		t.Errorf("Clock(9, 30) = %s", got)
	}
	if !Day("").Start().IsZero() {
		t.Error("the zero Day does not start at the zero time")
	}
}

func TestParseDay(t *testing.T) {
	if d, err := ParseDay("2028-02-29"); err != nil || d != "2028-02-29" {
		t.Errorf("a leap day: %s, %v", d, err)
	}
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-1-2", "26-01-02", "2026-01-02T00:00:00Z", " 2026-01-02", "2026/01/02"} {
		if _, err := ParseDay(s); !errors.Is(err, Invalid) {
			t.Errorf("ParseDay(%q) = %v, want Invalid", s, err)
		}
	}
}

func TestAddMonthsClamps(t *testing.T) {
	for _, c := range []struct {
		d    Day
		n    int
		want Day
	}{
		{"2026-11-30", 3, "2027-02-28"}, {"2026-01-31", 1, "2026-02-28"}, {"2028-01-31", 1, "2028-02-29"}, {"2024-02-29", 12, "2025-02-28"},
		{"2024-02-29", 48, "2028-02-29"}, {"2026-03-31", -1, "2026-02-28"}, {"2026-01-15", -1, "2025-12-15"}, {"2026-12-31", 12, "2027-12-31"}, {"2008-02-29", 18 * 12, "2026-02-28"},
	} {
		if got := c.d.AddMonths(c.n); got != c.want {
			t.Errorf("%s + %d months = %s, want %s", c.d, c.n, got, c.want)
		}
	}
}

func TestAddAndSinceAgree(t *testing.T) {
	if got := Day("2028-02-28").Add(2); got != "2028-03-01" {
		t.Errorf("over the leap day: %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := Day("2020-01-01").Add(rapid.IntRange(0, 20000).Draw(t, "from"))
		n := rapid.IntRange(-5000, 5000).Draw(t, "n")
		to := d.Add(n)
		if to.Since(d) != n || DayOf(to.Start()) != to || DayOf(to.End()) != to || (n > 0) != (to > d) {
			t.Fatalf("%s + %d = %s, back %d", d, n, to, to.Since(d))
		}
	})
}

func TestWorkingDaysOverTheSpringFestival(t *testing.T) {
	for d, want := range map[Day]bool{
		"2026-02-13": true, "2026-02-14": true, "2026-02-15": false, "2026-02-16": false, "2026-02-23": false, "2026-02-24": true,
		"2026-02-28": true, "2026-03-01": false, "2026-03-02": true, "2026-03-07": false, "2026-10-10": true,
	} {
		if d.Working() != want {
			t.Errorf("%s working: %v", d, !want)
		}
	}
	for _, c := range []struct {
		d    Day
		n    int
		want Day
	}{
		{"2026-02-12", 0, "2026-02-12"}, {"2026-02-15", 0, "2026-02-15"}, {"2026-02-12", 1, "2026-02-13"}, {"2026-02-12", 2, "2026-02-14"},
		{"2026-02-12", 3, "2026-02-24"}, {"2026-02-12", 10, "2026-03-04"}, {"2026-02-15", 10, "2026-03-06"}, {"2026-03-06", 1, "2026-03-09"},
	} {
		if got := c.d.AddWorking(c.n); got != c.want {
			t.Errorf("%d working days after %s = %s, want %s", c.n, c.d, got, c.want)
		}
	}
}
