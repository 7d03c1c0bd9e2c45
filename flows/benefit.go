package flows

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/decision"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/store"
)

// Benefit is what follows for 信易+: profiles follow the account, the credit file and credit medical care; places follow claims,
// and who waits follows places; versions are tried and begin on their day.
type Benefit struct {
	store.Benefit
	Facts  store.BenefitFacts
	Policy benefit.Policy
	Now    func() time.Time

	size int // profiles in a part of a simulation; 0 is simPart
}

// Subscribers are to be given to the relay.
func (f Benefit) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "benefit.person", Do: f.person, Kinds: Kinds(identity.EventBound, benefit.EventProfileDue, medical.AgreementSigned, medical.AgreementSuspended,
			medical.AgreementReinstated, medical.AgreementFrozen, medical.AgreementThawed, medical.AgreementClosed, medical.AgreementExpired, medical.BillPaid)},
		{Name: "benefit.record", Do: f.record, Kinds: Kinds(record.EventHonoured, record.EventKept, record.EventRevised, record.EventCorrected, record.EventRepaired,
			record.EventRestored, record.EventEnded, record.EventWithdrawn)},
		{Name: "benefit.left", Do: f.left, Kinds: Kinds(identity.EventLeft)},
		{Name: "benefit.active", Do: f.active, Kinds: Kinds(benefit.EventActive)},
		{Name: "benefit.warn", Do: f.warn, Kinds: Kinds(benefit.EventScheduled)},
		{Name: "benefit.simulate", Do: f.simulate, Kinds: Kinds(benefit.EventSimDue)},
		{Name: "benefit.tried", Do: f.tried, Kinds: Kinds(benefit.EventSimDone)},
		{Name: "benefit.take", Do: f.take, Kinds: Kinds(benefit.EventClaimed)},
		{Name: "benefit.vacate", Do: f.vacate, Kinds: Kinds(benefit.EventLapsed, benefit.EventCancelled, benefit.EventReversed)},
		{Name: "benefit.doubt", Do: f.doubt, Kinds: Kinds(benefit.EventDoubtful)},
		{Name: "benefit.serve", Do: f.vacated, Kinds: Kinds(benefit.EventVacated)},
		{Name: "benefit.line", Do: f.joined, Kinds: Kinds(benefit.EventWaiting)},
		{Name: "benefit.closed", Do: f.closed, Kinds: Kinds(benefit.EventClosed)},
		{Name: "benefit.tally", Do: f.used, Kinds: Kinds(benefit.EventUsed)},
		{Name: "benefit.count", Do: f.count, Kinds: Kinds(benefit.EventTallyDue)},
	}
}

// person puts a person's profile together anew.
func (f Benefit) person(ctx context.Context, e models.Event) error {
	person := e.Person
	if e.Kind == benefit.EventProfileDue {
		p, err := f.Profiles.Get(ctx, e.Subject)
		if err != nil || p.Kind == models.Organisation {
			return gone(err)
		}
		person = p.ID
	}
	return f.refresh(ctx, models.Actor{Person: person, Role: models.Resident})
}

func (f Benefit) refresh(ctx context.Context, a models.Actor) error {
	_, err := f.Refresh(ctx, a, f.Facts, f.Policy)
	return gone(err)
}

// record follows what is said of somebody in the credit file, whether or not she has an account yet.
func (f Benefit) record(ctx context.Context, e models.Event) error {
	r, err := f.Records.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	if r.Subject.Kind == models.Organisation {
		return f.refresh(ctx, models.Actor{Role: models.Business, Org: r.Subject.Ref})
	}
	person := r.Subject.Person
	if person == "" && !r.IDNumber.Empty() {
		sub, err := f.Subjects.OfNumber(ctx, models.IDNumber{Secret: r.IDNumber})
		if err != nil {
			return err
		}
		person = sub.Person
	}
	if person == "" {
		return nil // the account she opens will learn of it
	}
	return f.refresh(ctx, models.Actor{Person: person, Role: models.Resident})
}

// left gives back what somebody holds who closes the account, and forgets the profile.
func (f Benefit) left(ctx context.Context, e models.Event) error {
	err := changeAll(ctx, f.Claims, store.ClaimsOf(e.Person), func(c *benefit.Claim) error {
		if !c.Live() {
			return store.Unchanged()
		}
		return c.Cancel(models.Clockwork, f.Now())
	})
	if err != nil {
		return err
	}
	err = changeAll(ctx, f.Waits, store.WaitsOf(e.Person), func(w *benefit.Wait) error {
		if w.State != benefit.Waiting {
			return store.Unchanged()
		}
		return w.Leave("left", models.Clockwork, f.Now())
	})
	if err != nil {
		return err
	}
	return f.Profiles.Delete(ctx, e.Person)
}

