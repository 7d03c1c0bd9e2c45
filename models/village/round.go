package village

import (
	"fmt"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/job"
	"xinyi/models/jury"
	"xinyi/models/release"
)

// A Level is what a round evaluates.
type Level string

// The levels.
const (
	OfVillages Level = "VILLAGE"
	OfTowns    Level = "TOWN"
)

// Enum are all of them.
func (Level) Enum() []any { return models.Enum(OfVillages, OfTowns) }

// A RoundState is where a round stands.
type RoundState string

// The states of a round.
const (
	Planned RoundState = "PLANNED"
	Open    RoundState = "OPEN"    // villages apply and fill their sheets
	Closing RoundState = "CLOSING" // the facts of the cut-off day are being frozen
	Review  RoundState = "REVIEW"  // they are frozen; townships and the county look
	Done    RoundState = "DONE"
)

// Enum are all of them.
func (RoundState) Enum() []any { return models.Enum(Planned, Open, Closing, Review, Done) }

// RoundStates lists them.
var RoundStates = []RoundState{Planned, Open, Closing, Review, Done}

var roundActs = models.Acts[RoundState]{
	models.From(Planned).To(Open).By("NewRound", models.System),
	models.From(Planned).To(Open).By("Wake", models.System),
	models.From(Open).To(Closing).By("Wake", models.System),
	models.From(Closing).To(Review).By("Step", models.System),
	models.From(Review).To(Done).By("Wake", models.System),
}

var roundMoves = roundActs.Machine()

// A Round is one county's evaluation of one year at one level. Its id is RoundID; so there is one.
type Round struct {
	models.Meta             `bson:",inline"`
	models.Life[RoundState] `bson:",inline"`
	job.Job                 `bson:",inline"`

	County models.Region `bson:"county"`
	Year   int           `bson:"year"`
	Level  Level         `bson:"level"`
	Scheme string        `bson:"scheme"` // the version it is decided by, to the end
	Hash   string        `bson:"hash"`   // of the scheme
	Opens  models.Day    `bson:"opens"`
	CutOff models.Day    `bson:"cutOff"` // the last day to apply; facts are as of its end
	Ends   models.Day    `bson:"ends"`   // by when plaques are given

	Progress Progress `bson:"progress"`

	Seed   models.Secret `bson:"seed"`   // of the draws; shown once everything is frozen
	Commit string        `bson:"commit"` // to the seed, shown from the day the round opens
	Salts  models.Secret `bson:"salts"`  // of the rows; set when the freezing begins and never shown
	Filed  []string      `bson:"filed,omitempty"`
	By     string        `bson:"by"`
}

// Dates are a round's days.
type Dates struct{ Opens, CutOff, Ends models.Day }

// A RoundPlan is what a county's round is to be. Seed is random and secret until the close.
type RoundPlan struct {
	County models.Region
	Year   int
	Dates  Dates
	Seed   string
}

// NewRound plans a county's round. Errors: Forbidden for whoever is not of the county's office;
// Conflict "village.no_scheme"; Invalid "village.dates".
func (s *Scheme) NewRound(p RoundPlan, by models.Actor, now time.Time) (*Round, error) {
	switch {
	case by.Person == "" || !by.Is(models.CreditOffice) || by.Region.Level() > models.County || !by.Region.Contains(p.County) ||
		p.County.Level() != models.County:
		return nil, models.E(models.Forbidden, "village.not_yours")
	case s.State != release.InForce:
		return nil, models.E(models.Conflict, "village.no_scheme")
	case p.Year < 2020 || p.Year > 2100:
		return nil, models.Bad("/year", "range", "village.dates")
	}
	opens, cutOff, ends := s.Calendar.Days(p.Year)
	if p.Dates.Opens == "" {
		p.Dates.Opens = opens
	}
	if p.Dates.CutOff == "" {
		p.Dates.CutOff = cutOff
	}
	if p.Dates.Ends == "" {
		p.Dates.Ends = ends
	}
	switch today := models.DayOf(now); {
	case p.Dates.CutOff < p.Dates.Opens || p.Dates.CutOff < today:
		return nil, models.Bad("/cutOff", "village_dates", "village.dates")
	case p.Dates.Ends <= p.Dates.CutOff:
		return nil, models.Bad("/ends", "village_dates", "village.dates")
	}
	r := &Round{
		County: p.County, Year: p.Year, Level: s.Level, Scheme: s.ID, Hash: s.Hash, Opens: p.Dates.Opens, CutOff: p.Dates.CutOff, Ends: p.Dates.Ends,
		Seed: models.NewSecret(p.Seed), Commit: jury.Commit(p.Seed), By: by.Principal(),
	}
	r.ID, r.State, r.Moved = RoundID(p.County, p.Year, s.Level), Planned, models.Moved{By: by.Role, At: now}
	r.WakeAt = models.At(r.Opens.Start())
	return r, r.Wake(now)
}

