package form

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
)

func TestReadDay(t *testing.T) {
	for text, want := range map[string]models.Day{
		"2026-05-10": "2026-05-10", "2026/5/10": "2026-05-10", "20260510": "2026-05-10", "2026.05.1": "2026-05-01", "2026年5月1日": "2026-05-01",
		"２０２６－０５－１０": "2026-05-10", "2024-2-29": "2024-02-29", "2099-12-31": "2099-12-31",
		"2026-02-29": "", "20261301": "", "10/5/2026": "", "2026-5": "", "2026-05-10 00:00": "", "46152": "2026-05-10", "36526": "2000-01-01", "73050": "2099-12-31", "36525": "", "73051": "", "46152.5": "", "": "", "1899-01-01": "", "2026-00-10": "",
	} {
		if got, ok := ReadDay(text); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", text, got, ok)
		}
	}
}

// An amount in 万元 is exact for every fen there is, however many zeros follow.
func TestWanIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(0, 1<<55).Draw(t, "fen")
		zeros := rapid.IntRange(0, 4).Draw(t, "zeros")
		text := fmt.Sprintf("%d.%06d%s", fen/1000000, fen%1000000, strings.Repeat("0", zeros))
		if got, ok := Decimal(text, 6); !ok || got != fen {
			t.Fatalf("%s: %d %v", text, got, ok)
		}
		if _, ok := Decimal(text[:len(text)-zeros]+"1", 6); ok {
			t.Fatal("a seventh decimal was taken")
		}
	})
	for _, text := range []string{"", ".5", "1.", "1e3", "+1", "-0", "1,23", ",1", "1,2345", "99999999999999", "1..2", "一"} {
		if n, ok := Decimal(text, 6); ok {
			t.Errorf("%q is %d", text, n)
		}
	}
}
