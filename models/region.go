package models

import "strings"

// A Region is a division code of GB/T 2260 and the statistics bureau below it, read as a prefix:
// 43 province, 4301 city, 430181 county, 430181108 town, 430181108240 village. "" is everywhere.
type Region string

// A Level is how narrow a region is: the number of digits of its code. A narrower one is greater; 0 is everywhere.
type Level int

// The levels of GB/T 2260 and of the statistics bureau below it.
const (
	Province   Level = 2
	Prefecture Level = 4 // a city of districts and counties
	County     Level = 6
	Town       Level = 9
	Village    Level = 12
)

// Level is how narrow r is.
func (r Region) Level() Level { return Level(len(r)) }

// Contains says whether other lies in r or is r: 430181 contains 430181108240.
func (r Region) Contains(other Region) bool { return strings.HasPrefix(string(other), string(r)) }

// County is the county-level part of r, or r itself when it is wider.
func (r Region) County() Region { return r.cut(County) }

// City is the city-level part of r, or r itself when it is wider.
func (r Region) City() Region { return r.cut(Prefecture) }

// Town is the town-level part of r, or r itself when it is wider.
func (r Region) Town() Region { return r.cut(Town) }

// Parent is the next wider region, "" above a province.
func (r Region) Parent() Region {
	for _, l := range []Level{Town, County, Prefecture, Province} {
		if r.Level() > l {
			return r[:l]
		}
	}
	return ""
}

func (r Region) cut(l Level) Region { return r[:min(r.Level(), l)] }
