package api

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"xinyi/models"
	"xinyi/models/identity"
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

// What a mandate says opens only what is handed on to its kind, and what is handed on is opened only by a mandate that says so.
func TestHandedOn(t *testing.T) {
	for name, tc := range map[string]struct {
		by     func(Option) Option
		kind   identity.MandateKind
		scope  string
		reason string
	}{
		"one's own":               {func(may Option) Option { return may }, identity.Guardian, "x", "identity.own_only"},
		"a guardian's, by agent":  {ByGuardian, identity.Agent, "x", "identity.own_only"},
		"a guardian's":            {ByGuardian, identity.Guardian, "x", ""},
		"an agent's":              {ByAgent, identity.Agent, "x.do", ""},
		"an agent's, by guardian": {ByAgent, identity.Guardian, "x.do", ""},
		"beyond the mandate":      {ByAgent, identity.Agent, "y", "auth.beyond_mandate"},
		"half a word":             {ByAgent, identity.Agent, "x.d", "auth.beyond_mandate"},
		"a kind there is not":     {ByAgent, "", "x.do", "identity.own_only"},
	} {
		rt := &route{}
		tc.by(May("x.do", models.Resident))(rt)
		ward := Ward{Actor: models.Actor{Person: "kid", Agent: "ann", Role: models.Resident}, Kind: tc.kind, Scope: []string{tc.scope}}
		_, err := rt.admits(Caller{Wards: map[string]Ward{"kid": ward}}, "", "kid")
		var e *models.Error
		if got := errors.As(err, &e); got != (tc.reason != "") || got && (e.Reason != tc.reason || e.Code != models.Forbidden) {
			t.Errorf("%s: %v", name, err)
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
