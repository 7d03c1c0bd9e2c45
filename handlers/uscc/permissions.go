package uscc

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayRead    = api.May("uscc.read", models.CreditOffice, models.DataOfficer, models.Auditor)
	mayScan    = api.May("uscc.scan", models.CreditOffice)
	mayAssign  = api.May("uscc.assign", models.CreditOffice)
	mayCorrect = api.May("uscc.correct", models.CreditOffice, models.DataOfficer)
)
