package award

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// A Say is what a department answers.
type Say string

// The answers. Silence is none of them, and no objection.
const (
	Support   Say = "SUPPORT"
	Concern   Say = "CONCERN" // on a record, or for a ground in words
	NoComment Say = "NONE"
)

// Enum are all of them.
func (Say) Enum() []any { return models.Enum(Support, Concern, NoComment) }

// An Opinion is one department's word.
type Opinion struct {
	Unit   string        `bson:"unit"`
	Say    Say           `bson:"say,omitempty"` // "": nothing yet
	Record string        `bson:"record,omitempty"`
	Ground string        `bson:"ground,omitempty"`
	Points *score.Points `bson:"points,omitempty"` // of 100.00; nil: it gives none
	By     models.Actor  `bson:"by"`
	At     *time.Time    `bson:"at,omitempty"`
	Reply  models.Secret `bson:"reply,omitempty"` // of the nominee to a concern
}

// ask asks the departments; with none to ask it goes on to the experts.
func (n *Nomination) ask(t Terms, now time.Time) error {
	if err := n.Move(moves, InOpinions, models.Clockwork.At(now), "award.state"); err != nil {
		return err
	}
	n.Held = false
	if len(n.Opinions) == 0 {
		return n.score(models.Clockwork, now)
	}
	n.due(models.DayOf(now).AddWorking(t.OpinionDays))
	return nil
}

// Asked names the departments that will be asked.
func (n *Nomination) Asked(units []string) {
	if len(n.Opinions) > 0 {
		return
	}
	for _, u := range units {
		n.Opinions = append(n.Opinions, Opinion{Unit: u})
	}
}

// Opine is a department's word, once. The last one that answers ends the wait. Errors: NotFound for a unit that is not asked;
// InvalidTransition; Conflict "award.opinion_given"; Invalid "award.opinion", "award.ground".
//
// Source: docs/sources.md#award-opinions.
func (n *Nomination) Opine(word Opinion, by models.Actor, now time.Time) error {
	i := slices.IndexFunc(n.Opinions, func(o Opinion) bool { return o.Unit == by.Org })
	switch {
	case i < 0 || !by.Is(models.Department, models.DataOfficer):
		return models.E(models.NotFound, "not_found")
	case n.State != InOpinions:
		return models.Refused(n.Life, moves[n.State], "award.state")
	case n.Opinions[i].Say != "":
		return models.E(models.Conflict, "award.opinion_given")
	case word.Say != Support && word.Say != Concern && word.Say != NoComment:
		return models.Bad("/opinion", "oneof", "award.opinion")
	case word.Say == Concern && word.Record == "" && word.Ground == "":
		return models.Bad("/ground", "required", "award.ground")
	case word.Points != nil && (*word.Points < 0 || *word.Points > hundred):
		return models.Bad("/points", "award_points", "award.opinion")
	}
	o := &n.Opinions[i]
	o.Say, o.Record, o.Ground, o.Points, o.By, o.At = word.Say, word.Record, word.Ground, word.Points, by, models.At(now)
	if word.Say == Concern {
		n.publish(EventConcern, by, now)
	}
	if !slices.ContainsFunc(n.Opinions, func(o Opinion) bool { return o.Say == "" }) {
		return n.score(by, now)
	}
	return nil
}

// Reply is the nominee's answer to a concern; it is read by the experts and by who decides. Errors: NotFound; Conflict "award.too_late".
func (n *Nomination) Reply(unit, text string, by models.Actor) error {
	i := slices.IndexFunc(n.Opinions, func(o Opinion) bool { return o.Unit == unit && o.Say == Concern })
	switch {
	case !n.Mine(by) || i < 0:
		return models.E(models.NotFound, "not_found")
	case !slices.Contains(Alive, n.State):
		return models.E(models.Conflict, "award.too_late")
	}
	n.Opinions[i].Reply = models.NewSecret(text)
	return nil
}

// department is the mean of the departments' points; false when none gave any.
func (n *Nomination) department() (score.Points, bool) {
	var all []score.Points
	for _, o := range n.Opinions {
		if o.Points != nil {
			all = append(all, *o.Points)
		}
	}
	return score.Mean(all, 1, len(all)+1)
}
