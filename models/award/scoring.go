package award

import (
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/jury"
	"xinyi/models/score"
)

const hundred score.Points = 10000

// Marks are what the experts came to.
type Marks struct {
	Expert   score.Points            `bson:"expert"` // trimmed mean of 100.00
	Counted  int                     `bson:"counted"`
	Criteria map[string]score.Points `bson:"criteria"` // trimmed means, for the nominee to read
	At       time.Time               `bson:"at"`
}

// score goes on to the experts.
func (n *Nomination) score(by models.Actor, now time.Time) error {
	if err := n.Move(moves, InScoring, by.At(now), "award.state"); err != nil {
		return err
	}
	n.Jury.Again()
	n.Until, n.WakeAt = "", nil
	n.note(EventDrawDue, by, now)
	return nil
}

// tied says what ties an expert to the nominee, as far as anybody can know it without being told: nobody scores who is the nominee, works
// where it works, acts for it, nominated it or checked it; the jury itself takes nobody who sat in an earlier round.
//
// Source: docs/sources.md#award-experts.
func (n *Nomination) tied(e Expert) bool {
	return e.Person == n.Nominee.Person || e.Unit != "" && (e.Unit == n.Unit || e.Unit == n.Nominee.Ref) || n.nominated(e.Person) ||
		n.checked(e.Person) ||
		slices.ContainsFunc(n.Filings, func(f Filing) bool { return f.By.Person == e.Person })
}

// Draw draws experts until enough are asked: in the order that the programme's seed gives, which anybody can work out once it is shown.
// It says whether somebody was asked.
//
// Source: docs/sources.md#award-experts.
func (n *Nomination) Draw(p *Programme, now time.Time) bool {
	if n.State != InScoring {
		return false
	}
	var ids []string
	for _, e := range p.Experts {
		if !n.tied(e) {
			ids = append(ids, e.Person)
		}
	}
	var order []jury.Juror
	for _, person := range jury.Draw(p.Seed.Reveal()+"/"+n.ID+"/"+strconv.Itoa(n.Jury.Round), ids, len(ids)) {
		order = append(order, jury.Juror{Person: person})
	}
	if n.Until == "" {
		n.due(models.DayOf(now).AddWorking(p.Terms.ScoreDays))
	}
	n.Jury.Size = p.Terms.Experts
	asked := n.Jury.Fill(order)
	for _, person := range asked {
		n.Publish(EventDrawn.Of(n.data()), person, models.Clockwork, now)
	}
	in, _, _ := n.Jury.Counts()
	changed := len(asked) > 0
	if short := in < p.Terms.Experts; short != n.Short {
		n.Short, changed = short, true
		if short {
			n.note(EventOverdue, models.Clockwork, now)
		}
	}
	return changed
}

// scoring says whether points are taken. Errors: InvalidTransition.
func (n *Nomination) scoring() error {
	if n.State != InScoring {
		return models.Refused(n.Life, moves[n.State], "award.state")
	}
	return nil
}

// Recuse lets an expert stand aside, and draws the next one. Errors: as jury.Panel.Recuse; InvalidTransition.
func (n *Nomination) Recuse(t jury.Tie, why string, p *Programme, by models.Actor, now time.Time) error {
	if n.Jury.Seat(by.Person) == nil {
		return models.E(models.NotFound, "not_found")
	}
	if err := n.scoring(); err != nil {
		return err
	}
	if err := n.Jury.Recuse(t, why, by, now); err != nil {
		return err
	}
	n.Draw(p, now)
	return n.opened(p, false, now)
}

// Score seals an expert's points, once. Errors: as jury.Panel.Give; InvalidTransition.
func (n *Nomination) Score(sheet jury.Sheet, p *Programme, by models.Actor, now time.Time) error {
	if n.Jury.Seat(by.Person) == nil {
		return models.E(models.NotFound, "not_found")
	}
	if err := n.scoring(); err != nil {
		return err
	}
	most := map[string]score.Points{}
	for _, c := range p.Criteria {
		most[c.Code] = score.Points(c.Points) * 100
	}
	if err := n.Jury.Give(sheet, most, by, now); err != nil {
		return err
	}
	return n.opened(p, false, now)
}

