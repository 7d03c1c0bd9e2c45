package usecase

import (
	"context"
	"errors"
	"slices"
	"time"

	"xinyi/models"
	"xinyi/models/casework"
	"xinyi/models/identity"
	"xinyi/models/organisation"
	"xinyi/store"
)

// Organisation is the register with the people and systems that act for it: whatever changes both goes through here.
type Organisation struct {
	store.Organisation
	store.Identity
	Catalogue Catalogue
	Desks     casework.Desks
	Policy    organisation.Policy
}

// mostTold bounds how many officers of an organisation are told of one appointment.
const mostTold = 200

// Officers are the people who hold an office in an organisation, the longest serving first, at most 200.
func (o Organisation) Officers(ctx context.Context, org string, now time.Time) (people []string, err error) {
	page, err := o.Appointments.Find(ctx, store.AppointmentsTo(org, organisation.Serving, organisation.Suspended).Page(mostTold, ""))
	for _, a := range page.Items {
		if a.Open(now) && !slices.Contains(people, a.Person) {
			people = append(people, a.Person)
		}
	}
	return people, err
}

// Seat brings a person's office to what its appointment says. Twice is once; a person who left holds none.
func (o Organisation) Seat(ctx context.Context, a *organisation.Appointment, by models.Actor, now time.Time) error {
	if a.State == organisation.Asked || a.State == organisation.Refused {
		return nil
	}
	_, err := o.People.Update(ctx, a.Person, func(p *identity.Person) error {
		if p.State == identity.Left {
			return store.Unchanged()
		}
		m := MembershipOf(a)
		if p.Has(m) {
			return store.Unchanged()
		}
		return p.Appoint(by, m, now)
	})
	return err
}

// MembershipOf is the office that an appointment gives.
func MembershipOf(a *organisation.Appointment) identity.Membership {
	return identity.Membership{
		ID: a.ID, Role: a.Role, Org: a.Org, OrgName: a.OrgName, Region: a.Region, From: a.From, To: a.To(),
		Suspended: a.State == organisation.Suspended,
	}
}

// Appoint changes an appointment and the office that hangs on it.
func (o Organisation) Appoint(
	ctx context.Context, id string, by models.Actor, now time.Time, change func(*organisation.Appointment) error,
) (*organisation.Appointment, error) {
	a, err := o.Appointments.Update(ctx, id, change)
	if err == nil {
		err = o.Seat(ctx, a, by, now)
	}
	return a, err
}

// Reserved says whether documents name an id already that an organisation of a place would take the authority of: a source unit's code
// belongs to the unit, a desk that takes cases to the credit office of its region.
func (o Organisation) Reserved(ctx context.Context, v *organisation.Organisation) error {
	for region, desk := range o.Desks {
		if desk == v.ID && (v.Kind != organisation.CreditOffice || region != "" && region != v.Region) {
			return models.Bad("/id", "organisation_taken", "organisation.id_taken")
		}
	}
	unit, err := o.Catalogue.Units.Get(ctx, v.ID)
	if errors.Is(err, models.NotFound) {
		return nil
	}
	if err == nil && (v.Kind != organisation.SourceUnit || unit.Region != v.Region) {
		err = models.Bad("/id", "organisation_taken", "organisation.id_taken")
	}
	return err
}

// Apart says whether an office that stands alone shares no place with another that does: a region has one first credit office.
func (o Organisation) Apart(ctx context.Context, v *organisation.Organisation) error {
	if v.Parent != "" || v.Kind != organisation.CreditOffice {
		return nil
	}
	alone := store.OrganisationsUnder("", organisation.Active, organisation.Proposed)
	_, err := o.Organisations.Each(ctx, alone, func(other *organisation.Organisation) error {
		if other.ID != v.ID && other.Kind == v.Kind && (other.Region.Contains(v.Region) || v.Region.Contains(other.Region)) {
			return models.Bad("/region", "organisation_region", "organisation.region_taken")
		}
		return nil
	})
	return err
}

// First notes one of the first two officers of a city, whom operators appoint. The organisation itself counts them, so that two requests at
// once make no third. Errors: NotFound when both are there.
func (o Organisation) First(ctx context.Context, org, appointment string) error {
	_, err := o.Organisations.Update(ctx, org, func(v *organisation.Organisation) error {
		n := len(v.First)
		if !v.OpenWith(appointment) {
			return models.E(models.NotFound, "not_found")
		}
		if len(v.First) == n {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// Unopen gives up an appointment that was refused, if it was one of the first.
func (o Organisation) Unopen(ctx context.Context, org, appointment string) error {
	_, err := o.Organisations.Update(ctx, org, func(v *organisation.Organisation) error {
		n := len(v.First)
		if v.Unopen(appointment); len(v.First) == n {
			return store.Unchanged()
		}
		return nil
	})
	return err
}

// Ready says whether an office can be held now: the organisation is active, the person a bound adult who does not hold it yet.
// Errors: Conflict.
func (o Organisation) Ready(ctx context.Context, a *organisation.Appointment, now time.Time) error {
	v, err := o.Organisations.Get(ctx, a.Org)
	if err != nil {
		return err
	}
	if v.State != organisation.Active {
		return models.E(models.Conflict, "organisation.not_active")
	}
	p, err := o.People.Get(ctx, a.Person)
	if err != nil {
		return err
	}
	return p.Fit(MembershipOf(a), now)
}

// operations is the organisation of those who run the program.
const operations = "xinyi"

// Operate makes a person an operator, on the word of whoever runs the program. Errors: Conflict, as for every office.
func (o Organisation) Operate(ctx context.Context, p *identity.Person, now time.Time) error {
	v, err := o.Organisations.Get(ctx, operations)
	if err != nil {
		return err
	}
	a, err := v.Install(models.Derived("operator", p.ID, now.String()), models.Operator, p.ID, now)
	if err == nil {
		err = p.Fit(MembershipOf(a), now)
	}
	if err == nil {
		err = o.Appointments.Insert(ctx, a)
	}
	if err != nil {
		return err
	}
	return o.Seat(ctx, a, models.Clockwork, now)
}
