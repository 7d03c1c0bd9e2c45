package village_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/village"
)

// Two phones that wrote without a network come to the same sheet and the same conflicts, in whatever order what they wrote arrives,
// however often, and in whatever parts.
func TestPhonesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		w.proof()
		n := rapid.IntRange(2, 8).Draw(rt, "writes")
		people := []models.Actor{townA, townB, countyA}
		type sent struct {
			by models.Actor
			w  village.Write
		}
		var all []sent
		for i := range n {
			who := people[rapid.IntRange(0, len(people)-1).Draw(rt, "who")]
			x := village.Write{
				Op: fmt.Sprintf("op-%d", i), Indicator: rapid.SampledFrom([]string{"notices", "education"}).Draw(rt, "indicator"),
				Value: rapid.Int64Range(0, 4).Draw(rt, "value"), Wrote: noon.Add(-time.Duration(rapid.IntRange(0, 5).Draw(rt, "minutes")) * time.Minute),
			}
			if x.Value > 0 && x.Indicator == "education" {
				x.Evidence = []string{"x-education"}
			}
			if len(all) > 0 && rapid.Bool().Draw(rt, "knew") {
				knew := all[rapid.IntRange(0, len(all)-1).Draw(rt, "of")].w
				if knew.Indicator == x.Indicator {
					x.Seen = models.At(knew.Wrote)
				}
			}
			all = append(all, sent{who, x})
		}
		play := func(order []sent) (village.Sheet, []village.Write) {
			w.entry.First = village.Sheet{}
			for _, s := range order {
				for range 1 + rapid.IntRange(0, 1).Draw(rt, "again") {
					if _, err := w.entry.Write(village.Sync{Second: false, Writes: []village.Write{s.w}, Skew: 0}, w.scheme, s.by, noon); err != nil {
						rt.Fatal(err)
					}
				}
			}
			return w.entry.First, w.entry.First.Clashes()
		}
		a, lostA := play(all)
		b, lostB := play(rapid.Permutation(all).Draw(rt, "order"))
		if !reflect.DeepEqual(a.Stands(), b.Stands()) {
			rt.Fatalf("%+v\n%+v", a.Stands(), b.Stands())
		}
		if !reflect.DeepEqual(lostA, lostB) {
			rt.Fatalf("conflicts:\n%+v\n%+v", lostA, lostB)
		}
	})
}

func TestVerdicts(t *testing.T) {
	w := newWorld(t)
	w.proof()
	write := func(by models.Actor, op string, value int64, ago time.Duration, change func(*village.Write)) village.Verdict {
		x := village.Write{Op: op, Indicator: "notices", Value: value, Wrote: noon.Add(-ago)}
		if change != nil {
			change(&x)
		}
		vs, err := w.entry.Write(village.Sync{Second: false, Writes: []village.Write{x}, Skew: time.Minute}, w.scheme, by, noon)
		if err != nil {
			t.Fatal(err)
		}
		return vs[0]
	}
	for i, tc := range []struct {
		by     models.Actor
		op     string
		value  int64
		ago    time.Duration
		change func(*village.Write)
		want   village.Outcome
		code   string
		lost   int
	}{
		{townA, "a1", 4, time.Hour, nil, village.Stands, "", 0},
		{townA, "a1", 4, time.Hour, nil, village.Same, "", 0},
		{townB, "b1", 4, time.Minute, nil, village.Same, "", 0},
		{townB, "b2", 2, 30 * time.Second, nil, village.Overwrote, "", 1}, // had not seen a1
		{townA, "a2", 3, 2 * time.Hour, nil, village.Kept, "", 1},         // its author wrote later himself
		{countyA, "c1", 1, time.Second, nil, village.Overwrote, "", 2},    // had not seen b2 either
		{countyA, "c2", 1, 0, func(x *village.Write) { x.Settles = []string{"a1", "b2"} }, village.Same, "", 0},
		{townA, "a3", 1, 0, func(x *village.Write) { x.Indicator = "share" }, village.Refused, "village_indicator", 0},           // automatic
		{townA, "a4", 1, 0, func(x *village.Write) { x.Indicator = "rules" }, village.Refused, "village_evidence", 0},            // no evidence
		{townA, "a5", 1, 0, func(x *village.Write) { x.Evidence = []string{"x-rules"} }, village.Refused, "village_evidence", 0}, // of something else
		{townA, "a6", -1, 0, nil, village.Refused, "range", 0},
		{townA, "", 1, 0, nil, village.Refused, "village_write", 0},
	} {
		v := write(tc.by, tc.op, tc.value, tc.ago, tc.change)
		if v.Outcome != tc.want || v.Code != tc.code || len(w.entry.First.Clashes()) != tc.lost {
			t.Errorf("%d: %+v with %d conflicts, want %s %s with %d", i, v, len(w.entry.First.Clashes()), tc.want, tc.code, tc.lost)
		}
	}
	if v := write(townB, "ahead", 3, -time.Hour, nil); v.Outcome == village.Refused || !w.entry.First.Stands()["notices"].Wrote.Equal(noon) {
		t.Errorf("a phone whose clock runs ahead: %+v", v)
	}
}

// An outsider who knows the seed, once it is shown, the root and how many rows there are draws the same sample; nobody could pick it
// before, because the seed was committed to and the root comes later.
func TestTheSampleIsAnybodysToDraw(t *testing.T) {
	s := scheme(t, village.OfVillages)
	r := round(t, s)
	seed := r.Seed.Reveal()
	if want := village.Commitment(seed); r.Commit != want || r.Commit == seed {
		t.Errorf("commitment %s, want %s", r.Commit, want)
	}
	rows := village.DrawRows(seed, "root", 812, s.Terms)
	if len(rows) != 41 || !slices.IsSorted(rows) || len(slices.Compact(slices.Clone(rows))) != 41 || rows[40] >= 812 {
		t.Errorf("%d rows: %v", len(rows), rows)
	}
	if !slices.Equal(rows, byHand(seed, "root", 812, 41)) {
		t.Error("done by hand it is another sample")
	}
	if slices.Equal(rows, village.DrawRows(seed, "another root", 812, s.Terms)) {
		t.Error("the root does not matter")
	}
	for size, want := range map[int]int{0: 0, 5: 5, 20: 20, 100: 20, 400: 20, 401: 21, 1000: 50} {
		if got := len(village.DrawRows(seed, "root", size, s.Terms)); got != want {
			t.Errorf("of %d households %d, want %d", size, got, want)
		}
	}
	var ids []string
	for i := range 60 {
		ids = append(ids, fmt.Sprintf("e%d", i))
	}
	drawn := village.Drawn(seed, ids, s.Terms)
	if len(drawn) != 3 || !slices.Equal(drawn, village.Drawn(seed, ids, s.Terms)) {
		t.Errorf("second sheets: %v", drawn)
	}
}
