package models

import "strings"

// A Region is a division code of GB/T 2260 and the statistics bureau below it, read as a prefix:
// 43 province, 4301 city, 430181 county, 430181108 town, 430181108240 village. "" is everywhere.
type Region string

// Contains says whether other lies in r or is r: 430181 contains 430181108240.
func (r Region) Contains(other Region) bool { return strings.HasPrefix(string(other), string(r)) }

// County is the county-level part of r, or r itself when it is wider.
func (r Region) County() Region { return r.cut(6) }

// City is the city-level part of r, or r itself when it is wider.
func (r Region) City() Region { return r.cut(4) }

// Town is the town-level part of r, or r itself when it is wider.
func (r Region) Town() Region { return r.cut(9) }

// Parent is the next wider region, "" above a province.
func (r Region) Parent() Region {
	switch {
	case len(r) > 9:
		return r[:9]
	case len(r) > 6:
		return r[:6]
	case len(r) > 4:
		return r[:4]
	case len(r) > 2:
		return r[:2]
	}
	return ""
}

func (r Region) cut(n int) Region {
	if len(r) <= n {
		return r
	}
	return r[:n]
}
