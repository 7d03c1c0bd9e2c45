package store

import (
	"crypto/sha256"
	"encoding/hex"

	"xinyi/models"
	"xinyi/models/identity"
)

// The collections of identity.
var (
	People = Collection{
		Name: "people",
		Indexes: []Index{
			{Paths: []string{"phone.hash"}, Unique: true},
			{Paths: []string{"idNumber.hash"}, Unique: true},
			{Paths: []string{"region"}},
		},
		Queries: map[string]Query{
			"PeopleIn":         PeopleIn("430181"),
			"PersonByPhone":    Where("phone.hash", In, "a", "b"),
			"PersonByIDNumber": Where("idNumber.hash", In, "a", "b"),
		},
	}
	Links = Collection{
		Name:    "identity_links",
		Indexes: []Index{{Paths: []string{"person"}}},
		Queries: map[string]Query{"LinksOf": LinksOf("p1")},
	}
	Codes    = Collection{Name: "codes"}
	Budgets  = Collection{Name: "code_budgets"}
	Sessions = Collection{
		Name:    "sessions",
		Indexes: []Index{{Paths: []string{"person", "state", "startedAt"}}},
		Queries: map[string]Query{"SessionsOf": SessionsOf("p1")},
	}
	Demos   = Collection{Name: "demos"}
	Clients = Collection{
		Name:    "clients",
		Indexes: []Index{{Paths: []string{"kind", "name"}}},
		Queries: map[string]Query{"ClientsOf": ClientsOf(models.Hospital)},
	}
	Representatives = Collection{
		Name: "representatives",
		Indexes: []Index{
			{Paths: []string{"org", "state", "createdAt"}},
			{Paths: []string{"person", "state", "createdAt"}},
			{Paths: []string{"phone.hash", "state"}},
			{Paths: []string{"open"}, Unique: true},
		},
		Queries: map[string]Query{
			"RepresentativesOf": RepresentativesOf("91430100MAXX000152"), "RepresentedBy": RepresentedBy("p1"),
			"AgentsOf": AgentsOf("91430100MAXX000152"), "InvitationsTo": Where("phone.hash", In, "a", "b").And("state", Eq, identity.Invited),
		},
	}
	Mandates = Collection{
		Name: "mandates",
		Indexes: []Index{
			{Paths: []string{"open"}, Unique: true},
			{Paths: []string{"agent", "state", "createdAt"}},
			{Paths: []string{"principal", "state", "createdAt"}},
			{Paths: []string{"state", "region"}},
		},
		Queries: map[string]Query{
			"MandatesOfAgent":     MandatesOfAgent("p1", identity.InForce),
			"MandatesOfPrincipal": MandatesOfPrincipal("p1", identity.InForce),
			"MandatesIn":          MandatesIn("430181", identity.Proposed),
		},
	}
)

// PersonByPhone finds the person with a phone. Index: phone.hash, unique.
func (k *Keys) PersonByPhone(phone models.Secret) Query {
	return Where("phone.hash", In, k.Hashes(phone)...)
}

// PersonByIDNumber finds the person with an ID number. Index: idNumber.hash, unique.
func (k *Keys) PersonByIDNumber(n models.IDNumber) Query {
	return Where("idNumber.hash", In, k.Hashes(n.Secret)...)
}

// PeopleIn lists the people who live in a region, by place. Index: region.
func PeopleIn(r models.Region) Query { return Where("region", Prefix, r).Asc("region") }

// CodeID is the id of the one-time code of a phone for one asker.
func (k *Keys) CodeID(phone models.Secret, asker string) string {
	return "code/" + k.Hash(phone) + "/" + asker
}

// PhoneBudget is the id of the budget of codes to a phone.
func (k *Keys) PhoneBudget(phone models.Secret) string { return "phone/" + k.Hash(phone) }

// LinkID is the id of the link of an outside sign-in's subject. Neither part is empty.
func LinkID(issuer, subject string) string {
	sum := sha256.Sum256([]byte(issuer + "\n" + subject))
	return hex.EncodeToString(sum[:])
}

