package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	practicehttp "xinyi/handlers/practice"
	"xinyi/models/practice"
)

// practiceCapability is good practices that offices learn from each other.
var practiceCapability = Capability{
	Name:   "practice",
	Lives:  practice.Lives,
	Events: practice.Events,
	Policy: map[string]any{"Practice": practice.Standard},
	Open: func(a *App) Parts {
		r := a.repos
		library := practicehttp.Handler{Practice: r.Practice, People: r.Identity.People, Office: a.offices.Name,
			Policy: policyOf[practice.Policy](a)}
		return Parts{
			Routes:  []api.Mounter{library, practicehttp.Rounds{Handler: library}},
			Follows: flows.Practice{Practice: r.Practice, Notices: r.Farmer.Notices, Now: a.now}.Subscribers(),
		}
	},
}
