package identity

import (
	"slices"
	"time"

	"xinyi/models"
)

// StaffRoles are the offices a person can hold.
var StaffRoles = []models.Role{models.HospitalFinance, models.VillageStaff, models.TownStaff, models.CountyHealth, models.CreditOffice,
	models.DataOfficer, models.Auditor, models.Operator}

// A Membership is an office a person holds: acting as Role for Org in Region from From until before To.
type Membership struct {
	ID      string        `bson:"id"`
	Role    models.Role   `bson:"role"`
	Org     string        `bson:"org"`
	OrgName string        `bson:"orgName"`
	Region  models.Region `bson:"region"`
	From    time.Time     `bson:"from"`
	To      *time.Time    `bson:"to,omitempty"` // nil: open

	Suspended bool `bson:"suspended,omitempty"` // contested: not held until that is decided
}

// Holds says whether the office is held at now.
func (m Membership) Holds(now time.Time) bool {
	return !m.Suspended && !now.Before(m.From) && (m.To == nil || now.Before(*m.To))
}

// Fit says whether the person may hold an office in that organisation: only a bound adult does, and each office once.
//
// Errors: Conflict "identity.not_bound", "identity.office_held" when the same office is open.
func (p *Person) Fit(m Membership, now time.Time) error {
	if !p.Adult(models.DayOf(now)) {
		return models.E(models.Conflict, "identity.not_bound")
	}
	for _, held := range p.Memberships {
		if held.ID != m.ID && held.Role == m.Role && held.Org == m.Org && (held.To == nil || held.To.After(now)) {
			return models.E(models.Conflict, "identity.office_held")
		}
	}
	return nil
}

// Appoint gives the person an office, or brings one that was given to what its appointment says now: suspended, ended, held again. Whether
// by may is for the appointment to say; nobody appoints themselves.
//
// Errors: Forbidden, Invalid, those of Fit for an office to be held.
func (p *Person) Appoint(by models.Actor, m Membership, now time.Time) error {
	switch {
	case by.Person != "" && by.Person == p.ID || by.Agent != "":
		return models.E(models.Forbidden, "identity.may_not_appoint")
	case !slices.Contains(StaffRoles, m.Role):
		return models.Bad("/role", "oneof", "identity.role_not_staff")
	case m.ID == "" || m.Org == "" || m.To != nil && m.To.Before(m.From):
		return models.E(models.Invalid, "identity.office_incomplete")
	}
	if p.Has(m) {
		return nil
	}
	i := slices.IndexFunc(p.Memberships, func(held Membership) bool { return held.ID == m.ID })
	if m.Holds(now) {
		if err := p.Fit(m, now); err != nil {
			return err
		}
	}
	held := i >= 0 && p.Memberships[i].Holds(now)
	if i < 0 {
		p.Memberships = append(p.Memberships, m)
	} else {
		p.Memberships[i] = m
	}
	switch {
	case m.Suspended:
		p.Publish(EventSuspended.Of(MembershipData{Role: m.Role, Org: m.Org, OrgName: m.OrgName}), p.ID, by, now)
	case m.Holds(now):
		p.Publish(EventAppointed.Of(MembershipData{Role: m.Role, Org: m.Org, OrgName: m.OrgName}), p.ID, by, now)
	case held:
		p.Publish(EventDismissed.Of(MembershipData{Role: m.Role, Org: m.Org, OrgName: m.OrgName}), p.ID, by, now)
	}
	return nil
}

// Has says whether the person's office is as m says in every respect.
func (p *Person) Has(m Membership) bool {
	return slices.ContainsFunc(p.Memberships, func(held Membership) bool {
		same := held.From.Equal(m.From) && (held.To == nil) == (m.To == nil) && (m.To == nil || held.To.Equal(*m.To))
		held.From, held.To = m.From, m.To
		return same && held == m
	})
}

// Actors are all the person may act as at now: themselves first, then one for each office held, in the order of appointment.
func (p *Person) Actors(now time.Time) []models.Actor {
	as := []models.Actor{p.Self()}
	for _, m := range p.Memberships {
		if m.Holds(now) {
			as = append(as, models.Actor{Person: p.ID, Role: m.Role, Org: m.Org, Region: m.Region})
		}
	}
	return as
}
