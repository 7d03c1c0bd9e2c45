package benefit

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayMine         = api.ByGuardian(api.May("benefits.mine", models.Resident, models.Business))
	mayApprove      = api.May("benefits.approve", models.CreditOffice)
	mayDecide       = api.May("benefits.decide", models.CreditOffice)
	mayMetrics      = api.May("benefits.metrics", models.CreditOffice, models.Auditor)
	mayOffersWrite  = api.May("offers.write", models.Provider, models.Bank, models.Hospital, models.Department)
	mayOffersRedeem = api.May("offers.redeem", models.Provider, models.Bank, models.Hospital, models.Department)
)
