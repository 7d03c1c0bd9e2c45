package score

import (
	"fmt"
	"slices"

	"xinyi/models"
)

// The bounds of a set.
const (
	maxIndicators = 80
	maxBands      = 20
	maxFact       = 120                 // bytes of a fact's name
	maxBound      = 100_000_000_000_000 // of a band, of a fact: its ten-thousandfold still fits 64 bits
)

// Bounded looks whether a set is small enough to be looked at. Errors: Invalid "score.set_invalid".
func (s *Set) Bounded() error {
	c := &checker{}
	c.fault(len(s.Dimensions) > maxIndicators, "/dimensions", "score_count")
	c.fault(len(s.Grades) > maxBands, "/grades", "score_grades")
	c.fault(len(s.Vetoes) > maxIndicators, "/vetoes", "score_count")
	n := 0
	for d, dim := range s.Dimensions {
		if n += len(dim.Indicators); n > maxIndicators {
			c.fault(true, fmt.Sprintf("/dimensions/%d/indicators", d), "score_count")
			break
		}
		for i, x := range dim.Indicators {
			c.fault(len(x.Bands) > maxBands, fmt.Sprintf("/dimensions/%d/indicators/%d/bands", d, i), "score_count")
			c.fault(len(x.Of) > maxFact || len(x.Over) > maxFact, fmt.Sprintf("/dimensions/%d/indicators/%d/of", d, i), "score_fact")
		}
	}
	return c.err()
}

// Check looks whether a set of so many points is whole. known says which facts there are, nil: any. Errors: Invalid
// "score.set_invalid", a field for every fault.
func (s *Set) Check(total Points, known func(fact string) bool) error {
	if err := s.Bounded(); err != nil {
		return err
	}
	c := &checker{codes: map[string]bool{}, known: known}
	c.fault(s.ID == "" || s.Version < 1, "/id", "required")
	n := 0
	for d, dim := range s.Dimensions {
		at := fmt.Sprintf("/dimensions/%d", d)
		c.code(dim.Code, at)
		c.words(dim.Name, at+"/name")
		for i, ind := range dim.Indicators {
			n++
			c.indicator(ind, fmt.Sprintf("%s/indicators/%d", at, i))
		}
	}
	c.fault(n == 0, "/dimensions", "score_count")
	c.fault(s.Max() != total, "/dimensions", "score_total")
	c.grades(s.Grades, total)
	for i, v := range s.Vetoes {
		c.code(v.Code, fmt.Sprintf("/vetoes/%d", i))
		c.words(v.Name, fmt.Sprintf("/vetoes/%d/name", i))
	}
	return c.err()
}

type checker struct {
	codes  map[string]bool
	known  func(string) bool
	faults []models.Field
}

func (c *checker) err() error {
	if len(c.faults) == 0 {
		return nil
	}
	return &models.Error{Code: models.Invalid, Reason: "score.set_invalid", Fields: c.faults}
}

func (c *checker) fault(bad bool, pointer, code string) {
	if bad {
		c.faults = append(c.faults, models.Field{Pointer: pointer, Code: code})
	}
}

func (c *checker) code(code, at string) {
	c.fault(code == "" || len(code) > 40 || c.codes[code], at+"/code", "score_code")
	c.codes[code] = true
}

func (c *checker) words(w models.Words, at string) {
	c.faults = append(c.faults, w.Check(at, models.MaxTitle)...)
}

func (c *checker) indicator(x Indicator, at string) {
	c.code(x.Code, at)
	c.words(x.Name, at+"/name")
	c.words(x.Source, at+"/source")
	c.fault(x.Of == "" || c.known != nil && !c.known(x.Of), at+"/of", "score_fact")
	c.fault(x.Over != "" && c.known != nil && !c.known(x.Over), at+"/over", "score_fact")
	c.fault(x.Max < 0, at+"/max", "score_points")
	c.fault(x.Max > 0 && x.Unknown <= 0 || x.Unknown > x.Max, at+"/unknown", "score_points")
	c.fault(x.Max == 0 && (x.Linear || x.Unknown != 0 || !x.gates()), at+"/bands", "score_gate")
	c.fault(len(x.Bands) == 0, at+"/bands", "score_count")
	best := Points(0)
	for i, b := range x.Bands {
		at := fmt.Sprintf("%s/bands/%d", at, i)
		best = max(best, b.Points)
		c.fault(b.Points < 0 || b.Points > x.Max, at+"/points", "score_points")
		c.fault(beyond(b.Least) || beyond(b.Most) || b.Least != nil && b.Most != nil && *b.Least > *b.Most, at, "score_bounds")
		c.fault(b.Fails && b.Points > 0, at+"/fails", "score_points")
		if x.Linear {
			c.fault(b.Least == nil || b.Most != nil || i > 0 && x.Bands[i-1].Least != nil && *b.Least >= *x.Bands[i-1].Least, at, "score_linear")
		}
	}
	c.fault(best != x.Max, at+"/bands", "score_unreached")
}

// gates says whether some band fails.
func (x Indicator) gates() bool {
	return slices.ContainsFunc(x.Bands, func(b Band) bool { return b.Fails })
}

func beyond(n *int64) bool { return n != nil && (*n > maxBound || *n < -maxBound) }

func (c *checker) grades(gs []Grade, total Points) {
	c.fault(len(gs) < 2 || gs[len(gs)-1].Least != 0 || gs[len(gs)-1].Good, "/grades", "score_grades")
	for i, g := range gs {
		at := fmt.Sprintf("/grades/%d", i)
		c.code(g.Name, at)
		c.fault(g.Least < 0 || g.Least > total || i > 0 && (g.Least >= gs[i-1].Least || g.Good && !gs[i-1].Good), at, "score_grades")
	}
}
