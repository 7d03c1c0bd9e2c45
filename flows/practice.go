package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/notice"
	"xinyi/models/practice"
	"xinyi/store"
)

// Practice is what follows for cases worth copying: experts are seated once they are drawn, what is chosen goes on public notice, and
// what nobody objected to is published.
type Practice struct {
	store.Practice
	Notices *store.Repo[notice.Notice]
	Now     func() time.Time
}

// Subscribers are to be given to the relay.
func (f Practice) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "practice.seat", Do: f.seat, Kinds: Kinds(practice.EventDrawn)},
		{Name: "practice.ranked", Do: f.ranked, Kinds: Kinds(practice.EventRanked, practice.EventRoundDone)},
		{Name: "practice.cancelled", Do: f.cancelled, Kinds: Kinds(practice.EventCancelled)},
		{Name: "practice.notice", Do: f.notice, Kinds: Kinds(notice.EventClosed, notice.EventPassed, notice.EventStruck, notice.EventWithdrawn)},
	}
}

// seat takes every case that was accepted in time into the round.
func (f Practice) seat(ctx context.Context, e models.Event) error {
	r, err := f.Rounds.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	return changeAll(ctx, f.Cases, store.PracticeAt(r.Region, practice.Accepted), func(c *practice.Case) error {
		if !c.Seat(r, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// ranked puts what is chosen on public notice and tells each case what became of it.
func (f Practice) ranked(ctx context.Context, e models.Event) error {
	r, err := f.Rounds.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if r.State == practice.OnNotice && r.Notice == "" {
		if r, err = f.show(ctx, r); err != nil {
			return err
		}
	}
	return changeAll(ctx, f.Cases, store.PracticeOfRound(r.ID), func(c *practice.Case) error {
		changed, err := c.Ranked(r, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
}

// classes are what a notice calls the classes.
var classes = map[practice.Class]string{
	practice.Supervision: "行政监管", practice.Approval: "审批服务", practice.Benefit: "惠民便企", practice.Governance: "基层治理", practice.Culture: "诚信文化",
}

func (f Practice) show(ctx context.Context, r *practice.Round) (*practice.Round, error) {
	d := notice.Draft{About: practice.About, Title: "信用场景典型案例拟入选公示", Region: r.Region, Level: models.Prefecture}
	for _, x := range r.Results {
		if x.Chosen {
			d.Lines = append(d.Lines, notice.Line{Ref: x.Case, Label: x.Unit, Text: classes[x.Class] + "：" + x.Title})
		}
	}
	id := models.Derived("practice-notice", r.ID)
	n, err := notice.New(id, d, r.Terms, r.Ranker, f.Now())
	if err == nil {
		err = store.Existing(f.Notices.Insert(ctx, n))
	}
	if err != nil {
		return nil, err
	}
	return f.Rounds.Update(ctx, r.ID, func(r *practice.Round) error {
		if !r.Show(id) {
			return store.Unchanged()
		}
		return nil
	})
}

func (f Practice) cancelled(ctx context.Context, e models.Event) error {
	r, err := f.Rounds.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	return changeAll(ctx, f.Cases, store.PracticeOfRound(r.ID), func(c *practice.Case) error {
		if !c.Release(r) {
			return store.Unchanged()
		}
		return nil
	})
}

// notice publishes the lines that passed, and ends the round when none waits.
func (f Practice) notice(ctx context.Context, e models.Event) error {
	n, err := noticed(ctx, f.Notices, practice.About, e)
	if err != nil || n == nil {
		return err
	}
	r, err := f.round(ctx, n)
	if err != nil || r == nil {
		return err
	}
	waits := false
	for _, l := range n.Lines {
		if err := f.line(ctx, r, n, l); err != nil {
			return err
		}
		waits = waits || l.State == notice.Shown || l.State == notice.Objected
	}
	if n.State == notice.Open || n.State == notice.Closed && waits {
		return nil
	}
	_, err = f.Rounds.Update(ctx, r.ID, func(r *practice.Round) error {
		switch {
		case r.State != practice.OnNotice:
			return store.Unchanged()
		case n.State == notice.Withdrawn:
			return r.Cancel("公示撤回", models.Clockwork, f.Now())
		}
		r.Finish(f.Now())
		return nil
	})
	return err
}

// round is the round a notice is of, nil when there is none.
func (f Practice) round(ctx context.Context, n *notice.Notice) (of *practice.Round, err error) {
	_, err = f.Rounds.Each(ctx, store.PracticeRoundsIn(n.Region), func(r *practice.Round) error {
		if r.Notice == n.ID {
			of = r
		}
		return nil
	})
	return of, err
}

// line gives a case what came of its line.
func (f Practice) line(ctx context.Context, r *practice.Round, n *notice.Notice, l notice.Line) error {
	to, why := practice.State(""), ""
	switch {
	case n.State == notice.Withdrawn:
		to = practice.Accepted
	case l.State == notice.Struck:
		to, why = practice.Rejected, "公示期间的异议属实"
	case l.State == notice.Passed && n.State == notice.Closed:
		to = practice.Published
	default:
		return nil
	}
	_, err := f.Cases.Update(ctx, l.Ref, func(c *practice.Case) error {
		changed, err := c.Settle(r, to, why, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	if err != nil || to == practice.Accepted {
		return gone(err)
	}
	outcome := "入选典型案例"
	if to == practice.Rejected {
		outcome = "不予入选"
	}
	return saysOutcome(ctx, f.Notices, n.ID, l.Ref, outcome)
}
