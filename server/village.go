package main

import (
	"crypto/rand"
	"slices"

	"xinyi/flows"
	"xinyi/handlers/api"
	villagehttp "xinyi/handlers/village"
	"xinyi/models/village"
)

// villageCapability is the evaluation of credit villages and towns.
var villageCapability = Capability{
	Name:   "village",
	Lives:  village.Lives,
	Events: village.Events,
	Policy: map[string]any{"Village": village.Standard},
	Open: func(a *App) Parts {
		r, policy := a.repos, policyOf[village.Policy](a)
		follows := flows.Village{Village: r.Village, Policy: policy, Now: a.now}
		closes := flows.VillageClose{
			Village: r.Village, Policy: policy, Secret: func() string { return rand.Text() + rand.Text() }, Now: a.now,
		}
		return Parts{
			Routes: []api.Mounter{
				villagehttp.Bundle{Village: r.Village, Log: a.accesses, Seals: a.seals},
				villagehttp.Handler{Village: r.Village, Log: a.accesses, Policy: policy},
			},
			Follows: slices.Concat(follows.Subscribers(), closes.Subscribers()),
		}
	},
}
