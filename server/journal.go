package main

import (
	"slices"

	"xinyi/flows"
	"xinyi/handlers/api"
	jobhttp "xinyi/handlers/job"
	journalhttp "xinyi/handlers/journal"
	sandboxhttp "xinyi/handlers/sandbox"
	"xinyi/models"
	"xinyi/models/job"
	"xinyi/models/journal"
)

// journalCapability is the machinery's own: the journal of events, dead letters, jobs of all kinds, exports, what only a sandbox has.
var journalCapability = Capability{Name: "journal", Lives: journal.Lives, Events: journalEvents, Open: func(a *App) Parts {
	routes := []api.Mounter{journalhttp.Handler{Lost: a.repos.lost}, jobhttp.Handler{Kinds: a.store.Jobs}}
	if a.cfg.Sandbox {
		routes = append(routes, sandboxhttp.Handler{Codes: a.codes, Demos: a.repos.Identity.Demos, Phone: a.outside.phone},
			sandboxhttp.Clock{Time: a.clock})
	}
	return Parts{Routes: routes, Follows: []flows.Subscriber{flows.Journal(a.repos.Events)}}
}}

// journalEvents are those of the journal and of jobs.
func journalEvents() []*models.Declared { return slices.Concat(journal.Events(), job.Events()) }
