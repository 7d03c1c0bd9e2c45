package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/benefit"
	"xinyi/models/decision"
	"xinyi/models/identity"
	"xinyi/models/medical"
	"xinyi/models/record"
	"xinyi/models/rule"
	"xinyi/store"
	"xinyi/usecase"
)

// Benefit is what follows for 信易+: profiles follow the account, the credit file and credit medical care; places follow claims,
// and who waits follows places; versions are tried and begin on their day.
type Benefit struct {
	usecase.Benefit
	Facts  usecase.BenefitFacts
	Policy benefit.Policy
	Now    func() time.Time

	size int // profiles in a part of a simulation; 0 is simPart
}

// Subscribers are to be given to the relay.
func (f Benefit) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "benefit.person", Do: f.person, Kinds: Kinds(identity.EventBound, benefit.EventProfileDue, medical.AgreementSigned,
			medical.AgreementSuspended,
			medical.AgreementReinstated, medical.AgreementFrozen, medical.AgreementThawed, medical.AgreementClosed, medical.AgreementExpired, medical.BillPaid)},
		{Name: "benefit.record", Do: f.record, Kinds: Kinds(record.EventHonoured, record.EventKept, record.EventRevised, record.EventCorrected,
			record.EventRepaired,
			record.EventRestored, record.EventEnded, record.EventWithdrawn)},
		{Name: "benefit.left", Do: f.left, Kinds: Kinds(identity.EventLeft)},
		{Name: "benefit.active", Do: f.active, Kinds: Kinds(benefit.EventActive)},
		{Name: "benefit.warn", Do: f.warn, Kinds: Kinds(benefit.EventScheduled)},
		Worker[benefit.Simulation, *benefit.Simulation]{Repo: f.Simulations, Now: f.Now, Do: f.simulate}.Subscriber("benefit.simulate"),
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
	if e.Kind == benefit.EventProfileDue.Name() {
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

// used has the day of a use counted, and notes it on the profile.
func (f Benefit) used(ctx context.Context, e models.Event) error {
	c, err := f.Claims.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	if _, err := f.Tallies.Get(ctx, string(c.Day)); errors.Is(err, models.NotFound) {
		err = store.Existing(f.Tallies.Insert(ctx, benefit.NewTally(c.Day, f.Policy)))
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
