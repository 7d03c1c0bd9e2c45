package file

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what in more than one room.
var (
	MayRecordsRead = api.May("records.read", models.Department, models.DataOfficer, models.CreditOffice, models.Auditor)
	MayFarmMine    = api.ByAgent(api.May("farm.mine", models.Resident))
)
