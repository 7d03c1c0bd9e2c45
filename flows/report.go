package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/models/report"
	"xinyi/store"
)

// Report lets reports follow the records they show.
type Report struct {
	Reports *store.Repo[report.Report]
	Uses    *store.Repo[recall.Use]
	Now     func() time.Time
}

// Subscribers are to be given to the relay.
func (f Report) Subscribers() []Subscriber {
	return []Subscriber{{Name: "report.superseded", Kinds: Kinds(recall.EventRecalled), Do: f.supersede}}
}

// supersede ends a report whose record changed, and with it the use.
func (f Report) supersede(ctx context.Context, e models.Event) error {
	d, err := recall.EventRecalled.Read(e)
	if err != nil || d.Kind != recall.Report {
		return err
	}
	_, err = f.Reports.Update(ctx, d.Ref, func(r *report.Report) error {
		if !r.Supersede(d.Cause, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if gone(err) != nil {
		return err
	}
	_, err = f.Uses.Update(ctx, e.Subject, func(u *recall.Use) error {
		if !u.Settled(f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}