// LinksOf lists the outside sign-ins of a person. Index: person.
func LinksOf(person string) Query { return Where("person", Eq, person) }

// SessionsOf lists where a person is signed in, the newest first. Index: person, state, startedAt.
func SessionsOf(person string) Query {
	return Where("person", Eq, person).And("state", Eq, identity.Live).Desc("startedAt")
}

// ClientsOf lists the partner systems of a kind by name. Index: kind, name.
func ClientsOf(kind models.Role) Query { return Where("kind", Eq, kind).Asc("name") }

// RepresentativesOf lists who acts for an organisation, the first appointed first. Index: org, state, createdAt.
func RepresentativesOf(org models.USCC) Query {
	return Where("org", Eq, org).And("state", Eq, identity.Representing).Asc("createdAt")
}

// AgentsOf lists who acts or was invited to act for an organisation, the first asked first. Index: org, state, createdAt.
func AgentsOf(org models.USCC) Query {
	return Where("org", Eq, org).And("state", In, identity.Invited, identity.TurnedDown, identity.Representing).Asc("createdAt")
}

// InvitationsTo lists the organisations that asked whoever has a phone to act for them. Index: phone.hash, state.
func (k *Keys) InvitationsTo(phone models.Secret) Query {
	return Where("phone.hash", In, k.Hashes(phone)...).And("state", Eq, identity.Invited)
}

// InvitationSlot names a phone and an organisation; neither can be read off it.
func (k *Keys) InvitationSlot(org models.USCC, phone models.Secret) string {
	return "invitation/" + k.Hash(models.NewSecret(string(org)+"\n"+phone.Reveal()))
}

// RepresentedBy lists for which organisations a person acts. Index: person, state, createdAt.
func RepresentedBy(person string) Query {
	return Where("person", Eq, person).And("state", Eq, identity.Representing).Asc("createdAt")
}

// MandatesOfAgent lists for whom a person acts or asked to act, the newest first. Index: agent, state, createdAt.
func MandatesOfAgent(person string, states ...identity.MandateState) Query {
	return Where("agent", Eq, person).And("state", In, anys(states)...).Desc("createdAt")
}

// MandatesOfPrincipal lists who acts or asked to act for a person, the newest first. Index: principal, state, createdAt.
func MandatesOfPrincipal(person string, states ...identity.MandateState) Query {
	return Where("principal", Eq, person).And("state", In, anys(states)...).Desc("createdAt")
}

// MandatesIn lists the mandates of a region in one state. Index: state, region.
func MandatesIn(r models.Region, state identity.MandateState) Query {
	return Where("state", Eq, state).And("region", Prefix, r).Asc("region")
}

func anys[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// Identity is every repo of identity, opened together.
type Identity struct {
	People   *Repo[identity.Person]
	Links    *Repo[identity.Link]
	Codes    *Repo[identity.Code]
	Budgets  *Repo[identity.Budget]
	Sessions *Repo[identity.Session]
	Clients  *Repo[identity.Client]
	Mandates *Repo[identity.Mandate]
	Agents   *Repo[identity.Representative]
	Demos    *Repo[identity.Demo]
	Keys     *Keys
}

// OpenIdentity opens the repos on s, once a process.
func OpenIdentity(s *Store) Identity {
	return Identity{
		People:   NewRepo[identity.Person](s, People),
		Links:    NewRepo[identity.Link](s, Links),
		Codes:    NewRepo[identity.Code](s, Codes),
		Budgets:  NewRepo[identity.Budget](s, Budgets),
		Sessions: NewRepo[identity.Session](s, Sessions),
		Clients:  NewRepo[identity.Client](s, Clients),
		Mandates: NewRepo[identity.Mandate](s, Mandates),
		Agents:   NewRepo[identity.Representative](s, Representatives),
		Demos:    NewRepo[identity.Demo](s, Demos),
		Keys:     s.Keys,
	}
}
