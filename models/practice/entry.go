package practice

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/panel"
	"xinyi/models/score"
)

// A Part is what an expert gave for one criterion.
type Part struct {
	Code   string       `bson:"code"`
	Points score.Points `bson:"points"`
}

// A Seat is an expert drawn for a case. No says who in what is published, Person is hers alone.
type Seat struct {
	No     string       `bson:"no"`
	Person string       `bson:"person"`
	Aside  string       `bson:"aside,omitempty"` // why the mark does not count, or none is given: "recused", "redrawn"
	Why    string       `bson:"why,omitempty"`
	Parts  []Part       `bson:"parts,omitempty"`
	Points score.Points `bson:"points"`
	At     *time.Time   `bson:"at,omitempty"` // scored
}

// waits says that a mark is still to come.
func (s Seat) waits() bool { return s.Aside == "" && s.At == nil }

// An Entry is a case in a round.
type Entry struct {
	Round  string       `bson:"round"`
	Seats  []Seat       `bson:"seats"`
	Rest   []Seat       `bson:"rest,omitempty"` // who is next, in the order of the draw
	Panel  int          `bson:"panel"`
	Closed bool         `bson:"closed,omitempty"` // ranked: no mark is taken any more
	Points score.Points `bson:"points"`           // the trimmed mean, once ranked
	N      int          `bson:"n"`                // marks it rests on
}

// marks are the points that count.
func (e *Entry) marks() (ps []score.Points) {
	for _, s := range e.Seats {
		if s.Aside == "" && s.At != nil {
			ps = append(ps, s.Points)
		}
	}
	return ps
}

// Waits says whether a mark is still to come.
func (e *Entry) Waits() bool { return slices.ContainsFunc(e.Seats, Seat.waits) }

// Seat takes the case into a round: experts are drawn who are not of its unit and did not look at it. It says whether that was news.
func (c *Case) Seat(r *Round, now time.Time) bool {
	if c.State != Accepted || c.Entry != nil || r.State != Scoring || r.seats(c.Class) == 0 || !r.Region.Contains(c.Region) {
		return false
	}
	by := map[string]Expert{}
	var nos []string
	for _, x := range r.Pool {
		if x.Unit != c.Unit && x.Person != c.Person && !c.looked(x.Person) {
			by[x.No] = x
			nos = append(nos, x.No)
		}
	}
	e := &Entry{Round: r.ID, Panel: r.Panel}
	for _, no := range panel.Draw(r.drawSeed(c.ID), nos, len(nos)) {
		e.Rest = append(e.Rest, Seat{No: no, Person: by[no].Person})
	}
	c.Round, c.Entry = r.ID, e
	c.fill(now)
	return true
}

// looked says that a person had to do with the case.
func (c *Case) looked(person string) bool {
	if slices.Contains(c.Course.Makers, person) {
		return true
	}
	for _, v := range c.Course.Votes {
		if v.By.Person == person {
			return true
		}
	}
	return false
}

// fill seats who is next until the panel is whole, and asks each.
func (c *Case) fill(now time.Time) {
	e := c.Entry
	in := 0
	for _, s := range e.Seats {
		if s.Aside == "" {
			in++
		}
	}
	for ; in < e.Panel && len(e.Rest) > 0; in++ {
		e.Seats = append(e.Seats, e.Rest[0])
		c.tell(EventAsked, e.Rest[0].Person, "", models.Clockwork, now)
		e.Rest = e.Rest[1:]
	}
}

// seat is the seat of an expert that waits for a mark. Errors: InvalidTransition "practice.not_scored_now"; Forbidden
// "practice.not_seated"; Conflict "practice.scored_already".
func (c *Case) seat(person string) (*Seat, error) {
	if c.State != Accepted || c.Entry == nil || c.Entry.Closed {
		return nil, models.Refused(c.Life, moves[c.State], "practice.not_scored_now")
	}
	for i := range c.Entry.Seats {
		s := &c.Entry.Seats[i]
		switch {
		case s.Person != person || person == "" || s.Aside != "":
		case s.At != nil:
			return nil, models.E(models.Conflict, "practice.scored_already")
		default:
			return s, nil
		}
	}
	return nil, models.E(models.Forbidden, "practice.not_seated")
}

