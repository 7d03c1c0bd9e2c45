package flows

import (
	"context"
	"errors"
	"time"

	"xinyi/models"
	"xinyi/models/uscc"
	"xinyi/store"
	"xinyi/usecase"
)

// Bounds of a part of a scan.
const (
	scanPart = 2000 // pairs, and to the end of the group the last of them is in
	scanTime = 4 * time.Second
	maxGroup = 50 // pairs of one group that are looked at: more are as wrong as fifty
)

// Uscc does the work of scans, and routes and checks tickets.
type Uscc struct {
	usecase.Catalogue
	Now func() time.Time

	size int // pairs in a part; 0 is scanPart
}

// Subscribers are to be given to the relay.
func (f Uscc) Subscribers() []Subscriber {
	return []Subscriber{
		Worker[uscc.Scan, *uscc.Scan]{Repo: f.Scans, Now: f.Now, Do: f.scan}.Subscriber("uscc.scan"),
		{Name: "uscc.route", Kinds: Kinds(uscc.EventOpened), Do: f.route},
		{Name: "uscc.correct", Kinds: Kinds(uscc.EventCorrected), Do: f.corrected},
	}
}

// scan does the part that is due. One cut off is done again from where it began: what has its ticket gets no second one.
func (f Uscc) scan(ctx context.Context, s *uscc.Scan) (func(*uscc.Scan) (bool, error), error) {
	p, err := f.part(ctx, s)
	return func(s *uscc.Scan) (bool, error) { return s.Step(p, f.Now()) }, err
}

// errPartFull ends a part between two groups.
var errPartFull = errors.New("enough for one part")

// part streams pairs, group by group, and reports what it finds. When ctx ends on the way, the groups done until then count.
func (f Uscc) part(ctx context.Context, s *uscc.Scan) (uscc.Part, error) {
	p := uscc.Part{Part: s.Part, After: s.After, Found: make(map[uscc.Class]int64)}
	short, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	size := int64(f.size)
	if size == 0 {
		size = scanPart
	}
	var group []*uscc.Org
	seen := int64(0) // of the group
	key := func(o *uscc.Org) string { return o.Code }
	if s.Stage == uscc.ByPlace {
		key = func(o *uscc.Org) string { return o.Place }
	}
	finish := func() error {
		if len(group) == 0 {
			return nil
		}
		if err := f.look(ctx, s.Stage, group, &p); err != nil {
			return err
		}
		p.After, p.Seen = key(group[0]), p.Seen+seen
		group, seen = group[:0], 0
		return nil
	}
	_, err := f.Orgs.Each(ctx, store.OrgsAfter(s.Stage, s.After), func(o *uscc.Org) error {
		if !s.By.Region.Contains(o.Office) {
			return nil
		}
		if len(group) > 0 && key(group[0]) != key(o) {
			if err := finish(); err != nil {
				return err
			}
			if p.Seen >= size || short.Err() != nil {
				return errPartFull
			}
		}
		if seen++; len(group) < maxGroup {
			group = append(group, o)
		}
		return nil
	})
	if errors.Is(err, errPartFull) {
		return p, nil
	}
	if err == nil {
		err = finish()
	}
	if err != nil && p.Seen > 0 {
		return p, nil // the next part meets the error again, with nothing done before
	}
	p.Last = true
	return p, err
}

// look reports what is wrong with one group.
func (f Uscc) look(ctx context.Context, stage uscc.Stage, group []*uscc.Org, p *uscc.Part) error {
	find := uscc.OfCode
	if stage == uscc.ByPlace {
		find = uscc.OfPlace
	}
	found, wrong := find(group)
	if !wrong {
		return nil
	}
	opened, err := f.Report(ctx, found)
	if err != nil {
		return err
	}
	p.Found[found.Class]++
	if opened {
		p.Opened++
	}
	return nil
}

// route gives a new ticket to the unit that gives out such codes where it was found. Without one it waits for the office.
func (f Uscc) route(ctx context.Context, e models.Event) error {
	t, err := f.Tickets.Get(ctx, e.Subject)
	if err != nil || t.State != uscc.Open {
		return err
	}
	unit, err := f.Units.First(ctx, store.UnitsGiving(string(t.Authority), t.Region.City()))
	if errors.Is(err, models.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Tickets.Update(ctx, t.ID, func(t *uscc.Ticket) error {
		if t.State != uscc.Open {
			return store.Unchanged()
		}
		return t.Assign(unit.ID, models.Clockwork, f.Now())
	})
	return err
}

// corrected puts the wrong pairs out of use, then looks whether the fault is gone. A source that sends one again brings it back.
func (f Uscc) corrected(ctx context.Context, e models.Event) error {
	t, err := f.Tickets.Get(ctx, e.Subject)
	if err != nil || t.State != uscc.Corrected {
		return err
	}
	var wrong []string
	err = f.Doubted(ctx, t, func(o *uscc.Org) error {
		if o.EndedAt == nil && t.Wrong(o) {
			wrong = append(wrong, o.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range wrong {
		_, err := f.Orgs.Update(ctx, id, func(o *uscc.Org) error {
			if !o.End(f.Now()) {
				return store.Unchanged()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	err = f.Verify(ctx, t.ID)
	if errors.Is(err, models.Conflict) {
		return nil // the right pair has not come in yet: the desk asks again
	}
	return err
}
