package award

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
	"xinyi/models/release"
)

// A Kind says who is chosen.
type Kind string

// The kinds.
const (
	Person Kind = "PERSON" // 诚信个人
	Unit   Kind = "UNIT"   // 诚信单位
)

// Enum are all of them.
func (Kind) Enum() []any { return models.Enum(Person, Unit) }

// Subject is the kind of subject that is chosen.
func (k Kind) Subject() models.SubjectKind {
	if k == Unit {
		return models.Organisation
	}
	return models.PersonSubject
}

// A ProgrammeState is where a programme stands.
type ProgrammeState string

// The stages.
const (
	Drafted   ProgrammeState = "DRAFT"
	Published ProgrammeState = "PUBLISHED" // approved by a second person, not open yet
	Open      ProgrammeState = "OPEN"
	Reviewing ProgrammeState = "REVIEWING" // closed: materials, records, departments, experts
	Voting    ProgrammeState = "VOTING"
	Counting  ProgrammeState = "COUNTING" // the office looks at ballots and marks
	Selected  ProgrammeState = "SELECTED" // seats are given: notice and decision
	Done      ProgrammeState = "DONE"
	Cancelled ProgrammeState = "CANCELLED"
)

// Enum are all of them.
func (ProgrammeState) Enum() []any {
	return models.Enum(Drafted, Published, Open, Reviewing, Voting, Counting, Selected, Done, Cancelled)
}

// ProgrammeStates lists them.
var ProgrammeStates = []ProgrammeState{Drafted, Published, Open, Reviewing, Voting, Counting, Selected, Done, Cancelled}

var programmeActs = models.Acts[ProgrammeState]{
	models.From(Drafted).To(Published).By("Publish", models.CreditOffice),
	models.From(Published).To(Open).By("Wake", models.System),
	models.From(Open).To(Reviewing).By("Wake", models.System),
	models.From(Reviewing).To(Voting).By("OpenVote", models.System),
	models.From(Voting).To(Counting).By("Wake", models.System),
	models.From(Counting).To(Selected).By("Seat", models.System),
	models.From(Drafted, Published, Open, Reviewing, Voting, Counting).To(Cancelled).By("Cancel", models.CreditOffice),
	models.From(Selected).To(Done).By("Finish", models.System),
}

var programmeMoves = programmeActs.Machine()

// A Category is a title of a programme, with its seats.
type Category struct {
	Code     string         `bson:"code" json:"code" validate:"required,max=40"`
	Title    models.Words   `bson:"title" json:"title" personal:"false"`
	Seats    int            `bson:"seats" json:"seats" validate:"gte=1,lte=1000"`
	Regions  map[string]int `bson:"regions,omitempty" json:"regions,omitempty"`       // the most of a division code, of its width
	Industry map[string]int `bson:"industries,omitempty" json:"industries,omitempty"` // the most of an industry
}

// A MeasureKind is what an incentive is.
type MeasureKind string

// The kinds of measures.
//
// Source: docs/sources.md#award-measures.
const (
	Scene          MeasureKind = "SCENE"          // an offer of 信易+
	FastLane       MeasureKind = "FAST_LANE"      // 绿色通道, 容缺受理
	FewerChecks    MeasureKind = "FEWER_CHECKS"   // 降低抽查比例
	Recommendation MeasureKind = "RECOMMENDATION" // 优先推荐
	AddPoints      MeasureKind = "POINTS"         // 信用加分
)

// Enum are all of them.
func (MeasureKind) Enum() []any {
	return models.Enum(Scene, FastLane, FewerChecks, Recommendation, AddPoints)
}

// MeasureKinds lists them.
var MeasureKinds = []MeasureKind{Scene, FastLane, FewerChecks, Recommendation, AddPoints}

// A Plan is a measure every award of a programme carries.
type Plan struct {
	Code   string       `bson:"code" json:"code" validate:"required,max=40"`
	Kind   MeasureKind  `bson:"kind" json:"kind" validate:"required,oneof=SCENE FAST_LANE FEWER_CHECKS RECOMMENDATION POINTS"`
	Name   models.Words `bson:"name" json:"name" personal:"false"`
	How    models.Words `bson:"how" json:"how" personal:"false"`               // how to use it
	Owner  string       `bson:"owner" json:"owner" validate:"required,max=64"` // code of the unit that answers for it
	Months int          `bson:"months" json:"months" validate:"gte=0,lte=120"` // 0: as long as the award; never longer than it
}

// An Expert is somebody who may be drawn to score.
type Expert struct {
	Person string `bson:"person"`
	Unit   string `bson:"unit"` // code or name of where the expert works: never scores its people
}

