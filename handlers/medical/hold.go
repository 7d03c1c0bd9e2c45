package medical

import (
	"context"
	"errors"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/store"
)

// errMoved says that the visit was saved between reading it and writing to it.
var errMoved = errors.New("the visit moved on")

// attempts bounds how often a hold and the visit it is for are brought together.
const attempts = 8

// covered reserves what a change of a visit needs, then makes the change: the hold comes first, so whatever the visit records is covered.
// need says what hold the change wants, given the room there is; change gets the hold there is. If the visit was saved in between, both run
// again.
func (h Handler) covered(ctx context.Context, rq api.Request, id string, need func(*medical.Encounter, models.Fen) models.Fen,
	change func(*medical.Encounter, models.Fen) error) error {
	for range attempts {
		e, err := h.own(ctx, rq, id)
		if err != nil {
			return err
		}
		trial := *e // what is refused, and what came before, holds nothing
		if err := change(&trial, 0); err != nil || unmoved(e, &trial) {
			return err
		}
		hold, err := h.reserve(ctx, rq, e, need)
		if err != nil {
			return err
		}
		_, err = h.Encounters.Update(ctx, id, func(now *medical.Encounter) error {
			if now.Version != e.Version {
				return errMoved
			}
			if err := change(now, hold); err != nil {
				return err
			}
			if unmoved(e, now) {
				return store.Unchanged()
			}
			return nil
		})
		if err == nil || !errors.Is(err, errMoved) && models.CodeOf(err) == models.Unavailable {
			return err
		}
		if back := h.giveBack(ctx, e); back != nil || !errors.Is(err, errMoved) {
			return errors.Join(err, back)
		}
	}
	return models.E(models.Stale, "stale")
}

// giveBack lowers the hold of a visit whose change was refused after the hold was raised for it, because the visit moved on in between.
func (h Handler) giveBack(ctx context.Context, seen *medical.Encounter) error {
	e, err := h.Encounters.Get(ctx, seen.ID)
	if err != nil || e.Agreement == "" || e.Version == seen.Version {
		return err
	}
	if e.State == medical.VisitDone && len(e.Outbox) > 0 {
		return nil // its settlement is still being told: what follows draws the bill first, then lowers the hold
	}
	rest := models.Fen(0)
	if e.State == medical.Charging {
		rest = e.Total()
	}
	_, err = h.Agreements.Update(ctx, e.Agreement, func(a *medical.Agreement) error {
		if !a.Lower(e.ID, e.Type, rest, e.Version, e.UpdatedAt) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// unmoved says whether a change left a visit as it was.
func unmoved(before, after *medical.Encounter) bool {
	return after.Revision == before.Revision && len(after.Outbox) == len(before.Outbox) && len(after.Lines) == len(before.Lines) &&
		len(after.Settlements) == len(before.Settlements)
}

// reserve raises the visit's hold to what is needed, as far as the agreement allows, and answers the hold.
func (h Handler) reserve(ctx context.Context, rq api.Request, e *medical.Encounter,
	need func(*medical.Encounter, models.Fen) models.Fen) (models.Fen, error) {
	if e.Agreement == "" {
		return 0, nil
	}
	var hold models.Fen
	_, err := h.Agreements.Update(ctx, e.Agreement, func(a *medical.Agreement) error {
		held, seq := a.HeldFor(e.ID, e.Type)
		if e.State == medical.VisitDone && held > 0 && seq <= e.SettledSeq {
			return models.E(models.Unavailable, "medical.settling") // the last settlement has not reached the agreement yet
		}
		want := need(e, a.Room(e.ID, e.Type))
		if hold = held; want <= held {
			return store.Unchanged()
		}
		if err := a.Reserve(e.ID, e.Type, want, e.Version+1, rq.Now); err != nil {
			return err
		}
		hold = want
		return nil
	})
	return hold, err
}
