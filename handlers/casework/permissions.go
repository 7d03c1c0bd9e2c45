package casework

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayErasureMine = api.ByGuardian(api.May("erasure.mine", models.Resident))
	mayCasesMine   = api.ByAgent(api.May("cases.mine", models.Resident, models.Business))
	mayCasesDesk   = api.May("cases.desk", models.CreditOffice, models.DataOfficer, models.Department, models.TownStaff, models.CountyHealth,
		models.Auditor)
	mayCasesDecide = api.May("cases.decide", models.CreditOffice, models.DataOfficer, models.Department, models.TownStaff, models.CountyHealth)
	mayCasesAssist = api.May("cases.assist", models.CreditOffice, models.TownStaff)
	mayCasesAnswer = api.May("cases.answer", models.DataOfficer, models.Department)
)
