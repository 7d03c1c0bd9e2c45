package village

import (
	"maps"
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/score"
)

// An Entry is one village, or one town, in a round.
type Entry struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Round   string        `bson:"round"`
	Level   Level         `bson:"level"`
	Year    int           `bson:"year"`
	Village models.Region `bson:"village"`        // 12 digits; of a town 9
	Name    string        `bson:"name"`           // of the place, as people say it
	Slot    string        `bson:"slot,omitempty"` // unique: one alive a place and round
	Scheme  string        `bson:"scheme"`
	Terms   Terms         `bson:"terms"`
	CutOff  models.Day    `bson:"cutOff"`

	Maker    string     `bson:"maker,omitempty"` // who filed it, to be told
	Roster   int64      `bson:"roster"`          // households that live there, as declared with evidence
	Evidence []Evidence `bson:"evidence,omitempty"`
	First    Sheet      `bson:"first"`
	Second   Sheet      `bson:"second"`
	Blind    bool       `bson:"blind,omitempty"` // drawn for a second sheet by somebody who does not see the first

	Frozen map[string]int64 `bson:"frozen,omitempty"` // the facts of the cut-off day; after a yearly review those of that day
	Root   string           `bson:"root,omitempty"`
	Size   int64            `bson:"size,omitempty"` // rows frozen
	Survey Survey           `bson:"survey"`
	Facts  map[string]int64 `bson:"facts,omitempty"` // what it was scored on: the frozen ones, the sheet's, the survey's
	Result *score.Result    `bson:"result,omitempty"`
	Course *flow.Course     `bson:"course,omitempty"`
	Sample []Sampled        `bson:"sample,omitempty"`

	Notice string       `bson:"notice,omitempty"`
	Judge  models.Actor `bson:"judge"` // whose word was the last
	Why    string       `bson:"why,omitempty"`
	Stars  int          `bson:"stars,omitempty"` // of the plaque; of a town 1
	Was    int          `bson:"was,omitempty"`   // stars before
	No     string       `bson:"no,omitempty"`    // of the plaque
	Since  models.Day   `bson:"since,omitempty"`
	Until  models.Day   `bson:"until,omitempty"` // of what goes on: the plaque's year, the time to mend
	Late   bool         `bson:"late,omitempty"`
	Fraud  bool         `bson:"fraud,omitempty"`
}

// slot is unique while an entry is not withdrawn.
func slot(round string, place models.Region) string { return round + "/" + string(place) }

// A Place is a village or a town, and what people call it.
type Place struct {
	Entry string // the id of its application
	Code  models.Region
	Name  string
}

// NewEntry begins a place's application in an open round. Errors: Forbidden "village.not_yours"; Invalid "village.no_village";
// Conflict "village.round_closed".
func (r *Round) NewEntry(s *Scheme, p Place, pol Policy, by models.Actor, now time.Time) (*Entry, error) {
	e := &Entry{
		Round: r.ID, Level: r.Level, Year: r.Year, Village: p.Code, Name: p.Name, Slot: slot(r.ID, p.Code), Scheme: r.Scheme, Terms: s.Terms, CutOff: r.CutOff, Maker: by.Person,
	}
	e.ID, e.State, e.Moved = p.Entry, Draft, models.Moved{By: by.Role, At: now}
	switch {
	case !r.County.Contains(p.Code) || !pol.Rural(p.Code, r.Level):
		return nil, models.Bad("/village", "village_place", "village.no_village")
	case r.State != Open || models.DayOf(now) > r.CutOff:
		return nil, models.E(models.Conflict, "village.round_closed")
	case s.ID != r.Scheme:
		return nil, models.E(models.Conflict, "village.other_scheme")
	}
	e.WakeAt = models.At(r.CutOff.Add(1).Start())
	return e, e.files(by)
}

// files says whether by may file for the place: its committee or its township. Errors: Forbidden "village.not_yours".
func (e *Entry) files(by models.Actor) error {
	if by.Person == "" || !by.Is(models.VillageStaff, models.TownStaff) || by.Region.Level() < models.Town || !by.Region.Contains(e.Village) {
		return models.E(models.Forbidden, "village.not_yours")
	}
	return nil
}

