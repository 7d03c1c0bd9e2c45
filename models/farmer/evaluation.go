package farmer

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/score"
)

// A EvaluationState is where the evaluation of a household stands.
type EvaluationState string

// The steps.
const (
	Peers     EvaluationState = "PEERS"     // 背靠背评议: neighbours answer, sealed
	Scored    EvaluationState = "SCORED"    // the village looks at it
	Prelim    EvaluationState = "PRELIM"    // 村级初评: ready for the notice
	Notice    EvaluationState = "NOTICE"    // 公示
	Review    EvaluationState = "REVIEW"    // 乡镇复核
	Certified EvaluationState = "CERTIFIED" // 认定
	Annual    EvaluationState = "ANNUAL"    // 年审; the certificate stays good
	Grace     EvaluationState = "GRACE"     // 整改: below the line at the review
	Appealed  EvaluationState = "APPEALED"
	Rejected  EvaluationState = "REJECTED"
	Revoked   EvaluationState = "REVOKED" // 摘牌
	Withdrawn EvaluationState = "WITHDRAWN"
)

// Enum are all of them.
func (EvaluationState) Enum() []any {
	return models.Enum(Peers, Scored, Prelim, Notice, Review, Certified, Annual, Grace, Appealed, Rejected, Revoked, Withdrawn)
}

// EvaluationStates lists them.
var EvaluationStates = []EvaluationState{Peers, Scored, Prelim, Notice, Review, Certified, Annual, Grace, Appealed, Rejected, Revoked,
	Withdrawn}

// steps is the whole life of an evaluation.
//
// Source: docs/sources.md#farmer-process.
var evaluationActs = models.Acts[EvaluationState]{
	models.From(Peers).To(Scored).By("Wake", models.System),
	models.From(Peers, Scored, Prelim, Notice, Review, Certified, Annual, Grace).To(Withdrawn).By("Withdraw", models.System),
	models.From(Scored).To(Prelim).By("Propose", models.VillageStaff, models.TownStaff),
	models.From(Scored).To(Rejected).By("Reject", models.VillageStaff, models.TownStaff),
	models.From(Review).To(Rejected).Another("Reject", models.TownStaff),
	models.From(Notice).To(Rejected).By("Strike", models.System),
	models.From(Prelim).To(Notice).By("Show", models.System, models.VillageStaff, models.TownStaff),
	models.From(Notice).To(Review).By("Pass", models.System),
	models.From(Notice).To(Prelim).By("Back", models.System),
	models.From(Review).To(Certified).Another("Certify", models.TownStaff),
	models.From(Certified).To(Annual).By("Wake", models.System),
	models.From(Certified, Annual, Grace).To(Revoked).By("Revoke", models.TownStaff),
	models.From(Annual).To(Certified, Grace).By("Renew", models.TownStaff),
	models.From(Grace).To(Certified, Revoked).By("Renew", models.TownStaff),
	models.From(Appealed).To(Scored, Rejected, Revoked).By("Decide", models.CreditOffice),
	models.From(Rejected, Revoked).To(Appealed).By("Object", models.Resident),
}

var evaluationMoves = evaluationActs.Machine()

// A PeerState is where a neighbour's answer stands.
type PeerState string

// The states of an answer.
const (
	PeerInvited PeerState = "INVITED"
	PeerRecused PeerState = "RECUSED"
	PeerGiven   PeerState = "GIVEN"
)

// Enum are all of them.
func (PeerState) Enum() []any { return models.Enum(PeerInvited, PeerRecused, PeerGiven) }

// A Peer is a neighbour who is asked. What one answers nobody sees but as a part of the mean.
type Peer struct {
	Person string        `bson:"person"`
	State  PeerState     `bson:"state"`
	Sealed models.Secret `bson:"sealed,omitempty"` // the answers as JSON
	At     *time.Time    `bson:"at,omitempty"`
}

// Questions are what neighbours are asked; each is answered 0, 1 or 2. Nothing about anybody's home life is asked.
//
// Source: docs/sources.md#farmer-peers.
var Questions = []string{"promises", "repute", "diligence", "community"}

