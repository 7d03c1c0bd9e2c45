package flows_test

import (
	"fmt"
	"testing"

	"xinyi/flows"
	"xinyi/models"
	"xinyi/models/blob"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/notice"
	"xinyi/models/practice"
	"xinyi/models/score"
	"xinyi/store"
)

// Every step of a selection, each told twice: what the second time does is nothing.
func TestPracticeTwiceIsOnce(t *testing.T) {
	t.Parallel()
	clock := &hands{t: noon}
	s := store.New(newEngine(t), clock.now, store.TestKeys())
	all := store.OpenPractice(s, store.NewRepo[blob.Blob](s, store.Blobs))
	f := flows.Practice{Practice: all, Notices: store.NewRepo[notice.Notice](s, store.Notices), Now: clock.now}
	must(t, s.Ensure(t.Context()))
	office := func(who string, r models.Region) models.Actor {
		return models.Actor{Person: who, Role: models.CreditOffice, Org: who, Region: r}
	}
	town := models.Actor{Person: "w", Role: models.TownStaff, Org: "town", Region: "430181108"}
	c, err := practice.New("c1", practice.Content{
		Class: practice.Governance, Title: "信用积分进村规", Summary: "把村规民约变成看得见的积分。", Problem: "村里的公共事务参加的人少。", Done: "每季度公开积分，积分可以换服务。",
		Effect: "参加公共事务的农户多了一倍多。", Copy: "积分办法只有一页纸，照着就能办。", Figures: []practice.Figure{{Name: "农户", Before: 1, After: 2, Unit: "户"}},
	}, practice.Unit{Name: "古港镇人民政府", By: town}, noon)
	must(t, err)
	must(t, c.File(practice.Standard, town, noon))
	must(t, c.Review(flow.Approve, "", office("k", "430181"), noon))
	must(t, c.Review(flow.Approve, "", office("c", "4301"), noon))
	must(t, all.Cases.Insert(t.Context(), c))
	call := practice.Call{Year: 2026, Closes: models.DayOf(noon), Seats: []practice.Seats{{Class: practice.Governance, N: 1}}}
	for i := range 6 {
		call.Pool = append(call.Pool, practice.Expert{Person: fmt.Sprint("p", i), Unit: fmt.Sprint("u", i)})
	}
	r, err := call.Round("r1", "seed", practice.Standard, office("c", "4301"), noon)
	must(t, err)
	clock.t = call.Closes.Add(1).Start()
	must(t, r.Wake(clock.t))
	must(t, all.Rounds.Insert(t.Context(), r))

	twice := func(name string, e models.Event) {
		t.Helper()
		var was int64
		for i := range 2 {
			for _, sub := range f.Subscribers() {
				if sub.Name == name {
					must(t, sub.Do(t.Context(), e))
				}
			}
			if c, err = all.Cases.Get(t.Context(), "c1"); err != nil {
				t.Fatal(err)
			}
			if i == 1 && c.Version != was {
				t.Errorf("%s twice changed the case", name)
			}
			was = c.Version
		}
	}
	twice("practice.seat", models.Event{Kind: practice.EventDrawn.Name(), Subject: "r1"})
	if c.Entry == nil || len(c.Entry.Jury.Seats) != 5 || len(c.Entry.Jury.Left(c.Entry.Order)) != 1 {
		t.Fatalf("%+v", c.Entry)
	}
	c, err = all.Cases.Update(t.Context(), "c1", func(c *practice.Case) error {
		for _, seat := range c.Entry.Jury.Seats {
			marks := map[string]score.Points{}
			for _, k := range r.Criteria {
				marks[k.Code] = k.Max * score.Points(9) / 10
			}
			if err := c.Score(jury.Sheet{Marks: marks}, r, models.Actor{Person: seat.Person, Role: models.Resident}, clock.t); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, err)
	_, err = all.Rounds.Update(t.Context(), "r1", func(r *practice.Round) error {
		return r.Rank([]*practice.Case{c}, office("c", "4301"), clock.t)
	})
	must(t, err)
	twice("practice.ranked", models.Event{Kind: practice.EventRanked.Name(), Subject: "r1"})
	if c.State != practice.Proposed {
		t.Fatal(c.State)
	}
	id := models.Derived("practice-notice", "r1")
	n, err := f.Notices.Get(t.Context(), id)
	must(t, err)
	clock.t = n.Closes.Add(1).Start()
	_, err = f.Notices.Update(t.Context(), id, func(n *notice.Notice) error { return n.Wake(clock.t) })
	must(t, err)
	twice("practice.notice", models.Event{Kind: notice.EventClosed.Name(), Subject: id, Data: map[string]string{"about": practice.About}})
	r, err = all.Rounds.Get(t.Context(), "r1")
	must(t, err)
	n, err = f.Notices.Get(t.Context(), id)
	must(t, err)
	if c.State != practice.Published || c.Year != 2026 || r.State != practice.Done || n.Line("c1").Outcome == "" {
		t.Errorf("%s %d, %s, %+v", c.State, c.Year, r.State, n.Lines)
	}
}
