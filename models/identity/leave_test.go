package identity

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"xinyi/models"
)

func TestLeave(t *testing.T) {
	until := noon.Add(time.Hour)
	tests := map[string]struct {
		change func(*Person)
		by     models.Actor
		want   error
	}{
		"by phone alone":   {func(p *Person) { *p = *NewPerson("p", p.Phone, "zh", noon) }, models.Actor{Person: "p", Role: models.Resident}, nil},
		"bound":            {func(*Person) {}, models.Actor{Person: "p", Role: models.Resident}, nil},
		"office long over": {func(p *Person) { p.Memberships = []Membership{{ID: "m", From: noon.Add(-time.Hour), To: &noon}} }, models.Actor{Person: "p", Role: models.Resident}, nil},
		"in office":        {func(p *Person) { p.Memberships = []Membership{{ID: "m", From: noon}} }, models.Actor{Person: "p", Role: models.Resident}, models.Conflict},
		"office to come":   {func(p *Person) { p.Memberships = []Membership{{ID: "m", From: noon, To: &until}} }, models.Actor{Person: "p", Role: models.Resident}, models.Conflict},
		"by an agent":      {func(*Person) {}, models.Actor{Person: "p", Agent: "a", Role: models.Resident}, models.Forbidden},
		"in an office":     {func(*Person) {}, models.Actor{Person: "p", Role: models.TownStaff}, models.Forbidden},
		"somebody else":    {func(*Person) {}, models.Actor{Person: "q", Role: models.Resident}, models.NotFound},
		"the system":       {func(*Person) {}, models.Clockwork, models.NotFound},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := bound(t, "p", "1990-01-01")
			p.Region = "430181108240"
			tc.change(p)
			before := *p
			err := p.Leave(tc.by, noon)
			if !errors.Is(err, tc.want) {
				t.Fatalf("%v, want %v", err, tc.want)
			}
			if tc.want != nil {
				if !reflect.DeepEqual(before, *p) {
					t.Errorf("a refusal changed the person: %+v", p)
				}
				return
			}
			if p.State != Left || !p.Phone.Empty() || !p.Name.Empty() || !p.IDNumber.Empty() || p.Birth != "" || p.Verified != (Evidence{}) || p.Memberships != nil || len(p.Region) > 6 {
				t.Errorf("something of the person is left: %+v", p)
			}
			if got := kinds(&p.Meta); got != "left" || p.Outbox[0].Person != "p" || len(p.Outbox[0].Data) != 0 {
				t.Errorf("told: %s %+v", got, p.Outbox)
			}
			if err := p.Leave(tc.by, noon); !errors.Is(err, models.NotFound) || len(p.Outbox) != 1 {
				t.Errorf("again: %v", err)
			}
			if err := p.Bind("王小明", number(t, "430181", "1990-01-01"), seen, noon); !errors.Is(err, models.InvalidTransition) || !p.Name.Empty() {
				t.Errorf("bound after leaving: %v", err)
			}
		})
	}
}

// Nobody is told of the end of the sessions of who left; of a mandate the other one is.
func TestLeaveEndsWhatHangsOn(t *testing.T) {
	p, q := bound(t, "p", "1990-01-01"), bound(t, "q", "1950-01-01")
	s := NewSession(p, SignIn{ID: "s", Device: "phone", Method: "code", Family: "f", Token: "t"}, Standard, noon)
	s.Outbox = nil
	if !s.Leave(noon) || s.State != Ended || s.Moved.Reason != EndedByLeaving || s.WakeAt != nil || s.GoneAt == nil || len(s.Outbox) != 0 {
		t.Errorf("session: %+v", s)
	}
	if s.Leave(noon) {
		t.Error("a session ended twice")
	}
	for who, other := range map[string]string{"p": "q", "q": "p"} {
		m, err := p.Propose("m", q, Proposal{Kind: Agent, Scope: []string{"medical"}, Offered: []string{"medical.bills.pay"}, Evidence: "e"}, Standard, noon)
		if err != nil {
			t.Fatal(err)
		}
		m.Outbox = nil
		if !m.Leave(who, noon) || m.State != MandateOver || m.Open != "" || m.WakeAt != nil {
			t.Errorf("mandate: %+v", m)
		}
		if m.Leave(who, noon) || len(m.Outbox) != 1 || m.Outbox[0].Person != other || !strings.HasSuffix(m.Outbox[0].Kind, "mandate_ended") {
			t.Errorf("told: %+v", m.Outbox)
		}
	}
}
