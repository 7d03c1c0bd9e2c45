package seed

import (
	"slices"
	"testing"

	"xinyi/models"
	"xinyi/models/practice"
)

// Every state and every class is there, made by the models' own methods; a city at any moment.
func TestPracticesInEveryStateAndClass(t *testing.T) {
	p, err := NewPopulation(noon)
	if err != nil {
		t.Fatal(err)
	}
	ps := &practices{now: noon, by: map[string]models.Actor{library: {Role: models.Provider, Org: library, Client: library, Region: "4301"}}}
	for _, id := range []string{"staff-data-1", "staff-town", "staff-town-2", "staff-health-1"} {
		ps.by[id] = p.byID[id].Actors(noon)[1]
	}
	ps.county, ps.one, ps.two = p.byID["staff-credit-1"].Actors(noon)[1], p.byID["staff-credit-city"].Actors(noon)[1], p.byID["staff-credit-city-2"].Actors(noon)[1]
	if err := ps.live(); err != nil {
		t.Fatal(err)
	}
	var states []practice.State
	var published []practice.Class
	copied := 0
	for i, c := range ps.cases {
		if c.State != writtenCases[i].to {
			t.Errorf("%s is %s, want %s", c.Title, c.State, writtenCases[i].to)
		}
		states = append(states, c.State)
		if c.State == practice.Published {
			published = append(published, c.Class)
			copied += len(c.Adopted)
		}
	}
	for _, s := range practice.States {
		if !slices.Contains(states, s) {
			t.Errorf("no case is %s", s)
		}
	}
	for _, c := range practice.Classes {
		if !slices.Contains(published, c) {
			t.Errorf("nothing of %s is published", c)
		}
	}
	if copied == 0 || ps.rounds[0].State != practice.Done || ps.rounds[1].State != practice.OnNotice {
		t.Errorf("%d copied; %s, %s", copied, ps.rounds[0].State, ps.rounds[1].State)
	}
}
