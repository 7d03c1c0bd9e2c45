package award

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/panel"
	"xinyi/models/score"
)

const hundred score.Points = 10000

// A ScorerState is where an expert's scores stand.
type ScorerState string

// The states of an expert.
const (
	ScorerAsked   ScorerState = "ASKED"
	ScorerRecused ScorerState = "RECUSED"
	ScorerGiven   ScorerState = "GIVEN"
)

// A Tie is why an expert stands aside (回避).
type Tie string

// The ties.
const (
	SameUnit    Tie = "SAME_UNIT"
	Kin         Tie = "KIN"
	IsNominator Tie = "NOMINATOR"
	OtherTie    Tie = "OTHER"
)

// Enum are all of them.
func (Tie) Enum() []any { return models.Enum(SameUnit, Kin, IsNominator, OtherTie) }

// Ties lists them.
var Ties = []Tie{SameUnit, Kin, IsNominator, OtherTie}

// A Scorer is an expert who was drawn for a case. What one gives is sealed until all are in, or the days are over.
type Scorer struct {
	Person string        `bson:"person"`
	Round  int           `bson:"round"`
	State  ScorerState   `bson:"state"`
	Tie    Tie           `bson:"tie,omitempty"`
	Sealed models.Secret `bson:"sealed,omitempty"` // points by criterion, as JSON
	Note   models.Secret `bson:"note,omitempty"`
	Points *score.Points `bson:"points,omitempty"` // once it is open
	At     *time.Time    `bson:"at,omitempty"`
}

// Marks are what the experts came to.
type Marks struct {
	Expert   score.Points            `bson:"expert"` // trimmed mean of 100.00
	Counted  int                     `bson:"counted"`
	Criteria map[string]score.Points `bson:"criteria"` // trimmed means, for the nominee to read
	At       time.Time               `bson:"at"`
}

// score goes on to the experts.
func (n *Nomination) score(by models.Actor, now time.Time) error {
	if err := n.Move(moves, InScoring, by, now, "award.state", ""); err != nil {
		return err
	}
	n.Round++
	n.Until, n.WakeAt = "", nil
	n.tellTo("", EventDrawDue, now, by, nil)
	return nil
}

// tied says what ties an expert to the nominee, as far as anybody can know it without being told: nobody scores who is the nominee, works
// where it works, acts for it, nominated it, checked it, or scored it in an earlier round.
//
// Source: docs/sources.md#award-experts.
func (n *Nomination) tied(e Expert) bool {
	return e.Person == n.Nominee.Person || e.Unit != "" && (e.Unit == n.Unit || e.Unit == n.Nominee.Ref) || n.nominated(e.Person) || n.checked(e.Person) ||
		slices.ContainsFunc(n.Filings, func(f Filing) bool { return f.By.Person == e.Person }) ||
		slices.ContainsFunc(n.Scorers, func(s Scorer) bool { return s.Person == e.Person && s.Round < n.Round })
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
	slices.Sort(ids)
	ids = slices.Compact(ids)
	order := panel.Draw(p.Seed.Reveal()+"/"+n.ID+"/"+strconv.Itoa(n.Round), ids, len(ids))
	asked, news := n.active(), false
	if n.Until == "" {
		n.due(models.DayOf(now).AddWorking(p.Terms.ScoreDays))
	}
	for _, person := range order {
		if asked >= p.Terms.Experts {
			break
		}
		if n.scorer(person) == nil {
			n.Scorers = append(n.Scorers, Scorer{Person: person, Round: n.Round, State: ScorerAsked})
			n.tellTo(person, EventDrawn, now, models.Clockwork, nil)
			asked++
			news = true
		}
	}
	if short := asked < p.Terms.Experts; short != n.Short {
		n.Short, news = short, true
		if short {
			n.tellTo("", EventOverdue, now, models.Clockwork, nil)
		}
	}
	return news
}

// active is how many experts of this round have not stood aside.
func (n *Nomination) active() (count int) {
	for _, s := range n.Scorers {
		if s.Round == n.Round && s.State != ScorerRecused {
			count++
		}
	}
	return count
}

// scorer is a person's seat in this round, nil for none.
func (n *Nomination) scorer(person string) *Scorer {
	for i := range n.Scorers {
		if n.Scorers[i].Person == person && n.Scorers[i].Round == n.Round {
			return &n.Scorers[i]
		}
	}
	return nil
}

// Recuse lets an expert stand aside, and draws the next one. Errors: NotFound; Conflict "award.scored"; Invalid; InvalidTransition.
func (n *Nomination) Recuse(t Tie, p *Programme, by models.Actor, now time.Time) error {
	s, err := n.seat(by)
	switch {
	case err != nil:
		return err
	case !slices.Contains(Ties, t):
		return models.Bad("/tie", "oneof", "award.tie")
	}
	s.State, s.Tie, s.At = ScorerRecused, t, models.At(now)
	n.Draw(p, now)
	return n.opened(p, false, now)
}

