package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	credentialhttp "xinyi/handlers/credential"
	"xinyi/models/credential"
)

// credentialCapability is honours that a third party checks without us.
var credentialCapability = Capability{
	Name:   "credential",
	Lives:  credential.Lives,
	Events: credential.Events,
	Policy: map[string]any{"Credential": credential.Standard},
	Open: func(a *App) Parts {
		r, policy := a.repos, policyOf[credential.Policy](a)
		follows := flows.Credential{Credential: r.Credential, Awards: r.Award.Awards, Divisions: r.Divisions, Policy: policy, Now: a.now}
		return Parts{
			Routes: []api.Mounter{
				credentialhttp.Handler{Credential: r.Credential, Subjects: r.Subjects, Seals: a.seals, Policy: policy, Address: a.address},
			},
			Follows: follows.Subscribers(),
		}
	},
}
