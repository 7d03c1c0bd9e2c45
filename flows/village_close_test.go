package flows_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/division"
	"xinyi/models/farmer"
	"xinyi/models/score"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// opening is a county with households, whose round is about to be closed.
type opening struct {
	*hamlet
	flows.VillageClose
	round *village.Round
	at    []models.Region
}

// households of each village of an opening: so many on file, of them credit households, borrowers, and those that are late.
var openingCounts = [][4]int{{230, 201, 60, 7}, {12, 3, 0, 0}, {0, 0, 0, 0}, {205, 190, 30, 0}, {41, 40, 41, 1}}

func openings(t *testing.T, size int) *opening {
	t.Helper()
	o := &opening{hamlet: hamlets(t)}
	o.VillageClose = flows.VillageClose{
		Village: usecase.OpenVillage(o.store, store.NewRepo[blob.Blob](o.store, store.Blobs), store.NewRepo[division.Division](o.store, store.Divisions), o.hamlet.Farmer.Farmer),
		Policy:  village.Standard, Now: o.clock.now, Secret: func() string { return "secret" },
	}.Sized(size)
	must(t, o.store.Ensure(t.Context()))
	must(t, o.relay.Subscribe(o.Subscribers()...))
	today := models.DayOf(o.clock.now())
	o.round = &village.Round{County: "430181", Year: 2026, Level: village.OfVillages, Scheme: "village@1", Opens: today, CutOff: today.Add(30), Ends: today.Add(90)}
	o.round.ID, o.round.State, o.round.WakeAt = village.RoundID("430181", 2026, village.OfVillages), village.Open, models.At(today.Add(31).Start())
	for i, n := range openingCounts {
		place := models.Region(fmt.Sprintf("430181108%03d", 203+i))
		o.at = append(o.at, place)
		e := &village.Entry{Round: o.round.ID, Level: village.OfVillages, Year: 2026, Village: place, Slot: o.round.ID + "/" + string(place), Scheme: "village@1", CutOff: o.round.CutOff, Roster: 250}
		e.ID, e.State = fmt.Sprintf("entry-%d", len(openingCounts)-i), village.Applied
		must(t, o.Entries.Insert(t.Context(), e))
		if i != 3 { // the round heard of this one too late
			o.round.Filed = append(o.round.Filed, e.ID)
		}
		for h := range n[0] {
			o.household(t, place, h, h < n[1], h < n[2], h < n[3])
		}
	}
	must(t, o.Rounds.Insert(t.Context(), o.round))
	for i, bad := range []models.Fen{100, 50} {
		f := &village.Figure{Bank: fmt.Sprint("b", i), Village: o.at[0], Day: today, Balance: 10_000, Bad: bad}
		f.ID = village.FigureID(f.Bank, f.Village, f.Day)
		must(t, o.Figures.Insert(t.Context(), f))
	}
	return o
}

// household is one on file.
func (o *opening) household(t *testing.T, place models.Region, n int, title, borrows, late bool) {
	t.Helper()
	id := fmt.Sprintf("farm-%s-%04d", place, n)
	s := &farmer.Score{Meta: models.Meta{ID: id}, Village: place, Facts: map[string]int64{farmer.FactPersons: 3}}
	if borrows {
		s.Facts[farmer.FactLoans] = 0
	}
	if late && n%2 == 0 {
		s.Facts[farmer.FactLoans] = 3
	} else if late {
		s.Grounds = []score.Ground{{Code: farmer.VetoOverdue, Record: "l@1"}}
	}
	must(t, o.Scores.Insert(t.Context(), s))
	if title {
		e := &farmer.Evaluation{Household: id, Village: place, Slot: id, No: "no-" + id, Since: "2026-01-01"}
		e.ID, e.State = "e-"+id, []farmer.EvaluationState{farmer.Certified, farmer.Annual, farmer.Grace}[n%3]
		must(t, o.Evaluations.Insert(t.Context(), e))
	} else if n%2 == 0 { // it was one
		e := &farmer.Evaluation{Household: id, Village: place, No: "no-" + id, Since: "2026-01-01"}
		e.ID, e.State = "e-"+id, farmer.Revoked
		must(t, o.Evaluations.Insert(t.Context(), e))
	}
}

// closes plays the day after the cut-off.
func (o *opening) closes(t *testing.T) *village.Round {
	t.Helper()
	o.settles(t, 31*24*time.Hour)
	for range 20 {
		r, err := o.Rounds.Get(t.Context(), o.round.ID)
		must(t, err)
		if r.State == village.Review {
			return r
		}
		o.settles(t, time.Minute)
	}
	t.Fatal("the round is not closed")
	return nil
}

func TestRoundCloses(t *testing.T) {
	t.Parallel()
	o := openings(t, 1)
	r := o.closes(t)
	if r.Progress.Done != 5 || r.Progress.Total != 4 || r.Progress.Households != 230+12+205+41 || r.Part != 2 || r.Progress.DoneAt == nil || r.Salts.Reveal() != "secret" {
		t.Errorf("progress %+v", r.Progress)
	}
	for i, n := range openingCounts {
		f, err := o.Snapshots.Get(t.Context(), village.SnapshotID(r.ID, o.at[i]))
		must(t, err)
		want := map[string]int64{village.FactHouseholds: 250, village.FactFiled: int64(n[0]), village.FactCredit: int64(n[1])}
		if n[2] > 0 {
			want[village.FactBorrowers], want[village.FactClean] = int64(n[2]), int64(n[2]-n[3])
		}
		if i == 0 {
			want[village.FactBalance], want[village.FactBad], want[village.FactNewBad] = 20_000, 150, 0
		}
		if fmt.Sprint(f.Facts) != fmt.Sprint(want) || f.Size != int64(n[0]) {
			t.Errorf("%s: %v, want %v", o.at[i], f.Facts, want)
		}
		if n[0] > 0 {
			p, err := f.Proof(fmt.Sprintf("farm-%s-%04d", o.at[i], n[0]-1))
			must(t, err)
			must(t, village.CheckRow(p, f.Root, f.Size))
		}
	}
}

