package flows

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"xinyi/models"
	"xinyi/models/campaign"
	"xinyi/models/inbox"
	"xinyi/notifications"
	"xinyi/store"
	"xinyi/usecase"
)

// Bounds of a campaign's part.
const (
	partPages = 5 // of store.MaxPage people, each told in one batch
	partTime  = 4 * time.Second
	judges    = 8 // people looked up side by side
	week      = 7 * 24 * time.Hour
)

// Campaigns does the work of campaigns: it tells the part that is due, page by page.
//
// A part cut off at any point is done again from where it began. What its people are told has ids that derive from campaign
// and person, so who was told already is not told twice, and is counted as told once.
type Campaigns struct {
	usecase.Campaign
	Inbox notifications.Inbox
	Stops *Stops
	Now   func() time.Time
}

// Subscribers are to be given to the relay.
func (f Campaigns) Subscribers() []Subscriber {
	w := Worker[campaign.Campaign, *campaign.Campaign]{Repo: f.Campaigns, Now: f.Now, Do: f.do}
	return []Subscriber{w.Subscriber("campaign")}
}

// do tells the part that is due. When ctx ends on the way, the pages told until then count and the rest is the next part.
func (f Campaigns) do(ctx context.Context, c *campaign.Campaign) (func(*campaign.Campaign) (bool, error), error) {
	p, err := f.part(ctx, c)
	return func(c *campaign.Campaign) (bool, error) { return c.Step(p, f.Now()) }, err
}

// part goes through a few pages of the audience. The first page that fails ends it; only when no page was told at all is
// that an error. Of a campaign that was stopped it only counts what its last part told.
func (f Campaigns) part(ctx context.Context, c *campaign.Campaign) (campaign.Part, error) {
	p := campaign.Part{Part: c.Part, Cursor: c.Cursor}
	if c.Part == 0 {
		n, err := f.Reach(ctx, c.Audience)
		if err != nil {
			return p, err
		}
		p.Counts.Audience = n
	}
	do, short := f.send, ctx
	if c.State == campaign.Stopped {
		do = f.count
	} else {
		var cancel context.CancelFunc
		short, cancel = context.WithTimeout(ctx, partTime)
		defer cancel()
	}
	for page := range partPages {
		next, err := f.page(ctx, c, &p, do)
		if err != nil && page == 0 {
			return p, err
		}
		if err != nil {
			return p, nil // the next part meets the error again, with nothing done before
		}
		if p.Cursor = next; next == "" {
			p.Last = true
			break
		}
		if short.Err() != nil || c.State == campaign.Running && f.stopped(ctx, c.ID) {
			break
		}
	}
	return p, nil
}

func (f Campaigns) stopped(ctx context.Context, id string) bool {
	if f.Stops == nil {
		return false
	}
	stopped, err := f.Stops.Stopped(ctx, id)
	return err == nil && stopped
}

// page does one page of the audience after the cursor of p and adds what came of it.
func (f Campaigns) page(ctx context.Context, c *campaign.Campaign, p *campaign.Part, do does) (next string, err error) {
	found, next, err := f.Candidates(ctx, c.Audience, p.Cursor, f.Now())
	if err != nil {
		return "", err
	}
	n, err := do(ctx, c, found)
	if err != nil {
		return "", err
	}
	p.Counts.Add(n)
	return next, nil
}

// does is what happens to the people of a page.
type does func(context.Context, *campaign.Campaign, []usecase.Candidate) (campaign.Counts, error)

// send tells those of a page who are meant, and says what became of each.
func (f Campaigns) send(ctx context.Context, c *campaign.Campaign, found []usecase.Candidate) (campaign.Counts, error) {
	now := f.Now()
	n := campaign.Counts{Seen: len(found)}
	var events []models.Event
	for _, s := range found {
		if !s.Meant {
			n.Passed++
			continue
		}
		events = append(events, c.Message(s.Person, now))
	}
	if c.Class == campaign.Marketing {
		var err error
		if events, err = f.welcome(ctx, events, &n, now); err != nil {
			return n, err
		}
	}
	n.Sent = len(events)
	if len(events) == 0 {
		return n, nil
	}
	_, err := f.Inbox.DeliverMany(ctx, events, c.ID)
	return n, err
}

