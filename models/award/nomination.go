package award

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/flow"
	"xinyi/models/jury"
)

// A State is where a nomination stands.
type State string

// The states of a nomination.
const (
	Nominated   State = "NOMINATED" // waits for the nominee's word
	Drafting    State = "DRAFT"     // the nominee agreed and gathers materials
	InMaterials State = "MATERIAL"
	InVetting   State = "VETTING"
	InOpinions  State = "OPINIONS"
	InScoring   State = "SCORING"
	InVote      State = "VOTE" // scored: stands in the public vote
	Shortlisted State = "SHORTLIST"
	OnNotice    State = "NOTICE"
	InDecision  State = "DECIDING"
	Approved    State = "APPROVED"
	Awarded     State = "AWARDED"
	RunnerUp    State = "RUNNER_UP"
	NotSelected State = "NOT_SELECTED"
	Excluded    State = "EXCLUDED"
	Withdrawn   State = "WITHDRAWN"
	Struck      State = "STRUCK"
)

// Enum are all of them.
func (State) Enum() []any {
	return models.Enum(Nominated, Drafting, InMaterials, InVetting, InOpinions, InScoring, InVote, Shortlisted, OnNotice, InDecision,
		Approved, Awarded, RunnerUp, NotSelected, Excluded, Withdrawn, Struck)
}

// States lists them.
var States = []State{Nominated, Drafting, InMaterials, InVetting, InOpinions, InScoring, InVote, Shortlisted, OnNotice, InDecision,
	Approved, Awarded,
	RunnerUp, NotSelected, Excluded, Withdrawn, Struck}

// OnTheWay are the states a vote waits for, Alive those a programme waits for before it is done.
var (
	OnTheWay = []State{InMaterials, InVetting, InOpinions, InScoring}
	Alive    = []State{Nominated, Drafting, InMaterials, InVetting, InOpinions, InScoring, InVote, Shortlisted, OnNotice, InDecision, Approved}
)

// moves is the whole life of a nomination.
//
// Source: docs/sources.md#award-process.
var acts = models.Acts[State]{
	models.From(Nominated).To(Drafting).By("Agree", models.Resident, models.Business),
	models.From(Nominated, Drafting, InMaterials, InVetting, InOpinions, InScoring, InVote, InDecision).To(NotSelected).By("Lapse",
		models.System),
	models.From(Nominated, Drafting, InMaterials, InVetting, InOpinions, InScoring, InVote, Shortlisted, OnNotice, InDecision, RunnerUp).
		To(Withdrawn).By("Withdraw", models.Resident, models.Business),
	models.From(Drafting).To(InMaterials).By("File", models.Resident, models.Business),
	models.From(InMaterials).To(InVetting).By("Check", models.CreditOffice),
	models.From(InMaterials).To(NotSelected).By("Check", models.CreditOffice),
	models.From(InMaterials).To(NotSelected).By("Wake", models.System),
	models.From(InVetting).To(InOpinions).By("Vet", models.System),
	models.From(InVetting, InDecision).To(Excluded).By("Wake", models.System),
	models.From(InOpinions).To(InScoring).By("Opine", models.DataOfficer),
	models.From(InOpinions).To(InScoring).By("Vet", models.System),
	models.From(InOpinions).To(InScoring).By("Wake", models.System),
	models.From(InScoring).To(InVote).By("Score", models.System),
	models.From(InVote).To(InScoring).By("Rescore", models.CreditOffice),
	models.From(InVote).To(Shortlisted, RunnerUp, NotSelected).By("Seat", models.System),
	models.From(Shortlisted).To(OnNotice).By("Show", models.System),
	models.From(OnNotice).To(Shortlisted).By("Back", models.System),
	models.From(OnNotice).To(InDecision).By("Pass", models.System),
	models.From(OnNotice).To(Struck).By("Strike", models.System),
	models.From(InDecision).To(Approved, NotSelected).By("Judge", models.CreditOffice),
	models.From(Approved).To(Awarded).By("Granted", models.System),
	models.From(RunnerUp).To(Shortlisted).By("Seat", models.System),
}

var moves = acts.Machine()

// A Nominator is who nominated, and why.
type Nominator struct {
	By     models.Actor  `bson:"by"`
	How    How           `bson:"how"`
	Reason models.Secret `bson:"reason"`
	At     time.Time     `bson:"at"`
}

// A How says in what capacity somebody nominates.
type How string

// The ways.
const (
	BySelf   How = "SELF"
	ByUnit   How = "UNIT"
	ByPublic How = "PUBLIC"
)

// Enum are all of them.
func (How) Enum() []any { return models.Enum(BySelf, ByUnit, ByPublic) }

