package store

import (
	"xinyi/models"
	"xinyi/models/organisation"
)

// The collections of the register of organisations.
var (
	Organisations = Collection{
		Name: "organisations",
		Indexes: []Index{
			{Paths: []string{"parent", "state", "createdAt"}},
			{Paths: []string{"state", "region"}},
		},
		Queries: map[string]Query{
			"OrganisationsUnder": OrganisationsUnder("", organisation.Active),
			"OrganisationsIn":    OrganisationsIn(somewhere, organisation.Proposed, organisation.Active),
		},
	}
	Appointments = Collection{
		Name: "appointments",
		Indexes: []Index{
			{Paths: []string{"org", "state", "createdAt"}},
			{Paths: []string{"person", "createdAt"}},
			{Paths: []string{"state", "region"}},
			{Paths: []string{"contested", "region"}},
		},
		Queries: map[string]Query{
			"AppointmentsTo":        AppointmentsTo("office", organisation.Serving, organisation.Suspended),
			"AppointmentsOf":        AppointmentsOf("p1"),
			"AppointmentsIn":        AppointmentsIn(somewhere, organisation.Asked),
			"AppointmentsContested": AppointmentsContested(somewhere),
		},
	}
)

// OrganisationsUnder lists what answers directly to an office, the first registered first; "" gives those that stand alone.
// Index: parent, state, createdAt.
func OrganisationsUnder(parent string, states ...organisation.State) Query {
	return Where("parent", Eq, parent).And("state", In, anys(states)...).Asc("createdAt")
}

// OrganisationsIn lists the organisations of a region by place. Index: state, region.
func OrganisationsIn(r models.Region, states ...organisation.State) Query {
	return Where("state", In, anys(states)...).And("region", Prefix, r).Asc("region")
}

// AppointmentsTo lists the appointments to an organisation, the first asked for first. Index: org, state, createdAt.
func AppointmentsTo(org string, states ...organisation.AppointmentState) Query {
	return Where("org", Eq, org).And("state", In, anys(states)...).Asc("createdAt")
}

// AppointmentsOf lists a person's appointments, the newest first. Index: person, createdAt.
func AppointmentsOf(person string) Query { return Where("person", Eq, person).Desc("createdAt") }

// AppointmentsIn lists the appointments of a region in one state, by place. Index: state, region.
func AppointmentsIn(r models.Region, state organisation.AppointmentState) Query {
	return Where("state", Eq, state).And("region", Prefix, r).Asc("region")
}

// AppointmentsContested lists those of a region whose contest waits for a decision, by place. Index: contested, region.
func AppointmentsContested(r models.Region) Query {
	return Where("contested", Eq, true).And("region", Prefix, r).Asc("region")
}

// Organisation is every repo of the register, opened together.
type Organisation struct {
	Organisations *Repo[organisation.Organisation]
	Appointments  *Repo[organisation.Appointment]
}

// OpenOrganisation opens the repos on s, once a process.
func OpenOrganisation(s *Store) Organisation {
	return Organisation{
		Organisations: NewRepo[organisation.Organisation](s, Organisations),
		Appointments:  NewRepo[organisation.Appointment](s, Appointments),
	}
}