func (e *Entry) publish(kind models.Kind[EntryData], by models.Actor, now time.Time, step string) {
	e.Publish(kind.Of(EntryData{
		Round: e.Round, Village: e.Village, Name: e.Name, Level: e.Level, Stars: stars(e.Stars),
		Was: stars(e.Was), Until: e.Until, No: e.No, Reason: e.Why, Step: step,
	}), e.Maker, by, now)
}

// filling says whether the sheet and the evidence may still change: until the township has looked, and when it is to be mended.
func (e *Entry) filling() bool {
	switch e.State {
	case Draft, Applied, Annual, Grace:
		return true
	case InReview:
		return e.Course.Back || e.Course.At == 0
	case Prelim, Shown, Deciding, Certified, Revoked, Rejected, Withdrawn:
	}
	return false
}

// Apply files it, or files it anew after it was sent back. files is how many households of the place are on file: a roster is at least
// that. Errors: Forbidden; Invalid "village.roster" for a roster below that or without evidence; Conflict "village.round_closed";
// InvalidTransition.
func (e *Entry) Apply(roster, files int64, by models.Actor, now time.Time) error {
	if err := e.files(by); err != nil {
		return err
	}
	again := e.State == InReview && e.Course.Back
	if !again {
		if err := moves.Check(e.Life, Applied, "village.state"); err != nil {
			return err
		}
	}
	switch {
	case !again && models.DayOf(now) > e.CutOff:
		return models.E(models.Conflict, "village.round_closed")
	case e.Level == OfVillages && !again && (roster < 1 || roster > maxRoster || roster < files):
		return models.Bad("/households", "village_roster", "village.roster")
	case e.Level == OfVillages && !e.proven(AboutRoster):
		return models.Bad("/households", "village_evidence", "village.roster")
	}
	if again { // what was frozen stays: only the sheet and the evidence were mended
		if err := e.Course.File(by.Person, now); err != nil {
			return err
		}
		e.Maker, e.Why = by.Person, ""
		e.wakes()
		e.publish(EventReview, by, now, e.Course.Step().Code)
		return nil
	}
	if err := e.Move(moves, Applied, by.At(now), "village.state"); err != nil {
		return err
	}
	e.Roster, e.Maker, e.WakeAt = roster, by.Person, nil
	e.publish(EventApplied, by, now, "")
	return nil
}

// maxRoster bounds the households of a village.
const maxRoster = 20_000

// Begin takes what was frozen of the place and begins the review. rows are the rows drawn for the county's check, with their households.
// It says whether anything changed. Errors: Conflict "village.other_frozen".
func (e *Entry) Begin(f *Snapshot, s *Scheme, sample []Sampled, sv Survey, now time.Time) (bool, error) {
	switch {
	case f.Round != e.Round || f.Village != e.Village || s.ID != e.Scheme:
		return false, models.E(models.Conflict, "village.other_frozen")
	case e.State != Applied:
		return false, nil
	}
	e.Frozen, e.Root, e.Size, e.Sample = f.Facts, f.Root, f.Size, sample
	if err := e.Rate(s, sv); err != nil {
		return false, err
	}
	if err := e.Move(moves, InReview, models.Clockwork.At(now), "village.state"); err != nil {
		return false, err
	}
	c := flow.New(s.Flow, e.Maker, now)
	e.Course = &c
	e.wakes()
	e.publish(EventReview, models.Clockwork, now, c.Step().Code)
	return true, nil
}

// Rate scores what is known: the frozen facts, the first sheet, the survey. Errors: Conflict "village.other_scheme".
func (e *Entry) Rate(s *Scheme, sv Survey) error {
	if s.ID != e.Scheme {
		return models.E(models.Conflict, "village.other_scheme")
	}
	sc, err := s.Scorer()
	if err != nil {
		return err
	}
	facts := maps.Clone(e.Frozen)
	if facts == nil {
		facts = map[string]int64{}
	}
	for code, w := range e.First.Stands() {
		facts[s.Sources[code].Fact] = w.Value
	}
	if sv.Answers >= int64(max(e.Terms.LeastAnswers, 1)) {
		facts[FactAnswers], facts[FactSatisfied] = sv.Answers, sv.Satisfied
	}
	r, err := sc.Score(score.Input{Facts: facts, Open: true})
	if err != nil {
		return err
	}
	e.Facts, e.Survey, e.Result = facts, sv, &r
	return nil
}

