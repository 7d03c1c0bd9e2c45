package award

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayOffice          = api.May("awards.office", models.CreditOffice)
	mayRead            = api.May("awards.read", models.CreditOffice, models.Auditor)
	mayNominationsMake = api.May("nominations.make", models.Resident, models.Business, models.VillageStaff, models.TownStaff,
		models.CreditOffice, models.Department, models.DataOfficer)
	mayNominationsMine    = api.ByGuardian(api.May("nominations.mine", models.Resident, models.Business))
	mayNominationsDesk    = api.May("nominations.desk", models.CreditOffice, models.Auditor, models.Department, models.DataOfficer)
	mayNominationsOpinion = api.May("nominations.opinion", models.Department, models.DataOfficer)
	mayNominationsScore   = api.May("nominations.score", models.Resident)
	mayVotesCast          = api.May("votes.cast", models.Resident)
	mayHonoursMine        = api.ByGuardian(api.May("honours.mine", models.Resident, models.Business))
	mayMeasuresOwn        = api.May("measures.own", models.Department, models.DataOfficer)
)
