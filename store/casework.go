package store

import "xinyi/models/casework"

// Cases keeps what people ask of the offices.
var Cases = Collection{
	Name: "cases",
	Indexes: []Index{
		{Paths: []string{"slot"}, Unique: true},
		{Paths: []string{"no"}, Unique: true},
		{Paths: []string{"queue", "kind", "clock.due"}},
		{Paths: []string{"desk", "kind", "state", "createdAt"}},
		{Paths: []string{"subject.ref", "kind", "createdAt"}},
		{Paths: []string{"about.id", "kind", "createdAt"}},
	},
	Queries: map[string]Query{
		"CasesQueued": CasesQueued("d", casework.Objection), "CasesOfDesk": CasesOfDesk("d", casework.Repair, casework.Closed),
		"CasesOf": CasesOf("s", casework.Objection), "CasesAbout": CasesAbout("r", casework.Repair),
	},
}

// CasesQueued lists what a desk has to act on, the first due first. Index: queue, kind, clock.due.
func CasesQueued(desk string, kinds ...casework.Kind) Query {
	return Where("queue", Eq, desk).And("kind", In, anys(kindsOr(kinds))...).Asc("clock.due")
}

// CasesOfDesk lists a desk's cases of a kind in one state, the newest first. Index: desk, kind, state, createdAt.
func CasesOfDesk(desk string, kind casework.Kind, state casework.State) Query {
	return Where("desk", Eq, desk).And("kind", Eq, kind).And("state", Eq, state).Desc("createdAt")
}

// CasesOf lists a subject's cases, the newest first. Index: subject.ref, kind, createdAt.
func CasesOf(ref string, kinds ...casework.Kind) Query {
	return Where("subject.ref", Eq, ref).And("kind", In, anys(kindsOr(kinds))...).Desc("createdAt")
}

// CasesAbout lists the cases about a document, the newest first. Index: about.id, kind, createdAt.
func CasesAbout(id string, kinds ...casework.Kind) Query {
	return Where("about.id", Eq, id).And("kind", In, anys(kindsOr(kinds))...).Desc("createdAt")
}

// kindsOr is kinds, or all of them when none is named.
func kindsOr(kinds []casework.Kind) []casework.Kind {
	if len(kinds) == 0 {
		return casework.Kinds
	}
	return kinds
}
