package store

import (
	"xinyi/models"
	"xinyi/models/recall"
)

// Uses keeps who used which record.
var Uses = Collection{
	Name: "uses",
	Indexes: []Index{
		{Paths: []string{"record", "state", "at"}},
		{Paths: []string{"recipient", "state", "at"}},
		{Paths: []string{"subject.ref", "at"}},
		{Paths: []string{"ref", "at"}},
		{Paths: []string{"call", "kind", "at"}},
		{Paths: []string{"overdue", "region", "at"}},
	},
	Queries: map[string]Query{
		"UsesCalled": UsesCalled("c"), "UsesOverdue": UsesOverdue(somewhere), "UsesEver": UsesEver("r"),
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

// UsesEver lists the uses of a record in every state, the oldest first. Index: record, state, at.
func UsesEver(record string) Query {
	return Where("record", Eq, record).And("state", In, recall.Current, recall.Recalled, recall.Acked).Asc("at")
}

// UsesCalled lists whom a call reached, by kind. Index: call, kind, at.
func UsesCalled(call string) Query { return Where("call", Eq, call).Asc("kind", "at") }

// UsesOverdue lists the uses whose recipients in a region were reminded in vain, by place, the oldest first in each. Index: overdue,
// region, at.
func UsesOverdue(r models.Region) Query {
	return Where("overdue", Eq, true).And("region", Prefix, r).Asc("region", "at")
}

// Calls keeps what was called back and why.
var Calls = Collection{
	Name: "recalls", Job: "recall.call",
	Indexes: []Index{{Paths: []string{"subject.ref", "at"}}},
	Queries: map[string]Query{"CallsAbout": CallsAbout("s")},
}

// CallsAbout lists the calls about a subject's records, the newest first. Index: subject.ref, at.
func CallsAbout(ref string) Query { return Where("subject.ref", Eq, ref).Desc("at") }

// Recall is every repo of it, opened together.
type Recall struct {
	Uses  *Repo[recall.Use]
	Calls *Repo[recall.Call]
}

// OpenRecall opens the repos on s, once a process.
func OpenRecall(s *Store) Recall {
	return Recall{Uses: NewRepo[recall.Use](s, Uses), Calls: NewRepo[recall.Call](s, Calls)}
}
