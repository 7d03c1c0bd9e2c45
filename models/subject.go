package models

// A SubjectKind says whose credit something is about.
type SubjectKind string

// The kinds of subjects.
const (
	PersonSubject SubjectKind = "PERSON"       // 自然人, of age
	Organisation  SubjectKind = "ORGANISATION" // 法人, 非法人组织, 个体工商户: whoever has a unified social credit code
	Household     SubjectKind = "HOUSEHOLD"    // 农户
)

// Enum are all of them.
func (SubjectKind) Enum() []any { return Enum(PersonSubject, Organisation, Household) }

// SubjectKinds lists every kind, for views and checks.
var SubjectKinds = []SubjectKind{PersonSubject, Organisation, Household}

// A Subject is whom a record, a case, a report or a decision is about. Two are the same when kind and ref are.
type Subject struct {
	Kind   SubjectKind `bson:"kind"`
	Ref    string      `bson:"ref"`              // person: keyed hash of the ID number; organisation: its code; household: its id
	Person string      `bson:"person,omitempty"` // person: the account, "" while there is none
}

// Is says whether s and other are the same subject.
func (s Subject) Is(other Subject) bool {
	return s.Kind == other.Kind && s.Ref == other.Ref && s.Ref != ""
}

// orgPrefix marks the addressee of events that concern an organisation.
const orgPrefix = "org/"

// Addressee is whom an event about s concerns (Event.Person): the person's account, or the organisation, for which flows tell
// everybody who may act for it. "" when there is nobody to tell.
func (s Subject) Addressee() string {
	if s.Kind == Organisation && s.Ref != "" {
		return orgPrefix + s.Ref
	}
	return s.Person
}

// AddressedOrg is the organisation an event's Person stands for, "" when it is a person.
func AddressedOrg(person string) USCC {
	if len(person) > len(orgPrefix) && person[:len(orgPrefix)] == orgPrefix {
		return USCC(person[len(orgPrefix):])
	}
	return ""
}
