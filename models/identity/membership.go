package identity

import (
	"slices"
	"time"

	"xinyi/models"
)

// StaffRoles are the offices a person can hold.
var StaffRoles = []models.Role{models.HospitalFinance, models.VillageStaff, models.TownStaff, models.CountyHealth, models.CreditOffice, models.DataOfficer, models.Auditor, models.Operator}

// A Membership is an office a person holds: acting as Role for Org in Region from From until before To.
type Membership struct {
	ID      string        `bson:"id"`
	Role    models.Role   `bson:"role"`
	Org     string        `bson:"org"`
	OrgName string        `bson:"orgName"`
	Region  models.Region `bson:"region"`
	From    time.Time     `bson:"from"`
	To      *time.Time    `bson:"to,omitempty"` // nil: open
}

// Holds says whether the office is held at now.
func (m Membership) Holds(now time.Time) bool {
	return !now.Before(m.From) && (m.To == nil || now.Before(*m.To))
}

// Appoint gives the person an office. A credit office appoints in its own region, an operator and the system anywhere;
// only these two make operators. Nobody appoints themselves, and only a bound adult holds an office.
//
// Errors: Forbidden, Invalid, Conflict "identity.office_held" when the same office is open, "identity.not_bound".
func (p *Person) Appoint(by models.Actor, m Membership, now time.Time) error {
	switch {
	case !mayStaff(by, p, m):
		return models.E(models.Forbidden, "identity.may_not_appoint")
	case !slices.Contains(StaffRoles, m.Role):
		return models.Bad("/role", "oneof", "identity.role_not_staff")
	case m.ID == "" || m.Org == "" || m.To != nil && !m.To.After(m.From):
		return models.E(models.Invalid, "identity.office_incomplete")
	case !p.Adult(models.DayOf(now)):
		return models.E(models.Conflict, "identity.not_bound")
	}
	for _, held := range p.Memberships {
		if held.ID == m.ID || held.Role == m.Role && held.Org == m.Org && (held.To == nil || held.To.After(now)) {
			return models.E(models.Conflict, "identity.office_held")
		}
	}
	p.Memberships = append(p.Memberships, m)
	p.Publish(EventAppointed.Of(MembershipData{Role: m.Role, Org: m.Org, OrgName: m.OrgName}), p.ID, by, now)
	return nil
}

// Dismiss ends an office at once. Errors: NotFound, Forbidden as for Appoint, Conflict "identity.office_ended".
func (p *Person) Dismiss(by models.Actor, id string, now time.Time) error {
	i := slices.IndexFunc(p.Memberships, func(m Membership) bool { return m.ID == id })
	if i < 0 {
		return models.E(models.NotFound, "not_found")
	}
	m := &p.Memberships[i]
	switch {
	case !mayStaff(by, p, *m):
		return models.E(models.Forbidden, "identity.may_not_appoint")
	case m.To != nil && !m.To.After(now):
		return models.E(models.Conflict, "identity.office_ended")
	}
	m.To = models.At(now)
	p.Publish(EventDismissed.Of(MembershipData{Role: m.Role, Org: m.Org, OrgName: m.OrgName}), p.ID, by, now)
	return nil
}

func mayStaff(by models.Actor, p *Person, m Membership) bool {
	switch {
	case by.Person != "" && by.Person == p.ID, by.Agent != "":
		return false
	case by.Is(models.System, models.Operator):
		return true
	}
	return by.Is(models.CreditOffice) && m.Role != models.Operator && by.Region.Contains(m.Region)
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
