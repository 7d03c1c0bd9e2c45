package flows

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/models/village"
	"xinyi/store"
	"xinyi/usecase"
)

// VillageClose freezes the facts of a round's cut-off day, part by part.
type VillageClose struct {
	usecase.Village
	Policy village.Policy
	Secret func() string // random, for the salts of a round
	Now    func() time.Time

	size int // entries in a part; 0: as many as fit into its time
}

// Bounds of a part of a freezing.
const (
	closeTime = 4 * time.Second
	closeSide = 4 // villages read side by side: so much of them is in memory
)

// Subscribers are to be given to the relay.
func (f VillageClose) Subscribers() []Subscriber {
	w := Worker[village.Round, *village.Round]{Repo: f.Rounds, Now: f.Now, Do: f.do}
	return []Subscriber{w.Subscriber("village.close")}
}

// do freezes the part that is due. One cut off is done again from where it began: what was frozen already stays as it is.
func (f VillageClose) do(ctx context.Context, r *village.Round) (func(*village.Round) (bool, error), error) {
	r, err := f.salted(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	p, err := f.part(ctx, r)
	return func(r *village.Round) (bool, error) { return r.Step(p, f.Now()) }, err
}

// salted is the round with the secret of its rows.
func (f VillageClose) salted(ctx context.Context, id string) (*village.Round, error) {
	r, err := f.Rounds.Get(ctx, id)
	if err != nil || !r.Salts.Empty() {
		return r, err
	}
	secret := f.Secret()
	return f.Rounds.Update(ctx, id, func(r *village.Round) error {
		if !r.Salt(secret) {
			return store.Unchanged()
		}
		return nil
	})
}

// due are the entries that are left to freeze, in order: those that the round knows to have applied, and those it heard of too late.
func (f VillageClose) due(ctx context.Context, r *village.Round) ([]string, error) {
	ids := slices.Clone(r.Filed)
	_, err := f.Entries.Each(ctx, store.VillageEntriesOf(r.ID, village.Applied).Only("village"), func(e *village.Entry) error {
		ids = append(ids, e.ID)
		return nil
	})
	slices.Sort(ids)
	ids = slices.Compact(ids)
	from, _ := slices.BinarySearch(ids, r.Progress.After+"\x00")
	return ids[from:], err
}

// part freezes entries, some side by side, until its time is over.
func (f VillageClose) part(ctx context.Context, r *village.Round) (village.Part, error) {
	p := village.Part{Part: r.Part, After: r.Progress.After}
	ids, err := f.due(ctx, r)
	if err != nil {
		return p, err
	}
	salts, err := village.NewSalter(r.Salts)
	if err != nil {
		return p, err
	}
	short, cancel := context.WithTimeout(ctx, closeTime)
	defer cancel()
	for len(ids) > 0 {
		if p.Done > 0 && (short.Err() != nil || f.size > 0 && p.Done >= int64(f.size)) {
			return p, nil
		}
		some := ids[:min(len(ids), closeSide)]
		rows := make([]int64, len(some))
		group, each := errgroup.WithContext(ctx)
		for i, id := range some {
			group.Go(func() (err error) { rows[i], err = f.freeze(each, r, id, salts); return err })
		}
		if err := group.Wait(); err != nil {
			if p.Done > 0 && ctx.Err() != nil { // cut off on the way: what was done until then is the part
				return p, nil
			}
			return p, err
		}
		for _, n := range rows {
			p.Households += n
		}
		p.Done, p.After, ids = p.Done+int64(len(some)), some[len(some)-1], ids[len(some):]
	}
	p.Last = true
	return p, nil
}

// freeze freezes one entry, and says how many rows it has.
func (f VillageClose) freeze(ctx context.Context, r *village.Round, id string, salts village.Salter) (int64, error) {
	e, err := f.Entries.Get(ctx, id)
	if err != nil || e.State == village.Withdrawn || e.State == village.Draft {
		return 0, gone(err)
	}
	was, err := f.SnapshotIn(ctx, e.Round, e.Village)
	if err == nil {
		return was.Size, nil
	}
	if !errors.Is(err, models.NotFound) {
		return 0, err
	}
	var frozen *village.Snapshot
	if r.Level == village.OfTowns {
		frozen, err = f.town(ctx, e)
	} else {
		frozen, err = f.village(ctx, e, salts)
	}
	if err != nil {
		return 0, err
	}
	return frozen.Size, store.Existing(f.Snapshots.Insert(ctx, frozen))
}

func (f VillageClose) village(ctx context.Context, e *village.Entry, salts village.Salter) (*village.Snapshot, error) {
	rows, err := f.RowsOf(ctx, e.Village, e.CutOff, salts)
	if err != nil {
		return nil, err
	}
	loans, err := f.LoansOf(ctx, e.Village, e.CutOff, f.Policy)
	if err != nil {
		return nil, err
	}
	return village.Freeze(e, rows, loans, f.Now())
}

// town counts a town's villages, and sums up what was frozen of them in the same year.
func (f VillageClose) town(ctx context.Context, e *village.Entry) (*village.Snapshot, error) {
	places, err := f.Villages(ctx, e.Village, f.Policy)
	if err != nil {
		return nil, err
	}
	year := village.RoundID(e.Village.County(), e.Year, village.OfVillages)
	sums, err := f.TownFacts(ctx, places, year, e.CutOff, f.Policy)
	if err != nil {
		return nil, err
	}
	own, err := f.suppression(ctx, e.Scheme)
	if err != nil {
		return nil, err
	}
	theirs := own
	r, err := f.Rounds.Get(ctx, year)
	if err == nil {
		theirs, err = f.suppression(ctx, r.Scheme)
	}
	if gone(err) != nil {
		return nil, err
	}
	each, err := f.each(ctx, places, year, e.CutOff)
	if err != nil {
		return nil, err
	}
	return village.FreezeTown(e, sums, own.Town(theirs, each, sums), f.Now()), nil
}

func (f VillageClose) suppression(ctx context.Context, scheme string) (*village.Suppression, error) {
	s, err := f.Schemes.Get(ctx, scheme)
	if err != nil {
		return nil, err
	}
	set, err := s.Read()
	if err != nil {
		return nil, err
	}
	return village.NewSuppression(set, village.MinimumCell), nil
}

// each are the facts of each village as its own bundle tells them, and what banks tell of it.
func (f VillageClose) each(ctx context.Context, places []models.Region, round string, on models.Day) ([]map[string]int64, error) {
	all := make([]map[string]int64, len(places))
	for i, place := range places {
		facts := map[string]int64{}
		frozen, err := f.SnapshotIn(ctx, round, place)
		if gone(err) != nil {
			return nil, err
		}
		if err == nil {
			facts = frozen.Facts
		}
		loans, err := f.LoansOf(ctx, place, on, f.Policy)
		if err != nil {
			return nil, err
		}
		loans.Into(facts)
		all[i] = facts
	}
	return all, nil
}
