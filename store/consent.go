package store

import "xinyi/models/consent"

// The collections of consent.
var (
	Consents = Collection{
		Name: "consents",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"subject.ref", "state", "createdAt"}},
			{Paths: []string{"subject.person", "state", "createdAt"}},
			{Paths: []string{"asker.org", "createdAt"}},
		},
		Queries: map[string]Query{
			"ConsentsOf": ConsentsOf([]string{"s", "t"}, consent.Given), "ConsentsOf all": ConsentsOf([]string{"s"}), "ConsentsAsked": ConsentsAsked("bank"),
			"ConsentsOfPerson": ConsentsOfPerson("p", consent.Given),
		},
	}
	Receipts = Collection{
		Name:    "receipts",
		Indexes: []Index{{Paths: []string{"consent", "at"}}},
		Queries: map[string]Query{"ReceiptsOf": ReceiptsOf("c")},
	}
	Partners = Collection{
		Name:    "partners",
		Indexes: []Index{{Paths: []string{"org"}}},
		Queries: map[string]Query{"PartnersOf": PartnersOf("bank")},
	}
)

// ConsentsOf lists a subject's consents in some states, in all when none is named, the newest first; more than one ref are those
// of one subject under several keys. Index: subject.ref, state, createdAt.
func ConsentsOf(refs []string, states ...consent.State) Query {
	if len(states) == 0 {
		states = consent.States
	}
	return Where("subject.ref", In, anys(refs)...).And("state", In, anys(states)...).Desc("createdAt")
}

// ConsentsOfPerson lists the consents of an account in some states, the newest first. Index: subject.person, state, createdAt.
func ConsentsOfPerson(person string, states ...consent.State) Query {
	return Where("subject.person", Eq, person).And("state", In, anys(states)...).Desc("createdAt")
}

// ConsentsAsked lists what an organisation asked for, the newest first. Index: asker.org, createdAt.
func ConsentsAsked(org string) Query { return Where("asker.org", Eq, org).Desc("createdAt") }

// ReceiptsOf lists the receipts of a consent, the newest first. Index: consent, at.
func ReceiptsOf(id string) Query { return Where("consent", Eq, id).Desc("at") }

// PartnersOf lists the systems of an organisation that may ask. Index: org.
func PartnersOf(org string) Query { return Where("org", Eq, org) }

// Consent is every repo of it, opened together.
type Consent struct {
	Consents *Repo[consent.Consent]
	Receipts *Repo[consent.Receipt]
	Partners *Repo[consent.Partner]
}

// OpenConsent opens the repos on s, once a process.
func OpenConsent(s *Store) Consent {
	return Consent{Consents: NewRepo[consent.Consent](s, Consents), Receipts: NewRepo[consent.Receipt](s, Receipts),
		Partners: NewRepo[consent.Partner](s, Partners)}
}
