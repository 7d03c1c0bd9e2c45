package practice

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/jury"
	"xinyi/models/notice"
	"xinyi/models/score"
)

// A RoundState is where a round stands.
type RoundState string

// The states of a round.
const (
	Open      RoundState = "OPEN"      // cases come in
	Scoring   RoundState = "SCORING"   // experts are drawn and score
	OnNotice  RoundState = "NOTICE"    // ranked, and shown
	Done      RoundState = "DONE"      // published
	Cancelled RoundState = "CANCELLED" //
)

// Enum are all of them.
func (RoundState) Enum() []any { return models.Enum(Open, Scoring, OnNotice, Done, Cancelled) }

// RoundStates lists them.
var RoundStates = []RoundState{Open, Scoring, OnNotice, Done, Cancelled}

var roundActs = models.Acts[RoundState]{
	models.From(Open).To(Scoring).By("Wake", models.System),
	models.From(Open, Scoring, OnNotice).To(Cancelled).By("Cancel", models.CreditOffice),
	models.From(Scoring).To(OnNotice, Done).By("Rank", models.CreditOffice),
	models.From(OnNotice).To(Done).By("Finish", models.System),
}

var roundMoves = roundActs.Machine()

// About is what the notice of a round is about.
const About string = "practice.selection"

// The bounds of a round.
const (
	maxPool  = 200
	maxSeats = 50 // of a class
)

// An Expert may be drawn. No names her in what is published.
type Expert struct {
	No     string `bson:"no"`
	Person string `bson:"person"`
	Unit   string `bson:"unit"`
}

// A Seats says how many cases of a class may be chosen.
type Seats struct {
	Class Class `bson:"class"`
	N     int   `bson:"n"`
}

// A Result is what became of a case in a round.
type Result struct {
	Case   string       `bson:"case"`
	Class  Class        `bson:"class"`
	Unit   string       `bson:"unit"` // its name
	Title  string       `bson:"title"`
	Points score.Points `bson:"points"` // trimmed mean
	N      int          `bson:"n"`      // marks
	Rank   int          `bson:"rank"`   // in its class; 0: too few marks
	Chosen bool         `bson:"chosen,omitempty"`
}

// A Round is a year's selection. Its experts are drawn with a seed that was committed to before the cases were known.
type Round struct {
	models.Meta             `bson:",inline"`
	models.Life[RoundState] `bson:",inline"`

	Year      int              `bson:"year"`
	Region    models.Region    `bson:"region"`
	Slot      string           `bson:"slot,omitempty"` // one a year and place
	Seats     []Seats          `bson:"seats"`
	Closes    models.Day       `bson:"closes"` // the last day for cases
	ScoreBy   models.Day       `bson:"scoreBy,omitempty"`
	Pool      []Expert         `bson:"pool"`
	Commit    string           `bson:"commit"`
	Secret    models.Secret    `bson:"secret"`         // the seed, until it is revealed
	Seed      string           `bson:"seed,omitempty"` // revealed when the experts are drawn
	Panel     int              `bson:"panel"`
	Valid     int              `bson:"valid"`
	Trim      int              `bson:"trim"`
	Days      int              `bson:"days"` // working days to score
	Least     score.Points     `bson:"least"`
	Criteria  []Criterion      `bson:"criteria"`
	Terms     notice.Terms     `bson:"terms"`
	By        models.Actor     `bson:"by"`
	Ranker    models.Actor     `bson:"ranker"`
	Results   []Result         `bson:"results,omitempty"`
	Agreement [2]int           `bson:"agreement"` // marks within ten points of the case's mean, of all
	Findings  []jury.Finding   `bson:"findings,omitempty"`
	Watch     *jury.Thresholds `bson:"watch,omitempty"`
	Notice    string           `bson:"notice,omitempty"`
}

// A Call is what a round is opened with.
type Call struct {
	Year   int
	Seats  []Seats
	Closes models.Day
	Pool   []Expert // No is given by the round
}

