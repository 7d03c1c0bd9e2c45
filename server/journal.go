package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	jobhttp "xinyi/handlers/job"
	journalhttp "xinyi/handlers/journal"
	sandboxhttp "xinyi/handlers/sandbox"
)

// journalCapability is the machinery's own: the journal of events, dead letters, jobs of all kinds, exports, what only a sandbox has.
var journalCapability = Capability{Name: "journal", Open: func(a *App) Parts {
	doors := []api.Mounter{journalhttp.Handler{Lost: a.repos.lost}, jobhttp.Handler{Kinds: a.store.Jobs}}
	if a.cfg.Sandbox {
		doors = append(doors, sandboxhttp.Handler{Codes: a.codes, Demos: a.repos.Identity.Demos, Phone: a.outside.phone}, sandboxhttp.Clock{Time: a.clock})
	}
	return Parts{Doors: doors, Follows: []flows.Subscriber{flows.Journal(a.repos.Events)}}
}}
