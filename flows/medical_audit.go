package flows

import (
	"context"
	"errors"

	"xinyi/models"
	"xinyi/models/medical"
	"xinyi/store"
)

// looks bounds how often what is in doubt is read before it is a fault.
const looks = 3

// errEnough ends a part.
var errEnough = errors.New("enough for one part")

// part reads the part c awaits. Errors: the store's, when not one document could be read.
func (l *Ledger) part(ctx context.Context, c *medical.Check) (medical.Part, error) {
	p := medical.Part{Part: c.Part, Cursor: c.Run.Cursor, Last: true}
	switch c.Run.Stage {
	case medical.StageBills:
		err := stretch(ctx, l.Bills, &p, l.bills, func(b *medical.Bill) error {
			switch f := b.Fault(); {
			case f == nil:
			case len(b.Outbox) > 0:
				p.Doubts = append(p.Doubts, *f)
			default:
				p.Faults = append(p.Faults, *f)
			}
			return nil
		})
		return p, err
	case medical.StageAgreements:
		err := stretch(ctx, l.Agreements, &p, l.agreements, func(a *medical.Agreement) error {
			faults, _, err := l.compare(ctx, a)
			p.Doubts = append(p.Doubts, faults...) // a bill may have moved between the two readings
			return err
		})
		return p, err
	case medical.StageAgain:
		var err error
		p.Faults, err = l.again(ctx, c.Run.Doubts)
		return p, err
	}
	return p, models.E(models.Internal, "internal", errors.New("a check in the stage "+string(c.Run.Stage)))
}

// stretch takes at most n documents after the part's cursor through look. What ctx or the store cuts short ends early.
func stretch[T any](ctx context.Context, r *store.Repo[T], p *medical.Part, n int, take func(*T) error) error {
	cursor, err := r.Each(ctx, store.All().Page(store.MaxPage, p.Cursor), func(v *T) error {
		if p.Seen == n || ctx.Err() != nil {
			return errEnough
		}
		if err := take(v); err != nil {
			return err
		}
		p.Seen++
		return nil
	})
	p.Cursor, p.Last = cursor, err == nil
	if err != nil && (p.Seen > 0 || errors.Is(err, errEnough) && ctx.Err() == nil) {
		return nil
	}
	if err == nil || ctx.Err() == nil {
		return err
	}
	return models.E(models.Unavailable, "unavailable", ctx.Err())
}

// compare reads the bills of a and answers what differs, and whether a change of any of them is under way.
func (l *Ledger) compare(ctx context.Context, a *medical.Agreement) (faults []medical.Fault, moving bool, err error) {
	bills := map[string]*medical.Bill{}
	_, err = l.Bills.Each(ctx, store.BillsOwedBy(a.Person), func(b *medical.Bill) error {
		if b.Agreement == a.ID {
			bills[b.ID] = b
			moving = moving || len(b.Outbox) > 0
		}
		return nil
	})
	for _, p := range []*medical.Pool{&a.Outpatient, &a.Inpatient} {
		for _, d := range p.Drawn {
			if err != nil || d.Amount == 0 || bills[d.Bill] != nil {
				continue
			}
			b, missing := l.Bills.Get(ctx, d.Bill)
			switch {
			case missing == nil:
				bills[b.ID] = b
				moving = moving || len(b.Outbox) > 0
			case !errors.Is(missing, models.NotFound):
				err = missing
			}
		}
	}
	if err != nil {
		return nil, false, err
	}
	return a.Faults(bills), moving, nil
}

// again looks once more at what was in doubt, each document once, and answers what still differs.
func (l *Ledger) again(ctx context.Context, doubts []medical.Fault) (faults []medical.Fault, err error) {
	seen := map[string]bool{}
	for _, d := range doubts {
		id := "bill/" + d.Bill
		if d.Agreement != "" {
			id = "agreement/" + d.Agreement
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		found, moving, err := l.settled(ctx, d)
		switch {
		case err != nil:
			return nil, err
		case moving && l.underway != nil:
			*l.underway += len(found)
		default:
			faults = append(faults, found...)
		}
	}
	return faults, nil
}

// settled reads what d is about. An agreement that moves while its bills are read is read anew, so that what differs is no
// mixture of two moments. A document that is gone is no fault. moving says that an event of a bill is still to be delivered.
func (l *Ledger) settled(ctx context.Context, d medical.Fault) (faults []medical.Fault, moving bool, err error) {
	if d.Agreement == "" {
		b, err := l.Bills.Get(ctx, d.Bill)
		if err != nil || b.Fault() == nil {
			return nil, false, gone(err)
		}
		return []medical.Fault{*b.Fault()}, len(b.Outbox) > 0, nil
	}
	for range looks {
		a, err := l.Agreements.Get(ctx, d.Agreement)
		if err != nil {
			return nil, false, gone(err)
		}
		if faults, moving, err = l.compare(ctx, a); err != nil {
			return nil, false, err
		}
		now, err := l.Agreements.Any().Peek(ctx, a.ID)
		if err != nil {
			return nil, false, gone(err)
		}
		if len(faults) == 0 || !moving && now.Version == a.Version {
			break
		}
	}
	return faults, moving, nil
}

// gone takes a document that is not there any more for granted.
func gone(err error) error {
	if errors.Is(err, models.NotFound) {
		return nil
	}
	return err
}
