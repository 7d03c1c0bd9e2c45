package recall

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayOwn     = api.May("recalls.own", models.Bank, models.Provider, models.Hospital, models.Department, models.Business)
	mayOverdue = api.May("recalls.overdue", models.CreditOffice, models.Auditor)
	mayMine    = api.ByAgent(api.May("recalls.mine", models.Resident, models.Business))
)
