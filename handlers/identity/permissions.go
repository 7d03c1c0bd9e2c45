package identity

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayMeRead          = api.May("identity.me.read", models.Resident)
	mayMeBind          = api.May("identity.me.bind", models.Resident)
	maySessionsRead    = api.May("identity.sessions.read", models.Resident)
	maySessionsEnd     = api.May("identity.sessions.end", models.Resident)
	mayMandatesOwn     = api.May("identity.mandates.own", models.Resident)
	mayMandatesApprove = api.May("identity.mandates.approve", models.TownStaff, models.CreditOffice)
	mayMeLeave         = api.May("identity.me.leave", models.Resident)
)
