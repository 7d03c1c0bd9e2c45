package casework

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"xinyi/models"
)

// A RepairFile is what only a repair has.
type RepairFile struct {
	Eligible   models.Day `bson:"eligible"`             // first lawful day
	Ends       models.Day `bson:"ends,omitempty"`       // the day the record ends by itself; "" never
	Auto       bool       `bson:"auto,omitempty"`       // prepared by the autopilot
	Commitment string     `bson:"commitment,omitempty"` // hash of the commitment that was made; "" before it was
	Extended   bool       `bson:"extended,omitempty"`   // the clock was prolonged once
	Answered   bool       `bson:"answered,omitempty"`   // the source unit has said what it thinks
	Agreed     bool       `bson:"agreed,omitempty"`     // and that the duty is done
}

// A Commitment is what somebody promises who asks for repair. Its words never change under one version.
type Commitment struct {
	Version string
	models.Words
}

// Promise is the commitment of repair.
//
// Source: docs/sources.md#casework-repair.
var Promise = Commitment{
	Version: "2026-1",
	Words: models.Words{
		ZH: "本人（单位）已经纠正失信行为、履行相关义务，所提交的材料真实、有效，并承诺今后依法依规、诚实守信。如有不实，愿意承担相应责任，撤销修复结果。本承诺可以公开。",
		EN: "I (we) have put right what was wrong and done what was owed; what was handed in is true and valid; and I (we) promise to keep the law and our word. " +
			"Should any of this be untrue, I (we) answer for it and the repair is undone. This commitment may be made public.",
	},
}

// Hash names the words in both languages, SHA-256 in hex.
func (c Commitment) Hash() string {
	sum := sha256.Sum256([]byte(c.Version + "\n" + c.ZH + "\n" + c.EN))
	return hex.EncodeToString(sum[:])
}

// repairing is a filing about a record whose time for repair is known. Errors: Invalid.
func repairing(f *Filing, r RepairFile) error {
	f.Kind = Repair
	if f.About.Kind != "record" || f.About.Version <= 0 || f.About.Unit == "" || r.Eligible == "" {
		return models.E(models.Invalid, "casework.incomplete")
	}
	return nil
}

// Prepare fills in a repair for its subject on the first lawful day; nothing is asked for before the subject confirms.
// Errors: Invalid.
func (f Filing) Prepare(id string, r RepairFile, t Terms, now time.Time) (*Case, error) {
	if err := repairing(&f, r); err != nil {
		return nil, err
	}
	c, err := f.draft(id, t, models.Clockwork, now)
	if err != nil {
		return nil, err
	}
	r.Auto, c.Repair = true, &r
	return c, nil
}

// AskRepair asks for repair, with the commitment made. Errors: Invalid, Denied "casework.too_early" with the first lawful day.
//
// Source: docs/sources.md#casework-repair.
func (f Filing) AskRepair(id string, r RepairFile, t Terms, by models.Actor, now time.Time) (*Case, error) {
	if err := repairing(&f, r); err != nil {
		return nil, err
	}
	if err := r.lawful(f.About.ID, now); err != nil {
		return nil, err
	}
	c, err := f.file(id, t.RepairAccept, t, by, now)
	if err != nil {
		return nil, err
	}
	c.Repair = &r
	return c, nil
}

// lawful says whether the day has come and the commitment was made.
func (r RepairFile) lawful(record string, now time.Time) error {
	if models.DayOf(now) < r.Eligible {
		day := r.Eligible
		return &models.Error{Code: models.Denied, Reason: "casework.too_early", Clauses: []models.Clause{
			{ID: "record.clause_eligible", Outcome: models.Fail, Required: string(day), ChangeableBy: models.ByTime, From: &day, Source: record},
		}}
	}
	if r.Commitment != Promise.Hash() {
		return models.Bad("/commitment", "commitment", "casework.no_commitment")
	}
	return nil
}

// Confirm asks for a prepared repair, with the commitment made. The words of the subject may add to it.
// Errors: Conflict for any other kind, Invalid, Denied, InvalidTransition.
func (c *Case) Confirm(commitment, words string, by models.Actor, now time.Time) error {
	if c.Repair == nil {
		return models.E(models.Conflict, "casework.other_kind")
	}
	if len([]rune(words)) > maxWords {
		return models.Bad("/words", "max", "casework.incomplete")
	}
	made := *c.Repair
	made.Commitment = commitment
	if c.State != Draft {
		return models.Refused(c.Life, c.Kind.machine()[c.State], "casework.step_refused")
	}
	if err := made.lawful(c.About.ID, now); err != nil {
		return err
	}
	if err := c.move(Submitted, by, "", now); err != nil {
		return err
	}
	c.Repair, c.Filed = &made, by
	if words = strings.TrimSpace(words); words != "" {
		c.Words = models.NewSecret(words)
	}
	c.Clock.start(c.Terms.RepairAccept, models.DayOf(now))
	c.publish(EventFiled, by, now, "")
	c.plan()
	return nil
}

// maxMaterials bounds the papers of a case.
const maxMaterials = 10

