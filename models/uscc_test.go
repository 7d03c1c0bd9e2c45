package models

import (
	"slices"
	"testing"
)

func TestUSCC(t *testing.T) {
	for _, good := range []string{"91430100MAXX000152", "92430181MAXX000234", "93430181MAXX00031U", "12430181000000019C", "114301000000000270",
		"52430100000000035K", "N2430181MFXX00048J", "91430112MAXX00058U"} {
		if faults := USCCFaults(good); faults != nil {
			t.Errorf("%s: %v", good, faults)
		}
	}
	for bad, want := range map[string][]string{
		"":                    {USCCLength},
		"91430100MAXX00015":   {USCCLength},
		"91430100MAXX00015O":  {USCCChar},
		"9143A100MAXX000152":  {USCCChar},
		"91430100MAXX00015é":  {USCCChar},
		"91430100MAXX000153":  {USCCChecksum},
		"91430100MAXX000252":  {USCCChecksum, USCCInner},
		"91430100MAXX0001 52": {USCCLength},
	} {
		if got := USCCFaults(bad); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", bad, got, want)
		}
	}
	got, err := ParseUSCC(" ９１430100maxx000152 ")
	if err != nil || got != "91430100MAXX000152" || got.Region() != "430100" {
		t.Error(got, err)
	}
}

// TestUSCCOneCharacter shows that every exchange of one character is noticed.
func TestUSCCOneCharacter(t *testing.T) {
	const good = "91430100MAXX000152"
	for i := range good {
		for _, c := range usccAlphabet {
			s := good[:i] + string(c) + good[i+1:]
			if s != good && !slices.Contains(USCCFaults(s), USCCChecksum) && !slices.Contains(USCCFaults(s), USCCChar) {
				t.Errorf("%s passes", s)
			}
		}
	}
}

func TestSyntheticUSCC(t *testing.T) {
	seen := map[USCC]bool{}
	for n := range 2000 {
		c := SyntheticUSCC("91", "430181", n*461)
		if faults := USCCFaults(string(c)); faults != nil || seen[c] || c.Region() != "430181" {
			t.Fatalf("%d: %s %v", n, c, faults)
		}
		seen[c] = true
	}
	if SyntheticUSCC("91", "430181", 1<<20) != "" || SyntheticUSCC("9", "430181", 1) != "" || SyntheticUSCC("91", "4301", 1) != "" {
		t.Error("out of bounds")
	}
}
