package webhook

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayOwn  = api.May("webhooks.own", models.Hospital, models.Bank, models.Provider, models.Department)
	mayRead = api.May("webhooks.read", models.Hospital, models.Bank, models.Provider, models.Department, models.Operator)
)
