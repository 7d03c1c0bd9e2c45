package journal

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayEventsDeadRead   = api.May("events.dead.read", models.Operator)
	mayEventsDeadDecide = api.May("events.dead.decide", models.Operator)
)