// File notes that an entry has applied, or no longer does, so that the round knows how much there is to freeze. It says whether that was
// news.
func (r *Round) File(entry string, applies bool) bool {
	i := slices.Index(r.Filed, entry)
	switch {
	case r.State != Planned && r.State != Open, (i >= 0) == applies:
		return false
	case applies:
		r.Filed = append(r.Filed, entry)
	default:
		r.Filed = slices.Delete(r.Filed, i, i+1)
	}
	return true
}

// Reviews says whether everything is frozen, so that offices may look, and the seed is shown.
func (r *Round) Reviews() bool { return r.State == Review || r.State == Done }

// Drawn are the entries of a round that are scored a second time, drawn from those that were frozen by the round's seed. Whoever knows
// the seed and the entries draws the same.
//
// Source: docs/sources.md#village-sample.
func Drawn(seed string, entries []string, t Terms) []string {
	return jury.Draw(seed+"\nsecond", entries, jury.Sample(len(entries), t.BlindBP, 1))
}

// Wake opens the round on its day, begins the freezing on the day after the cut-off, and ends it.
func (r *Round) Wake(now time.Time) error {
	for r.WakeAt != nil && !r.WakeAt.After(now) {
		if r.State == Closing {
			job.Wake(r, now)
			return nil
		}
		r.WakeAt = nil
		switch r.State { //nolint:exhaustive // CLOSING is above
		case Planned:
			if err := r.Move(roundMoves, Open, models.Clockwork.At(now), "village.round_state"); err != nil {
				return err
			}
			r.WakeAt = models.At(r.CutOff.Add(1).Start())
			r.says(EventOpened, models.Clockwork, now)
		case Open:
			if err := r.Move(roundMoves, Closing, models.Clockwork.At(now), "village.round_state"); err != nil {
				return err
			}
			r.Progress.Total = int64(len(r.Filed))
			job.Begin(r, models.Clockwork, now)
		case Review:
			return r.Move(roundMoves, Done, models.Clockwork.At(now), "village.round_state")
		case Done:
		}
	}
	return nil
}

// RoundID names a round.
func RoundID(county models.Region, year int, level Level) string {
	return fmt.Sprintf("%s-%d-%s", county, year, level)
}

// Progress is how far the freezing has come.
type Progress struct {
	Total      int64      `bson:"total"` // entries
	Done       int64      `bson:"done"`
	Households int64      `bson:"households"` // rows read
	After      string     `bson:"after"`
	DoneAt     *time.Time `bson:"doneAt,omitempty"`
}

// A Part is what one part of the freezing did.
type Part struct {
	Part       int
	Done       int64
	Households int64
	After      string
	Last       bool
}

// Step adds the part that is due. It says whether it was: one that was added is not added again.
func (r *Round) Step(p Part, now time.Time) (bool, error) {
	if !job.Took(r, p.Part) {
		return false, nil
	}
	g := &r.Progress
	g.Done, g.Households, g.After = g.Done+p.Done, g.Households+p.Households, p.After
	if !p.Last {
		job.Ask(r, now)
		return true, nil
	}
	g.DoneAt = models.At(now)
	job.End(r)
	r.says(EventClosed, models.Clockwork, now)
	r.WakeAt = models.At(r.Ends.Add(1).Start())
	return true, r.Move(roundMoves, Review, models.Clockwork.At(now), "village.round_state")
}

// Busy implements job.Work.
func (r *Round) Busy() bool { return r.State == Closing }

// PartDue implements job.Work.
func (r *Round) PartDue() models.Happening {
	return EventClosing.Of(ClosingData{PartData: r.Due(), RoundData: r.data()})
}

// DoneOf implements job.Work: entries.
func (r *Round) DoneOf() (done, total int64) { return r.Progress.Done, r.Progress.Total }

// Abort is refused: a county's year is frozen to its end.
func (r *Round) Abort(models.Actor, string, time.Time) error { return job.MustEnd() }

func (r *Round) data() RoundData { return RoundData{County: r.County, Year: r.Year, Level: r.Level} }

func (r *Round) says(kind models.Kind[RoundData], by models.Actor, now time.Time) {
	r.Publish(kind.Of(r.data()), "", by, now)
}
