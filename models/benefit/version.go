package benefit

import (
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/rule"
)

// A Stage is where a version stands on its way to people.
type Stage string

// The stages of a version, in order.
const (
	Drafted   Stage = "DRAFT"
	Validated Stage = "VALIDATED" // its rule compiles and its terms are whole; from here it is never changed
	Simulated Stage = "SIMULATED" // tried on everybody
	Approved  Stage = "APPROVED"  // by a second person
	Scheduled Stage = "SCHEDULED" // published, with the day it begins
	Active    Stage = "ACTIVE"
	Retired   Stage = "RETIRED" // a later one took its place, or it was given up
)

// Stages lists them.
var Stages = []Stage{Drafted, Validated, Simulated, Approved, Scheduled, Active, Retired}

var stageMoves = models.Machine[Stage]{
	Drafted: {Validated, Retired}, Validated: {Simulated, Retired}, Simulated: {Simulated, Approved, Retired}, Approved: {Simulated, Scheduled, Retired},
	Scheduled: {Active, Retired}, Active: {Retired}, Retired: nil,
}

// A Version is what an offer says from a day on. Its id is "<offer>@<no>".
type Version struct {
	models.Meta        `bson:",inline"`
	models.Life[Stage] `bson:",inline"`

	Offer    string             `bson:"offer"`
	No       int                `bson:"no"`
	Provider string             `bson:"provider"`
	Region   models.Region      `bson:"region"`
	Subject  models.SubjectKind `bson:"subject"`
	Terms    Terms              `bson:"terms"`
	Rule     *rule.Rule         `bson:"rule,omitempty"` // since Validated
	Hash     string             `bson:"hash,omitempty"` // of rule and quota, which is what is simulated
	Author   string             `bson:"author"`         // who wrote it: nobody approves what she wrote

	Simulation string     `bson:"simulation,omitempty"`
	Against    string     `bson:"against,omitempty"` // the version in force that it was tried against, "" none
	TriedAt    *time.Time `bson:"triedAt,omitempty"` // when the simulation ended
	ApprovedBy string     `bson:"approvedBy,omitempty"`
	Begins     models.Day `bson:"begins,omitempty"`
}

// VersionID names a version of an offer.
func VersionID(offer string, no int) string { return offer + "@" + strconv.Itoa(no) }

// NewVersion drafts a version of an offer.
func NewVersion(o *Offer, no int, t Terms, by models.Actor, now time.Time) *Version {
	v := &Version{Offer: o.ID, No: no, Provider: o.Provider, Region: o.Region, Subject: o.Subject, Terms: t, Author: by.Principal()}
	v.ID, v.State, v.Moved = VersionID(o.ID, no), Drafted, models.Moved{By: by.Role, At: now}
	return v
}

// Edit changes a draft. Errors: InvalidTransition once validated.
func (v *Version) Edit(t Terms, by models.Actor) error {
	if v.State != Drafted {
		return models.Refused(v.Life, nil, "benefit.version_fixed")
	}
	v.Terms, v.Author = t, by.Principal()
	return nil
}

// Validate makes the rule of a draft and fixes it. Errors: Invalid "benefit.terms_invalid", "rule.invalid" with a field for every
// fault; InvalidTransition unless a draft.
func (v *Version) Validate(s *Scene, by models.Actor, now time.Time) error {
	if err := stageMoves.Check(v.Life, Validated, "benefit.version_stage"); err != nil {
		return err
	}
	if err := v.Terms.check(s); err != nil {
		return err
	}
	r, err := RuleOf(v.Offer, v.No, v.Subject, v.Terms.Needs)
	if err != nil {
		return err
	}
	if _, err := programs.Program(r); err != nil {
		return err
	}
	v.Rule, v.Hash = &r, rule.Digest(map[string]any{
		"rule": r.Hash(), "total": v.Terms.Quota.Total, "daily": v.Terms.Quota.Daily, "perPerson": v.Terms.Quota.PerPerson,
		"period": string(v.Terms.Quota.Period), "cap": int64(v.Terms.Cap), "until": string(v.Terms.Until),
	})
	return v.Move(stageMoves, Validated, by, now, "benefit.version_stage", "")
}

// Try takes a finished simulation. Errors: Conflict "benefit.other_rule" for one of something else; InvalidTransition.
func (v *Version) Try(s *Simulation, now time.Time) error {
	if s.Hash != v.Hash || s.State != Counted || s.DoneAt == nil {
		return models.E(models.Conflict, "benefit.other_rule")
	}
	if err := v.Move(stageMoves, Simulated, models.Clockwork, now, "benefit.version_stage", ""); err != nil {
		return err
	}
	v.Simulation, v.Against, v.TriedAt, v.ApprovedBy = s.ID, s.Against, s.DoneAt, ""
	return nil
}

