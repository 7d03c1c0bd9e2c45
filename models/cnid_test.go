package models

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseIDNumber(t *testing.T) {
	good := map[string]struct {
		birth  Day
		region Region
	}{
		"11010519491231002X": {"1949-12-31", "110105"}, // published sample of GB 11643
		"11010519491231002x": {"1949-12-31", "110105"},
		"440524188001010014": {"1880-01-01", "440524"}, // published sample
		"430181199001010003": {"1990-01-01", "430181"},
		"430102198002290000": {"1980-02-29", "430102"},
		"430182197512310005": {"1975-12-31", "430182"},
		"43011220100601000X": {"2010-06-01", "430112"},
		"43012119490101000X": {"1949-01-01", "430121"},
		"430181196308150007": {"1963-08-15", "430181"},
		"43018119600515000X": {"1960-05-15", "430181"},
	}
	for s, want := range good {
		n, err := ParseIDNumber(s)
		if err != nil || n.Birth() != want.birth || n.Region() != want.region || n.Reveal() != strings.ToUpper(s) {
			t.Errorf("%s: %s %s %q, %v", s, n.Birth(), n.Region(), n.Reveal(), err)
		}
	}
	for name, s := range map[string]string{
		"empty": "", "short": "43018119900101000", "long": "4301811990010100033", "wrong check": "430181199001010004",
		"letters": "43018119900101A003", "x inside": "4301811990010X0003", "full width": "４３０１８１１９９００１０１０００３",
		"30 February": idWithCheck("43018119900230000"), "29 February of a common year": idWithCheck("43018119900229000"),
		"month 13": idWithCheck("43018119901301000"), "1799": idWithCheck("43018117990101000"), "leading 0": idWithCheck("03018119900101000"),
	} {
		if _, err := ParseIDNumber(s); !errors.Is(err, Invalid) {
			t.Errorf("%s: %v, want Invalid", name, err)
		}
	}
}

func idWithCheck(body string) string {
	sum := 0
	for i, w := range idWeights {
		sum += int(body[i]-'0') * w
	}
	return body + string(idChecks[sum%11])
}

func TestIDNumberPrintsMasked(t *testing.T) {
	n, err := ParseIDNumber("430181199001010003")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(n), fmt.Sprintf("%+v", n), fmt.Sprintf("%#v", n), fmt.Sprintf("%s", n)} {
		if strings.Contains(s, "19900101") || !strings.Contains(s, "430181********0003") {
			t.Errorf("printed %q", s)
		}
	}
}

func TestSyntheticIDNumber(t *testing.T) {
	n, err := SyntheticIDNumber("430181", "1990-01-01")
	if err != nil || n.Reveal() != "430181199001010003" || !n.Synthetic() {
		t.Fatalf("%q, %v", n.Reveal(), err)
	}
	for _, in := range [][2]string{{"4301", "1990-01-01"}, {"43018a", "1990-01-01"}, {"430181", "1990-02-30"}, {"430181", "19900101"}, {"      ", "1990-01-01"}} {
		if _, err := SyntheticIDNumber(Region(in[0]), Day(in[1])); !errors.Is(err, Invalid) {
			t.Errorf("%v: %v, want Invalid", in, err)
		}
	}
	if issued, _ := ParseIDNumber("11010519491231002X"); issued.Synthetic() {
		t.Error("serial 002 taken for a made-up one")
	}
}

func TestAge(t *testing.T) {
	for _, tc := range []struct {
		birth, on Day
		age       int
		adult     bool
	}{
		{"2008-06-01", "2026-05-31", 17, false}, {"2008-06-01", "2026-06-01", 18, true}, {"2008-06-01", "2026-06-02", 18, true},
		{"2008-02-29", "2026-02-28", 17, false}, {"2008-02-29", "2026-03-01", 18, true},
		{"2026-06-01", "2026-05-31", -1, false}, {"", "2026-05-31", 0, false}, {"1949-01-01", "2026-01-01", 77, true},
	} {
		if age := AgeOn(tc.birth, tc.on); age != tc.age || Adult(tc.birth, tc.on) != tc.adult {
			t.Errorf("born %s on %s: %d, adult %v", tc.birth, tc.on, age, Adult(tc.birth, tc.on))
		}
	}
}

// One wrong digit, or two neighbours exchanged, never passes: what the check character is for.
func TestIDNumberCatchesSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		county := Region(fmt.Sprintf("%06d", rapid.IntRange(110000, 829999).Draw(t, "county")))
		n, err := SyntheticIDNumber(county, Day("1900-01-01").Add(rapid.IntRange(0, 45000).Draw(t, "day")))
		if err != nil {
			t.Fatal(err)
		}
		slip := []byte(n.Reveal())
		i := rapid.IntRange(0, 16).Draw(t, "at")
		if rapid.Bool().Draw(t, "swap") && i < 16 {
			slip[i], slip[i+1] = slip[i+1], slip[i]
		} else {
			slip[i] = byte('0' + (int(slip[i]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10)
		}
		if string(slip) != n.Reveal() && ValidIDNumber(string(slip)) {
			t.Fatalf("%s for %s passes", slip, n.Reveal())
		}
	})
}

func FuzzParseIDNumber(f *testing.F) {
	for _, s := range []string{"11010519491231002X", "43011220100601000x", "", "430181199001010004"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseIDNumber(s)
		if err != nil {
			if !errors.Is(err, Invalid) || n != (IDNumber{}) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := ParseIDNumber(n.Reveal())
		if err != nil || again != n || len(n.Birth()) != 10 || len(n.Region()) != 6 {
			t.Fatalf("%q: %q %v", s, again.Reveal(), err)
		}
	})
}
