package flows

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
)

// Recall calls back every use of a record that was corrected, repaired, restored, withdrawn or has ended. Each use tells whom
// it concerns by its own event: a decision is made again, a report superseded, a recipient answers.
//
// It looks twice, at once and a minute later: a use may be on its way into the store while its record changes.
type Recall struct {
	store.Recall
	Records *store.Repo[record.Record]
	Policy  recall.Policy
	Now     func() time.Time
}

// Subscribers are to be given to the relay.
func (f Recall) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "recall.changed", Kinds: Kinds(record.Changes...), Do: f.changed},
		Worker[recall.Call, *recall.Call]{Repo: f.Calls, Now: f.Now, Do: f.sweep}.Subscriber("recall.sweep"),
	}
}

// changed opens the call of a change and reaches every use there is.
func (f Recall) changed(ctx context.Context, e models.Event) error {
	d, err := models.DataOf[record.Data](e)
	if err != nil {
		return err
	}
	subject, err := f.subject(ctx, d.Record)
	if err != nil {
		return err
	}
	return f.open(ctx, recall.NewCall(e, recall.Change{Record: d.Record, Version: d.Version, Subject: subject, Newer: record.EventCorrected.Is(e)}, f.Now()))
}

// open keeps a call and reaches what it touches.
func (f Recall) open(ctx context.Context, c *recall.Call) error {
	if err := existing(f.Calls.Insert(ctx, c)); err != nil {
		return err
	}
	return f.reach(ctx, c)
}

// subject is whom a record is about, by its uses once the record itself is gone.
func (f Recall) subject(ctx context.Context, id string) (models.Subject, error) {
	r, err := f.Records.Get(ctx, id)
	if err == nil {
		return r.Subject, nil
	}
	if !errors.Is(err, models.NotFound) {
		return models.Subject{}, err
	}
	u, err := f.Uses.First(ctx, store.UsesEver(id))
	if errors.Is(err, models.NotFound) {
		return models.Subject{}, nil
	}
	if err != nil {
		return models.Subject{}, err
	}
	return u.Subject, nil
}

// reach calls back every use the call touches. Cut off, it goes on with those it has not reached.
func (f Recall) reach(ctx context.Context, c *recall.Call) error {
	_, err := f.Uses.Each(ctx, store.UsesEver(c.Record), func(u *recall.Use) error {
		if u.Call == c.ID || !c.Touches(u) {
			return nil
		}
		_, err := f.Uses.Update(ctx, u.ID, func(u *recall.Use) error {
			fresh, err := u.Recall(c, f.Policy, f.Now())
			if err == nil && !fresh {
				return store.Unchanged()
			}
			return err
		})
		return err
	})
	return err
}

// sweep looks once more, counts whom the call reached, and lets its subject know.
func (f Recall) sweep(ctx context.Context, c *recall.Call) (func(*recall.Call) (bool, error), error) {
	if err := f.reach(ctx, c); err != nil {
		return nil, err
	}
	reached, err := f.Uses.CountBy(ctx, "kind", store.UsesCalled(c.ID))
	if err != nil {
		return nil, err
	}
	n := recall.Counts{
		Decisions: int(reached[string(recall.Decision)]), Shares: int(reached[string(recall.Share)]), Reports: int(reached[string(recall.Report)]),
	}
	return func(c *recall.Call) (bool, error) { return c.Finish(n, f.Now()) }, nil
}

// Check calls a use back that was noted long after it was made, when its record changed meanwhile.
func (f Recall) Check(ctx context.Context, u *recall.Use) error {
	r, err := f.Records.Get(ctx, u.Record)
	if errors.Is(err, models.NotFound) {
		return nil
	}
	if err != nil || r.Used() && r.Current.No == u.Version {
		return err
	}
	causes := map[record.State]string{ //nolint:exhaustive // the others are a newer version
		record.Repaired: record.EventRepaired.Name(), record.Ended: record.EventEnded.Name(), record.Withdrawn: record.EventWithdrawn.Name(),
	}
	cause, over := causes[r.State]
	if !over && !slices.ContainsFunc(append(r.Earlier, r.Current), func(v record.Version) bool { return v.No > u.Version }) {
		return nil
	}
	if !over {
		cause = record.EventCorrected.Name()
	}
	e := models.Event{ID: u.ID + "/" + r.Versioned() + "/" + cause, Kind: cause, At: f.Now()}
	return f.open(ctx, recall.NewCall(e, recall.Change{Record: r.ID, Version: r.Current.No, Subject: r.Subject, Newer: !over}, f.Now()))
}
