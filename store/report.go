package store

// Reports keeps what subjects took along.
var Reports = Collection{
	Name: "reports",
	Indexes: []Index{
		{Paths: []string{"code"}, Unique: true},
		{Paths: []string{"subject.ref", "at"}},
	},
	Queries: map[string]Query{"ReportByCode": ReportByCode("c"), "ReportsOf": ReportsOf("s")},
}

// ReportByCode is the report that a code checks. Index: code.
func ReportByCode(code string) Query { return Where("code", Eq, code) }

// ReportsOf lists a subject's reports, the newest first. Index: subject.ref, at.
func ReportsOf(ref string) Query { return Where("subject.ref", Eq, ref).Desc("at") }