// count counts those of a page who have it.
func (f Campaigns) count(ctx context.Context, c *campaign.Campaign, found []usecase.Candidate) (campaign.Counts, error) {
	var n campaign.Counts
	for _, s := range found {
		has, err := f.has(ctx, c.Message(s.Person, f.Now()))
		if err != nil {
			return n, err
		}
		if has {
			n.Seen++
			n.Sent++
		}
	}
	return n, nil
}

// has says whether what is told is in its person's inbox.
func (f Campaigns) has(ctx context.Context, e models.Event) (bool, error) {
	_, err := f.Inbox.Messages.Get(ctx, models.Derived(e.ID, e.Kind, e.Person, inbox.Channel))
	if errors.Is(err, models.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// What a person says to advertising.
type answer int

const (
	welcome answer = iota
	capped
	muted
)

// welcome leaves those out who do not want advertising, or had enough of it this week.
//
// People are counted before they are told, so two campaigns that tell the same page at the same moment may go one over.
func (f Campaigns) welcome(ctx context.Context, events []models.Event, n *campaign.Counts, now time.Time) ([]models.Event, error) {
	answers := make([]answer, len(events))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(judges)
	for i, e := range events {
		group.Go(func() (err error) {
			answers[i], err = f.ask(inner, e, now)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var wanted []models.Event
	for i, e := range events {
		switch answers[i] {
		case welcome:
			wanted = append(wanted, e)
		case capped:
			n.Capped++
		case muted:
			n.Muted++
		}
	}
	return wanted, nil
}

// ask says what a person makes of e. Who has it already, from a part that was cut off, is told.
func (f Campaigns) ask(ctx context.Context, e models.Event, now time.Time) (answer, error) {
	spec, _ := f.Inbox.Texts.Spec(e.Kind)
	prefs, err := f.Inbox.Delivery.Preferences.Get(ctx, e.Person)
	if err != nil && !errors.Is(err, models.NotFound) {
		return muted, err
	}
	said := muted
	if prefs == nil || !prefs.Topics[spec.Topic].Muted {
		had, err := f.Inbox.Messages.Count(ctx, store.Advertising(e.Person, now.Add(-week)))
		if err != nil {
			return muted, err
		}
		if had < int64(f.Inbox.Policy.CampaignWeek) {
			return welcome, nil
		}
		said = capped
	}
	has, err := f.has(ctx, e)
	if has {
		said = welcome
	}
	return said, err
}

// Stops remembers for a second which campaigns are stopped, for whoever asks often.
type Stops struct {
	Campaigns *store.Repo[campaign.Campaign]
	Now       func() time.Time

	mu    sync.Mutex
	known map[string]stop
}

type stop struct {
	at      time.Time
	stopped bool
}

// How long an answer holds, and how many are kept.
const (
	stopHolds = time.Second
	stopsKept = 1000
)

// Stopped says whether a campaign was stopped; one nobody knows was not. A stop is seen within a second.
func (s *Stops) Stopped(ctx context.Context, id string) (bool, error) {
	now := s.Now()
	s.mu.Lock()
	was, ok := s.known[id]
	s.mu.Unlock()
	if age := now.Sub(was.at); ok && (was.stopped || age >= 0 && age < stopHolds) {
		return was.stopped, nil
	}
	c, err := s.Campaigns.Get(ctx, id)
	if err != nil && !errors.Is(err, models.NotFound) {
		return false, err
	}
	is := stop{at: now, stopped: err == nil && c.State == campaign.Stopped}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= stopsKept {
		s.known = map[string]stop{}
	}
	s.known[id] = is
	return is.stopped, nil
}
