package flows

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// repairs are what drives repairs: the autopilot that prepares them, and what follows once they are decided.
func (f Casework) repairs() []Subscriber {
	return []Subscriber{
		{Name: "casework.prepare", Do: f.prepare, Kinds: Kinds(record.EventEligible)},
		{Name: "casework.over", Do: f.over, Kinds: Kinds(record.EventEnded, record.EventWithdrawn)},
		{Name: "casework.repair", Do: f.repair, Kinds: Kinds(casework.EventApproved, casework.EventRevoked)},
		{Name: "casework.again", Do: f.again, Kinds: Kinds(record.EventUpheld, record.EventCorrected)},
		{Name: "casework.synced", Do: f.synced, Kinds: Kinds(recall.EventSwept, recall.EventAcked)},
	}
}

// About is what a case about a record is about.
func About(r *record.Record) casework.About {
	return casework.About{Kind: "record", ID: r.ID, Version: r.Current.No, Item: r.Item, Unit: r.Unit}
}

// prepare fills in a repair on the first lawful day.
func (f Casework) prepare(ctx context.Context, e models.Event) error {
	r, err := f.Records.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	now := f.Now()
	if _, may := r.Repairable(models.DayOf(now)); !may {
		return nil
	}
	c, err := casework.Filing{
		Subject: r.Subject, About: About(r), Desk: f.Desks.Of(r.Region), Region: r.Region,
	}.Prepare(models.Derived("repair", r.ID, string(r.Publication.Eligible)),
		casework.RepairFile{Eligible: r.Publication.Eligible, Ends: r.Publication.Ends}, f.Terms, now)
	if err != nil {
		return err
	}
	return store.Existing(f.Cases.Insert(ctx, c)) // prepared already, or asked for by the subject in between
}

// over closes the repair of a record that ended by itself or went.
func (f Casework) over(ctx context.Context, e models.Event) error {
	return f.each(ctx, e.Subject, func(c *casework.Case) error {
		if c.State == casework.Approved { // decided, and overtaken before the record followed
			return f.repaired(ctx, c)
		}
		return f.update(ctx, c.ID, func(c *casework.Case) (bool, error) { return c.Over(e.Kind, f.Now()) })
	})
}

// repair lets the record follow a decision, or its undoing.
func (f Casework) repair(ctx context.Context, e models.Event) error {
	c, err := f.Cases.Get(ctx, e.Subject)
	switch {
	case err != nil:
		return gone(err)
	case c.Kind != casework.Repair:
		return nil
	case c.State == casework.Approved:
		return f.repaired(ctx, c)
	case c.State == casework.Revoked:
		_, err = f.Records.Update(ctx, c.About.ID, func(r *record.Record) error {
			if r.State != record.Repaired || r.Case != c.ID {
				return store.Unchanged()
			}
			return r.Restore(c.ID, models.Clockwork, c.Outcome, f.Now())
		})
	}
	return gone(err)
}

// again lets a record follow its repair that an objection held up.
func (f Casework) again(ctx context.Context, e models.Event) error {
	return f.each(ctx, e.Subject, func(c *casework.Case) error {
		if c.State != casework.Approved {
			return nil
		}
		return f.repaired(ctx, c)
	})
}

// repaired ends showing and using the record of a decided repair. An objection holds it up; a record that ended meanwhile, or
// that is kept no longer, has nothing left to follow, and the case closes.
func (f Casework) repaired(ctx context.Context, c *casework.Case) error {
	r, err := f.Records.Update(ctx, c.About.ID, func(r *record.Record) error {
		if r.State == record.Objected || !r.Used() {
			return store.Unchanged()
		}
		return r.Repair(c.ID, models.Clockwork, f.Now())
	})
	if err != nil && !errors.Is(err, models.NotFound) {
		return err
	}
	if err == nil && (r.State == record.Objected || r.State == record.Repaired && r.Case == c.ID) {
		return nil
	}
	return f.update(ctx, c.ID, func(c *casework.Case) (bool, error) {
		if c.State != casework.Approved {
			return false, nil
		}
		if err := c.Sync(f.Now()); err != nil {
			return false, err
		}
		return true, c.Close("over", f.Now())
	})
}

// synced notes that everybody who used a repaired record was told, and closes the case once they all said that they acted.
func (f Casework) synced(ctx context.Context, e models.Event) error {
	d, err := models.DataOf[recall.Changed](e)
	if err != nil || d.Cause != record.EventRepaired.Name() {
		return err
	}
	_, err = f.Uses.First(ctx, store.UsesOf(d.Record, recall.Recalled))
	if err != nil && !errors.Is(err, models.NotFound) {
		return err
	}
	settled := err != nil
	return f.each(ctx, d.Record, func(c *casework.Case) error {
		return f.update(ctx, c.ID, func(c *casework.Case) (bool, error) {
			fresh := false
			if c.State == casework.Approved && e.Kind == recall.EventSwept.Name() {
				if err := c.Sync(f.Now()); err != nil {
					return false, err
				}
				fresh = true
			}
			if c.State == casework.Synced && settled {
				return true, c.Close("", f.Now())
			}
			return fresh, nil
		})
	})
}

// each walks the repairs about a record that are not over.
func (f Casework) each(ctx context.Context, about string, do func(*casework.Case) error) error {
	_, err := f.Cases.Each(ctx, store.CasesAbout(about, casework.Repair), func(c *casework.Case) error {
		if !c.Open() {
			return nil
		}
		return do(c)
	})
	return err
}

// update changes a case; change says whether it did.
func (f Casework) update(ctx context.Context, id string, change func(*casework.Case) (bool, error)) error {
	_, err := f.Cases.Update(ctx, id, func(c *casework.Case) error {
		fresh, err := change(c)
		if err == nil && !fresh {
			return store.Unchanged()
		}
		return err
	})
	return gone(err)
}
