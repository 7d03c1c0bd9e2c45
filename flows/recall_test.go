package flows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.mongodb.org/mongo-driver/v2/bson"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/decision"
	"xinyi/models/identity"
	"xinyi/models/journal"
	"xinyi/models/medical"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// A broken engine refuses every n-th write of a collection, the first eight times.
type broken struct {
	store.Engine
	every int
	in    []string

	mu      sync.Mutex // lanes write side by side
	n, gone int
}

func (b *broken) fails(c store.Collection) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.every == 0 || b.gone >= 8 || !slices.Contains(b.in, c.Name) {
		return nil
	}
	if b.n++; b.n%b.every != 0 {
		return nil
	}
	b.gone++
	return models.E(models.Unavailable, "unavailable", errors.New("as told"))
}

func (b *broken) Insert(ctx context.Context, c store.Collection, docs ...bson.Raw) error {
	if err := b.fails(c); err != nil {
		return err
	}
	return b.Engine.Insert(ctx, c, docs...)
}

func (b *broken) Replace(ctx context.Context, c store.Collection, id string, read int64, doc bson.Raw) (bool, error) {
	if err := b.fails(c); err != nil {
		return false, err
	}
	return b.Engine.Replace(ctx, c, id, read, doc)
}

// bureau is a store with a person of age, a scheme, the credit file, and every flow that recalls.
type bureau struct {
	*testing.T
	clock   *hands
	store   *store.Store
	relay   *flows.Relay
	sweep   *flows.Sweep
	recall  flows.Recall
	medical store.Medical
	people  *store.Repo[identity.Person]
	flow    flows.Decision
	scheme  *medical.Scheme

	mu    sync.Mutex
	heard map[string][]models.Event
}

const withheld = "公开；限制享受优惠政策和便利措施"

func newBureau(t *testing.T, engine store.Engine) *bureau {
	t.Helper()
	clock := &hands{t: noon}
	s := store.New(engine, clock.now, store.TestKeys())
	b := &bureau{T: t, clock: clock, store: s, medical: store.OpenMedical(s), people: store.NewRepo[identity.Person](s, store.People), heard: map[string][]models.Event{}}
	b.recall = flows.Recall{Recall: usecase.OpenRecall(s, store.NewRepo[record.Record](s, store.Records), recall.Standard)}
	subjects := usecase.Subjects{People: b.people, Keys: s.Keys}
	b.flow = flows.Decision{
		Decision: usecase.OpenDecision(s, b.recall.Recall), Medical: b.medical, Subjects: subjects, Now: clock.now,
		Restricts: usecase.Restrictions{Subjects: subjects, Records: b.recall.Records, Facts: usecase.StandardRestrictionFacts}.Restricts,
	}
	metrics := flows.NewMetrics(prometheus.NewRegistry())
	b.relay = newRelay(s, store.NewRepo[journal.Lost](s, store.Dead), slog.New(slog.DiscardHandler), metrics)
	b.sweep = flows.NewSweep(s, slog.New(slog.DiscardHandler), metrics)
	must(t, b.relay.Subscribe(b.recall.Subscribers()...))
	must(t, b.relay.Subscribe(b.flow.Subscribers()...))
	must(t, b.relay.Subscribe(flows.Subscriber{Name: "ear", Kinds: flows.Every, Do: func(_ context.Context, e models.Event) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		if !slices.ContainsFunc(b.heard[e.Kind], func(o models.Event) bool { return o.ID == e.ID }) {
			b.heard[e.Kind] = append(b.heard[e.Kind], e)
		}
		return nil
	}}))
	must(t, s.Ensure(t.Context()))
	must(t, b.people.Insert(t.Context(), &identity.Person{
		Meta: models.Meta{ID: "mei"}, Life: models.Life[identity.PersonState]{State: identity.Bound}, IDNumber: models.NewSecret("430181199001010003"), Birth: "1990-01-01",
	}))
	b.scheme = &medical.Scheme{
		Meta: models.Meta{ID: "s1"}, Region: "430181", Types: []medical.VisitType{medical.Outpatient}, Hospitals: []string{"h1"},
		Bands: []medical.Band{{ID: "C", Outpatient: 50000, Inpatient: 500000}}, StartBand: "C", MinLevel: 1, Terms: medical.Standard, From: "2020-01-01",
		Consents: []medical.ConsentText{{ID: "credit_query", Version: "1"}},
	}
	must(t, b.medical.Schemes.Insert(t.Context(), b.scheme))
	return b
}

