package export

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayMine = api.ByGuardian(api.May("export.mine", models.Resident, models.Business))
)
