package store

import "xinyi/models/recall"

// Uses keeps who used which record.
var Uses = Collection{
	Name: "uses",
	Indexes: []Index{
		{Paths: []string{"record", "state", "at"}},
		{Paths: []string{"recipient", "state", "at"}},
		{Paths: []string{"subject.ref", "at"}},
		{Paths: []string{"ref", "at"}},
	},
	Queries: map[string]Query{
		"UsesOf": UsesOf("r", recall.Current), "UsesBy": UsesBy("bank", recall.Recalled), "UsesAbout": UsesAbout("s"), "UsesIn": UsesIn("decision"),
	},
}

// UsesOf lists the uses of a record in one state, the oldest first. Index: record, state, at.
func UsesOf(record string, state recall.State) Query {
	return Where("record", Eq, record).And("state", Eq, state).Asc("at")
}

// UsesBy lists an organisation's uses in one state, the oldest first. Index: recipient, state, at.
func UsesBy(recipient string, state recall.State) Query {
	return Where("recipient", Eq, recipient).And("state", Eq, state).Asc("at")
}

// UsesAbout lists the uses of a subject's records, the newest first. Index: subject.ref, at.
func UsesAbout(ref string) Query { return Where("subject.ref", Eq, ref).Desc("at") }

// UsesIn lists what a decision, a share or a report used. Index: ref, at.
func UsesIn(ref string) Query { return Where("ref", Eq, ref).Asc("at") }
