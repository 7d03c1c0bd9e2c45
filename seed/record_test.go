package seed

import (
	"reflect"
	"testing"

	"xinyi/models"
	"xinyi/models/batch"
	"xinyi/models/casework"
	"xinyi/models/identity"
	"xinyi/models/job"
	"xinyi/models/record"
	"xinyi/models/uscc"
	"xinyi/store"
)

// Every state of a record is in the demo city, each mark has its case, and nobody is told of the past.
func TestTheCitysCreditFiles(t *testing.T) {
	s := openCredit(t)
	states, natures := map[record.State]int{}, map[models.Nature]int{}
	if _, err := s.Records.Each(t.Context(), store.All(), func(r *record.Record) error {
		states[r.State]++
		natures[r.Nature]++
		if len(r.Outbox) != 0 || r.WakeAt != nil && !r.WakeAt.After(noon) {
			t.Errorf("%s: %d events, wakes at %v", r.ID, len(r.Outbox), r.WakeAt)
		}
		if r.State == record.Objected || r.State == record.Repaired {
			if k, err := s.Cases.Get(t.Context(), r.Case); err != nil || k.About.ID != r.ID {
				t.Errorf("%s is %s by no case: %v", r.ID, r.State, err)
			}
		}
		if r.Subject.Kind == models.PersonSubject && (r.Openness == models.Public || r.Subject.Person == "") {
			t.Errorf("%s: %s, %q", r.ID, r.Openness, r.Subject.Person)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, state := range record.States {
		if states[state] == 0 {
			t.Errorf("no record is %s", state)
		}
	}
	if natures[models.Positive] < 10 || natures[models.Negative] < 10 || natures[models.Basic] != 2*firmCount {
		t.Errorf("%v", natures)
	}
}

func TestTheCitysCases(t *testing.T) {
	s := openCredit(t)
	got := map[casework.Kind]map[casework.State]int{}
	if _, err := s.Cases.Each(t.Context(), store.All(), func(k *casework.Case) error {
		if got[k.Kind] == nil {
			got[k.Kind] = map[casework.State]int{}
		}
		got[k.Kind][k.State]++
		if len(k.Outbox) != 0 {
			t.Errorf("%s would tell of the past", k.ID)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := map[casework.Kind]map[casework.State]int{
		casework.Objection: {casework.Submitted: 1, casework.Checking: 1}, casework.Repair: {casework.Draft: 1, casework.Closed: 1},
		casework.Review: {casework.Submitted: 1},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

// The resident acts for the firm whose registration names her.
func TestTheResidentActsForHerFirm(t *testing.T) {
	s := openCredit(t)
	p, err := s.Identity.People.Get(t.Context(), DemoResident)
	if err != nil {
		t.Fatal(err)
	}
	firm := firmOf(0)
	as := p.Actors(noon)
	if len(as) != 2 || as[1].Role != models.Business || as[1].Org != string(firm.code) {
		t.Fatalf("%+v", as)
	}
	a, err := s.Identity.Agents.Get(t.Context(), identity.RepresentativeID(firm.code, DemoResident))
	if err != nil || a.State != identity.Representing || a.Basis != identity.LegalRepresentative || a.Name != firm.name || len(a.Outbox) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestTheCitysCodes(t *testing.T) {
	s := openCredit(t)
	states, orgs := map[uscc.State]int{}, 0
	if _, err := s.Catalogue.Tickets.Each(t.Context(), store.All(), func(k *uscc.Ticket) error { states[k.State]++; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Catalogue.Orgs.Each(t.Context(), store.All(), func(o *uscc.Org) error {
		orgs++
		if class, wrong := uscc.ClassOf(o.Code); wrong {
			t.Errorf("%s: %s", o.Code, class)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, state := range uscc.States {
		if states[state] != 1 {
			t.Errorf("%d tickets are %s", states[state], state)
		}
	}
	if orgs != firmCount {
		t.Errorf("%d organisations", orgs)
	}
}

// The server finds a delivery to read: its event is there, and the file is what was delivered.
func TestTheCitysDelivery(t *testing.T) {
	s := openCredit(t)
	b, err := s.Batch.Batches.Get(t.Context(), "batch-demo")
	if err != nil || b.State != batch.Running || !job.Awaits(b, 0) || len(b.Outbox) != 2 {
		t.Fatalf("%+v, %v", b, err)
	}
	file, err := s.Batch.Blobs.Get(t.Context(), b.File.Blobs[0])
	if err != nil || file.Hash != b.File.Hash {
		t.Errorf("%v", err)
	}
}

// The bank may ask for what a loan needs, and nobody has consented to anything yet.
func TestTheCitysPartners(t *testing.T) {
	s := openCredit(t)
	p, err := s.Consent.Partners.Get(t.Context(), readingBank)
	if err != nil || len(p.Grants["share.loan"]) == 0 || len(p.Outbox) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if n, err := s.Consent.Consents.Count(t.Context(), store.All()); err != nil || n != 0 {
		t.Errorf("%d consents, %v", n, err)
	}
}

// The same moment makes the same files, whatever is a secret.
func TestTheSameFilesTwice(t *testing.T) {
	one, two := openCredit(t), openCredit(t)
	seen := 0
	if _, err := one.Records.Each(t.Context(), store.All(), func(r *record.Record) error {
		other, err := two.Records.Get(t.Context(), r.ID)
		if err == nil && (other.State != r.State || !reflect.DeepEqual(other.Current.Attributes, r.Current.Attributes) || other.Publication != r.Publication) {
			t.Errorf("%s differs", r.ID)
		}
		seen++
		return err
	}); err != nil || seen < 2*firmCount {
		t.Fatal(seen, err)
	}
}

// Whatever day the city opens on, its files hold.
func TestFilesOfAnyDay(t *testing.T) {
	s := openCredit(t)
	for day := range 12 {
		now := noon.AddDate(0, 0, 37*day)
		p, err := NewPopulation(now)
		if err != nil {
			t.Fatal(err)
		}
		items, err := Catalogue(p.byID["staff-credit-city"].Actors(now)[1], p.byID["staff-credit-city-2"].Actors(now)[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newCredit(p, s.Subjects, items, now); err != nil {
			t.Errorf("%v: %v", now, err)
		}
	}
}
