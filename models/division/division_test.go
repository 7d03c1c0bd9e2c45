package division

import (
	"errors"
	"testing"

	"xinyi/models"
)

func TestNew(t *testing.T) {
	tests := map[string]struct {
		code, name string
		want       Division
	}{
		"province":           {"43", "湖南省", Division{DisplayName: "湖南省", Level: Province, Kind: KindProvince}},
		"city":               {"4301", "长沙市", Division{DisplayName: "长沙市", Level: City, Kind: KindCity, Parent: "43"}},
		"county-level city":  {"430181", "浏阳市", Division{DisplayName: "浏阳市", Level: County, Kind: KindCounty, Parent: "4301"}},
		"first subdistrict":  {"430181001", "淮川街道", Division{DisplayName: "淮川街道", Level: Town, Kind: Subdistrict, Parent: "430181"}},
		"last subdistrict":   {"430181099", "某街道", Division{DisplayName: "某街道", Level: Town, Kind: Subdistrict, Parent: "430181"}},
		"first town":         {"430181100", "某镇", Division{DisplayName: "某镇", Level: Town, Kind: TownProper, Parent: "430181"}},
		"last town":          {"430181199", "某镇", Division{DisplayName: "某镇", Level: Town, Kind: TownProper, Parent: "430181"}},
		"township":           {"430181201", "小河乡", Division{DisplayName: "小河乡", Level: Town, Kind: Township, Parent: "430181"}},
		"park":               {"430102400", "隆平高科技园", Division{DisplayName: "隆平高科技园", Level: Town, Kind: TownLike, Parent: "430102"}},
		"community":          {"430102001001", "识字里社区居委会", Division{DisplayName: "识字里社区", Level: Village, Kind: Community, Parent: "430102001"}},
		"community, long":    {"430104008009", "银谷国际社区居民委员会", Division{DisplayName: "银谷国际社区", Level: Village, Kind: Community, Parent: "430104008"}},
		"community, odd":     {"430104009004", "八方社区委员会", Division{DisplayName: "八方社区", Level: Village, Kind: Community, Parent: "430104009"}},
		"community, bare":    {"430102010009", "九道湾社区", Division{DisplayName: "九道湾社区", Level: Village, Kind: Community, Parent: "430102010"}},
		"village":            {"430103016205", "沿江村委会", Division{DisplayName: "沿江村", Level: Village, Kind: VillageProper, Parent: "430103016"}},
		"village, long":      {"430182107215", "南田坪村村民委员会", Division{DisplayName: "南田坪村", Level: Village, Kind: VillageProper, Parent: "430182107"}},
		"village, bare":      {"430181108200", "古港村", Division{DisplayName: "古港村", Level: Village, Kind: VillageProper, Parent: "430181108"}},
		"virtual community":  {"430102400498", "隆平高科技园虚拟社区", Division{DisplayName: "隆平高科技园虚拟社区", Level: Village, Kind: CommunityLike, Parent: "430102400"}},
		"village-like":       {"430102400500", "某场", Division{DisplayName: "某场", Level: Village, Kind: VillageLike, Parent: "430102400"}},
		"the committee only": {"430102001002", "居委会", Division{DisplayName: "居委会", Level: Village, Kind: Community, Parent: "430102001"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(tc.code, tc.name)
			if err != nil {
				t.Fatal(err)
			}
			tc.want.ID, tc.want.Name = tc.code, tc.name
			if !got.Same(&tc.want) || got.Level != tc.want.Level || got.Parent != tc.want.Parent {
				t.Errorf("New = %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]struct{ code, name, reason string }{
		"empty":             {"", "湖南省", "division.not_a_code"},
		"three digits":      {"430", "湖南省", "division.not_a_code"},
		"thirteen digits":   {"4301810010010", "某村", "division.not_a_code"},
		"a letter":          {"43018A", "某市", "division.not_a_code"},
		"full-width digits": {"４３", "湖南省", "division.not_a_code"},
		"town 000":          {"430181000", "某镇", "division.unknown_kind"},
		"town 600":          {"430181600", "某镇", "division.unknown_kind"},
		"village 000":       {"430181001000", "某村", "division.unknown_kind"},
		"village 600":       {"430181001600", "某村", "division.unknown_kind"},
		"no name":           {"430181", "  ", "division.no_name"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(tc.code, tc.name)
			var e *models.Error
			if !errors.As(err, &e) || e.Code != models.Invalid || e.Reason != tc.reason {
				t.Errorf("New(%q, %q) = %v, want %s", tc.code, tc.name, err, tc.reason)
			}
		})
	}
}

func TestZone(t *testing.T) {
	day := func(s string) *models.Day { d := models.Day(s); return &d }
	z, err := NewZone("xiangjiang", "湖南湘江新区", NewArea, false, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []Member{
		{"430104", day("2022-01-01"), nil},
		{"430112005", nil, day("2021-12-31")},
		{"430112005", day("2023-07-01"), nil},
	} {
		if err := z.Add(m.Region, m.From, m.To); err != nil {
			t.Fatalf("Add(%v) = %v", m, err)
		}
	}
	holds := map[string]struct {
		place models.Region
		day   models.Day
		want  bool
	}{
		"a village of the county, first day":   {"430104001001", "2022-01-01", true},
		"a village of the county, day before":  {"430104001001", "2021-12-31", false},
		"a town, last day of its first time":   {"430112005", "2021-12-31", true},
		"a town, between its times":            {"430112005", "2022-01-01", false},
		"a town, second time":                  {"430112005", "2023-07-01", true},
		"the county of a member town":          {"430112", "2024-01-01", false},
		"another county":                       {"430181", "2024-01-01", false},
		"a town whose code a member's extends": {"430112006", "2024-01-01", false},
	}
	for name, tc := range holds {
		t.Run(name, func(t *testing.T) {
			if got := z.Holds(tc.place, tc.day); got != tc.want {
				t.Errorf("Holds(%s, %s) = %v", tc.place, tc.day, got)
			}
		})
	}
	refused := map[string]struct {
		m      Member
		reason string
	}{
		"no code":                {Member{"4301x", nil, nil}, "division.not_a_code"},
		"days reversed":          {Member{"430181001", day("2024-01-02"), day("2024-01-01")}, "zone.days_reversed"},
		"again, on its last day": {Member{"430112005", day("2021-12-31"), day("2022-03-01")}, "zone.member_twice"},
		"again, open":            {Member{"430104", nil, nil}, "zone.member_twice"},
	}
	for name, tc := range refused {
		t.Run(name, func(t *testing.T) {
			before := len(z.Members)
			err := z.Add(tc.m.Region, tc.m.From, tc.m.To)
			var e *models.Error
			if !errors.As(err, &e) || e.Reason != tc.reason || len(z.Members) != before {
				t.Errorf("Add = %v (%d members), want %s", err, len(z.Members), tc.reason)
			}
		})
	}
	for _, bad := range []struct{ id, name string }{{"", "x"}, {"XJ", "x"}, {"x", ""}} {
		if _, err := NewZone(bad.id, bad.name, NewArea, false, ""); !errors.Is(err, models.Invalid) {
			t.Errorf("NewZone(%q, %q) = %v", bad.id, bad.name, err)
		}
	}
	if _, err := NewZone("x", "x", "开发区", false, ""); !errors.Is(err, models.Invalid) {
		t.Errorf("NewZone of an unknown kind = %v", err)
	}
}
