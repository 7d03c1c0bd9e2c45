package flows_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/credential"
	"xinyi/models/division"
	"xinyi/models/journal"
	"xinyi/store"
)

// honours is a replica with awards and what follows from them.
type honours struct {
	*testing.T
	clock *hands
	relay *flows.Relay
	sweep *flows.Sweep
	flows.Credential
}

func newHonours(t *testing.T, engine store.Engine) *honours {
	t.Helper()
	clock := &hands{t: noon}
	s := store.New(engine, clock.now, store.TestKeys())
	metrics := flows.NewMetrics(prometheus.NewRegistry())
	h := &honours{T: t, clock: clock}
	h.relay = newRelay(s, store.NewRepo[journal.Lost](s, store.Dead), slog.New(slog.DiscardHandler), metrics)
	h.sweep = flows.NewSweep(s, slog.New(slog.DiscardHandler), metrics)
	h.Credential = flows.Credential{
		Credential: store.OpenCredential(s), Awards: store.NewRepo[award.Award](s, store.Awards), Divisions: store.NewRepo[division.Division](s, store.Divisions),
		Policy: credential.Standard, Now: clock.now,
	}
	must(t, h.relay.Subscribe(h.Subscribers()...))
	must(t, s.Ensure(t.Context()))
	d, err := division.New("430181", "浏阳市")
	must(t, err)
	must(t, h.Divisions.Insert(t.Context(), d))
	return h
}

// given is an award of a person, or of a firm, that is in force.
func (h *honours) given(nomination string, named bool) *award.Award {
	h.Helper()
	a, err := award.Grant(award.Given{
		Nomination: nomination, Programme: "p", Year: 2026, Category: "c", Title: models.Words{ZH: "诚信之星", EN: "Star of honesty"}, Level: 2, Region: "430181", Unit: "浏阳市信用办",
		Holder: models.Subject{Kind: models.PersonSubject, Ref: "hash-" + nomination, Person: "mei"}, Name: models.NewSecret("王小梅"), Deed: "拾金不昧", Named: named,
		Terms: award.Terms{Months: 24, WarnDays: 60, AnswerDays: 10, BarMonths: 36},
	}, models.Actor{Person: "o", Role: models.CreditOffice, Region: "430181"}, h.clock.now())
	must(h.T, err)
	must(h.T, h.Awards.Insert(h.Context(), a))
	h.pass(0)
	return a
}

// pass lets time pass, and everything that is due or told happen, however often a write fails.
func (h *honours) pass(d time.Duration) {
	h.Helper()
	h.clock.move(d)
	for range 6 {
		told := h.relay.Drain(h.Context())
		_, woken := h.sweep.Round(h.Context(), h.clock.now())
		for _, err := range []error{told, woken} {
			if err != nil && !strings.Contains(err.Error(), "as told") {
				h.Fatal(err)
			}
		}
	}
}

// all are the credentials of an award, the newest first, each with whether its bit is set.
func (h *honours) all(of string) (cs []*credential.Credential, gone []bool) {
	h.Helper()
	page, err := h.Credentials.Find(h.Context(), store.CredentialsOf(of))
	must(h.T, err)
	for _, c := range page.Items {
		l, err := h.Lists.Get(h.Context(), c.List)
		must(h.T, err)
		cs, gone = append(cs, c), append(gone, l.Bits[c.Index/8]&(1<<(c.Index%8)) != 0)
	}
	return cs, gone
}

