package main

import (
	"xinyi/handlers/api"
	divisionhttp "xinyi/handlers/division"
)

// divisionCapability is the city's places and zones.
var divisionCapability = Capability{Name: "division", Open: func(a *App) Parts {
	return Parts{Routes: []api.Mounter{divisionhttp.Handler{Divisions: a.repos.Divisions, Zones: a.repos.Zones}}}
}}