// A Consent is the nominee's own word: to be nominated and vetted, and, apart from that, to be named and recorded.
//
// Source: docs/sources.md#award-named.
type Consent struct {
	By       models.Actor `bson:"by"`
	At       time.Time    `bson:"at"`
	Named    bool         `bson:"named"`
	Recorded bool         `bson:"recorded"`
}

// A Filing is what the nominee handed in.
type Filing struct {
	Deed     models.Secret `bson:"deed"` // the nominee's own words of what speaks for it
	Since    models.Day    `bson:"since"`
	Region   models.Region `bson:"region"`
	Industry string        `bson:"industry,omitempty"`
	Unit     string        `bson:"unit,omitempty"` // where a person works: nobody from there scores it
	By       models.Actor  `bson:"by"`
	At       time.Time     `bson:"at"`
}

// A Nomination is one nominee in one category of a programme, whoever started it.
type Nomination struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Programme string         `bson:"programme"`
	Kind      Kind           `bson:"kind"`
	Category  string         `bson:"category"`
	Title     models.Words   `bson:"title"`
	Place     models.Region  `bson:"place"`    // of the programme's office
	Region    models.Region  `bson:"region"`   // of the nominee
	Industry  string         `bson:"industry"` // of the nominee
	Nominee   models.Subject `bson:"nominee"`
	Name      models.Secret  `bson:"name"`
	Unit      string         `bson:"unit,omitempty"`
	Since     models.Day     `bson:"since,omitempty"`

	Nominators []Nominator  `bson:"nominators"`
	Consent    *Consent     `bson:"consent,omitempty"`
	Filings    []Filing     `bson:"filings,omitempty"`
	Course     *flow.Course `bson:"course,omitempty"` // of the materials
	Vetting    *Vetting     `bson:"vetting,omitempty"`
	Stale      bool         `bson:"stale,omitempty"` // the records are to be read once more before anybody decides
	Held       bool         `bson:"held,omitempty"`  // waits for objections and repairs
	Opinions   []Opinion    `bson:"opinions,omitempty"`

	Jury   jury.Panel  `bson:"jury"`
	Short  bool        `bson:"short,omitempty"` // too few experts for its scoring
	Marks  *Marks      `bson:"marks,omitempty"`
	Placed *Placed     `bson:"placed,omitempty"`
	Decide flow.Course `bson:"decide"`

	Notice string     `bson:"notice,omitempty"`
	Award  string     `bson:"award,omitempty"`
	Until  models.Day `bson:"until,omitempty"` // of what goes on
	Why    string     `bson:"why,omitempty"`   // reason of the end: a text's key, or an office's words
}

// NominationID is the id of a nominee's nomination in a category, whoever starts it.
func NominationID(programme, category, ref string) string {
	return models.Derived("nomination", programme, category, ref)
}

// A Nominee is who is nominated, as the store knows it.
type Nominee struct {
	Subject models.Subject
	Name    models.Secret
	Birth   models.Day // of a person
	Region  models.Region
	Barred  models.Day // last day of a bar after a revocation, "" none
	WonOn   models.Day // day of the newest award of the same title, "" none
}

// A Draft says who is nominated, for what, and why.
type Draft struct {
	Category string
	Nominee  Nominee
	How      How
	Reason   string
}

// New nominates somebody in a category. Errors: Invalid "award.no_category", "award.kind"; InvalidTransition when nominations are not
// taken; Denied "award.minor" for a person not of age, "award.barred", "award.won_before".
//
// Source: docs/sources.md#award-eligible.
func New(p *Programme, d Draft, by models.Actor, now time.Time) (*Nomination, error) {
	if err := p.Taking(); err != nil {
		return nil, err
	}
	c, today := p.Category(d.Category), models.DayOf(now)
	switch {
	case c == nil:
		return nil, models.Bad("/category", "award_category", "award.no_category")
	case d.Nominee.Subject.Kind != p.Kind.Subject():
		return nil, models.Bad("/programme", "award_kind", "award.kind")
	case p.Kind == Person && !models.Adult(d.Nominee.Birth, today):
		return nil, models.E(models.Denied, "award.minor")
	case d.Nominee.Barred >= today:
		return nil, models.E(models.Denied, "award.barred").With("until", string(d.Nominee.Barred))
	case !p.Terms.PastWinners && d.Nominee.WonOn != "" && d.Nominee.WonOn.AddMonths(p.Terms.AgainMonths) > today:
		return nil, models.E(models.Denied, "award.won_before").With("from", string(d.Nominee.WonOn.AddMonths(p.Terms.AgainMonths)))
	}
	n := &Nomination{
		Programme: p.ID, Kind: p.Kind, Category: d.Category, Title: c.Title, Place: p.Region, Region: d.Nominee.Region, Industry: p.Industry, Nominee: d.Nominee.Subject,
		Name: d.Nominee.Name,
	}
	n.ID, n.State, n.Moved = NominationID(p.ID, d.Category, d.Nominee.Subject.Ref), Nominated, models.Moved{By: by.Role, At: now}
	n.Nominators = []Nominator{{by, d.How, models.NewSecret(d.Reason), now}}
	if d.How == BySelf {
		n.State = Drafting
		return n, nil
	}
	n.publish(EventNominated, models.Clockwork, now)
	return n, nil
}

