package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	caseworkhttp "xinyi/handlers/casework"
	"xinyi/models/casework"
)

// caseworkCapability is objections, repairs, challenges, reviews and erasures.
var caseworkCapability = Capability{
	Name:   "casework",
	Lives:  casework.Lives,
	Events: casework.Events,
	Policy: map[string]any{"Casework": casework.Standard, "Desks": casework.StandardDesks},
	Open: func(a *App) Parts {
		r, terms, desks := a.repos, policyOf[casework.Terms](a), policyOf[casework.Desks](a)
		cases := caseworkhttp.Handler{
			Cases: r.Cases, Records: r.Records, Entries: r.entries, Decisions: r.Decision.Decisions, Blobs: r.Batch.Blobs, Subjects: r.Subjects, Forms: a.forms,
			Log: a.accesses, Terms: terms, Desks: desks, Check: flows.Possible,
		}
		follows := flows.Casework{
			Cases: r.Cases, Records: r.Records, Entries: r.entries, Items: r.Catalogue.Items, Uses: r.Recall.Uses, Terms: terms, Desks: desks, Now: a.now,
			Erase: a.erases,
		}
		return Parts{Routes: []api.Mounter{cases}, Follows: follows.Subscribers(), Grounds: []ground{cases.Ground}}
	},
}