// wakes sets when time next changes something.
func (e *Entry) wakes() {
	e.WakeAt = nil
	if e.Course != nil && (e.State == InReview || e.State == Deciding) {
		e.WakeAt = e.Course.WakeAt()
	}
}

// last says whether the step that is due is the decision.
func (e *Entry) last() bool { return e.Course != nil && e.Course.At == len(e.Course.Steps)-1 }

// A Word is what somebody says on a step.
type Word struct {
	Verdict flow.Verdict
	Note    string
}

// Vote is one word on the step that is due. Errors: Forbidden; Conflict "village.sheet_open" for a township that has not filled
// everything, "village.conflicts", "village.below", "village.sample_open", "village.sample_wrong", "village.second_open",
// "village.differs" when two sheets differ and nothing is said of it; InvalidTransition.
func (e *Entry) Vote(w Word, s *Scheme, sv Survey, by models.Actor, now time.Time) error {
	if e.State != InReview && e.State != Deciding {
		return models.Refused(e.Life, moves[e.State], "village.state")
	}
	if err := e.Course.May(e.Village, by); err != nil {
		return err
	}
	if e.State == Deciding && w.Verdict == flow.Revise {
		return models.Bad("/verdict", "oneof", "village.no_revision")
	}
	was := *e
	err := e.vote(w, s, sv, by, now)
	if err != nil {
		e.Facts, e.Survey, e.Result = was.Facts, was.Survey, was.Result
	}
	return err
}

func (e *Entry) vote(w Word, s *Scheme, sv Survey, by models.Actor, now time.Time) error {
	if e.State == InReview && w.Verdict == flow.Approve {
		if err := e.Rate(s, sv); err != nil {
			return err
		}
		if err := e.fit(w.Note, s); err != nil {
			return err
		}
	}
	step := e.Course.Step().Code
	out, err := e.Course.Cast(w.Verdict, w.Note, e.Village, by, now)
	if err != nil {
		return err
	}
	return e.went(out, step, w.Note, by, now)
}

// fit says whether the step that is due may let the entry through.
func (e *Entry) fit(note string, s *Scheme) error {
	wrong := 0
	for _, x := range e.Sample {
		if x.State == Wrong {
			wrong++
		}
	}
	checks := e.Course.At > 0 // whoever looks second checks the sample
	switch {
	case len(e.First.Missing(s)) > 0:
		return models.E(models.Conflict, "village.sheet_open")
	case len(e.First.Clashes()) > 0:
		return models.E(models.Conflict, "village.conflicts")
	case !e.Result.Good:
		return models.E(models.Conflict, "village.below")
	case checks && e.unchecked() > 0:
		return models.E(models.Conflict, "village.sample_open")
	case checks && wrong*10000 > e.Terms.WrongBP*len(e.Sample):
		return models.E(models.Conflict, "village.sample_wrong")
	case checks && e.Blind && len(e.Second.Missing(s)) > 0:
		return models.E(models.Conflict, "village.second_open")
	case checks && e.Blind && note == "" && len(e.Differ(s)) > 0:
		return models.E(models.Conflict, "village.differs")
	}
	return nil
}

// went goes where a vote leads.
func (e *Entry) went(out flow.Outcome, step, note string, by models.Actor, now time.Time) error {
	e.Judge = by
	switch out {
	case flow.Waiting:
		return nil
	case flow.Returned:
		e.Why, e.WakeAt = note, nil
		e.publish(EventReturned, by, now, step)
		return nil
	case flow.Rejected:
		return e.end(Rejected, EventRefused, note, by, now)
	case flow.Through:
		return e.certify(by, now)
	case flow.Passed:
	}
	if !e.last() {
		e.wakes()
		return nil
	}
	if err := e.Move(moves, Prelim, by.At(now), "village.state"); err != nil {
		return err
	}
	e.Course.Due, e.WakeAt = "", nil // the decision is not due before the notice is over
	e.publish(EventPrelim, by, now, step)
	return nil
}

