package access

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayOwn   = api.ByAgent(api.May("accesses.own", models.Resident, models.Business))
	mayAudit = api.May("accesses.audit", models.Auditor)
)
