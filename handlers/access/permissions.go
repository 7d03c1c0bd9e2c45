package access

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayAccessesOwn   = api.May("accesses.own", models.Resident, models.Business)
	mayAccessesAudit = api.May("accesses.audit", models.Auditor)
)
