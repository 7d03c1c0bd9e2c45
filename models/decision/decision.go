// Package decision keeps what was decided about people by rule (决定): the rule in the very version, the facts as they were, how
// each clause came out, and which version of which record was looked at. So whoever a decision touches can read why, anybody
// entitled can make it again byte for byte, and when a record turns out wrong the decisions that used it are made again.
package decision

import (
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/rule"
)

// A State is where a decision stands.
type State string

// The states of a decision. All but the state is for good.
const (
	Standing   State = "STANDING"
	Recalled   State = "RECALLED"   // a record it used changed: it is being made again
	Confirmed  State = "CONFIRMED"  // it was made again, with the same outcome; Next stands in its place
	Changed    State = "CHANGED"    // with another outcome
	Superseded State = "SUPERSEDED" // somebody decided anew about the same
)

// States lists every state, for views and checks.
var States = []State{Standing, Recalled, Confirmed, Changed, Superseded}

var acts = models.Acts[State]{
	models.From(Standing).To(Recalled).By("Recall", models.System),
	models.From(Standing, Recalled).To(Superseded).By("Supersede", models.System),
	models.From(Recalled).To(Confirmed, Changed).By("Settle", models.System),
}

var moves = acts.Machine()

// Admission is the kind of a decision whether a resident gets an agreement of credit medical care.
const Admission string = "medical.admission"

// Eligibility is the kind of a decision whether somebody may have an offer of 信易+.
const Eligibility string = "benefit.eligibility"

// Vetting is the kind of a decision whether the records speak against a nominee of an award.
const Vetting string = "award.vetting"

// Who decided.
const (
	Automatic = "AUTOMATIC" // a program, by the rule alone
	Office    = "OFFICE"    // a person in an office, who may go beyond the rule
)

// About is the document decided upon.
type About struct {
	Kind string `bson:"kind"` // "agreement"
	ID   string `bson:"id"`
}

// A Decision is one decision about one subject.
type Decision struct {
	models.Meta        `bson:",inline"`
	models.Life[State] `bson:",inline"`

	Kind    string         `bson:"kind"`
	Subject models.Subject `bson:"subject"`
	Person  string         `bson:"person"` // whose account may read it
	Region  models.Region  `bson:"region"` // whose offices answer for it
	About   About          `bson:"about"`

	Rule        string          `bson:"rule"`
	RuleVersion int             `bson:"ruleVersion"`
	RuleHash    string          `bson:"ruleHash"`
	Engine      string          `bson:"engine"`
	Inputs      models.Secret   `bson:"inputs"` // the facts, in canonical form
	Clauses     []models.Clause `bson:"clauses"`
	Result      string          `bson:"result"`  // hash of how the rule came out: what a replay must give
	Outcome     string          `bson:"outcome"` // what was decided; of an office it may differ from how the rule came out
	Uses        []rule.Cited    `bson:"uses,omitempty"`

	By    string      `bson:"by"`
	Role  models.Role `bson:"role"`
	At    time.Time   `bson:"at"`
	Cause string      `bson:"cause,omitempty"` // kind of the event that had it made again; "" for a first decision
	After string      `bson:"after,omitempty"` // the decision it was made again after
	Next  string      `bson:"next,omitempty"`  // the decision that stands in its place
	Queue string      `bson:"queue,omitempty"` // the region whose office has to look at what followed, "" none
	Note  string      `bson:"note,omitempty"`  // what the office found
}

// A Draft is everything that makes a decision.
type Draft struct {
	ID      string
	Kind    string
	Subject models.Subject
	Person  string
	Region  models.Region
	About   About
	Rule    string // its id, version and hash
	Version int
	Hash    string
	Engine  string
	Inputs  []byte // canonical facts
	Result  rule.Result
	Outcome string // "" is that of the result
	Uses    []rule.Cited
	By      models.Actor
	At      time.Time
}