// Answers are one neighbour's, by question.
type Answers map[string]int

func (a Answers) points() (score.Points, bool) {
	var sum int
	for _, q := range Questions {
		n, ok := a[q]
		if !ok || n < 0 || n > 2 {
			return 0, false
		}
		sum += n
	}
	return score.Points(sum) * 100, len(a) == len(Questions)
}

// An Evaluation is how a household becomes, and stays, a credit household (信用户). It holds what it was decided on.
type Evaluation struct {
	models.Meta                  `bson:",inline"`
	models.Life[EvaluationState] `bson:",inline"`

	Household string        `bson:"household"`
	Village   models.Region `bson:"village"`
	Person    string        `bson:"person,omitempty"`
	Label     string        `bson:"label"`          // the head's name, masked
	Slot      string        `bson:"slot,omitempty"` // unique: one alive a household

	Until models.Day `bson:"until,omitempty"` // of what goes on: answers, the township's review, the certificate, the time to mend
	Least int        `bson:"least"`           // so many answers count
	Trim  int        `bson:"trim"`            // from so many on, the highest and the lowest are left out
	Peers []Peer     `bson:"peers,omitempty"`
	Mean  *int64     `bson:"mean,omitempty"`  // of the answers, in hundredths; nil: too few
	Valid int        `bson:"valid,omitempty"` // answers counted

	Facts   map[string]int64 `bson:"facts,omitempty"` // what it was scored on
	Open    bool             `bson:"open"`
	Grounds []score.Ground   `bson:"grounds,omitempty"`
	Result  *score.Result    `bson:"result,omitempty"`

	First  models.Actor `bson:"first"` // the village's word
	Notice string       `bson:"notice,omitempty"`
	Judge  models.Actor `bson:"judge"` // the township's
	Why    string       `bson:"why,omitempty"`
	No     string       `bson:"no,omitempty"` // of the certificate
	Since  models.Day   `bson:"since,omitempty"`
	Grade  string       `bson:"grade,omitempty"`  // as certified
	Late   bool         `bson:"late,omitempty"`   // the township did not keep to its days
	Was    string       `bson:"was,omitempty"`    // the grade before
	Warned models.Day   `bson:"warned,omitempty"` // of a model to come
	Fraud  bool         `bson:"fraud,omitempty"`  // it was revoked for something false
	Appeal string       `bson:"appeal,omitempty"`
}

// Evaluate starts an evaluation of a verified file. Errors: Conflict "farmer.not_verified"; Forbidden.
func (f *File) Evaluate(id, label string, pol Policy, by models.Actor, now time.Time) (*Evaluation, error) {
	switch {
	case !f.Mine(by.Person) && !mayWriteIn(by, f.Village):
		return nil, models.E(models.Forbidden, "farmer.not_yours")
	case f.State != Verified:
		return nil, models.E(models.Conflict, "farmer.not_verified")
	}
	e := &Evaluation{Household: f.ID, Village: f.Village, Person: f.Person, Label: label, Slot: f.ID, Least: pol.PeersValid,
		Trim: pol.PeersTrim}
	e.ID, e.State, e.Moved = id, Peers, models.Moved{By: by.Role, At: now}
	e.due(models.DayOf(now).Add(pol.PeerDays))
	e.publish(EventApplied, by, now)
	return e, nil
}

func (e *Evaluation) due(until models.Day) {
	e.Until = until
	e.WakeAt = models.At(until.Add(1).Start())
}

func (e *Evaluation) publish(kind models.Kind[EvalData], by models.Actor, now time.Time) {
	grade := e.Grade
	if e.Result != nil {
		grade = e.Result.Grade
	}
	e.Publish(kind.Of(EvalData{Grade: grade, Was: e.Was, Until: e.Until, No: e.No, Reason: e.Why}), e.Person, by, now)
}

func (e *Evaluation) staff(by models.Actor, roles ...models.Role) error {
	if !by.Is(roles...) || !by.Region.Contains(e.Village) || by.Agent != "" {
		return models.E(models.Forbidden, "farmer.other_region")
	}
	return nil
}

