package usecase

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

// Recall calls back every use of a record that changed.
type Recall struct {
	store.Recall
	Records *store.Repo[record.Record]
	Policy  recall.Policy
	Now     func() time.Time
}

// OpenRecall opens the repos on s, once a process.
func OpenRecall(s *store.Store, records *store.Repo[record.Record], pol recall.Policy) Recall {
	return Recall{store.OpenRecall(s), records, pol, s.Now}
}

// Open keeps a call and reaches what it touches.
func (f Recall) Open(ctx context.Context, c *recall.Call) error {
	if err := store.Existing(f.Calls.Insert(ctx, c)); err != nil {
		return err
	}
	return f.Reach(ctx, c)
}

// Reach calls back every use the call touches. Cut off, it goes on with those it has not reached.
func (f Recall) Reach(ctx context.Context, c *recall.Call) error {
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
	return f.Open(ctx, recall.NewCall(e, recall.Change{Record: r.ID, Version: r.Current.No, Subject: r.Subject, Newer: !over}, f.Now()))
}