// Round opens a round. seed is random and known to nobody. Errors: Forbidden "practice.city_office"; Invalid "practice.round".
func (c Call) Round(id, seed string, p Policy, by models.Actor, now time.Time) (*Round, error) {
	r := &Round{
		Year: c.Year, Region: by.Region, Seats: c.Seats, Closes: c.Closes, Commit: jury.Commit(seed), Secret: models.NewSecret(seed),
		Panel: p.Panel, Valid: p.Valid, Trim: p.Trim, Days: p.Score, Least: p.Least, Criteria: p.Criteria, Terms: p.Notice, By: by, Watch: &p.Watch,
	}
	if err := r.mayRun(by); err != nil {
		return nil, err
	}
	if faults := c.check(p, models.DayOf(now)); len(faults) > 0 {
		return nil, &models.Error{Code: models.Invalid, Reason: "practice.round", Fields: faults}
	}
	r.ID, r.State, r.Moved = id, Open, models.Moved{By: by.Role, At: now}
	r.Slot = fmt.Sprintf("%s/%d", r.Region, r.Year)
	for _, x := range c.Pool {
		r.Pool = append(r.Pool, Expert{models.Derived(id, x.Person)[:12], x.Person, x.Unit})
	}
	r.WakeAt = models.At(r.Closes.Add(1).Start())
	r.say(EventOpened, by, now)
	return r, nil
}

func (c Call) check(p Policy, today models.Day) (faults []models.Field) {
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(c.Year < 2023 || c.Year > 2100, "/year", "practice_year")
	fault(c.Closes < today || c.Closes > today.Add(366), "/closes", "practice_closes")
	seen := make(map[Class]bool)
	for i, s := range c.Seats {
		at := fmt.Sprintf("/seats/%d", i)
		fault(!s.Class.known() || seen[s.Class], at+"/class", "oneof")
		fault(s.N < 1 || s.N > maxSeats, at+"/n", "practice_seats")
		seen[s.Class] = true
	}
	fault(len(c.Seats) == 0, "/seats", "required")
	people := map[string]bool{}
	for i, x := range c.Pool {
		fault(x.Person == "" || x.Unit == "" || people[x.Person], fmt.Sprintf("/experts/%d", i), "practice_expert")
		people[x.Person] = true
	}
	fault(len(c.Pool) < p.Panel || len(c.Pool) > maxPool, "/experts", "practice_pool")
	return faults
}

// mayRun says whether by runs the round: the city's credit office.
func (r *Round) mayRun(by models.Actor) error {
	if !by.Is(models.CreditOffice) || by.Person == "" || by.Region != r.Region || r.Region.Level() != models.Prefecture {
		return models.E(models.Forbidden, "practice.city_office")
	}
	return nil
}

func (r *Round) say(kind models.Kind[RoundData], by models.Actor, now time.Time) {
	r.Publish(kind.Of(RoundData{Year: r.Year, Place: r.Region}), "", by, now)
}

func (r *Round) seats(c Class) int {
	for _, s := range r.Seats {
		if s.Class == c {
			return s.N
		}
	}
	return 0
}

// drawSeed is the seed of one case's draw: the round's, a line break, and the case's id. Anybody can draw again with jury.Draw over the
// numbers of the experts who are not of the case's unit and did not look at it.
func (r *Round) drawSeed(id string) string { return r.Seed + "\n" + id }

// Wake draws once the last day for cases is over.
func (r *Round) Wake(now time.Time) error {
	if r.WakeAt == nil || r.WakeAt.After(now) {
		return nil
	}
	r.WakeAt = nil
	if r.State != Open {
		return nil
	}
	if err := r.Move(roundMoves, Scoring, models.Clockwork.At(now), "practice.round_state"); err != nil {
		return err
	}
	r.Seed, r.Secret = r.Secret.Reveal(), models.Secret{}
	r.ScoreBy = models.DayOf(now).AddWorking(r.Days)
	r.say(EventDrawn, models.Clockwork, now)
	return nil
}

// Marks are the open marks of a round's cases, in the order they were given.
func Marks(cases []*Case) (all []jury.Mark) {
	for _, c := range cases {
		if c.Entry != nil {
			all = append(all, c.Entry.Jury.Marks(c.ID, func(j jury.Juror) string { return j.No })...)
		}
	}
	slices.SortFunc(all, func(a, b jury.Mark) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Case, b.Case), cmp.Compare(a.Rater, b.Rater))
	})
	return all
}

// agreed is how far from a case's mean a mark may lie to count as agreeing.
const agreed = 1000

