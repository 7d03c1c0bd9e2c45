package models

// A Role is what somebody acts as. Permissions name roles; a person's own rights need only Resident.
type Role string

// The roles. Systems sign in with client credentials, people with their phone or the city's own sign-in.
const (
	System Role = "system" // the clock and the flows; never signs in

	Resident Role = "resident" // any signed-in person, for what is theirs

	Hospital   Role = "hospital"   // a hospital's information system (HIS)
	Bank       Role = "bank"       // a bank's system
	Provider   Role = "provider"   // a benefit provider's system
	Department Role = "department" // a department's system

	Business Role = "business" // a person acting for an organisation; Org is its unified social credit code

	HospitalFinance Role = "hospital_finance" // hospital cashier and finance staff
	VillageStaff    Role = "village_staff"    // village committee and its collectors
	TownStaff       Role = "town_staff"       // township office
	CountyHealth    Role = "county_health"    // county health administration
	CreditOffice    Role = "credit_office"    // city or county credit office
	DataOfficer     Role = "data_officer"     // a source unit's officer for what it reports; Org is the unit
	Auditor         Role = "auditor"          // reads, never writes
	Operator        Role = "operator"         // keeps the system running; sees no personal data
)

// Roles lists every role that can sign in, for tables and checks.
var Roles = []Role{
	Resident, Hospital, Bank, Provider, Department, Business, HospitalFinance, VillageStaff, TownStaff, CountyHealth, CreditOffice,
	DataOfficer, Auditor, Operator,
}

// An Actor is who asks: a person, a person in an office, or a partner's system. The zero Actor is nobody.
type Actor struct {
	Person string `bson:"person,omitempty"` // person id; "" for a system
	Role   Role   `bson:"role,omitempty"`
	Org    string `bson:"org,omitempty"`    // organisation id: the hospital, bank, office
	Region Region `bson:"region,omitempty"` // where the role counts; for a resident, where she lives
	Client string `bson:"client,omitempty"` // client id of a partner's system
	Agent  string `bson:"agent,omitempty"`  // person id of the guardian or agent who acts for Person
}

// Is says whether the actor acts as one of roles.
func (a Actor) Is(roles ...Role) bool {
	for _, r := range roles {
		if a.Role == r {
			return true
		}
	}
	return false
}

// Principal names the actor across requests: what idempotency keys and rate limits belong to.
func (a Actor) Principal() string {
	switch {
	case a.Client != "":
		return "client/" + a.Client
	case a.Agent != "":
		return "person/" + a.Agent
	case a.Person != "":
		return "person/" + a.Person
	}
	return "nobody"
}

// Clockwork is the actor of what time or a flow does.
var Clockwork = Actor{Role: System}
