package farmer

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayFarmAgree    = api.ByGuardian(api.May("farm.agree", models.Resident))
	mayFarmReview   = api.May("farm.review", models.Resident)
	mayFarmWrite    = api.May("farm.write", models.VillageStaff, models.TownStaff)
	mayFarmRead     = api.May("farm.read", models.VillageStaff, models.TownStaff, models.CreditOffice, models.Auditor)
	mayFarmCertify  = api.May("farm.certify", models.TownStaff)
	mayFarmAppeals  = api.May("farm.appeals", models.CreditOffice)
	mayFarmLayouts  = api.May("farm.layouts", models.TownStaff, models.CreditOffice)
	mayFarmOffice   = api.May("farm.office", models.CreditOffice)
	mayFarmModels   = api.May("farm.models", models.CreditOffice)
	mayFarmPackages = api.May("farm.packages", models.Bank)
	mayFarmTell     = api.May("farm.tell", models.Department, models.Bank)
	mayFarmOverdue  = api.May("farm.overdue", models.CreditOffice, models.Auditor)
)
