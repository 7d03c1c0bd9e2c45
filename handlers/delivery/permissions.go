package delivery

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayMine        = api.May("delivery.mine", models.Resident)
	mayDevices     = api.May("delivery.devices", models.Resident)
	mayPreferences = api.May("delivery.preferences", models.Resident)
	mayStaff       = api.May("delivery.staff", models.Operator, models.CountyHealth, models.CreditOffice, models.Auditor)
	mayReplay      = api.May("delivery.replay", models.Operator)
)
