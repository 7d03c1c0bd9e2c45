package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	awardhttp "xinyi/handlers/award"
	"xinyi/models/award"
	"xinyi/models/record"
	"xinyi/usecase"
)

// awardCapability is the awards of honest people and firms.
var awardCapability = Capability{
	Name:   "award",
	Lives:  award.Lives,
	Events: award.Events,
	Policy: map[string]any{"Award": award.Standard},
	Open: func(a *App) Parts {
		follows := flows.Award{
			Award: a.repos.Award, Catalogue: a.repos.Catalogue, Entries: a.repos.entries, Decisions: a.repos.Decision,
			Facts: usecase.StandardAwardFacts, Policy: policyOf[record.Policy](a), Now: a.now,
		}
		return Parts{
			Routes: []api.Mounter{
				awardhttp.Handler{Award: a.repos.Award, Facts: usecase.StandardAwardFacts, Policy: policyOf[award.Policy](a), Log: a.accesses},
			},
			Follows: follows.Subscribers(),
		}
	},
}
