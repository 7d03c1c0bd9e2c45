package webhook

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/delivery"
	"xinyi/models/webhook"
	"xinyi/store"
)

type deliveriesRequest struct {
	endpointID
	api.PageQuery
	Since *time.Time     `query:"since" description:"RFC 3339; 30 days ago when absent"`
	State delivery.State `query:"state" validate:"omitempty,oneof=QUEUED DEFERRED SENDING SENT FAILED_RETRY DEAD SKIPPED" description:"In this state only; a page may hold fewer than there are, nextCursor says whether to go on"`
}

type hookDelivery struct {
	ID       string                `json:"id" description:"The webhook-id"`
	Kind     string                `json:"kind"`
	State    delivery.State        `json:"state"`
	Why      string                `json:"why"`
	Tries    int                   `json:"tries"`
	Failures []api.DeliveryFailure `json:"failures"`
	At       time.Time             `json:"at"`
	DueAt    time.Time             `json:"dueAt"`
	SentAt   *time.Time            `json:"sentAt,omitempty"`
}

func viewDelivery(d *delivery.Delivery) hookDelivery {
	v := api.ViewStaff(d)
	return hookDelivery{ID: v.ID, Kind: v.Kind, State: v.State, Why: v.Why, Tries: v.Tries, Failures: v.Failures, At: v.At, DueAt: v.DueAt,
		SentAt: v.SentAt}
}

func (h Handler) deliveries(ctx context.Context, rq api.Request, in deliveriesRequest) (api.List[hookDelivery], error) {
	if _, err := h.near(ctx, rq, in.ID); err != nil {
		return api.List[hookDelivery]{}, err
	}
	since := rq.Now.Add(-redeliverSpan)
	if in.Since != nil {
		since = *in.Since
	}
	q := store.DeliveriesTo(in.ID, since, rq.Now.Add(time.Minute))
	return api.Sifted(ctx, h.Deliveries, q, in.PageQuery, func(d *delivery.Delivery) (hookDelivery, bool, error) {
		return viewDelivery(d), in.State == "" || d.State == in.State, nil
	})
}

type redeliverRequest struct {
	endpointID
	IDs  []string   `json:"ids,omitempty" validate:"max=200,dive,max=64"`
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}

type redeliveredView struct {
	Count int  `json:"count"`
	More  bool `json:"more"`
}

func (h Handler) redeliver(ctx context.Context, rq api.Request, in redeliverRequest) (redeliveredView, error) {
	e, err := h.near(ctx, rq, in.ID)
	if err != nil {
		return redeliveredView{}, err
	}
	if e.State != webhook.Active {
		return redeliveredView{}, models.E(models.Conflict, "webhook.not_active")
	}
	span := in.From != nil && in.To != nil
	if span == (len(in.IDs) > 0) || span && (!in.From.Before(*in.To) || in.To.Sub(*in.From) > redeliverSpan) {
		return redeliveredView{}, models.Bad("/from", "webhook_range", "webhook.range_invalid")
	}
	v := redeliveredView{}
	ids := in.IDs
	if span {
		ids, v.More, err = h.missed(ctx, in.ID, *in.From, *in.To)
	} else {
		err = h.sentTo(ctx, in.ID, ids)
	}
	if err != nil {
		return v, err
	}
	for _, id := range ids {
		_, err := h.Deliveries.Update(ctx, id, func(d *delivery.Delivery) error { return d.Replay(rq.Actor, rq.Now) })
		switch {
		case err == nil:
			v.Count++
		case !errors.Is(err, models.Conflict): // else it is on its way
			return v, err
		}
	}
	if v.Count > 0 && h.Kick != nil {
		h.Kick()
	}
	return v, nil
}

// sentTo makes sure that all deliveries are an endpoint's, before any of them is touched. Errors: NotFound.
func (h Handler) sentTo(ctx context.Context, endpoint string, ids []string) error {
	for _, id := range ids {
		d, err := h.Deliveries.Get(ctx, id)
		if err != nil {
			return err
		}
		if d.Channel != delivery.Webhook || d.To != endpoint {
			return models.E(models.NotFound, "not_found")
		}
	}
	return nil
}

// missed lists what did not arrive of events in a span, the oldest first, and whether there is more of it.
func (h Handler) missed(ctx context.Context, endpoint string, from, to time.Time) (ids []string, more bool, err error) {
	_, err = h.Deliveries.Each(ctx, store.DeliveriesTo(endpoint, from, to), func(d *delivery.Delivery) error {
		if !slices.Contains([]delivery.State{delivery.Dead, delivery.Skipped}, d.State) {
			return nil
		}
		if more = len(ids) == mostRedeliver; more {
			return api.ErrFull
		}
		ids = append(ids, d.ID)
		return nil
	})
	if errors.Is(err, api.ErrFull) {
		err = nil
	}
	return ids, more, err
}
