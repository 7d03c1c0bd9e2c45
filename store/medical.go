package store

import (
	"xinyi/models"
	"xinyi/models/medical"
)

// The collections of credit medical care.
var (
	Schemes = Collection{
		Name:    "med_schemes",
		Indexes: []Index{{Paths: []string{"region"}}},
		Queries: map[string]Query{"SchemesIn": SchemesIn(somewhere)},
	}
	Hospitals = Collection{
		Name:    "med_hospitals",
		Indexes: []Index{{Paths: []string{"region"}}},
		Queries: map[string]Query{"HospitalsIn": HospitalsIn(somewhere)},
	}
	Agreements = Collection{
		Name: "med_agreements",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true}, // one living agreement for a person in a scheme
			{Paths: []string{"person", "createdAt"}},
			{Paths: []string{"state", "region"}},
		},
		Queries: map[string]Query{"AgreementsOf": AgreementsOf("p"), "AgreementsIn": AgreementsIn("430181", medical.Review)},
	}
	MedCodes   = Collection{Name: "med_codes"}
	Encounters = Collection{
		Name: "med_encounters",
		Indexes: []Index{
			{Paths: []string{"hospital", "visitNo"}, Unique: true},
			{Paths: []string{"hospital", "setlId"}, Unique: true},
			{Paths: []string{"queued", "updatedAt"}},
			{Paths: []string{"agreement", "state"}},
		},
		Queries: map[string]Query{"EncounterSettled": EncounterSettled("h", "s"), "ExceptionsOf": ExceptionsOf("h"), "OpenVisits": OpenVisits("a")},
	}
	Bills = Collection{
		Name: "med_bills",
		Indexes: []Index{
			{Paths: []string{"billNo"}, Unique: true},
			{Paths: []string{"encounter", "seq"}},
			{Paths: []string{"person", "state", "createdAt"}},
			{Paths: []string{"hospital", "state", "createdAt"}},
			{Paths: []string{"state", "region"}},
		},
		Queries: map[string]Query{
			"BillNumbered": BillNumbered("b"), "BillsOfVisit": BillsOfVisit("e"),
			"BillsOf": BillsOf("p"), "BillsOwedBy": BillsOwedBy("p"),
			"BillsOfHospital": BillsOfHospital("h"), "BillsIn": BillsIn("430181"),
		},
	}
	Conducts = Collection{
		Name: "med_conducts",
		Indexes: []Index{
			{Paths: []string{"person", "createdAt"}},
			{Paths: []string{"state", "region"}},
		},
		Queries: map[string]Query{"ConductsOf": ConductsOf("p"), "ConductsIn": ConductsIn("430181", medical.Noticed)},
	}
)

// Checks keeps the nightly check of the ledger, one document.
var Checks = Collection{Name: "med_checks", Job: "medical.check"}

// billStates are all states of a bill a list may show; a draft is nobody's debt.
var billStates = []medical.BillState{
	medical.Issued, medical.PartlyPaid, medical.PastDue, medical.InCollection, medical.RefundDue,
	medical.Paid, medical.Void, medical.WrittenOff,
}

// SchemesIn lists the schemes of a region. Index: region.
func SchemesIn(r models.Region) Query { return Where("region", Prefix, r).Asc("region") }

// HospitalsIn lists the hospitals of a region. Index: region.
func HospitalsIn(r models.Region) Query { return Where("region", Prefix, r).Asc("region") }

// AgreementsOf lists a person's agreements, the newest first. Index: person, createdAt.
func AgreementsOf(person string) Query { return Where("person", Eq, person).Desc("createdAt") }

// AgreementsIn lists a region's agreements in one state. Index: state, region.
func AgreementsIn(r models.Region, state medical.AgreementState) Query {
	return Where("state", Eq, state).And("region", Prefix, r).Asc("region")
}

// EncounterSettled finds a hospital's visit by its last settlement. Index: hospital, setlId.
func EncounterSettled(hospital, setlID string) Query {
	return Where("hospital", Eq, hospital).And("setlId", Eq, setlID)
}

// ExceptionsOf lists a hospital's exception queue, what waits longest first. Index: queued, updatedAt.
func ExceptionsOf(hospital string) Query { return Where("queued", Eq, hospital).Asc("updatedAt") }

// OpenVisits lists the visits under an agreement that are not settled. Index: agreement, state.
func OpenVisits(agreement string) Query {
	return Where("agreement", Eq, agreement).And("state", In, medical.Opened, medical.Charging, medical.Resettling)
}

// BillNumbered finds a bill by its number. Index: billNo.
func BillNumbered(no string) Query { return Where("billNo", Eq, no) }

// BillsOfVisit lists a visit's bills, the oldest first. Index: encounter, seq.
func BillsOfVisit(encounter string) Query { return Where("encounter", Eq, encounter).Asc("seq") }

// BillsOf lists a person's bills in the given states (none: all but drafts), the newest first. Index: person, state, createdAt.
func BillsOf(person string, states ...medical.BillState) Query {
	if len(states) == 0 {
		states = billStates
	}
	return Where("person", Eq, person).And("state", In, anys(states)...).Desc("createdAt")
}

// BillsOwedBy lists a person's bills on which money is owed. Index: person, state, createdAt.
func BillsOwedBy(person string) Query {
	return BillsOf(person, medical.Issued, medical.PartlyPaid, medical.PastDue, medical.InCollection)
}

// BillsOfHospital lists a hospital's bills in the given states (none: all but drafts), the newest first. Index: hospital, state, createdAt.
func BillsOfHospital(hospital string, states ...medical.BillState) Query {
	if len(states) == 0 {
		states = billStates
	}
	return Where("hospital", Eq, hospital).And("state", In, anys(states)...).Desc("createdAt")
}

// BillsIn lists a region's bills in one state, by place. Index: state, region.
func BillsIn(r models.Region, states ...medical.BillState) Query {
	if len(states) == 0 {
		states = billStates
	}
	return Where("state", In, anys(states)...).And("region", Prefix, r).Asc("region")
}

// ConductsOf lists a person's records, the newest first. Index: person, createdAt.
func ConductsOf(person string) Query { return Where("person", Eq, person).Desc("createdAt") }

// ConductsIn lists a region's records in one state. Index: state, region.
func ConductsIn(r models.Region, state medical.ConductState) Query {
	return Where("state", Eq, state).And("region", Prefix, r).Asc("region")
}

// Medical is every repo of credit medical care, opened together.
type Medical struct {
	Schemes    *Repo[medical.Scheme]
	Hospitals  *Repo[medical.Hospital]
	Agreements *Repo[medical.Agreement]
	Codes      *Repo[medical.Code]
	Encounters *Repo[medical.Encounter]
	Bills      *Repo[medical.Bill]
	Conducts   *Repo[medical.Conduct]
	Checks     *Repo[medical.Check]
}

// OpenMedical opens the repos on s, once a process.
func OpenMedical(s *Store) Medical {
	return Medical{
		Schemes:    NewRepo[medical.Scheme](s, Schemes),
		Hospitals:  NewRepo[medical.Hospital](s, Hospitals),
		Agreements: NewRepo[medical.Agreement](s, Agreements),
		Codes:      NewRepo[medical.Code](s, MedCodes),
		Encounters: NewRepo[medical.Encounter](s, Encounters),
		Bills:      NewRepo[medical.Bill](s, Bills),
		Conducts:   NewRepo[medical.Conduct](s, Conducts),
		Checks:     NewRepo[medical.Check](s, Checks),
	}
}
