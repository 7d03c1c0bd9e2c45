package api

import (
	"fmt"
	"testing"
	"time"

	"xinyi/models"
)

func TestLimitsForget(t *testing.T) {
	l, now := newLimits(Rates{}), time.UnixMilli(1)
	for i := range 2 * maxBuckets {
		l.take("person", fmt.Sprint(i), Rate{10, time.Minute}, now)
	}
	held := 0
	for i := range l.shards {
		held += len(l.shards[i].full)
	}
	if held > maxBuckets {
		t.Errorf("%d callers held", held)
	}
}

func TestWhoActs(t *testing.T) {
	ann := Caller{Actors: []models.Actor{{Person: "ann", Role: models.Resident}, {Person: "ann", Role: models.TownStaff, Org: "o1"}, {Person: "ann", Role: models.TownStaff, Org: "o2"}},
		Wards: map[string]Ward{"kid": {Actor: models.Actor{Person: "kid", Agent: "ann", Role: models.Resident}}}}
	staff, anyone := []models.Role{models.TownStaff}, []models.Role{models.Resident, models.TownStaff}
	tests := map[string]struct {
		roles     []models.Role
		as, ward  string
		org, name string
		want      error
	}{
		"first that may": {staff, "", "", "o1", "ann", nil},
		"by office":      {staff, "o2", "", "o2", "ann", nil},
		"by role":        {anyone, "town_staff", "", "o1", "ann", nil},
		"herself":        {anyone, "", "", "", "ann", nil},
		"for a ward":     {anyone, "", "kid", "", "kid", nil},
		"ward, no right": {staff, "", "kid", "", "", models.Forbidden},
		"stranger":       {anyone, "", "tom", "", "", models.Forbidden},
		"other office":   {staff, "o3", "", "", "", models.Forbidden},
	}
	for name, tc := range tests {
		got, err := acting(ann, tc.roles, tc.as, tc.ward)
		if models.CodeOf(err) != models.CodeOf(tc.want) || got.Org != tc.org || got.Person != tc.name {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestNewID(t *testing.T) {
	with := func(scope string) Request { return Request{scope: scope, ids: new(int)} }
	a, b := with("x"), with("x")
	if one, two := a.NewID(), a.NewID(); one == two || one != b.NewID() || two != b.NewID() || len(one) != 36 || one[14] != '8' {
		t.Errorf("%s %s", one, two)
	}
	if with("y").NewID() == with("x").NewID() {
		t.Error("the ids of two keys clash")
	}
	var unkeyed Request
	if one, two := unkeyed.NewID(), unkeyed.NewID(); one == two {
		t.Errorf("two ids without a key: %s", one)
	}
}
