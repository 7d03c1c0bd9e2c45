// Package score turns what is known about somebody into points by an indicator set (指标体系). A set is data: dimensions,
// indicators, bands and grades. Everything is counted in whole numbers, and what is not known is neutral, never zero.
package score

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"xinyi/models"
)

// Points are hundredths of a point: 1852 is 18.52.
type Points int64

// String writes points with two decimals.
func (p Points) String() string { return models.Fen(p).Yuan() }

// A Set says what counts how much. It never changes once it is in use; Hash names what it says.
type Set struct {
	ID         string      `bson:"id" json:"id"`
	Version    int         `bson:"version" json:"version"`
	Dimensions []Dimension `bson:"dimensions" json:"dimensions"`
	Grades     []Grade     `bson:"grades" json:"grades"` // the best first; the last takes whoever is left
	Vetoes     []Veto      `bson:"vetoes,omitempty" json:"vetoes,omitempty"`
}

// A Dimension is a group of indicators (一级指标). It is worth what its indicators are worth together.
type Dimension struct {
	Code       string       `bson:"code" json:"code"`
	Name       models.Words `bson:"name" json:"name" personal:"false"`
	Indicators []Indicator  `bson:"indicators" json:"indicators"`
}

// Max is the most points of a dimension.
func (d Dimension) Max() Points {
	var sum Points
	for _, i := range d.Indicators {
		sum += i.Max
	}
	return sum
}

// An Indicator looks at one fact, or at the share one fact is of another, in basis points. One that is worth nothing (Max 0) is a gate: a
// condition that gives no points, and fails in some band.
type Indicator struct {
	Code       string       `bson:"code" json:"code"`
	Name       models.Words `bson:"name" json:"name" personal:"false"`
	Source     models.Words `bson:"source" json:"source"` // where the fact comes from, as people call it
	Of         string       `bson:"of" json:"of"`
	Over       string       `bson:"over,omitempty" json:"over,omitempty"` // "": the fact itself
	Max        Points       `bson:"max" json:"max"`
	Bands      []Band       `bson:"bands" json:"bands"`                       // the first that fits counts; none: 0
	Linear     bool         `bson:"linear,omitempty" json:"linear,omitempty"` // between the bounds of two bands the points run straight
	Unknown    Points       `bson:"unknown" json:"unknown"`                   // when the fact is not known or not given; half of Max unless the set says otherwise
	Restricted bool         `bson:"restricted,omitempty" json:"restricted,omitempty"`
}

// A Band gives points to values from Least to Most, both included; nil is no bound. Fails is a band that by itself keeps the
// whole from any grade but the last.
type Band struct {
	Least  *int64 `bson:"least,omitempty" json:"least,omitempty"`
	Most   *int64 `bson:"most,omitempty" json:"most,omitempty"`
	Points Points `bson:"points" json:"points"`
	Fails  bool   `bson:"fails,omitempty" json:"fails,omitempty"`
}

// A Grade is given from so many points on.
type Grade struct {
	Name  string `bson:"name" json:"name" personal:"false"`
	Least Points `bson:"least" json:"least"`
	Good  bool   `bson:"good,omitempty" json:"good,omitempty"` // it earns the title
}

// A Veto is a ground on which no title is given, whatever the points.
type Veto struct {
	Code string       `bson:"code" json:"code"`
	Name models.Words `bson:"name" json:"name" personal:"false"`
}

// Name is "id@version".
func (s *Set) Name() string { return fmt.Sprintf("%s@%d", s.ID, s.Version) }

// Hash is the SHA-256 of everything the set says, in hex.
func (s *Set) Hash() string {
	raw, err := json.Marshal(s)
	if err != nil {
		return "" // texts and whole numbers always have a form
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Max is the most points there are.
func (s *Set) Max() Points {
	var sum Points
	for _, d := range s.Dimensions {
		sum += d.Max()
	}
	return sum
}

// Indicators calls fn for each indicator in order.
func (s *Set) Indicators(fn func(*Indicator)) {
	for d := range s.Dimensions {
		for i := range s.Dimensions[d].Indicators {
			fn(&s.Dimensions[d].Indicators[i])
		}
	}
}

// Good says whether a grade earns the title.
func (s *Set) Good(grade string) bool {
	for _, g := range s.Grades {
		if g.Name == grade {
			return g.Good
		}
	}
	return false
}