// TestRoundIsCutOff: a part that ends between what it froze and what the round says of it, and a part that is told twice, come to the same.
func TestRoundIsCutOff(t *testing.T) {
	t.Parallel()
	whole := openings(t, 0)
	want := whole.closes(t)
	o := openings(t, 1)
	salts, err := village.NewSalter(models.NewSecret("secret"))
	must(t, err)
	for _, id := range []string{"entry-1", "entry-3"} { // what a replica froze before it died
		e, err := o.Entries.Get(t.Context(), id)
		must(t, err)
		rows, err := o.RowsOf(t.Context(), e.Village, e.CutOff, salts)
		must(t, err)
		loans, err := o.LoansOf(t.Context(), e.Village, e.CutOff, village.Standard)
		must(t, err)
		f, err := village.Freeze(e, rows, loans, o.clock.now())
		must(t, err)
		must(t, o.Snapshots.Insert(t.Context(), f))
	}
	r, err := o.Rounds.Update(t.Context(), o.round.ID, func(r *village.Round) error {
		o.clock.move(31 * 24 * time.Hour)
		return r.Wake(o.clock.now())
	})
	must(t, err)
	ev := models.Event{ID: "again", Subject: r.ID, Data: map[string]string{"part": "0"}}
	must(t, o.Subscribers()[0].Do(t.Context(), ev))
	must(t, o.Subscribers()[0].Do(t.Context(), ev)) // told twice
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := o.Subscribers()[0].Do(ended, models.Event{ID: "x", Subject: r.ID, Data: map[string]string{"part": "1"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("a part without time: %v", err)
	}
	got := o.closes(t)
	if got.Progress.Done != want.Progress.Done || got.Progress.Households != want.Progress.Households || got.State != want.State {
		t.Errorf("progress %+v, want %+v", got.Progress, want.Progress)
	}
	for _, place := range o.at {
		a, err := o.Snapshots.Get(t.Context(), village.SnapshotID(r.ID, place))
		must(t, err)
		b, err := whole.Snapshots.Get(t.Context(), village.SnapshotID(r.ID, place))
		must(t, err)
		if a.Root != b.Root || fmt.Sprint(a.Facts) != fmt.Sprint(b.Facts) {
			t.Errorf("%s: %s %v, want %s %v", place, a.Root, a.Facts, b.Root, b.Facts)
		}
	}
}

// TestTownIsFrozen: a town's facts are sums over its villages, and what is told of them gives no village away.
func TestTownIsFrozen(t *testing.T) {
	t.Parallel()
	o := openings(t, 0)
	for _, place := range o.at {
		d, err := division.New(string(place), "某村委会")
		must(t, err)
		must(t, o.Divisions.Insert(t.Context(), d))
	}
	s := &village.Scheme{Set: []byte(`{"id":"town","version":1,"grades":[{"name":"★","least":7000,"good":true},{"name":"无","least":0}],"dimensions":[{"code":"d","indicators":[
		{"code":"villages","of":"creditVillages","over":"villages","max":6000,"unknown":3000,"bands":[{"least":5000,"points":6000}]},
		{"code":"clean","of":"clean","over":"borrowers","max":4000,"unknown":2000,"bands":[{"least":9000,"points":4000}]}]}]}`)}
	s.ID, s.Hash = "village@1", "h"
	must(t, o.Schemes.Insert(t.Context(), s))
	r := o.closes(t)
	e := &village.Entry{Level: village.OfTowns, Year: 2026, Village: "430181108", Slot: "town", Scheme: "village@1", CutOff: r.CutOff}
	e.ID, e.State, e.Round = "town", village.Applied, village.RoundID("430181", 2026, village.OfTowns)
	must(t, o.Entries.Insert(t.Context(), e))
	town := &village.Round{County: "430181", Year: 2026, Level: village.OfTowns, Filed: []string{"town"}, CutOff: r.CutOff, Ends: r.Ends.Add(90)}
	town.ID, town.State, town.WakeAt = e.Round, village.Open, models.At(o.clock.now())
	must(t, o.Rounds.Insert(t.Context(), town))
	o.settles(t, time.Minute)
	f, err := o.Snapshots.Get(t.Context(), village.SnapshotID(town.ID, "430181108"))
	must(t, err)
	if f.Facts[village.FactVillages] != 5 || f.Facts[village.FactCreditVillages] != 0 || f.Facts[village.FactBorrowers] != 131 || f.Facts[village.FactClean] != 123 {
		t.Errorf("facts %v", f.Facts)
	}
	if s := f.Published[village.FactClean]; s.Exact() || !s.Has(123) || f.Published[village.FactVillages] != score.Exactly(5) {
		t.Errorf("told %v", f.Published)
	}
}