// Invite asks neighbours, by their accounts. Errors: Forbidden; Invalid "farmer.too_few_peers",
// "farmer.peer_kin"; InvalidTransition.
func (e *Evaluation) Invite(people []string, pol Policy, by models.Actor, now time.Time) error {
	if err := e.staff(by, models.VillageStaff, models.TownStaff); err != nil {
		return err
	}
	if e.State != Peers {
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	}
	slices.Sort(people)
	people = slices.Compact(people)
	if len(people)+len(e.Peers) < pol.PeersInvited {
		return &models.Error{Code: models.Invalid, Reason: "farmer.too_few_peers", Fields: []models.Field{{Pointer: "/households", Code: "min"}}}
	}
	for _, p := range people {
		if p == e.Person {
			return &models.Error{Code: models.Invalid, Reason: "farmer.peer_kin",
				Fields: []models.Field{{Pointer: "/households", Code: "farmer_kin"}}}
		}
	}
	for _, p := range people {
		if e.peer(p) == nil {
			e.Peers = append(e.Peers, Peer{Person: p, State: PeerInvited})
			e.Publish(EventInvited.Of(InvitedData{Until: e.Until}), p, by, now)
		}
	}
	return nil
}

func (e *Evaluation) peer(person string) *Peer {
	for i := range e.Peers {
		if e.Peers[i].Person == person {
			return &e.Peers[i]
		}
	}
	return nil
}

// Answer seals a neighbour's answers; each answers once. Recused ones say that they are of the family, or owe or are owed.
// Errors: NotFound for whoever was not asked; Conflict "farmer.peer_answered"; Invalid "farmer.answers"; InvalidTransition.
func (e *Evaluation) Answer(a Answers, recused bool, by models.Actor, now time.Time) error {
	p := e.peer(by.Person)
	switch {
	case p == nil:
		return models.E(models.NotFound, "not_found")
	case e.State != Peers || models.DayOf(now) > e.Until:
		return models.Refused(e.Life, nil, "farmer.eval_step")
	case p.State != PeerInvited:
		return models.E(models.Conflict, "farmer.peer_answered")
	}
	if recused {
		p.State, p.At = PeerRecused, models.At(now)
		return nil
	}
	if _, ok := a.points(); !ok {
		return models.Bad("/answers", "farmer_answers", "farmer.answers")
	}
	p.State, p.At, p.Sealed = PeerGiven, models.At(now), hide(a)
	return nil
}

// open counts the answers, and forgets who said what.
func (e *Evaluation) open() {
	var answers []score.Points
	for i := range e.Peers {
		var a Answers
		if e.Peers[i].State == PeerGiven && json.Unmarshal([]byte(e.Peers[i].Sealed.Reveal()), &a) == nil {
			if n, ok := a.points(); ok {
				answers = append(answers, n)
			}
		}
		e.Peers[i].Sealed = models.Secret{}
	}
	e.Valid = len(answers)
	if m, ok := score.Mean(answers, e.Least, e.Trim); ok {
		n := int64(m)
		e.Mean = &n
	}
}

// Score keeps what the evaluation is decided on. Errors: InvalidTransition unless the answers are counted.
func (e *Evaluation) Score(t Known, r score.Result) error {
	if e.State != Scored && e.State != Annual && e.State != Grace {
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	}
	e.Facts, e.Open, e.Grounds, e.Result = t.Facts, t.Open, t.Grounds, &r
	return nil
}

// Input is what the result was made from.
func (e *Evaluation) Input() score.Input {
	return score.Input{Facts: e.Facts, Open: e.Open, Grounds: e.Grounds}
}

