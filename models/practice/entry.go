package practice

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/jury"
	"xinyi/models/score"
)

// An Entry is a case in a round.
type Entry struct {
	Round  string       `bson:"round"`
	Jury   jury.Panel   `bson:"jury"`
	Order  []jury.Juror `bson:"order"`            // of the draw
	Why    string       `bson:"why,omitempty"`    // of the last draw again
	Closed bool         `bson:"closed,omitempty"` // ranked: no mark is taken any more
	Points score.Points `bson:"points"`           // the trimmed mean, once ranked
	N      int          `bson:"n"`                // marks it rests on
}

// Seat takes the case into a round: experts are drawn who are not of its unit, did not look at it, and did not
// score it in another year. It says whether anything changed.
func (c *Case) Seat(r *Round, now time.Time) bool {
	if c.State != Accepted || c.Entry != nil || r.State != Scoring || r.seats(c.Class) == 0 || !r.Region.Contains(c.Region) {
		return false
	}
	by := map[string]Expert{}
	var nos []string
	for _, x := range r.Pool {
		if x.Unit != c.Unit && x.Person != c.Person && !c.looked(x.Person) && !c.scored(x.Person) {
			by[x.No] = x
			nos = append(nos, x.No)
		}
	}
	e := &Entry{Round: r.ID, Jury: jury.Panel{Round: 1, Size: r.Panel}}
	for _, no := range jury.Draw(r.drawSeed(c.ID), nos, len(nos)) {
		e.Order = append(e.Order, jury.Juror{No: no, Person: by[no].Person})
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

// scored says that a person had a seat for the case in another year.
func (c *Case) scored(person string) bool {
	return slices.ContainsFunc(c.Past, func(e Entry) bool { return e.Jury.Sat(person) })
}

// fill seats who is next until the panel is whole, and asks each.
func (c *Case) fill(now time.Time) {
	for _, person := range c.Entry.Jury.Fill(c.Entry.Order) {
		c.publish(EventAsked, person, "", models.Clockwork, now)
	}
}

// scoring says whether marks are taken. Errors: InvalidTransition "practice.not_scored_now".
func (c *Case) scoring() error {
	if c.State != Accepted || c.Entry == nil || c.Entry.Closed {
		return models.Refused(c.Life, moves[c.State], "practice.not_scored_now")
	}
	return nil
}

// Score takes an expert's points, once; they are sealed until all are in. Errors: as jury.Panel.Give; InvalidTransition.
func (c *Case) Score(sheet jury.Sheet, r *Round, by models.Actor, now time.Time) error {
	if err := c.scoring(); err != nil {
		return err
	}
	if r.ID != c.Entry.Round || r.State != Scoring {
		return models.Refused(c.Life, moves[c.State], "practice.not_scored_now")
	}
	most := map[string]score.Points{}
	for _, k := range r.Criteria {
		most[k.Code] = k.Max
	}
	if err := c.Entry.Jury.Give(sheet, most, by, now); err != nil {
		return err
	}
	c.Entry.Jury.Open(false, 1)
	return nil
}

// Recuse has an expert stand aside (回避); the next of the draw takes the seat. Errors: as jury.Panel.Recuse; Invalid "practice.reason".
func (c *Case) Recuse(t jury.Tie, why string, by models.Actor, now time.Time) error {
	if len([]rune(why)) > maxReason || personal(why) != "" {
		return models.Bad("/note", "practice_reason", "practice.reason")
	}
	if err := c.scoring(); err != nil {
		return err
	}
	if err := c.Entry.Jury.Recuse(t, why, by, now); err != nil {
		return err
	}
	c.fill(now)
	c.Entry.Jury.Open(false, 1)
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
	case len(c.Entry.Jury.Left(c.Entry.Order)) < c.Entry.Jury.Size:
		return models.E(models.Conflict, "practice.nobody_left")
	}
	c.Entry.Jury.Again()
	c.Entry.Why = why
	c.fill(now)
	return nil
}

// Ranked takes what a round made of it: proposed, or back for another year. It says whether anything changed.
func (c *Case) Ranked(r *Round, now time.Time) (bool, error) {
	if c.State != Accepted || c.Entry == nil || c.Entry.Round != r.ID {
		return false, nil
	}
	x := r.result(c.ID)
	c.Entry.Closed = true
	c.Entry.Jury.Open(true, 1)
	if x != nil {
		c.Entry.Points, c.Entry.N = x.Points, x.N
	}
	if x == nil || !x.Chosen {
		c.back()
		return true, nil
	}
	c.Year = r.Year
	if err := c.Move(moves, Proposed, models.Clockwork.At(now), "practice.state"); err != nil {
		return false, err
	}
	c.publish(EventProposed, c.Person, "", models.Clockwork, now)
	return true, nil
}

// back ends a round for a case that stays in the running.
func (c *Case) back() {
	c.Past = append(c.Past, *c.Entry)
	c.Round, c.Entry, c.Year = "", nil, 0
}

// Settle takes what came of the notice: published, struck off by an objection, or back when the notice was withdrawn. It says whether
// anything changed.
func (c *Case) Settle(r *Round, to State, why string, now time.Time) (bool, error) {
	if c.State != Proposed || c.Entry == nil || c.Entry.Round != r.ID {
		return false, nil
	}
	if err := c.Move(moves, to, models.Clockwork.At(now).Because(why), "practice.state"); err != nil {
		return false, err
	}
	switch to { //nolint:exhaustive // nothing else comes of a notice
	case Published:
		c.publish(EventPublished, c.Person, "", models.Clockwork, now)
	case Rejected:
		c.Year = 0
		c.publish(EventRejected, c.Person, why, models.Clockwork, now)
	case Accepted:
		c.back()
	}
	return true, nil
}

// Release takes it out of a round that was cancelled. It says whether anything changed.
func (c *Case) Release(r *Round) bool {
	if c.State != Accepted || c.Entry == nil || c.Entry.Round != r.ID {
		return false
	}
	c.Entry.Closed = true
	c.back()
	return true
}
