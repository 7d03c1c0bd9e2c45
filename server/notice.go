package main

import (
	"xinyi/handlers/api"
	noticehttp "xinyi/handlers/notice"
	"xinyi/models/notice"
)

// noticeCapability is public notices and the objections to them.
var noticeCapability = Capability{Name: "notice", Lives: notice.Lives, Events: notice.Events, Open: func(a *App) Parts {
	return Parts{Routes: []api.Mounter{noticehttp.Handler{Notices: a.repos.Farmer.Notices, Log: a.accesses}}}
}}
