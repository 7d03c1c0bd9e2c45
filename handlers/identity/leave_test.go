package identity

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xinyi/handlers/api"
	medicalhttp "xinyi/handlers/medical"
	"xinyi/models"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/store"
)

// Whoever leaves is out at once on every device, is nobody afterwards, and the phone is free for a new person.
func TestLeave(t *testing.T) {
	e := entered(t, nil)
	s := e.in(ann)
	e.Forward(time.Minute)
	pad := e.in(ann)
	if r := e.bindAs(s, "王小明", "430181199001010003"); r.Status != 200 {
		t.Fatalf("bind: %d %s", r.Status, r.Body)
	}
	e.must(200, "GET /v1/me", "", "as "+pad.AccessToken)
	if r := e.must(204, "DELETE /v1/me", "", "as "+s.AccessToken); r.Body != "" {
		t.Errorf("left: %s", r.Body)
	}
	for _, token := range []string{s.AccessToken, pad.AccessToken} {
		e.refuse(401, "identity.session_over", "GET /v1/me", "", "as "+token)
		e.refuse(401, "identity.session_over", "DELETE /v1/me", "", "as "+token)
	}
	for _, token := range []string{s.RefreshToken, pad.RefreshToken} {
		e.refuse(401, "identity.refresh_refused", "POST /v1/auth/sessions/refresh", `{"refreshToken":"`+token+`"}`)
	}
	p, err := e.h.People.Get(t.Context(), s.Person.ID)
	if err != nil || p.State != identity.Left || !p.Phone.Empty() || !p.IDNumber.Empty() || p.Outbox[len(p.Outbox)-1].Kind != identity.EventLeft.Name() {
		t.Errorf("kept: %+v %v", p, err)
	}
	e.Forward(time.Minute)
	anew := e.in(ann)
	if anew.Person.ID == s.Person.ID || anew.Person.Standing != identity.Known {
		t.Errorf("the phone is still %+v", anew.Person)
	}
	if r := e.bindAs(anew, "王小明", "430181199001010003"); r.Status != 200 {
		t.Errorf("the number is not free: %d %s", r.Status, r.Body)
	}
}

// What ties a person is named all at once, and nothing changes.
func TestLeaveTied(t *testing.T) {
	ties := map[string]error{"medical.bills_owed": nil, "medical.agreement_open": nil}
	var asked []string
	var all []Tie
	e := entered(t, func(_ *entrance, h *Handler, _ *api.Config) {
		h.Ties = func() []Tie { return all }
		for _, reason := range []string{"medical.bills_owed", "medical.agreement_open"} {
			all = append(all, func(_ context.Context, person string) (string, error) {
				asked = append(asked, person)
				if err, tied := ties[reason]; tied {
					return reason, err
				}
				return "", nil
			})
		}
	})
	s := e.in(ann)
	for lang, want := range map[string]string{"zh": "请先付清账单", "en": "Please pay your bills first"} {
		r := e.must(422, "DELETE /v1/me", "", "as "+s.AccessToken, "Accept-Language: "+lang)
		var ids []string
		for _, c := range r.Problem(t).Clauses {
			ids = append(ids, c.ID)
			if c.Outcome != models.Fail || c.ChangeableBy != models.BySubject || c.Label == c.ID || c.Remedy == "" {
				t.Errorf("clause: %+v", c)
			}
		}
		if !slices.Equal(ids, []string{"medical.bills_owed", "medical.agreement_open"}) || !strings.Contains(r.Body, want) || r.Problem(t).Reason != "identity.leave_denied" {
			t.Errorf("%s: %s", lang, r.Body)
		}
	}
	if !slices.Equal(asked, slices.Repeat([]string{s.Person.ID}, 4)) {
		t.Errorf("asked about %v", asked)
	}
	e.must(200, "GET /v1/me", "", "as "+s.AccessToken)
	delete(ties, "medical.bills_owed")
	ties["medical.agreement_open"] = models.E(models.Unavailable, "unavailable", errors.New("no line"))
	e.must(503, "DELETE /v1/me", "", "as "+s.AccessToken)
	e.must(200, "GET /v1/me", "", "as "+s.AccessToken)
	delete(ties, "medical.agreement_open")
	e.must(204, "DELETE /v1/me", "", "as "+s.AccessToken)
}

