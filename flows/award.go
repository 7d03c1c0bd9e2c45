package flows

import (
	"context"
	"time"

	"xinyi/models"
	"xinyi/models/access"
	"xinyi/models/award"
	"xinyi/models/decision"
	"xinyi/models/identity"
	"xinyi/models/notice"
	"xinyi/models/record"
	"xinyi/store"
	"xinyi/usecase"
)

// Award is what follows for awards: nominees are vetted, experts drawn, seats given, notices followed; an award is kept in the credit
// file and carries its measures, for as long as it holds.
type Award struct {
	usecase.Award
	Catalogue usecase.Catalogue
	Entries   *store.Repo[access.Entry]
	Decisions usecase.Decision
	Facts     usecase.AwardFacts
	Policy    record.Policy
	Now       func() time.Time
}

// Subscribers are to be given to the relay.
func (f Award) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "award.lapse", Do: f.lapse, Kinds: Kinds(award.EventClosing, award.EventDone)},
		{Name: "award.vet", Do: f.vetDue, Kinds: Kinds(award.EventVetDue)},
		{Name: "award.again", Do: f.again, Kinds: Kinds(decision.EventChanged)},
		{Name: "award.record", Do: f.record, Kinds: Kinds(append([]models.Named{record.EventKept}, record.Changes...)...)},
		{Name: "award.draw", Do: f.draw, Kinds: Kinds(award.EventDrawDue)},
		{Name: "award.vote", Do: f.vote, Kinds: Kinds(award.EventVoteDue)},
		{Name: "award.select", Do: f.selectDue, Kinds: Kinds(award.EventSelectDue)},
		{Name: "award.erase", Do: f.erase, Kinds: Kinds(award.EventSelected)},
		{Name: "award.promote", Do: f.promote, Kinds: Kinds(award.EventFreed)},
		{Name: "award.notice", Do: f.notices().follow, Kinds: noticeKinds},
		{Name: "award.grant", Do: f.grant, Kinds: Kinds(award.EventApproved)},
		{Name: "award.honour", Do: f.honour, Kinds: Kinds(award.EventGranted, award.EventRenewed, award.EventRevoked, award.EventExpired, award.EventDeclined)},
		{Name: "award.measures", Do: f.measures, Kinds: Kinds(award.EventGranted, award.EventRenewed, award.EventRevoked, award.EventExpired)},
		{Name: "award.shown", Do: f.shown, Kinds: Kinds(award.EventGranted, award.EventRevoked, award.EventNot, award.EventExcluded, award.EventOut)},
		{Name: "award.renew", Do: f.renew, Kinds: Kinds(award.EventRenewing)},
		{Name: "award.finish", Do: f.finish, Kinds: Kinds(award.EventSelected, award.EventGranted, award.EventNot, award.EventExcluded, award.EventStruck, award.EventOut)},
		{Name: "award.bound", Do: f.bound, Kinds: Kinds(identity.EventBound)},
		{Name: "award.left", Do: f.left, Kinds: Kinds(identity.EventLeft)},
	}
}