// Propose is the village's word: on to the notice when the result earns the title. Errors: Forbidden; Conflict "farmer.not_scored",
// "farmer.below"; InvalidTransition.
func (e *Evaluation) Propose(by models.Actor, now time.Time) error {
	switch err := e.staff(by, models.VillageStaff, models.TownStaff); {
	case err != nil:
		return err
	case e.State != Scored:
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	case e.Result == nil:
		return models.E(models.Conflict, "farmer.not_scored")
	case !e.Result.Good:
		return models.E(models.Conflict, "farmer.below")
	}
	if err := e.Move(evaluationMoves, Prelim, by.At(now), "farmer.eval_step"); err != nil {
		return err
	}
	e.First, e.WakeAt = by, nil
	e.publish(EventPrelim, by, now)
	return nil
}

// Reject says no: the village because the result does not earn the title, the township for a reason of its own. Errors:
// Forbidden "second_person"; Conflict "farmer.good" for a village that refuses a household that earned it; InvalidTransition.
func (e *Evaluation) Reject(why string, by models.Actor, now time.Time) error {
	roles := []models.Role{models.VillageStaff, models.TownStaff}
	if e.State == Review {
		roles = []models.Role{models.TownStaff}
	}
	switch err := e.staff(by, roles...); {
	case err != nil:
		return err
	case e.State == Scored && (e.Result == nil || e.Result.Good):
		return models.E(models.Conflict, "farmer.good")
	}
	if e.State == Review {
		if err := (models.Makers{e.First}).Second(by); err != nil {
			return err
		}
	}
	return e.refuse(Rejected, EventRefused, why, by, now)
}

func (e *Evaluation) refuse(to EvaluationState, kind models.Kind[EvalData], why string, by models.Actor, now time.Time) error {
	if err := e.Move(evaluationMoves, to, by.At(now).Because(why), "farmer.eval_step"); err != nil {
		return err
	}
	e.Why, e.WakeAt, e.Slot, e.Judge = why, nil, "", by
	e.publish(kind, by, now)
	return nil
}

// Show notes that the notice is open. Errors: InvalidTransition.
func (e *Evaluation) Show(noticeID string, until models.Day, by models.Actor, now time.Time) error {
	if err := e.Move(evaluationMoves, Notice, by.At(now), "farmer.eval_step"); err != nil {
		return err
	}
	e.Notice, e.Until, e.WakeAt = noticeID, until, nil
	e.publish(EventShown, by, now)
	return nil
}

// Pass takes that nobody objected, or nobody rightly. It says whether anything changed.
func (e *Evaluation) Pass(noticeID string, pol Policy, now time.Time) bool {
	if e.State != Notice || e.Notice != noticeID || e.Move(evaluationMoves, Review, models.Clockwork.At(now), "farmer.eval_step") != nil {
		return false
	}
	e.due(models.DayOf(now).AddWorking(pol.ReviewDays))
	e.publish(EventReview, models.Clockwork, now)
	return true
}

// Strike takes that an objection was right. It says whether anything changed.
func (e *Evaluation) Strike(noticeID string, now time.Time) bool {
	return e.State == Notice && e.Notice == noticeID && e.refuse(Rejected, EventRefused, "notice.upheld", models.Clockwork, now) == nil
}

// Back takes that the notice was withdrawn.
func (e *Evaluation) Back(noticeID string, now time.Time) bool {
	if e.State != Notice || e.Notice != noticeID || e.Move(evaluationMoves, Prelim, models.Clockwork.At(now), "farmer.eval_step") != nil {
		return false
	}
	e.Notice = ""
	return true
}

// Certify is the township's word. Errors: Forbidden "second_person" for whoever gave the village's; InvalidTransition.
func (e *Evaluation) Certify(no string, pol Policy, by models.Actor, now time.Time) error {
	switch err := e.staff(by, models.TownStaff); {
	case err != nil:
		return err
	case e.State != Review:
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	}
	if err := (models.Makers{e.First}).Second(by); err != nil {
		return err
	}
	if err := e.Move(evaluationMoves, Certified, by.At(now), "farmer.eval_step"); err != nil {
		return err
	}
	today := models.DayOf(now)
	e.Judge, e.No, e.Since, e.Grade = by, no, today, e.Result.Grade
	e.certify(today.AddMonths(pol.CertMonths), pol)
	e.publish(EventCertified, by, now)
	return nil
}

