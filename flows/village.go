package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/farmer"
	"xinyi/models/notice"
	"xinyi/models/release"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// Village is what follows for credit villages and towns: rounds know who applied, entries take what was frozen and follow their
// notices, and a plaque is what loans look at.
type Village struct {
	usecase.Village
	Policy village.Policy
	Now    func() time.Time
}

// Subscribers are to be given to the relay.
func (f Village) Subscribers() []Subscriber {
	return []Subscriber{
		{Name: "village.scheme", Do: f.scheme, Kinds: Kinds(village.EventPublished)},
		{Name: "village.file", Do: f.file, Kinds: Kinds(village.EventApplied, village.EventWithdrawn)},
		{Name: "village.begin", Do: f.begin, Kinds: Kinds(village.EventFrozen)},
		{Name: "village.draw", Do: f.draw, Kinds: Kinds(village.EventClosed)},
		{Name: "village.notice", Do: f.notices().follow, Kinds: noticeKinds},
		{Name: "village.outcome", Do: f.outcome, Kinds: Kinds(village.EventCertified, village.EventRefused)},
		{Name: "village.plaque", Do: f.plaque, Kinds: Kinds(village.EventCertified, village.EventRenewed, village.EventAnnual,
			village.EventGrace, village.EventLate,
			village.EventRevoked, village.EventWithdrawn)},
	}
}

// scheme retires the versions before the one that was published. Rounds that began go by theirs.
func (f Village) scheme(ctx context.Context, e models.Event) error {
	s, err := f.Schemes.Get(ctx, e.Subject)
	if err != nil || s.State != release.InForce {
		return err
	}
	return succeed(ctx, f.Schemes, store.VillageSchemesAt(release.InForce, s.Level), func(old *village.Scheme) bool {
		return old.No < s.No && release.GiveWay(old, f.Now())
	})
}

// file notes in a round who applied.
func (f Village) file(ctx context.Context, e models.Event) error {
	v, err := f.Entries.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	_, err = f.Rounds.Update(ctx, v.Round, func(r *village.Round) error {
		if !r.File(v.ID, v.State != village.Withdrawn) {
			return store.Unchanged()
		}
		return nil
	})
	return gone(err)
}

// begin lets an entry take what was frozen of it: it is scored, the sample is drawn, and the review begins.
func (f Village) begin(ctx context.Context, e models.Event) error {
	frozen, err := f.Snapshots.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	v, err := f.Entries.First(ctx, store.VillageEntrySlot(frozen.Round, frozen.Village))
	if err != nil || v.State != village.Applied {
		return gone(err)
	}
	r, err := f.Rounds.Get(ctx, v.Round)
	if err != nil {
		return err
	}
	s, err := f.Schemes.Get(ctx, v.Scheme)
	if err != nil {
		return err
	}
	sample, err := sampleOf(r, frozen, v.Terms)
	if err != nil {
		return err
	}
	sv, err := f.SurveyOf(ctx, v.ID)
	if err != nil {
		return err
	}
	_, err = f.Entries.Update(ctx, v.ID, func(v *village.Entry) error {
		took, err := v.Begin(frozen, s, sample, sv, f.Now())
		if err == nil && !took {
			return store.Unchanged()
		}
		return err
	})
	return err
}

// sampleOf draws the households the county looks at.
func sampleOf(r *village.Round, frozen *village.Snapshot, t village.Terms) ([]village.Sampled, error) {
	rows, err := frozen.List()
	if err != nil {
		return nil, err
	}
	var sample []village.Sampled
	for _, n := range village.DrawRows(r.Seed.Reveal(), frozen.Root, len(rows), t) {
		sample = append(sample, village.Sampled{Row: n, Household: rows[n].Household})
	}
	return sample, nil
}

// draw draws the entries that are scored a second time, once a round is frozen.
func (f Village) draw(ctx context.Context, e models.Event) error {
	r, err := f.Rounds.Get(ctx, e.Subject)
	if err != nil {
		return err
	}
	s, err := f.Schemes.Get(ctx, r.Scheme)
	if err != nil {
		return err
	}
	for _, id := range village.Drawn(r.Seed.Reveal(), r.Filed, s.Terms) {
		_, err := f.Entries.Update(ctx, id, func(v *village.Entry) error {
			if !v.Draw() {
				return store.Unchanged()
			}
			return nil
		})
		if gone(err) != nil {
			return err
		}
	}
	return nil
}

// aboutVillages is what notices of credit villages and towns are about.
const aboutVillages = "village.entry"

// notices leads entries on as their lines stand.
func (f Village) notices() follower[village.Entry] {
	return follower[village.Entry]{aboutVillages, f.Notices, f.Entries, f.lead}
}

func (f Village) lead(_ context.Context, v *village.Entry, n *notice.Notice, to turn, e models.Event) (bool, error) {
	switch to {
	case shown:
		return v.Show(n.ID, f.Now()), nil
	case back:
		return v.Back(n.ID, f.Now()), nil
	case struck:
		return v.Strike(n.ID, e.By, f.Now()), nil
	case passed:
	}
	return v.Pass(n.ID, f.Now()), nil
}

// outcome says on the notice what was decided in the end.
func (f Village) outcome(ctx context.Context, e models.Event) error {
	v, err := f.Entries.Get(ctx, e.Subject)
	if err != nil || v.Notice == "" {
		return gone(err)
	}
	return saysOutcome(ctx, f.Notices, v.Notice, v.ID, v.Outcome())
}

// plaque writes what a village has earned where loans look: the stars of the plaque that is up, none once it is down. A plaque of an
// earlier round gives way to a later one's.
func (f Village) plaque(ctx context.Context, e models.Event) error {
	v, err := f.Entries.Get(ctx, e.Subject)
	if err != nil {
		return gone(err)
	}
	var up *village.Entry
	_, err = f.Entries.Each(ctx, store.VillageEntriesTitled(v.Village), func(o *village.Entry) error {
		if o.Village == v.Village && (up == nil || o.Year > up.Year) {
			up = o
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = changeAll(ctx, f.Entries, store.VillageEntriesTitled(v.Village), func(o *village.Entry) error {
		if up == nil || o.Village != v.Village || o.Year >= up.Year || !o.Title() {
			return store.Unchanged()
		}
		return o.Withdraw("village.superseded", models.Clockwork, f.Now())
	})
	if err != nil || v.Level != village.OfVillages {
		return err
	}
	return f.star(ctx, v, up)
}

// star writes a village's stars, as the county's office would.
func (f Village) star(ctx context.Context, v, up *village.Entry) error {
	today := models.DayOf(f.Now())
	office := models.Actor{Person: v.Judge.Person, Role: models.CreditOffice, Org: v.Judge.Org, Region: v.Village.County()}
	change := func(w *farmer.Village) error {
		stars, since, until, paper := 0, today, today, v.No
		if up != nil {
			stars, since, until, paper = up.Stars, up.Since, up.Stands(today), up.No
		}
		if w.Stars == stars && (stars == 0 || w.Until >= until && w.Paper == paper) || paper == "" {
			return store.Unchanged()
		}
		return w.Star(farmer.Rating{Stars: stars, Since: since, Until: max(since, until), Paper: paper}, office, f.Now())
	}
	_, err := f.Farm.Villages.Update(ctx, string(v.Village), change)
	if !errors.Is(err, models.NotFound) {
		return err
	}
	w := &farmer.Village{Meta: models.Meta{ID: string(v.Village)}}
	switch err := change(w); {
	case errors.Is(err, store.Unchanged()):
		return nil
	case err != nil:
		return err
	}
	return f.Farm.Villages.Insert(ctx, w)
}