// active puts a version in force on its day, and makes its places.
func (f Benefit) active(ctx context.Context, e models.Event) error {
	v, err := f.Versions.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if err := f.Ready(ctx, v.Offer, benefit.Whole, v.Terms.Quota.Total, f.Policy.SharePlace); err != nil {
		return err
	}
	o, err := f.Offers.Update(ctx, v.Offer, func(o *benefit.Offer) error {
		if !o.Start(v, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return changeAll(ctx, f.Versions, store.VersionsOf(v.Offer), func(old *benefit.Version) error {
		if old.No >= o.Active || old.State != benefit.Active || !old.Retire(f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
}

// warn tells those with a claim not yet used who may not have the offer from the day of a later version.
func (f Benefit) warn(ctx context.Context, e models.Event) error {
	v, err := f.Versions.Get(ctx, e.Subject)
	if err != nil || v.No == 1 {
		return err
	}
	p, err := v.Program()
	if err != nil {
		return err
	}
	_, err = f.Claims.Each(ctx, store.ClaimsLive(v.Offer), func(c *benefit.Claim) error {
		if c.Warned {
			return nil
		}
		profile, err := f.Profiles.Get(ctx, c.Holder)
		if err != nil {
			return gone(err)
		}
		outcome, err := p.Outcome(profile.Facts(v.Begins, 0, f.Policy))
		if err != nil || outcome == models.Pass {
			return err
		}
		_, err = f.Claims.Update(ctx, c.ID, func(c *benefit.Claim) error {
			if !c.Warn(v.Begins, f.Now()) {
				return store.Unchanged()
			}
			return nil
		})
		return err
	})
	return err
}

// Bounds of a part of a simulation.
const (
	simPart = 100_000
	simTime = 4 * time.Second
)

// simulate counts the part that is due. One cut off is counted again from where it began.
func (f Benefit) simulate(ctx context.Context, e models.Event) error {
	n, err := strconv.Atoi(e.Data["part"])
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	s, err := f.Simulations.Get(ctx, e.Subject)
	if err != nil || s.Part != n || s.State != benefit.Counting {
		return err
	}
	part, err := f.part(ctx, s)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer cancel()
	_, err = f.Simulations.Update(ctx, s.ID, func(s *benefit.Simulation) error {
		took, err := s.Step(part, f.Now())
		if err == nil && !took {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// errPartCounted ends a part.
var errPartCounted = errors.New("enough for one part")

// part counts profiles. When ctx or its time ends on the way, what was counted until then is the part.
func (f Benefit) part(ctx context.Context, s *benefit.Simulation) (benefit.Part, error) {
	p := benefit.Part{Part: s.Part, After: s.After, Cells: map[[2]string]*benefit.Counts{}}
	trial, err := f.trial(ctx, s)
	if err != nil {
		return p, err
	}
	size := int64(f.size)
	if size == 0 {
		size = simPart
	}
	short, cancel := context.WithTimeout(ctx, simTime)
	defer cancel()
	q := store.ProfilesOf(s.Subject).Page(store.MaxPage, s.After)
	p.After, err = f.Profiles.Each(ctx, q, func(who *benefit.Profile) error {
		if p.Seen >= size || p.Seen%1000 == 999 && short.Err() != nil {
			return errPartCounted
		}
		before, after, err := trial.Outcomes(who.Facts(s.Today, 0, f.Policy))
		if err != nil {
			return err
		}
		p.Count(who, s.Today, before, after)
		return nil
	})
	switch {
	case err == nil:
		p.Last = true
	case errors.Is(err, errPartCounted), p.Seen > 0 && ctx.Err() != nil:
		err = nil
	}
	return p, err
}

// trial prepares the two rules of a simulation.
func (f Benefit) trial(ctx context.Context, s *benefit.Simulation) (*benefit.Trial, error) {
	v, err := f.Versions.Get(ctx, s.Of)
	if err != nil {
		return nil, err
	}
	after, err := v.Program()
	if err != nil || s.Against == "" {
		return benefit.NewTrial(nil, after), err
	}
	old, err := f.Versions.Get(ctx, s.Against)
	if err != nil {
		return nil, err
	}
	before, err := old.Program()
	return benefit.NewTrial(before, after), err
}

// tried notes on a version that it was tried on everybody.
func (f Benefit) tried(ctx context.Context, e models.Event) error {
	s, err := f.Simulations.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	_, err = f.Versions.Update(ctx, s.Of, func(v *benefit.Version) error {
		if v.Simulation == s.ID || v.TriedAt != nil && v.TriedAt.After(*s.DoneAt) || v.State == benefit.Scheduled || v.State == benefit.Active || v.State == benefit.Retired {
			return store.Unchanged()
		}
		return v.Try(s, f.Now())
	})
	return err
}

// take makes a claim's place its own.
func (f Benefit) take(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Subject)
	if err != nil || !c.Taken() {
		return err
	}
	return f.Take(ctx, c.Shares, c.ID)
}

// vacate gives the places of a claim back that is over.
func (f Benefit) vacate(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Subject)
	if err != nil || c.Live() || c.Taken() {
		return err
	}
	return f.Vacate(ctx, c.Shares, c.ID)
}

// doubt looks whether the claim of a held place is there. One that is not has never been, and nobody will make it any more.
func (f Benefit) doubt(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Data["claim"])
	switch {
	case errors.Is(err, models.NotFound), err == nil && (!slices.Contains(c.Shares, e.Subject) || !c.Live() && !c.Taken()):
		return f.Vacate(ctx, []string{e.Subject}, e.Data["claim"])
	case err != nil:
		return err
	case c.Taken():
		return f.Take(ctx, []string{e.Subject}, c.ID)
	}
	return nil // it is held still: the claim's own time ends it
}

// waited names the claim of somebody who waited.
func waited(w *benefit.Wait) string { return models.Derived("waited", w.ID) }

// mostPassed bounds what one event does: the rest is done when it is told again.
const mostPassed = 1000

var errLongLine = errors.New("the line goes on when this is told again")

// vacated gives a place that was given back to who waits first, and to all when nobody does.
func (f Benefit) vacated(ctx context.Context, e models.Event) error {
	old := e.Data["claim"]
	for range mostPassed {
		s, err := f.Shares.Get(ctx, e.Subject)
		if err != nil {
			return err
		}
		w, o, err := f.next(ctx, e.Data["offer"])
		if err != nil {
			return err
		}
		switch {
		case w != nil && s.Has(waited(w)): // passed before, and cut off since
			if err := f.serve(ctx, o, w, s.ID); err != nil {
				return err
			}
		case !s.Kept(old):
			return nil
		case w == nil:
			_, err := f.Shares.Update(ctx, s.ID, func(s *benefit.Share) error {
				if !s.Open(old) {
					return store.Unchanged()
				}
				return nil
			})
			if err != nil {
				return err
			}
			return f.joined(ctx, e) // somebody may have joined meanwhile
		default:
			if err := f.pass(ctx, s.ID, old, w); err != nil {
				return err
			}
		}
	}
	return models.E(models.Unavailable, "unavailable", errLongLine)
}

// pass gives a vacant place to somebody who waits; who has a claim already, from another share, is only told.
func (f Benefit) pass(ctx context.Context, share, old string, w *benefit.Wait) error {
	c, err := f.Claims.Get(ctx, waited(w))
	if err == nil {
		return f.served(ctx, w, c)
	}
	if !errors.Is(err, models.NotFound) {
		return err
	}
	_, err = f.Shares.Update(ctx, share, func(s *benefit.Share) error {
		if !s.Pass(old, waited(w), f.Now().Add(f.Policy.Turn+f.Policy.Slack)) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// next is who waits first for an offer that may be claimed, nil for nobody.
func (f Benefit) next(ctx context.Context, offer string) (*benefit.Wait, *benefit.Offer, error) {
	o, err := f.Offers.Get(ctx, offer)
	if err != nil || o.Open(models.DayOf(f.Now())) != nil {
		return nil, o, err
	}
	w, err := f.Waits.First(ctx, store.WaitsFor(offer))
	if errors.Is(err, models.NotFound) {
		return nil, o, nil
	}
	return w, o, err
}

// serve makes the claim of somebody whose place is in a share.
func (f Benefit) serve(ctx context.Context, o *benefit.Offer, w *benefit.Wait, share string) error {
	c, err := f.grant(ctx, o, w, share)
	if errors.Is(err, models.Conflict) { // she has claimed meanwhile; her place is free again
		return f.leave(ctx, w)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(c.Shares, share) { // served from another share at the same moment
		if err := f.Vacate(ctx, []string{share}, c.ID); err != nil {
			return err
		}
	}
	return f.served(ctx, w, c)
}

func (f Benefit) grant(ctx context.Context, o *benefit.Offer, w *benefit.Wait, shares ...string) (*benefit.Claim, error) {
	by := models.Actor{Person: w.Person, Role: models.System}
	return f.Grant(ctx, o, benefit.Grant{ID: waited(w), Holder: w.Holder, Person: w.Person, Shares: shares, Until: f.Now().Add(f.Policy.Turn), By: by}, f.Policy)
}

func (f Benefit) served(ctx context.Context, w *benefit.Wait, c *benefit.Claim) error {
	_, err := f.Waits.Update(ctx, w.ID, func(w *benefit.Wait) error {
		until := f.Now()
		if c.Until != nil {
			until = *c.Until
		}
		if !w.Serve(c.ID, until, f.Now()) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

func (f Benefit) leave(ctx context.Context, w *benefit.Wait) error {
	_, err := f.Waits.Update(ctx, w.ID, func(w *benefit.Wait) error {
		if w.State != benefit.Waiting {
			return store.Unchanged()
		}
		return w.Leave("claimed", models.Clockwork, f.Now())
	})
	return err
}

// joined serves who waits as long as there are places nobody has.
func (f Benefit) joined(ctx context.Context, e models.Event) error {
	for {
		w, o, err := f.next(ctx, e.Data["offer"])
		if err != nil || w == nil {
			return err
		}
		c, err := f.grant(ctx, o, w)
		switch {
		case err == nil:
			err = f.served(ctx, w, c)
		case errors.Is(err, models.Conflict):
			has, fault := f.Has(ctx, o, w.Holder)
			if fault != nil || !has {
				return fault // it is full
			}
			err = f.leave(ctx, w)
		}
		if err != nil {
			return err
		}
	}
}

// closed lets everybody go who waits for an offer that is over.
func (f Benefit) closed(ctx context.Context, e models.Event) error {
	return changeAll(ctx, f.Waits, store.WaitsFor(e.Subject), func(w *benefit.Wait) error {
		if w.State != benefit.Waiting {
			return store.Unchanged()
		}
		return w.Leave("closed", models.Clockwork, f.Now())
	})
}

// used has the day of a use counted, and notes it on the profile.
func (f Benefit) used(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if _, err := f.Tallies.Get(ctx, string(c.Day)); errors.Is(err, models.NotFound) {
		err = existing(f.Tallies.Insert(ctx, benefit.NewTally(c.Day, f.Policy)))
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	_, err = f.Profiles.Update(ctx, c.Holder, func(p *benefit.Profile) error {
		if !p.Use(c.Day) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}

// count counts a day.
func (f Benefit) count(ctx context.Context, e models.Event) error {
	uses, err := f.Used(ctx, models.Day(e.Subject))
	if err != nil {
		return err
	}
	_, err = f.Tallies.Update(ctx, e.Subject, func(t *benefit.Tally) error {
		if !t.Take(uses) {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// errNoDay is a decision about an offer that names no day.
var errNoDay = errors.New("the decision names no day")

// corrected are the facts of a decision about an offer, those that come from records as the records stand now.
func (f Benefit) corrected(ctx context.Context, v *decision.Decision, facts map[string]any) (map[string]any, []rule.Cited, bool, error) {
	holder, who := v.Person, models.Actor{Person: v.Person, Role: models.Resident}
	if v.Subject.Kind == models.Organisation {
		holder, who = v.Subject.Ref, models.Actor{Role: models.Business, Org: v.Subject.Ref}
	}
	p, err := f.Refresh(ctx, who, f.Facts, f.Policy)
	if err != nil {
		return nil, nil, false, err
	}
	day, dated := facts[rule.Today].(string)
	if !dated {
		return nil, nil, false, models.E(models.Internal, "internal", errNoDay)
	}
	now := p.Facts(models.Day(day), 0, f.Policy)
	for _, name := range benefit.FromRecords {
		if fact, known := now[name]; known {
			facts[name] = fact
		}
	}
	running := false
	_, err = f.Claims.Each(ctx, store.ClaimsOf(holder), func(c *benefit.Claim) error {
		running = running || c.Offer == v.About.ID && c.Live()
		return nil
	})
	return facts, p.Looked, running, err
}