// A Call is everything a programme is made from.
type Call struct {
	Kind        Kind
	Year        int
	Title       models.Words
	Level       int
	Industry    string // of an industry office's programme; "" the place's own
	Unit        string // the office, as people call it
	Org         string // its code
	Opens       models.Day
	Categories  []Category
	Criteria    []Criterion
	Weights     Weights
	Terms       Terms
	Vetting     []Condition
	Departments []string // codes of the units that are asked for an opinion
	Measures    []Plan
}

// A Programme chooses honest people or firms of a place in a year. A published one never changes.
type Programme struct {
	models.Meta                 `bson:",inline"`
	models.Life[ProgrammeState] `bson:",inline"`
	Call                        `bson:",inline"`
	release.Hands               `bson:",inline"`

	Region    models.Region `bson:"region"` // of the office; everybody of it may be nominated
	Materials flow.Flow     `bson:"materials"`
	Deciding  flow.Flow     `bson:"deciding"`
	Commit    string        `bson:"commit,omitempty"` // of the seed: published before anybody is drawn
	Seed      models.Secret `bson:"seed,omitempty"`   // shown once seats are given
	Experts   []Expert      `bson:"experts,omitempty"`

	Closes     models.Day     `bson:"closes,omitempty"`     // last day of nominations
	VoteFrom   models.Day     `bson:"voteFrom,omitempty"`   // first day of the vote, the earliest
	VoteUntil  models.Day     `bson:"voteUntil,omitempty"`  // last day of the vote, once it is open
	CountUntil models.Day     `bson:"countUntil,omitempty"` // last day of the count
	Waits      bool           `bson:"waits,omitempty"`      // the vote was due, and something was on the way
	Ballots    map[string]int `bson:"ballots,omitempty"`    // counted, by nomination
}

// NewProgramme writes one. Errors: Forbidden; Invalid "award.programme_invalid", a field for every fault.
func NewProgramme(id string, c Call, by models.Actor, now time.Time) (*Programme, error) {
	p := &Programme{Region: by.Region, Materials: materials, Deciding: deciding}
	p.ID, p.State, p.Moved = id, Drafted, models.Moved{By: by.Role, At: now}
	if c.Org == "" {
		c.Org = by.Org
	}
	return p, p.edit(c, by, now)
}

// Edit writes a draft anew. Errors: as NewProgramme; InvalidTransition once it is published.
func (p *Programme) Edit(c Call, by models.Actor, now time.Time) error {
	if p.State != Drafted {
		return models.Refused(p.Life, programmeMoves[p.State], "award.stage")
	}
	c.Org = p.Org
	return p.edit(c, by, now)
}

func (p *Programme) edit(c Call, by models.Actor, now time.Time) error {
	if err := office(p.Region, by); err != nil {
		return err
	}
	next := *p
	next.Call = c
	if err := next.check(now); err != nil {
		return err
	}
	p.Call = c
	p.Makers.Touch(by)
	return nil
}

