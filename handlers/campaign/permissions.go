package campaign

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayRead  = api.May("campaigns.read", models.CreditOffice, models.TownStaff, models.Auditor)
	mayWrite = api.May("campaigns.write", models.CreditOffice, models.TownStaff)
)
