package identity

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

const firm models.USCC = "91430181MAXX3B1R02"

// head is the legal representative of the firm.
func head(t *testing.T) (*Person, *Representative) {
	t.Helper()
	p := bound(t, "head", "1980-01-01")
	r, err := Claim(p, firm, "示例公司", "reg@1", p.IDNumber, noon)
	if err != nil {
		t.Fatal(err)
	}
	r.Outbox = nil
	return p, r
}

// Only whom the registration names may claim, and nobody learns from a refusal what it says.
func TestClaim(t *testing.T) {
	p, r := head(t)
	if r.ID != RepresentativeID(firm, "head") || r.State != Representing || r.Basis != LegalRepresentative || r.Source != "reg@1" || r.Until != nil {
		t.Errorf("%+v", r)
	}
	lower := models.NewSecret(strings.ToLower(p.IDNumber.Reveal()))
	if _, err := Claim(p, firm, "x", "s", lower, noon); err != nil {
		t.Errorf("a small x: %v", err)
	}
	for name, tc := range map[string]struct {
		who        *Person
		registered models.Secret
		want       models.Code
	}{
		"somebody else": {bound(t, "other", "1981-01-01"), p.IDNumber, models.Denied},
		"nobody named":  {p, models.Secret{}, models.Denied},
		"a minor":       {bound(t, "child", "2012-01-01"), p.IDNumber, models.Conflict},
		"no real name":  {NewPerson("new", models.NewSecret("13800000001"), "zh", noon), p.IDNumber, models.Conflict},
	} {
		if _, err := Claim(tc.who, firm, "x", "s", tc.registered, noon); models.CodeOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAppointAgent(t *testing.T) {
	p, r := head(t)
	clerk := bound(t, "agent", "1990-01-01")
	until := noon.AddDate(0, 1, 0)
	a, err := r.AppointAgent(clerk, &until, noon)
	if err != nil || a.Basis != AppointedAgent || a.Appointer != "head" || a.Source != r.ID || a.WakeAt == nil || !a.WakeAt.Equal(until) {
		t.Fatalf("%+v %v", a, err)
	}
	past := noon
	ended, err := r.AppointAgent(clerk, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := ended.End(models.Clockwork, "w", noon); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		by    *Representative
		who   *Person
		until *time.Time
		want  models.Code
	}{
		"by an agent":      {a, bound(t, "x", "1990-01-01"), nil, models.Forbidden},
		"by one no longer": {ended, bound(t, "x", "1990-01-01"), nil, models.Forbidden},
		"oneself":          {r, p, nil, models.Invalid},
		"a minor":          {r, bound(t, "child", "2012-01-01"), nil, models.Conflict},
		"over already":     {r, clerk, &past, models.Invalid},
	} {
		if _, err := tc.by.AppointAgent(tc.who, tc.until, noon); models.CodeOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	// It ends on its moment, and not before.
	if err := a.Wake(until.Add(-time.Millisecond)); err != nil || a.State != Representing {
		t.Errorf("early: %v %s", err, a.State)
	}
	if err := a.Wake(until); err != nil || a.State != Represented || a.Moved.Reason != EndedByTime {
		t.Errorf("%v %s", err, a.State)
	}
}

// Who may end it, and what is refused changes nothing.
func TestEndRepresentation(t *testing.T) {
	_, r := head(t)
	a, err := r.AppointAgent(bound(t, "agent", "1990-01-01"), nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	a.Outbox = nil
	for name, tc := range map[string]struct {
		by   models.Actor
		want models.Code
	}{
		"who appointed":  {models.Actor{Person: "head", Role: models.Resident}, ""},
		"oneself":        {models.Actor{Person: "agent", Role: models.Resident}, ""},
		"the system":     {models.Clockwork, ""},
		"somebody else":  {models.Actor{Person: "x", Role: models.Resident}, models.NotFound},
		"by an agent of": {models.Actor{Person: "head", Role: models.Resident, Agent: "y"}, models.NotFound},
	} {
		c, before := *a, *a
		err := c.End(tc.by, "w", noon)
		if models.CodeOf(err) != tc.want || err != nil && !reflect.DeepEqual(before, c) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (c.State != Represented || len(c.Outbox) != 1 || c.Outbox[0].Kind != EventRepresentsEnded.Name()) {
			t.Errorf("%s: %+v", name, c)
		}
		if err == nil {
			if err := c.End(models.Clockwork, "w", noon); !errors.Is(err, models.InvalidTransition) {
				t.Errorf("%s, twice: %v", name, err)
			}
		}
	}
	if err := a.Renew(r, noon); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("renewed in force: %v", err)
	}
	if err := a.End(models.Clockwork, "w", noon); err != nil {
		t.Fatal(err)
	}
	until := noon.AddDate(1, 0, 0)
	other := &Representative{Basis: LegalRepresentative, Source: "reg@2", Name: "新名", Until: &until}
	if err := a.Renew(other, noon); err != nil || a.State != Representing || a.Basis != LegalRepresentative || a.Source != "reg@2" || a.Appointer != "" {
		t.Errorf("%v %+v", err, a)
	}
}

// The office of acting for the firm follows the representation.
func TestActs(t *testing.T) {
	p, r := head(t)
	acting := func() bool {
		return slices.ContainsFunc(p.Actors(noon), func(a models.Actor) bool {
			return a.Role == models.Business && a.Org == string(firm) && a.Region == "430181"
		})
	}
	if !p.Acts(r, noon) || p.Acts(r, noon) || !acting() {
		t.Errorf("%+v", p.Memberships)
	}
	if err := r.End(models.Clockwork, "w", noon); err != nil {
		t.Fatal(err)
	}
	if !p.Acts(r, noon) || p.Acts(r, noon) || acting() {
		t.Errorf("%+v", p.Memberships)
	}
	fresh := NewPerson("new", models.NewSecret("13800000001"), "zh", noon)
	if fresh.Acts(&Representative{Life: models.Life[RepresentativeState]{State: Representing}}, noon) {
		t.Error("somebody without a real name acts for a firm")
	}
}
