package organisation

import (
	"xinyi/handlers/api"
	"xinyi/models"
	"xinyi/models/identity"
)

// Who may do what. Scope comes on top: what answers to the caller's own organisation; the rest is not there for the caller.
var (
	mayRegister = api.May("organisations.register", models.CreditOffice, models.Operator)
	mayRead     = api.May("organisations.read", identity.StaffRoles...)
	mayAppoint  = api.May("staff.appoint", models.CreditOffice, models.Operator)
	mayContest  = api.May("staff.contest", identity.StaffRoles...)
	mayClients  = api.May("clients.manage", models.CreditOffice)
)
