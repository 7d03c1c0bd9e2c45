package delivery

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/delivery"
	"xinyi/store"
)

// mostReplays bounds how many deliveries one request replays.
const mostReplays = 1000

func (h Handler) mountStaff(r *api.Router) {
	api.Get(r, "/notifications/deliveries", h.staffList, mayStaff, api.Tag("notifications"), api.Reveals)
	api.Post(r, "/notifications/deliveries/{id}/replay", h.replay, mayReplay, api.Tag("notifications"))
	api.Post(r, "/notifications/deliveries/replay", h.replayAll, mayReplay, api.Tag("notifications"), api.Within(30*time.Second))
}

type staffDeliveries struct {
	api.PageQuery
	State   delivery.State `query:"state" validate:"omitempty,excluded_with=Subject,known" description:"For operators; DEAD when absent"`
	Subject string         `query:"subject" validate:"max=128" description:"Id of a document; not for operators"`
}

func (h Handler) staffList(ctx context.Context, rq api.Request, in staffDeliveries) (api.List[api.StaffDelivery], error) {
	if operator := rq.Actor.Is(models.Operator); operator != (in.Subject == "") {
		return api.List[api.StaffDelivery]{}, models.E(models.Forbidden, "delivery.other_view")
	}
	if in.State == "" {
		in.State = delivery.Dead
	}
	q := store.DeliveriesIn(in.State)
	if in.Subject != "" {
		q = store.DeliveriesAboutIn(in.Subject, rq.Actor.Region)
	}
	page, err := h.Deliveries.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return api.List[api.StaffDelivery]{}, err
	}
	if err := h.Log.Note(ctx, rq, accessTo(rq, in.Subject, page.Items)...); err != nil {
		return api.List[api.StaffDelivery]{}, err
	}
	return api.Listed(page, api.ViewStaff), nil
}

// accessTo are an office's looks at what reached whom about a document, one for each person; an operator sees nobody.
func accessTo(rq api.Request, about string, all []*delivery.Delivery) []access.Access {
	if about == "" {
		return nil
	}
	var looks []access.Access
	known := map[string]bool{}
	for _, d := range all {
		if d.Person == "" || known[d.Person] {
			continue
		}
		known[d.Person] = true
		looks = append(looks, access.Access{
			Subject: api.APerson(d.Person), Fields: []string{"deliveries"}, About: about, Purpose: rq.PurposeOr("delivery.proof"), Case: rq.CaseOr(about),
		})
	}
	return looks
}

func (h Handler) kick() {
	if h.Kick != nil {
		h.Kick()
	}
}

func (h Handler) replay(ctx context.Context, rq api.Request, in api.IdRequest) (api.StaffDelivery, error) {
	d, err := h.Deliveries.Update(ctx, in.ID, func(d *delivery.Delivery) error { return d.Replay(rq.Actor, rq.Now) })
	if err != nil {
		return api.StaffDelivery{}, err
	}
	h.kick()
	return api.ViewStaff(d), nil
}

type replayRequest struct {
	Channel string `json:"channel,omitempty" validate:"omitempty,oneof=fcm jpush webpush sms webhook" description:"Only of this channel"`
	Why     string `json:"why,omitempty" validate:"omitempty,max=40" description:"Only those that died of this: tries_exhausted"`
}

type replayedView struct {
	Count int64 `json:"count"`
	More  bool  `json:"more" description:"There are others; call again"`
}

// replayAll replays side by side, so that the writes share their commits. It may be repeated when the deadline cut it off.
func (h Handler) replayAll(ctx context.Context, rq api.Request, in replayRequest) (replayedView, error) {
	var ids []string
	q := store.DeliveriesIn(delivery.Dead).Only("channel", "moved.reason")
	_, err := h.Deliveries.Each(ctx, q, func(d *delivery.Delivery) error {
		if in.Channel != "" && d.Channel != in.Channel || in.Why != "" && d.Moved.Reason != in.Why {
			return nil
		}
		if ids = append(ids, d.ID); len(ids) > mostReplays {
			return api.ErrFull
		}
		return nil
	})
	if err != nil && !errors.Is(err, api.ErrFull) {
		return replayedView{}, err
	}
	more := len(ids) > mostReplays
	if more {
		ids = ids[:mostReplays]
	}
	n, err := h.replayThese(ctx, rq, ids)
	if n > 0 {
		h.kick()
	}
	return replayedView{n, more}, err
}

// replayThese counts those it replayed; one that is not dead any more is left alone.
func (h Handler) replayThese(ctx context.Context, rq api.Request, ids []string) (int64, error) {
	var n atomic.Int64
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, id := range ids {
		group.Go(func() error {
			replayed := false
			_, err := h.Deliveries.Update(inner, id, func(d *delivery.Delivery) error {
				if replayed = d.State == delivery.Dead; !replayed {
					return store.Unchanged()
				}
				return d.Replay(rq.Actor, rq.Now)
			})
			if api.Unknown(err) {
				return nil
			}
			if err == nil && replayed {
				n.Add(1)
			}
			return err
		})
	}
	err := group.Wait()
	return n.Load(), err
}
