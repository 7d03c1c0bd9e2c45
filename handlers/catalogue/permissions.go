package catalogue

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayRead  = api.May("catalogue.read", models.CreditOffice, models.DataOfficer, models.Auditor)
	mayWrite = api.May("catalogue.write", models.CreditOffice)
)