func (n *Nomination) seat(by models.Actor) (*Scorer, error) {
	s := n.scorer(by.Person)
	switch {
	case s == nil || by.Agent != "":
		return nil, models.E(models.NotFound, "not_found")
	case n.State != InScoring:
		return nil, models.Refused(n.Life, moves[n.State], "award.state")
	case s.State != ScorerAsked:
		return nil, models.E(models.Conflict, "award.scored")
	}
	return s, nil
}

// Score seals an expert's points, by criterion in whole points, once. Errors: NotFound for whoever was not drawn; Conflict "award.scored";
// Invalid "award.marks", a field for every fault; InvalidTransition.
func (n *Nomination) Score(points map[string]int, note string, p *Programme, by models.Actor, now time.Time) error {
	s, err := n.seat(by)
	if err != nil {
		return err
	}
	var faults []models.Field
	for _, c := range p.Criteria {
		if v, ok := points[c.Code]; !ok || v < 0 || v > c.Points {
			faults = append(faults, models.Field{Pointer: "/points/" + c.Code, Code: "award_marks"})
		}
	}
	if len(points) != len(p.Criteria) && len(faults) == 0 {
		faults = append(faults, models.Field{Pointer: "/points", Code: "award_marks"})
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "award.marks", Fields: faults}
	}
	raw, err := json.Marshal(points)
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	s.State, s.Sealed, s.Note, s.At = ScorerGiven, models.NewSecret(string(raw)), models.NewSecret(note), models.At(now)
	return n.opened(p, false, now)
}

// late is the end of the experts' days. The programme is not at hand: what the days were, the case remembers; with too few scores it
// waits for the office.
func (n *Nomination) late(now time.Time) error {
	n.Short = true
	n.tellTo("", EventDrawDue, now, models.Clockwork, map[string]string{"late": "yes"})
	n.tellTo("", EventOverdue, now, models.Clockwork, nil)
	return nil
}

// Close opens the scores after the experts' days, when enough are in; else more experts are drawn and the days begin anew. It says
// whether that was news.
func (n *Nomination) Close(p *Programme, now time.Time) (bool, error) {
	if n.State != InScoring || n.Until == "" || models.DayOf(now) <= n.Until {
		return n.Draw(p, now), nil
	}
	given := 0
	for i := range n.Scorers {
		if s := &n.Scorers[i]; s.Round == n.Round && s.State == ScorerGiven {
			given++
		}
	}
	if given >= p.Terms.Experts {
		return true, n.opened(p, true, now)
	}
	for i := range n.Scorers { // who did not answer in time gives the seat up
		if s := &n.Scorers[i]; s.Round == n.Round && s.State == ScorerAsked {
			s.State, s.Tie = ScorerRecused, OtherTie
		}
	}
	n.due(models.DayOf(now).AddWorking(p.Terms.ScoreDays))
	n.Draw(p, now)
	return true, nil
}

// opened opens the scores once all who were asked are in, or force says that the days are over.
func (n *Nomination) opened(p *Programme, force bool, now time.Time) error {
	if !force && slices.ContainsFunc(n.Scorers, func(s Scorer) bool { return s.Round == n.Round && s.State == ScorerAsked }) {
		return nil
	}
	var totals []score.Points
	parts := map[string][]score.Points{}
	var opened []*Scorer
	for i := range n.Scorers {
		s := &n.Scorers[i]
		if s.Round != n.Round || s.State == ScorerRecused {
			continue
		}
		var points map[string]int
		if s.State != ScorerGiven || json.Unmarshal([]byte(s.Sealed.Reveal()), &points) != nil {
			continue
		}
		var sum score.Points
		for _, c := range p.Criteria {
			v := score.Points(points[c.Code]) * 100
			sum += v
			parts[c.Code] = append(parts[c.Code], v)
		}
		s.Points = &sum
		totals, opened = append(totals, sum), append(opened, s)
	}
	mean, enough := score.Mean(totals, p.Terms.Experts, p.Terms.Trim)
	if !enough {
		for _, s := range opened {
			s.Points = nil
		}
		return nil
	}
	m := &Marks{Expert: mean, Counted: len(totals), Criteria: map[string]score.Points{}, At: now}
	for code, all := range parts {
		m.Criteria[code], _ = score.Mean(all, 1, p.Terms.Trim)
	}
	for _, s := range opened {
		s.Sealed = models.Secret{}
	}
	if err := n.Move(moves, InVote, models.Clockwork, now, "award.state", ""); err != nil {
		return err
	}
	n.Marks, n.Short, n.Until, n.WakeAt = m, false, "", nil
	return nil
}

// Rescore has a case scored again by newly drawn experts, for a finding about its marks, before seats are given. Errors: Forbidden; Invalid;
// InvalidTransition.
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
func (n *Nomination) Given() (all []panel.Mark) {
	for _, s := range n.Scorers {
		if s.Points != nil {
			all = append(all, panel.Mark{Rater: s.Person, Case: n.ID, Points: *s.Points})
		}
	}
	return all
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
func (n *Nomination) Drawn(person string) bool { return n.scorer(person) != nil }
