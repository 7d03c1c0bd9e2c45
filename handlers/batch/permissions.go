package batch

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayBatchesWrite = api.May("batches.write", models.Department, models.DataOfficer)
	mayBatchesRead  = api.May("batches.read", models.Department, models.DataOfficer, models.CreditOffice, models.Auditor)
	mayBatchesRows  = api.May("batches.rows", models.Department, models.DataOfficer)
)
