package seed

import (
	"testing"

	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/casework"
	"xinyi/models/decision"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// openCredit is a city with a credit file, decisions and recalls.
func openCredit(t *testing.T) Stores {
	t.Helper()
	s, stores := opened(t)
	stores.Records = store.NewRepo[record.Record](s, store.Records)
	stores.Recall = usecase.OpenRecall(s, stores.Records, recall.Standard)
	stores.Decision = usecase.OpenDecision(s, stores.Recall)
	stores.Subjects = usecase.Subjects{People: stores.Identity.People, Keys: s.Keys}
	stores.Catalogue, stores.Batch = usecase.OpenCatalogue(s), usecase.OpenBatch(s, store.NewRepo[blob.Blob](s, store.Blobs))
	stores.Consent = store.OpenConsent(s)
	stores.Cases = store.NewRepo[casework.Case](s, store.Cases)
	if err := s.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := City(t.Context(), stores, noon); err != nil {
		t.Fatal(err)
	}
	return stores
}

// Every agreement's decision is there and replays; the one that rested on a wrong entry was made again.
func TestTheCitysDecisions(t *testing.T) {
	s := openCredit(t)
	states, agreements := map[decision.State]int{}, 0
	if _, err := s.Decision.Decisions.Each(t.Context(), store.All(), func(d *decision.Decision) error {
		states[d.State]++
		p, err := s.Decision.Program(t.Context(), d)
		if err != nil {
			return err
		}
		again, err := d.Replay(p)
		if err == nil && !again.Equal || len(d.Outbox) != 0 {
			t.Errorf("%s: %+v, %d events", d.ID, again, len(d.Outbox))
		}
		for _, c := range d.Uses {
			r, err := s.Records.Get(t.Context(), c.Record)
			if err != nil || r.Subject.Person != d.Person {
				t.Errorf("%s used %s of somebody else: %v", d.ID, c.Record, err)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Medical.Agreements.Each(t.Context(), store.All(), func(*medical.Agreement) error { agreements++; return nil }); err != nil {
		t.Fatal(err)
	}
	if states[decision.Standing] != agreements || states[decision.Changed] != 1 || agreements < 10 {
		t.Errorf("%v for %d agreements", states, agreements)
	}
}

// Uses are there in every state, and one call that is done.
func TestTheCitysRecalls(t *testing.T) {
	s := openCredit(t)
	states := map[recall.State]int{}
	if _, err := s.Recall.Uses.Each(t.Context(), store.All(), func(u *recall.Use) error {
		states[u.State]++
		if (u.State == recall.Recalled) != (u.WakeAt != nil) || len(u.Outbox) != 0 {
			t.Errorf("%+v", u)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, state := range []recall.State{recall.Current, recall.Recalled, recall.Acked} {
		if states[state] == 0 {
			t.Errorf("no use is %s", state)
		}
	}
	page, err := s.Recall.Calls.Find(t.Context(), store.All())
	if err != nil || len(page.Items) != 1 || page.Items[0].Counts != (recall.Counts{Decisions: 1, Shares: 2}) || page.Items[0].State != recall.Done {
		t.Fatalf("%+v, %v", page.Items, err)
	}
	sub := page.Items[0].Subject
	if sub.Kind != models.PersonSubject || sub.Person == "" {
		t.Errorf("%+v", sub)
	}
}
