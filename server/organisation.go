package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	organisationhttp "xinyi/handlers/organisation"
	"xinyi/models/casework"
	"xinyi/models/organisation"
	"xinyi/usecase"
)

// organisationCapability is the register of organisations, and who acts for them.
var organisationCapability = Capability{
	Name:   "organisation",
	Lives:  organisation.Lives,
	Events: organisation.Events,
	Policy: map[string]any{"Organisation": organisation.Standard},
	Open: func(a *App) Parts {
		o := a.organisations()
		h := organisationhttp.Handler{Organisation: o, Forget: a.callers.Forget}
		if s := a.signs().SMS; s != nil {
			h.SMS = s
		}
		return Parts{
			Routes:  []api.Mounter{h},
			Follows: flows.Organisation{Organisation: o, Forget: a.callers.Forget, Now: a.now}.Subscribers(),
		}
	},
}

// officials ties the register to people, systems and the catalogue.
func (a *App) organisations() usecase.Organisation {
	return usecase.Organisation{
		Organisation: a.repos.Organisation, Identity: a.repos.Identity, Catalogue: a.repos.Catalogue,
		Desks: policyOf[casework.Desks](a), Policy: policyOf[organisation.Policy](a),
	}
}
