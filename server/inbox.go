package main

import (
	"xinyi/flows"
	"xinyi/handlers/api"
	inboxhttp "xinyi/handlers/inbox"
	"xinyi/models/inbox"
)

// inboxCapability is what people are told inside the app.
var inboxCapability = Capability{Name: "inbox", Lives: inbox.Lives, Events: inbox.Events, Open: func(a *App) Parts {
	addressed := flows.Addressed{Agents: a.repos.Identity.Agents}
	return Parts{
		Routes:  []api.Mounter{inboxhttp.Handler{Messages: a.repos.messages, Words: a.texts.Render, Live: a.live}},
		Follows: []flows.Subscriber{{Name: "inbox", Kinds: a.told.Wants, Do: addressed.Each(a.told.Deliver)}},
		Erases:  []flows.Eraser{flows.EraseMessages(a.repos.messages, a.repos.delivery.Deliveries)},
	}
}}
