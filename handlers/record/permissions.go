package record

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayFileRead          = api.ByAgent(api.May("file.read", models.Resident, models.Business))
	mayOrganisationsMine = api.May("organisations.mine", models.Resident)
	mayWrite             = api.May("records.write", models.Department, models.DataOfficer)
	mayReschedule        = api.May("records.reschedule", models.CreditOffice)
)
