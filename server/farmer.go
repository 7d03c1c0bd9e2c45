package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	farmerhttp "xinyi/handlers/farmer"
	"xinyi/models/farmer"
	"xinyi/models/loan"
	"xinyi/usecase"
)

// farmerCapability is the credit files of farmers' households.
var farmerCapability = Capability{
	Name:   "farmer",
	Lives:  farmer.Lives,
	Events: farmer.Events,
	Policy: map[string]any{"Farmer": farmer.Standard},
	Open: func(a *App) Parts {
		farm := farmerhttp.Handler{Farmer: a.repos.Farmer, Facts: a.farmFacts(), Policy: policyOf[farmer.Policy](a), Log: a.accesses}
		desk := farmerhttp.Desk{Handler: farm}
		return Parts{
			Routes:  []api.Mounter{farm, desk, farmerhttp.Evaluation{Desk: desk}, farmerhttp.Share{Handler: farm, Query: a.consented}},
			Follows: a.farms().Subscribers(),
		}
	},
}

// farmFacts says what households are scored on besides their files.
func (a *App) farmFacts() usecase.FarmFacts {
	return usecase.StandardFarmFacts(a.repos.Loan.Farm(policyOf[loan.Policy](a)))
}

// farms ties what follows for households' files.
func (a *App) farms() flows.Farmer {
	return flows.Farmer{Farmer: a.repos.Farmer, Facts: a.farmFacts(), Policy: policyOf[farmer.Policy](a), Now: a.now}
}
