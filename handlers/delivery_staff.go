package handlers

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/delivery"
	"xinyi/store"
)

// mostReplays bounds how many deliveries one request replays.
const mostReplays = 1000

func (h Delivery) mountStaff(r *Router) {
	Get(r, "/notifications/deliveries", h.staffList, Does("Deliveries in a state, or about a document, the newest first",
		"An operator sees a state, DEAD when none is named, without persons, addresses and contents.",
		"Health administration, credit office and auditors see what reached whom about a document (subject), within their region."),
		May("delivery.staff"), Tag("notifications"), Reveals)
	Post(r, "/notifications/deliveries/{id}/replay", h.replay, Does("Send a delivery once more, with all its tries"), May("delivery.replay"), Tag("notifications"))
	Post(r, "/notifications/deliveries/replay", h.replayAll, Does("Send dead deliveries once more", "At most 1,000 a call; more says whether to call again."),
		May("delivery.replay"), Tag("notifications"), Within(30*time.Second))
}

type staffDeliveries struct {
	PageQuery
	State   delivery.State `query:"state" validate:"omitempty,excluded_with=Subject,oneof=QUEUED DEFERRED SENDING SENT FAILED_RETRY DEAD SKIPPED OPENED" description:"For operators; DEAD when absent"`
	Subject string         `query:"subject" validate:"max=128" description:"Id of a document; not for operators"`
}

// A staffDelivery has neither person nor address, and nothing of what is said.
type staffDelivery struct {
	ID       string            `json:"id"`
	Channel  string            `json:"channel" enum:"fcm,jpush,webpush,sms,webhook"`
	Kind     string            `json:"kind"`
	State    delivery.State    `json:"state" enum:"QUEUED,DEFERRED,SENDING,SENT,FAILED_RETRY,DEAD,SKIPPED,OPENED"`
	Why      string            `json:"why" description:"Why it was skipped or is dead; empty otherwise"`
	Legal    bool              `json:"legal" description:"Of a notice with legal effect"`
	Tries    int               `json:"tries"`
	Failures []deliveryFailure `json:"failures" description:"The last ten"`
	At       time.Time         `json:"at" description:"When it happened"`
	DueAt    time.Time         `json:"dueAt"`
	SentAt   *time.Time        `json:"sentAt,omitempty"`
	OpenedAt *time.Time        `json:"openedAt,omitempty"`
}

type deliveryFailure struct {
	At   time.Time `json:"at"`
	Code string    `json:"code" description:"The channel's word"`
}

func viewStaff(d *delivery.Delivery) staffDelivery {
	v := staffDelivery{
		ID: d.ID, Channel: d.Channel, Kind: d.Kind, State: d.State, Why: whyOver(d), Legal: d.Legal, Tries: d.Tries,
		Failures: []deliveryFailure{}, At: d.At, DueAt: d.DueAt, SentAt: d.SentAt, OpenedAt: d.OpenedAt,
	}
	for _, f := range d.Failures {
		v.Failures = append(v.Failures, deliveryFailure(f))
	}
	return v
}

func (h Delivery) staffList(ctx context.Context, rq Request, in staffDeliveries) (List[staffDelivery], error) {
	if operator := rq.Actor.Is(models.Operator); operator != (in.Subject == "") {
		return List[staffDelivery]{}, models.E(models.Forbidden, "delivery.other_view")
	}
	if in.State == "" {
		in.State = delivery.Dead
	}
	q := store.DeliveriesIn(in.State)
	if in.Subject != "" {
		q = store.DeliveriesAbout(in.Subject)
	}
	page, err := h.Deliveries.Find(ctx, q.Page(in.Limit, in.Cursor))
	if err != nil {
		return List[staffDelivery]{}, err
	}
	if in.Subject != "" {
		shown := page.Items[:0]
		for _, d := range page.Items {
			if rq.Actor.Region.Contains(d.Region) {
				shown = append(shown, d)
			}
		}
		page.Items = shown
	}
	if err := h.Looks.Look(ctx, rq, deliveryLooks(rq, in.Subject, page.Items)...); err != nil {
		return List[staffDelivery]{}, err
	}
	return Listed(page, viewStaff), nil
}

// deliveryLooks are an office's looks at what reached whom about a document, one for each person; an operator sees nobody.
func deliveryLooks(rq Request, about string, all []*delivery.Delivery) []access.Look {
	if about == "" {
		return nil
	}
	var looks []access.Look
	known := map[string]bool{}
	for _, d := range all {
		if d.Person == "" || known[d.Person] {
			continue
		}
		known[d.Person] = true
		looks = append(looks, access.Look{
			Subject: aPerson(d.Person), Fields: []string{"deliveries"}, About: about, Purpose: rq.purposeOr("delivery.proof"), Case: rq.caseOr(about),
		})
	}
	return looks
}

func (h Delivery) kick() {
	if h.Kick != nil {
		h.Kick()
	}
}

func (h Delivery) replay(ctx context.Context, rq Request, in idRequest) (staffDelivery, error) {
	d, err := h.Deliveries.Update(ctx, in.ID, func(d *delivery.Delivery) error { return d.Replay(rq.Actor, rq.Now) })
	if err != nil {
		return staffDelivery{}, err
	}
	h.kick()
	return viewStaff(d), nil
}

type replayRequest struct {
	Channel string `json:"channel,omitempty" validate:"omitempty,oneof=fcm jpush webpush sms webhook" description:"Only of this channel"`
	Why     string `json:"why,omitempty" validate:"omitempty,max=40" description:"Only those that died of this: tries_exhausted"`
}

type replayedView struct {
	Count int64 `json:"count"`
	More  bool  `json:"more" description:"There are others; call again"`
}

var errFull = errors.New("as many as one call replays")

// replayAll replays side by side, so that the writes share their commits. It may be repeated when the deadline cut it off.
func (h Delivery) replayAll(ctx context.Context, rq Request, in replayRequest) (replayedView, error) {
	var ids []string
	q := store.DeliveriesIn(delivery.Dead).Only("channel", "moved.reason")
	_, err := h.Deliveries.Each(ctx, q, func(d *delivery.Delivery) error {
		if in.Channel != "" && d.Channel != in.Channel || in.Why != "" && d.Moved.Reason != in.Why {
			return nil
		}
		if ids = append(ids, d.ID); len(ids) > mostReplays {
			return errFull
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFull) {
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
func (h Delivery) replayThese(ctx context.Context, rq Request, ids []string) (int64, error) {
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
			if unknown(err) {
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
