package usecase

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/uscc"
	"xinyi/store"
)

// Saw notes that a source names an organisation by this code and this name. It may be called again with the same: then it
// only reads, unless the pair had been put out of use. code is in normal form.
func (c Catalogue) Saw(ctx context.Context, code, name string, s uscc.Source) error {
	o, err := c.Orgs.Get(ctx, uscc.OrgID(code, name))
	if errors.Is(err, models.NotFound) {
		if err = c.Orgs.Insert(ctx, uscc.NewOrg(code, name, s, c.now())); !errors.Is(err, models.Conflict) {
			return err
		}
		o, err = c.Orgs.Get(ctx, uscc.OrgID(code, name))
	}
	if err != nil || o.EndedAt == nil && (o.Registered || !s.Registered) {
		return err
	}
	_, err = c.Orgs.Update(ctx, o.ID, func(o *uscc.Org) error {
		if !o.Again(s) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// Report makes sure that a finding has its ticket, and says whether it is a new one. A ticket that was said to be corrected
// is reopened.
func (c Catalogue) Report(ctx context.Context, f uscc.Finding) (opened bool, err error) {
	now := c.now()
	t, err := c.Tickets.First(ctx, store.TicketIn(f.Slot))
	if errors.Is(err, models.NotFound) {
		if err = c.Tickets.Insert(ctx, uscc.NewTicket(f, uscc.Standard, now)); !errors.Is(err, models.Conflict) {
			return err == nil, err
		}
		t, err = c.Tickets.First(ctx, store.TicketIn(f.Slot))
	}
	if err != nil {
		return false, err
	}
	_, err = c.Tickets.Update(ctx, t.ID, func(t *uscc.Ticket) error {
		changed, err := t.Again(now)
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	return false, err
}

// Gone looks whether what a ticket is about is out of the data: no wrong pair is in use, and the right one is.
func (c Catalogue) Gone(ctx context.Context, t *uscc.Ticket) (bool, error) {
	if t.Correction == nil {
		return false, nil
	}
	right, err := c.Orgs.Get(ctx, uscc.OrgID(t.Correction.Code, t.Correction.Name))
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	if err != nil || right.EndedAt != nil {
		return false, err
	}
	wrong := 0
	err = c.Doubted(ctx, t, func(o *uscc.Org) error {
		if o.EndedAt == nil && t.Wrong(o) {
			wrong++
		}
		return nil
	})
	return wrong == 0, err
}

// Doubted goes through the pairs a ticket is about.
func (c Catalogue) Doubted(ctx context.Context, t *uscc.Ticket, fn func(*uscc.Org) error) error {
	q := store.OrgsOfCode(t.Code)
	if t.Place != "" {
		q = store.OrgsOfPlace(t.Place)
	}
	_, err := c.Orgs.Each(ctx, q, fn)
	return err
}

// Verify looks at the data and takes what it says: only when the fault is gone is the ticket verified. Errors: InvalidTransition
// unless corrected, Conflict "uscc.still_there".
func (c Catalogue) Verify(ctx context.Context, id string) error {
	t, err := c.Tickets.Get(ctx, id)
	if err != nil {
		return err
	}
	gone, err := c.Gone(ctx, t)
	if err != nil {
		return err
	}
	_, err = c.Tickets.Update(ctx, id, func(t *uscc.Ticket) error { return t.Verify(gone, c.now()) })
	return err
}
