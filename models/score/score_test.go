package score_test

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xinyi/models"
	"xinyi/models/score"
)

func at(n int64) *int64 { return &n }

var w = models.Words{ZH: "项", EN: "item"}

// village is the share of the standard for villages: linear from 70 % to 80 %, below 70 % it fails.
func village() *score.Set {
	return &score.Set{
		ID: "v", Version: 1,
		Dimensions: []score.Dimension{{Code: "D", Name: w, Indicators: []score.Indicator{
			{Code: "share", Name: w, Source: w, Of: "good", Over: "all", Max: 2500, Unknown: 1250, Linear: true,
				Bands: []score.Band{{Least: at(8000), Points: 2500}, {Least: at(7000), Points: 1500}, {Least: at(0), Fails: true}}},
			{Code: "years", Name: w, Source: w, Of: "years", Max: 500, Unknown: 250, Restricted: true,
				Bands: []score.Band{{Least: at(5), Points: 500}, {Least: at(3), Points: 300}, {Least: at(1), Most: at(2), Points: 100}}},
		}}},
		Grades: []score.Grade{{Name: "A", Least: 2000, Good: true}, {Name: "B", Least: 1000}, {Name: "C"}},
		Vetoes: []score.Veto{{Code: "listed", Name: w}},
	}
}

func TestScore(t *testing.T) {
	set := village()
	if err := set.Check(3000, nil); err != nil {
		t.Fatal(err)
	}
	sc := set.Scorer()
	tests := map[string]struct {
		in     score.Input
		total  score.Points
		grade  string
		good   bool
		whys   []score.Why
		failed int
	}{
		"the worked example":      {score.Input{Facts: map[string]int64{"good": 597, "all": 812}}, 1852 + 250, "A", true, []score.Why{"COUNTED", "WITHHELD"}, 0},
		"at the upper bound":      {score.Input{Facts: map[string]int64{"good": 8, "all": 10, "years": 5}, Open: true}, 3000, "A", true, []score.Why{"COUNTED", "COUNTED"}, 0},
		"a hair below 70 %":       {score.Input{Facts: map[string]int64{"good": 69999, "all": 100000, "years": 9}, Open: true}, 1500 + 500, "C", false, nil, 1},
		"at the lower bound":      {score.Input{Facts: map[string]int64{"good": 7, "all": 10, "years": 2}, Open: true}, 1600, "B", false, nil, 0},
		"nothing of nothing":      {score.Input{Facts: map[string]int64{"good": 0, "all": 0}}, 250, "C", false, nil, 1},
		"all of nothing":          {score.Input{Facts: map[string]int64{"good": 5, "all": 0}}, 2750, "A", true, nil, 0},
		"nothing is known":        {score.Input{}, 1500, "B", false, []score.Why{"UNKNOWN", "WITHHELD"}, 0},
		"open and not known":      {score.Input{Open: true}, 1500, "B", false, []score.Why{"UNKNOWN", "UNKNOWN"}, 0},
		"no band fits":            {score.Input{Facts: map[string]int64{"years": 0, "good": 8, "all": 10}, Open: true}, 2500, "A", true, []score.Why{"COUNTED", "NOTHING"}, 0},
		"a veto":                  {score.Input{Facts: map[string]int64{"good": 9, "all": 10}, Grounds: []score.Ground{{Code: "listed", Record: "r@1"}}}, 2750, "A", false, nil, 0},
		"a ground nobody asks of": {score.Input{Facts: map[string]int64{"good": 9, "all": 10}, Grounds: []score.Ground{{Code: "other", Record: "r@1"}}}, 2750, "A", true, nil, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := sc.Score(tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if r.Total != tc.total || r.Grade != tc.grade || r.Good != tc.good || len(r.Failed) != tc.failed {
				t.Errorf("%s %s good %v failed %v, want %s %s %v", r.Total, r.Grade, r.Good, r.Failed, tc.total, tc.grade, tc.good)
			}
			for i, why := range tc.whys {
				if r.Items[i].Why != why {
					t.Errorf("%s is %s, want %s", r.Items[i].Code, r.Items[i].Why, why)
				}
			}
			total, grade, good, err := sc.Brief(tc.in)
			if err != nil || total != r.Total || grade != r.Grade || good != r.Good {
				t.Errorf("Brief differs: %v %v %v %v", total, grade, good, err)
			}
		})
	}
	for name, in := range map[string]score.Input{
		"a veto without a record": {Grounds: []score.Ground{{Code: "listed"}}},
		"a fact out of range":     {Facts: map[string]int64{"good": 1 << 62, "all": 1}},
		"a negative whole":        {Facts: map[string]int64{"good": 1, "all": -1}},
	} {
		if _, err := sc.Score(in); !errors.Is(err, models.Internal) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// More is never worse, points stay within their bounds, and what is not known is between the worst and the best.
func TestScoreGrows(t *testing.T) {
	sc := village().Scorer()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.Int64Range(1, 100_000).Draw(t, "all")
		a := rapid.Int64Range(0, all).Draw(t, "a")
		b := rapid.Int64Range(a, all).Draw(t, "b")
		of := func(n int64) score.Item {
			r, err := sc.Score(score.Input{Facts: map[string]int64{"good": n, "all": all}})
			if err != nil {
				t.Fatal(err)
			}
			return r.Items[0]
		}
		x, y := of(a), of(b)
		if x.Points > y.Points || x.Points < 0 || y.Points > x.Max {
			t.Errorf("%d of %d: %s, %d of %d: %s", a, all, x.Points, b, all, y.Points)
		}
	})
}

