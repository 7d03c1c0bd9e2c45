package jury

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// A Tie is why a seat does not count: its holder stands aside (回避), or did not answer in time.
type Tie string

// The ties.
const (
	SameUnit  Tie = "SAME_UNIT"
	Kin       Tie = "KIN"
	Nominator Tie = "NOMINATOR"
	Other     Tie = "OTHER"
	Late      Tie = "LATE" // nothing came in time; nobody says that of herself
)

// Ties lists what somebody may say of herself.
var Ties = []Tie{SameUnit, Kin, Nominator, Other}

// A Sheet is what one juror gave: hundredths of a point by criterion, and a note.
type Sheet struct {
	Marks map[string]score.Points `json:"marks"`
	Note  string                  `json:"note,omitempty"`
}

// Total is the sum of the marks.
func (s Sheet) Total() (sum score.Points) {
	for _, p := range s.Marks {
		sum += p
	}
	return sum
}

// A Juror is somebody who may be drawn. No stands for the person in what is published, "" where nothing is.
type Juror struct {
	No     string `bson:"no,omitempty"`
	Person string `bson:"person"`
}

// A Seat is a juror drawn for a case. What one gives is encrypted, and nobody reads it before the seat is open.
type Seat struct {
	Juror  `bson:",inline"`
	Round  int           `bson:"round"`
	Aside  Tie           `bson:"aside,omitempty"`
	Why    string        `bson:"why,omitempty"`
	Sealed models.Secret `bson:"sealed,omitempty"` // a Sheet as JSON
	Open   bool          `bson:"open,omitempty"`
	At     *time.Time    `bson:"at,omitempty"` // given, or stood aside
}

// Sheet is what was given, nil while it is sealed.
func (s *Seat) Sheet() *Sheet {
	var sheet Sheet
	if !s.Open || json.Unmarshal([]byte(s.Sealed.Reveal()), &sheet) != nil {
		return nil
	}
	return &sheet
}

// Given says that the juror has scored.
func (s *Seat) Given() bool { return s.Aside == "" && s.At != nil }

// A Panel is the jury of one case. A case that is scored again has another round; nobody sits in two.
type Panel struct {
	Seats []Seat `bson:"seats,omitempty"`
	Round int    `bson:"round"`
	Size  int    `bson:"size"`
}

// seats calls fn for each seat of this round that counts.
func (p *Panel) seats(fn func(*Seat)) {
	for i := range p.Seats {
		if s := &p.Seats[i]; s.Round == p.Round && s.Aside == "" {
			fn(s)
		}
	}
}

// Counts says how many seats of this round count, how many of those have scored, and how many stand aside.
func (p *Panel) Counts() (in, given, aside int) {
	for i := range p.Seats {
		switch s := &p.Seats[i]; {
		case s.Round != p.Round:
		case s.Aside != "":
			aside++
		case s.Given():
			in, given = in+1, given+1
		default:
			in++
		}
	}
	return in, given, aside
}

// Waits says whether a sheet is still to come.
func (p *Panel) Waits() bool {
	in, given, _ := p.Counts()
	return given < in
}

// Sat says whether a person has a seat in this round or had one in another.
func (p *Panel) Sat(person string) bool {
	return slices.ContainsFunc(p.Seats, func(s Seat) bool { return s.Person == person })
}

// Left are those of an order who never sat.
func (p *Panel) Left(order []Juror) (left []Juror) {
	for _, j := range order {
		if !p.Sat(j.Person) {
			left = append(left, j)
		}
	}
	return left
}

// Fill seats those who come next in an order until the panel is whole, and returns whom to ask.
func (p *Panel) Fill(order []Juror) (asked []string) {
	in, _, _ := p.Counts()
	left := p.Left(order)
	for _, j := range left[:max(0, min(len(left), p.Size-in))] {
		p.Seats = append(p.Seats, Seat{Juror: j, Round: p.Round})
		asked = append(asked, j.Person)
	}
	return asked
}

// Seat is a person's seat in this round, nil for none.
func (p *Panel) Seat(person string) *Seat {
	for i := range p.Seats {
		if s := &p.Seats[i]; person != "" && s.Person == person && s.Round == p.Round {
			return s
		}
	}
	return nil
}

