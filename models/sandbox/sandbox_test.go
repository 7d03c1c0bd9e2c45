package sandbox

import (
	"errors"
	"testing"
	"time"

	"xinyi/models"
)

func TestSpan(t *testing.T) {
	tests := map[string]struct {
		from, span, want string
	}{
		"days":                {"2026-03-01T10:00:00+08:00", "P8D", "2026-03-09T10:00:00+08:00"},
		"month is clamped":    {"2026-01-31T23:30:00+08:00", "P1M", "2026-02-28T23:30:00+08:00"},
		"leap year":           {"2028-02-29T00:00:00+08:00", "P1Y", "2029-02-28T00:00:00+08:00"},
		"the day of Shanghai": {"2026-01-30T17:00:00Z", "P1M", "2026-02-27T17:00:00Z"}, // the 31st in Shanghai
		"hours":               {"2026-03-01T23:00:00+08:00", "PT2H", "2026-03-02T01:00:00+08:00"},
		"all parts":           {"2026-01-01T00:00:00+08:00", "P1Y1M1W1DT1H1M1S", "2027-02-09T01:01:01+08:00"},
		"two years":           {"2026-01-01T00:00:00+08:00", "P2Y", "2028-01-01T00:00:00+08:00"},
		"over two years":      {"2026-01-01T00:00:00+08:00", "P2YT1S", ""},
		"sum over two years":  {"2026-01-01T00:00:00+08:00", "P731D", ""},
		"negative":            {"2026-01-01T00:00:00+08:00", "-P1D", ""},
		"negative part":       {"2026-01-01T00:00:00+08:00", "P-1D", ""},
		"nothing":             {"2026-01-01T00:00:00+08:00", "P", ""},
		"zero":                {"2026-01-01T00:00:00+08:00", "P0D", ""},
		"dangling T":          {"2026-01-01T00:00:00+08:00", "P1DT", ""},
		"Go's own":            {"2026-01-01T00:00:00+08:00", "8h", ""},
		"fraction":            {"2026-01-01T00:00:00+08:00", "P1.5D", ""},
		"wrong order":         {"2026-01-01T00:00:00+08:00", "P1D1M", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			from, err := time.Parse(time.RFC3339, tc.from)
			if err != nil {
				t.Fatal(err)
			}
			var got time.Time
			s, err := ParseSpan(tc.span)
			if err == nil {
				got, err = s.From(from)
			}
			if tc.want == "" {
				if !errors.Is(err, models.Invalid) {
					t.Fatalf("%s: %v, want Invalid", tc.span, err)
				}
				return
			}
			want, perr := time.Parse(time.RFC3339, tc.want)
			if perr != nil {
				t.Fatal(perr)
			}
			if err != nil || !got.Equal(want) {
				t.Errorf("%s + %s = %v %v, want %v", tc.from, tc.span, got, err, want)
			}
		})
	}
}

func TestDaysAddUp(t *testing.T) {
	start := time.Date(2026, 1, 31, 15, 59, 59, 0, time.UTC)
	day, err := ParseSpan("P1D")
	if err != nil {
		t.Fatal(err)
	}
	at := start
	for range 40 {
		if at, err = day.From(at); err != nil {
			t.Fatal(err)
		}
	}
	if once, err := (Span{Days: 40}).From(start); err != nil || !once.Equal(at) {
		t.Errorf("P40D = %v %v, 40 × P1D = %v", once, err, at)
	}
}