// Score takes an expert's points, each criterion's once; they never change. Errors: as seat; Invalid "practice.marks".
func (c *Case) Score(parts []Part, r *Round, by models.Actor, now time.Time) error {
	s, err := c.seat(by.Person)
	if err != nil {
		return err
	}
	if r.ID != c.Entry.Round || r.State != Scoring {
		return models.Refused(c.Life, moves[c.State], "practice.not_scored_now")
	}
	total := score.Points(0)
	for _, k := range r.Criteria {
		n := 0
		for _, p := range parts {
			if p.Code != k.Code {
				continue
			}
			if n++; p.Points < 0 || p.Points > k.Max {
				return models.Bad("/marks/"+k.Code, "practice_points", "practice.marks")
			}
			total += p.Points
		}
		if n != 1 {
			return models.Bad("/marks/"+k.Code, "required", "practice.marks")
		}
	}
	if len(parts) != len(r.Criteria) {
		return models.Bad("/marks", "practice_points", "practice.marks")
	}
	s.Parts, s.Points, s.At = slices.Clone(parts), total, models.At(now)
	return nil
}

// Recuse has an expert stand aside (回避); the next of the draw takes the seat. Errors: as seat; Invalid "practice.reason".
func (c *Case) Recuse(why string, by models.Actor, now time.Time) error {
	if n := len([]rune(why)); n == 0 || n > maxReason || personal(why) != "" {
		return models.Bad("/reason", "practice_reason", "practice.reason")
	}
	s, err := c.seat(by.Person)
	if err != nil {
		return err
	}
	s.Aside, s.Why = "recused", why
	c.fill(now)
	return nil
}

// Redraw has a case scored again by the next of the draw, after somebody looked at a finding. The marks there were stay on record and
// do not count. Errors: Forbidden for any but the round's own office; InvalidTransition; Invalid "practice.reason"; Conflict
// "practice.nobody_left" when too few are left.
func (c *Case) Redraw(why string, r *Round, by models.Actor, now time.Time) error {
	if err := r.mayRun(by); err != nil {
		return err
	}
	if n := len([]rune(why)); n == 0 || n > maxReason || personal(why) != "" {
		return models.Bad("/reason", "practice_reason", "practice.reason")
	}
	switch {
	case c.State != Accepted || c.Entry == nil || c.Entry.Closed || c.Entry.Round != r.ID || r.State != Scoring:
		return models.Refused(c.Life, moves[c.State], "practice.not_scored_now")
	case len(c.Entry.Rest) < c.Entry.Panel:
		return models.E(models.Conflict, "practice.nobody_left")
	}
	for i := range c.Entry.Seats {
		if s := &c.Entry.Seats[i]; s.Aside == "" {
			s.Aside, s.Why = "redrawn", why
		}
	}
	c.fill(now)
	return nil
}

// Ranked takes what a round made of it: proposed, or back for another year. It says whether that was news.
func (c *Case) Ranked(r *Round, now time.Time) (bool, error) {
	if c.State != Accepted || c.Entry == nil || c.Entry.Round != r.ID {
		return false, nil
	}
	x := r.result(c.ID)
	c.Entry.Closed = true
	if x != nil {
		c.Entry.Points, c.Entry.N = x.Points, x.N
	}
	if x == nil || !x.Chosen {
		c.back()
		return true, nil
	}
	c.Year = r.Year
	if err := c.Move(moves, Proposed, models.Clockwork, now, "practice.state", ""); err != nil {
		return false, err
	}
	c.tell(EventProposed, c.Person, "", models.Clockwork, now)
	return true, nil
}

// back ends a round for a case that stays in the running.
func (c *Case) back() {
	c.Past = append(c.Past, *c.Entry)
	c.Round, c.Entry, c.Year = "", nil, 0
}

// Settle takes what came of the notice: published, struck off by an objection, or back when the notice was withdrawn. It says whether
// that was news.
func (c *Case) Settle(r *Round, to State, why string, now time.Time) (bool, error) {
	if c.State != Proposed || c.Entry == nil || c.Entry.Round != r.ID {
		return false, nil
	}
	if err := c.Move(moves, to, models.Clockwork, now, "practice.state", why); err != nil {
		return false, err
	}
	switch to { //nolint:exhaustive // nothing else comes of a notice
	case Published:
		c.tell(EventPublished, c.Person, "", models.Clockwork, now)
	case Rejected:
		c.Year = 0
		c.tell(EventRejected, c.Person, why, models.Clockwork, now)
	case Accepted:
		c.back()
	}
	return true, nil
}

// Release takes it out of a round that was cancelled. It says whether that was news.
func (c *Case) Release(r *Round) bool {
	if c.State != Accepted || c.Entry == nil || c.Entry.Round != r.ID {
		return false
	}
	c.Entry.Closed = true
	c.back()
	return true
}
