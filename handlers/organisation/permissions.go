package organisation

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: what answers to the caller's own organisation; the rest is not there for the caller.
var (
	mayRegister = api.May("organisations.register", models.CreditOffice, models.Operator)
	mayRead     = api.May("organisations.read", staff...)
	mayAppoint  = api.May("staff.appoint", models.CreditOffice, models.Operator)
	mayContest  = api.May("staff.contest", staff...)
	mayClients  = api.May("clients.manage", models.CreditOffice)
)

// staff is everybody who holds an office.
var staff = []models.Role{
	models.HospitalFinance, models.VillageStaff, models.TownStaff, models.CountyHealth, models.CreditOffice, models.DataOfficer, models.Auditor, models.Operator,
}