func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*score.Set){
		"score_total":     func(s *score.Set) { s.Dimensions[0].Indicators[1].Max = 600 },
		"score_unreached": func(s *score.Set) { s.Dimensions[0].Indicators[1].Bands[0].Points = 400 },
		"score_points":    func(s *score.Set) { s.Dimensions[0].Indicators[0].Unknown = 0 },
		"score_code":      func(s *score.Set) { s.Dimensions[0].Indicators[1].Code = "share" },
		"score_linear":    func(s *score.Set) { slices.Reverse(s.Dimensions[0].Indicators[0].Bands) },
		"score_bounds":    func(s *score.Set) { s.Dimensions[0].Indicators[1].Bands[2].Most = at(0) },
		"score_grades":    func(s *score.Set) { s.Grades[2].Least = 1 },
		"required":        func(s *score.Set) { s.Vetoes[0].Name.EN = "" },
		"score_fact":      func(s *score.Set) { s.Dimensions[0].Indicators[0].Of = "nobody" },
		"score_count":     func(s *score.Set) { s.Dimensions[0].Indicators[0].Bands = nil },
	} {
		s := village()
		change(s)
		err := s.Check(3000, func(f string) bool { return f != "nobody" })
		var e *models.Error
		if !errors.As(err, &e) || !slices.ContainsFunc(e.Fields, func(f models.Field) bool { return f.Code == want }) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// A gate gives no points: it lets through or fails, and what is not known lets through.
func TestGate(t *testing.T) {
	s := village()
	ind := &s.Dimensions[0].Indicators
	*ind = append(*ind, score.Indicator{Code: "new", Name: w, Source: w, Of: "newBad", Over: "loans", Bands: []score.Band{{Least: at(100), Fails: true}}})
	if err := s.Check(3000, nil); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		facts map[string]int64
		good  bool
	}{
		"below":        {map[string]int64{"good": 9, "all": 10, "newBad": 99, "loans": 10000}, true},
		"a hair below": {map[string]int64{"good": 9, "all": 10, "newBad": 999999, "loans": 100000000}, true},
		"at the bound": {map[string]int64{"good": 9, "all": 10, "newBad": 1, "loans": 100}, false},
		"not known":    {map[string]int64{"good": 9, "all": 10}, true},
	} {
		r, err := s.Scorer().Score(score.Input{Facts: tc.facts})
		if err != nil || r.Good != tc.good || r.Items[2].Points != 0 || r.Total != 2750 {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	for name, change := range map[string]func(*score.Indicator){
		"gives points":         func(x *score.Indicator) { x.Bands[0].Fails, x.Bands[0].Points = false, 100 },
		"lets everybody in":    func(x *score.Indicator) { x.Bands[0].Fails = false },
		"unknown gives points": func(x *score.Indicator) { x.Unknown = 1 },
		"runs straight":        func(x *score.Indicator) { x.Linear = true },
	} {
		s := village()
		bad := score.Indicator{Code: "new", Name: w, Source: w, Of: "newBad", Over: "loans", Bands: []score.Band{{Least: at(100), Fails: true}}}
		change(&bad)
		s.Dimensions[0].Indicators = append(s.Dimensions[0].Indicators, bad)
		if err := s.Check(3000, nil); !errors.Is(err, models.Invalid) {
			t.Errorf("a gate that %s: %v", name, err)
		}
	}
}

func TestHashNamesWhatASetSays(t *testing.T) {
	hashes := map[string]bool{village().Hash(): true}
	for _, change := range []func(*score.Set){
		func(s *score.Set) { s.Version++ }, func(s *score.Set) { s.Dimensions[0].Indicators[0].Linear = false },
		func(s *score.Set) { *s.Dimensions[0].Indicators[0].Bands[0].Least++ }, func(s *score.Set) { s.Grades[0].Least++ },
	} {
		s := village()
		change(s)
		hashes[s.Hash()] = true
	}
	if again := village().Hash(); len(hashes) != 5 || !hashes[again] {
		t.Errorf("%v", slices.Collect(maps.Keys(hashes)))
	}
}

func TestTooLargeIsRefused(t *testing.T) {
	for at, change := range map[string]func(*score.Set){
		"/dimensions":              func(s *score.Set) { s.Dimensions = slices.Repeat(s.Dimensions[:1], 10_000) },
		"/dimensions/0/indicators": func(s *score.Set) { s.Dimensions[0].Indicators = slices.Repeat(s.Dimensions[0].Indicators[:1], 10_000) },
		"/dimensions/0/indicators/0/bands": func(s *score.Set) {
			s.Dimensions[0].Indicators[0].Bands = slices.Repeat(s.Dimensions[0].Indicators[0].Bands[:1], 10_000)
		},
		"/grades": func(s *score.Set) { s.Grades = slices.Repeat(s.Grades[:1], 10_000) },
		"/vetoes": func(s *score.Set) { s.Vetoes = make([]score.Veto, 10_000) },
	} {
		s := village()
		change(s)
		if fields := models.FieldsOf(s.Bounded()); len(fields) == 0 || fields[0].Pointer != at {
			t.Errorf("%s: %v", at, fields)
		}
		if fields := models.FieldsOf(s.Check(0, nil)); len(fields) > 5 {
			t.Errorf("%s: an answer of %d faults", at, len(fields))
		}
	}
}