// certify sets the certificate's last day; the yearly review begins before it.
func (e *Evaluation) certify(until models.Day, pol Policy) {
	e.Until = until
	e.WakeAt = models.At(until.Add(-pol.AnnualDays).Start())
}

// Title says whether the household is a credit household on a day: certified, under review, or mending.
func (e *Evaluation) Title(on models.Day) bool {
	return (e.State == Certified || e.State == Annual || e.State == Grace) && on >= e.Since
}

// Renew is the yearly review, or the second look after the time to mend: on the result kept last. Better or worse grades are
// noted; below the line there is time to mend, then the title ends. Staff decide; nobody loses anything because they do not.
// Errors: Forbidden; Conflict "farmer.not_scored"; InvalidTransition.
func (e *Evaluation) Renew(pol Policy, by models.Actor, now time.Time) error {
	switch err := e.staff(by, models.TownStaff); {
	case err != nil:
		return err
	case e.State != Annual && e.State != Grace:
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	case e.Result == nil:
		return models.E(models.Conflict, "farmer.not_scored")
	}
	today := models.DayOf(now)
	if e.Result.Good {
		if err := e.Move(evaluationMoves, Certified, by.At(now), "farmer.eval_step"); err != nil {
			return err
		}
		e.Was, e.Grade, e.Judge = e.Grade, e.Result.Grade, by
		e.certify(max(e.Until, today).AddMonths(pol.CertMonths), pol)
		e.publish(EventRenewed, by, now)
		return nil
	}
	if e.State == Grace {
		if today <= e.Until {
			return models.E(models.Conflict, "farmer.grace")
		}
		return e.refuse(Revoked, EventRevoked, "farmer.below_line", by, now)
	}
	if err := e.Move(evaluationMoves, Grace, by.At(now), "farmer.eval_step"); err != nil {
		return err
	}
	e.due(today.Add(pol.GraceDays))
	e.publish(EventGrace, by, now)
	return nil
}

// Revoke ends the title at once, for fraud. Errors: Forbidden; InvalidTransition.
func (e *Evaluation) Revoke(why string, by models.Actor, now time.Time) error {
	if err := e.staff(by, models.TownStaff); err != nil {
		return err
	}
	if !e.Title(models.DayOf(now)) {
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	}
	if err := e.refuse(Revoked, EventRevoked, why, by, now); err != nil {
		return err
	}
	e.Fraud = true
	return nil
}

// False is the ground of a falsehood that was proven and not undone by an appeal, for as long as it counts; nil for none.
//
// Source: docs/sources.md#farmer-score.
func (e *Evaluation) False(pol Policy, on models.Day) *score.Ground {
	if !e.Fraud || e.State != Revoked || on > models.DayOf(e.Moved.At).AddMonths(pol.FalseMonths) {
		return nil
	}
	return &score.Ground{Code: VetoFalse, Record: fmt.Sprintf("%s@%d", e.ID, e.Revision)}
}

// Withdraw ends it because the household wants no more. Errors: Forbidden; InvalidTransition.
func (e *Evaluation) Withdraw(by models.Actor, now time.Time) error {
	if !by.Is(models.System) && (e.Person == "" || by.Person != e.Person) {
		return models.E(models.Forbidden, "farmer.not_yours")
	}
	if err := e.Move(evaluationMoves, Withdrawn, by.At(now), "farmer.eval_step"); err != nil {
		return err
	}
	e.Slot, e.WakeAt = "", nil
	e.publish(EventWithdrawn, by, now)
	return nil
}

// Object appeals against a refusal or an end. The county decides. Errors: Forbidden; Conflict "farmer.appeal_late",
// "farmer.appealed_already"; InvalidTransition.
func (e *Evaluation) Object(why string, pol Policy, by models.Actor, now time.Time) error {
	switch {
	case e.Person == "" || by.Person != e.Person:
		return models.E(models.Forbidden, "farmer.not_yours")
	case e.Appeal != "":
		return models.E(models.Conflict, "farmer.appealed_already")
	case (e.State == Rejected || e.State == Revoked) && models.DayOf(now) > models.DayOf(e.Moved.At).Add(pol.AppealDays):
		return models.E(models.Conflict, "farmer.appeal_late")
	}
	was := e.State
	if err := e.Move(evaluationMoves, Appealed, by.At(now).Because(string(was)), "farmer.eval_step"); err != nil {
		return err
	}
	e.Appeal = why
	e.publish(EventAppealed, by, now)
	return nil
}