const maxNominators = 200

// Join adds what somebody else says for the same nominee; the same one again changes nothing. It says whether anything changed. Errors:
// InvalidTransition once the case is closed; Limited "award.nominators".
func (n *Nomination) Join(how How, reason string, by models.Actor, now time.Time) (bool, error) {
	for _, x := range n.Nominators {
		if x.By.Principal() == by.Principal() && x.By.Org == by.Org {
			return false, nil
		}
	}
	switch {
	case n.State != Nominated && n.State != Drafting && n.State != InMaterials:
		return false, models.Refused(n.Life, moves[n.State], "award.state")
	case len(n.Nominators) >= maxNominators:
		return false, models.E(models.Limited, "award.nominators")
	}
	n.Nominators = append(n.Nominators, Nominator{by, how, models.NewSecret(reason), now})
	return true, nil
}

// Mine says whether by is the nominee, or acts for it.
func (n *Nomination) Mine(by models.Actor) bool { return holds(n.Nominee, by) }

// Label is how the nominee is shown to the public: by name when it agreed, or is a firm; else masked.
func (n *Nomination) Label() string {
	if n.Kind == Unit || n.Consent != nil && n.Consent.Named {
		return n.Name.Reveal()
	}
	return n.Name.String()
}

// publish tells the nominee.
func (n *Nomination) publish(kind models.Kind[NominationData], by models.Actor, now time.Time) {
	n.Publish(kind.Of(n.data()), n.Nominee.Addressee(), by, now)
}

// note tells of the nomination without telling the nominee.
func (n *Nomination) note(kind models.Kind[NominationData], by models.Actor, now time.Time) {
	n.Publish(kind.Of(n.data()), "", by, now)
}

func (n *Nomination) data() NominationData {
	return NominationData{
		Within: Within{n.Programme}, Category: n.Category, Title: n.Title.ZH, TitleEN: n.Title.EN, Until: n.Until, Reason: n.Why, Place: n.Place,
	}
}

func (n *Nomination) due(until models.Day) {
	n.Until = until
	n.WakeAt = models.At(until.Add(1).Start())
}

// Meet ties a nominee who opened an account later to it, and asks. It says whether anything changed.
func (n *Nomination) Meet(person string, now time.Time) bool {
	if n.Nominee.Kind != models.PersonSubject || n.Nominee.Person == person {
		return false
	}
	n.Nominee.Person = person
	if n.State == Nominated && person != "" {
		n.publish(EventNominated, models.Clockwork, now)
	}
	return true
}

// Agree is the nominee's word that it may be nominated and vetted. Nobody is nominated against their will. Errors: NotFound for anybody
// else; InvalidTransition.
//
// Source: docs/sources.md#award-consent.
func (n *Nomination) Agree(named, recorded bool, by models.Actor, now time.Time) error {
	switch {
	case !n.Mine(by):
		return models.E(models.NotFound, "not_found")
	case n.State == Drafting: // its own: what was chosen may be chosen anew
	default:
		if err := n.Move(moves, Drafting, by.At(now), "award.state"); err != nil {
			return err
		}
	}
	n.Consent = &Consent{by, now, named, recorded}
	return nil
}

// Withdraw takes the nominee out, at its word: at any time before the award. A nominee who refused cannot be nominated again in
// the category. Errors: NotFound for anybody else; InvalidTransition.
func (n *Nomination) Withdraw(why string, by models.Actor, now time.Time) error {
	if !n.Mine(by) && !by.Is(models.System) {
		return models.E(models.NotFound, "not_found")
	}
	return n.end(Withdrawn, EventOut, why, by, now)
}

// end is the last move of a nomination that comes to nothing. Whoever had a seat frees it.
func (n *Nomination) end(to State, kind models.Kind[NominationData], why string, by models.Actor, now time.Time) error {
	seated := n.State == Shortlisted || n.State == OnNotice || n.State == InDecision
	if err := n.Move(moves, to, by.At(now).Because(why), "award.state"); err != nil {
		return err
	}
	n.Why, n.Until, n.WakeAt = why, "", nil
	n.publish(kind, by, now)
	if seated {
		n.note(EventFreed, by, now)
	}
	return nil
}