// check finds every fault.
func (p *Programme) check(now time.Time) error {
	faults := p.Title.Check("/title", models.MaxTitle)
	fault := func(bad bool, pointer, code string) {
		if bad {
			faults = append(faults, models.Field{Pointer: pointer, Code: code})
		}
	}
	fault(p.Kind != Person && p.Kind != Unit, "/kind", "oneof")
	fault(p.Year < 2000 || p.Year > 2200, "/year", "award_year")
	fault(p.Level < 1 || p.Level > 5, "/level", "award_level")
	fault(p.Industry != "" && !slices.Contains(Industries, p.Industry), "/industry", "oneof")
	fault(p.Opens < models.DayOf(now), "/opens", "award_opens")
	w := p.Weights
	fault(w.Public > MaxPublic, "/weights/public", "award_public")
	fault(w.Expert < 0 || w.Department < 0 || w.Public < 0 || w.Expert+w.Department+w.Public != 10000, "/weights", "award_weights")
	sum, seen := 0, map[string]bool{}
	for i, c := range p.Criteria {
		sum += c.Points
		faults = append(faults, c.Name.Check(fmt.Sprintf("/criteria/%d/name", i), models.MaxTitle)...)
		fault(c.Points < 1 || c.Code == "" || seen[c.Code], fmt.Sprintf("/criteria/%d", i), "award_criterion")
		seen[c.Code] = true
	}
	fault(sum != 100, "/criteria", "award_hundred")
	fault(len(p.Categories) == 0 || len(p.Categories) > 20, "/categories", "required")
	codes := map[string]bool{}
	for i, c := range p.Categories {
		at := fmt.Sprintf("/categories/%d", i)
		fault(c.Code == "" || codes[c.Code], at, "award_category")
		faults = append(faults, c.Title.Check(at+"/title", models.MaxTitle)...)
		fault(c.Seats < 1, at+"/seats", "award_seats")
		codes[c.Code] = true
		for _, r := range slices.Sorted(maps.Keys(c.Regions)) {
			fault(!p.Region.Contains(models.Region(r)) || c.Regions[r] < 0, at+"/regions/"+r, "award_quota")
		}
		for _, x := range slices.Sorted(maps.Keys(c.Industry)) {
			fault(!slices.Contains(Industries, x) || c.Industry[x] < 0, at+"/industries/"+x, "award_quota")
		}
	}
	measures := map[string]bool{}
	for i, m := range p.Measures {
		fault(m.Code == "" || measures[m.Code] || m.Owner == "" || !slices.Contains(MeasureKinds, m.Kind) || m.Months < 0,
			fmt.Sprintf("/measures/%d", i), "award_measure")
		measures[m.Code] = true
	}
	t := p.Terms
	fault(t.Experts < 3 || t.Trim < 3 || t.OpenDays < 1 || t.CheckDays < 1 || t.HitDays < 1 || t.OpinionDays < 1 || t.ScoreDays < 1 ||
		t.VoteDays < 1 ||
		t.NoticeDays < 1 || t.AnswerDays < 1 || t.Months < 1 || t.Threshold < 0 || t.Threshold > 10000, "/terms", "award_terms")
	if err := p.compiles(); err != nil {
		faults = append(faults, models.Field{Pointer: "/vetting", Code: "award_vetting"})
		for _, f := range models.FieldsOf(err) {
			f.Pointer = "/vetting" + strings.TrimPrefix(f.Pointer, "/clauses")
			faults = append(faults, f)
		}
	}
	if len(faults) > 0 {
		return &models.Error{Code: models.Invalid, Reason: "award.programme_invalid", Fields: faults}
	}
	return nil
}

func (p *Programme) announce(kind models.Kind[ProgrammeData], by models.Actor, now time.Time) {
	p.Meta.Publish(kind.Of(ProgrammeData{Within: Within{p.ID}, Title: p.Title.ZH, TitleEN: p.Title.EN, Place: p.Region}), "", by, now)
}

// Category is the category with a code, nil for none.
func (p *Programme) Category(code string) *Category {
	for i := range p.Categories {
		if p.Categories[i].Code == code {
			return &p.Categories[i]
		}
	}
	return nil
}

// Publish puts a draft into force: not by who wrote it. seed is what experts are drawn with; its hash is published. Errors:
// Forbidden "second_person"; InvalidTransition; Invalid when its first day has passed meanwhile.
func (p *Programme) Publish(seed string, by models.Actor, now time.Time) error {
	switch err := office(p.Region, by); {
	case err != nil:
		return err
	case p.State != Drafted:
		return models.Refused(p.Life, programmeMoves[p.State], "award.stage")
	}
	if err := p.check(now); err != nil {
		return err
	}
	if err := p.Pass(by); err != nil {
		return err
	}
	if err := p.Move(programmeMoves, Published, by.At(now), "award.stage"); err != nil {
		return err
	}
	t := p.Terms
	p.Seed, p.Commit = models.NewSecret(seed), jury.Commit(seed)
	p.Closes = p.Opens.Add(t.OpenDays - 1)
	p.VoteFrom = p.Closes.AddWorking(t.CheckDays + t.HitDays + t.OpinionDays + t.ScoreDays)
	p.announce(EventPublished, by, now)
	p.plan()
	return nil
}

// Cancel ends a programme before seats are given. Errors: Forbidden; InvalidTransition.
func (p *Programme) Cancel(why string, by models.Actor, now time.Time) error {
	if err := office(p.Region, by); err != nil {
		return err
	}
	if err := p.Move(programmeMoves, Cancelled, by.At(now).Because(why), "award.stage"); err != nil {
		return err
	}
	p.announce(EventDone, by, now)
	p.plan()
	return nil
}

