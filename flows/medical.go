package flows

import (
	"context"
	"errors"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/payments"
	"xinyi/store"
)

// Medical is what an event in credit medical care causes elsewhere: a visit moves its bills, a bill moves its agreement
// and its record of conduct, a refund moves money. Each reads the document as it stands now, so late or repeated events do no harm.
type Medical struct {
	store.Medical
	Gateway payments.Gateway
	Now     func() time.Time
}

// Subscribers are to be given to the relay.
func (f Medical) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "medical.visit", Do: f.visit, Kinds: Kinds(medical.VisitCharged, medical.VisitHoldUneven, medical.VisitSettled, medical.VisitReversed, medical.VisitCancelled)},
		{Name: "medical.standing", Do: f.standing, Kinds: Kinds(
			medical.BillIssued, medical.BillResettled, medical.BillPartlyPaid, medical.BillPaid, medical.BillVoided, medical.BillWaived,
			medical.BillWrittenOff, medical.RefundDone, medical.BillOverdue, medical.BillSuspends)},
		{Name: "medical.notice", Do: f.notice, Kinds: Kinds(medical.BillNoticed)},
		{Name: "medical.cure", Do: f.cure, Kinds: Kinds(medical.BillPaid, medical.BillVoided, medical.BillWrittenOff)},
		{Name: "medical.default", Do: f.defaulted, Kinds: Kinds(medical.DefaultConfirmed, medical.DefaultCured, medical.DefaultDropped)},
		{Name: "medical.payment", Do: f.payment, Kinds: Kinds(medical.PaymentLapsed)},
		{Name: "medical.refund", Do: f.refund, Kinds: Kinds(medical.RefundStarted)},
	}
}

// visit brings a visit's bills and hold to where the visit stands.
func (f Medical) visit(ctx context.Context, ev models.Event) error {
	e, err := f.Encounters.Get(ctx, ev.Subject)
	if err != nil || e.Agreement == "" {
		return err
	}
	page, err := f.Bills.Find(ctx, store.BillsOfVisit(e.ID).Page(store.MaxPage, ""))
	if err != nil {
		return err
	}
	rest := models.Fen(0) // what the hold still has to cover
	switch e.State {
	case medical.Opened: // nothing was charged, so nothing is held or drawn
	case medical.Charging:
		rest = e.Total()
		err = f.draft(ctx, e, page.Items)
	case medical.VisitDone:
		err = f.carry(ctx, e, page.Items)
	case medical.Resettling:
		err = f.each(ctx, page.Items, func(b *medical.Bill) error { return b.VoidBy(e.Version, f.Now()) })
	case medical.Cancelled:
		err = f.each(ctx, page.Items, func(b *medical.Bill) error { return b.Cancel(f.Now()) })
	}
	if err != nil {
		return err
	}
	return f.release(ctx, e, rest)
}

