package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	loanhttp "xinyi/handlers/loan"
	"xinyi/models/loan"
)

// loanCapability is 信易贷: credit that reaches the village.
var loanCapability = Capability{
	Name:   "loan",
	Lives:  loan.Lives,
	Events: loan.Events,
	Policy: map[string]any{"Loan": loan.Standard},
	Open: func(a *App) Parts {
		r, policy := a.repos, policyOf[loan.Policy](a)
		lending := loanhttp.Handler{Loan: r.Loan, Consents: r.Consent.Consents, Farm: r.Farmer, People: r.Subjects, Policy: policy}
		follows := flows.Loan{Loan: r.Loan, Farm: r.Farmer, Records: r.Records, Rate: a.farms().Score, Policy: policy, Now: a.now}
		return Parts{
			Routes: []api.Mounter{
				lending, loanhttp.Desk{Handler: lending, Clients: r.Identity.Clients, Log: a.accesses},
				loanhttp.Lists{Handler: lending, Records: r.Records, Notices: r.Farmer.Notices},
			},
			Follows: follows.Subscribers(),
		}
	},
}
