package consent

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayOwn           = api.ByGuardian(api.May("consents.own", models.Resident, models.Business))
	mayAsk           = api.May("consents.ask", models.Bank, models.Provider, models.Department)
	mayPartners      = api.May("consents.partners", models.CreditOffice)
	mayRecordsQuery  = api.May("records.query", models.Bank, models.Provider, models.Department)
	mayRecordsLookup = api.May("records.lookup", models.CreditOffice, models.CountyHealth, models.TownStaff)
)