// Decide decides an appeal: back to the village's look, or it stands. Errors: Forbidden; InvalidTransition.
func (e *Evaluation) Decide(upheld bool, why string, by models.Actor, now time.Time) error {
	if err := e.staff(by, models.CreditOffice); err != nil {
		return err
	}
	if e.State != Appealed {
		return models.Refused(e.Life, evaluationMoves[e.State], "farmer.eval_step")
	}
	was := EvaluationState(e.Moved.Reason)
	if !upheld {
		kind := EventRefused
		if was == Revoked {
			kind = EventRevoked
		}
		return e.refuse(was, kind, why, by, now)
	}
	if err := e.Move(evaluationMoves, Scored, by.At(now).Because(why), "farmer.eval_step"); err != nil {
		return err
	}
	e.Slot, e.Notice, e.Why = e.Household, "", ""
	e.publish(EventPeersDone, by, now)
	return nil
}

// Wake does what time brings: the answers are counted, the township is late, the yearly review begins, the time to mend is over.
func (e *Evaluation) Wake(now time.Time) error {
	if e.WakeAt == nil || e.WakeAt.After(now) {
		return nil
	}
	e.WakeAt = nil
	switch e.State {
	case Peers:
		e.open()
		e.publish(EventPeersDone, models.Clockwork, now)
		return e.Move(evaluationMoves, Scored, models.Clockwork.At(now), "farmer.eval_step")
	case Review:
		e.Late = true
		e.publish(EventLate, models.Clockwork, now)
	case Certified:
		e.publish(EventAnnual, models.Clockwork, now)
		return e.Move(evaluationMoves, Annual, models.Clockwork.At(now), "farmer.eval_step")
	case Grace:
		e.publish(EventGraceOver, models.Clockwork, now)
	case Scored, Prelim, Notice, Annual, Appealed, Rejected, Revoked, Withdrawn:
	}
	return nil
}

// Heads ties the evaluation to whoever leads the household now. It says whether anything changed.
func (e *Evaluation) Heads(person, label string) bool {
	if e.Slot == "" || e.Person == person && e.Label == label {
		return false
	}
	e.Person, e.Label = person, label
	return true
}

// Forget takes out what restricted cells made, of facts by name and of items by code; points stay. It says whether there was any.
func (e *Evaluation) Forget(fact, item func(string) bool) bool {
	n := len(e.Facts)
	maps.DeleteFunc(e.Facts, func(f string, _ int64) bool { return fact(f) })
	changed := len(e.Facts) != n
	if e.Result == nil {
		return changed
	}
	for i := range e.Result.Items {
		if it := &e.Result.Items[i]; it.Value != nil && item(it.Code) {
			it.Value, changed = nil, true
		}
	}
	return changed
}

// Erase takes out everything about the household but that there was an evaluation and how it ended. It says whether there was any.
func (e *Evaluation) Erase() bool {
	if e.Person == "" && e.Label == "" && e.Facts == nil && e.Result == nil && e.Peers == nil {
		return false
	}
	e.Person, e.Label, e.Facts, e.Grounds, e.Result, e.Peers, e.Appeal = "", "", nil, nil, nil, nil, ""
	return true
}

// Warn tells the household that a model to come would cost it the title. The same day twice is once. It says whether anything changed.
func (e *Evaluation) Warn(from models.Day, grade string, now time.Time) bool {
	if e.Warned == from || !e.Title(models.DayOf(now)) {
		return false
	}
	e.Warned = from
	e.Publish(EventWarned.Of(WarnedData{From: from, Grade: grade}), e.Person, models.Clockwork, now)
	return true
}