// Register adds experts; nobody is ever taken off. Errors: Forbidden; InvalidTransition once seats are given; Invalid.
func (p *Programme) Register(experts []Expert, by models.Actor) error {
	switch err := office(p.Region, by); {
	case err != nil:
		return err
	case slices.Contains([]ProgrammeState{Selected, Done, Cancelled}, p.State):
		return models.Refused(p.Life, programmeMoves[p.State], "award.stage")
	case len(experts) == 0 || len(p.Experts)+len(experts) > maxExperts:
		return models.Bad("/experts", "max", "award.experts")
	}
	for _, e := range experts {
		if e.Person == "" {
			return models.Bad("/experts", "required", "award.experts")
		}
		if !slices.ContainsFunc(p.Experts, func(x Expert) bool { return x.Person == e.Person }) {
			p.Experts = append(p.Experts, e)
		}
	}
	return nil
}

const maxExperts = 500

// Taking says whether nominations are taken. Errors: InvalidTransition.
func (p *Programme) Taking() error {
	if p.State != Open {
		return models.Refused(p.Life, programmeMoves[p.State], "award.stage")
	}
	return nil
}

// plan sets when time next changes something.
func (p *Programme) plan() {
	p.WakeAt = nil
	switch p.State {
	case Published:
		p.WakeAt = models.At(p.Opens.Start())
	case Open:
		p.WakeAt = models.At(p.Closes.Add(1).Start())
	case Reviewing:
		p.WakeAt = models.At(p.VoteFrom.Start())
	case Voting:
		p.WakeAt = models.At(p.VoteUntil.Add(1).Start())
	case Counting:
		p.WakeAt = models.At(p.CountUntil.Add(1).Start())
	case Drafted, Selected, Done, Cancelled:
	}
}

// Wake does what time alone brings: it opens, closes, asks for the vote, closes it, and asks for the seats. When something is still
// on the way the vote waits a day at a time, and the office hears of it once: nobody is left out because an office is late.
func (p *Programme) Wake(now time.Time) error {
	for p.WakeAt != nil && !p.WakeAt.After(now) {
		at := *p.WakeAt
		switch p.State {
		case Published:
			if err := p.step(Open, EventOpen, now); err != nil {
				return err
			}
		case Open:
			if err := p.step(Reviewing, EventClosing, now); err != nil {
				return err
			}
		case Reviewing:
			p.announce(EventVoteDue, models.Clockwork, now)
			p.VoteFrom = models.DayOf(now).Add(1)
			p.plan()
		case Voting:
			p.CountUntil = p.VoteUntil.AddWorking(p.Terms.CountDays)
			if err := p.step(Counting, EventVoteClosed, now); err != nil {
				return err
			}
		case Counting:
			p.announce(EventSelectDue, models.Clockwork, now)
			p.CountUntil = models.DayOf(now) // asked again tomorrow, should nobody answer
			p.plan()
		case Drafted, Selected, Done, Cancelled:
			p.WakeAt = nil
		}
		if p.WakeAt != nil && !p.WakeAt.After(at) {
			return nil
		}
	}
	return nil
}

func (p *Programme) step(to ProgrammeState, kind models.Kind[ProgrammeData], now time.Time) error {
	if err := p.Move(programmeMoves, to, models.Clockwork.At(now), "award.stage"); err != nil {
		return err
	}
	p.announce(kind, models.Clockwork, now)
	p.plan()
	return nil
}

// OpenVote opens the vote. ways says how many cases are on the way: then it waits. It says whether it is open.
func (p *Programme) OpenVote(ways int64, now time.Time) (bool, error) {
	switch {
	case p.State == Voting:
		return true, nil
	case p.State != Reviewing:
		return false, models.Refused(p.Life, programmeMoves[p.State], "award.stage")
	case ways > 0:
		if !p.Waits {
			p.Waits = true
			p.announce(EventLate, models.Clockwork, now)
		}
		return false, nil
	}
	p.VoteFrom = models.DayOf(now)
	p.VoteUntil = p.VoteFrom.Add(p.Terms.VoteDays)
	return true, p.step(Voting, EventVoteOpen, now)
}

// Seat notes that seats are given. It says whether anything changed.
func (p *Programme) Seat(ballots map[string]int, now time.Time) bool {
	if p.State != Counting {
		return false
	}
	p.Ballots = ballots
	return p.step(Selected, EventSelected, now) == nil
}

// Finish ends a programme of which nothing is on the way. It says whether anything changed.
func (p *Programme) Finish(now time.Time) bool {
	return p.State == Selected && p.step(Done, EventDone, now) == nil
}

// place is the part of a division code that a quota names: the longest key the code begins with, "" for none.
func quotaOf(quotas map[string]int, code string) string {
	best := ""
	for k := range quotas {
		if strings.HasPrefix(code, k) && len(k) > len(best) {
			best = k
		}
	}
	return best
}