// Attach adds a paper, before the case is taken up. Errors: Conflict "casework.too_many_materials", InvalidTransition.
func (c *Case) Attach(m Material) error {
	switch {
	case len(c.Materials) >= maxMaterials:
		return models.E(models.Conflict, "casework.too_many_materials")
	case c.State != Draft && c.State != Submitted && c.State != NeedMore:
		return models.Refused(c.Life, c.Kind.machine()[c.State], "casework.step_refused")
	}
	c.Materials = append(c.Materials, m)
	return nil
}

// repair is the start of every act of a desk on a repair. Errors: Conflict for any other kind, NotFound, Forbidden.
func (c *Case) repair(by models.Actor) error {
	if c.Repair == nil {
		return models.E(models.Conflict, "casework.other_kind")
	}
	return c.desk(by)
}

// Accept takes a repair up. Who made the record decides about it (谁认定、谁修复): unless that is the desk itself, the source unit
// is asked at once. Errors: Conflict, NotFound, Forbidden, InvalidTransition.
func (c *Case) Accept(by models.Actor, now time.Time) error {
	if err := c.repair(by); err != nil {
		return err
	}
	if c.State != Submitted { // the unit's answer leads there too
		return models.Refused(c.Life, c.Kind.machine()[c.State], "casework.step_refused")
	}
	if err := c.move(Accepted, by, "", now); err != nil {
		return err
	}
	c.Clock.start(c.Terms.RepairDecide, models.DayOf(now))
	c.publish(EventAccepted, by, now, "")
	if c.About.Unit == c.Desk {
		c.Repair.Answered, c.Repair.Agreed = true, true
	} else if err := c.move(Checking, models.Clockwork, "", now); err != nil {
		return err
	} else {
		c.Queue = c.About.Unit
	}
	c.plan()
	return nil
}

// TurnAway does not take a repair up, with the reason. Errors: Conflict, NotFound, Forbidden, Invalid, InvalidTransition.
func (c *Case) TurnAway(by models.Actor, why string, now time.Time) error {
	if err := c.repair(by); err != nil {
		return err
	}
	if err := reasoned(why); err != nil {
		return err
	}
	if err := c.move(NotAccepted, by, why, now); err != nil {
		return err
	}
	c.Outcome = why
	c.publish(EventNotAccepted, by, now, why)
	c.plan()
	return nil
}

// Extend prolongs the clock of a complex repair, once. Errors: Conflict "casework.extended_already", NotFound, Forbidden, Invalid,
// InvalidTransition unless it is being decided.
func (c *Case) Extend(by models.Actor, why string, now time.Time) error {
	if err := c.repair(by); err != nil {
		return err
	}
	switch {
	case reasoned(why) != nil:
		return reasoned(why)
	case c.State != Accepted && c.State != Checking:
		return models.Refused(c.Life, c.Kind.machine()[c.State], "casework.step_refused")
	case c.Repair.Extended:
		return models.E(models.Conflict, "casework.extended_already")
	}
	c.Repair.Extended = true
	c.Clock.Due, c.Clock.Late = c.Clock.Due.AddWorking(c.Terms.RepairExtend), false
	c.publish(EventExtended, by, now, why)
	c.plan()
	return nil
}

// GrantRepair decides for the subject. What the source unit said binds the desk. The record follows by itself, and then everybody
// who used it is told. Errors: Conflict "casework.unit_not_asked", "casework.unit_disagrees", NotFound, Forbidden, Invalid,
// InvalidTransition.
func (c *Case) GrantRepair(by models.Actor, why string, now time.Time) error {
	if err := c.repair(by); err != nil {
		return err
	}
	if c.State == Accepted && !c.Repair.Answered {
		return models.E(models.Conflict, "casework.unit_not_asked")
	}
	if c.State == Accepted && !c.Repair.Agreed {
		return models.E(models.Conflict, "casework.unit_disagrees")
	}
	if err := c.decide(Approved, by, why, now); err != nil {
		return err
	}
	c.Clock.start(c.Terms.RepairSync, models.DayOf(now))
	c.plan()
	return nil
}

// Sync notes that everybody who used the record was told. Errors: InvalidTransition.
func (c *Case) Sync(now time.Time) error {
	if err := c.move(Synced, models.Clockwork, "", now); err != nil {
		return err
	}
	c.Clock.end()
	c.publish(EventSynced, models.Clockwork, now, "")
	c.plan()
	return nil
}

// Revoke undoes a repair that rested on false materials; the record comes back. Errors: Conflict, NotFound, Forbidden, Invalid,
// InvalidTransition.
func (c *Case) Revoke(by models.Actor, why string, now time.Time) error {
	if err := c.repair(by); err != nil {
		return err
	}
	if err := reasoned(why); err != nil {
		return err
	}
	if err := c.move(Revoked, by, why, now); err != nil {
		return err
	}
	c.Outcome = why
	c.publish(EventRevoked, by, now, why)
	c.plan()
	return nil
}

// Over closes a repair whose record stopped by itself or went. It says whether anything changed. Errors: InvalidTransition.
func (c *Case) Over(why string, now time.Time) (bool, error) {
	if c.Repair == nil || !c.Open() || c.State == Approved || c.State == Synced {
		return false, nil
	}
	draft := c.State == Draft
	if err := c.move(Closed, models.Clockwork, why, now); err != nil {
		return false, err
	}
	if !draft { // nobody asked for a draft: nobody waits for an answer
		c.publish(EventOver, models.Clockwork, now, why)
	}
	c.plan()
	return true, nil
}
