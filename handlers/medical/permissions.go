package medical

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayAgreementsRead   = api.ByAgent(api.May("medical.agreements.read", models.Resident))
	mayAgreementsSign   = api.ByGuardian(api.May("medical.agreements.sign", models.Resident))
	mayCode             = api.ByGuardian(api.May("medical.code", models.Resident))
	mayBillsMine        = api.ByAgent(api.May("medical.bills.mine", models.Resident))
	mayBillsPay         = api.ByAgent(api.May("medical.bills.pay", models.Resident))
	mayHis              = api.May("medical.his", models.Hospital)
	mayBillsList        = api.May("medical.bills.list", models.HospitalFinance, models.CountyHealth, models.Auditor)
	mayBillsWaive       = api.May("medical.bills.waive", models.HospitalFinance, models.CountyHealth)
	mayDisputesDecide   = api.May("medical.disputes.decide", models.CountyHealth)
	mayAgreementsList   = api.May("medical.agreements.list", models.CountyHealth, models.Auditor)
	mayAgreementsDecide = api.May("medical.agreements.decide", models.CountyHealth)
	mayConductsDecide   = api.May("medical.conducts.decide", models.CountyHealth)
	mayLedgerRead       = api.May("medical.ledger.read", models.CreditOffice, models.Auditor, models.Operator)
)
