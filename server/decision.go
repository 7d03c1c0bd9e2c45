package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	decisionhttp "xinyi/handlers/decision"
	"xinyi/models/decision"
	"xinyi/usecase"
)

// decisionCapability is decisions a machine made, explained and made again.
var decisionCapability = Capability{Name: "decision", Lives: decision.Lives, Events: decision.Events, Open: func(a *App) Parts {
	return Parts{
		Routes:  []api.Mounter{decisionhttp.Handler{Decision: a.repos.Decision, Subjects: a.repos.Subjects, Log: a.accesses}},
		Follows: a.decisions().Subscribers(),
	}
}}

// decisions ties how decisions are kept and made again.
func (a *App) decisions() flows.Decision {
	offers := a.benefits()
	honours := flows.Award{Award: a.repos.Award, Facts: usecase.StandardAwardFacts, Now: a.now}
	return flows.Decision{
		Decision: a.repos.Decision, Medical: a.repos.Medical, Subjects: a.repos.Subjects, Benefit: &offers, Award: &honours, Restricts: a.restrictions().Restricts,
		Now: a.now,
	}
}