// end ends it.
func (e *Entry) end(to State, kind models.Kind[EntryData], why string, by models.Actor, now time.Time) error {
	if err := e.Move(moves, to, by.At(now).Because(why), "village.state"); err != nil {
		return err
	}
	e.Why, e.WakeAt, e.Judge = why, nil, by
	if e.Was = e.Stars; to != Rejected {
		e.Stars = 0
	}
	if to == Withdrawn {
		e.Slot = ""
	}
	e.publish(kind, by, now, "")
	return nil
}

// PlaqueNo numbers the plaque of a place and year.
func PlaqueNo(level Level, place models.Region, year int) string {
	head := "XYC"
	if level == OfTowns {
		head = "XYZ"
	}
	return head + string(place) + "-" + strconv.Itoa(year)
}

func (e *Entry) certify(by models.Actor, now time.Time) error {
	if err := e.Move(moves, Certified, by.At(now), "village.state"); err != nil {
		return err
	}
	today := models.DayOf(now)
	e.Stars, e.No, e.Since, e.Judge = StarsOf(e.Result.Grade), PlaqueNo(e.Level, e.Village, e.Year), today, by
	e.year(today.AddMonths(e.Terms.PlaqueMonths))
	e.publish(EventCertified, by, now, "")
	return nil
}

// year sets the plaque's last day; the yearly review begins before it.
func (e *Entry) year(until models.Day) {
	e.Until = until
	e.WakeAt = models.At(until.Add(-e.Terms.AnnualDays).Start())
}

// Show notes that the notice is open. It says whether anything changed.
func (e *Entry) Show(noticeID string, now time.Time) bool {
	if e.State != Prelim || e.Move(moves, Shown, models.Clockwork.At(now), "village.state") != nil {
		return false
	}
	e.Notice = noticeID
	e.publish(EventShown, models.Clockwork, now, "")
	return true
}

// Pass takes that nobody objected, or nobody rightly: the decision is due. It says whether anything changed.
func (e *Entry) Pass(noticeID string, now time.Time) bool {
	if e.State != Shown || e.Notice != noticeID || e.Move(moves, Deciding, models.Clockwork.At(now), "village.state") != nil {
		return false
	}
	if s := e.Course.Step(); s.Days > 0 {
		e.Course.Due = models.DayOf(now).AddWorking(s.Days)
	}
	e.wakes()
	e.publish(EventDeciding, models.Clockwork, now, e.Course.Step().Code)
	return true
}

// Strike takes that an objection was right. It says whether anything changed.
func (e *Entry) Strike(noticeID string, by models.Actor, now time.Time) bool {
	return e.State == Shown && e.Notice == noticeID && e.end(Rejected, EventRefused, "notice.upheld", by, now) == nil
}

// Back takes that the notice was withdrawn. It says whether anything changed.
func (e *Entry) Back(noticeID string, now time.Time) bool {
	if e.State != Shown || e.Notice != noticeID || e.Move(moves, Prelim, models.Clockwork.At(now), "village.state") != nil {
		return false
	}
	e.Notice = ""
	return true
}

// Title says whether the place carries a plaque.
func (e *Entry) Title() bool { return e.State == Certified || e.State == Annual || e.State == Grace }

// judges says whether by decides on plaques: the county's office for villages, the city's for towns. Errors: Forbidden.
func (e *Entry) judges(by models.Actor) error {
	narrowest := models.County
	if e.Level == OfTowns {
		narrowest = models.Prefecture
	}
	if by.Person == "" || !by.Is(models.CreditOffice) || by.Region.Level() > narrowest || !by.Region.Contains(e.Village) {
		return models.E(models.Forbidden, "village.not_yours")
	}
	return nil
}