// waiting is the seat of who is asked. An agent does not score for anybody. Errors: NotFound; Conflict "jury.given".
func (p *Panel) waiting(by models.Actor) (*Seat, error) {
	s := p.Seat(by.Person)
	switch {
	case s == nil || by.Agent != "":
		return nil, models.E(models.NotFound, "not_found")
	case s.At != nil || s.Aside != "":
		return nil, models.E(models.Conflict, "jury.given")
	}
	return s, nil
}

// Give seals a juror's sheet, once. most are the most hundredths of each criterion. Errors: NotFound for whoever has no seat; Conflict
// "jury.given" for who scored or stood aside; Invalid "jury.marks", a field for every fault.
func (p *Panel) Give(sheet Sheet, most map[string]score.Points, by models.Actor, now time.Time) error {
	s, err := p.waiting(by)
	if err != nil {
		return err
	}
	var faults []models.Field
	for _, code := range slices.Sorted(maps.Keys(most)) {
		if v, ok := sheet.Marks[code]; !ok || v < 0 || v > most[code] {
			faults = append(faults, models.Field{Pointer: "/marks/" + code, Code: "jury_marks"})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(sheet.Marks)) {
		if _, known := most[code]; !known {
			faults = append(faults, models.Field{Pointer: "/marks/" + code, Code: "unknown_field"})
		}
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "jury.marks", Fields: faults}
	}
	raw, err := json.Marshal(sheet)
	if err != nil {
		return models.E(models.Internal, "internal", err)
	}
	s.Sealed, s.At = models.NewSecret(string(raw)+blank), models.At(now)
	return nil
}

// blank ends what is sealed: a secret shows its last four characters where it is printed, and those are no mark.
const blank = "    "

// Recuse has a juror stand aside. Errors: as Give; Invalid "jury.tie".
func (p *Panel) Recuse(t Tie, why string, by models.Actor, now time.Time) error {
	s, err := p.waiting(by)
	switch {
	case err != nil:
		return err
	case !slices.Contains(Ties, t):
		return models.Bad("/tie", "oneof", "jury.tie")
	}
	s.Aside, s.Why, s.At = t, why, models.At(now)
	return nil
}

// Lapse takes the seats of those who did not answer in time.
func (p *Panel) Lapse() {
	p.seats(func(s *Seat) {
		if !s.Given() {
			s.Aside = Late
		}
	})
}

// Again begins another round. What was given stays on record and does not count.
func (p *Panel) Again() { p.Round++ }

// Open opens what was given once the sheets of a whole panel are in, or over says that the days are, and there are least of them at
// least. It says whether they are open.
func (p *Panel) Open(over bool, least int) bool {
	if in, given, _ := p.Counts(); given < max(1, least) || !over && (given < in || in < p.Size) {
		return false
	}
	p.seats(func(s *Seat) { s.Open = s.Given() })
	return true
}

// Sheets are those of this round that are open.
func (p *Panel) Sheets() (all []Sheet) {
	p.seats(func(s *Seat) {
		if sheet := s.Sheet(); sheet != nil {
			all = append(all, *sheet)
		}
	})
	return all
}

// Mean is what the open sheets come to, in all and by criterion: trimmed means as score.Mean has them, rounded half up to a hundredth. It
// says on how many sheets it rests; ok is false for fewer than valid.
//
// Source: docs/sources.md#award-experts.
func (p *Panel) Mean(valid, trim int) (total score.Points, by map[string]score.Points, n int, ok bool) {
	var totals []score.Points
	parts := map[string][]score.Points{}
	for _, s := range p.Sheets() {
		totals = append(totals, s.Total())
		for code, v := range s.Marks {
			parts[code] = append(parts[code], v)
		}
	}
	by = make(map[string]score.Points, len(parts))
	for code, all := range parts {
		by[code], _ = score.Mean(all, 1, trim)
	}
	total, ok = score.Mean(totals, valid, trim)
	return total, by, len(totals), ok
}

// Marks are the open marks of every round, for the statistics, with the moment each was given.
func (p *Panel) Marks(of string, rater func(Juror) string) (all []Mark) {
	for i := range p.Seats {
		if s := &p.Seats[i]; s.Sheet() != nil {
			all = append(all, Mark{Rater: rater(s.Juror), Case: of, Points: s.Sheet().Total(), At: *s.At})
		}
	}
	return all
}
