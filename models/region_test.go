package models

import "testing"

func TestRegion(t *testing.T) {
	village := Region("430181108240")
	for r, want := range map[Region]bool{"": true, "43": true, "4301": true, "430181": true, "430181108": true, village: true, "430182": false, "44": false, "4301811082401": false} {
		if r.Contains(village) != want {
			t.Errorf("%q contains %s: %v", r, village, !want)
		}
	}
	for _, c := range []struct{ r, city, county, town, parent Region }{
		{village, "4301", "430181", "430181108", "430181108"},
		{"430181108", "4301", "430181", "430181108", "430181"},
		{"430181", "4301", "430181", "430181", "4301"},
		{"4301", "4301", "4301", "4301", "43"},
		{"43", "43", "43", "43", ""},
		{"", "", "", "", ""},
	} {
		if c.r.City() != c.city || c.r.County() != c.county || c.r.Town() != c.town || c.r.Parent() != c.parent {
			t.Errorf("%q: city %q county %q town %q parent %q", c.r, c.r.City(), c.r.County(), c.r.Town(), c.r.Parent())
		}
	}
}

func TestRegionLevel(t *testing.T) {
	for r, want := range map[Region]Level{"": 0, "43": Province, "4301": Prefecture, "430181": County, "430181108": Town, "430181108240": Village} {
		if r.Level() != want {
			t.Errorf("%q: level %d, want %d", r, r.Level(), want)
		}
	}
}
