package loan

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayMine    = api.ByGuardian(api.May("loans.mine", models.Resident, models.Business))
	mayBank    = api.May("loans.bank", models.Bank)
	mayMetrics = api.May("loans.metrics", models.CreditOffice, models.Auditor)
	mayLists   = api.May("loans.lists", models.Department)
)