// fresh says whether the version was tried, not long ago.
func (v *Version) fresh(pol Policy, now time.Time) error {
	if v.TriedAt == nil || now.Sub(*v.TriedAt) > pol.FreshSim {
		return models.E(models.Conflict, "benefit.simulation_old")
	}
	return nil
}

// Approve is a second person's word. Errors: Conflict "benefit.simulation_old" without a fresh simulation; Forbidden
// "benefit.second_person" for who wrote it; InvalidTransition.
//
// Source: docs/sources.md#benefit-gate.
func (v *Version) Approve(pol Policy, by models.Actor, now time.Time) error {
	switch v.State { //nolint:exhaustive // the others have passed the gate
	case Drafted, Validated:
		return models.E(models.Conflict, "benefit.simulation_old")
	}
	if err := stageMoves.Check(v.Life, Approved, "benefit.version_stage"); err != nil {
		return err
	}
	if err := v.fresh(pol, now); err != nil {
		return err
	}
	if by.Principal() == v.Author || by.Person == "" {
		return models.E(models.Forbidden, "benefit.second_person")
	}
	v.ApprovedBy = by.Principal()
	v.Tell(EventApproved, "", by, now, map[string]string{"offer": v.Offer, "version": strconv.Itoa(v.No)})
	return v.Move(stageMoves, Approved, by, now, "benefit.version_stage", "")
}

// Publish sets the day a version begins: the first one of an offer today at the earliest, a later one after the notice that
// people who would lose are due. inForce is the version it follows, "" none: one that was tried against another was not tried.
// Errors: Conflict "benefit.simulation_old"; Invalid "benefit.too_soon"; InvalidTransition.
func (v *Version) Publish(begins models.Day, inForce string, pol Policy, by models.Actor, now time.Time) error {
	if v.State == Drafted || v.State == Validated {
		return models.E(models.Conflict, "benefit.simulation_old")
	}
	if err := stageMoves.Check(v.Life, Scheduled, "benefit.version_stage"); err != nil {
		return err
	}
	if err := v.fresh(pol, now); err != nil {
		return err
	}
	if v.Against != inForce {
		return models.E(models.Conflict, "benefit.simulation_old")
	}
	first := models.DayOf(now)
	if inForce != "" {
		first = first.Add(pol.NoticeDays)
	}
	if begins < first {
		return &models.Error{Code: models.Invalid, Reason: "benefit.too_soon", Fields: []models.Field{{Pointer: "/begins", Code: "benefit_begins", Args: map[string]string{"first": string(first)}}}}
	}
	v.Begins = begins
	if err := v.Move(stageMoves, Scheduled, by, now, "benefit.version_stage", ""); err != nil {
		return err
	}
	v.Tell(EventScheduled, "", by, now, map[string]string{"offer": v.Offer, "version": strconv.Itoa(v.No), "from": string(begins)})
	if v.WakeAt = models.At(begins.Start()); !v.WakeAt.After(now) {
		return v.Wake(now)
	}
	return nil
}

// Drop gives up a version that is not in force. Errors: InvalidTransition.
func (v *Version) Drop(by models.Actor, now time.Time) error {
	if v.State == Active {
		return models.Refused(v.Life, nil, "benefit.version_stage")
	}
	v.WakeAt = nil
	return v.Move(stageMoves, Retired, by, now, "benefit.version_stage", "")
}

// Retire gives way to a later version. It says whether that was news.
func (v *Version) Retire(now time.Time) bool {
	if v.State == Retired || v.Move(stageMoves, Retired, models.Clockwork, now, "benefit.version_stage", "") != nil {
		return false
	}
	v.WakeAt = nil
	v.Tell(EventRetired, "", models.Clockwork, now, map[string]string{"offer": v.Offer, "version": strconv.Itoa(v.No)})
	return true
}

// Wake puts a version in force on its day.
func (v *Version) Wake(now time.Time) error {
	if v.WakeAt == nil || v.WakeAt.After(now) {
		return nil
	}
	v.WakeAt = nil
	if v.State != Scheduled {
		return nil
	}
	v.Tell(EventActive, "", models.Clockwork, now, map[string]string{"offer": v.Offer, "version": strconv.Itoa(v.No)})
	return v.Move(stageMoves, Active, models.Clockwork, now, "benefit.version_stage", "")
}

// programs are the compiled rules.
var programs rule.Cache

// Program is the version's rule made ready. Errors: Internal before it was validated.
func (v *Version) Program() (*rule.Program, error) {
	if v.Rule == nil {
		return nil, models.E(models.Internal, "benefit.no_rule")
	}
	return programs.Program(*v.Rule)
}
