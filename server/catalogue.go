package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	cataloguehttp "xinyi/handlers/catalogue"
	"xinyi/models/catalogue"
)

// catalogueCapability is the catalogue of what may be collected about anybody.
var catalogueCapability = Capability{Name: "catalogue", Events: catalogue.Events, Open: func(a *App) Parts {
	return Parts{
		Routes:  []api.Mounter{cataloguehttp.Handler{Catalogue: a.repos.Catalogue}},
		Follows: flows.Catalogue{Catalogue: a.repos.Catalogue, Now: a.now}.Subscribers(),
	}
}}
