package notice

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayObject = api.May("notices.object", models.Resident)
	mayAnswer = api.May("notices.answer", models.TownStaff, models.CreditOffice)
)