// stands checks the states of an award's credentials, the newest first, and that exactly those in force have no bit.
func (h *honours) stands(of string, want ...credential.State) []*credential.Credential {
	h.Helper()
	cs, gone := h.all(of)
	var got []credential.State
	for i, c := range cs {
		got = append(got, c.State)
		if gone[i] != (c.State != credential.Valid) {
			h.Errorf("%s: its bit is %v", c.State, gone[i])
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.Errorf("%v, not %v", got, want)
	}
	return cs
}

func TestACredentialFollowsItsAward(t *testing.T) {
	t.Parallel()
	h := newHonours(t, newEngine(t))
	a := h.given("n1", true)
	c := h.stands(a.ID, credential.Valid)[0]
	if c.Name.Reveal() != "王小梅" || c.Facts.Place != "浏阳市" || c.Facts.Until != a.Until || c.Facts.Code != "" || c.Holder != a.Holder {
		t.Fatalf("%+v", c)
	}
	if l, err := h.Lists.Get(t.Context(), c.List); err != nil || len(l.Held) != 0 || l.Next != 1 || l.Gone != 0 {
		t.Errorf("%v %+v", err, l.Held)
	}
	me := models.Actor{Person: "mei", Role: models.Resident}
	change := func(act func(a *award.Award) error) {
		t.Helper()
		_, err := h.Awards.Update(t.Context(), a.ID, act)
		must(t, err)
		h.pass(time.Second)
	}
	change(func(a *award.Award) error { _, err := a.Choose(false, true, me, h.clock.now()); return err })
	c = h.stands(a.ID, credential.Valid, credential.Replaced)[0]
	if c.Name.Reveal() != "王**" {
		t.Errorf("%s", c.Name.Reveal())
	}
	change(func(a *award.Award) error { _, err := a.Choose(false, false, me, h.clock.now()); return err }) // nothing a credential says
	h.stands(a.ID, credential.Valid, credential.Replaced)
	change(func(a *award.Award) error {
		return a.AskRevoke(award.FalsePapers, "材料不实", "", models.Actor{Person: "o", Role: models.CreditOffice, Region: "430181"}, h.clock.now())
	})
	h.stands(a.ID, credential.Valid, credential.Replaced) // while it is only asked for it stands
	h.pass(30 * 24 * time.Hour)
	change(func(a *award.Award) error {
		return a.Revoke("材料不实", models.Actor{Person: "o2", Role: models.CreditOffice, Region: "430181"}, h.clock.now())
	})
	h.stands(a.ID, credential.Revoked, credential.Replaced)
}

func TestARenewalIsAnotherCredential(t *testing.T) {
	t.Parallel()
	h := newHonours(t, newEngine(t))
	a := h.given("n1", true)
	h.pass(a.Until.Add(-10).Start().Sub(h.clock.now()))
	me := models.Actor{Person: "mei", Role: models.Resident}
	for _, act := range []func(a *award.Award) error{
		func(a *award.Award) error { return a.AskRenewal("r1", me, h.clock.now()) },
		func(a *award.Award) error { a.Renew("r1", "d1", true, h.clock.now()); return nil },
	} {
		_, err := h.Awards.Update(t.Context(), a.ID, act)
		must(t, err)
		h.pass(time.Second)
	}
	cs := h.stands(a.ID, credential.Valid, credential.Replaced)
	if cs[0].Facts.Until != a.Until.AddMonths(24) || cs[0].Facts.No != a.No {
		t.Errorf("%+v", cs[0].Facts)
	}
	h.pass(cs[0].Ends().Sub(h.clock.now()))
	h.stands(a.ID, credential.Expired, credential.Replaced)
}

// However often and wherever it is cut off, an award has one credential in force, in a place of its own.
func TestACredentialIsIssuedOnce(t *testing.T) {
	t.Parallel()
	for every := 2; every <= 5; every++ {
		h := newHonours(t, &broken{Engine: newEngine(t), every: every, in: []string{"credentials", "statuslists"}})
		for i := range 6 {
			a := h.given(fmt.Sprint("n", i), true)
			for range 12 {
				h.pass(30 * time.Minute)
			}
			h.stands(a.ID, credential.Valid)
			e := models.Event{ID: a.Outbox[0].ID, Kind: award.EventGranted.Name(), Subject: a.ID}
			for _, s := range h.Subscribers() {
				if s.Kinds(e.Kind) { // told once more
					must(t, s.Do(t.Context(), e))
				}
			}
			h.stands(a.ID, credential.Valid)
		}
		h.pass(2 * time.Hour)
		l, err := h.Lists.Get(t.Context(), "1")
		must(t, err)
		if len(l.Held) != 0 {
			t.Errorf("%d places are held for ever", len(l.Held))
		}
	}
}

// When a list has no places left, the next one begins.
func TestTheNextListBegins(t *testing.T) {
	t.Parallel()
	h := newHonours(t, newEngine(t))
	h.given("n1", true)
	_, err := h.Lists.Update(t.Context(), "1", func(l *credential.StatusList) error { l.Next = credential.ListSize - 1; return nil })
	must(t, err)
	a, b := h.given("n2", true), h.given("n3", true)
	if last, next := h.stands(a.ID, credential.Valid)[0], h.stands(b.ID, credential.Valid)[0]; last.List != "1" || next.List != "2" {
		t.Errorf("%s %s", last.List, next.List)
	}
}
