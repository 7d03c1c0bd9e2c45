package benefit

import (
	"context"
	"errors"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/store"
	"xinyi/usecase"
)

type waitView struct {
	ID    string            `json:"id"`
	Offer string            `json:"offer"`
	State benefit.WaitState `json:"state"`
	Since time.Time         `json:"since"`
	Claim string            `json:"claim,omitempty" description:"The place that is held"`
}

func viewWait(w *benefit.Wait) waitView { return waitView{w.ID, w.Offer, w.State, w.At, w.Claim} }

func (h Handler) wait(ctx context.Context, rq api.Request, in api.ByID) (waitView, error) {
	o, err := h.shownOffer(ctx, in.ID)
	if err == nil {
		err = h.mayClaim(rq, o, "")
	}
	if err != nil {
		return waitView{}, err
	}
	if q := o.Terms.Quota; q.Total == 0 || q.Daily > 0 { // what is full for a day is open again tomorrow
		return waitView{}, models.E(models.Conflict, "benefit.nothing_to_wait_for")
	}
	j, err := h.judge(ctx, rq, o, rq.Actor)
	if err != nil {
		return waitView{}, err
	}
	if j.result.Outcome != models.Pass {
		return waitView{}, &models.Error{Code: models.Denied, Reason: "benefit.not_eligible", Clauses: j.result.Clauses}
	}
	holder := usecase.Holder(rq.Actor)
	if has, err := h.Has(ctx, o, holder); err != nil || has {
		return waitView{}, errors.Join(err, claimedAlready(has))
	}
	w := benefit.NewWait(rq.NewID(), o, holder, rq.Actor, rq.Now)
	if err := h.Waits.Insert(ctx, w); errors.Is(err, models.Conflict) {
		kept, err := h.Waits.First(ctx, store.WaitIn(o.ID, holder)) // once in a line
		if errors.Is(err, models.NotFound) {
			kept, err = h.Waits.Get(ctx, w.ID)
		}
		if err != nil {
			return waitView{}, err
		}
		return viewWait(kept), nil
	} else if err != nil {
		return waitView{}, err
	}
	return viewWait(w), nil
}

func claimedAlready(has bool) error {
	if !has {
		return nil
	}
	return models.E(models.Conflict, "benefit.claimed_already")
}

func (h Handler) waits(ctx context.Context, rq api.Request, in api.PageQuery) (api.List[waitView], error) {
	return api.Found(ctx, h.Waits, store.WaitsOf(usecase.Holder(rq.Actor)), in, viewWait)
}

func (h Handler) leave(ctx context.Context, rq api.Request, in api.ByID) (waitView, error) {
	w, err := h.Waits.Update(ctx, in.ID, func(w *benefit.Wait) error {
		if w.Holder != usecase.Holder(rq.Actor) {
			return models.E(models.NotFound, "not_found")
		}
		return w.Leave("", rq.Actor, rq.Now)
	})
	if err != nil {
		return waitView{}, err
	}
	return viewWait(w), nil
}
