package store

import "xinyi/models/credential"

// The collections of credentials.
var (
	Credentials = Collection{
		Name: "credentials",
		Indexes: []Index{
			{Paths: []string{"slot"}, Unique: true},
			{Paths: []string{"code"}, Unique: true},
			{Paths: []string{"list", "index"}, Unique: true},
			{Paths: []string{"of", "at"}},
			{Paths: []string{"holder.ref", "at"}},
		},
		Queries: map[string]Query{
			"CredentialInForce": CredentialInForce("a"), "CredentialByCode": CredentialByCode("c"), "CredentialAt": CredentialAt("1", 7),
			"CredentialsOf": CredentialsOf("a"), "CredentialsHeldBy": CredentialsHeldBy("r"),
		},
	}
	Presentations = Collection{
		Name: "presentations", Indexes: []Index{{Paths: []string{"credential", "at"}}},
		Queries: map[string]Query{"PresentationsOf": PresentationsOf("c")},
	}
	StatusLists = Collection{
		Name: "statuslists", Indexes: []Index{{Paths: []string{"no"}, Unique: true}},
		Queries: map[string]Query{"StatusListLast": StatusListLast()},
	}
)

// CredentialInForce is the credential in force of what it attests. Index: slot.
func CredentialInForce(of string) Query { return Where("slot", Eq, of) }

// CredentialByCode is the credential that a code on paper names. Index: code.
func CredentialByCode(code string) Query { return Where("code", Eq, code) }

// CredentialAt is the credential at a place of a status list. Index: list, index.
func CredentialAt(list string, index int) Query {
	return Where("list", Eq, list).And("index", Eq, index)
}

// CredentialsOf lists the credentials there were of an award, the newest first. Index: of, at.
func CredentialsOf(of string) Query { return Where("of", Eq, of).Desc("at") }

// CredentialsHeldBy lists a subject's credentials, the newest first. Index: holder.ref, at.
func CredentialsHeldBy(ref string) Query { return Where("holder.ref", Eq, ref).Desc("at") }

// PresentationsOf lists how often a credential was taken along, the last first. Index: credential, at.
func PresentationsOf(credential string) Query { return Where("credential", Eq, credential).Desc("at") }

// StatusListLast lists the status lists, the newest first. Index: no.
func StatusListLast() Query { return All().Desc("no") }

// Credential is every repo of it, opened together.
type Credential struct {
	Credentials   *Repo[credential.Credential]
	Presentations *Repo[credential.Presentation]
	Lists         *Repo[credential.StatusList]
}

// OpenCredential opens the repos on s, once a process.
func OpenCredential(s *Store) Credential {
	return Credential{
		Credentials: NewRepo[credential.Credential](s, Credentials), Presentations: NewRepo[credential.Presentation](s, Presentations),
		Lists: NewRepo[credential.StatusList](s, StatusLists),
	}
}
