package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	benefithttp "xinyi/handlers/benefit"
	"xinyi/models/benefit"
	"xinyi/usecase"
)

// benefitCapability is 信易+: benefits for honest people.
var benefitCapability = Capability{
	Name:   "benefit",
	Lives:  benefit.Lives,
	Events: benefit.Events,
	Policy: map[string]any{"Benefit": benefit.Standard},
	Open: func(a *App) Parts {
		offers := benefithttp.Handler{
			Benefit: a.repos.Benefit, Facts: usecase.StandardBenefitFacts(a.restrictions().Restricts), Policy: policyOf[benefit.Policy](a), Board: &benefithttp.Board{},
			Log: a.accesses, Seals: a.seals, Issuer: a.cfg.Issuer, Decisions: a.repos.Decision,
		}
		return Parts{
			Routes:  []api.Mounter{offers, benefithttp.Desk{Handler: offers, Clients: a.repos.Identity.Clients}},
			Follows: a.benefits().Subscribers(),
		}
	},
}

// benefits ties what follows for benefits.
func (a *App) benefits() flows.Benefit {
	return flows.Benefit{
		Benefit: a.repos.Benefit, Facts: usecase.StandardBenefitFacts(a.restrictions().Restricts), Policy: policyOf[benefit.Policy](a), Now: a.now,
	}
}