// Rank closes the scoring: in each class the best are chosen, as many as it has seats. A tie is drawn. Marks may be missing only after
// the experts' last day; a case with too few is not ranked. Whoever ranks did not look at any of the cases' marks being made: the
// round's own office. Errors: Forbidden; InvalidTransition; Conflict "practice.scores_missing".
func (r *Round) Rank(cases []*Case, by models.Actor, now time.Time) error {
	if err := r.mayRun(by); err != nil {
		return err
	}
	if err := roundMoves.Check(r.Life, OnNotice, "practice.round_state"); err != nil {
		return err
	}
	var all []Result
	var pairs [][2]score.Points
	for _, c := range cases {
		if c.State != Accepted || c.Entry == nil || c.Entry.Round != r.ID {
			continue
		}
		if c.Entry.Jury.Waits() && models.DayOf(now) <= r.ScoreBy {
			return models.E(models.Conflict, "practice.scores_missing")
		}
		c.Entry.Jury.Open(true, 1)
		mean, _, n, ok := c.Entry.Jury.Mean(r.Valid, r.Trim)
		x := Result{Case: c.ID, Class: c.Class, Unit: c.UnitName, Title: c.Title, Points: mean, N: n}
		if ok {
			x.Rank = 1
			for _, sheet := range c.Entry.Jury.Sheets() {
				pairs = append(pairs, [2]score.Points{sheet.Total(), mean})
			}
		}
		all = append(all, x)
	}
	r.order(all)
	r.Results, r.Ranker = all, by
	r.Agreement[0], r.Agreement[1] = jury.Agreement(pairs, agreed)
	if r.Watch != nil {
		r.Findings = jury.Inspect(Marks(cases), *r.Watch)
	}
	to, kind := Done, EventRoundDone
	if slices.ContainsFunc(all, func(x Result) bool { return x.Chosen }) {
		to, kind = OnNotice, EventRanked
	}
	if err := r.Move(roundMoves, to, by.At(now), "practice.round_state"); err != nil {
		return err
	}
	r.say(kind, by, now)
	return nil
}

// order puts results in the order of class, points and lot, and chooses.
func (r *Round) order(all []Result) {
	var ids []string
	for _, x := range all {
		ids = append(ids, x.Case)
	}
	lot := map[string]int{}
	for i, id := range jury.Draw(r.Seed, ids, len(ids)) {
		lot[id] = i
	}
	slices.SortFunc(all, func(a, b Result) int {
		return cmp.Or(cmp.Compare(slices.Index(Classes, a.Class), slices.Index(Classes, b.Class)), -cmp.Compare(a.Rank, b.Rank),
			-cmp.Compare(a.Points, b.Points), cmp.Compare(lot[a.Case], lot[b.Case]))
	})
	n := make(map[Class]int)
	for i := range all {
		x := &all[i]
		if x.Rank == 0 {
			continue
		}
		n[x.Class]++
		x.Rank = n[x.Class]
		x.Chosen = x.Rank <= r.seats(x.Class) && x.Points >= r.Least
	}
}

func (r *Round) result(id string) *Result {
	for i := range r.Results {
		if r.Results[i].Case == id {
			return &r.Results[i]
		}
	}
	return nil
}

// Show notes the notice. It says whether anything changed.
func (r *Round) Show(id string) bool {
	if r.State != OnNotice || r.Notice != "" {
		return false
	}
	r.Notice = id
	return true
}

// Finish ends the round when its notice is settled. It says whether anything changed.
func (r *Round) Finish(now time.Time) bool {
	if r.State != OnNotice || r.Move(roundMoves, Done, models.Clockwork.At(now), "practice.round_state") != nil {
		return false
	}
	r.say(EventRoundDone, models.Clockwork, now)
	return true
}

// Cancel gives a round up; its cases wait for another. Errors: Forbidden; Invalid "practice.reason"; InvalidTransition.
func (r *Round) Cancel(reason string, by models.Actor, now time.Time) error {
	if by.Role != models.System {
		if err := r.mayRun(by); err != nil {
			return err
		}
		if r.State == OnNotice { // its notice is taken back instead
			return models.Refused(r.Life, roundMoves[r.State], "practice.round_state")
		}
	}
	if n := len([]rune(reason)); n == 0 || n > maxReason || personal(reason) != "" {
		return models.Bad("/reason", "practice_reason", "practice.reason")
	}
	if err := r.Move(roundMoves, Cancelled, by.At(now).Because(reason), "practice.round_state"); err != nil {
		return err
	}
	r.Slot, r.WakeAt = "", nil
	r.say(EventCancelled, by, now)
	return nil
}
