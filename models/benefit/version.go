package benefit

import (
	"strconv"
	"time"

	"xinyi/models"
	"xinyi/models/release"
	"xinyi/models/rule"
)

// versionPath is the way of a version into force.
var versionPath = release.Path{release.Draft, release.Checked, release.Tried, release.Approved, release.Announced, release.InForce}

// A Version is what an offer says from a day on. Its id is "<offer>@<no>".
type Version struct {
	models.Meta     `bson:",inline"`
	release.Release `bson:",inline"` // its hash is of rule and quota, which is what is tried

	Offer    string             `bson:"offer"`
	No       int                `bson:"no"`
	Provider string             `bson:"provider"`
	Region   models.Region      `bson:"region"`
	Subject  models.SubjectKind `bson:"subject"`
	Terms    Terms              `bson:"terms"`
	Rule     *rule.Rule         `bson:"rule,omitempty"` // since it was checked
}

// Path is the way of a version into force.
func (v *Version) Path() release.Path { return versionPath }

// VersionID names a version of an offer.
func VersionID(offer string, no int) string { return offer + "@" + strconv.Itoa(no) }

// NewVersion drafts a version of an offer.
func NewVersion(o *Offer, no int, t Terms, by models.Actor, now time.Time) *Version {
	v := &Version{Offer: o.ID, No: no, Provider: o.Provider, Region: o.Region, Subject: o.Subject, Terms: t}
	v.ID = VersionID(o.ID, no)
	release.Start(v, by, now)
	return v
}

// Edit changes a draft. Errors: InvalidTransition once checked.
func (v *Version) Edit(t Terms, by models.Actor) error {
	if err := release.Edit(v, by); err != nil {
		return err
	}
	v.Terms = t
	return nil
}

// Validate makes the rule of a draft and fixes it. Errors: Invalid "benefit.terms_invalid", "rule.invalid" with a field for every
// fault; InvalidTransition unless a draft.
func (v *Version) Validate(s *Scene, by models.Actor, now time.Time) error {
	if err := release.May(v, release.Checked); err != nil {
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
	v.Rule = &r
	return release.Check(v, rule.Digest(map[string]any{
		"rule": r.Hash(), "total": v.Terms.Quota.Total, "daily": v.Terms.Quota.Daily, "perPerson": v.Terms.Quota.PerPerson,
		"period": string(v.Terms.Quota.Period), "cap": int64(v.Terms.Cap), "until": string(v.Terms.Until),
	}), by, now)
}

// Trial is what a simulation says of its version; it counts once it has ended.
func (s *Simulation) Trial() release.Trial {
	t := release.Trial{ID: s.ID, Of: s.Of, Against: s.Against, Hash: s.Hash}
	if s.State == Counted {
		t.At = s.DoneAt
	}
	return t
}

// Approve is a second person's word. Errors: as release.Approve.
//
// Source: docs/sources.md#benefit-gate.
func (v *Version) Approve(pol Policy, by models.Actor, now time.Time) error {
	if err := release.Approve(v, pol.FreshSim, by, now); err != nil {
		return err
	}
	v.Meta.Publish(EventApproved.Of(VersionData{Offer: v.Offer, Version: v.No}), "", by, now)
	return nil
}

// Publish sets the day a version begins: the first one of an offer today at the earliest, a later one after the notice that
// people who would lose are due. inForce is the version it follows, "" none. Errors: as release.Announce.
func (v *Version) Publish(begins models.Day, inForce string, pol Policy, by models.Actor, now time.Time) error {
	a := release.Announcement{Begins: begins, Follows: inForce, Notice: pol.NoticeDays, Fresh: pol.FreshSim}
	if err := release.Announce(v, a, by, now); err != nil {
		return err
	}
	v.Meta.Publish(EventScheduled.Of(ScheduledData{Offer: v.Offer, Version: v.No, From: begins}), "", by, now)
	return v.Wake(now)
}

// Retire gives way to a later version. It says whether anything changed.
func (v *Version) Retire(now time.Time) bool {
	if !release.GiveWay(v, now) {
		return false
	}
	v.Meta.Publish(EventRetired.Of(VersionData{Offer: v.Offer, Version: v.No}), "", models.Clockwork, now)
	return true
}

// Wake puts a version in force on its day.
func (v *Version) Wake(now time.Time) error {
	if release.Enter(v, now) {
		v.Meta.Publish(EventActive.Of(VersionData{Offer: v.Offer, Version: v.No}), "", models.Clockwork, now)
	}
	return nil
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
