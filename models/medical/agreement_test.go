package medical

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinyi/models"
)

func clause(t *testing.T, e *models.Error, id string) models.Clause {
	t.Helper()
	i := slices.IndexFunc(e.Clauses, func(c models.Clause) bool { return c.ID == "medical.clause_"+id })
	if i < 0 {
		t.Fatalf("no clause %s in %+v", id, e.Clauses)
	}
	return e.Clauses[i]
}

func TestSignClauses(t *testing.T) {
	today := models.DayOf(noon)
	birthday, tomorrow := today.AddMonths(-18*12), today.AddMonths(-18*12).Add(1)
	for name, tc := range map[string]struct {
		who      func(*Applicant)
		consents []Consent
		clause   string // that fails, "" for a signed agreement
		outcome  string
		rejected bool
	}{
		"all is well":                 {who: func(*Applicant) {}, consents: consents()},
		"identity too weak":           {func(w *Applicant) { w.Level = 1 }, consents(), "identity", models.Fail, false},
		"18 today":                    {who: func(w *Applicant) { w.Birth = birthday }, consents: consents()},
		"18 tomorrow":                 {func(w *Applicant) { w.Birth = tomorrow }, consents(), "adult", models.Fail, false},
		"birth unknown":               {func(w *Applicant) { w.Birth = "" }, consents(), "adult", models.Unknown, false},
		"without the credit query":    {func(*Applicant) {}, consents()[1:], "consent_credit_query", models.Fail, false},
		"without the health cost":     {func(*Applicant) {}, append(consents()[:1:1], consents()[2]), "consent_health_cost", models.Fail, false},
		"without the sharing":         {func(*Applicant) {}, consents()[:2], "consent_data_sharing", models.Fail, false},
		"an open default":             {func(w *Applicant) { w.OpenDefaults = []string{"b9"} }, consents(), "no_open_default", models.Fail, true},
		"cooling today still":         {func(w *Applicant) { w.CoolingUntil = today }, consents(), "cooling_over", models.Fail, true},
		"cooling over since midnight": {who: func(w *Applicant) { w.CoolingUntil = today.Add(-1) }, consents: consents()},
		"on a restricted list":        {func(w *Applicant) { w.Restricted = "list/7" }, consents(), "not_restricted", models.Fail, true},
	} {
		t.Run(name, func(t *testing.T) {
			who := applicant()
			tc.who(&who)
			a, err := Sign("a1", who, newScheme(), tc.consents, mei, noon)
			if tc.clause == "" {
				must(t, err)
				if a.State != Active || a.Slot != "mei/s1" || a.Ends != today.AddMonths(12).Add(-1) || a.Outpatient.Limit != 50000 || a.Top != 100000 {
					t.Fatalf("%+v", a)
				}
				return
			}
			var e *models.Error
			if !errors.As(err, &e) || e.Code != models.Denied {
				t.Fatalf("%v, want Denied", err)
			}
			if c := clause(t, e, tc.clause); c.Outcome != tc.outcome {
				t.Errorf("clause %+v", c)
			}
			if (a != nil) != tc.rejected || a != nil && (a.State != Rejected || a.Slot != "ended/a1" || len(a.Clauses) != 3) {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestSignConsentsAndWindow(t *testing.T) {
	for name, c := range map[string]struct {
		change func([]Consent) []Consent
		reason string
		field  string
	}{
		"wrong version": {func(c []Consent) []Consent { c[1].Version = "1"; return c }, "medical.consent_version", "/consents/1/version"},
		"twice":         {func(c []Consent) []Consent { return append(c, c[0]) }, "medical.consent_twice", "/consents/3/id"},
		"unknown":       {func(c []Consent) []Consent { c[2].ID = "marketing"; return c }, "medical.unknown_consent", "/consents/2/id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Sign("a1", applicant(), newScheme(), c.change(consents()), mei, noon)
			if e := want(t, err, models.Invalid, c.reason); e.Fields[0].Pointer != c.field {
				t.Errorf("%+v", e.Fields)
			}
		})
	}
	for at, open := range map[time.Time]bool{
		models.Day("2026-03-31").End(): false, models.Day("2026-04-01").Start(): true, models.Day("2026-12-31").End(): true, models.Day("2027-01-01").Start(): false,
	} {
		_, err := Sign("a1", applicant(), newScheme(), consents(), mei, at)
		if open {
			must(t, err)
		} else {
			want(t, err, models.Conflict, "medical.scheme_closed")
		}
	}
}

func TestHumanReview(t *testing.T) {
	who := applicant()
	who.Restricted = "list/7"
	a, err := Sign("a1", who, newScheme(), consents(), mei, noon)
	want(t, err, models.Denied, "medical.not_admitted")
	must(t, a.AskReview(mei, "the entry is not mine", noon))
	if a.State != Review || a.Slot != "mei/s1" || a.Plea == "" {
		t.Fatalf("%+v", a)
	}
	before := copied(t, a)
	want(t, a.Decide(mei, true, newScheme(), noon), models.Forbidden, "medical.own_case")
	unchanged(t, before, a)
	must(t, a.Decide(clerk, false, newScheme(), noon))
	if a.State != Rejected || a.Slot != "ended/a1" || len(a.Clauses) != 3 {
		t.Fatalf("%+v", a)
	}
	must(t, a.AskReview(mei, "again", noon))
	must(t, a.Decide(clerk, true, newScheme(), noon))
	if a.State != Active || a.Outpatient.Limit != 50000 || a.WakeAt == nil {
		t.Fatalf("%+v", a)
	}
}

func TestLimits(t *testing.T) {
	terms := Standard
	for _, c := range []struct{ limit, top, raised, cut models.Fen }{
		{50000, 100000, 55000, 25000}, {95000, 100000, 100000, 47500}, {100000, 100000, 100000, 50000}, {120000, 100000, 120000, 60000},
		{55100, 100000, 60600, 27600}, {100, 1000, 100, 100}, {50, 1000, 50, 50}, {0, 1000, 0, 0},
	} {
		if r, k := terms.Raised(c.limit, c.top), terms.Cut(c.limit); r != c.raised || k != c.cut {
			t.Errorf("%d raised %d cut %d, want %d %d", c.limit, r, k, c.raised, c.cut)
		}
	}
	a := signed(t, 50000)
	must(t, a.Reserve("v1", Outpatient, 30000, 1, his, noon))
	before := copied(t, a)
	if e := want(t, a.SetLimit(29999, clerk, "why", noon), models.Conflict, "medical.limit_below_used"); e.Args["least"] != "300.00" {
		t.Errorf("%+v", e.Args)
	}
	unchanged(t, before, a)
	must(t, a.SetLimit(30000, clerk, "why", noon))
	if last := a.Limits[len(a.Limits)-1]; last.Old != 50000 || last.New != 30000 || last.Reason != "why" || last.By != models.CountyHealth {
		t.Errorf("%+v", last)
	}
	if a.Creditable(Outpatient) != "LIMIT" || a.Creditable(Inpatient) != "" {
		t.Error("nothing left is LIMIT, in its own pool alone")
	}
	must(t, a.SetLimit(30100, clerk, "why", noon))
	if a.Creditable(Outpatient) != "" {
		t.Error("a yuan is enough to begin")
	}
}

func TestPunctualBillsRaise(t *testing.T) {
	a := signed(t, 50000)
	for i := range 12 {
		bill := "b" + strconv.Itoa(i)
		if !a.PaidOnTime(bill, noon) || a.PaidOnTime(bill, noon) {
			t.Fatal("a bill counts once")
		}
		if want := []models.Fen{50000, 55000, 60500}[(i+1)/6]; a.Outpatient.Limit != want {
			t.Fatalf("after %d bills %d, want %d", i+1, a.Outpatient.Limit, want)
		}
	}
	must(t, a.Withdraw("health_cost", mei, noon))
	for i := range 6 {
		a.PaidOnTime("c"+strconv.Itoa(i), noon)
	}
	if a.Outpatient.Limit != 60500 {
		t.Error("raised without the consents")
	}
}

func TestBlocks(t *testing.T) {
	a := signed(t, 50000)
	must(t, a.Reserve("v0", Outpatient, 1000, 1, his, noon))
	block := func(k BlockKind, ref string) {
		t.Helper()
		if fresh, err := a.Block(k, ref, models.Clockwork, noon); err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		if fresh, err := a.Block(k, ref, models.Clockwork, noon); err != nil || fresh {
			t.Fatal("the same block twice")
		}
	}
	lift := func(k BlockKind, ref string) {
		t.Helper()
		if changed, err := a.Unblock(ref, noon, k); err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
	at := func(s AgreementState, credit string) {
		t.Helper()
		if a.State != s || a.Creditable(Outpatient) != credit {
			t.Fatalf("%s %q, want %s %q", a.State, a.Creditable(Outpatient), s, credit)
		}
	}
	block(Freeze, "b1")
	at(Active, "SUSPENDED")
	if a.Room("v1", Outpatient) != 0 || a.Room("v0", Outpatient) != 1000 {
		t.Error("a frozen agreement gives room")
	}
	want(t, a.Reserve("v0", Outpatient, 1001, 2, his, noon), models.Denied, "medical.no_new_holds")
	must(t, a.Reserve("v0", Outpatient, 1000, 2, his, noon))
	block(Overdue7, "b1")
	at(Suspended, "SUSPENDED")
	block(Freeze, "b2")
	lift(Overdue7, "b1")
	at(Active, "SUSPENDED")
	lift(Freeze, "b1")
	at(Active, "SUSPENDED")
	lift(Freeze, "b2")
	at(Active, "")
	must(t, a.Suspend(clerk, "looks odd", noon))
	block(Overdue7, "b3")
	must(t, a.Reinstate(clerk, noon))
	at(Suspended, "SUSPENDED")
	want(t, a.Reinstate(clerk, noon), models.InvalidTransition, "medical.agreement_not_suspended")
	lift(Overdue7, "b3")
	at(Active, "")
	must(t, a.Withdraw("data_sharing", mei, noon))
	at(Suspended, "SUSPENDED")
	want(t, a.Withdraw("data_sharing", mei, noon), models.NotFound, "medical.consent_not_given")
}

func TestDefaultsCoolAndClose(t *testing.T) {
	a := signed(t, 50000)
	dpd := func(n int) time.Time { return noon.Add(time.Duration(n) * day) }
	confirm := func(ref string, n int) {
		t.Helper()
		if fresh, err := a.Defaulted(ref, dpd(n)); err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		if fresh, _ := a.Defaulted(ref, dpd(n)); fresh {
			t.Fatal("one default twice")
		}
	}
	cure := func(ref string, n int) {
		t.Helper()
		if fresh, err := a.Cured(ref, dpd(n)); err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		if fresh, _ := a.Cured(ref, dpd(n)); fresh {
			t.Fatal("one cure twice")
		}
	}
	confirm("b1", 0)
	cure("b1", 1)
	if a.State != Active || a.Outpatient.Limit != 25000 {
		t.Fatalf("after the first cure %s, %d", a.State, a.Outpatient.Limit)
	}
	confirm("b2", 10)
	cure("b2", 20)
	last := models.DayOf(dpd(20)).Add(90)
	if a.State != Suspended || a.CoolingUntil() != last || a.Outpatient.Limit != 12500 {
		t.Fatalf("after the second %s until %s, %d", a.State, a.CoolingUntil(), a.Outpatient.Limit)
	}
	must(t, a.Wake(last.End()))
	if a.State != Suspended {
		t.Fatal("cooled on its last day")
	}
	must(t, a.Wake(*a.WakeAt))
	if a.State != Active || a.CoolingUntil() != "" {
		t.Fatalf("after the cooling %s", a.State)
	}
	a.Draw("b3", "v3", Outpatient, 5000, 1, dpd(120))
	confirm("b3", 120)
	if a.State != Closing {
		t.Fatalf("after the third %s", a.State)
	}
	cure("b3", 130)
	if a.CoolingUntil() != models.DayOf(dpd(130)).Add(365) || a.Outpatient.Limit < 5000 {
		t.Errorf("cools until %s, limit %d", a.CoolingUntil(), a.Outpatient.Limit)
	}
	if !a.Draw("b3", "v3", Outpatient, 0, 2, dpd(130)) || a.State != Closed || a.Slot != "ended/a1" {
		t.Errorf("%s %s", a.State, a.Slot)
	}
}

func TestADroppedDefaultCountsNoMore(t *testing.T) {
	a := signed(t, 50000)
	for _, ref := range []string{"b1", "b2", "b3"} {
		if _, err := a.Defaulted(ref, noon); err != nil {
			t.Fatal(err)
		}
		if changed, err := a.Cleared(ref, noon); err != nil || !changed {
			t.Fatal(changed, err)
		}
	}
	if a.State != Active || a.DefaultsBy(models.DayOf(noon)) != 0 {
		t.Errorf("%s with %d", a.State, a.DefaultsBy(models.DayOf(noon)))
	}
}

func TestTermRunsOut(t *testing.T) {
	a := signed(t, 50000)
	must(t, a.Reserve("v1", Outpatient, 1000, 1, his, noon))
	must(t, a.Reserve("v2", Inpatient, 2000, 1, his, noon))
	var told []string
	for range 10 {
		if a.WakeAt == nil {
			break
		}
		at := *a.WakeAt
		must(t, a.Wake(at))
		if a.WakeAt != nil && !a.WakeAt.After(at) {
			t.Fatalf("woken at %s, wakes again at %s", at, a.WakeAt)
		}
		for _, e := range a.Outbox {
			told = append(told, e.Kind+" "+at.In(models.Shanghai).Format("2006-01-02 15:04"))
		}
		a.Outbox = nil
	}
	if want := []string{
		HoldLapsed.Name() + " 2026-05-01 12:00", HoldLapsed.Name() + " 2026-06-23 12:00", AgreementExpiring.Name() + " 2027-03-24 09:00", AgreementExpired.Name() + " 2027-04-24 00:00", AgreementClosed.Name() + " 2027-04-24 00:00",
	}; !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
	if a.State != Closed || a.Ends != "2027-04-23" {
		t.Errorf("%s, ends %s", a.State, a.Ends)
	}
}

func TestNewestNewsOfABillWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type news struct {
			bill   string
			seq    int64
			amount models.Fen
		}
		var all []news
		newest := map[string]models.Fen{}
		for i := range rapid.IntRange(1, 4).Draw(t, "bills") {
			bill := "b" + strconv.Itoa(i)
			for seq := range int64(rapid.IntRange(1, 4).Draw(t, "versions")) {
				n := news{bill, seq + 1, models.Fen(rapid.IntRange(0, 100).Draw(t, "amount"))}
				all, newest[bill] = append(all, n), n.amount
			}
		}
		p := Pool{Limit: 400}
		for _, n := range append(rapid.Permutation(all).Draw(t, "order"), all[0]) {
			p.draw(n.bill, "v"+n.bill, n.amount, n.seq, noon)
		}
		for _, d := range p.Drawn {
			if d.Amount != newest[d.Bill] {
				t.Fatalf("%s draws %d, want %d", d.Bill, d.Amount, newest[d.Bill])
			}
		}
		if p.Available() < 0 {
			t.Fatal(p.Available())
		}
	})
}

// Holds become draws of at most their amount, draws fall, and news comes late and twice: the limit is never overrun.
func TestPoolIsNeverOverrun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now := Pool{Limit: models.Fen(rapid.IntRange(0, 1000).Draw(t, "limit"))}, noon
		seq, drawn := int64(0), map[string]models.Fen{}
		visit := func(t *rapid.T) string { return "v" + strconv.Itoa(rapid.IntRange(0, 3).Draw(t, "visit")) }
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				seq++
				v, amount := visit(t), models.Fen(rapid.IntRange(0, 600).Draw(t, "amount"))
				before := p.Room(v)
				if err := p.reserve(v, amount, seq, now.Add(7*day)); (err != nil) != (amount > before) {
					t.Fatalf("%d of %d: %v", amount, before, err)
				}
			},
			"lower": func(t *rapid.T) { p.lower(visit(t), models.Fen(rapid.IntRange(0, 600).Draw(t, "to")), seq-1) },
			"issue": func(t *rapid.T) {
				seq++
				v := visit(t)
				bill := "b" + strconv.FormatInt(seq, 10)
				drawn[bill] = models.Fen(rapid.Int64Range(0, int64(p.hold(v).Amount)).Draw(t, "principal"))
				p.draw(bill, v, drawn[bill], seq, now)
			},
			"pay": func(t *rapid.T) {
				for bill, owed := range drawn {
					seq++
					drawn[bill] = owed / 2
					p.draw(bill, "v0", drawn[bill], seq, now)
					p.draw(bill, "v0", owed, seq-1, now)
					break
				}
			},
			"lapse": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "days")) * day)
				p.lapse(now)
			},
			"": func(t *rapid.T) {
				if p.Available() < 0 {
					t.Fatalf("available %d", p.Available())
				}
			},
		})
	})
}