// lapse ends what was not handed in when nominations close, and everything when a programme is cancelled.
func (f Award) lapse(ctx context.Context, e models.Event) error {
	p, err := f.Programmes.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	cancelled := p.State == award.Cancelled
	if e.Kind == award.EventDone.Name() && !cancelled {
		return nil
	}
	return changeAll(ctx, f.Nominations, store.NominationsAt(p.ID, award.Alive...), func(n *award.Nomination) error {
		if !n.Lapse(cancelled, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// draw draws experts for a case, or closes their days.
func (f Award) draw(ctx context.Context, e models.Event) error {
	n, p, err := f.whole(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	_, err = f.Nominations.Update(ctx, n.ID, func(n *award.Nomination) error {
		changed, err := n.Close(p, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// whole is a nomination with its programme.
func (f Award) whole(ctx context.Context, id string) (*award.Nomination, *award.Programme, error) {
	n, err := f.Nominations.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	p, err := f.Programmes.Get(ctx, n.Programme)
	return n, p, err
}

// vote opens the vote once nothing is on the way.
func (f Award) vote(ctx context.Context, e models.Event) error {
	ways, err := f.Nominations.Count(ctx, store.NominationsAt(e.Subject, award.OnTheWay...))
	if err != nil {
		return err
	}
	_, err = f.Programmes.Update(ctx, e.Subject, func(p *award.Programme) error {
		if p.State != award.Reviewing || ways > 0 && p.Waits {
			return store.Unchanged()
		}
		_, err := p.OpenVote(ways, f.Now())
		return err
	})
	return err
}

// erase forgets where ballots came from.
func (f Award) erase(ctx context.Context, e models.Event) error {
	return changeAll(ctx, f.Ballots, store.BallotsOf(e.Subject), func(b *award.Ballot) error {
		if !b.Erase() {
			return store.Unchanged()
		}
		return nil
	})
}

// aboutNominees is what notices of nominees are about.
const aboutNominees = "award.nominees"

// notices leads nominations on as their lines stand.
func (f Award) notices() follower[award.Nomination] {
	return follower[award.Nomination]{aboutNominees, f.Notices, f.Nominations, f.lead}
}

func (f Award) lead(ctx context.Context, n *award.Nomination, v *notice.Notice, to turn, _ models.Event) (bool, error) {
	switch to {
	case shown:
		return n.Show(v.ID, v.Closes, f.Now()), nil
	case back:
		return n.Back(v.ID, f.Now()), nil
	case struck:
		return n.Strike(v.ID, f.Now()), nil
	case passed:
	}
	p, err := f.Programmes.Get(ctx, n.Programme)
	return err == nil && n.Pass(v.ID, p, f.Now()), err
}

// shown says on the notice what was decided in the end, and corrects it in public when an award was revoked.
func (f Award) shown(ctx context.Context, e models.Event) error {
	id, outcome := e.Subject, ""
	switch e.Kind {
	case award.EventGranted.Name(), award.EventRevoked.Name():
		a, err := f.Awards.Get(ctx, e.Subject)
		if err != nil {
			return err
		}
		id, outcome = a.Nomination, "已授予 "+a.No
		if a.State == award.Revoked {
			outcome = "更正：" + string(a.EndedOn) + "撤销，" + a.Why
		}
	case award.EventOut.Name():
		outcome = "退出评选"
	default:
		outcome = "未授予"
	}
	n, err := f.Nominations.Get(ctx, id)
	if err != nil || n.Notice == "" {
		return gone(err)
	}
	return saysOutcome(ctx, f.Notices, n.Notice, n.ID, outcome)
}

// finish ends a programme once nothing is on the way.
func (f Award) finish(ctx context.Context, e models.Event) error {
	d, err := models.DataOf[award.Within](e)
	if err != nil {
		return err
	}
	p, err := f.Programmes.Get(ctx, d.Programme)
	if err != nil || p.State != award.Selected {
		return gone(err)
	}
	left, err := f.Nominations.Count(ctx, store.NominationsAt(p.ID, award.Alive...))
	if err != nil || left > 0 {
		return err
	}
	_, err = f.Programmes.Update(ctx, p.ID, func(p *award.Programme) error {
		if !p.Finish(f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// bound ties nominations to the account their nominee has opened, and asks.
func (f Award) bound(ctx context.Context, e models.Event) error {
	sub, err := f.Subjects.Of(ctx, models.Actor{Person: e.Person, Role: models.Resident})
	if err != nil {
		return nil //nolint:nilerr // who has given no real name, or left, is nobody's nominee
	}
	return changeAll(ctx, f.Nominations, store.NominationsAbout(sub.Ref), func(n *award.Nomination) error {
		if !n.Meet(e.Person, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// left takes whoever closed the account out of every selection, and out of public lists.
func (f Award) left(ctx context.Context, e models.Event) error {
	err := changeAll(ctx, f.Nominations, store.NominationsOfPerson(e.Person), func(n *award.Nomination) error {
		if n.Withdraw("award.left", models.Clockwork, f.Now()) != nil {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return changeAll(ctx, f.Awards, store.AwardsOfPerson(e.Person), func(a *award.Award) error {
		changed, err := a.Choose(false, false, models.Clockwork, f.Now())
		if err == nil && !changed {
			return store.Unchanged()
		}
		return err
	})
}