// Renew is the yearly review, or the second look after the time to mend, on what is known now. Below the line there is time to mend,
// then the plaque comes down. An office decides; nobody loses anything because it does not. Errors: Forbidden; Conflict
// "village.grace" for a second look below the line before its day, "village.sheet_open", "village.conflicts"; InvalidTransition.
//
// Source: docs/sources.md#village-process.
func (e *Entry) Renew(facts map[string]int64, s *Scheme, by models.Actor, now time.Time) error {
	switch err := e.judges(by); {
	case err != nil:
		return err
	case e.State != Annual && e.State != Grace:
		return models.Refused(e.Life, moves[e.State], "village.state")
	case len(e.First.Missing(s)) > 0:
		return models.E(models.Conflict, "village.sheet_open")
	case len(e.First.Clashes()) > 0:
		return models.E(models.Conflict, "village.conflicts")
	}
	was := *e
	e.Frozen = facts
	if err := e.Rate(s, e.Survey); err != nil {
		return err
	}
	today := models.DayOf(now)
	switch {
	case e.Result.Good:
		if err := e.Move(moves, Certified, by.At(now), "village.state"); err != nil {
			return err
		}
		e.Was, e.Stars, e.Judge, e.Why, e.Late = e.Stars, StarsOf(e.Result.Grade), by, "", false
		e.year(max(e.Until, today).AddMonths(e.Terms.PlaqueMonths))
		e.publish(EventRenewed, by, now, "")
		return nil
	case e.State == Grace && today <= e.Until:
		e.Frozen, e.Facts, e.Result = was.Frozen, was.Facts, was.Result
		return models.E(models.Conflict, "village.grace")
	case e.State == Grace:
		return e.end(Revoked, EventRevoked, "village.below_line", by, now)
	}
	if err := e.Move(moves, Grace, by.At(now), "village.state"); err != nil {
		return err
	}
	e.Judge, e.Until = by, today.Add(e.Terms.GraceDays)
	e.WakeAt = models.At(e.Until.Add(1).Start())
	e.publish(EventGrace, by, now, "")
	return nil
}

// Revoke takes a plaque down at once, for something that was false. Errors: Forbidden; InvalidTransition.
func (e *Entry) Revoke(why string, by models.Actor, now time.Time) error {
	if err := e.judges(by); err != nil {
		return err
	}
	if !e.Title() {
		return models.Refused(e.Life, moves[e.State], "village.state")
	}
	if err := e.end(Revoked, EventRevoked, why, by, now); err != nil {
		return err
	}
	e.Fraud = true
	return nil
}

// Withdraw ends it because the place wants no more, or because a later round gave it a plaque. Errors: Forbidden; InvalidTransition.
func (e *Entry) Withdraw(why string, by models.Actor, now time.Time) error {
	if !by.Is(models.System) {
		if err := e.files(by); err != nil {
			return err
		}
	}
	return e.end(Withdrawn, EventWithdrawn, why, by, now)
}

// Wake does what time brings: what was never filed ends with its round, an office is late, the yearly review begins, the time to mend
// is over.
func (e *Entry) Wake(now time.Time) error {
	if e.WakeAt == nil || e.WakeAt.After(now) {
		return nil
	}
	e.WakeAt = nil
	switch e.State {
	case Draft:
		return e.end(Withdrawn, EventWithdrawn, "village.never_filed", models.Clockwork, now)
	case InReview, Deciding:
		if e.Course.Wake(now) {
			e.Late = true
			e.publish(EventLate, models.Clockwork, now, e.Course.Step().Code)
		}
	case Certified:
		e.publish(EventAnnual, models.Clockwork, now, "")
		e.WakeAt = models.At(e.Until.Add(1).Start())
		return e.Move(moves, Annual, models.Clockwork.At(now), "village.state")
	case Grace, Annual: // the plaque stays up however late the office is
		kind := EventAnnual
		if e.State == Annual || models.DayOf(now) > e.Until.Add(againDays) {
			kind, e.Late = EventLate, true
		}
		e.publish(kind, models.Clockwork, now, "review")
		e.WakeAt = models.At(models.DayOf(now).Add(againDays).Start())
	case Applied, Prelim, Shown, Revoked, Rejected, Withdrawn:
	}
	return nil
}

// againDays is how often an office is told that it is late with a review.
const againDays = 90

// Stands is until when the plaque is sure to stand, for those who count by it: its year, or, while a review is not decided, another year.
func (e *Entry) Stands(today models.Day) models.Day {
	if e.State == Certified {
		return e.Until
	}
	return max(e.Until, today).AddMonths(12)
}

// Outcome is what was decided, as the notice shows it: public notices are in Chinese, like the law's.
func (e *Entry) Outcome() string {
	switch {
	case e.State == Rejected:
		return "不予认定"
	case e.Level == OfTowns:
		return "认定为信用乡镇"
	}
	return "认定为信用村 " + stars(StarsOf(e.Result.Grade))
}
