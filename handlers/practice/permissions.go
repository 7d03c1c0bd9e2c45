package practice

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayWrite = api.May("practice.write", models.DataOfficer, models.Department, models.TownStaff, models.CreditOffice, models.CountyHealth,
		models.Provider)
	mayRead = api.May("practice.read", models.DataOfficer, models.Department, models.TownStaff, models.CreditOffice, models.CountyHealth,
		models.Provider, models.Auditor)
	mayDecide = api.May("practice.decide", models.CreditOffice)
	mayWatch  = api.May("practice.watch", models.CreditOffice, models.Auditor)
	mayScore  = api.May("practice.score", models.Resident)
)
