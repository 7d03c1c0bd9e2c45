package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	uscchttp "xinyi/handlers/uscc"
	"xinyi/models/uscc"
)

// usccCapability is the care for unified social credit codes.
var usccCapability = Capability{Name: "uscc", Lives: uscc.Lives, Events: uscc.Events, Open: func(a *App) Parts {
	return Parts{
		Routes:  []api.Mounter{uscchttp.Handler{Catalogue: a.repos.Catalogue}},
		Follows: flows.Uscc{Catalogue: a.repos.Catalogue, Now: a.now}.Subscribers(),
	}
}}
