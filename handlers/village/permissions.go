package village

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	maySchemes    = api.May("village.schemes", models.CreditOffice)
	mayRounds     = api.May("village.rounds", models.CreditOffice)
	mayStatistics = api.May("village.statistics", models.CreditOffice, models.Auditor)
	mayApply      = api.May("village.apply", models.VillageStaff, models.TownStaff)
	mayRead       = api.May("village.read", models.VillageStaff, models.TownStaff, models.CreditOffice, models.Auditor)
	mayScore      = api.May("village.score", models.TownStaff, models.CreditOffice)
	mayEvidence   = api.May("village.evidence", models.VillageStaff, models.TownStaff, models.CreditOffice)
	mayVote       = api.May("village.vote", models.TownStaff, models.CreditOffice)
	mayDecide     = api.May("village.decide", models.CreditOffice)
	maySurvey     = api.May("village.survey", models.Resident)
	mayFigures    = api.May("village.figures", models.Bank)
	mayRows       = api.May("village.rows", models.Auditor)
)
