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
	r, err := Claim(p, Registration{Org: firm, Name: "示例公司", Source: "reg@1", Number: p.IDNumber}, noon)
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
	if _, err := Claim(p, Registration{Org: firm, Name: "x", Source: "s", Number: lower}, noon); err != nil {
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
		if _, err := Claim(tc.who, Registration{Org: firm, Name: "x", Source: "s", Number: tc.registered}, noon); models.CodeOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// invited is the invitation of the phone 13800000007 to act for the firm of r.
func invited(t *testing.T, r *Representative, until *time.Time) *Representative {
	t.Helper()
	a, err := r.Invite(Invitation{ID: "i", Phone: models.NewSecret("13800000007"), Slot: "slot", Until: until}, Standard, noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// owner is a bound person with the invited phone.
func owner(t *testing.T, id string, birth models.Day) *Person {
	t.Helper()
	p := bound(t, id, birth)
	p.Phone = models.NewSecret("13800000007")
	return p
}

func TestInvite(t *testing.T) {
	_, r := head(t)
	until := noon.AddDate(0, 1, 0)
	a := invited(t, r, &until)
	if a.State != Invited || a.Person != "" || a.Basis != AppointedAgent || a.Appointer != "head" || a.Source != r.ID || !a.WakeAt.Equal(noon.Add(Standard.MandateAsk)) {
		t.Fatalf("%+v", a)
	}
	if len(a.Outbox) != 1 || a.Outbox[0].Person != "" {
		t.Errorf("somebody is told before it is known whom: %+v", a.Outbox)
	}
	ended, past := invited(t, r, nil), noon
	if err := ended.End(models.Clockwork, "w", noon); err != nil || !ended.Phone.Empty() || ended.Open != "" {
		t.Fatal(err, ended)
	}
	for name, tc := range map[string]struct {
		by    *Representative
		until *time.Time
		want  models.Code
	}{
		"by one invited":   {a, nil, models.Forbidden},
		"by one no longer": {ended, nil, models.Forbidden},
		"over already":     {r, &past, models.Invalid},
	} {
		if _, err := tc.by.Invite(Invitation{Until: tc.until}, Standard, noon); models.CodeOf(err) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Only who has the phone answers, and who invited sees no difference between no answer and no.
func TestAnswerInvitation(t *testing.T) {
	_, r := head(t)
	until := noon.AddDate(0, 1, 0)
	a := invited(t, r, &until)
	none := bound(t, "none", "1990-01-01")
	for name, p := range map[string]*Person{"another phone": NewPerson("x", models.NewSecret("13800000008"), "zh", noon), "no phone": none} {
		if err := a.Accept(p, noon); models.CodeOf(err) != models.NotFound {
			t.Errorf("%s accepts: %v", name, err)
		}
		if err := a.Decline(p, noon); models.CodeOf(err) != models.NotFound || a.Reach(p, noon) {
			t.Errorf("%s declines: %v", name, err)
		}
	}
	if err := a.Accept(owner(t, "child", "2012-01-01"), noon); models.CodeOf(err) != models.Conflict {
		t.Errorf("a minor accepts: %v", err)
	}
	clerk := owner(t, "clerk", "1990-01-01")
	if !a.Reach(clerk, noon) || a.Reach(clerk, noon) || a.Outbox[1].Person != "clerk" || a.State != Invited {
		t.Errorf("%+v", a)
	}
	if err := a.End(models.Actor{Person: "clerk", Role: models.Resident}, "", noon); models.CodeOf(err) != models.NotFound {
		t.Errorf("ended by the invited: %v", err)
	}
	no := *a
	if err := no.Decline(clerk, noon); err != nil || !no.Pending() || no.Phone.Empty() || no.WakeAt == nil {
		t.Errorf("declined: %v %+v", err, no)
	}
	if err := no.Accept(clerk, noon); !errors.Is(err, models.InvalidTransition) {
		t.Errorf("accepted after all: %v", err)
	}
	if err := no.Wake(noon.Add(Standard.MandateAsk)); err != nil || no.State != Represented || no.Moved.Reason != EndedUnanswered {
		t.Errorf("lapsed: %v %+v", err, no)
	}
	if err := a.Accept(clerk, noon); err != nil || a.State != Representing || a.Person != "clerk" || !a.Phone.Empty() || a.Open != "" || !a.WakeAt.Equal(until) {
		t.Fatalf("%v %+v", err, a)
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
	a := invited(t, r, nil)
	if err := a.Accept(owner(t, "agent", "1990-01-01"), noon); err != nil {
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
