package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	recordhttp "xinyi/handlers/record"
	"xinyi/models/identity"
	"xinyi/models/record"
)

// recordCapability is credit records and the file they make up.
var recordCapability = Capability{
	Name:   "record",
	Lives:  record.Lives,
	Events: record.Events,
	Policy: map[string]any{"Record": record.Standard},
	Open: func(a *App) Parts {
		r := a.repos
		credits := recordhttp.Handler{
			Records: r.Records, Uses: r.Recall.Uses, Cases: r.Cases, Agents: r.Identity.Agents, Subjects: r.Subjects, Forms: a.forms, Log: a.accesses,
			Policy: policyOf[record.Policy](a), Asks: policyOf[identity.Policy](a), Forget: a.callers.Forget,
		}
		follows := flows.Record{Records: r.Records, Identity: r.Identity, Subjects: r.Subjects, Now: a.now, Forget: a.callers.Forget}
		return Parts{Routes: []api.Mounter{credits}, Follows: follows.Subscribers()}
	},
}
