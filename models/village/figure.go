package village

import (
	"strings"
	"time"

	"xinyi/models"
)

// A Figure is what one bank tells of its loans to the households of one village as of a day, as sums. No household is in it. Its id is
// FigureID, so one told again takes the place of the one before.
//
// Source: docs/sources.md#village-figures.
type Figure struct {
	models.Meta `bson:",inline"`

	Bank    string        `bson:"bank"`
	Village models.Region `bson:"village"`
	Day     models.Day    `bson:"day"`
	Balance models.Fen    `bson:"balance"`
	Bad     models.Fen    `bson:"bad"`    // of the balance: not paid back as promised (不良)
	NewBad  models.Fen    `bson:"newBad"` // of the bad: within the twelve months up to the day
	By      string        `bson:"by"`     // client
}

// FigureID names a figure.
func FigureID(bank string, village models.Region, day models.Day) string {
	return models.Derived("figure", bank, string(village), string(day))
}

// NewFigure is a bank's word. Errors: Forbidden for whoever is no bank; Invalid "village.figure" unless 0 ≤ newBad ≤ bad ≤ balance,
// for a day to come and for what is no village.
func NewFigure(f Figure, by models.Actor, now time.Time) (*Figure, error) {
	switch {
	case !by.Is(models.Bank) || by.Org == "":
		return nil, models.E(models.Forbidden, "village.not_yours")
	case f.Village.Level() != models.Village || !by.Region.Contains(f.Village):
		return nil, models.Bad("/village", "village_place", "village.figure")
	case f.Day > models.DayOf(now):
		return nil, models.Bad("/day", "past", "village.figure")
	case f.Balance < 0 || f.Bad < 0 || f.Bad > f.Balance:
		return nil, models.Bad("/badFen", "range", "village.figure")
	case f.NewBad < 0 || f.NewBad > f.Bad:
		return nil, models.Bad("/newBadFen", "range", "village.figure")
	}
	f.Bank, f.By = by.Org, by.Principal()
	f.ID = FigureID(f.Bank, f.Village, f.Day)
	return &f, nil
}

// Publish takes what the bank says now. It says whether anything changed.
func (f *Figure) Publish(n *Figure) bool {
	if f.Balance == n.Balance && f.Bad == n.Bad && f.NewBad == n.NewBad {
		return false
	}
	f.Balance, f.Bad, f.NewBad, f.By = n.Balance, n.Bad, n.NewBad, n.By
	return true
}

// Loans are the banks' sums of a village.
type Loans struct {
	Balance, Bad, NewBad models.Fen
	Banks                int // that told
}

// Add counts figures: of each bank the newest.
func (l *Loans) Add(newestFirst []*Figure) {
	seen := map[string]bool{}
	for _, f := range newestFirst {
		if seen[f.Bank] {
			continue
		}
		seen[f.Bank] = true
		l.Balance, l.Bad, l.NewBad, l.Banks = l.Balance+f.Balance, l.Bad+f.Bad, l.NewBad+f.NewBad, l.Banks+1
	}
}

// Into puts the sums into facts; what no bank told is not among them.
func (l Loans) Into(facts map[string]int64) {
	if l.Banks > 0 {
		facts[FactBalance], facts[FactBad], facts[FactNewBad] = int64(l.Balance), int64(l.Bad), int64(l.NewBad)
	}
}

// An Answer is one resident's word in the survey of a village (满意度). Who gave it is not kept: its id is a mark that the same person
// cannot make twice.
type Answer struct {
	models.Meta `bson:",inline"`

	Entry     string `bson:"entry"`
	Satisfied bool   `bson:"satisfied"`
}

// NewAnswer is one. Errors: Forbidden "village.not_here" for whoever does not live in the village; InvalidTransition once the
// township has looked.
func NewAnswer(e *Entry, satisfied, lives bool, by models.Actor) (*Answer, error) {
	switch {
	case !by.Is(models.Resident) || by.Person == "" || by.Agent != "" || !lives:
		return nil, models.E(models.Forbidden, "village.not_here")
	case !e.filling() || e.State == Draft:
		return nil, models.Refused(e.Life, moves[e.State], "village.state")
	}
	return &Answer{Meta: models.Meta{ID: models.Derived("answer", e.ID, by.Person)}, Entry: e.ID, Satisfied: satisfied}, nil
}

// A Survey is what the answers come to.
type Survey struct {
	Answers   int64 `bson:"answers"`
	Satisfied int64 `bson:"satisfied"`
}

// Rural says whether a place may apply: a village by its code (its last three digits 200 to 399), or a community that farms
// (涉农社区) and is flagged; of towns any.
//
// Source: docs/sources.md#village-places.
func (p Policy) Rural(place models.Region, level Level) bool {
	if level == OfTowns {
		return place.Level() == models.Town
	}
	if place.Level() != models.Village {
		return false
	}
	unit := string(place[9:])
	if unit >= "200" && unit <= "399" && strings.Trim(unit, "0123456789") == "" {
		return true
	}
	for _, c := range p.Communities {
		if c == place {
			return true
		}
	}
	return false
}