// release tells the agreement in one write what the visit's bills draw and what its hold still has to cover, so that no moment
// shows room that is not there.
func (f Medical) release(ctx context.Context, e *medical.Encounter, rest models.Fen) error {
	page, err := f.Bills.Find(ctx, store.BillsOfVisit(e.ID).Page(store.MaxPage, ""))
	if err != nil {
		return err
	}
	_, err = f.Agreements.Update(ctx, e.Agreement, func(a *medical.Agreement) error {
		changed := false
		for _, b := range page.Items {
			if b.State != medical.BillDraft && b.State != medical.CancelledBill {
				changed = a.Draw(medical.Drawing{Bill: b.ID, Visit: e.ID, Outstanding: b.Drawn()}, e.Type, b.Version, f.Now()) || changed
			}
		}
		if changed = a.Lower(e.ID, e.Type, rest, e.Version, f.Now()) || changed; !changed {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

func (f Medical) each(ctx context.Context, bills []*medical.Bill, change func(*medical.Bill) error) error {
	for _, b := range bills {
		if _, err := f.Bills.Update(ctx, b.ID, change); err != nil {
			return err
		}
	}
	return nil
}

// draft opens the visit's first bill, still without an amount.
func (f Medical) draft(ctx context.Context, e *medical.Encounter, bills []*medical.Bill) error {
	if len(bills) > 0 {
		return nil
	}
	b, err := f.fresh(ctx, e, 1)
	if err != nil {
		return err
	}
	return store.Existing(f.Bills.Insert(ctx, b))
}

// fresh makes the n-th bill of a visit.
func (f Medical) fresh(ctx context.Context, e *medical.Encounter, n int) (*medical.Bill, error) {
	a, err := f.Agreements.Get(ctx, e.Agreement)
	if err != nil {
		return nil, err
	}
	s, err := f.Schemes.Get(ctx, a.Scheme)
	if err != nil {
		return nil, err
	}
	h, err := f.Hospitals.Get(ctx, e.Hospital)
	if err != nil {
		return nil, err
	}
	id := e.ID + "-" + strconv.Itoa(n)
	return medical.NewBill(medical.BillHead{ID: id, No: medical.BillNumber(id, models.DayOf(f.Now())), Seq: n, Hospital: h.Name,
		Funding: s.Funding}, e, a, f.Now()), nil
}

// carry lets the visit's bills carry what its settlement deferred; what none may take becomes a new bill.
func (f Medical) carry(ctx context.Context, e *medical.Encounter, bills []*medical.Bill) error {
	principals, supplement := medical.Allocate(e.Deferred, bills)
	for i, b := range bills {
		_, err := f.Bills.Update(ctx, b.ID, func(b *medical.Bill) error {
			if b.Principal == principals[i] && b.State != medical.BillDraft {
				return store.Unchanged()
			}
			return b.Carry(principals[i], e.Version, f.Now())
		})
		if err != nil {
			return err
		}
	}
	if supplement == 0 {
		return nil
	}
	b, err := f.fresh(ctx, e, len(bills)+1)
	if err != nil {
		return err
	}
	if err := b.Carry(supplement, e.Version, f.Now()); err != nil {
		return err
	}
	return store.Existing(f.Bills.Insert(ctx, b))
}

// standing tells the agreement what a bill draws of its limit and whether it is overdue.
func (f Medical) standing(ctx context.Context, ev models.Event) error {
	b, err := f.Bills.Get(ctx, ev.Subject)
	if err != nil {
		return err
	}
	_, err = f.Agreements.Update(ctx, b.Agreement, func(a *medical.Agreement) error {
		now := f.Now()
		changed := a.Draw(medical.Drawing{Bill: b.ID, Visit: b.Encounter, Outstanding: b.Drawn()}, b.Type, b.Version, now)
		if ev.Kind == medical.BillPaid.Name() && b.OnTime() {
			changed = a.PaidOnTime(b.ID, now) || changed
		}
		blocked, err := f.block(a, b, ev.Kind == medical.BillSuspends.Name(), now)
		if err == nil && !changed && !blocked {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// block freezes an agreement while a bill is overdue, suspends it when the plan says so, and lifts both when it is not overdue any more.
func (f Medical) block(a *medical.Agreement, b *medical.Bill, suspends bool, now time.Time) (bool, error) {
	if b.State != medical.PastDue && b.State != medical.InCollection {
		return a.Unblock(b.ID, now, medical.Freeze, medical.Overdue7)
	}
	changed, err := a.Block(medical.Freeze, b.ID, models.Clockwork, now)
	if err != nil || !suspends {
		return changed, err
	}
	suspended, err := a.Block(medical.Overdue7, b.ID, models.Clockwork, now)
	return changed || suspended, err
}

// notice opens a record of conduct, so that the person is told before anything is kept.
func (f Medical) notice(ctx context.Context, ev models.Event) error {
	b, err := f.Bills.Get(ctx, ev.Subject)
	if err != nil || !b.Owes() || b.Outstanding() < b.Terms.DefaultMin {
		return err
	}
	return store.Existing(f.Conducts.Insert(ctx, medical.Notice(b, f.Now())))
}

// cure heals the record of a bill that was paid, and drops that of one that became nothing without a payment.
func (f Medical) cure(ctx context.Context, ev models.Event) error {
	b, err := f.Bills.Get(ctx, ev.Subject)
	if err != nil || b.Owes() {
		return err
	}
	a, err := f.Agreements.Get(ctx, b.Agreement)
	if err != nil {
		return err
	}
	_, err = f.Conducts.Update(ctx, b.ID, func(c *medical.Conduct) error {
		before := c.State
		var err error
		if ev.Kind == medical.BillPaid.Name() && b.Paid > b.Refunded {
			err = c.Cure(a.DefaultsBy(models.DayOf(f.Now())), f.Now())
		} else {
			err = c.Drop(models.Clockwork, f.Now())
		}
		if err == nil && c.State == before {
			return store.Unchanged()
		}
		return err
	})
	if errors.Is(err, models.NotFound) {
		return nil // most bills have no record
	}
	return err
}

// defaulted tells the agreement of a default confirmed, cured or dropped.
func (f Medical) defaulted(ctx context.Context, ev models.Event) error {
	c, err := f.Conducts.Get(ctx, ev.Subject)
	if err != nil {
		return err
	}
	_, err = f.Agreements.Update(ctx, c.Agreement, func(a *medical.Agreement) error {
		var changed bool
		var err error
		switch ev.Kind {
		case medical.DefaultConfirmed.Name():
			changed, err = a.Defaulted(c.ID, f.Now())
		case medical.DefaultCured.Name():
			changed, err = a.Cured(c.ID, f.Now())
		case medical.DefaultDropped.Name():
			changed, err = a.Cleared(c.ID, f.Now())
		}
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// payment asks the channel how an intent ended whose time is over. The channel may not answer: then this is tried again.
func (f Medical) payment(ctx context.Context, ev models.Event) error {
	d, err := medical.PaymentLapsed.Read(ev)
	if err != nil {
		return err
	}
	out, err := f.Gateway.Query(ctx, d.PayNo)
	if err != nil {
		return err
	}
	if out.State == payments.Waiting {
		return models.E(models.Unavailable, "payments.still_waiting")
	}
	return f.heard(ctx, ev.Subject, out)
}

// heard lets a bill hear a channel's word, unless that says nothing new.
func (f Medical) heard(ctx context.Context, bill string, out payments.Outcome) error {
	_, err := f.Bills.Update(ctx, bill, func(b *medical.Bill) error {
		if b.Knows(out.Word()) {
			return store.Unchanged()
		}
		return b.Hear(out.Word(), f.Now())
	})
	return err
}

// refund sends money back. The desk's refunds wait for the hospital to say so.
func (f Medical) refund(ctx context.Context, ev models.Event) error {
	d, err := medical.RefundStarted.Read(ev)
	if err != nil {
		return err
	}
	b, err := f.Bills.Get(ctx, ev.Subject)
	if err != nil {
		return err
	}
	for _, r := range b.RefundsWaiting() {
		if r.RefundNo != d.RefundNo || r.Channel == medical.Window {
			continue
		}
		out, err := f.Gateway.Refund(ctx, r.RefundNo, payments.Order{PayNo: r.PayNo, Channel: r.Channel, Attach: b.ID}, r.Amount)
		if err != nil {
			return err
		}
		if out.State == payments.Waiting {
			return nil // the channel will call
		}
		if err := f.heard(ctx, b.ID, out); err != nil {
			return err
		}
	}
	return nil
}