// entry keeps a record about mei with the given measures.
func (b *bureau) entry(key, measures string) *record.Record {
	b.Helper()
	sub, err := b.flow.Subjects.Of(b.Context(), models.Actor{Person: "mei", Role: models.Resident})
	must(b.T, err)
	r, err := record.New(record.Draft{
		Item: usecase.StandardRestrictionFacts.Item, ItemVersion: 1, Nature: models.Negative, Openness: models.ByQuery, Subject: sub, Unit: "u1", Key: key, DecidedOn: models.DayOf(b.clock.now()),
		Severity: models.Serious, Served: true, Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: measures},
	}, record.Standard, models.Clockwork, b.clock.now())
	must(b.T, err)
	must(b.T, b.recall.Records.Insert(b.Context(), r))
	return r
}

func (b *bureau) change(id string, act func(*record.Record) error) {
	b.Helper()
	_, err := b.recall.Records.Update(b.Context(), id, act)
	must(b.T, err)
}

// sign applies for an agreement as the door does.
func (b *bureau) sign(id string) *medical.Agreement {
	b.Helper()
	who := medical.Applicant{Person: "mei", Birth: "1990-01-01", Level: 1}
	var err error
	who.Restricted, who.Looked, err = b.flow.Restricts(b.Context(), "mei")
	must(b.T, err)
	a, err := b.scheme.Sign(id, who, []medical.Consent{{ID: "credit_query", Version: "1"}}, models.Actor{Person: "mei", Role: models.Resident}, b.clock.now())
	if a == nil {
		b.Fatal(err)
	}
	must(b.T, b.medical.Agreements.Insert(b.Context(), a))
	b.pass(0)
	return a
}

// pass lets time pass, and everything that is due or told happen.
func (b *bureau) pass(d time.Duration) {
	b.Helper()
	b.clock.move(d)
	for range 4 {
		told := b.relay.Drain(b.Context())
		_, woken := b.sweep.Round(b.Context(), b.clock.now())
		for _, err := range []error{told, woken} {
			if err != nil && !strings.Contains(err.Error(), "as told") {
				b.Fatal(err)
			}
		}
	}
}

// decided is the newest decision about an agreement, and how many there are.
func (b *bureau) decided(about string) (*decision.Decision, int) {
	b.Helper()
	page, err := b.flow.Decisions.Find(b.Context(), store.DecisionsAbout(about))
	must(b.T, err)
	if len(page.Items) == 0 {
		b.Fatal("no decision")
	}
	return page.Items[0], len(page.Items)
}

func (b *bureau) replays(d *decision.Decision) {
	b.Helper()
	p, err := b.flow.Program(b.Context(), d)
	must(b.T, err)
	again, err := d.Replay(p)
	must(b.T, err)
	if !again.Equal {
		b.Errorf("the replay of %s is not equal: %+v", d.ID, again)
	}
}

// A person refused for a wrong entry is told that she may sign once it is put right.
func TestAWrongRecordRefusedHer(t *testing.T) {
	t.Parallel()
	b := newBureau(t, newEngine(t))
	r := b.entry("k1", withheld)
	a := b.sign("a1")
	if a.State != medical.Rejected {
		t.Fatal(a.State)
	}
	first, n := b.decided("a1")
	if n != 1 || first.State != decision.Standing || first.Outcome != models.Fail || first.By != decision.Automatic || len(first.Uses) != 1 || first.Uses[0].Record != r.ID {
		t.Fatalf("%d: %+v", n, first)
	}
	b.replays(first)
	b.pass(time.Hour)
	b.change(r.ID, func(r *record.Record) error {
		return r.Correct(record.Change{Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: "公开"}, Why: "another person's"}, models.Clockwork, b.clock.now())
	})
	b.pass(0)
	b.pass(2 * time.Minute)
	next, n := b.decided("a1")
	first, err := b.flow.Decisions.Get(t.Context(), first.ID)
	must(t, err)
	if n != 2 || first.State != decision.Changed || first.Next != next.ID || first.Queue != "" || first.Cause != record.EventCorrected.Name() {
		t.Fatalf("%d: %+v", n, first)
	}
	if next.State != decision.Standing || next.Outcome != models.Pass || next.After != first.ID || next.Uses[0].Version != 2 {
		t.Fatalf("%+v", next)
	}
	b.replays(first)
	b.replays(next)
	told := b.heard[decision.EventChanged.Name()]
	if len(told) != 1 || told[0].Person != "mei" || told[0].Data["outcome"] != models.Pass {
		t.Errorf("%+v", told)
	}
	done := b.heard[recall.EventDone.Name()]
	if len(done) != 1 || done[0].Person != "mei" || done[0].Data["decisions"] != "1" || done[0].Data["shares"] != "0" {
		t.Errorf("%+v", done)
	}
	u, err := b.recall.Uses.Get(t.Context(), recall.UseID(recall.Decision, first.ID, r.ID))
	must(t, err)
	if u.State != recall.Acked {
		t.Errorf("the use is %s", u.State)
	}
	if a := b.sign("a2"); a.State != medical.Active {
		t.Errorf("she signs again: %s", a.State)
	}
}

