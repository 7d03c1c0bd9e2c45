package flows_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/division"
	"xinyi/models/flow"
	"xinyi/models/notice"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// plaques is a county whose villages are on their way to a plaque.
type plaques struct {
	*hamlet
	flows.Village
	scheme *village.Scheme
}

func openPlaques(t *testing.T) *plaques {
	t.Helper()
	h := &plaques{hamlet: hamlets(t)}
	h.Village = flows.Village{
		Village: usecase.OpenVillage(h.store, store.NewRepo[blob.Blob](h.store, store.Blobs), store.NewRepo[division.Division](h.store, store.Divisions), h.Farmer.Farmer),
		Policy:  village.Standard, Now: h.clock.now,
	}
	must(t, h.store.Ensure(t.Context()))
	must(t, h.relay.Subscribe(h.Subscribers()...))
	raw, err := os.ReadFile("../seed/villagescheme.json")
	must(t, err)
	var p village.Plan
	must(t, json.Unmarshal(raw, &p))
	h.scheme, err = village.NewScheme(village.OfVillages, 1, p, models.Actor{Person: "a", Role: models.CreditOffice, Region: "4301"}, h.clock.now())
	must(t, err)
	must(t, h.Schemes.Insert(t.Context(), h.scheme))
	return h
}

// entry is one of a year that stands somewhere, scored on facts that earn three stars.
func (h *plaques) entry(t *testing.T, id string, place models.Region, year int, state village.State) {
	t.Helper()
	e := &village.Entry{Round: village.RoundID("430181", year, village.OfVillages), Level: village.OfVillages, Year: year, Village: place, Name: "范市村", Scheme: h.scheme.ID, Terms: h.scheme.Terms}
	e.ID, e.State, e.Slot = id, state, id
	for _, code := range []string{"committee", "rules", "notices", "education"} {
		e.First.Writes = append(e.First.Writes, village.Write{Op: code, Indicator: code, Value: 4, Wrote: h.clock.now(), By: "s"})
	}
	e.Frozen = threeStars()
	must(t, e.Rate(h.scheme, village.Survey{}))
	c := flow.New(h.scheme.Flow, "maker", h.clock.now())
	if c.At = 2; e.Title() {
		e.Stars, e.No, e.Since, e.Until = 1, village.PlaqueNo(village.OfVillages, place, year), "2026-01-01", models.DayOf(h.clock.now()).Add(10)
	}
	e.Course = &c
	must(t, h.Entries.Insert(t.Context(), e))
}

func threeStars() map[string]int64 {
	return map[string]int64{
		village.FactHouseholds: 100, village.FactFiled: 98, village.FactCredit: 90, village.FactBorrowers: 50, village.FactClean: 48, village.FactBalance: 1000, village.FactBad: 5, village.FactNewBad: 0,
	}
}

func (h *plaques) at(t *testing.T, id string) *village.Entry {
	t.Helper()
	e, err := h.Entries.Get(t.Context(), id)
	must(t, err)
	return e
}

// Only the line objected to waits; what was objected to rightly is struck; the others go on to the decision.
func TestVillagesFollowTheirNotice(t *testing.T) {
	t.Parallel()
	h := openPlaques(t)
	var lines []notice.Line
	for i, place := range []models.Region{"430181108203", "430181108210", "430181108215"} {
		id := []string{"a", "b", "c"}[i]
		h.entry(t, id, place, 2026, village.Prelim)
		lines = append(lines, notice.Line{Ref: id, Label: "村", Text: "★★★ 100.00"})
	}
	opener := models.Actor{Person: "opener", Role: models.CreditOffice, Region: "430181"}
	judge := models.Actor{Person: "judge", Role: models.CreditOffice, Region: "430181"}
	n, err := notice.New("n", notice.Draft{About: "village.entry", Title: "公示", Region: "430181", Level: 6, Lines: lines}, h.scheme.Terms.Notice, opener, h.clock.now())
	must(t, err)
	must(t, h.Notices.Insert(t.Context(), n))
	h.settles(t, time.Minute)
	if got := h.at(t, "a"); got.State != village.Shown || got.Notice != "n" {
		t.Fatalf("%s", got.State)
	}
	change := func(do func(*notice.Notice) error) {
		t.Helper()
		_, err := h.Notices.Update(t.Context(), "n", do)
		must(t, err)
	}
	for _, ref := range []string{"b", "c"} {
		change(func(n *notice.Notice) error {
			return n.Object("o-"+ref, ref, "名册不实", models.Actor{Person: "r", Role: models.Resident}, h.clock.now())
		})
	}
	change(func(n *notice.Notice) error { return n.Answer("o-b", true, "属实", judge, h.clock.now()) })
	h.settles(t, 12*24*time.Hour)
	for id, want := range map[string]village.State{"a": village.Deciding, "b": village.Rejected, "c": village.Shown} {
		if got := h.at(t, id); got.State != want {
			t.Errorf("%s is at %s, want %s", id, got.State, want)
		}
	}
	change(func(n *notice.Notice) error { return n.Answer("o-c", false, "不属实", judge, h.clock.now()) })
	h.settles(t, time.Minute)
	if got := h.at(t, "c"); got.State != village.Deciding || got.Course.Due == "" {
		t.Errorf("%s", got.State)
	}
	n, err = h.Notices.Get(t.Context(), "n")
	must(t, err)
	if l := n.Line("b"); l.Outcome != "不予认定" {
		t.Errorf("the notice says %q", l.Outcome)
	}
}

// A later round's plaque takes the place of an earlier one's, and loans see the stars of the one that is up; when it comes down, none.
func TestLoansSeeThePlaqueThatIsUp(t *testing.T) {
	t.Parallel()
	h := openPlaques(t)
	const place = models.Region("430181108203")
	h.entry(t, "old", place, 2025, village.Certified)
	h.entry(t, "new", place, 2026, village.Annual)
	office := models.Actor{Person: "o", Role: models.CreditOffice, Region: "430181"}
	_, err := h.Entries.Update(t.Context(), "new", func(e *village.Entry) error { return e.Renew(threeStars(), h.scheme, office, h.clock.now()) })
	must(t, err)
	h.settles(t, time.Minute)
	stars := func() int {
		n, err := h.Farm.Stars(t.Context(), place, models.DayOf(h.clock.now()))
		must(t, err)
		return n
	}
	if got := h.at(t, "old"); got.State != village.Withdrawn || stars() != 3 {
		t.Errorf("the earlier is %s, %d stars", got.State, stars())
	}
	h.settles(t, 3*365*24*time.Hour) // nobody looks for three years
	if got := h.at(t, "new"); !got.Title() || stars() != 3 || !got.Late {
		t.Errorf("an office that never came: %s, %d stars", got.State, stars())
	}
	_, err = h.Entries.Update(t.Context(), "new", func(e *village.Entry) error { return e.Revoke("名册不实", office, h.clock.now()) })
	must(t, err)
	h.settles(t, time.Minute)
	if stars() != 0 {
		t.Errorf("%d stars after the plaque is down", stars())
	}
}