// Whoever holds an office has it ended first; nobody leaves for a ward.
func TestLeaveRefused(t *testing.T) {
	e := entered(t, nil)
	clerk := e.in(bob)
	e.bindAs(clerk, "李四", "430182197512310005")
	change := func(change func(*identity.Person) error) {
		if _, err := e.h.People.Update(t.Context(), clerk.Person.ID, change); err != nil {
			t.Fatal(err)
		}
		e.h.Callers.Forget(clerk.Person.ID)
	}
	change(func(p *identity.Person) error {
		return p.Appoint(models.Clockwork, identity.Membership{ID: "m", Role: models.TownStaff, Org: "t1", Region: "430182", From: e.Now()}, e.Now())
	})
	e.refuse(409, "identity.office_first", "DELETE /v1/me", "", "as "+clerk.AccessToken)
	change(func(p *identity.Person) error {
		m := p.Memberships[0]
		m.To = models.At(e.Now())
		return p.Appoint(models.Clockwork, m, e.Now())
	})

	ward := identity.NewPerson("ward", models.Secret{}, "zh", e.Now())
	n, err := models.SyntheticIDNumber("430182", "1950-01-01")
	if err != nil {
		t.Fatal(err)
	}
	if err := ward.Bind("张三", n, identity.Evidence{Method: "sandbox"}, e.Now()); err != nil {
		t.Fatal(err)
	}
	agent, err := e.h.People.Get(t.Context(), clerk.Person.ID)
	if err != nil {
		t.Fatal(err)
	}
	m, err := agent.Propose("m", ward, identity.Proposal{Kind: identity.Agent, Scope: []string{"medical"}, Offered: []string{"medical.bills.pay"}, Evidence: "e"}, identity.Standard, e.Now())
	if err != nil {
		t.Fatal(err)
	}
	office := models.Actor{Person: "o", Role: models.TownStaff, Region: "430182"}
	second := models.Actor{Person: "o2", Role: models.TownStaff, Region: "430182"}
	if err := errors.Join(m.Approve(office, false, e.Now()), m.Confirm(second, false, e.Now()), e.h.People.Insert(t.Context(), ward), e.h.Mandates.Insert(t.Context(), m)); err != nil {
		t.Fatal(err)
	}
	e.h.Callers.Forget(clerk.Person.ID)
	e.must(403, "DELETE /v1/me", "", "as "+clerk.AccessToken, "X-Acting-For: ward")
	if p, err := e.h.People.Get(t.Context(), "ward"); err != nil || p.State != identity.Bound {
		t.Errorf("the ward: %+v %v", p, err)
	}
	e.must(204, "DELETE /v1/me", "", "as "+clerk.AccessToken)
}

// Money owed and an agreement that has not ended hold a person back; what is over does not.
func TestMedicalTies(t *testing.T) {
	e := entered(t, nil)
	s := e.R.Cfg.Store
	h := medicalhttp.Handler{Medical: store.OpenMedical(s)}
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, state := range []medical.AgreementState{medical.Active, medical.Suspended, medical.Closing, medical.Review, medical.Closed, medical.Expired, medical.Rejected} {
		a := &medical.Agreement{Meta: models.Meta{ID: string(state)}, Life: models.Life[medical.AgreementState]{State: state}, Person: "a-" + string(state), Slot: string(state)}
		if err := h.Agreements.Insert(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	for _, state := range []medical.BillState{medical.Issued, medical.PartlyPaid, medical.PastDue, medical.InCollection, medical.Paid} {
		b := &medical.Bill{Meta: models.Meta{ID: string(state)}, Life: models.Life[medical.BillState]{State: state}, Person: "b-" + string(state), BillNo: string(state)}
		if err := h.Bills.Insert(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	for person, want := range map[string]string{
		"a-ACTIVE": "medical.agreement_open", "a-SUSPENDED": "medical.agreement_open", "a-CLOSING": "medical.agreement_open", "a-REVIEW": "medical.agreement_open",
		"a-CLOSED": "", "a-EXPIRED": "", "a-REJECTED": "", "nobody": "",
		"b-" + string(medical.Issued): "medical.bills_owed", "b-" + string(medical.PartlyPaid): "medical.bills_owed", "b-" + string(medical.PastDue): "medical.bills_owed",
		"b-" + string(medical.InCollection): "medical.bills_owed", "b-" + string(medical.Paid): "",
	} {
		var got []string
		for _, tie := range h.Ties() {
			reason, err := tie(t.Context(), person)
			if err != nil {
				t.Fatal(err)
			}
			if reason != "" {
				got = append(got, reason)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: tied by %v, want %q", person, got, want)
		}
	}
}
