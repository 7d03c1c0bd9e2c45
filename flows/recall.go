package flows

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/recall"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Recall calls back every use of a record that was corrected, repaired, restored, withdrawn or has ended. Each use tells whom
// it concerns by its own event: a decision is made again, a report superseded, a recipient answers.
//
// It looks twice, at once and a minute later: a use may be on its way into the store while its record changes.
type Recall struct{ usecase.Recall }

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
	change := recall.Change{Record: d.Record, Version: d.Version, Subject: subject, Newer: record.EventCorrected.Is(e)}
	return f.Open(ctx, recall.NewCall(e, change, f.Now()))
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

// sweep looks once more, counts whom the call reached, and lets its subject know.
func (f Recall) sweep(ctx context.Context, c *recall.Call) (func(*recall.Call) (bool, error), error) {
	if err := f.Reach(ctx, c); err != nil {
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
