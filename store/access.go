package store

// Accesses keeps the log of looks.
var Accesses = Collection{
	Name: "accesses",
	Indexes: []Index{
		{Paths: []string{"subject.ref", "at"}},
		{Paths: []string{"by.org", "at"}},
		{Paths: []string{"case", "at"}},
	},
	Queries: map[string]Query{"AccessesOf": AccessesOf("s"), "AccessesBy": AccessesBy("o"), "AccessesFor": AccessesFor("c")},
}

// AccessesOf lists the looks at a subject's data, the newest first. Index: subject.ref, at.
func AccessesOf(ref string) Query { return Where("subject.ref", Eq, ref).Desc("at") }

// AccessesBy lists the looks of an organisation, the newest first. Index: by.org, at.
func AccessesBy(org string) Query { return Where("by.org", Eq, org).Desc("at") }

// AccessesFor lists the looks for a case, the newest first. Index: case, at.
func AccessesFor(id string) Query { return Where("case", Eq, id).Desc("at") }