// What a person has is never taken away by a machine: an office looks.
func TestARunningAgreementGoesToTheOffice(t *testing.T) {
	t.Parallel()
	b := newBureau(t, newEngine(t))
	r := b.entry("k1", "公开")
	b.sign("a1")
	b.pass(time.Hour)
	b.change(r.ID, func(r *record.Record) error {
		return r.Correct(record.Change{Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: withheld}}, models.Clockwork, b.clock.now())
	})
	b.pass(0)
	a, err := b.medical.Agreements.Get(t.Context(), "a1")
	must(t, err)
	if a.State != medical.Active || a.Creditable(medical.Outpatient) != "" {
		t.Errorf("the agreement is %s, %q", a.State, a.Creditable(medical.Outpatient))
	}
	page, err := b.flow.Decisions.Find(t.Context(), store.DecisionsQueued("4301"))
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].State != decision.Changed || page.Items[0].Outcome != models.Pass || len(b.heard[decision.EventDue.Name()]) != 1 {
		t.Fatalf("%+v", page.Items)
	}
}

// An office may go beyond the rule; what it gave is not called into question by the rule alone.
func TestAnOfficesDecisionStandsBeyondTheRule(t *testing.T) {
	t.Parallel()
	b := newBureau(t, newEngine(t))
	r := b.entry("k1", withheld)
	b.sign("a1")
	change := func(act func(*medical.Agreement) error) {
		t.Helper()
		b.clock.move(time.Minute)
		_, err := b.medical.Agreements.Update(t.Context(), "a1", act)
		must(t, err)
		b.pass(0)
	}
	change(func(a *medical.Agreement) error {
		return a.AskReview(models.Actor{Person: "mei", Role: models.Resident}, "not me", b.clock.now())
	})
	change(func(a *medical.Agreement) error {
		return a.Decide(models.Actor{Person: "clerk", Role: models.CountyHealth}, true, b.scheme, b.clock.now())
	})
	office, n := b.decided("a1")
	if n != 2 || office.By != decision.Office || office.Role != models.CountyHealth || office.Outcome != models.Pass || office.State != decision.Standing {
		t.Fatalf("%d: %+v", n, office)
	}
	b.replays(office)
	page, err := b.flow.Decisions.Find(t.Context(), store.DecisionsOf("mei"))
	must(t, err)
	if first := page.Items[1]; first.State != decision.Superseded || first.Next != office.ID || first.Outcome != models.Fail {
		t.Fatalf("%+v", first)
	}
	b.pass(time.Hour)
	b.change(r.ID, func(r *record.Record) error {
		return r.Correct(record.Change{Attributes: map[string]any{usecase.StandardRestrictionFacts.Measures: withheld, "no": "7"}}, models.Clockwork, b.clock.now())
	})
	b.pass(0)
	office, err = b.flow.Decisions.Get(t.Context(), office.ID)
	must(t, err)
	next, n := b.decided("a1")
	if n != 3 || office.State != decision.Confirmed || next.Outcome != models.Pass || next.By != decision.Office || office.Queue != "" {
		t.Fatalf("%d: %+v then %+v", n, office, next)
	}
}

