package inbox

import (
	"xinyi/handlers/api"
	"xinyi/models"
)

// Who may do what. Scope comes on top: a resident sees what is theirs, a system its organisation, staff their region.
var (
	mayRead   = api.ByAgent(api.May("inbox.read", models.Resident))
	mayChange = api.ByGuardian(api.May("inbox.change", models.Resident))
)
