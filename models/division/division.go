// Package division knows the land the city is made of: provinces, cities, counties, towns and villages (行政区划) by their
// statistical codes, and the functional zones (功能区: 国家级新区, 自贸片区, 经开区, 高新区) that lie across them.
//
// A right or a rule never hangs on a name: 沙田村 exists three times. Codes name places, names show them.
package division

import (
	"fmt"
	"strconv"
	"strings"

	"xinyi/models"
)

// A Level is how wide a division is, by the length of its code.
type Level string

// The levels, from wide to narrow.
const (
	Province Level = "province" // 2 digits
	City     Level = "city"     // 4 digits
	County   Level = "county"   // 6 digits: county, district, county-level city
	Town     Level = "town"     // 9 digits
	Village  Level = "village"  // 12 digits
)

// A Kind is what sort of town or village a division is; wider divisions are of the kind of their level.
type Kind string

// The kinds.
const (
	KindProvince  Kind = "province"
	KindCity      Kind = "city"
	KindCounty    Kind = "county"
	Subdistrict   Kind = "subdistrict"    // 街道
	TownProper    Kind = "town"           // 镇
	Township      Kind = "township"       // 乡
	TownLike      Kind = "town_like"      // a park or an administration that counts as a town
	Community     Kind = "community"      // 居委会
	VillageProper Kind = "village"        // 村委会
	CommunityLike Kind = "community_like" // a park's virtual community
	VillageLike   Kind = "village_like"
)

// A Division is one place. Its id is its code; its parent's code is the head of its own.
type Division struct {
	models.Meta `bson:",inline"`
	Name        string        `bson:"name"`        // as the statistics bureau writes it: 沿江村委会
	DisplayName string        `bson:"displayName"` // as people say it: 沿江村
	Level       Level         `bson:"level"`
	Kind        Kind          `bson:"kind"`
	Parent      models.Region `bson:"parent"` // "" for a province
}

// New makes the division of a code. Errors: Invalid "division.not_a_code", "division.unknown_kind", "division.no_name".
//
// Source: docs/sources.md#divisions-1.
func New(code, name string) (*Division, error) {
	level, kind, err := Read(code)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(name) == "" {
		return nil, models.Bad("/name", "required", "division.no_name")
	}
	return &Division{
		Meta: models.Meta{ID: code}, Name: name, DisplayName: displayName(level, name),
		Level: level, Kind: kind, Parent: models.Region(code).Parent(),
	}, nil
}

// Region is the division as a scope.
func (d *Division) Region() models.Region { return models.Region(d.ID) }

// Same says whether d and other tell the same, so that a new edition of the table changes only what is new.
func (d *Division) Same(other *Division) bool {
	return d.ID == other.ID && d.Name == other.Name && d.DisplayName == other.DisplayName && d.Kind == other.Kind
}

// Read takes a code apart.
//
// Errors: Invalid "division.not_a_code" for anything but 2, 4, 6, 9 or 12 digits, "division.unknown_kind" for a town or
// village number outside the published ranges. Source: docs/sources.md#divisions-2.
func Read(code string) (Level, Kind, error) {
	if strings.Trim(code, "0123456789") != "" {
		return "", "", models.Bad("/code", "division", "division.not_a_code")
	}
	switch len(code) {
	case 2:
		return Province, KindProvince, nil
	case 4:
		return City, KindCity, nil
	case 6:
		return County, KindCounty, nil
	case 9:
		kind, err := kindOf(code[6:], towns)
		return Town, kind, err
	case 12:
		kind, err := kindOf(code[9:], villages)
		return Village, kind, err
	}
	return "", "", models.Bad("/code", "division", "division.not_a_code")
}

// A span is a range of the last three digits, both ends included.
type span struct {
	from, to int
	kind     Kind
}

var (
	towns    = []span{{1, 99, Subdistrict}, {100, 199, TownProper}, {200, 399, Township}, {400, 599, TownLike}}
	villages = []span{{1, 199, Community}, {200, 399, VillageProper}, {400, 499, CommunityLike}, {500, 599, VillageLike}}
)

func kindOf(digits string, spans []span) (Kind, error) {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return "", models.E(models.Invalid, "division.not_a_code", err)
	}
	for _, s := range spans {
		if s.from <= n && n <= s.to {
			return s.kind, nil
		}
	}
	return "", models.E(models.Invalid, "division.unknown_kind", fmt.Errorf("no town or village has the number %s", digits))
}

// displayName is the name people use: a village-level name without the word for its committee. 沿江村委会 and 沿江村村委会
// are both 沿江村, 古港村 stays as it is.
//
// Source: docs/sources.md#divisions-3.
func displayName(level Level, name string) string {
	if level != Village {
		return name
	}
	for _, committee := range []string{"村民委员会", "村委会"} {
		if place, found := strings.CutSuffix(name, committee); found {
			return strings.TrimSuffix(place, "村") + "村"
		}
	}
	for _, committee := range []string{"居民委员会", "居委会", "委员会"} {
		if place, found := strings.CutSuffix(name, committee); found && place != "" {
			return place
		}
	}
	return name
}