// Lapse takes that nominations are closed, or that the programme was cancelled: what was not handed in is out. It says whether anything
// changed.
func (n *Nomination) Lapse(cancelled bool, now time.Time) bool {
	if !cancelled && n.State != Nominated && n.State != Drafting {
		return false
	}
	why := "award.not_filed"
	if cancelled {
		why = "award.cancelled"
	}
	return n.end(NotSelected, EventNot, why, models.Clockwork, now) == nil
}

// File hands the materials in; also anew, when they were sent back. Errors: NotFound for anybody else; Conflict "award.no_consent";
// Invalid; InvalidTransition.
func (n *Nomination) File(f Filing, p *Programme, by models.Actor, now time.Time) error {
	back := n.State == InMaterials && n.Course != nil && n.Course.Back
	switch {
	case !n.Mine(by):
		return models.E(models.NotFound, "not_found")
	case n.State != Drafting && !back:
		return models.Refused(n.Life, moves[n.State], "award.state")
	case n.Consent == nil:
		return models.E(models.Conflict, "award.no_consent")
	case f.Deed.Empty():
		return models.Bad("/deed", "required", "award.filing")
	case f.Since == "" || f.Since > models.DayOf(now):
		return models.Bad("/since", "award_since", "award.filing")
	case !p.Region.Contains(f.Region) || f.Region == "":
		return models.Bad("/region", "award_region", "award.filing")
	case p.Industry != "" && f.Industry != p.Industry, f.Industry != "" && !slices.Contains(Industries, f.Industry):
		return models.Bad("/industry", "oneof", "award.filing")
	}
	if back {
		if err := n.Course.File(by.Person, now); err != nil {
			return err
		}
	} else {
		if err := p.Taking(); err != nil {
			return err
		}
		if err := n.Move(moves, InMaterials, by.At(now), "award.state"); err != nil {
			return err
		}
		c := flow.New(timed(p.Materials, p.Terms.CheckDays), by.Person, now)
		n.Course = &c
	}
	f.By, f.At = by, now
	n.Filings = append(n.Filings, f)
	n.Since, n.Region, n.Industry, n.Unit = f.Since, f.Region, f.Industry, f.Unit
	n.Until, n.WakeAt = n.Course.Due, n.Course.WakeAt()
	return nil
}

// timed gives the steps of a flow that name no days the programme's.
func timed(f flow.Flow, days int) flow.Flow {
	f.Steps = slices.Clone(f.Steps)
	for i := range f.Steps {
		if f.Steps[i].Days == 0 {
			f.Steps[i].Days = days
		}
	}
	return f
}

// Check is an office's word on the materials. Whoever nominated does not check. Errors: as flow.Course.Cast; Forbidden "award.nominator".
func (n *Nomination) Check(v flow.Verdict, note string, t Terms, by models.Actor, now time.Time) error {
	if n.State != InMaterials {
		return models.Refused(n.Life, moves[n.State], "award.state")
	}
	if n.nominated(by.Person) {
		return models.E(models.Forbidden, "award.nominator")
	}
	out, err := n.Course.Cast(v, note, n.Place, by, now)
	if err != nil {
		return err
	}
	switch out {
	case flow.Returned:
		n.due(models.DayOf(now).AddWorking(t.CheckDays))
		d := n.data()
		d.Reason = note
		n.Publish(EventReturned.Of(d), n.Nominee.Addressee(), by, now)
	case flow.Rejected:
		return n.end(NotSelected, EventNot, note, by, now)
	case flow.Through:
		if err := n.Move(moves, InVetting, by.At(now), "award.state"); err != nil {
			return err
		}
		n.Until, n.WakeAt = "", nil
		n.note(EventVetDue, by, now)
	case flow.Waiting, flow.Passed:
		n.Until, n.WakeAt = n.Course.Due, n.Course.WakeAt()
	}
	return nil
}

func (n *Nomination) nominated(person string) bool {
	return slices.ContainsFunc(n.Nominators, func(x Nominator) bool { return x.By.Person == person && person != "" })
}

// Show notes that the notice is open. It says whether anything changed.
func (n *Nomination) Show(noticeID string, until models.Day, now time.Time) bool {
	if n.State != Shortlisted || n.Move(moves, OnNotice, models.Clockwork.At(now), "award.state") != nil {
		return false
	}
	n.Notice, n.Until, n.WakeAt = noticeID, until, nil
	n.publish(EventNotice, models.Clockwork, now)
	return true
}

