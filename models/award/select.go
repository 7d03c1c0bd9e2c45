package award

import (
	"cmp"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// A Candidate is a nominee as the selection sees it.
type Candidate struct {
	ID       string
	Region   string
	Industry string
	Points   score.Points
	Expert   score.Points
	At       time.Time // of the nomination
	Seated   bool      // has a seat already and keeps it
}

// A Because says why somebody has a seat, or none.
type Because string

// The reasons.
const (
	HasSeat      Because = "SEATED"
	SeatsFull    Because = "SEATS_FULL"    // all seats went to others with more points
	RegionFull   Because = "REGION_FULL"   // the seats of the place did
	IndustryFull Because = "INDUSTRY_FULL" // those of the industry did
	BelowLine    Because = "BELOW"         // fewer points than anybody needs
)

// Enum are all of them.
func (Because) Enum() []any {
	return models.Enum(HasSeat, SeatsFull, RegionFull, IndustryFull, BelowLine)
}

// A Placed is where a candidate came out, and what would have been needed.
type Placed struct {
	Rank    int          `bson:"rank"` // from 1, by points
	Of      int          `bson:"of"`
	Because Because      `bson:"because"`
	Next    int          `bson:"next,omitempty"` // place among the runners-up, from 1
	Points  score.Points `bson:"points"`
	Need    score.Points `bson:"need,omitempty"` // points of the last seat that stood in the way, or the line
	Votes   int          `bson:"votes"`
}

// ahead orders candidates: more points first, then more of the experts', then who was nominated first.
//
// Source: docs/sources.md#award-score.
func ahead(a, b Candidate) int {
	return cmp.Or(cmp.Compare(b.Points, a.Points), cmp.Compare(b.Expert, a.Expert), a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
}

// Select gives the seats of a category, the best first, within the quotas of places and industries. No seat stays empty that somebody
// from the line on may have. Whoever has a seat keeps it. It explains every candidate, by id.
//
// Source: docs/sources.md#award-select.
func Select(c Category, t Terms, all []Candidate) map[string]Placed {
	all = slices.Clone(all)
	slices.SortFunc(all, ahead)
	out := make(map[string]Placed, len(all))
	taken := seats{c: c, regions: map[string]int{}, industries: map[string]int{}, worst: map[string]score.Points{}}
	for _, x := range all {
		if x.Seated {
			taken.take(x)
		}
	}
	next := 0
	for i, x := range all {
		p := Placed{Rank: i + 1, Of: len(all), Because: HasSeat, Points: x.Points}
		switch {
		case x.Seated:
		case x.Points < score.Points(t.Threshold):
			p.Because, p.Need = BelowLine, score.Points(t.Threshold)
		default:
			if p.Because, p.Need = taken.full(x); p.Because == HasSeat {
				taken.take(x)
			} else if next++; next <= t.RunnersUp {
				p.Next = next
			}
		}
		out[x.ID] = p
	}
	return out
}

// seats are the seats of a category that are taken.
type seats struct {
	c                   Category
	all                 int
	regions, industries map[string]int
	worst               map[string]score.Points // the fewest points of a seat of a quota
}

func (s *seats) take(x Candidate) {
	s.all++
	r, i := quotaOf(s.c.Regions, x.Region), x.Industry
	s.regions[r]++
	s.industries[i]++
	for _, key := range []string{"", "r" + r, "i" + i} {
		if w, ok := s.worst[key]; !ok || x.Points < w {
			s.worst[key] = x.Points
		}
	}
}

// full says which quota leaves no seat for a candidate, and the points of its last seat.
func (s *seats) full(x Candidate) (Because, score.Points) {
	r := quotaOf(s.c.Regions, x.Region)
	most, bound := s.c.Industry[x.Industry]
	switch {
	case s.all >= s.c.Seats:
		return SeatsFull, s.worst[""]
	case r != "" && s.regions[r] >= s.c.Regions[r]:
		return RegionFull, s.worst["r"+r]
	case bound && s.industries[x.Industry] >= most:
		return IndustryFull, s.worst["i"+x.Industry]
	}
	return HasSeat, 0
}

// Candidate is the nomination as the selection sees it.
func (n *Nomination) Candidate(w Weights, votes, most int) Candidate {
	c := Candidate{ID: n.ID, Region: string(n.Region), Industry: n.Industry, Points: n.Total(w, votes, most), Seated: n.seated()}
	if len(n.Nominators) > 0 {
		c.At = n.Nominators[0].At
	}
	if n.Marks != nil {
		c.Expert = n.Marks.Expert
	}
	return c
}

// Stands says whether the nominee is looked at when seats are given; again says that they were given before: then whoever has one, and
// the runners-up.
func (n *Nomination) Stands(again bool) bool {
	switch {
	case n.seated() || n.State == RunnerUp:
		return true
	case again || n.Marks == nil:
		return false
	}
	return n.State == InVote || n.State == NotSelected && n.Placed != nil && n.Placed.Because != HasSeat
}

func (n *Nomination) seated() bool {
	return slices.Contains([]State{Shortlisted, OnNotice, InDecision, Approved, Awarded}, n.State)
}

// Seat takes where the nominee came out: a seat, a place among the runners-up, or none. A runner-up moves up when a seat is free. It
// says whether anything changed.
func (n *Nomination) Seat(p Placed, now time.Time) bool {
	to := NotSelected
	switch {
	case p.Because == HasSeat:
		to = Shortlisted
	case p.Next > 0:
		to = RunnerUp
	}
	if n.State != InVote && (n.State != RunnerUp || to != Shortlisted) {
		return false
	}
	if n.Move(moves, to, models.Clockwork.At(now).Because(string(p.Because)), "award.state") != nil {
		return false
	}
	n.Placed, n.Until, n.WakeAt = &p, "", nil
	switch to { //nolint:exhaustive // there are three
	case NotSelected:
		n.Why = because[p.Because]
		n.publish(EventNot, models.Clockwork, now)
	case RunnerUp:
		n.publish(EventRunnerUp, models.Clockwork, now)
	}
	return true
}

// because are the texts of the reasons.
var because = map[Because]string{
	HasSeat: "", SeatsFull: "award.seats_full", RegionFull: "award.region_full", IndustryFull: "award.industry_full", BelowLine: "award.below",
}
