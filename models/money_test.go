package models

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParseYuan(t *testing.T) {
	for s, want := range map[string]Fen{
		"0": 0, "-0": 0, "12": 1200, "12.3": 1230, "-12.34": -1234, "0.01": 1, "-0.01": -1, "007": 700,
		"99999999.99": 9999999999, "-99999999.99": -9999999999,
	} {
		if got, err := ParseYuan(s); err != nil || got != want {
			t.Errorf("ParseYuan(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "-", "+1", "--1", ".5", "5.", "1.234", "1e3", "1E3", " 1", "1 ", "1\n", "1,000", "0x10", "１", "NaN", "Inf", "1.-2", "100000000", "99999999999999.99",
	} {
		if got, err := ParseYuan(s); !errors.Is(err, Invalid) || got != 0 {
			t.Errorf("ParseYuan(%q) = %d, %v; want Invalid", s, got, err)
		}
	}
}

func TestYuanIsReadBack(t *testing.T) {
	for f, want := range map[Fen]string{0: "0.00", -5: "-0.05", 5: "0.05", 42377: "423.77", -100: "-1.00", math.MinInt64: "-92233720368547758.08"} {
		if got := f.Yuan(); got != want {
			t.Errorf("Fen(%d).Yuan() = %s, want %s", int64(f), got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Fen(rapid.Int64Range(-9999999999, 9999999999).Draw(t, "fen"))
		if got, err := ParseYuan(f.Yuan()); err != nil || got != f {
			t.Fatalf("%s came back as %d, %v", f.Yuan(), got, err)
		}
	})
}

func TestBpOf(t *testing.T) {
	for _, c := range []struct {
		bp   Bp
		of   Fen
		want Fen
	}{{3333, 100, 33}, {10000, 12345, 12345}, {0, 12345, 0}, {1, 9999, 0}, {1, 10000, 1}, {5000, -3, -1}, {9999, 9999999999999999, 9998999999999999}} {
		if got := c.bp.Of(c.of); got != c.want {
			t.Errorf("Bp(%d).Of(%d) = %d, want %d", c.bp, c.of, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b, f := rapid.Int64Range(0, 10000).Draw(t, "bp"), rapid.Int64Range(0, 1<<40).Draw(t, "fen")
		if got := Bp(b).Of(Fen(f)); int64(got) != f*b/10000 {
			t.Fatalf("Bp(%d).Of(%d) = %d", b, f, got)
		}
	})
}

func TestSplitAddsUp(t *testing.T) {
	if got := Split(100, 1, 1, 1); got[0] != 33 || got[1] != 33 || got[2] != 34 {
		t.Errorf("Split(100, 1, 1, 1) = %v: the last takes the remainder", got)
	}
	if got := Split(7, 0, 1); got[0] != 0 || got[1] != 7 {
		t.Errorf("Split(7, 0, 1) = %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		total := Fen(rapid.Int64Range(0, 9999999999999999).Draw(t, "total"))
		weights := append(rapid.SliceOfN(rapid.Int64Range(0, 100), 0, 6).Draw(t, "weights"), rapid.Int64Range(1, 100).Draw(t, "last"))
		var sum Fen
		var all int64
		for _, w := range weights {
			all += w
		}
		shares := Split(total, weights...)
		for i, s := range shares {
			sum += s
			exact := float64(total) * float64(weights[i]) / float64(all)
			if s < 0 || i < len(shares)-1 && math.Abs(float64(s)-exact) > 2 {
				t.Fatalf("share %d of %d by %v is %d", i, total, weights, s)
			}
		}
		if sum != total {
			t.Fatalf("Split(%d, %v) adds up to %d", total, weights, sum)
		}
	})
}

// What a heading in 万元 promises is what stands under it, to the fen, and it reads back.
func TestWan(t *testing.T) {
	for fen, want := range map[Fen]string{0: "0", 1: "0.000001", 50_000: "0.05", 1_000_000: "1", 1_500_000: "1.5", -50_000: "-0.05", 123_456_789: "123.456789", 100_000_000: "100"} {
		if got := fen.Wan(); got != want {
			t.Errorf("%d: %s, want %s", fen, got, want)
		}
	}
}