// A decision that is kept only after its record changed is called back all the same.
func TestADecisionKeptLate(t *testing.T) {
	t.Parallel()
	b := newBureau(t, newEngine(t))
	r := b.entry("k1", withheld)
	restricted, looked, err := b.flow.Restricts(t.Context(), "mei")
	must(t, err)
	if restricted != r.Versioned() || len(looked) != 1 {
		t.Fatal(restricted, looked)
	}
	a, err := b.scheme.Sign("a1", medical.Applicant{Person: "mei", Birth: "1990-01-01", Level: 1, Restricted: restricted, Looked: looked}, []medical.Consent{{ID: "credit_query", Version: "1"}}, models.Actor{Person: "mei", Role: models.Resident}, b.clock.now())
	if a == nil {
		t.Fatal(err)
	}
	b.clock.move(time.Hour)
	b.change(r.ID, func(r *record.Record) error { return r.Withdraw(models.Clockwork, "wrong", b.clock.now()) })
	b.pass(0)
	b.pass(time.Hour) // the call of the change is long over
	must(t, b.medical.Agreements.Insert(t.Context(), a))
	b.pass(0)
	next, n := b.decided("a1")
	if n != 2 || next.Outcome != models.Pass || len(next.Uses) != 0 {
		t.Fatalf("%d: %+v", n, next)
	}
}

// reached are the ids of the uses that are not current any more.
func (b *bureau) reached() map[string]bool {
	b.Helper()
	all := map[string]bool{}
	_, err := b.recall.Uses.Each(b.Context(), store.All(), func(u *recall.Use) error {
		if u.State != recall.Current {
			all[u.ID] = true
		}
		return nil
	})
	must(b.T, err)
	return all
}

// The recall of a corrected record reaches exactly the uses that a scan of all of them finds, however often it is cut off.
func TestRecallIsEveryUse(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]int{"undisturbed": 0, "every 7th write fails": 7, "every 3rd write fails": 3} {
		t.Run(name, func(t *testing.T) {
			engine := &broken{Engine: newEngine(t), every: every}
			b := newBureau(t, engine)
			records := []*record.Record{b.entry("k0", withheld), b.entry("k1", withheld), b.entry("k2", withheld)}
			dice := rand.New(rand.NewPCG(1, 2))
			kinds := []recall.Kind{recall.Decision, recall.Share, recall.Report}
			var uses []*recall.Use
			for i := range 1500 {
				r := records[dice.IntN(3)]
				uses = append(uses, recall.NewUse(recall.Paper{Kind: kinds[dice.IntN(3)], Ref: fmt.Sprint("ref", i), Recipient: "bank-1"}, r.ID, 1+dice.IntN(3), r.Subject, noon.Add(time.Duration(i)*time.Second)))
			}
			must(t, b.recall.Uses.InsertMany(t.Context(), uses))
			b.pass(time.Hour)
			wrong := records[1]
			b.change(wrong.ID, func(r *record.Record) error { return r.Revise(record.Change{}, models.Clockwork, b.clock.now()) })
			b.pass(0)
			if n := len(b.reached()); n != 0 {
				t.Fatalf("a fact that changed at its source called %d uses back", n)
			}
			engine.in = []string{store.Uses.Name, store.Calls.Name}
			b.change(wrong.ID, func(r *record.Record) error { return r.Correct(record.Change{}, models.Clockwork, b.clock.now()) }) // version 3
			b.pass(0)
			late := recall.NewUse(recall.Paper{Kind: recall.Share, Ref: "late", Recipient: "bank-2"}, wrong.ID, 2, wrong.Subject, b.clock.now()) // was on its way into the store
			fresh := recall.NewUse(recall.Paper{Kind: recall.Share, Ref: "fresh", Recipient: "bank-2"}, wrong.ID, 3, wrong.Subject, b.clock.now())
			engine.every = 0
			must(t, b.recall.Uses.InsertMany(t.Context(), []*recall.Use{late, fresh}))
			engine.every = every
			for range 40 {
				b.pass(10 * time.Minute)
			}
			want, counts := map[string]bool{}, map[string]int{}
			for _, u := range append(uses, late, fresh) {
				if u.Record == wrong.ID && u.Version < 3 {
					want[u.ID] = true
					counts[string(u.Kind)]++
				}
			}
			if got := b.reached(); !maps.Equal(got, want) || len(want) < 200 {
				t.Fatalf("%d reached, %d used it", len(got), len(want))
			}
			if every > 0 && engine.gone == 0 {
				t.Fatal("nothing was cut off")
			}
			told := map[string]int{}
			for _, e := range b.heard[recall.EventRecalled.Name()] {
				told[e.Subject]++
			}
			if len(told) != len(want) || slices.Max(slices.Collect(maps.Values(told))) != 1 {
				t.Errorf("%d were told", len(told))
			}
			done := b.heard[recall.EventDone.Name()]
			if len(done) != 1 || done[0].Data["decisions"] != fmt.Sprint(counts["DECISION"]) || done[0].Data["shares"] != fmt.Sprint(counts["SHARE"]) || done[0].Data["reports"] != fmt.Sprint(counts["REPORT"]) {
				t.Errorf("%+v, want %v", done, counts)
			}
		})
	}
}

