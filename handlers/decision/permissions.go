package decision

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayList = api.ByAgent(api.May("decisions.list", models.Resident, models.Business, models.CountyHealth, models.CreditOffice,
		models.Auditor))
	mayMine  = api.ByAgent(api.May("decisions.mine", models.Resident, models.Business))
	mayQueue = api.May("decisions.queue", models.CountyHealth, models.CreditOffice)
)