// New makes a decision that stands. Errors: Internal "decision.incomplete".
func New(d Draft) (*Decision, error) {
	if d.ID == "" || d.Kind == "" || d.Hash == "" || len(d.Inputs) == 0 || len(d.Result.Clauses) == 0 {
		return nil, models.E(models.Internal, "decision.incomplete")
	}
	v := &Decision{
		Meta: models.Meta{ID: d.ID}, Life: models.Life[State]{State: Standing, Moved: models.Moved{By: d.By.Role, At: d.At}},
		Kind: d.Kind, Subject: d.Subject, Person: d.Person, Region: d.Region, About: d.About, Rule: d.Rule, RuleVersion: d.Version,
		RuleHash: d.Hash, Engine: d.Engine, Inputs: models.NewSecret(string(d.Inputs)), Clauses: d.Result.Clauses,
		Result: rule.Sum(d.Result.Canonical()), Outcome: d.Outcome, Uses: slices.Clone(d.Uses), By: Automatic, Role: d.By.Role, At: d.At,
	}
	if v.Outcome == "" {
		v.Outcome = d.Result.Outcome
	}
	if !d.By.Is(models.Resident, models.Business, models.System) {
		v.By = Office
	}
	v.Publish(EventMade.Of(MadeData{Kind: v.Kind, About: v.About.ID}), v.Person, d.By, d.At)
	return v, nil
}

// Key names the stored rule it was made by.
func (v *Decision) Key() string { return v.Rule + "@" + v.RuleHash }

// Recall says that a record it used changed. It says whether anything changed. Errors: InvalidTransition when it does not stand.
func (v *Decision) Recall(cause string, now time.Time) (bool, error) {
	if v.State == Recalled {
		return false, nil
	}
	if err := v.Move(moves, Recalled, models.Clockwork.At(now).Because(cause), "decision.not_standing"); err != nil {
		return false, err
	}
	v.Cause = cause
	v.Publish(EventRecalled.Of(RecalledData{Kind: v.Kind, About: v.About.ID, Cause: cause}), v.Person, models.Clockwork, now)
	return true, nil
}

// Again makes the decision anew by the same rule, on facts in which what came from the records is put right. The new decision
// stands once Settle has let this one give way to it. Errors: those of rule.Compile, rule.Facts and Program.Eval; Internal
// "decision.other_rule".
func (v *Decision) Again(p *rule.Program, facts map[string]any, uses []rule.Cited, now time.Time) (*Decision, error) {
	if p.Hash() != v.RuleHash {
		return nil, models.E(models.Internal, "decision.other_rule")
	}
	raw, err := rule.Canonical(facts)
	if err != nil {
		return nil, err
	}
	result, err := p.Eval(facts)
	if err != nil {
		return nil, err
	}
	next, err := New(Draft{
		ID: models.Derived("decision", v.ID, "again"), Kind: v.Kind, Subject: v.Subject, Person: v.Person, Region: v.Region, About: v.About,
		Rule: v.Rule, Version: v.RuleVersion, Hash: v.RuleHash, Engine: rule.Engine, Inputs: raw, Result: result, Uses: uses,
		By: models.Clockwork, At: now,
	})
	if err != nil {
		return nil, err
	}
	next.After = v.ID
	if v.By == Office && result.Outcome != models.Pass { // what an office gave beyond the rule, the rule does not take back
		next.By, next.Outcome = Office, v.Outcome
	}
	return next, nil
}

// Settle lets next stand in the place of a recalled decision. running says that what was given still runs: then nothing is
// taken away here, an office has to look. Errors: InvalidTransition unless recalled.
func (v *Decision) Settle(next *Decision, running bool, now time.Time) error {
	to, kind := Confirmed, EventConfirmed
	if next.Outcome != v.Outcome {
		to, kind = Changed, EventChanged
	}
	if err := v.Move(moves, to, models.Clockwork.At(now), "decision.not_recalled"); err != nil {
		return err
	}
	v.Next = next.ID
	data := SettledData{Kind: v.Kind, About: v.About.ID, Cause: v.Cause, Next: v.Next, Outcome: next.Outcome}
	v.Publish(kind.Of(data), v.Person, models.Clockwork, now)
	if to == Changed && running && next.Outcome != models.Pass {
		v.Queue = string(v.Region)
		v.Publish(EventDue.Of(data), "", models.Clockwork, now)
	}
	return nil
}

// Supersede lets a later decision about the same stand in its place; one that gave way already keeps what it gave way to.
// It says whether anything changed.
func (v *Decision) Supersede(next string, now time.Time) bool {
	if v.ID == next || v.State != Standing && v.State != Recalled {
		return false
	}
	if v.Move(moves, Superseded, models.Clockwork.At(now), "decision.not_standing") != nil {
		return false
	}
	v.Next = next
	return true
}

// Looked takes a changed decision off the office's queue, with what it found. Errors: Conflict "decision.not_queued".
func (v *Decision) Looked(note string) error {
	if v.Queue == "" {
		return models.E(models.Conflict, "decision.not_queued")
	}
	v.Queue, v.Note = "", note
	return nil
}
