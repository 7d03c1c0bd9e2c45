package flows

import (
	"context"
	"errors"
	"strconv"

	"xinyi/models"
	"xinyi/models/award"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/store"
)

// selectDue gives the seats of a programme and opens the public notice. A case that is scored again makes it wait until tomorrow. Cut off
// anywhere and done again it comes to the same: whoever has a seat keeps it.
func (f Award) selectDue(ctx context.Context, e models.Event) error {
	p, err := f.Programmes.Get(ctx, e.Subject)
	if err != nil || p.State != award.Counting {
		return gone(err)
	}
	waits, err := f.Nominations.Count(ctx, store.NominationsAt(p.ID, award.OnTheWay...))
	if err != nil || waits > 0 {
		return err
	}
	counted, err := f.Tally(ctx, p.ID)
	if err != nil {
		return err
	}
	if err := f.seat(ctx, p, counted); err != nil {
		return err
	}
	if err := f.show(ctx, p, models.Derived("award-notice", p.ID)); err != nil {
		return err
	}
	_, err = f.Programmes.Update(ctx, p.ID, func(p *award.Programme) error {
		if !p.Seat(counted, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// seat gives the seats of every category by what each nominee comes to.
func (f Award) seat(ctx context.Context, p *award.Programme, counted map[string]int) error {
	byCategory := map[string][]*award.Nomination{}
	_, err := f.Nominations.Each(ctx, store.NominationsOf(p.ID), func(n *award.Nomination) error {
		if n.Stands(p.State == award.Selected) {
			byCategory[n.Category] = append(byCategory[n.Category], n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range p.Categories {
		most := 0
		for _, n := range byCategory[c.Code] {
			most = max(most, counted[n.ID])
		}
		var all []award.Candidate
		for _, n := range byCategory[c.Code] {
			all = append(all, n.Candidate(p.Weights, counted[n.ID], most))
		}
		placed := award.Select(c, p.Terms, all)
		for _, n := range byCategory[c.Code] {
			to := placed[n.ID]
			to.Votes = counted[n.ID]
			_, err := f.Nominations.Update(ctx, n.ID, func(n *award.Nomination) error {
				if !n.Seat(to, f.Now()) {
					return store.Unchanged()
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// promote lets the next one move up when somebody with a seat is out.
func (f Award) promote(ctx context.Context, e models.Event) error {
	d, err := award.EventFreed.Read(e)
	if err != nil {
		return err
	}
	p, err := f.Programmes.Get(ctx, d.Programme)
	if err != nil || p.State != award.Selected {
		return gone(err)
	}
	if err := f.seat(ctx, p, p.Ballots); err != nil {
		return err
	}
	return f.show(ctx, p, models.Derived("award-notice", p.ID, e.ID))
}

// show opens a public notice of whoever has a seat and stands on none yet. A person who did not agree to be named is masked.
func (f Award) show(ctx context.Context, p *award.Programme, id string) error {
	var lines []notice.Line
	_, err := f.Nominations.Each(ctx, store.NominationsAt(p.ID, award.Shortlisted), func(n *award.Nomination) error {
		if len(lines) < notice.MaxLines {
			lines = append(lines, notice.Line{Ref: n.ID, Person: n.Nominee.Person, Label: n.Label(), Text: n.Title.ZH})
		}
		return nil
	})
	if err != nil || len(lines) == 0 {
		return err
	}
	d := notice.Draft{About: aboutNominees, Title: p.Title.ZH + strconv.Itoa(p.Year) + "年拟入选名单公示", Region: p.Region, Level: p.Region.Level(), Lines: lines}
	v, err := notice.New(id, d, p.Terms.Notice(), models.Clockwork, f.Now())
	if err != nil {
		return err
	}
	return store.Existing(f.Notices.Insert(ctx, v))
}

// grant gives the award of an approved nomination.
func (f Award) grant(ctx context.Context, e models.Event) error {
	n, p, err := f.whole(ctx, e.Subject)
	if err != nil || n.State != award.Approved {
		return gone(err)
	}
	g := award.Given{
		Nomination: n.ID, Programme: p.ID, Year: p.Year, Category: n.Category, Title: n.Title, Level: p.Level, Region: p.Region, Unit: p.Unit, Org: p.Org,
		Holder: n.Nominee, Name: n.Name, Deed: n.Deed(), Terms: p.Terms,
	}
	if n.Consent != nil {
		g.Named, g.Recorded = n.Consent.Named, n.Consent.Recorded
	}
	if n.Vetting != nil {
		g.Decision = n.Vetting.Decision
	}
	a, err := award.Grant(g, e.By, f.Now())
	if err == nil {
		err = store.Existing(f.Awards.Insert(ctx, a))
	}
	if err != nil {
		return err
	}
	_, err = f.Nominations.Update(ctx, n.ID, func(n *award.Nomination) error {
		if !n.Granted(a.ID, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// measures makes the measures of an award, and makes them follow it.
func (f Award) measures(ctx context.Context, e models.Event) error {
	a, err := f.Awards.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	p, err := f.Programmes.Get(ctx, a.Programme)
	if err != nil {
		return err
	}
	if e.Kind == award.EventGranted.Name() && a.InForce(models.DayOf(f.Now())) {
		for _, m := range a.Begin(p.Measures, f.Now()) {
			if err := store.Existing(f.Measures.Insert(ctx, m)); err != nil {
				return err
			}
		}
	}
	return changeAll(ctx, f.Measures, store.MeasuresOf(a.ID), func(m *award.Measure) error {
		if !m.Follow(a, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// honour keeps the credit file in step with an award: while it holds and its holder agreed to be recorded, a record says so, by which
// benefits know of it; else there is none.
//
// Source: docs/sources.md#award-record.
func (f Award) honour(ctx context.Context, e models.Event) error {
	a, err := f.Awards.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	want := a.Recorded && a.InForce(models.DayOf(f.Now()))
	for i := 1; ; i++ {
		key := a.No
		if i > 1 { // one that was withdrawn stays withdrawn: who agrees again has a new one
			key += "/" + strconv.Itoa(i)
		}
		r, err := f.Records.Get(ctx, record.ID(a.Org, f.Facts.Honours.Item, key))
		switch {
		case errors.Is(err, models.NotFound) && !want:
			return nil
		case errors.Is(err, models.NotFound):
			return f.recorded(ctx, a, key)
		case err != nil:
			return err
		case r.State == record.Withdrawn:
			continue
		}
		return f.revised(ctx, a, r, want)
	}
}

// draft is the record of an award, by the catalogue item of honours.
func (f Award) draft(ctx context.Context, a *award.Award, key string) (d record.Draft, err error) {
	c := f.Facts.Honours
	it, err := f.Catalogue.InForce(ctx, c.Item, models.DayOf(f.Now()))
	if err != nil {
		return d, err
	}
	form, err := it.Form()
	if err != nil {
		return d, models.E(models.Internal, "internal", err)
	}
	cells := map[string]string{
		c.Name: a.Name.Reveal(), c.Kind: c.Organisation, c.No: key, c.Title: a.Title.ZH, c.Level: c.Levels[a.Level], c.Reason: a.Deed,
		c.Day: string(a.Since), c.Until: string(a.Until), c.Office: a.Unit, c.Source: a.Unit, c.SourceCode: a.Org,
	}
	if a.Holder.Kind == models.Organisation {
		cells[c.Code] = a.Holder.Ref
	} else {
		p, err := f.People.Get(ctx, a.Holder.Person)
		if err != nil {
			return d, err
		}
		cells[c.Kind], cells[c.IDKind], cells[c.Number] = c.Person, c.ResidentID, p.IDNumber.Reveal()
	}
	row, faults := form.Read(cells)
	if len(faults) > 0 {
		return d, &models.Error{Code: models.Invalid, Reason: "record.cells_invalid", Fields: faults}
	}
	d = f.Subjects.Drafted(it, row, a.Org, a.Region)
	d.Subject = a.Holder
	return d, nil
}

func (f Award) recorded(ctx context.Context, a *award.Award, key string) error {
	d, err := f.draft(ctx, a, key)
	if err != nil {
		return gone(err) // the holder's account is closed: nobody is recorded
	}
	r, err := record.New(d, f.Policy, models.Actor{Role: models.System, Org: a.Org, Region: a.Region}, f.Now())
	if err != nil {
		return err
	}
	return store.Existing(f.Records.Insert(ctx, r))
}

// revised withdraws the record of an award that no longer holds, and writes the new end of one that goes on.
func (f Award) revised(ctx context.Context, a *award.Award, r *record.Record, want bool) error {
	by := models.Actor{Role: models.System, Org: a.Org, Region: a.Region}
	if !want {
		why := "荣誉到期"
		switch {
		case a.State == award.Revoked:
			why = "荣誉已撤销"
		case !a.Recorded:
			why = "本人不同意记录"
		}
		_, err := f.Records.Update(ctx, r.ID, func(r *record.Record) error {
			if r.State == record.Withdrawn {
				return store.Unchanged()
			}
			return r.Withdraw(by, why, f.Now())
		})
		return err
	}
	d, err := f.draft(ctx, a, r.Key)
	if err != nil || r.Same(d) {
		return gone(err)
	}
	_, err = f.Records.Update(ctx, r.ID, func(r *record.Record) error {
		return r.Revise(record.Change{Attributes: d.Attributes, Private: d.Private, Why: "荣誉延续"}, by, f.Now())
	})
	return err
}
