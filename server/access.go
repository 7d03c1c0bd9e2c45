package main

import (
	accesshttp "xinyi/handlers/access"
	"xinyi/handlers/api"
	"xinyi/models/access"
)

// accessCapability is the access log of everybody's data.
var accessCapability = Capability{Name: "access", Events: access.Events, Open: func(a *App) Parts {
	return Parts{Routes: []api.Mounter{accesshttp.Handler{Entries: a.repos.entries, Subjects: a.repos.Subjects, Log: a.accesses}}}
}}