// A change nobody is touched by leaves nothing behind.
func TestACallOfNobody(t *testing.T) {
	t.Parallel()
	b := newBureau(t, newEngine(t))
	r := b.entry("k1", withheld)
	b.change(r.ID, func(r *record.Record) error { return r.Withdraw(models.Clockwork, "wrong", b.clock.now()) })
	b.pass(0)
	b.pass(2 * time.Minute)
	for _, f := range b.store.Collections() {
		_, err := b.sweep.Expire(t.Context(), f, b.clock.now())
		must(t, err)
	}
	n, err := b.recall.Calls.Count(t.Context(), store.All())
	must(t, err)
	if n != 0 || len(b.heard[recall.EventDone.Name()]) != 0 {
		t.Errorf("%d calls, %v", n, b.heard[recall.EventDone.Name()])
	}
}

// A recipient that does not answer is reminded as often as is laid down, then it is overdue; its word ends it at any time.
func TestARecipientIsChased(t *testing.T) {
	t.Parallel()
	b := newBureau(t, newEngine(t))
	r := b.entry("k1", withheld)
	share := recall.NewUse(recall.Paper{Kind: recall.Share, Ref: "receipt", Recipient: "bank-1"}, r.ID, 1, r.Subject, noon)
	other := recall.NewUse(recall.Paper{Kind: recall.Share, Ref: "receipt2", Recipient: "bank-2"}, r.ID, 1, r.Subject, noon)
	must(t, b.recall.Uses.InsertMany(t.Context(), []*recall.Use{share, other}))
	b.change(r.ID, func(r *record.Record) error { return r.Withdraw(models.Clockwork, "wrong", b.clock.now()) })
	b.pass(0)
	_, err := b.recall.Uses.Update(t.Context(), other.ID, func(u *recall.Use) error {
		return u.Ack("deleted", models.Actor{Role: models.Bank, Org: "bank-2"}, b.clock.now())
	})
	must(t, err)
	day := models.DayOf(noon)
	for n := 1; n <= 4; n++ {
		day = day.AddWorking(5)
		b.pass(day.Clock(9, 0).Add(-time.Second).Sub(b.clock.now()))
		if got := len(b.heard[recall.EventChased.Name()]); got != n-1 {
			t.Fatalf("before %s %d reminders", day, got)
		}
		b.pass(time.Second)
	}
	u, err := b.recall.Uses.Get(t.Context(), share.ID)
	must(t, err)
	if len(b.heard[recall.EventChased.Name()]) != 3 || len(b.heard[recall.EventOverdue.Name()]) != 1 || !u.Overdue || u.WakeAt != nil {
		t.Fatalf("%d reminders, %+v", len(b.heard[recall.EventChased.Name()]), u)
	}
	page, err := b.recall.Uses.Find(t.Context(), store.UsesOverdue(""))
	must(t, err)
	if len(page.Items) != 1 || page.Items[0].ID != share.ID {
		t.Errorf("%+v", page.Items)
	}
	for kind, events := range b.heard {
		for _, e := range events {
			if strings.HasPrefix(kind, "recall.") && kind != recall.EventDone.Name() && e.Person != "" {
				t.Errorf("%s concerns %s", kind, e.Person)
			}
		}
	}
}