// late is the end of the experts' days. The programme is not at hand: what the days were, the case remembers; with too few scores it
// waits for the office.
func (n *Nomination) late(now time.Time) error {
	n.Short = true
	d := n.data()
	d.Late = "yes"
	n.Publish(EventDrawDue.Of(d), "", models.Clockwork, now)
	n.note(EventOverdue, models.Clockwork, now)
	return nil
}

// Close opens the scores after the experts' days, when enough are in; else more experts are drawn and the days begin anew. It says
// whether anything changed.
func (n *Nomination) Close(p *Programme, now time.Time) (bool, error) {
	if n.State != InScoring || n.Until == "" || models.DayOf(now) <= n.Until {
		return n.Draw(p, now), nil
	}
	if _, given, _ := n.Jury.Counts(); given >= p.Terms.Experts {
		return true, n.opened(p, true, now)
	}
	n.Jury.Lapse()
	n.due(models.DayOf(now).AddWorking(p.Terms.ScoreDays))
	n.Draw(p, now)
	return true, nil
}

// opened opens the scores once all who were asked are in, or over says that the days are over.
func (n *Nomination) opened(p *Programme, over bool, now time.Time) error {
	if !n.Jury.Open(over, p.Terms.Experts) {
		return nil
	}
	mean, by, counted, _ := n.Jury.Mean(p.Terms.Experts, p.Terms.Trim)
	if err := n.Move(moves, InVote, models.Clockwork.At(now), "award.state"); err != nil {
		return err
	}
	n.Marks, n.Short, n.Until, n.WakeAt = &Marks{Expert: mean, Counted: counted, Criteria: by, At: now}, false, "", nil
	return nil
}

// Rescore has a case scored again by newly drawn experts, for a finding about its marks, before seats are given. Errors: Forbidden;
// Invalid; InvalidTransition.
//
// Source: docs/sources.md#award-experts.
func (n *Nomination) Rescore(why string, p *Programme, by models.Actor, now time.Time) error {
	switch err := office(n.Place, by); {
	case err != nil:
		return err
	case why == "":
		return models.Bad("/reason", "required", "award.text")
	case n.State != InVote || p.State != Reviewing && p.State != Counting:
		return models.Refused(n.Life, moves[n.State], "award.state")
	}
	if err := n.score(by, now); err != nil {
		return err
	}
	n.Moved.Reason, n.Marks = why, nil
	return nil
}

// Given are the marks of the case that are open, for the statistics.
func (n *Nomination) Given() []jury.Mark {
	return n.Jury.Marks(n.ID, func(j jury.Juror) string { return j.Person })
}

// Total is what a nominee comes to by weights, of 100.00, rounded half up. most are the most votes of the category: 0 when nobody voted. A
// part that is missing for want of others is left out and the rest counts for the whole: what is not known is neutral, never zero.
//
// Source: docs/sources.md#award-score.
func (n *Nomination) Total(w Weights, votes, most int) score.Points {
	var sum, weight int64
	if n.Marks != nil {
		sum, weight = int64(n.Marks.Expert)*int64(w.Expert), int64(w.Expert)
	}
	if d, ok := n.department(); ok {
		sum, weight = sum+int64(d)*int64(w.Department), weight+int64(w.Department)
	}
	if most > 0 {
		sum, weight = sum+int64(Share(votes, most))*int64(w.Public), weight+int64(w.Public)
	}
	if weight == 0 {
		return 0
	}
	return score.Points((2*sum + weight) / (2 * weight))
}

// Share is a nominee's share of the public's points, of 100.00: its votes for each of the most votes, rounded down.
func Share(votes, most int) score.Points {
	if most <= 0 || votes <= 0 {
		return 0
	}
	return score.Points(int64(min(votes, most)) * int64(hundred) / int64(most))
}

// Drawn says whether a person was drawn for the case in this round.
func (n *Nomination) Drawn(person string) bool { return n.Jury.Seat(person) != nil }