// Pass takes that nobody objected, or nobody rightly: the decision begins, and the records are read once more. It says whether that
// was news.
func (n *Nomination) Pass(noticeID string, p *Programme, now time.Time) bool {
	if n.State != OnNotice || n.Notice != noticeID || n.Move(moves, InDecision, models.Clockwork.At(now), "award.state") != nil {
		return false
	}
	n.Decide = flow.New(timed(p.Deciding, p.Terms.CheckDays), "", now)
	n.Until, n.WakeAt = n.Decide.Due, n.Decide.WakeAt()
	n.Held, n.Stale = false, true
	n.note(EventVetDue, models.Clockwork, now)
	return true
}

// Strike takes that an objection was right. It says whether anything changed.
func (n *Nomination) Strike(noticeID string, now time.Time) bool {
	return n.State == OnNotice && n.Notice == noticeID && n.end(Struck, EventStruck, "award.objection_right", models.Clockwork, now) == nil
}

// Back takes that the notice was withdrawn.
func (n *Nomination) Back(noticeID string, now time.Time) bool {
	if n.State != OnNotice || n.Notice != noticeID || n.Move(moves, Shortlisted, models.Clockwork.At(now), "award.state") != nil {
		return false
	}
	n.Notice, n.Until = "", ""
	return true
}

// Judge is an office's word in the decision: two people agree, and nobody who nominated is heard. Errors: as flow.Course.Cast; Forbidden
// "award.nominator"; Conflict "award.vetting_fails" while a record
// stands against it; Invalid for a return: it is too late to mend anything.
func (n *Nomination) Judge(v flow.Verdict, note string, by models.Actor, now time.Time) error {
	switch {
	case n.State != InDecision:
		return models.Refused(n.Life, moves[n.State], "award.state")
	case n.nominated(by.Person):
		return models.E(models.Forbidden, "award.nominator")
	case v == flow.Revise:
		return models.Bad("/verdict", "oneof", "flow.verdict")
	case v == flow.Approve && (n.Stale || n.Vetting == nil || n.Vetting.Stops()):
		return models.E(models.Conflict, "award.vetting_fails")
	}
	out, err := n.Decide.Cast(v, note, n.Place, by, now)
	if err != nil {
		return err
	}
	switch out {
	case flow.Rejected:
		return n.end(NotSelected, EventNot, note, by, now)
	case flow.Through:
		if err := n.Move(moves, Approved, by.At(now), "award.state"); err != nil {
			return err
		}
		n.Until, n.WakeAt = "", nil
		n.note(EventApproved, by, now)
	case flow.Waiting, flow.Passed, flow.Returned:
		n.Until, n.WakeAt = n.Decide.Due, n.Decide.WakeAt()
	}
	return nil
}

func (n *Nomination) checked(person string) bool {
	return n.Course != nil && slices.ContainsFunc(n.Course.Votes,
		func(v flow.Vote) bool { return v.By.Person == person && v.Verdict != flow.Recuse })
}

// Granted notes the award. It says whether anything changed.
func (n *Nomination) Granted(award string, now time.Time) bool {
	if n.State != Approved || n.Move(moves, Awarded, models.Clockwork.At(now), "award.state") != nil {
		return false
	}
	n.Award = award
	return true
}

// Wake does what time alone brings: materials that were not mended, hits that were not cleared, silent departments, late experts.
func (n *Nomination) Wake(now time.Time) error {
	if n.WakeAt == nil || n.WakeAt.After(now) {
		return nil
	}
	n.WakeAt = nil
	switch n.State { //nolint:exhaustive // nothing else waits for time
	case InMaterials:
		if n.Course.Back {
			return n.end(NotSelected, EventNot, "award.not_mended", models.Clockwork, now)
		}
		if n.Course.Wake(now) {
			n.note(EventOverdue, models.Clockwork, now)
		}
	case InVetting, InDecision:
		if n.Vetting != nil && n.Vetting.Stops() {
			return n.end(Excluded, EventExcluded, "award.records", models.Clockwork, now)
		}
		if n.State == InDecision && n.Decide.Wake(now) {
			n.note(EventOverdue, models.Clockwork, now)
		}
	case InOpinions: // silence is no objection
		return n.score(models.Clockwork, now)
	case InScoring:
		return n.late(now)
	}
	return nil
}

// Deed is what the nominee says speaks for it, as it was handed in last.
func (n *Nomination) Deed() string {
	if len(n.Filings) == 0 {
		return ""
	}
	return n.Filings[len(n.Filings)-1].Deed.Reveal()
}
