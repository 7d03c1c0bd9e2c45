package job

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what: whoever keeps the system running, in all regions. A capability's own office has that capability's routes.
var (
	mayJobsRead = api.May("jobs.read", models.Operator)
	mayJobsAct  = api.May("jobs.act", models.Operator)
)
