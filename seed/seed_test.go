package seed

import (
	"errors"
	"strings"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/division"
	"xinyi/models/journal"
	"xinyi/models/webhook"
	"xinyi/store"
	"xinyi/store/sqlite/sqlitetest"
)

var noon = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)

func open(t *testing.T) Stores {
	t.Helper()
	_, stores := opened(t)
	return stores
}

// opened are the stores of a city, and what they are opened on.
func opened(t *testing.T) (*store.Store, Stores) {
	t.Helper()
	e := sqlitetest.Open(t)
	s := store.New(e, func() time.Time { return noon }, store.TestKeys())
	stores := Stores{
		Marks:     store.NewRepo[Mark](s, store.Seeds),
		Divisions: store.NewRepo[division.Division](s, store.Divisions),
		Zones:     store.NewRepo[division.Zone](s, store.Zones),
		Identity:  store.OpenIdentity(s),

		Organisation: store.OpenOrganisation(s),

		Medical:   store.OpenMedical(s),
		Events:    store.NewRepo[journal.Entry](s, store.Events),
		Endpoints: store.NewRepo[webhook.Endpoint](s, store.Endpoints),
	}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, stores
}

// The figures are those of the notes the table was checked against: docs/sources.md#divisions-1.
func TestDivisionsAreAllThere(t *testing.T) {
	ds, err := readDivisions(divisionsCSV)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, d := range ds {
		if models.Region("4301").Contains(d.Region()) {
			count[string(d.Kind)]++
			count[string(d.Region().County())+" "+string(d.Level)]++
		}
	}
	want := map[string]int{
		"city": 1, "county": 9, "subdistrict": 96, "town": 69, "township": 5, "town_like": 2,
		"community": 841, "village": 806, "community_like": 2, "village_like": 0,
		"430112 town": 16, "430112 village": 160, "430121 town": 18, "430121 village": 225,
		"430181 town": 32, "430181 village": 326, "430182 town": 29, "430182 village": 278,
	}
	for k, n := range want {
		if count[k] != n {
			t.Errorf("%s: %d, want %d", k, count[k], n)
		}
	}
}

func TestLandTwiceAndAgain(t *testing.T) {
	s := open(t)
	for range 2 {
		if err := Land(t.Context(), s, ""); err != nil {
			t.Fatal(err)
		}
	}
	page, err := s.Divisions.Find(t.Context(), store.DivisionsIn("430181").Page(200, ""))
	if err != nil || len(page.Items) != 32 || page.Items[0].ID != "430181001" {
		t.Fatalf("towns of Liuyang: %d, %v", len(page.Items), err)
	}
	head := "id,name,kind,town,from,to,status,note\n"
	if err := Land(t.Context(), s, head+"longping,隆平园,park,430102400,2023-01-01,,confirmed,paper 7\nnew,新园,park,,,,unconfirmed,\n"); err != nil {
		t.Fatal(err)
	}
	z, err := s.Zones.Get(t.Context(), "longping")
	if err != nil || z.Name != "隆平园" || !z.Confirmed || !z.Holds("430102400498", "2024-01-01") || z.Revision != 2 {
		t.Errorf("the edited zone: %+v, %v", z, err)
	}
	if z, err = s.Zones.Get(t.Context(), "xiangjiang"); err != nil || z.Revision != 1 {
		t.Errorf("a zone that was not in the new edition: %+v, %v", z, err)
	}
}

func TestZonesRefused(t *testing.T) {
	head := "id,name,kind,town,from,to,status,note\n"
	tests := map[string]string{
		"another header":   "id,name\n",
		"unknown kind":     head + "a,A,garden,,,,confirmed,\n",
		"unknown status":   head + "a,A,park,,,,maybe,\n",
		"no such day":      head + "a,A,park,430181,2024-02-30,,confirmed,\n",
		"no division code": head + "a,A,park,43018,,,confirmed,\n",
		"member twice":     head + "a,A,park,430181,,,confirmed,\na,A,park,430181,2024-01-01,,confirmed,\n",
		"a column short":   head + "a,A,park\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if err := Land(t.Context(), s, text); err == nil {
				t.Error("taken")
			}
			if _, err := s.Marks.Get(t.Context(), "zones"); !errors.Is(err, models.NotFound) {
				t.Errorf("marked as taken: %v", err)
			}
		})
	}
}

func TestPopulation(t *testing.T) {
	p, err := NewPopulation(noon)
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewPopulation(noon)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.People); n < 515 || n > 540 {
		t.Errorf("%d people", n)
	}
	phones, numbers, minors := map[string]string{}, map[string]string{}, 0
	today := models.DayOf(noon)
	for i, who := range p.People {
		if o := again.People[i]; o.ID != who.ID || o.Name != who.Name || o.IDNumber != who.IDNumber || o.Region != who.Region {
			t.Errorf("%s differs when made again", who.ID)
		}
		if number := who.IDNumber.Reveal(); number != "" {
			if other, taken := numbers[number]; taken {
				t.Errorf("%s and %s share a number", who.ID, other)
			}
			numbers[number] = who.ID
			n, err := models.ParseIDNumber(number)
			if err != nil || !n.Synthetic() {
				t.Errorf("%s: the number may be somebody's: %v", who.ID, err)
			}
		}
		if phone := who.Phone.Reveal(); phone != "" {
			if other, taken := phones[phone]; taken || !strings.HasPrefix(phone, "1990000") {
				t.Errorf("%s: phone %s (%s)", who.ID, phone, other)
			}
			phones[phone] = who.ID
		}
		if who.Minor(today) {
			minors++
		}
		if len(who.Outbox) != 0 {
			t.Errorf("%s would be told of the past", who.ID)
		}
	}
	if minors < 10 {
		t.Errorf("%d minors", minors)
	}
	if len(p.Mandates) != 2 || len(p.Clients) != len(Institutions) || len(p.Demo.Clients) != len(Institutions) {
		t.Errorf("%d mandates, %d systems", len(p.Mandates), len(p.Clients))
	}
	for _, c := range p.Demo.Clients {
		for _, k := range p.Clients {
			if k.ID == c.ClientID && !k.Opens(c.Secret.Reveal(), noon) {
				t.Errorf("the secret of %s does not open", c.ClientID)
			}
		}
	}
}

func TestCityTwiceAndAfterACrash(t *testing.T) {
	s := open(t)
	for range 2 {
		if err := City(t.Context(), s, noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Marks.Delete(t.Context(), "city"); err != nil {
		t.Fatal(err)
	}
	if err := s.Identity.People.Delete(t.Context(), DemoGuardian, "resident-007"); err != nil {
		t.Fatal(err)
	}
	if err := City(t.Context(), s, noon.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{DemoGuardian, "resident-007", DemoResident} {
		if _, err := s.Identity.People.Get(t.Context(), id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	who, err := s.Identity.People.First(t.Context(), s.Identity.Keys.PersonByPhone(models.NewSecret("19900000001")))
	if err != nil || who.ID != DemoResident {
		t.Errorf("by phone: %v, %v", who, err)
	}
}
