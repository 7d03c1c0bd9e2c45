package usecase

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/uscc"
	"xinyi/store"
)

// A Seen is an organisation's code and name as a source gave them, the code in normal form.
type Seen struct {
	Code, Name string
	Source     uscc.Source
}

// SawMany is Saw for many at once: what is known is found some codes at a time, and what is new is kept in one write.
func (c Catalogue) SawMany(ctx context.Context, all []Seen) error {
	known := map[string]*uscc.Org{}
	for part := all; len(part) > 0; part = part[min(store.MaxIn, len(part)):] {
		codes := make([]any, 0, store.MaxIn)
		for _, s := range part[:min(store.MaxIn, len(part))] {
			codes = append(codes, s.Code)
		}
		_, err := c.Orgs.Each(ctx, store.Where("code", store.In, codes...), func(o *uscc.Org) error { known[o.ID] = o; return nil })
		if err != nil {
			return err
		}
	}
	var fresh []*uscc.Org
	now := c.now()
	for _, s := range all {
		id := uscc.OrgID(s.Code, s.Name)
		switch o, ok := known[id]; {
		case !ok:
			o = uscc.NewOrg(s.Code, s.Name, s.Source, now)
			known[id] = o
			fresh = append(fresh, o)
		case o.EndedAt != nil || !o.Registered && s.Source.Registered:
			if err := c.Saw(ctx, s.Code, s.Name, s.Source); err != nil {
				return err
			}
		}
	}
	if err := c.Orgs.InsertMany(ctx, fresh); !errors.Is(err, models.Conflict) {
		return err
	}
	for _, s := range all { // somebody else kept one of them just now
		if err := c.Saw(ctx, s.Code, s.Name, s.Source); err != nil {
			return err
		}
	}
	return nil
}

// ReportMany is Report for many at once. The events of new tickets are told by the relay's poll.
func (c Catalogue) ReportMany(ctx context.Context, all []uscc.Finding) error {
	known := map[string]bool{}
	for part := all; len(part) > 0; part = part[min(store.MaxIn, len(part)):] {
		slots := make([]any, 0, store.MaxIn)
		for _, f := range part[:min(store.MaxIn, len(part))] {
			slots = append(slots, f.Slot)
		}
		page, err := c.Tickets.Find(ctx, store.Where("slot", store.In, slots...).Page(store.MaxIn, "").Only("slot"))
		if err != nil {
			return err
		}
		for _, t := range page.Items {
			known[t.Slot] = true
		}
	}
	var fresh []*uscc.Ticket
	var again []uscc.Finding
	for _, f := range all {
		if known[f.Slot] {
			again = append(again, f)
			continue
		}
		known[f.Slot] = true
		fresh = append(fresh, uscc.NewTicket(f, uscc.Standard, c.now()))
	}
	if err := c.Tickets.InsertMany(ctx, fresh); errors.Is(err, models.Conflict) {
		again = all
	} else if err != nil {
		return err
	}
	for _, f := range again {
		if _, err := c.Report(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
