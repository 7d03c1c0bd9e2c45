package division

import (
	"slices"
	"strings"

	"xinyi/models"
)

// A ZoneKind is what sort of functional zone a zone is.
type ZoneKind string

// The kinds of zones.
const (
	NewArea      ZoneKind = "new_area"      // 国家级新区
	FreeTrade    ZoneKind = "free_trade"    // 自贸片区
	EconomicPark ZoneKind = "economic_park" // 经济技术开发区, 经开区
	HighTechPark ZoneKind = "hightech_park" // 高新区
	OtherPark    ZoneKind = "park"          // a park of a kind nobody has told us
)

var zoneKinds = []ZoneKind{NewArea, FreeTrade, EconomicPark, HighTechPark, OtherPark}

// A Zone lies across divisions: a town may be in several zones, and in one only for some years.
type Zone struct {
	models.Meta `bson:",inline"`
	Name        string   `bson:"name"`
	Kind        ZoneKind `bson:"kind"`
	Confirmed   bool     `bson:"confirmed"` // false until somebody with the official paper has checked name and members
	Note        string   `bson:"note"`      // where the entry comes from
	Members     []Member `bson:"members"`   // in the order of their codes, then days; empty while nobody has told us
}

// A Member is a division inside a zone, from a day to a day, both included; a nil day is open.
type Member struct {
	Region models.Region `bson:"region"` // usually a town; a county for the whole of it
	From   *models.Day   `bson:"from,omitempty"`
	To     *models.Day   `bson:"to,omitempty"`
}

// NewZone makes a zone without members. Errors: Invalid "zone.no_id", "zone.no_name", "zone.unknown_kind".
func NewZone(id, name string, kind ZoneKind, confirmed bool, note string) (*Zone, error) {
	switch {
	case strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || id == "":
		return nil, models.Bad("/id", "zone_id", "zone.no_id")
	case strings.TrimSpace(name) == "":
		return nil, models.Bad("/name", "required", "zone.no_name")
	case !slices.Contains(zoneKinds, kind):
		return nil, models.Bad("/kind", "oneof", "zone.unknown_kind")
	}
	return &Zone{Meta: models.Meta{ID: id}, Name: name, Kind: kind, Confirmed: confirmed, Note: note, Members: []Member{}}, nil
}

// Add puts a division into the zone for a time.
//
// Errors: Invalid "division.not_a_code", "zone.days_reversed" when to is before from, "zone.member_twice" when the division
// is a member on one of these days already.
func (z *Zone) Add(region models.Region, from, to *models.Day) error {
	if _, _, err := Read(string(region)); err != nil {
		return err
	}
	if from != nil && to != nil && *to < *from {
		return models.Bad("/to", "day", "zone.days_reversed")
	}
	m := Member{Region: region, From: from, To: to}
	for _, other := range z.Members {
		if other.Region == region && other.overlaps(m) {
			return models.Bad("/town", "unique", "zone.member_twice")
		}
	}
	z.Members = append(z.Members, m)
	slices.SortStableFunc(z.Members, func(a, b Member) int { return strings.Compare(a.key(), b.key()) })
	return nil
}

// Holds says whether place lies in the zone on day: a village does when its town or county is a member.
func (z *Zone) Holds(place models.Region, day models.Day) bool {
	return slices.ContainsFunc(z.Members, func(m Member) bool { return m.Region.Contains(place) && m.on(day) })
}

// Same says whether z and other tell the same.
func (z *Zone) Same(other *Zone) bool {
	return z.ID == other.ID && z.Name == other.Name && z.Kind == other.Kind && z.Confirmed == other.Confirmed &&
		z.Note == other.Note && slices.EqualFunc(z.Members, other.Members, func(a, b Member) bool { return a.key() == b.key() })
}

func (m Member) on(day models.Day) bool {
	return (m.From == nil || *m.From <= day) && (m.To == nil || day <= *m.To)
}

func (m Member) overlaps(o Member) bool {
	return (m.To == nil || o.From == nil || *o.From <= *m.To) && (o.To == nil || m.From == nil || *m.From <= *o.To)
}

func (m Member) key() string { return string(m.Region) + "/" + text(m.From) + "/" + text(m.To) }

func text(d *models.Day) string {
	if d == nil {
		return ""
	}
	return string(*d)
}
