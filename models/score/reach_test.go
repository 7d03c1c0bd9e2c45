package score

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
)

func at(n int64) *int64 { return &n }

// reachSet has every kind of indicator: straight, stepped, one that fails, and a fact alone.
func reachSet() *Set {
	w := models.Words{ZH: "甲", EN: "a"}
	return &Set{ID: "s", Version: 1, Grades: []Grade{{"A", 9000, true}, {"B", 8000, true}, {"C", 7000, true}, {"D", 0, false}}, Dimensions: []Dimension{{Code: "d", Name: w, Indicators: []Indicator{
		{Code: "straight", Of: "a", Over: "n", Max: 4000, Unknown: 2000, Linear: true, Bands: []Band{{Least: at(9500), Points: 4000}, {Least: at(6000), Points: 0}}},
		{Code: "fails", Of: "b", Over: "n", Max: 3000, Unknown: 1500, Linear: true, Bands: []Band{{Least: at(8000), Points: 3000}, {Least: at(7000), Points: 1500}, {Least: at(0), Fails: true}}},
		{Code: "steps", Of: "bad", Over: "sum", Max: 2000, Unknown: 1000, Bands: []Band{{Most: at(100), Points: 2000}, {Most: at(300), Points: 1200}, {Most: at(499), Points: 600}, {Least: at(500), Fails: true}}},
		{Code: "plain", Of: "p", Max: 1000, Unknown: 500, Bands: []Band{{Least: at(3), Points: 1000}, {Least: at(1), Points: 400}}},
	}}}}
}

// TestReach: whatever the hidden values are, what a set makes of them lies in what it may reach; and what is told exactly reaches
// but what it scores.
func TestReach(t *testing.T) {
	set := reachSet()
	sc := set.Scorer()
	rapid.Check(t, func(t *rapid.T) {
		facts, spans := map[string]int64{}, map[string]Span{}
		exact := rapid.Bool().Draw(t, "exact")
		for _, name := range []string{"a", "b", "n", "bad", "sum", "p"} {
			wide := rapid.Int64Range(0, 40).Draw(t, name+" wide")
			if exact {
				wide = 0
			}
			least := rapid.Int64Range(0, 120).Draw(t, name)
			n := rapid.Int64Range(least, least+wide).Draw(t, name+" true")
			s := Span{Least: least, Most: least + wide, Absent: !exact && rapid.Bool().Draw(t, name+" absent")}
			if rapid.IntRange(0, 9).Draw(t, name+" unknown") == 0 {
				if s.Absent {
					spans[name] = s
				}
				continue
			}
			facts[name], spans[name] = n, s
		}
		r, err := sc.Score(Input{Facts: facts})
		if err != nil {
			t.Fatal(err)
		}
		got, err := sc.Reach(spans)
		if err != nil {
			t.Fatal(err)
		}
		for i, it := range got.Items {
			if p := r.Items[i].Points; p < it.Least || p > it.Most {
				t.Fatalf("%s: %v points lie outside %v to %v: %v, %v", it.Code, p, it.Least, it.Most, facts, spans)
			}
			if exact && it.Least != it.Most {
				t.Fatalf("%s is told exactly and reaches %v to %v: %v", it.Code, it.Least, it.Most, facts)
			}
		}
		if !slices.Contains(got.Grades, r.Grade) || exact && len(got.Grades) != 1 {
			t.Fatalf("grade %s, possible %v: %v, %v", r.Grade, got.Grades, facts, spans)
		}
	})
}

// TestReachIsTight: no value that lies in no span is counted with.
func TestReachIsTight(t *testing.T) {
	sc := reachSet().Scorer()
	tests := map[string]struct {
		facts       map[string]Span
		item        int
		least, most Points
		grades      []string
	}{
		"above every bound":        {map[string]Span{"a": {Least: 96, Most: 99}, "n": Exactly(100)}, 0, 4000, 4000, nil},
		"the straight part":        {map[string]Span{"a": {Least: 60, Most: 95}, "n": Exactly(100)}, 0, 0, 4000, nil},
		"half of the straight":     {map[string]Span{"a": {Least: 60, Most: 61}, "n": Exactly(100)}, 0, 0, 114, nil},
		"fails for certain":        {map[string]Span{"b": {Least: 0, Most: 69}, "n": Exactly(100)}, 1, 0, 1479, []string{"D"}},
		"may fail":                 {map[string]Span{"b": {Least: 69, Most: 70}, "n": Exactly(100)}, 1, 1479, 1500, []string{"D"}},
		"between two steps":        {map[string]Span{"bad": {Least: 301, Most: 499}, "sum": Exactly(10000)}, 2, 600, 600, nil},
		"over nothing":             {map[string]Span{"bad": {Least: 1, Most: 1}, "sum": Exactly(0)}, 2, 0, 0, []string{"D"}},
		"nothing of nothing":       {map[string]Span{"bad": Exactly(0), "sum": Exactly(0)}, 2, 2000, 2000, nil},
		"perhaps nobody has told":  {map[string]Span{"p": {Least: 3, Most: 9, Absent: true}}, 3, 500, 1000, nil},
		"a part of what is hidden": {map[string]Span{"b": {Least: 0, Most: 9}, "n": {Least: 0, Most: 9}}, 1, 0, 3000, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := sc.Reach(tc.facts)
			if err != nil {
				t.Fatal(err)
			}
			if it := got.Items[tc.item]; it.Least != tc.least || it.Most != tc.most {
				t.Errorf("%v to %v, want %v to %v", it.Least, it.Most, tc.least, tc.most)
			}
			if tc.grades != nil && !slices.Equal(got.Grades, tc.grades) {
				t.Errorf("grades %v, want %v", got.Grades, tc.grades)
			}
		})
	}
	if _, err := sc.Reach(map[string]Span{"p": {Least: 2, Most: 1}}); err == nil {
		t.Error("a span the wrong way round was taken")
	}
}

// TestAround: a hidden value says no more than its band.
func TestAround(t *testing.T) {
	set := reachSet()
	x := &set.Dimensions[0].Indicators[2]
	for n, want := range map[int64]Span{0: {Most: 100}, 100: {Most: 100}, 101: {Least: 101, Most: 300}, 499: {Least: 301, Most: 499}, 700: {Least: 500, Most: 10000}} {
		if got, ok := x.Around(n, 10000); !ok || got != want {
			t.Errorf("Around(%d) = %v, want %v", n, got, want)
		}
	}
}
